"""The decoupled extended Kalman filter: weights of different groups are taken to be uncorrelated.

    A   = ( R + sum_i H_i P_i H_i' )^-1             i: groups of weights
    K_i = P_i H_i' A
    w_i <- w_i + K_i (d - y)
    P_i <- P_i - K_i H_i P_i + Q

G. Puskorius and L. Feldkamp, "Decoupled extended Kalman filter training of feedforward layered networks", IJCNN 1991,
I:771-777, doi:10.1109/IJCNN.1991.155276; IEEE Trans. Neural Networks 5(2):279-297, 1994, doi:10.1109/72.279191. With
LSTM: J. Perez-Ortiz, F. Gers, D. Eck and J. Schmidhuber, "Kalman filters improve LSTM network performance in problems
unsolvable by traditional recurrent nets", Neural Networks 16(2):241-250, 2003, doi:10.1016/S0893-6080(02)00219-8: an
update at every step, by the truncated derivatives of 1997; which is `Learner(Truncated1997(), DecoupledKalmanFilter(),
Step())`. Blocks are padded to one size, so that all groups are one batched product.
"""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import numpy as np

from ...errors import InvalidInput, suggest
from ...layers import Network
from ._kalman import KalmanFilter
from ._weight_groups import by_row

GROUPS = ("nodes", "gates")

Grouping = Callable[[Network], Sequence[Any]]


class DecoupledKalmanFilter(KalmanFilter):
    """`KalmanFilter` with a covariance of blocks, one a group of weights: of so many weights each, so much cheaper.

    Args:
        uncertainty, measurement_noise, process_noise: see `KalmanFilter`.
        groups: "nodes" (the incoming weights of a unit, those of its gates with it), "gates" (those of each gate and of
            each cell for themselves: one net input a group, which is node-decoupled where gates are counted as units),
            or a function `(network) -> groups` of the shapes of a network, each group the places of its weights in
            `ravel_pytree(trainable(network))`; every weight in exactly one. With one group it is `KalmanFilter`.

    Raises:
        InvalidInput: as `KalmanFilter`; an unknown word; (in training) groups that miss weights or share some.

    Example:
        >>> from mnemon.learning import DecoupledKalmanFilter, Learner, Step, Truncated1997
        >>> learner = Learner(Truncated1997(), DecoupledKalmanFilter(groups="gates"), Step())

    """

    groups: str | Grouping = eqx.field(static=True, default="nodes")

    def __check_init__(self) -> None:
        if not callable(self.groups) and self.groups not in GROUPS:
            raise InvalidInput(f"DecoupledKalmanFilter(groups={self.groups!r}): {suggest(str(self.groups), GROUPS)}")

    def _places(self, network: Network) -> np.ndarray:
        """See `KalmanFilter`.

        Raises:
            InvalidInput: groups that miss weights, or share some.

        """
        groups = self.groups(network) if callable(self.groups) else by_row(network, fold=self.groups == "nodes")
        each = [np.asarray(group).reshape(-1) for group in groups]
        all_places = np.sort(np.concatenate(each)) if each else np.zeros(0, int)
        if not np.array_equal(all_places, np.arange(network.weight_count())):
            raise InvalidInput(
                f"DecoupledKalmanFilter: the groups hold {all_places.size} places, {np.unique(all_places).size} "
                f"different ones; each of the {network.weight_count()} weights belongs in exactly one group"
            )
        places = np.full((len(each), max(group.size for group in each)), -1)
        for row, group in zip(places, each):
            row[: group.size] = group
        return places
