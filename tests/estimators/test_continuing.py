"""`warm_start` and callbacks: training that goes on, and training that is ended."""

import numpy as np
import pytest
from specimens import PROBE, X, assert_same, small, weights, y

from mnemon.errors import InvalidInput


def test_a_warm_start_goes_on_where_it_was():
    """Full batches without dropout have nothing to draw: two and two epochs are four."""
    whole = small(batch_size=None, epochs=4, random_state=3).fit(X, y)
    parts = small(batch_size=None, epochs=2, random_state=3, warm_start=True).fit(X, y).fit(X, y)
    for a, b in zip(weights(parts), weights(whole)):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(parts.history_["loss"], whole.history_["loss"], rtol=1e-5)
    assert parts.history_["epoch"].tolist() == [1, 2, 3, 4]
    assert parts.n_epochs_ == 4


def test_without_it_training_begins_anew():
    twice, once = small().fit(X, y).fit(X, y), small().fit(X, y)
    assert_same(weights(twice), weights(once))


def test_a_warm_start_keeps_scale_and_classes():
    warm = small(warm_start=True).fit(X, y)
    mean = warm.mean_.copy()
    warm.fit([array + 3 for array in X], y)
    assert_same([warm.mean_], [mean])
    with pytest.raises(InvalidInput, match="holds the label 'left'"):
        warm.fit(X, ["left", "up"] * 12)
    with pytest.raises(InvalidInput, match="expecting 2 features"):
        warm.fit(np.zeros((24, 4, 3)), y)
    assert warm.n_epochs_ == 4


def test_a_warm_start_may_be_judged_while_it_goes_on():
    warm = small(warm_start=True, early_stopping=5).fit(X, y, validation_data=(PROBE, y[:8]))
    warm.fit(X, y, validation_data=(PROBE, y[:8]))
    assert warm.history_["validation_loss"].shape == (4, 1)


def test_a_callback_is_told_and_may_end_training():
    seen, others = [], []

    def until_third(now):
        seen.append(now)
        return now.epoch == 3

    stopped = small(epochs=9, callbacks=[until_third, others.append], verbose=others.append).fit(X, y)
    assert [now.epoch for now in seen] == [1, 2, 3]
    assert len(others) == 6
    assert stopped.n_epochs_ == 3
    assert "was stopped by a callback: 3 epochs" in stopped.summary()
    np.testing.assert_allclose([now.loss for now in seen], stopped.history_["loss"][:, 0], rtol=1e-6)


def test_what_is_no_callback_is_refused():
    for wrong in (print, ["x"], 3):
        with pytest.raises(InvalidInput, match=r"callbacks=.*: expected functions of a Progress"):
            small(callbacks=wrong).fit(X, y)


def test_callbacks_are_not_saved(tmp_path):
    saved = small(callbacks=[lambda now: None]).fit(X, y).save(tmp_path / "m.safetensors")
    assert saved.exists()
