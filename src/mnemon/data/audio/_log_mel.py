"""Logarithms of mel filters: the spectrum that cepstra are made of."""

from dataclasses import dataclass
from typing import Any

from mnemon.data.audio._features import AudioFeatures
from mnemon.data.audio._spectra import library, set_frames


@dataclass(eq=False, repr=False, kw_only=True)
class LogMel(AudioFeatures):
    """Recordings to the logarithms of mel filters (HTK's FBANK with USEPOWER = T).

    The parameters are those of `MFCC`, without `coefficients` and `lifter`; there are 40 filters here.

    Attributes:
        rate_: samples a second that frames are computed at.

    References:
        S. Young and others, The HTK Book (for HTK 3.4), Cambridge University, 2006, section 5.4.

    Example:
        >>> import numpy as np
        >>> from mnemon.data.audio import LogMel
        >>> LogMel(rate=16000).fit_transform([np.sin(np.arange(16000) / 5)])
        Sequences(1 sequence, 40 channels, 98 steps)

    """

    filters: int = 40

    def _online(self, rate: int) -> Any:
        knf = library()
        options = set_frames(knf.FbankOptions(), rate, self.window, self.step, self.preemphasis, self.filters)
        return knf.OnlineFbank(options)

    def _names(self) -> list[str]:
        return [f"mel{k}" for k in range(1, self.filters + 1)]
