"""Sound files come back as they were written: whatever the format, the rate, the number of channels."""

import os
from pathlib import Path

import numpy as np
import pytest

from mnemon.data.audio import MFCC, Recording, read_audio
from mnemon.errors import InvalidInput

soundfile = pytest.importorskip("soundfile")
soxr = pytest.importorskip("soxr")

DATA = Path(os.environ.get("MNEMON_DATA", "/nowhere"))


def tone(rate=16000, seconds=0.5, hertz=440.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize(
    "name, subtype, error",
    [
        ("a.wav", "PCM_16", 2**-15), ("a.wav", "PCM_24", 2**-23), ("a.wav", "PCM_U8", 2**-7), ("a.wav", "FLOAT", 1e-7),
        ("a.wav", "ULAW", 0.02), ("a.flac", "PCM_16", 2**-15), ("a.ogg", "VORBIS", 0.05),
    ],
)  # fmt: skip
def test_formats(tmp_path, name, subtype, error):
    soundfile.write(tmp_path / name, tone(), 16000, subtype=subtype)
    found = read_audio(tmp_path / name)
    assert isinstance(found, Recording)
    assert (found.samples.dtype, found.rate) == (np.float32, 16000)
    np.testing.assert_allclose(found.samples, tone(), atol=error)


def test_sixteen_bits_are_lossless(tmp_path):
    x = np.random.default_rng(0).integers(-32768, 32768, 1000).astype(np.int16)
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, x, 8000)
        np.testing.assert_array_equal(read_audio(tmp_path / name).samples * 32768, x)


def test_channels_are_averaged(tmp_path):
    left, right = tone(hertz=440), tone(hertz=1000)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right, 0 * left], axis=1), 16000, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav").samples, (left + right) / 3, atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 11025, 44100])
def test_another_rate_is_the_same_sound(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", tone(), 16000, subtype="FLOAT")
    found = read_audio(tmp_path / "a.wav", rate=rate)
    assert (found.rate, len(found.samples)) == (rate, int(0.5 * rate + 0.5))
    inner = slice(rate // 20, -rate // 20)  # the ends ring
    np.testing.assert_allclose(found.samples[inner], tone(rate, len(found.samples) / rate)[inner], atol=1e-3)


def test_what_lies_above_half_the_new_rate_is_gone(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(hertz=5000), 16000, subtype="FLOAT")
    found = read_audio(tmp_path / "a.wav", rate=8000).samples
    assert np.abs(found[400:-400]).max() < 1e-4  # and not folded to 3000 Hz


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", r"bad.wav: is empty \(0 bytes\)"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "bad.wav: cannot be read as sound"),
        (b"<html>not found</html>", "bad.wav: cannot be read as sound"),
    ],
)
def test_files_that_are_no_sound(tmp_path, content, said):
    (tmp_path / "bad.wav").write_bytes(content)
    with pytest.raises(InvalidInput, match=said):
        read_audio(tmp_path / "bad.wav")


def test_missing_files_and_folders(tmp_path):
    soundfile.write(tmp_path / "laugh.wav", tone(), 16000)
    with pytest.raises(InvalidInput, match=r"no such file; did you mean laugh.wav\?"):
        read_audio(tmp_path / "laugth.wav")
    with pytest.raises(InvalidInput, match="is a folder"):
        read_audio(tmp_path)


def test_no_samples_and_samples_that_are_no_numbers(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16000)
    with pytest.raises(InvalidInput, match=r"none\.wav: 0 s long"):
        read_audio(tmp_path / "none.wav")
    x = tone()
    x[7] = np.nan
    soundfile.write(tmp_path / "nan.wav", x, 16000, subtype="FLOAT")
    with pytest.raises(InvalidInput, match=r"nan\.wav: 1 of 8000 samples are NaN"):
        read_audio(tmp_path / "nan.wav")


def test_a_file_that_breaks_off_is_refused(tmp_path):
    x = np.random.default_rng(0).normal(size=50_000) * 0.1
    soundfile.write(tmp_path / "a.flac", x, 16000)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput, match=r"a\.flac: (breaks off|cannot be read as sound)"):
        read_audio(tmp_path / "a.flac")


@pytest.mark.parametrize("rate", [0, -8000, 8000.5, "8000", True])
def test_rates_are_whole_numbers(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", tone(), 16000)
    with pytest.raises(InvalidInput, match="expected samples a second"):
        read_audio(tmp_path / "a.wav", rate=rate)


@pytest.mark.skipif(not (DATA / "fsdd").is_dir(), reason="MNEMON_DATA names no folder with fsdd")
def test_real_digits():
    path = sorted((DATA / "fsdd" / "recordings").glob("*.wav"))[0]
    found = read_audio(path)
    x, _ = soundfile.read(path, dtype="int16")
    assert found.rate == 8000
    np.testing.assert_array_equal(found.samples * 32768, x)


def test_fit_lists_what_the_heads_of_files_tell(tmp_path):
    names = ("empty.wav", "none.wav", "short.wav", "whole.wav")
    for name, samples in zip(names[1:], (0, 100, 800)):
        soundfile.write(tmp_path / name, np.zeros(samples, np.float32), 16_000)
    (tmp_path / "empty.wav").touch()
    with pytest.raises(InvalidInput) as told:
        MFCC().fit([tmp_path / name for name in names])
    said = str(told.value)
    assert "3 problems" in said
    assert "0 bytes" in said
    assert "holds no samples" in said
    assert "0.00625 s long, shorter than one window" in said
