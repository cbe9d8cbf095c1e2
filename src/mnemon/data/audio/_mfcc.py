"""Mel-frequency cepstral coefficients, as HTK computes them."""

from dataclasses import dataclass
from typing import Any

from mnemon.data.audio._checks import is_whole
from mnemon.data.audio._features import AudioFeatures
from mnemon.data.audio._spectra import library, set_frames


@dataclass(eq=False, repr=False, kw_only=True)
class MFCC(AudioFeatures):
    """Recordings to mel-frequency cepstral coefficients: HTK's MFCC_0, c1 to c12 and c0 in a frame.

    c_k = sqrt(2 / M) sum over j = 1 .. M of m_j cos(pi k (j - 0.5) / M), where m_j are the logarithms of the M filters;
    times 1 + L / 2 sin(pi k / L), the lifter. Frames are whole windows, the first at the first sample.

    Args:
        rate: samples a second; recordings of a higher rate are resampled, lower ones refused. None: `fit` takes the
            lowest rate of the recordings.
        window, step: of a frame, seconds.
        coefficients: of a frame, c0 among them.
        filters: M.
        lifter: L; 0 leaves it out.
        preemphasis: x(t) - preemphasis x(t-1).
        energy: the logarithm of the sum of squared samples stands after c0 (HTK's _E, RAWENERGY = T, ENORMALISE = F).
        pitch: three channels more stand after that, by Kaldi's tracker of pitches from 50 to 400 Hz: voicing, from -1.5
            (a voice) to about 0 (none); pitch, twice ln f less its mean over 1.5 s around; pitch_slope, ten times the
            slope of ln f a frame of 10 ms. They need the whole recording, so there is no stream of them.
        deltas: 1 adds slopes over 5 frames (HTK's _D), 2 slopes of slopes, too (_A).
        normalize: mean 0 and deviation 1 of each channel, over each recording ("utterance") or over all recordings of
            each group in a call ("group", with `groups=`). A channel that does not vary becomes 0.
        trim: leave out what comes before the first and after the last frame that is at most 40 dB quieter than the
            loudest one.
        augment: an `Augment`, what copies `augmented` makes.
        cache: a folder (made where it is not there) for frames; found again by the content of the recording, settings
            and versions. Four bytes a number, never deleted.
        n_jobs: processes; -1: one a core. The frames are the same.
        verbose: 1: a progress bar, on a terminal.

    Attributes:
        rate_: samples a second that frames are computed at.

    References:
        P. Ghahremani and others, ICASSP 2014. doi:10.1109/ICASSP.2014.6854049 (pitch)
        S. Young and others, The HTK Book (for HTK 3.4), Cambridge University, 2006, chapter 5.
        S. Davis, P. Mermelstein, IEEE Trans. ASSP 28(4):357-366, 1980. doi:10.1109/TASSP.1980.1163420

    Example:
        >>> import numpy as np
        >>> from mnemon.data.audio import MFCC
        >>> sounds = [np.sin(np.arange(n) / 5) for n in (16000, 8000)]
        >>> MFCC(rate=16000, deltas=2, normalize="utterance").fit_transform(sounds)
        Sequences(2 sequences, 39 channels, 48-98 steps)

    """

    coefficients: int = 13
    lifter: float = 22

    def _online(self, rate: int) -> Any:
        knf = library()
        options = set_frames(knf.MfccOptions(), rate, self.window, self.step, self.preemphasis, self.filters)
        options.num_ceps, options.cepstral_lifter = self.coefficients, self.lifter
        return knf.OnlineMfcc(options)

    def _names(self) -> list[str]:
        return [f"c{k}" for k in range(1, self.coefficients)] + ["c0"]

    def _own_problems(self) -> list[str]:
        problems = []
        if not is_whole(self.coefficients, 1) or (is_whole(self.filters, 3) and self.coefficients > self.filters):
            problems.append(
                f"coefficients={self.coefficients!r}: expected a whole number from 1 to filters={self.filters}"
            )
        if isinstance(self.lifter, bool) or not isinstance(self.lifter, int | float) or not 0 <= self.lifter < 1e6:
            problems.append(f"lifter={self.lifter!r}: expected a number such as 22, or 0 for none")
        return problems
