"""The speech experiments: partings that keep speakers apart, tables of decisions, networks side by side."""

import os
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest

from mnemon import Sequences
from mnemon.cells import Elman
from mnemon.lab._digits import DIGITS_EXPERIMENT
from mnemon.lab._emotion import FOUR, SEVEN, accuracy, confusion, heard, mean_recall, partings
from mnemon.lab._emotion_best import EMOTION_BEST, BestRun
from mnemon.lab._emotion_smrnn_hmm import EMOTION_SMRNN_HMM, PUBLISHED, SIZES
from mnemon.lab._partings import at_random, by_speaker
from mnemon.lab._side_by_side import Share, side_by_side
from mnemon.lab._speech_table import corrected, repeated, speakers_out
from mnemon.layers import Network, Readout, SegmentedNetwork
from mnemon.learning import BPTT, Batch, CrossEntropy, Examples, Learner, Optax, Population, Until, answers, train

REAL = pytest.mark.skipif(
    not (Path(os.environ.get("MNEMON_DATA", "")) / "emodb").is_dir(), reason="needs EMO-DB in MNEMON_DATA"
)
Y = np.repeat(["a", "b"], 10)


def test_a_parting_at_random_has_the_sizes_it_was_asked_for():
    part = at_random(Y, {"a": (3, 2), "b": (1, 4)}, seed=0)
    assert sorted(np.concatenate(part)) == list(range(20))
    assert [(np.sum(Y[rows] == "a"), np.sum(Y[rows] == "b")) for rows in part] == [(5, 5), (2, 4), (3, 1)]
    assert not np.array_equal(part.asked, at_random(Y, {"a": (3, 2), "b": (1, 4)}, seed=1).asked)


def test_a_speaker_is_asked_and_others_judge():
    groups = np.array(["x", "y", "z", "x", "y", "z", "w"])
    for number, (asked, judging) in enumerate(zip("wxyz", ("xy", "yz", "zw", "wx"))):
        part = by_speaker(groups, number)
        assert sorted(np.concatenate(part)) == list(range(7))
        assert set(groups[part.asked]) == set(asked)
        assert set(groups[part.judged]) == set(judging)


def test_measures_of_the_published_confusion():
    """Rows are decisions; the diagonal and the columns' sums are published, with 73.47 and 71.02 per cent."""
    right, true = (12, 5, 3, 3, 4, 5, 4), (12, 8, 4, 5, 7, 8, 5)
    table = np.diag(right)
    table[0] += np.subtract(true, right)
    assert accuracy(table) == pytest.approx(PUBLISHED["smrnn"][0] / 100, abs=5e-5)
    assert mean_recall(table) == pytest.approx(PUBLISHED["smrnn"][1] / 100, abs=5e-5)
    decided = np.repeat(np.tile(np.arange(7), 7), table.reshape(-1, order="F"))
    truth = np.repeat(np.repeat(np.arange(7), 7), table.reshape(-1, order="F"))
    assert confusion(decided, truth, 7) == table.tolist()
    assert mean_recall(np.array([[1, 0], [1, 0]])) == 0.5  # a class that was not asked counts nothing


def test_published_shares_are_counts_of_49():
    assert set(SIZES) == set(SEVEN)
    assert set(FOUR) < set(SEVEN)
    for overall, *_ in PUBLISHED.values():
        assert overall / 100 * 49 == pytest.approx(round(overall / 100 * 49), abs=3e-3)
    sizes = [SegmentedNetwork(*SIZES[name], squashing="logistic", bias=False) for name in SEVEN]
    counts = [make(13, 1, key=jax.random.key(0)).weight_count() for make in sizes]
    assert counts == [1444, 832, 1288, 1105, 2029, 1078, 689]


def test_the_interval_knows_that_partings_share_recordings():
    values = [0.7, 0.8, 0.75, 0.72]
    low, high = corrected(values, asked=49, learned=394)
    half = 3.182446 * np.std(values, ddof=1) * np.sqrt(1 / 4 + 49 / 394)
    assert (low, high) == pytest.approx((np.mean(values) - half, np.mean(values) + half), rel=1e-5)
    assert all(np.isnan(corrected([0.5], 1, 1)))


def test_lines_of_the_tables():
    records = [
        {"asked": [[3, 1], [1, 3]], "learned": [[4, 0], [0, 4]]},
        {"asked": [[4, 0], [0, 4]], "learned": [[4, 2], [0, 2]]},
    ]
    assert repeated(records)[:2] == ("2", "87.5")
    assert repeated(records)[3] == "75 to 100"
    assert repeated(records)[-1] == "87.5 / 87.5"
    assert speakers_out(records) == ("2", "87.5", "64 to 97", "87.5", "75 to 100")


def test_networks_side_by_side_are_those_trained_alone():
    """Rows that count nothing fill a share up and change nothing."""
    xs = Sequences([np.random.default_rng(k).normal(size=(3 + k % 3, 2)) for k in range(9)])
    y, weights = np.arange(9) % 3, np.linspace(0.5, 1.5, 9)
    learner = Learner(BPTT(), Optax("sgd", 0.1), Batch(None))

    def make(key):
        a, b = jax.random.split(key)
        return Network(Elman(2, 4, key=a), Readout(4, 3, key=b))

    rows = [np.arange(6), np.arange(3, 7)]
    shares = [Share(xs, some) for some in rows]
    how = {"members": [0, 1], "seed": 0, "epochs": 2}
    rounds = list(side_by_side(make, shares, y, weights, learner, CrossEntropy(), rounds=2, **how))
    assert [one.shape for one in rounds] == [(2, 9, 3)] * 2
    for k, some in enumerate(rows):
        alone = train(
            Population.make(make, [k], 0), learner, Examples(xs[some], y[some], weights[some]),
            loss=CrossEntropy(), until=Until(4, restore_best=False),
        )  # fmt: skip
        said = answers(alone.networks, xs)[0]
        np.testing.assert_allclose(rounds[-1][k], said, rtol=1e-4, atol=1e-5)
    assert not np.allclose(rounds[0], rounds[1])


def test_accounts_name_what_is_there():
    table = np.diag([3, 2, 2, 1]).tolist()
    records = {
        f"emotion-{system}-{parting}": [
            {"network": k, "classes": 4, "asked": table, "learned": table, "judged": table} for k in range(2)
        ]
        for system in PUBLISHED
        for parting in ("splits", "speakers")
    }
    account = EMOTION_SMRNN_HMM.account(records, (4,), False)
    assert [len(grid.rows) for grid in account.grids] == [4, 4, 4, 4, 4]
    assert all(len(row) == len(grid.head) for grid in account.grids for row in grid.rows)
    best = {
        "emotion-best": [
            {"network": 0, "classes": 4, "asked": table, "speaker": "03", "candidate": "lstm-mean", "epochs": 5,
             "judged": 0.8, "accuracy": 1.0}
        ]
    }  # fmt: skip
    assert EMOTION_BEST.account(best, (4,), False).grids[1].rows[0][:3] == ("03", "LSTM both ways, mean", "5")
    ten = {"digits-lstm-official": [{"network": 0, "digits": 10, "asked": np.eye(10, dtype=int).tolist()}]}
    assert DIGITS_EXPERIMENT.account(ten, (10,), False).grids[0].rows == (("LSTM both ways", "1", "100.0", "-"),)


@pytest.mark.parametrize("candidate", BestRun(4).candidates)
def test_every_candidate_is_a_network(candidate):
    network = BestRun(4, units=3).network(candidate, 5, jax.random.key(0))
    said = eqx.filter_jit(network)(np.zeros((2, 21, 5), np.float32), np.array([21, 4])).values
    assert np.asarray(said).shape[-1] == 4


@REAL
def test_the_published_utterances_and_partings():
    data = heard(4, published=True, step=0.025)
    assert np.bincount(data.y).tolist() == [127, 64, 78, 52]
    (part,) = partings(data, [0], 0, speakers=False)
    assert np.bincount(data.y[part.asked]).tolist() == [12, 7, 8, 5]
    assert np.bincount(data.y[part.judged]).tolist() == [13, 6, 8, 5]
    for part in partings(data, range(10), 0, speakers=True):
        apart = [set(data.groups[rows]) for rows in part]
        assert [len(some) for some in apart] == [7, 2, 1]
        assert not apart[0] & apart[1]
        assert not apart[0] & apart[2]
