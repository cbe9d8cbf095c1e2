"""Trained networks fed one frame at a time, in constant memory."""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InvalidInput
from ..layers import unfold
from ..learning import Population, PopulationCell


class Stream:
    """The answer so far, after every frame: what `predict` would say of the frames up to here.

    With `delay`, an answer belongs to the frame so many before; the first pushes answer None, and `flush` gives the
    last answers once the sequence has ended.

    Attributes:
        frames: frames read since the start or the last `reset`.

    """

    def __init__(
        self,
        population: Population,
        precise: Callable[[], Any],
        prepare: Callable[[Any], np.ndarray],
        meaning: Callable[[np.ndarray], Any],
        streams: int | None = None,
        *,
        delay: int = 0,
    ) -> None:
        if streams is not None and (isinstance(streams, bool) or not isinstance(streams, int) or streams < 1):
            raise InvalidInput(f"streams={streams!r}: expected a whole number of at least 1, or None for one sequence")
        arrays, rest = eqx.partition(PopulationCell(population), eqx.is_array)
        held, outline = jax.tree.flatten(rest)
        self._arrays, structure = jax.tree.flatten(arrays)
        self._begin, self._step = _ways(structure, tuple(held), outline)
        self._members, self._dtype = len(population), np.dtype(population.stacked.dtype)
        self._precise = precise
        self._prepare = prepare
        self._meaning = meaning
        self._streams = streams
        self._delay = delay
        self.reset()

    def reset(self) -> None:
        """Forget what was read: a new sequence begins.

        Raises:
            InvalidInput: a network that is not causal.

        """
        self.frames = 0
        self._pushed = 0
        self._last: Any = None
        with self._precise():
            self._state = self._begin(self._arrays, self._streams or 1)

    def push(self, frame: Any) -> Any:
        """Read one frame (channels,), or one symbol, and answer; of several streams, one of each in order.

        Raises:
            InvalidInput: a frame of another number of channels, or one that is not finite, or not one a stream.

        """
        if self._streams is None:
            values = self._prepare(frame)[None]
        else:
            if not hasattr(frame, "__len__") or len(frame) != self._streams:
                raise InvalidInput(f"push expects {self._streams} frames, one a stream; got {_shape(frame)}")
            values = np.stack([self._prepare(one) for one in frame])
        self.frames += 1
        return self._read(values)

    def flush(self) -> list[Any]:
        """The answers still to come of a sequence that has ended: as many as the delay; then `reset`."""
        if self._last is None:
            return []
        padding = self._last if self._last.dtype.kind in "iu" else np.zeros_like(self._last)
        rest = [answer for answer in (self._read(padding) for _ in range(self._delay)) if answer is not None]
        self.reset()
        return rest

    def over(self, frames: Iterable[Any]) -> Iterator[Any]:
        """The answers to frames as they come; `frames` may be endless."""
        for frame in frames:
            answer = self.push(frame)
            if answer is not None:
                yield answer
        if self._delay:
            yield from self.flush()

    def _read(self, values: np.ndarray) -> Any:
        """One frame a stream, in the units of the network."""
        self._last = values
        self._pushed += 1
        with self._precise():
            exact = values if values.dtype.kind in "iu" else values.astype(self._dtype)
            answers, self._state = self._step(self._arrays, self._state, exact)
            said = np.asarray(answers)
        if self._pushed <= self._delay:
            return None
        meant = self._meaning(np.moveaxis(said.reshape(len(values), self._members, -1), 1, 0))
        return meant if self._streams is not None else meant[0]


def _shape(frame: Any) -> str:
    return f"{len(frame)}" if hasattr(frame, "__len__") else type(frame).__name__


@functools.lru_cache(maxsize=64)
def _ways(structure: Any, held: tuple[Any, ...], outline: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """How networks of one make begin, and read one frame of each stream; of `PopulationCell`s, taken apart.

    Arrays go in as a flat list: looking at a network's structure anew would cost several times the step itself.
    """

    def whole(arrays: list[Any]) -> PopulationCell:
        return eqx.combine(jax.tree.unflatten(structure, arrays), jax.tree.unflatten(outline, held))

    @functools.partial(jax.jit, static_argnums=1)
    def begin(arrays: list[Any], streams: int) -> Any:
        state = whole(arrays).initial_state()
        return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (streams, *leaf.shape)), state)

    @jax.jit
    def step(arrays: list[Any], state: Any, frames: Any) -> Any:
        outputs, state = unfold(whole(arrays), jax.tree.map(lambda leaf: leaf[:, None], frames), state=state)
        return outputs[:, 0], state

    return begin, step
