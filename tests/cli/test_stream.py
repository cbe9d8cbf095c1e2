"""`mnemon stream` answers each frame at once, as the estimator does of the sequence so far."""

import csv
import io
import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from command_line import MAIN

import mnemon as package
from mnemon.data import read


def frames(sequences) -> str:
    """Sequences of numbers as lines, an empty one after each but the last."""
    return "\n".join("".join(",".join(map(str, frame)) + "\n" for frame in x.tolist()) for x in sequences)


def table(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


def test_each_answer_is_that_of_the_sequence_so_far(mnemon, stdin, model, toy):
    xs = read(toy).X[:3]
    stdin(frames(xs))
    ended = mnemon("stream", model, "--proba")
    rows, classifier = table(ended.out), package.load(model)
    prefixes = [(k, step, x[: step + 1]) for k, x in enumerate(xs) for step in range(len(x))]
    assert (ended.status, ended.err) == (0, "")
    assert list(rows[0]) == ["sequence", "step", "label", "a", "b"]
    assert [(row["sequence"], row["step"]) for row in rows] == [(str(k), str(step)) for k, step, _ in prefixes]
    said = classifier.predict_proba([x for *_, x in prefixes])
    np.testing.assert_allclose([[float(row[label]) for label in "ab"] for row in rows], said, rtol=1e-5)
    assert [row["label"] for row in rows] == classifier.classes_[said.argmax(axis=1)].tolist()


@pytest.mark.parametrize("name", ["sums", "pairs", "waves"])
def test_numbers_are_answered_as_numbers(mnemon, stdin, tasks, name):
    xs, model = read(tasks / f"{name}.npz").X[:2], package.load(tasks / f"{name}.model")
    stdin(frames(xs).replace(",", " \t"))
    rows = [json.loads(line) for line in mnemon("stream", tasks / f"{name}.model", "--format", "json").out.splitlines()]
    assert [row["sequence"] for row in rows] == [k for k, x in enumerate(xs) for _ in x]
    last = [
        [v for key, v in row.items() if key not in ("sequence", "step")] for row in rows[len(xs[0]) - 1 :: len(xs[1])]
    ]
    np.testing.assert_allclose(last[0], np.ravel(model.predict(xs)[0]), rtol=1e-4)


def test_labels_come_with_their_delay_and_the_last_at_the_end(mnemon, stdin, tasks):
    xs, labeler = read(tasks / "steps.npz").X[:2], package.load(tasks / "steps.model")
    stdin(frames(xs))
    rows = table(mnemon("stream", tasks / "steps.model").out)
    assert [row["label"] for row in rows] == np.concatenate(labeler.predict(xs)).tolist()
    assert [row["step"] for row in rows] == [str(step) for x in xs for step in range(len(x))]
    stdin("0.5\n0.5\n")
    assert [row["step"] for row in table(mnemon("stream", tasks / "steps.model").out)] == ["0", "1"]


def test_symbols_come_a_line_or_a_character_each(mnemon, stdin, tasks):
    stdin("a\nb\nc\n\na\n")
    lines = mnemon("stream", tasks / "words.model", "--proba").out
    stdin("abc\n\na")
    assert mnemon("stream", tasks / "words.model", "--proba", "--characters").out == lines
    stdin("ab\nc\n\na")  # the end of a line is no symbol of this model
    assert mnemon("stream", tasks / "words.model", "--proba", "--characters").out == lines
    said = [[float(row[symbol]) for symbol in "abc"] for row in table(lines)]
    model = package.load(tasks / "words.model")
    np.testing.assert_allclose(said, model.predict_proba(["a", "ab", "abc", "a"]), rtol=1e-5)


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("sums", "1,2\n1,2,3\n", "line 2: a frame has 2 channels"),
        ("sums", "1,2\n\n1,x\n", "line 3: expected numbers with commas or white space between them, got '1,x'"),
        ("sums", "1,\n", "line 1: a frame must be finite; channel 1 is not"),
        ("words", "a\nd\n", "line 2: frame 'd' is none of the symbols a, b, c"),
    ],
)
def test_bad_frames_are_named_by_their_lines(mnemon, stdin, tasks, name, text, said):
    stdin(text)
    ended = mnemon("stream", tasks / f"{name}.model")
    assert ended.status == 2
    assert ended.err.startswith(f"mnemon: {said}")
    assert ended.err.count("\n") == 1
    assert ended.out.startswith("sequence,step,")


def test_bad_frames_may_be_left_out(mnemon, stdin, tasks):
    stdin("1,2\n0.5,1\n\n3,4\n")
    clean = mnemon("stream", tasks / "sums.model").out
    stdin("1,2\nwhat\n0.5,1\n7\n\n3,4\n")
    ended = mnemon("stream", tasks / "sums.model", "--skip-bad")
    assert (ended.status, ended.out) == (0, clean)
    assert [line.split(":")[1].strip() for line in ended.err.splitlines()] == ["line 2", "line 4"]


def test_empty_lines_and_no_lines_are_no_sequences(mnemon, stdin, tasks):
    for text in ("", "\n\n\n"):
        stdin(text)
        assert mnemon("stream", tasks / "sums.model") == (0, "sequence,step,value\n", "")


def test_what_a_stream_refuses(mnemon, stdin, tasks, toy):
    stdin("")
    assert "--proba: this model says numbers" in mnemon("stream", tasks / "sums.model", "--proba").complaint
    assert "--characters: this model reads numbers" in mnemon("stream", tasks / "sums.model", "--characters").complaint
    assert "no whole model file" in mnemon("stream", toy).complaint


def test_answers_come_at_once_and_an_interruption_is_quiet(tasks):
    # A shell starts what runs in its background without interruptions, and tests may run there.
    heard = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {MAIN}"
    command = [sys.executable, "-c", heard, "stream", str(tasks / "sums.model")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        assert running.stdout.readline() == "sequence,step,value\n"
        for step in range(3):
            running.stdin.write("1,2\n")
            running.stdin.flush()
            assert running.stdout.readline().startswith(f"0,{step},")
        running.send_signal(signal.SIGINT)
        assert running.stderr.read() == ""
        assert running.wait() == 130
