"""`mnemon generate` writes what the predictor writes."""

import csv
import io

import numpy as np
import pytest
from command_line import SMALL

import mnemon as package
from mnemon.data import read


def test_text_is_what_the_model_writes(mnemon, tasks):
    words = ("--prompt", "ab", "--length", "30", "--temperature", "0.7", "--top-k", "2", "--seed", "3")
    ended = mnemon("generate", tasks / "words.model", *words)
    model = package.load(tasks / "words.model")
    said = model.generate("ab", 30, temperature=0.7, top_k=2, random_state=3)
    assert ended == (0, said + "\n", "")


def test_without_a_prompt_it_begins_by_itself(mnemon, tasks):
    out = mnemon("generate", tasks / "words.model", "--seed", "1").out
    assert out == package.load(tasks / "words.model").generate(random_state=1) + "\n"


def test_the_prompt_may_come_from_standard_input(mnemon, stdin, tasks):
    stdin("ab\n")
    words = ("generate", tasks / "words.model", "--length", "9", "--temperature", "0", "--prompt")
    assert mnemon(*words, "-").out == mnemon(*words, "ab").out


def test_symbols_as_rows(mnemon, tasks):
    words = ("generate", tasks / "words.model", "--length", "5", "--seed", "0")
    rows = list(csv.DictReader(io.StringIO(mnemon(*words, "--format", "csv").out)))
    assert [row["step"] for row in rows] == list("01234")
    assert "".join(row["symbol"] for row in rows) == mnemon(*words).out.rstrip("\n")


def test_vectors_go_on_from_data(mnemon, tasks):
    ended = mnemon("generate", tasks / "waves.model", "--prompt-data", tasks / "waves.npz", "--length", "4")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    said = package.load(tasks / "waves.model").generate(read(tasks / "waves.npz").X[0], 4)
    np.testing.assert_array_equal([[float(row["channel_0"])] for row in rows], said)


@pytest.mark.parametrize(
    "name, words, said",
    [
        ("sums", (), "is a model of --task regress, and only one of --task predict-next can write"),
        ("words", ("--prompt", "abx"), "--prompt: the model does not know 'x'"),
        ("words", ("--prompt", ""), "--prompt: nothing to go on from"),
        ("words", ("--length", "0"), "--length 0: expected at least 1"),
        ("words", ("--temperature", "-1"), "--temperature -1.0: expected"),
        ("words", ("--top-k", "4"), "--top-k 4: expected 1 to 3"),
        ("words", ("--seed", "-4"), "--seed -4: expected at least 0"),
        ("words", ("--prompt-data", "x.npz"), "--prompt-data is for models of vectors"),
        ("words", ("--promt", "ab"), "did you mean '--prompt'?"),
        ("waves", (), "give it some to go on from, with --prompt-data DATA"),
        ("waves", ("--prompt-data", "x.npz", "--format", "text"), "--format text: this model writes vectors"),
        ("waves", ("--prompt-data", "x.npz"), "x.npz: no such file"),
    ],
)
def test_what_cannot_be_written_is_refused(mnemon, tasks, name, words, said):
    assert said.lower() in mnemon("generate", tasks / f"{name}.model", *words).complaint.lower()


@pytest.mark.slow
def test_a_text_file_is_learnt_by_character_and_by_word(mnemon, here):
    (here / "poem.txt").write_text("so much depends upon a red wheel barrow. " * 12)
    words = ("fit", "poem.txt", "--task", "predict-next", *SMALL)
    out = mnemon(*words, "--out", "letters").out
    assert "the last 49 of 492 characters, held out of poem.txt" in out
    assert len(mnemon("generate", "letters", "--prompt", "so ", "--length", "8").out) == 9
    mnemon(*words, "--by", "word", "--out", "words", "-q")
    assert len(mnemon("generate", "words", "--prompt", "red barrow.", "--length", "8").out.split()) == 8
    assert mnemon("predict", "words", "poem.txt").out.splitlines()[0] == "index,symbol"
    assert "only .txt" in mnemon("fit", "poem.npz", "--by", "word").complaint


def test_a_text_file_holds_a_labelled_string_a_line_for_other_tasks(mnemon, here):
    (here / "strings.txt").write_text("abab\tyes\nbba\tno\n" * 6)
    assert "2 symbols, 3-4 steps, 2 classes" in mnemon("fit", "strings.txt", *SMALL).out
    (here / "more.txt").write_text("ab\nb\n")
    rows = list(csv.DictReader(io.StringIO(mnemon("predict", "model.safetensors", "more.txt").out)))
    assert [row["label"] for row in rows] == package.load("model.safetensors").predict(["ab", "b"]).tolist()


def test_a_table_and_a_folder_are_learnt_from(mnemon, here):
    lines = [f"{k},{t},{k % 2 + t / 10},{'ab'[k % 2]}" for k in range(12) for t in range(4)]
    (here / "table.csv").write_text("\n".join(["id,time,level,label", *lines]) + "\n")
    assert "9 sequences, 1 channels, 4 steps, 2 classes" in mnemon("fit", "table.csv", *SMALL).out
    for k in range(12):
        (here / "folder" / "ab"[k % 2]).mkdir(parents=True, exist_ok=True)
        (here / "folder" / "ab"[k % 2] / f"{k}.csv").write_text("".join(f"{k % 2 + t / 10}\n" for t in range(4)))
    assert mnemon("evaluate", "model.safetensors", "folder").out.startswith("judged    folder, 12 sequences")
