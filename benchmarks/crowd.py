"""Small networks of a population side by side in the kernels' vectors, against one after the other.

    python benchmarks/crowd.py

A gradient of many networks, mapped together, float32, 15 steps: microseconds a network. "Alone" is the same network
without others, times one: what a member took when members were walked one after the other. One thread; the least of
five rounds.
"""

import itertools
import os
import time
from typing import Any

os.environ.setdefault("MNEMON_THREADS", "1")

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from _timing import machine

from mnemon import kernels
from mnemon.cells import LSTM, Elman
from mnemon.layers import unfold

INPUTS, STEPS, CALLS = 8, 15, 50


def microseconds(kind: Any, units: int, members: int, batch: int) -> float:
    """What a member's gradient takes."""
    xs = jnp.asarray(np.random.default_rng(0).normal(size=(members, batch, STEPS, INPUTS)), jnp.float32)
    cells = eqx.filter_vmap(lambda key: kind(INPUTS, units, key=key))(jax.random.split(jax.random.key(0), members))
    arrays, rest = eqx.partition(cells, eqx.is_array)

    def slope(arrays: Any, xs: Any) -> Any:
        return jax.grad(lambda a: unfold(eqx.combine(a, rest), xs, engine="native")[0][:, -1].sum())(arrays)

    def step(arrays: Any, _: None) -> tuple[Any, None]:
        return jax.tree.map(lambda w, g: w - 1e-4 * g, arrays, jax.vmap(slope)(arrays, xs)), None

    run = jax.jit(lambda arrays: jax.lax.scan(step, arrays, None, length=CALLS)[0])
    jax.block_until_ready(run(arrays))
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        jax.block_until_ready(run(arrays))
        times.append(time.perf_counter() - begun)
    return min(times) / CALLS / members * 1e6


def main() -> None:
    """Measure and print."""
    print(f"{machine()}; jax {jax.__version__}; {kernels.instruction_set()}\n")
    print("| cell | units | batch | alone | of 8 | of 16 | of 64 |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for kind, units, batch in itertools.product((Elman, LSTM), (4, 10, 16, 24), (1, 16)):
        times = [microseconds(kind, units, members, batch) for members in (1, 8, 16, 64)]
        print(f"| {kind.__name__} | {units} | {batch} | {' | '.join(f'{t:.2f}' for t in times)} |")


if __name__ == "__main__":
    main()
