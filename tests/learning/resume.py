"""A training with a store, which `test_store.py` also runs in processes of its own."""

import sys

from toys import by, fit, population, recall

from mnemon.learning import Optax, Store, Until


def run(path, epochs, **how):
    """Members of which one reaches the criterion, one blows up, and the others stay to the end."""
    return fit(
        population(4),
        by(Optax("adam", [0.001, 0.003, 3e38, 0.05])),
        recall(),
        until=Until(epochs=epochs, loss=0.03),
        validation=recall(10, seed=1),
        store=None if path is None else Store(path, every=0),
        **how,
    )


def main():
    run(sys.argv[1], int(sys.argv[2]))
