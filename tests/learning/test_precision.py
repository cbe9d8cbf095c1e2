"""Numbers keep the precision they came in; importing the room changes nothing of JAX."""

import subprocess
import sys
import textwrap

import jax
import numpy as np
from toys import by, fit, network, population, recall, weights

from mnemon.learning import Optax, Population, Until, answers

DATA, UNTIL = recall(12, uneven=True), Until(epochs=3)


def kinds(tree):
    return {leaf.dtype.name for leaf in weights(tree) if leaf.dtype.kind == "f"}


def go(networks):
    update = Optax("adam", [0.01, 0.02, 0.03], clip=1.0)
    return fit(networks, by(update, 6), DATA, until=UNTIL, validation=DATA, buckets=1)


def test_double_stays_double_and_single_single():
    single = go(population())
    with jax.enable_x64(True):
        double = go(Population.make(network, 3, 0))
        assert kinds(double) == kinds(double.memory) == {"float64"}
        assert answers(double.networks, DATA.xs).dtype == np.float64
        assert {v.dtype.name for k, v in double.history.items() if k != "epoch"} == {"float64"}
        inside = go(population())
        assert answers(inside.networks, DATA.xs).dtype == np.float32
    for each in (single, inside):
        assert kinds(each) == kinds(each.memory) == {"float32"}
    assert np.isfinite(double.history["validation_loss"]).all()
    assert np.isfinite(inside.history["validation_loss"]).all()


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
