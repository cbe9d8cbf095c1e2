"""Frames of a recording as its samples come: mel spectra and cepstra by kaldi-native-fbank, and log energies.

The settings are HTK's: frames of whole windows only, pre-emphasis x(t) - 0.97 x(t-1) within each frame (the first
sample times 0.03), Hamming window, power spectrum (USEPOWER = T), triangular filters between 0 and half the rate on
mel(f) = 1127 ln(1 + f / 700), logarithm. Samples count as 16-bit integers, as in HTK.

    S. Young and others, The HTK Book (for HTK 3.4), Cambridge University, 2006, sections 5.3 to 5.8.
    S. Davis, P. Mermelstein, IEEE Trans. ASSP 28(4):357-366, 1980. doi:10.1109/TASSP.1980.1163420
"""

from typing import Any

import numpy as np

from mnemon.data.audio._recording import NEEDED
from mnemon.data.audio._trim import window_energies
from mnemon.errors import InvalidInput

FULL_SCALE = 32768.0
PIECE = 1 << 17  # samples handed on at a time: as Python numbers they take eight times their memory


def samples_in(seconds: float, rate: int) -> int:
    """Whole samples in so many seconds; 0.025 s at 22050 Hz are 551."""
    return int(rate * seconds + 1e-6)


def set_frames(options: Any, rate: int, window: float, step: float, preemphasis: float, filters: int) -> Any:
    """`options` of the library with HTK's settings."""
    frame, mel = options.frame_opts, options.mel_opts
    frame.samp_freq = rate
    # Half a sample more, for the library rounds down what is rounded already.
    frame.frame_length_ms = 1000 * (samples_in(window, rate) + 0.5) / rate
    frame.frame_shift_ms = 1000 * (samples_in(step, rate) + 0.5) / rate
    frame.window_type, frame.preemph_coeff = "hamming", preemphasis
    frame.dither, frame.remove_dc_offset, frame.snip_edges = 0.0, False, True
    mel.num_bins, mel.low_freq, mel.high_freq = filters, 0.0, 0.0  # 0: up to half the rate
    options.use_energy, options.htk_compat = False, True  # c0 stands last
    return options


def library() -> Any:
    """The module that computes spectra."""
    try:
        import kaldi_native_fbank
    except ImportError:
        raise InvalidInput(f"spectra: {NEEDED}") from None
    return kaldi_native_fbank


class Extractor:
    """The frames of one recording; samples come in pieces of any size.

    With `energy`, the logarithm of the sum of squared samples of each frame, before pre-emphasis and window, stands
    last. It is not normalised by the loudest frame of the recording (HTK: ENORMALISE = F), for that comes too late.
    """

    def __init__(self, online: Any, rate: int, window: int, step: int, channels: int, *, energy: bool) -> None:
        self._online = online
        self._rate, self._window, self._step = rate, window, step
        self.channels, self._energy = channels + energy, energy
        self._made = 0  # frames so far
        self._first = 0  # number of the first sample kept
        self._kept = np.zeros(0, np.float32)  # the samples of frames to come

    def push(self, samples: np.ndarray) -> np.ndarray:
        """The frames (k, channels), float32, that these samples (full scale 1) complete."""
        scaled = samples * np.float32(FULL_SCALE)
        frames = [self._piece(scaled[at : at + PIECE]) for at in range(0, len(scaled), PIECE)]
        return np.concatenate(frames) if frames else np.zeros((0, self.channels), np.float32)

    def _piece(self, samples: np.ndarray) -> np.ndarray:
        self._online.accept_waveform(self._rate, samples.tolist())
        count = self._online.num_frames_ready - self._made
        frames = np.empty((count, self.channels), np.float32)
        for k in range(count):
            frames[k, : self.channels - self._energy] = self._online.get_frame(self._made + k)
        self._online.pop(count)
        if self._energy:
            frames[:, -1] = self._energies(samples, count)
        self._made += count
        return frames

    def _energies(self, samples: np.ndarray, count: int) -> np.ndarray:
        self._kept = np.concatenate([self._kept, samples])
        start, until = self._made * self._step - self._first, (self._made + count) * self._step - self._first
        energies = window_energies(self._kept[start : until - self._step + self._window], self._window, self._step)
        gone = min(until, len(self._kept))
        self._kept, self._first = self._kept[gone:], self._first + gone
        return np.log(np.maximum(energies, np.finfo(np.float32).eps))  # the library's floor for filters, too
