"""Pickles of fitted estimators keep double precision: in them JAX's arrays are NumPy's."""

from typing import Any

import equinox as eqx
import jax
import numpy as np

# Fitted attributes made of JAX's arrays.
STATE = {"population_", "memory_"}


class PicklesArrays:
    """Gives an estimator pickles whose arrays come back in the precision they had."""

    _precise: Any

    def __getstate__(self) -> dict[str, Any]:
        before: Any = super().__getstate__()
        state = dict(before)
        for name in STATE & state.keys():
            state[name] = jax.tree.map(lambda leaf: np.asarray(leaf) if eqx.is_array(leaf) else leaf, state[name])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # pyright: ignore[reportAttributeAccessIssue]  # BaseEstimator's
        with self._precise():
            for name in STATE & state.keys():
                arrays = jax.tree.map(
                    lambda leaf: jax.device_put(leaf) if isinstance(leaf, np.ndarray) else leaf, state[name]
                )
                setattr(self, name, arrays)
