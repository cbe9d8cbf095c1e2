"""The channels of pitch say what the tracker of Kaldi says, at the frames of the spectra, for every recording."""

import numpy as np
import pytest
from sklearn.base import clone

from mnemon.data.audio import MFCC, Augment, LogMel, Recording
from mnemon.errors import InvalidInput
from mnemon.preprocessing import Deltas

knf = pytest.importorskip("kaldi_native_fbank")
pytest.importorskip("soxr")

RATES = pytest.mark.parametrize("rate", [8000, 16000])


def voice(pitch, rate):
    """A sound of eight harmonics; `pitch` (n,) in Hz, sample by sample."""
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    sound = sum(np.sin(k * phase) / k for k in range(1, 9))
    return (0.1 * sound).astype(np.float32)


def glide(seconds, rate, low=100.0, high=200.0):
    """From one pitch to the other at constant speed on a logarithmic scale."""
    return voice(low * (high / low) ** np.linspace(0, 1, int(seconds * rate)), rate)


def noise(seconds, rate, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(int(seconds * rate))).astype(np.float32)


def kaldi(x, rate):
    """The library's answer, with the settings of the publication."""
    options, processing = knf.PitchExtractionOptions(), knf.ProcessPitchOptions()
    options.samp_freq, processing.delta_pitch_noise_stddev = rate, 0
    return knf.compute_and_process_kaldi_pitch(options, processing, (x * np.float32(32768)).tolist())


def channels(x, rate, **settings):
    """Voicing, pitch and slope of one recording."""
    return MFCC(rate, pitch=True, **settings).transform([x])[0][:, -3:]


@RATES
@pytest.mark.parametrize("length", [0.026, 0.05, 0.3571, 6.0])
def test_frames_have_the_numbers_of_kaldi(rate, length):
    """The library may know a frame more than there are spectra; longer than 5 s it looks back once on its way."""
    x = noise(length, rate) + glide(length, rate)
    found, expected = channels(x, rate), kaldi(x, rate)
    assert 0 <= len(expected) - len(found) <= 1
    np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-6, atol=1e-6)
    features = LogMel(rate, pitch=True)
    np.testing.assert_array_equal(features.transform([x])[0][:, 40:], found)


@RATES
def test_a_glide_rises_as_fast_as_it_does(rate):
    """Over less than 0.75 s to either side the mean is that of all frames, so nothing of the glide is taken away."""
    seconds = 0.7
    voicing, pitch, slope = channels(glide(seconds, rate), rate)[5:-5].T
    speed = np.log(2) / seconds  # of ln f, a second
    assert np.polyfit(0.010 * np.arange(len(pitch)), pitch / 2, 1)[0] == pytest.approx(speed, rel=0.02)
    assert np.mean(slope) / 10 == pytest.approx(0.010 * speed, rel=0.02)  # of ln f, a frame
    assert voicing.max() < -1
    falling = channels(glide(seconds, rate, 200.0, 100.0), rate)[5:-5, 1]
    assert np.polyfit(0.010 * np.arange(len(falling)), falling / 2, 1)[0] == pytest.approx(-speed, rel=0.02)


@RATES
def test_an_octave_is_the_logarithm_of_two(rate):
    """A jump would not do: what repeats itself 220 times a second does so 110 times, too, and paths avoid jumps."""
    between = 110 * 2 ** np.linspace(0, 1, int(0.2 * rate))
    low, high = np.full(int(0.25 * rate), 110.0), np.full(int(0.25 * rate), 220.0)
    pitch = channels(voice(np.concatenate([low, between, high]), rate), rate)[:, 1] / 2
    assert np.median(pitch[50:65]) - np.median(pitch[3:18]) == pytest.approx(np.log(2), abs=0.006)  # lags step by 0.005


@RATES
def test_a_voice_is_told_from_noise(rate):
    x = np.concatenate([noise(0.5, rate), glide(0.5, rate), noise(0.5, rate, 1)])
    voicing = channels(x, rate)[:, 0]
    assert voicing[53:95].max() < -0.8
    assert min(np.median(voicing[:45]), np.median(voicing[103:])) > -0.6


def test_other_windows_and_steps_stand_at_the_same_time():
    """Frames every 20 ms are every other of the tracker's; windows 20 ms longer have their centres a frame later."""
    x = glide(0.6, 16000) + 0.1 * noise(0.6, 16000)
    own = kaldi(x, 16000)
    for settings, expected in (
        ({"step": 0.020}, own[::2]),
        ({"window": 0.045}, own[1:-1]),
        ({"step": 0.005}, (own[1:] + own[:-1])[:57] / 2),
    ):
        found = channels(x, 16000, **settings)
        found = found[1::2] if settings.get("step") == 0.005 else found  # between two of the tracker's
        expected = expected[: len(found)]
        np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-5, atol=1e-5)
    early = channels(x, 16000, window=0.005)  # before the first centre and behind the last nothing changes
    np.testing.assert_array_equal(early[:2], [early[0]] * 2)
    np.testing.assert_allclose(early[[0, -1]], own[[0, -1]], atol=1e-6)


def test_another_rate_keeps_the_time():
    """220 samples at 22050 Hz are a little less than 10 ms: after 10 s, the sound is two frames ahead."""
    x = np.concatenate([noise(9.5, 22050), glide(0.5, 22050)])
    voicing = channels(x, 22050)[:, 0]
    assert len(voicing) == (len(x) - 551) // 220 + 1
    begins = np.flatnonzero(np.median(np.lib.stride_tricks.sliding_window_view(voicing, 9), axis=1) < -0.8)[0] + 4
    assert begins * 220 / 22050 + 0.0125 == pytest.approx(9.5, abs=0.07)
    np.testing.assert_allclose(
        voicing[100], np.interp(100 * 220 / 220.5, range(952), kaldi(x, 22050)[:952, 0]), atol=0.02
    )


@pytest.mark.parametrize("rate", [2000, 8000, 16000, 22050])
def test_the_shortest_recordings_have_a_pitch_too(rate):
    """Shorter than a frame of the tracker, they count as if silence followed."""
    for seconds in (0.011, 0.0252):
        x = glide(seconds, rate)
        found = channels(x, rate, window=0.010, filters=5, coefficients=3)
        silence = np.zeros(int(np.ceil(0.026 * rate)) - len(x), np.float32)
        np.testing.assert_allclose(found[0], kaldi(np.concatenate([x, silence]), rate)[0], atol=1e-6)


@RATES
def test_silence_has_the_same_pitch_all_the_time(rate):
    silence = np.zeros(rate // 2, np.float32)
    assert not np.any(channels(silence, rate, normalize="utterance", deltas=2))
    assert np.isfinite(channels(silence, rate)).all()
    assert np.isfinite(channels(np.full(rate // 2, 0.1, np.float32), rate)).all()


def test_the_channels_behave_as_all_others(tmp_path):
    X = [noise(0.2 + 0.1 * k, 16000, k) + glide(0.2 + 0.1 * k, 16000) for k in range(3)]
    features = MFCC(16000, energy=True, pitch=True, deltas=2)
    plain, full = MFCC(16000, energy=True, pitch=True).transform(X), features.transform(X)
    names = features.get_feature_names_out().tolist()
    assert names[11:18] == ["c12", "c0", "energy", "voicing", "pitch", "pitch_slope", "delta_c1"]
    assert (len(names), names[-1]) == (51, "delta_delta_pitch_slope")
    without = MFCC(16000, energy=True).transform(X)
    slopes = Deltas(2, order=2).fit_transform(plain)
    for k in range(3):
        np.testing.assert_array_equal(plain[k][:, :14], without[k])
        np.testing.assert_allclose(full[k], slopes[k], atol=1e-5)
    for same in ({"cache": str(tmp_path)}, {"cache": str(tmp_path)}):
        assert clone(features).set_params(**same).transform(X) == full
    normal = clone(features).set_params(normalize="utterance").transform(X)
    np.testing.assert_allclose(normal[2], (full[2] - full[2].mean(0)) / full[2].std(0), atol=1e-3)
    padded = [np.concatenate([np.zeros(4000, np.float32), x]) for x in X]
    whole, trimmed = features.transform(padded), clone(features).set_params(trim=True).transform(padded)
    np.testing.assert_array_equal(trimmed[1], whole[1][-len(trimmed[1]) :])
    assert len(trimmed[1]) < len(whole[1])
    more = clone(features).set_params(augment=Augment(noise=(10, 20), frequency_mask=17)).augmented(X, [0, 1, 2])[0]
    assert more[:3] == full
    assert more[3].shape == full[0].shape


def test_integers_and_higher_rates_count_as_what_they_are():
    x = glide(0.3, 16000)
    integers = np.round(x * 32767).astype(np.int16)
    np.testing.assert_array_equal(channels(integers, 16000), channels((integers / 32768).astype(np.float32), 16000))
    slow = MFCC(8000, pitch=True).transform([Recording(x, 16000)])[0][:, -3:]
    np.testing.assert_allclose(slow[3:-3], channels(x, 16000)[3:-3], atol=0.05)


def test_what_has_no_pitch_is_refused():
    with pytest.raises(
        InvalidInput, match="pitch=True needs at least 2000 samples a second, but the features are of 1"
    ):
        MFCC(1000, filters=10, coefficients=5, pitch=True).fit([noise(1, 1000)])
    with pytest.raises(InvalidInput, match="pitch='high': expected True or False"):
        LogMel(16000, pitch="high").fit([noise(0.1, 16000)])
    with pytest.raises(InvalidInput, match=r"pitch=True needs the whole recording.*use pitch=False"):
        MFCC(16000, pitch=True).stream()
