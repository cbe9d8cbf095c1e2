"""What is told while training, and the bar that shows it."""

import io
import itertools
import sys

import numpy as np
import pytest
from toys import by, fit, population, recall

from mnemon.learning import Optax, Progress, ProgressBar, Until


class Terminal(io.StringIO):
    def isatty(self):
        return True


NOW = Progress(3, 10, 0.12341, 0.2, 0.875, 2, 4, 1.5)


def shown(stream, monkeypatch, *told, **how):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    with ProgressBar(**how) as bar:
        for now in told:
            bar(now)
    return stream.getvalue()


def test_silent_where_there_is_no_terminal(monkeypatch):
    assert shown(io.StringIO(), monkeypatch, NOW) == ""


def test_a_terminal_sees_epoch_loss_score_and_networks(monkeypatch):
    text = shown(Terminal(), monkeypatch, NOW, score_name="accuracy")
    for words in ("epoch", "3/10", "loss 0.1234", "validation accuracy 0.875", "2 of 4 networks"):
        assert words in text


def test_only_what_there_is(monkeypatch):
    text = shown(Terminal(), monkeypatch, Progress(1, 2, 0.5, None, None, 1, 1, 0.1))
    assert "loss 0.5000" in text
    assert "validation" not in text
    assert "networks" not in text


def test_the_bar_ends_with_an_error(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    bar = ProgressBar()
    with pytest.raises(KeyboardInterrupt), bar:
        raise KeyboardInterrupt
    bar(NOW)
    assert "0.1234" not in stream.getvalue()


def test_progress_is_told_after_every_epoch():
    told = []
    learner = by(Optax("sgd", [0.001, 0.1, 0.2]))
    solution = fit(population(), learner, recall(), until=Until(epochs=40, loss=0.3), progress=told.append)
    assert [now.epoch for now in told] == solution.history["epoch"].tolist()
    assert {(now.epochs, now.members) for now in told} == {(40, 3)}
    np.testing.assert_allclose([now.loss for now in told], np.nanmean(solution.history["loss"], axis=1), rtol=1e-6)
    assert {(now.validation_loss, now.validation_score) for now in told} == {(None, None)}
    ended = np.array([result.epochs for result in solution.results])
    reached = np.array([result.reached for result in solution.results])
    assert [now.active for now in told] == [3 - int(((ended <= now.epoch) & reached).sum()) for now in told]
    assert all(a.seconds < b.seconds for a, b in itertools.pairwise(told))


def test_progress_with_validation():
    told = []
    solution = fit(
        population(),
        by(size=None),
        recall(),
        until=Until(epochs=2),
        validation=recall(10, seed=1),
        progress=told.append,
    )
    for name in ("validation_loss", "validation_score"):
        np.testing.assert_allclose([getattr(now, name) for now in told], solution.history[name].mean(axis=1), rtol=1e-6)
