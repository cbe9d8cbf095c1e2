"""What the tests of the command line share: outcomes, small files, a process of its own."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from mnemon.cli import main
from mnemon.data import write_npz
from mnemon.sequences import Sequences

SMALL = ("--units", "4", "--epochs", "2")


class Outcome(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def accuracy(self) -> str:
        (line,) = [line for line in self.out.splitlines() if line.startswith("accuracy ")]
        return line

    @property
    def complaint(self) -> str:
        """The one line on standard error of a refused command, without "mnemon: "."""
        assert self.status == 2, self
        assert self.out == "" or not self.out.startswith("accuracy")
        assert self.err.startswith("mnemon: ")
        assert self.err.count("\n") == 1 or "\n  - " in self.err
        assert "Traceback" not in self.err
        return self.err.removeprefix("mnemon: ").rstrip("\n")


def write_ts(path, n=24, classes=("a", "b"), channels=2, labels=True, targets=False, seed=0) -> Path:
    """Sequences whose level says their class."""
    random = np.random.default_rng(seed)
    declared = "@targetLabel true" if targets else f"@classLabel {'true ' + ' '.join(classes) if labels else 'false'}"
    lines = ["@problemName toy", f"@dimensions {channels}", "@equalLength false", declared, "@data"]
    for k in range(n):
        which = k % len(classes)
        values = random.normal(which, 0.2, (channels, random.integers(3, 8)))
        series = [",".join(f"{v:.4f}" for v in channel) for channel in values]
        end = [f"{which + 0.5}"] if targets else [classes[which]] if labels else []
        lines.append(":".join(series + end))
    Path(path).write_text("\n".join(lines) + "\n")
    return Path(path)


def write_strings(path, strings, y=None) -> Path:
    return write_npz(path, Sequences.from_strings(strings), y)


def status_of(*words: object) -> int:
    """The exit status of a command run in this process."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


MAIN = "from mnemon.cli import main; main()"


def program(*words: object, script: str = MAIN, **more) -> subprocess.CompletedProcess:
    """The command in a process of its own."""
    command = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)
