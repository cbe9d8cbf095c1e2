"""Batch first or batch last inside the loop over time? Measures what `unfold`'s two thresholds stand on.

    python benchmarks/layout.py

Forward and backward of one cell, alone and for a population of 20 mapped together, milliseconds for each layout.
"""

import sys
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from _timing import machine, time_together

import mnemon.layers
from mnemon.cells import LSTM, Elman

CASES = [
    (members, batch, kind, units)
    for kind, units in ((Elman, 10), (Elman, 32), (LSTM, 8), (LSTM, 16))
    for members in (1, 20)
    for batch in (32, 200)
]


def main() -> None:
    """Measure and print."""
    unfold = sys.modules["mnemon.layers.unfold"]
    most_units, least_batch = unfold.COLUMNS_MOST_UNITS, unfold.COLUMNS_LEAST_BATCH
    print(f"{machine()}; jax {jax.__version__}; 30 steps, 26 inputs")
    print("| networks | batch | cell | units | batch first | batch last | chosen |\n" + "| --- " * 7 + "|")
    for members, batch, kind, units in CASES:
        xs = jnp.asarray(np.random.default_rng(0).normal(size=(batch, 30, 26)), jnp.float32)
        keys = jax.random.split(jax.random.key(0), members)
        cells = eqx.filter_vmap(lambda key, kind=kind, units=units: kind(26, units, key=key))(keys)
        arrays, rest = eqx.partition(cells, eqx.is_array)
        compiled: dict[str, Any] = {}
        for name, threshold in (("batch first", 0), ("batch last", units)):
            unfold.COLUMNS_MOST_UNITS, unfold.COLUMNS_LEAST_BATCH = threshold, 1

            def cost(one: Any, rest: Any = rest, xs: jax.Array = xs) -> jax.Array:
                return jnp.square(mnemon.layers.unfold(eqx.combine(one, rest), xs)[0][:, -1]).sum()

            slope = jax.jit(jax.vmap(jax.grad(cost)) if members > 1 else jax.grad(cost))
            given = arrays if members > 1 else jax.tree.map(lambda leaf: leaf[0], arrays)
            compiled[name] = slope.lower(given).compile()
        calls = {n: lambda run=run, given=given: jax.block_until_ready(run(given)) for n, run in compiled.items()}
        times = time_together(calls)
        chosen = "batch last" if units <= most_units and batch >= least_batch else "batch first"
        row = [members, batch, kind.__name__, units, *(f"{times[n].median * 1e3:.2f}" for n in compiled), chosen]
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
