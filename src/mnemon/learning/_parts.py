"""The blocks of a population dealt to the cores: each core runs the compiled epoch on its own blocks.

On the CPU one operation of a small network is too little work to share, but blocks need nothing of each other. What is
dealt out is whole blocks, so a member's numbers do not depend on the number of cores.
"""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import equinox as eqx
import jax
import numpy as np

from .. import kernels
from ._blocks import on_host, packed, to_device, to_host
from ._epoch import Member, Record


class Parts:
    """The blocks in training, in as many parts of equal shape as cores are to be used.

    Args:
        blocks: members (blocks, width, ...).
        data: each member's own data, (blocks, width, ...); or None.

    Attributes:
        data: of each part; or None.

    """

    def __init__(self, blocks: Member, data: Any) -> None:
        self._count = blocks.active.shape[0]
        config: Any = jax.config
        cores = kernels.threads() if jax.default_backend() == "cpu" and not config.jax_disable_jit else 1
        self._cores = min(cores, self._count)
        self._parts = self._deal(blocks)
        self.data = None if data is None else self._deal(data)
        self._compiled = False
        self._pool = ThreadPoolExecutor(self._cores - 1) if self._cores > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def active(self) -> np.ndarray:
        """Which members are in training, (blocks, width)."""
        return self._order([np.asarray(part.active) for part in self._parts])

    def numbers(self) -> np.ndarray:
        """Which members they are, (blocks, width)."""
        return self._order([np.asarray(part.number) for part in self._parts])

    def blocks(self) -> Member:
        """All blocks, in their order."""
        return self._gather(self._parts)

    def pack(self) -> None:
        """Move members still in training together, where that leaves more blocks without any, which are skipped."""
        active = self.active()
        if active.any(axis=1).sum() <= -(-int(active.sum()) // active.shape[1]):
            return
        blocks, data = packed(self.blocks(), None if self.data is None else self._gather(self.data))
        self._parts = self._deal(blocks)
        self.data = None if self.data is None else self._deal(data)

    def give(self, data: Any) -> None:
        """Other data of the members, (blocks, width, ...), in the order of `numbers`."""
        self.data = self._deal(data)

    def run(self, epoch: Callable[[Member, Any], tuple[Member, Record]]) -> dict[str, np.ndarray]:
        """Take all parts through an epoch; returns its record, (blocks, width) each."""
        data = [None] * self._cores if self.data is None else self.data
        settings = _settings()

        def one(k: int) -> tuple[Member, Record]:
            part = self._parts[k]
            if not np.asarray(part.active).any():
                nothing = np.full(part.active.shape, np.nan)
                return part, Record(nothing, nothing, nothing)  # type: ignore[arg-type]
            with settings():
                return jax.block_until_ready(epoch(part, data[k]))

        if self._pool is None:
            done = [one(0)]
        elif not self._compiled:  # by the first part, for all
            done = [one(k) for k in range(self._cores)]
        else:
            others = [self._pool.submit(one, k) for k in range(1, self._cores)]
            done = [one(0), *(other.result() for other in others)]
        self._compiled = True
        self._parts = [part for part, _ in done]
        return {
            name: self._order([np.asarray(getattr(record, name)) for _, record in done]) for name in vars(done[0][1])
        }

    def _deal(self, tree: Any) -> list[Any]:
        """Blocks to the parts in turn, so that each gets some of those in training; what is lacking is filled up."""
        if self._cores == 1:
            return [tree]
        each = -(-self._count // self._cores)

        def part(k: int) -> Any:
            places = k + self._cores * np.arange(each)
            mine = on_host(tree, lambda array: array[np.minimum(places, self._count - 1)])
            if not isinstance(mine, Member):
                return mine
            real = np.asarray(mine.active) & (places < self._count)[:, None]
            return eqx.tree_at(lambda member: member.active, mine, jax.device_put(real))

        return [part(k) for k in range(self._cores)]

    def _gather(self, parts: list[Any]) -> Any:
        """What `_deal` dealt."""
        if self._cores == 1:
            return parts[0]
        arrays, rest = zip(*(eqx.partition(part, eqx.is_array) for part in parts))

        def join(*leaves: jax.Array) -> jax.Array:
            return to_device(self._order([to_host(leaf) for leaf in leaves]), leaves[0])

        whole = jax.tree.map(join, *arrays)
        return eqx.combine(whole, rest[0])

    def _order(self, parts: list[np.ndarray]) -> np.ndarray:
        """What the parts hold of each block, in the blocks' order."""
        return np.stack(parts, axis=1).reshape(-1, *parts[0].shape[1:])[: self._count]


def _settings() -> Callable[[], contextlib.ExitStack]:
    """The settings of JAX that hold for this thread alone, to be entered by another."""
    config: Any = jax.config
    wide, device, precision = config.jax_enable_x64, config.jax_default_device, config.jax_default_matmul_precision

    def enter() -> contextlib.ExitStack:
        stack = contextlib.ExitStack()
        stack.enter_context(jax.enable_x64(wide))
        stack.enter_context(jax.default_device(device))
        stack.enter_context(jax.default_matmul_precision(precision))
        return stack

    return enter
