"""EMO-DB: what names say, the published subset by its own table, phones; all of it where the database is there."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mnemon.data.audio import emodb, phones
from mnemon.errors import InvalidInput

DATA = Path(os.environ.get("MNEMON_DATA", "/nowhere")) / "emodb"
there = pytest.mark.skipif(not DATA.is_dir(), reason="MNEMON_DATA names no folder with emodb")


@pytest.fixture
def small(tmp_path):
    """Two whole recordings, one in part, and a perception test."""
    for name in ("wav/16a02Wb.wav", "wav/03a01Na.wav", "wav_first2s/08b01Ea.flac"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    lines = ["Nr.\tSatz\terkannt\tnatürlich", "1\t16a02Wb.wav\t80,00 \t60,00", "2\t03a01Na.wav\t100,00\t59,99"]
    (tmp_path / "erkennung.txt").write_text("\n".join([*lines, "3\t08b01Ea.wav\t79,5\t90,00\xa0", ""]), "latin-1")
    return tmp_path


def test_what_is_there_of_every_recording(small):
    whole = emodb(small)
    assert whole.y.tolist() == ["neutral", "anger"]
    assert whole.groups.tolist() == ["03", "16"]
    assert whole.columns["text"].tolist() == ["a01", "a02"]
    assert whole.columns["sex"].tolist() == ["m", "f"]
    assert (whole.seconds, whole.rate) == (None, None)
    parts = emodb(small, cropped=True)
    assert parts.y.tolist() == ["neutral", "disgust", "anger"]
    assert (parts.seconds, parts.rate) == (2.0, 15000)
    assert emodb(small / "wav").paths.tolist() == whole.paths.tolist()


def test_the_published_part_was_recognised_and_found_natural(small):
    assert emodb(small, cropped=True, published=True).y.tolist() == ["anger"]
    (small / "wav" / "09a01Wa.wav").touch()
    with pytest.raises(InvalidInput, match=r"erkennung.txt: no line on 09a01Wa"):
        emodb(small, published=True)
    (small / "erkennung.txt").write_text("head\n1\t16a02Wb.wav\tmuch\t60\n2\n")
    with pytest.raises(InvalidInput, match=r"(?s)line 2: expected .*line 3: expected"):
        emodb(small, published=True)
    (small / "erkennung.txt").unlink()
    with pytest.raises(InvalidInput, match=r"erkennung.txt: no such file"):
        emodb(small, published=True)


def test_emotions_that_are_asked_for(small):
    assert emodb(small, emotions=["disgust", "anger"], cropped=True).y.tolist() == ["disgust", "anger"]
    with pytest.raises(InvalidInput) as told:
        emodb(small, emotions=["disgust", "angre"])
    for words in ("'angre': did you mean 'anger'", "no whole recordings of disgust; say cropped=True"):
        assert words in str(told.value)


def test_folders_that_are_not_the_database(small, tmp_path):
    for name in ("x.wav", "99z01Qa.wav"):
        (small / "wav" / name).touch()
    with pytest.raises(InvalidInput, match=r"(?s)99z01Qa.wav: expected a name such as 03a01Fa.*x.wav: expected"):
        emodb(small)
    with pytest.raises(InvalidInput, match=r"no such folder"):
        emodb(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=r"holds no files"):
        emodb(tmp_path / "empty")


def test_phones_begin_where_the_last_one_ends(tmp_path):
    file = tmp_path / "a.lablaut"
    file.write_text("signal x\nseparator ;\n#\n 0.08   -1 _t\n 0.12 -1 !t\t+asp\n 0.2 125 \t-sth\n 0.3 -1 d +tie\n"
                    "0.4 -1 aI\t+lar\t3\n0.5 -1\n0.6 -1 I+nas\n\n")  # fmt: skip
    found = phones(file)
    assert found.end.tolist() == [0.08, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert found.start.tolist() == [0, *found.end[:-1].tolist()]
    assert found.label.tolist() == ["_t", "!t", "", "d", "aI", "", "I"]
    assert found.modifier.tolist() == ["", "+asp", "-sth", "+tie", "+lar 3", "", "+nas"]
    file.write_text("#\n0.2 -1 a\nwhat\n0.1 -1 b\n")
    with pytest.raises(InvalidInput, match=r"(?s)line 3: expected a time.*'what'.*line 4: 0.1 s comes before 0.2 s"):
        phones(file)
    file.write_text("0.2 -1 a\n")
    with pytest.raises(InvalidInput, match=r"has no line '#'"):
        phones(file)


@there
def test_the_published_counts_come_out():
    def counts(**more):
        return [n for _, n in sorted(Counter(emodb(DATA, **more).y.tolist()).items())]

    assert counts() == [127, 71, 79, 62]
    assert counts(cropped=True) == [127, 81, 46, 69, 71, 79, 62]
    assert counts(cropped=True, published=True) == [127, 79, 38, 55, 64, 78, 52]
    whole = emodb(DATA, cropped=True)
    assert len(set(whole.groups.tolist())) == len(set(whole.columns["text"].tolist())) == 10
    assert Counter(whole.columns["sex"].tolist()) == {"f": 302, "m": 233}


@there
def test_every_phone_of_the_database_is_read():
    every = [phones(file) for file in sorted((DATA / "lablaut").glob("*.lablaut"))]
    assert sum(len(one.end) for one in every) == 26_949
    assert not any("+" in label for one in every for label in one.label.tolist())


@there
def test_neither_length_nor_a_filter_tells_what_was_there_in_part():
    pytest.importorskip("soundfile")
    some = emodb(DATA, cropped=True)[::9]
    partly = np.array(["first2s" in path for path in some.paths.tolist()])
    heard = some.heard()
    assert {rate for _, rate in heard} == {15000}
    assert max(len(samples) for samples, _ in heard) == 30000
    assert all(samples[-20:].any() for samples, _ in heard)

    def fall(samples):  # in decibels, from 6-6.5 to 6.9-7.4 kHz
        power = (
            np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(samples, 600)[::300] * np.hanning(600))) ** 2
        )
        level = 10 * np.log10(power.mean(axis=0))
        return level[240:260].mean() - level[276:296].mean()

    falls = np.array([fall(samples) for samples, _ in heard])
    assert abs(np.median(falls[partly]) - np.median(falls[~partly])) < 3.0
