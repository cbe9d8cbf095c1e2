"""Transformers: by hand, there and back, a batch as its sequences, in scikit-learn's tools; and every mistake told."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import mnemon.preprocessing as room
from mnemon.errors import InvalidInput
from mnemon.preprocessing import ChannelScaler, Deltas, Missing, PadOrCut, Resample, SelectChannels
from mnemon.sequences import Sequences

RANDOM = np.random.default_rng(0)
LENGTHS = (4, 1, 7)
ARRAYS = [RANDOM.normal(3, 5, size=(length, 3)) for length in LENGTHS]
MARKS = [RANDOM.random(length) < 0.5 for length in LENGTHS]
X = Sequences(ARRAYS, boundaries=MARKS)
EACH = [
    ChannelScaler(), ChannelScaler("minmax"), ChannelScaler("robust"), Deltas(), Deltas(1, 2), Missing(),
    Missing("mask"), PadOrCut(5), PadOrCut(3, "start", 1.0), Resample(6), Resample(factor=0.5), SelectChannels([2, 0]),
]  # fmt: skip


def close(a, b):
    np.testing.assert_array_equal(a.lengths, b.lengths)
    np.testing.assert_allclose(a.values, b.values, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("transformer", EACH, ids=repr)
def test_a_batch_is_its_sequences_and_clones_are_the_same(transformer):
    fitted = clone(transformer).fit(X)
    whole = fitted.transform(X)
    for k, one in enumerate(whole):
        close(Sequences([one], layout="channels_last"), fitted.transform(X[[k]]))
    close(clone(fitted).fit_transform(ARRAYS), whole)
    assert whole.boundaries is not None
    with pytest.raises(InvalidInput, match=r"X has 2 channels, but .* expects 3"):
        fitted.transform([np.zeros((2, 2))])
    with pytest.raises(ValueError, match="not fitted"):
        clone(transformer).transform(X)
    with pytest.raises(InvalidInput, match=r"number|string|symbols"):
        clone(transformer).fit(Sequences.from_strings(["ab"]))


@pytest.mark.parametrize("transformer", EACH, ids=repr)
def test_names_go_with_channels_and_floats_keep_their_dtype(transformer):
    fitted = clone(transformer)
    with pytest.raises(ValueError, match="not fitted"):
        fitted.get_feature_names_out()
    with config_context(transform_output="pandas"):  # sequences are no table
        single = fitted.fit_transform([array.astype(np.float32) for array in ARRAYS])
    assert single.dtype == np.float32
    np.testing.assert_allclose(single.values, fitted.fit_transform(X).values, rtol=1e-4, atol=1e-5)
    names = fitted.get_feature_names_out(["a", "b", "c"]).tolist()
    assert len(set(names)) == single.n_channels
    assert set(names) >= {"a", "c"}
    assert make_pipeline(fitted, ChannelScaler()).fit(X).get_feature_names_out(["a", "b", "c"]).tolist() == names
    assert len(fitted.get_feature_names_out()) == len(names)
    with pytest.raises(InvalidInput, match="expected 3 names, got 1"):
        fitted.get_feature_names_out(["a"])


@pytest.mark.parametrize("method", ["standard", "minmax", "robust"])
def test_scaling_there_and_back(method):
    scaler = ChannelScaler(method).fit(X)
    close(scaler.inverse_transform(scaler.transform(X)), X)
    scaled = scaler.transform(X).values
    if method == "standard":
        np.testing.assert_allclose([scaled.mean(axis=0), scaled.std(axis=0)], [[0] * 3, [1] * 3], atol=1e-12)
    elif method == "minmax":
        np.testing.assert_allclose([scaled.min(axis=0), scaled.max(axis=0)], [[0] * 3, [1] * 3], atol=1e-12)
    else:
        low, middle, high = np.quantile(scaled, (0.25, 0.5, 0.75), axis=0)
        np.testing.assert_allclose([middle, high - low], [[0] * 3, [1] * 3], atol=1e-12)
    assert ChannelScaler(method).fit_transform([np.full((3, 1), 7.0)]).values.ravel().tolist() == [0, 0, 0]


def test_scaling_looks_past_what_is_missing():
    holed = [np.where(RANDOM.random(array.shape) < 0.2, np.nan, array) for array in ARRAYS]
    scaler = ChannelScaler().fit(holed)
    np.testing.assert_allclose(scaler.center_, np.nanmean(np.concatenate(holed), axis=0))
    assert np.isnan(scaler.transform(holed).values).sum() == np.isnan(np.concatenate(holed)).sum()
    with pytest.raises(InvalidInput, match="channel 0, 2 holds no value at all"):
        ChannelScaler().fit([np.array([[np.nan, 1.0, np.nan]])])


def test_slopes_are_regressions():
    """The slope of the least-squares line through 2 window + 1 steps, edges repeated."""
    for window in (1, 3):
        said = Deltas(window).fit_transform(X)[2][:, 3:]
        padded = np.pad(ARRAYS[2], ((window, window), (0, 0)), mode="edge")
        for t in range(LENGTHS[2]):
            line = np.polyfit(np.arange(-window, window + 1), padded[t : t + 2 * window + 1], 1)[0]
            np.testing.assert_allclose(said[t], line, atol=1e-12)
    twice = Deltas(2, order=2).fit_transform(X)
    again = Deltas(2).fit_transform(Deltas(2).fit_transform(X))
    np.testing.assert_allclose(twice.values[:, 6:], again.values[:, 9:])
    names = Deltas(2, order=2).fit(X).get_feature_names_out(["a", "b", "c"])
    assert names.tolist() == ["a", "b", "c", "delta_a", "delta_b", "delta_c", "delta_delta_a", "delta_delta_b",
                              "delta_delta_c"]  # fmt: skip


def test_lengths():
    cut = PadOrCut(3).fit_transform(X)
    np.testing.assert_array_equal(cut[0], ARRAYS[0][:3])
    np.testing.assert_array_equal(cut[1], np.concatenate([ARRAYS[1], np.zeros((2, 3))]))
    start = PadOrCut(3, "start", -1).fit_transform(X)
    np.testing.assert_array_equal(start[0], ARRAYS[0][1:])
    np.testing.assert_array_equal(start[1], np.concatenate([np.full((2, 3), -1), ARRAYS[1]]))
    assert cut.boundaries[1].tolist() == [*MARKS[1].tolist(), False, False]


def test_resampling():
    for size in (4, 7, 13):  # a line stays a line
        line = np.stack([np.linspace(2, 9, 7), np.linspace(1, 0, 7)], axis=1)
        np.testing.assert_allclose(Resample(size).fit_transform([line])[0][:, 0], np.linspace(2, 9, size))
    close(Resample(7).fit_transform(X[[2]]), X[[2]])
    assert Resample(factor=2).fit_transform(X).lengths.tolist() == [8, 2, 14]
    assert Resample(factor=0.1).fit_transform(X).lengths.tolist() == [1, 1, 1]
    marked = Sequences([np.arange(5.0)], boundaries=[[False, False, True, False, True]])
    assert Resample(9).fit_transform(marked).flat_boundaries.nonzero()[0].tolist() == [4, 8]


def test_selecting():
    np.testing.assert_array_equal(SelectChannels([-1, 0]).fit_transform(X).values, X.values[:, [2, 0]])
    chosen = SelectChannels(["c", "a"], names=["a", "b", "c"]).fit(X)
    assert chosen.get_feature_names_out().tolist() == ["c", "a"]


@pytest.mark.parametrize(
    "transformer, words",
    [
        (ChannelScaler("minmx"), "method='minmx': did you mean 'minmax'"),
        (PadOrCut(0, "left", "x"), r"length=0.*\n.*side='left'.*\n.*value='x'"),
        (Resample(), "give length= or factor="),
        (Resample(3, 0.5), "one of them"),
        (Resample(factor=-1), "factor=-1: expected a number above 0"),
        (Resample(length=0), "length=0"),
        (Deltas(0, 0), r"window=0.*\n.*order=0"),
        (SelectChannels([3]), "3: expected whole numbers from -3 to 2"),
        (SelectChannels([0, 3, -4, True]), r"3 problems\n  - 3: .*\n  - -4: .*\n  - True: "),
        (SelectChannels(["a"]), "'a' is a name; give the names"),
        (SelectChannels(["x"], names=["ax", "b", "c"]), "'x'"),
        (SelectChannels(["a"], names=["a"]), "expected 3 names, got 1"),
        (SelectChannels("a"), "expected a list"),
        (Missing("guess"), "policy='guess'"),
    ],
    ids=repr,
)
def test_mistakes_are_told(transformer, words):
    with pytest.raises(InvalidInput, match=words):
        transformer.fit(X)


class Longest(ClassifierMixin, BaseEstimator):
    """Classifies by the size of the first value: enough to stand behind transformers."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[[int(one[0, 0] > 0) for one in X]]


def test_they_search_and_stand_in_pipelines():
    many = Sequences([RANDOM.normal(size=(5, 2)) for _ in range(12)])
    y = (many.values[::5, 1] > 0).astype(int)
    search = GridSearchCV(
        make_pipeline(ChannelScaler(), Deltas(), SelectChannels([0]), Longest()),
        {"selectchannels__channels": [[0], [1]], "deltas__window": [1, 2]},
        cv=2,
    ).fit(many, y)
    assert search.best_params_["selectchannels__channels"] == [1]


@pytest.mark.parametrize("module", [m.name for m in pkgutil.iter_modules(room.__path__)])
def test_examples(module):
    assert doctest.testmod(importlib.import_module(f"mnemon.preprocessing.{module}")).failed == 0
