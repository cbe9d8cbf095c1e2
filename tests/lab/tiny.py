"""A tiny experiment in earnest, which `test_reproduce.py` also runs in processes of its own, where it is killed."""

import os
import signal
import sys
from dataclasses import dataclass, replace

from trials import Trials

from mnemon.lab import reproduce
from mnemon.lab._latching import SETTING, LatchingRun
from mnemon.learning import Store

SMALL = replace(
    SETTING, sequences=((52, 3),), epochs=6, error=1e-9, test=10, units=2, pretraining_epochs=1, pretraining_rate=0.5
)


@dataclass(frozen=True)
class Tiny(Trials):
    """Five networks, trained in units of two."""

    name: str = "tiny"
    networks: int = 5
    lengths: tuple[int, ...] = (52,)
    pretrained: bool = False

    def runs(self, lengths, quick):
        how = {"pretrained": self.pretrained, "setting": SMALL, "unit": 2, "width": 2}
        return [LatchingRun("random", length, **how) for length in lengths]


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def main():
    """Killed when the first unit is on the disk, or in the middle of the second; a checkpoint after every epoch."""
    out, moment = sys.argv[1:]
    save = Store.save

    def save_and_die(self, fingerprint, saved):
        save(self, fingerprint, saved)
        if moment == "training" and "-2-2." in self.path.name and saved.epoch == 3:
            kill()

    def watch(step):
        if moment == "appended" and step.done == 1:
            kill()

    Store.save, Store.due = save_and_die, lambda self: True
    reproduce(Tiny(), out=out, watch=watch)
