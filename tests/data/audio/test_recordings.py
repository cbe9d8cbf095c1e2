"""Folders of sound files: where labels and speakers come from, and what is wrong with them."""

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut

from mnemon.data.audio import Recordings, read_recordings
from mnemon.errors import InvalidInput


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def names(recordings, folder):
    return [path.removeprefix(f"{folder}/") for path in recordings.paths.tolist()]


def test_sub_folders_are_classes_and_theirs_are_speakers(tmp_path):
    flat = touch(tmp_path / "flat", "yes/10.wav", "yes/2.FLAC", "no/1.Ogg", "no/.hidden.wav", ".git/1.wav", "no/a.txt")
    found = read_recordings(flat)
    assert names(found, flat) == ["no/1.Ogg", "yes/2.FLAC", "yes/10.wav"]
    assert found.y.tolist() == ["no", "yes", "yes"]
    assert found.groups is None
    assert repr(found) == "Recordings('flat', 3 recordings, 2 labels, no groups)"
    deep = touch(tmp_path / "deep", "yes/ann/1.wav", "no/bob/1.wav", "no/ann/2.wav")
    found = read_recordings(deep)
    assert list(zip(found.y.tolist(), found.groups.tolist())) == [("no", "ann"), ("no", "bob"), ("yes", "ann")]
    assert found.columns["speaker"].tolist() == ["ann", "bob", "ann"]


def test_a_table_says_labels_speakers_and_more(tmp_path):
    touch(tmp_path, "s10.wav", "s2.wav", "more/s1.ogg")
    table = "file,label,Speaker,room\ns2.wav,a,ann,hall\nmore/s1.ogg,b,bob,hall\ns10.wav,a,bob,shed\n"
    (tmp_path / "labels.csv").write_text(table)
    found = read_recordings(tmp_path)
    assert names(found, tmp_path) == ["more/s1.ogg", "s2.wav", "s10.wav"]
    assert found.y.tolist() == ["b", "a", "a"]
    assert found.groups.tolist() == ["bob", "ann", "bob"]
    assert found.grouped_by("room").groups.tolist() == ["hall", "hall", "shed"]
    assert found.grouped_by("group").groups.tolist() == ["bob", "ann", "bob"]
    with pytest.raises(InvalidInput, match=r"nothing says the romo of a recording; did you mean 'room'\?"):
        found.grouped_by("romo")
    (tmp_path / "labels.csv").rename(tmp_path / "who.tsv")
    (tmp_path / "who.tsv").write_text(table.replace(",", "\t"))
    assert read_recordings(tmp_path, "who.tsv").y.tolist() == ["b", "a", "a"]


def test_names_say_what_they_are(tmp_path):
    berlin = touch(tmp_path / "berlin", "03a01Fa.wav", "16b10Wb.flac")
    found = read_recordings(berlin)
    assert found.y.tolist() == ["happiness", "anger"]
    assert found.groups.tolist() == ["03", "16"]
    assert {key: value.tolist() for key, value in found.columns.items()} == {
        "speaker": ["03", "16"], "text": ["a01", "b10"], "version": ["a", "b"], "sex": ["m", "f"],
    }  # fmt: skip
    digits = touch(tmp_path / "digits", "in/7_jackson_32.wav", "in/0_theo_4.wav")
    found = read_recordings(digits)
    assert found.y.tolist() == [0, 7]
    assert found.y.dtype.kind == "i"
    assert found.groups.tolist() == ["theo", "jackson"]
    assert read_recordings(digits, naming="folders").y.tolist() == ["in", "in"]
    assert read_recordings(touch(tmp_path / "loose", "a.wav", "03a01Fa.wav")).y is None


def test_groups_go_to_the_splitters_of_sklearn():
    found = Recordings(list("abcd"), [0, 1, 0, 1], "four", groups=["x", "y", "y", "x"], columns={"n": [1, 2, 3, 4]})
    parts = [(found[a], found[b]) for a, b in LeaveOneGroupOut().split(found.paths, found.y, found.groups)]
    assert [(a.paths.tolist(), b.paths.tolist()) for a, b in parts] == [
        (["b", "c"], ["a", "d"]),
        (["a", "d"], ["b", "c"]),
    ]
    assert parts[0][0].columns["n"].tolist() == [2, 3]
    assert len(found[:3]) == 3
    assert found[found.y == 1].groups.tolist() == ["y", "x"]


def test_all_mistakes_of_a_table_are_told(tmp_path):
    touch(tmp_path, "1.wav", "2.wav", "3.wav")
    (tmp_path / "labels.csv").write_text("file,label\n1.wav,a\n1.wav,b\n4.wav,b\n5.wav,b\n")
    with pytest.raises(InvalidInput) as told:
        read_recordings(tmp_path)
    for words in (
        "5 problems", "line 3: 1.wav is there twice", "4.wav is named, but not there", "5.wav is named, but not there",
        "2.wav is there, but not named", "3.wav is there, but not named",
    ):  # fmt: skip
        assert words in str(told.value)
    (tmp_path / "labels.csv").write_text("file,label\n1.wav,\n2.wav,b\n3.wav,\n")
    with pytest.raises(InvalidInput, match=r"(?s)line 2, column label: no label.*line 4, column label: no label"):
        read_recordings(tmp_path)


def test_folders_that_cannot_be_read(tmp_path):
    folder = touch(tmp_path / "mixed", "yes/1.wav", "no/ann/2.wav", "3.wav")
    with pytest.raises(
        InvalidInput, match=r"some files are deeper in sub-folders \(classes\) than 3.wav; give a table"
    ):
        read_recordings(folder)
    with pytest.raises(InvalidInput, match=r"(?s)3.wav: expected a name such as 03a01Fa.*1.wav: expected"):
        read_recordings(folder, naming="emodb")
    with pytest.raises(InvalidInput, match=r"naming='fsd': did you mean 'fsdd'"):
        read_recordings(folder, naming="fsd")
    with pytest.raises(InvalidInput, match=r"exclude each other"):
        read_recordings(folder, "labels.csv", naming="fsdd")
    for asked in ({"labels": "who.csv"}, {"naming": "table"}):
        with pytest.raises(InvalidInput, match=r"no such file; it should say the label of each file"):
            read_recordings(folder, **asked)
    with pytest.raises(InvalidInput, match=r"no such folder"):
        read_recordings(tmp_path / "none")
    with pytest.raises(InvalidInput, match=r"holds no files that end in .wav, .flac, .ogg"):
        read_recordings(touch(tmp_path / "empty", "a.mp3"))
    with pytest.raises(InvalidInput, match=r"has no sub-folders"):
        read_recordings(touch(tmp_path / "loose", "a.wav"), naming="folders")


def test_what_does_not_fit_together_is_told():
    with pytest.raises(InvalidInput) as told:
        Recordings(["a", "b"], ["x"], "odd", groups=[1, 2, 3], columns={"room": [1]}, seconds=0)
    for words in ("2 recordings, but labels of shape (1,)", "but groups of shape (3,)", "but room of shape (1,)",
                  "seconds=0: expected a positive number"):  # fmt: skip
        assert words in str(told.value)
    with pytest.raises(InvalidInput, match=r"nothing says the speaker of a recording; give a table labels.csv"):
        Recordings(["a"], ["x"], "plain").grouped_by("speaker")


def test_only_the_beginning_is_heard_without_what_fills_it_up(tmp_path):
    sound = pytest.importorskip("soundfile")
    random = np.random.default_rng(0)
    tone = random.uniform(0.1, 0.5, 1600).astype(np.float32)  # 0.2 s at 8 kHz
    sound.write(tmp_path / "1.wav", tone, 8000, subtype="FLOAT")
    sound.write(tmp_path / "2.wav", np.pad(tone[:400], (0, 1200)), 8000, subtype="FLOAT")
    sound.write(tmp_path / "3.wav", np.repeat(tone, 2), 16000, subtype="FLOAT")
    whole = read_recordings(tmp_path)
    assert [(len(samples), rate) for samples, rate in whole.heard()] == [(1600, 8000), (1600, 8000), (3200, 16000)]
    first = whole.head(0.1)
    assert "first 0.1 s of each" in repr(first)
    heard = first.heard()
    assert [(len(samples), rate) for samples, rate in heard] == [(800, 8000), (400, 8000), (1600, 16000)]
    np.testing.assert_array_equal(heard[0].samples, tone[:800])
    np.testing.assert_array_equal(heard[1].samples, tone[:400])
    assert [(len(samples), rate) for samples, rate in whole.head(0.1, 4000).heard()] == [
        (400, 4000),
        (200, 4000),
        (400, 4000),
    ]
    sound.write(tmp_path / "4.wav", np.zeros(900), 8000)
    (tmp_path / "5.wav").write_text("no sound")
    with pytest.raises(InvalidInput) as told:
        read_recordings(tmp_path).head(0.1).heard()
    for words in ("2 problems", "4.wav: nothing but silence", "5.wav"):
        assert words in str(told.value)
