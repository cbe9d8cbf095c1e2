"""Left-to-right hidden Markov models: their likelihoods, their estimation, and their place in scikit-learn."""

import builtins
import itertools
import sys
import warnings

import jax
import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import mnemon
from mnemon import HMMClassifier, Sequences
from mnemon.errors import InvalidInput, ModelFileError
from mnemon.layers import SegmentedNetwork
from mnemon.preprocessing import ChannelScaler

STAY = {"a": (0.8, 0.7, 1.0), "b": (0.7, 0.85, 1.0)}
MEANS = {"a": [[0, 0], [1, 1], [0, 1.5]], "b": [[0, 0], [1, -0.3], [0.4, 1.2]]}
DEVIATIONS = np.array([0.5, 1.0])
UNITS, ORIGIN = np.array([3.0, 0.1]), np.array([100.0, -2.0])  # neither is what channels should be brought to


def drawn(label, rng, length):
    state, values = 0, []
    for _ in range(length):
        values.append(rng.normal(MEANS[label][state], DEVIATIONS))
        state += rng.random() > STAY[label][state]
    return ORIGIN + UNITS * np.array(values)


def sample(n, seed):
    rng = np.random.default_rng(seed)
    y = np.array(["a", "b"])[np.arange(n) % 2]
    return Sequences([drawn(label, rng, int(rng.integers(8, 20))) for label in y]), y


X, Y = sample(60, 0)
OTHERS, TRUTH = sample(300, 1)


def forward(values, transitions, weights, means, covariances):
    """Rabiner's recursion, in probabilities, one step after another."""

    def density(x):
        return np.array(
            [
                sum(w * multivariate_normal.pdf(x, m, np.diag(c) if c.ndim == 1 else c) for w, m, c in zip(*state))
                for state in zip(weights, means, covariances)
            ]
        )

    alpha = np.eye(len(transitions))[0] * density(values[0])
    for x in values[1:]:
        alpha = (alpha @ transitions) * density(x)
    return np.log(alpha.sum())


def in_its_units(classifier, values):
    """Values as the models see them, and the log of the volume that this costs."""
    return (values - classifier.mean_) / classifier.scale_, len(values) * np.log(classifier.scale_).sum()


SETTINGS = {
    "one Gaussian": {},
    "mixtures": {"mixtures": 2, "states": 2},
    "full covariance": {"covariance": "full", "states": 2},
    "full mixtures": {"covariance": "full", "mixtures": 2, "states": 3},
    "one state": {"states": 1, "mixtures": 3},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_likelihoods_are_those_of_the_forward_recursion(settings):
    classifier = HMMClassifier(**settings, random_state=0, tolerance=1e-2).fit(X, Y)
    said = classifier.log_likelihoods(X[:4])
    models = list(
        zip(classifier.transitions_, classifier.weights_, classifier.means_, classifier.covariances_, strict=True)
    )
    for i in range(4):
        values, volume = in_its_units(classifier, X[i])
        expected = [forward(values, *model) - volume for model in models]
        np.testing.assert_allclose(said[i], expected, rtol=1e-9)


def test_likelihoods_are_sums_over_all_paths():
    classifier = HMMClassifier(states=2).fit(X, Y)
    values, volume = in_its_units(classifier, X[0][:6])
    for k, transitions in enumerate(classifier.transitions_):
        means, spreads = classifier.means_[k, :, 0], classifier.covariances_[k, :, 0]
        total = []
        for path in itertools.product(range(2), repeat=5):
            states = (0, *path)
            moves = [transitions[a, b] for a, b in itertools.pairwise(states)]
            seen = [multivariate_normal.logpdf(x, means[s], np.diag(spreads[s])) for x, s in zip(values, states)]
            with np.errstate(divide="ignore"):
                total.append(np.log(moves).sum() + sum(seen))
        np.testing.assert_allclose(classifier.log_likelihoods([X[0][:6]])[0, k], logsumexp(total) - volume, rtol=1e-10)


def test_one_gaussian_a_state_is_hmmlearns_own():
    """From the same start, without a floor that is felt: the same model after as many re-estimations."""
    with pytest.warns(ConvergenceWarning, match="'a', 'b' still grew likelier after 7"):
        classifier = HMMClassifier(iterations=7, tolerance=0.0, floor=1e-9).fit(X, Y)
    values = (X.values - classifier.mean_) / classifier.scale_
    rows = np.repeat(Y == "a", X.lengths)
    mine, lengths = values[rows], X.lengths[Y == "a"]
    segment = np.concatenate([np.arange(length) * 3 // length for length in lengths])
    ends = np.cumsum(lengths) - 1
    stays = np.array([(np.delete(np.diff(segment), ends[:-1])[np.delete(segment[:-1], ends[:-1]) == j] == 0).sum()
                      for j in range(2)])  # fmt: skip
    stay = (stays + 1) / (stays + len(lengths) + 2)
    theirs = GaussianHMM(
        3, "diag", n_iter=7, tol=-np.inf, params="tmc", init_params="", covars_prior=0, covars_weight=0
    )
    theirs.startprob_ = np.array([1.0, 0, 0])
    theirs.transmat_ = np.diag([*stay, 1.0]) + np.diag(1 - stay, 1)
    theirs.means_ = np.stack([mine[segment == j].mean(axis=0) for j in range(3)])
    theirs.covars_ = np.stack([mine[segment == j].var(axis=0) for j in range(3)])
    theirs.fit(mine, lengths)
    np.testing.assert_allclose(classifier.means_[0, :, 0], theirs.means_, rtol=1e-6)
    np.testing.assert_allclose(classifier.covariances_[0, :, 0], theirs._covars_, rtol=1e-6)
    np.testing.assert_allclose(classifier.transitions_[0], theirs.transmat_, atol=1e-8)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_re_estimation_never_makes_the_data_less_likely(settings):
    """Baum's inequality; the floor is too low to be felt."""
    classifier = HMMClassifier(**settings, floor=1e-6, tolerance=1e-3, random_state=0).fit(X, Y)
    for seen in classifier.history_.values():
        assert len(seen) > 2
        assert np.diff(seen).min() > -1e-10


def test_nothing_leads_back_and_nothing_is_left_out():
    classifier = HMMClassifier(states=5).fit(X, Y)
    moves = classifier.transitions_
    allowed = np.eye(5, dtype=bool) | np.eye(5, k=1, dtype=bool)
    assert np.all(moves[:, ~allowed] == 0)
    np.testing.assert_allclose(moves.sum(axis=2), 1)
    np.testing.assert_allclose(classifier.weights_.sum(axis=2), 1)


@pytest.mark.slow
def test_it_decides_nearly_as_well_as_who_knows_the_truth():
    """Models of 150 sequences a class, against the true ones, which no classifier can beat for long."""
    classifier = HMMClassifier().fit(*sample(300, 2))
    rest = (np.ones((3, 1)),)
    scale = DEVIATIONS * UNITS
    true = [
        np.array(
            [
                forward((x - ORIGIN) / scale, np.diag(STAY[label]) + np.diag(1 - np.array(STAY[label][:-1]), 1), *rest,
                        (np.array(MEANS[label]) / DEVIATIONS)[:, np.newaxis], np.ones((3, 1, 2)))
                for x in OTHERS[:150]
            ]
        )
        for label in "ab"
    ]  # fmt: skip
    best = np.where(true[1] > true[0], "b", "a")
    optimal, found = np.mean(best == TRUTH[:150]), classifier.score(OTHERS[:150], TRUTH[:150])
    assert 0.75 < optimal < 0.99
    assert found > optimal - 0.04
    assert np.mean(classifier.predict(OTHERS[:150]) == best) > 0.93
    # And its likelihoods are near the true ones.
    said = classifier.log_likelihoods(OTHERS[:150]) + (OTHERS[:150].lengths * np.log(scale).sum())[:, np.newaxis]
    assert np.abs(said - np.stack(true, axis=1)).mean() < 0.5


def test_units_do_not_matter():
    classifier = HMMClassifier().fit(X, Y)
    scaled = Sequences.from_concatenated(1e6 + 1e3 * X.values, X.lengths)
    other = HMMClassifier().fit(scaled, Y)
    np.testing.assert_allclose(other.predict_proba(scaled), classifier.predict_proba(X), atol=1e-6)
    cost = X.lengths * 2 * np.log(1e3)
    np.testing.assert_allclose(
        other.log_likelihoods(scaled), classifier.log_likelihoods(X) - cost[:, np.newaxis], atol=1e-4
    )


def test_single_precision_is_read_in_double():
    single = Sequences.from_concatenated(X.values.astype(np.float32), X.lengths)
    double = Sequences.from_concatenated(single.values.astype(np.float64), X.lengths)
    said = HMMClassifier().fit(single, Y).log_likelihoods(single)
    assert said.dtype == np.float64
    np.testing.assert_allclose(said, HMMClassifier().fit(double, Y).log_likelihoods(double), rtol=1e-6)


def test_priors():
    few = np.r_[np.flatnonzero(Y == "a"), np.flatnonzero(Y == "b")[:6]]
    equal = HMMClassifier().fit(X[few], Y[few])
    counted = HMMClassifier(priors="empirical").fit(X[few], Y[few])
    np.testing.assert_allclose(counted.priors_, [30 / 36, 6 / 36])
    odds = [np.log(one.predict_proba(X[:5])) @ [1, -1] for one in (counted, equal)]
    np.testing.assert_allclose(odds[0] - odds[1], np.log(5))
    np.testing.assert_array_equal(equal.predict(X), equal.classes_[equal.predict_proba(X).argmax(axis=1)])


def test_a_floor_under_the_variances():
    """Three equal sequences have none of their own."""
    one = np.repeat(np.arange(4.0), 3)[:, np.newaxis]
    xs, y = [one, one, one, -one, -one, -one], [0, 0, 0, 1, 1, 1]
    classifier = HMMClassifier(states=4, floor=0.02).fit(xs, y)
    np.testing.assert_allclose(classifier.covariances_, 0.02)
    full = HMMClassifier(states=4, floor=0.02, covariance="full").fit([np.c_[x, x] for x in xs], y)
    np.testing.assert_allclose(full.covariances_, np.broadcast_to(0.02 * np.eye(2), (2, 4, 1, 2, 2)), atol=1e-12)
    assert classifier.score(xs, y) == full.score([np.c_[x, x] for x in xs], y) == 1.0
    # A channel that says nothing does no harm, nor do mixtures of which some have nothing to stand for.
    still = [np.c_[x, np.full(len(x), 7.0)] for x in xs]
    assert HMMClassifier(states=2, mixtures=4, random_state=0).fit(still, y).score(still, y) == 1.0


def test_short_sequences():
    rng = np.random.default_rng(0)
    xs = [rng.normal(k % 2, 1, (length, 1)) for k, length in enumerate([9, 9, 2, 2, 1, 1])]
    classifier = HMMClassifier(states=3).fit(xs, [0, 1] * 3)
    assert np.isfinite(classifier.log_likelihoods(xs)).all()
    # One sequence is enough where it is long enough.
    HMMClassifier(states=3).fit(xs[:2], [0, 1])
    with pytest.raises(InvalidInput, match="class 0: its longest sequence has 2 steps, but there are 3 states"):
        HMMClassifier(states=3).fit(xs[1:3], [1, 0])
    with pytest.raises(InvalidInput) as several:
        HMMClassifier(states=3, mixtures=4).fit(xs[:2], [0, 1])
    assert "2 problems" in str(several.value)
    assert "class 1: 1 sequences give a state 3 steps, but there are 4 mixtures" in str(several.value)


def test_mistakes_are_named_together():
    wrong = HMMClassifier(states=0, covariance="diagonal", priors="even", floor=0, tolerance=-1, features=3)
    with pytest.raises(InvalidInput) as several:
        wrong.fit(X, Y)
    for part in ("states=0", "did you mean 'diag'", "priors='even'", "floor=0", "tolerance=-1", "features=3"):
        assert part in str(several.value)


def test_data_that_cannot_be_used():
    with pytest.raises(InvalidInput, match="reads numbers, and these are symbols"):
        HMMClassifier().fit(Sequences.from_strings(["abc", "abd"]), [0, 1])
    with pytest.raises(InvalidInput, match="one class only"):
        HMMClassifier().fit(X, ["a"] * len(X))
    with pytest.raises(InvalidInput, match="60 sequences but 59 labels"):
        HMMClassifier().fit(X, Y[1:])
    with pytest.raises(InvalidInput, match="target y is None"):
        HMMClassifier().fit(X, None)
    with pytest.raises(InvalidInput, match="NaN"):
        HMMClassifier().fit([np.array([[1.0], [np.nan]]), np.ones((3, 1))], [0, 1])
    with pytest.raises(InvalidInput, match="X has 1 features"):
        HMMClassifier().fit(X, Y).predict(np.ones((2, 5)))
    with pytest.raises(NotFittedError):
        HMMClassifier().predict(X)


def test_without_hmmlearn(monkeypatch):
    """Fitting says what to install; a model that is there predicts."""
    classifier = HMMClassifier().fit(X, Y)
    before = classifier.predict(X)
    real = builtins.__import__

    def refuse(name, *arguments, **settings):
        if name.split(".")[0] == "hmmlearn":
            raise ImportError(name)
        return real(name, *arguments, **settings)

    monkeypatch.delitem(sys.modules, "mnemon.estimators._baum_welch")
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InvalidInput, match=r'pip install "mnemon\[hmm\]"'):
        HMMClassifier().fit(X, Y)
    np.testing.assert_array_equal(classifier.predict(X), before)


class Doubled:
    """Recordings become sequences twice as large: what `features=` may be."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return Sequences([2 * np.asarray(x) for x in X])

    def get_params(self, deep=True):
        return {}

    def __sklearn_clone__(self):
        return self


def test_features_make_the_sequences():
    plain = HMMClassifier().fit([2 * x for x in X], Y)
    made = HMMClassifier(features=Doubled()).fit(list(X), Y)
    np.testing.assert_array_equal(made.log_likelihoods(list(X)), plain.log_likelihoods([2 * x for x in X]))


# In scikit-learn, and in files

# Rows of numbers are read as series of one channel, of any length: see test_sklearn_checks.py.
EXPECTED = {
    "check_n_features_in": "^$",
    "check_n_features_in_after_fitting": "n_features_in_",
    "check_classifiers_train": "does not raise an error when the number of features in predict",
    "check_fit2d_1feature": "The error message should contain",  # a series of one step is shorter than the states
}


@parametrize_with_checks([HMMClassifier(states=2)])
def test_scikit_learns_own_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if check.func.__name__ not in EXPECTED:
            check(estimator)
            return
        with pytest.raises(AssertionError, match=EXPECTED[check.func.__name__]):
            check(estimator)


def test_in_scikit_learn():
    folds = StratifiedKFold(2)
    scores = cross_val_score(HMMClassifier(), X, Y, cv=folds)
    by_hand = [HMMClassifier().fit(X[a], Y[a]).score(X[b], Y[b]) for a, b in folds.split(np.zeros(len(Y)), Y)]
    np.testing.assert_array_equal(scores, by_hand)
    search = GridSearchCV(
        make_pipeline(ChannelScaler(), HMMClassifier(random_state=0)),
        {"hmmclassifier__states": [1, 3], "hmmclassifier__mixtures": [1, 2]},
        cv=folds,
    ).fit(X, Y)
    assert search.best_score_ > 0.7
    assert search.predict(X).shape == Y.shape
    again = clone(HMMClassifier(states=4, random_state=3))
    assert again.get_params() == HMMClassifier(states=4, random_state=3).get_params()


@pytest.mark.parametrize("kind", ["one Gaussian", "full mixtures"])
def test_a_file_holds_all_of_it(kind, tmp_path):
    path = tmp_path / "model.safetensors"
    saved = HMMClassifier(**SETTINGS[kind], random_state=0).fit(X, Y)
    loaded = mnemon.load(saved.save(path))
    np.testing.assert_array_equal(loaded.log_likelihoods(OTHERS[:9]), saved.log_likelihoods(OTHERS[:9]))
    np.testing.assert_array_equal(loaded.predict(OTHERS[:9]), saved.predict(OTHERS[:9]))
    assert loaded.get_params() == saved.get_params()
    assert loaded.summary() == saved.summary()
    assert vars(loaded).keys() == vars(saved).keys()
    with pytest.raises(InvalidInput, match="exists: choose another name"):
        saved.save(path)
    with pytest.raises(NotFittedError):
        HMMClassifier().save(path, overwrite=True)
    with pytest.raises(ModelFileError, match="load it without like="):
        mnemon.load(path, like=SegmentedNetwork(2, 2, 2)(2, 2, key=jax.random.key(0)))


def test_a_summary_is_in_words():
    lines = HMMClassifier().fit(X, Y).summary().splitlines()
    assert lines[0] == "HMMClassifier: 2 channels in, 2 classes"
    assert lines[1] == "  a left-to-right model a class: 3 states, each one Gaussian, covariance diag"
    assert lines[2].startswith("  a: ")
