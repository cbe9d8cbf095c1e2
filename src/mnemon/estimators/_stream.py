"""A trained network fed one frame at a time, in constant memory."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..layers import Network
from ..learning import Population


class Stream:
    """The answer so far, after every frame: what `predict` would say of the frames up to here.

    Attributes:
        frames: frames read since the start or the last `reset`.

    """

    def __init__(
        self,
        population: Population,
        precise: Callable[[], Any],
        prepare: Callable[[Any], np.ndarray],
        meaning: Callable[[np.ndarray], Any],
    ) -> None:
        self._population = population
        self._precise = precise
        self._prepare = prepare
        self._meaning = meaning
        self.reset()

    def reset(self) -> None:
        """Forget what was read: a new sequence begins.

        Raises:
            InvalidInput: a network that is not causal.

        """
        self.frames = 0
        with self._precise():
            self._memory = _begin(self._population.stacked)

    def push(self, frame: Any) -> Any:
        """Read one frame (channels,), or one symbol, and answer.

        Raises:
            InvalidInput: a frame of another number of channels, or one that is not finite.

        """
        values = self._prepare(frame)
        with self._precise():
            x = jnp.asarray(values, jnp.result_type(float))
            self._memory, answers = _step(self._population.stacked, self._memory, x)
            said = np.asarray(answers)
        self.frames += 1
        return self._meaning(said[:, None])

    def over(self, frames: Iterable[Any]) -> Iterator[Any]:
        """The answers to frames as they come; `frames` may be endless."""
        return (self.push(frame) for frame in frames)


@eqx.filter_jit
def _begin(stacked: Network) -> Any:
    return eqx.filter_vmap(lambda network: network.begin())(stacked)


@eqx.filter_jit
def _step(stacked: Network, memory: Any, x: jax.Array) -> Any:
    return eqx.filter_vmap(lambda network, memory: network.step(memory, x))(stacked, memory)
