"""Numbers keep the precision they came in; importing the room changes nothing of JAX."""

import subprocess
import sys
import textwrap

import jax
import numpy as np
import pytest
from toys import assert_near, by, fit, network, recall, weights

from mnemon.learning import Examples, Optax, Population, SquaredError, Until, answers, train

DATA, UNTIL = recall(12, uneven=True), Until(epochs=3)


def kinds(tree):
    return {leaf.dtype.name for leaf in weights(tree) if leaf.dtype.kind == "f"}


def test_double_stays_double():
    update = Optax("adam", [0.01, 0.02, 0.03], clip=1.0)
    single = fit(Population.make(network, 3, 0), by(update, 4), DATA, until=UNTIL, validation=DATA)
    with jax.enable_x64(True):
        double = fit(Population.make(network, 3, 0), by(update, 4), DATA, until=UNTIL, validation=DATA)
        assert kinds(double) == kinds(double.memory) == {"float64"}
        assert answers(double.networks, DATA.xs).dtype == np.float64
        assert {v.dtype.name for k, v in double.history.items() if k != "epoch"} == {"float64"}
    assert kinds(single) == kinds(single.memory) == {"float32"}
    assert answers(single.networks, DATA.xs).dtype == np.float32


@pytest.mark.parametrize("loss", [SquaredError()])
def test_single_inside_double_stays_single(loss):
    targets = np.random.default_rng(0).normal(size=(12, 2))
    data = Examples(DATA.xs, targets)
    networks = Population.make(network, 3, 0)

    def go():
        return train(networks, by(size=None), data, loss=loss, until=UNTIL, validation=data)

    outside = go()
    with jax.enable_x64(True):
        inside = go()
        assert kinds(inside) == kinds(inside.memory) == {"float32"}
    assert_near(weights(inside), weights(outside))


def test_importing_changes_nothing_and_starts_nothing():
    script = """
        import jax
        from jax._src import xla_bridge
        before = dict(jax.config.values)
        import mnemon.learning
        assert dict(jax.config.values) == before
        assert not xla_bridge.backends_are_initialized()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)
