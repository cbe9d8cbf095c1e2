"""Networks trained side by side, as one population, each on rows of its own of the same collection."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from ..layers import Network
from ..learning import Examples, Learner, Loss, Population, Until, answers, train
from ..sequences import Sequences


class Share(NamedTuple):
    """What one network has.

    Attributes:
        xs: all n sequences, as it sees them.
        rows: (k,) those it learns from.

    """

    xs: Sequences
    rows: np.ndarray


def side_by_side(
    make: Callable[[Any], Network],
    shares: Sequence[Share],
    targets: np.ndarray,
    weights: np.ndarray,
    learner: Learner,
    loss: Loss,
    *,
    members: Sequence[int],
    seed: int,
    epochs: int,
    rounds: int,
) -> Iterator[np.ndarray]:
    """Train, and after each round give what the networks say of all sequences, (networks, n, outputs).

    Args:
        make: an untrained network of a key.
        shares: one a network.
        targets: (n,) or (n, outputs); weights: (n,) what a sequence counts where it is learned from.
        learner, loss: as for `train`.
        members: the networks' numbers, which with `seed` decide their weights.
        seed: of everything.
        epochs: of a round. rounds: of those.

    """
    most = max(len(share.rows) for share in shares)
    examples = [_filled(share, targets, weights, most) for share in shares]
    population, memory = Population.make(make, list(members), seed), None
    for turn in range(rounds):
        until = Until(epochs, restore_best=False)
        solution = train(population, learner, examples, loss=loss, until=until, seed=seed + turn, memory=memory)
        population, memory = solution.networks, solution.memory
        yield np.stack([answers(Population.of(population[k]), share.xs)[0] for k, share in enumerate(shares)])


def _filled(share: Share, targets: np.ndarray, weights: np.ndarray, most: int) -> Examples:
    """Examples of a share, and copies that count nothing, so that there are `most`."""
    rows = np.concatenate([share.rows, np.repeat(share.rows[:1], most - len(share.rows))])
    counts = np.where(np.arange(most) < len(share.rows), weights[rows], 0.0)
    return Examples(cast(Sequences, share.xs[rows]), targets[rows], counts)
