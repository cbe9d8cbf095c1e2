"""Training goes on where it was handed back."""

from toys import assert_near, assert_same, by, differ, fit, population, recall, weights

from mnemon.learning import Optax, Until

DATA = recall()


def test_memory_handed_back_goes_on():
    # A full batch: the order of an epoch, which is counted from 1 again, does not matter.
    learner = by(Optax("adam", 0.1), None)
    unbroken = fit(population(), learner, DATA, until=Until(epochs=6))
    half = fit(population(), learner, DATA, until=Until(epochs=3))
    whole = fit(half.networks, learner, DATA, until=Until(epochs=3), memory=half.memory)
    assert_near(weights(whole), weights(unbroken), 1e-6)
    assert_near(weights(whole.memory), weights(unbroken.memory), 1e-6)
    assert_same([whole.history["loss"]], [unbroken.history["loss"][3:]])
    assert [r.epochs for r in whole.results] == [3] * 3
    fresh = fit(half.networks, learner, DATA, until=Until(epochs=3))
    assert differ(weights(fresh), weights(unbroken))
