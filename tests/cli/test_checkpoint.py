"""A fit that is killed goes on from its checkpoint to the very model of an unbroken one."""

import re
import signal

import pytest
from command_line import SMALL, program
from safetensors.numpy import load_file

# Writes after every epoch, and kills its own process when three are written.
DYING = """
import os, signal
from mnemon.cli import main
from mnemon.learning import Store

save = Store.save

def save_and_die(self, fingerprint, saved):
    save(self, fingerprint, saved)
    if saved.epoch == 3:
        os.kill(os.getpid(), signal.SIGKILL)

Store.save, Store.due = save_and_die, lambda self: True
main()
"""


@pytest.mark.slow
def test_a_killed_fit_goes_on_to_the_same_model(toy, here):
    words = ("fit", "toy.ts", "--units", "4", "--epochs", "6", "--dropout", "0.2")
    kept = ("--checkpoint", "kept", "--out", "resumed")
    killed = program(*words, *kept, script=DYING)
    assert killed.returncode == -signal.SIGKILL
    assert (here / "kept").exists()
    assert not (here / "resumed").exists()
    resumed, unbroken = program(*words, *kept), program(*words, "--out", "unbroken")
    assert "going on from kept" in resumed.stdout
    assert "going on from" not in unbroken.stdout
    accuracies = [re.findall(r"^accuracy .*$", ended.stdout, re.MULTILINE) for ended in (resumed, unbroken)]
    assert accuracies[0] == accuracies[1]
    assert len(accuracies[0]) == 1
    ours, theirs = load_file(here / "resumed"), load_file(here / "unbroken")
    assert ours.keys() == theirs.keys()
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in ours)


def test_the_checkpoint_of_another_training_is_refused(mnemon, toy, here):
    mnemon("fit", toy, *SMALL, "--checkpoint", "kept")
    before = (here / "kept").read_bytes()
    told = mnemon("fit", toy, *SMALL, "--checkpoint", "kept", "--out", "other", "--cell", "gru").complaint
    assert "kept is the checkpoint of another training" in told
    assert (here / "kept").read_bytes() == before


def test_a_file_that_is_no_checkpoint_is_refused(mnemon, toy, here):
    (here / "kept").write_text("mine")
    assert "kept is not a readable checkpoint" in mnemon("fit", toy, *SMALL, "--checkpoint", "kept").complaint
    assert (here / "kept").read_text() == "mine"
