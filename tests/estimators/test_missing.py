"""Missing values in an estimator: what each policy means, in training, prediction, streams and files."""

import numpy as np
import pytest
from specimens import ARRAYS, CHANNELS, N, X, assert_same, small, weights, y

import mnemon
from mnemon import SequenceRegressor
from mnemon.errors import InvalidInput
from mnemon.preprocessing import Missing

GONE = [np.random.default_rng(k).random(array.shape) < 0.2 for k, array in enumerate(ARRAYS)]
HOLED = [np.where(gone, np.nan, array) for gone, array in zip(GONE, ARRAYS)]


@pytest.mark.parametrize("policy", ["interpolate", "mask"])
def test_it_is_the_transformer_before_the_estimator(policy):
    inside = small(missing=policy, standardize=False).fit(HOLED, y)
    filled = Missing(policy).fit(HOLED)
    outside = small(standardize=False).fit(filled.transform(HOLED), y)
    assert_same(weights(inside), weights(outside))
    np.testing.assert_allclose(inside.predict_proba(HOLED), outside.predict_proba(filled.transform(HOLED)), rtol=1e-6)


def test_a_mask_doubles_the_inputs_and_not_the_channels():
    masked = small(missing="mask").fit(HOLED, y)
    assert masked.n_features_in_ == CHANNELS
    assert masked.network_.input_size == 2 * CHANNELS
    with pytest.raises(InvalidInput, match="expecting 2 features"):
        masked.predict(np.zeros((1, 3, 2 * CHANNELS)))


def test_a_filled_value_stands_at_the_mean():
    masked = small(missing="mask").fit(HOLED, y)
    readable = masked._readable(masked._check_X(HOLED, fitted=True))
    gone = np.concatenate(GONE)
    assert np.abs(readable.values[:, :CHANNELS][gone]).max() < 1e-12
    np.testing.assert_array_equal(readable.values[:, CHANNELS:], gone)
    known = np.concatenate(HOLED)
    np.testing.assert_allclose(masked.fill_, np.nanmean(known, axis=0))
    np.testing.assert_allclose(masked.scale_, np.nanstd(known, axis=0))


def test_a_mask_streams(tmp_path):
    masked = small(missing="mask").fit(HOLED, y)
    loaded = mnemon.load(masked.save(tmp_path / "m.safetensors"))
    stream = loaded.predict_stream()
    for t, frame in enumerate(HOLED[0], start=1):
        np.testing.assert_allclose(stream.push(frame), masked.predict_proba([HOLED[0][:t]])[0], atol=1e-6)


def test_a_stream_cannot_interpolate():
    filled = small(missing="interpolate").fit(HOLED, y)
    with pytest.raises(InvalidInput, match="channel 1 is not; a stream cannot interpolate towards what has not come"):
        filled.predict_stream().push([0.0, np.nan])


def test_nothing_missing_changes_nothing_but_masks():
    assert_same(weights(small(missing="interpolate").fit(X, y)), weights(small().fit(X, y)))


def test_others_refuse():
    with pytest.raises(InvalidInput, match="NaN"):
        small().fit(HOLED, y)
    with pytest.raises(InvalidInput, match="missing='interpolat': did you mean 'interpolate'"):
        small(missing="interpolat").fit(HOLED, y)
    regressor = SequenceRegressor("elman", 2, epochs=1, missing="mask").fit(HOLED, np.arange(float(N)))
    assert np.isfinite(regressor.predict(HOLED)).all()
