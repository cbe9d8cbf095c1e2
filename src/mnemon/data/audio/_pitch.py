"""How high a voice is, frame by frame: Kaldi's pitch tracker, by kaldi-native-fbank.

P. Ghahremani, B. BabaAli, D. Povey, K. Riedhammer, J. Trmal, S. Khudanpur, "A pitch extraction algorithm tuned for
automatic speech recognition", ICASSP 2014. doi:10.1109/ICASSP.2014.6854049

The sound, low-passed to 1000 Hz, is compared with itself some 2.5 to 20 ms later; of all lags L (50 to 400 Hz) one path
through the recording is chosen that correlates well and does not jump. With c(t), the correlation at the chosen lag,

- voicing = 2 ((1.0001 - c)^0.15 - 1): -1.5 where the sound repeats itself exactly, about 0 where it does not at all;
- pitch = 2 (ln (1 / L) - mean), the mean over 1.5 s around, in which voiced frames weigh more;
- pitch_slope = 10 times the slope of ln (1 / L) over 5 frames, a frame being 10 ms; without the noise that Kaldi adds.

The numbers are those of Kaldi's compute-and-process-kaldi-pitch-feats with --delta-pitch-noise-stddev=0.
"""

import math

import numpy as np

from mnemon.data.audio._spectra import FULL_SCALE, library
from mnemon.errors import InvalidInput

CHANNELS = ("voicing", "pitch", "pitch_slope")
# Seconds, as published: how far a voice moves from frame to frame and over how many the mean goes depend on them.
WINDOW, STEP = 0.025, 0.010
SHORTEST = 0.026  # with which the library gives a frame at every rate
LOWEST = 2000  # samples a second that hold what lies below 1000 Hz


def check_pitch(rate: int) -> None:
    """Refuse a rate at which there is no pitch to find.

    Raises:
        InvalidInput: fewer than 2000 samples a second.

    """
    if rate < LOWEST:
        raise InvalidInput(f"pitch=True needs at least {LOWEST} samples a second, but the features are of {rate}")


def pitch_at(samples: np.ndarray, rate: int, centres: np.ndarray) -> np.ndarray:
    """Voicing, pitch and its slope, float32 (frames, 3), at `centres` (frames,), seconds from the first sample.

    The tracker has its own frames, of 25 ms every 10 ms, the first at the first sample, too. Between their centres
    lines are drawn, before the first and behind the last everything stays as it is; so with the same window and step
    each frame has the tracker's numbers as they are. A recording shorter than a frame counts as if silence followed.
    """
    knf = library()
    options, processing = knf.PitchExtractionOptions(), knf.ProcessPitchOptions()
    options.samp_freq, options.frame_length_ms, options.frame_shift_ms = rate, 1000 * WINDOW, 1000 * STEP
    options.snip_edges = True  # whole frames only, as spectra; otherwise version 1.23 writes beyond its memory
    processing.delta_pitch_noise_stddev = 0.0
    missing = max(math.ceil(SHORTEST * rate) - len(samples), 0)
    padded = np.pad(samples * np.float32(FULL_SCALE), (0, missing))
    found = knf.compute_and_process_kaldi_pitch(options, processing, padded)
    own = np.arange(len(found)) * STEP + WINDOW / 2
    return np.stack([np.interp(centres, own, channel) for channel in found.T], axis=1).astype(np.float32)
