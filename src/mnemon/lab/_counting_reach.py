"""How far a network can count: the largest N such that all strings a^n b^n (c^n) with n up to N are accepted.

Within a run of one letter the input does not change, so a string of millions of letters is read by running the network
on the same input for a piece at a time, and what must be foretold is the same at all steps of a run but its last. Read
in float64: where a cell counts by adding one, float32 has no ones left to add beyond 16,777,216.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..layers import Network, Passage, unfold
from ..learning import Population, step_answers
from ..problems import CountingLanguage

PIECE = 1 << 15


def reach(network: Network, language: CountingLanguage, most: int) -> int:
    """The largest N up to `most` such that all n = 1 ... N are accepted; 0: not even the first."""
    population, known, step = Population.of([network]), 0, 32
    while known < most:
        numbers = range(known + 1, min(known + step, most) + 1)
        sample = language.strings(numbers)
        targets: Any = sample.targets
        ends = np.cumsum(targets.lengths)
        for n, said, end, length in zip(numbers, step_answers(population, sample.xs), ends, targets.lengths):
            if not language.right(said, targets.values[end - length : end][None])[0]:
                return n - 1
        known, step = numbers[-1], step * 2
    return known


def accepts(network: Network, language: CountingLanguage, n: int) -> bool:
    """Whether the string of `n` of each letter is accepted, however long it is."""
    sample = language.string(min(n, 2))
    targets: Any = sample.targets
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: leaf.astype(np.float64) if eqx.is_inexact_array(leaf) else leaf, network)
        state, shown = None, np.asarray(sample.xs.values, np.float64)
        if n <= 2:
            runs = [(shown[t], targets.values[t], 1) for t in range(len(shown))]
        else:  # S; then of each letter all but the last, and the last
            runs = [(shown[0], targets.values[0], 1)]
            for letter in range(len(language.letters)):
                first = 1 + 2 * letter
                runs += [(shown[first], targets.values[first], n - 1), (shown[first + 1], targets.values[first + 1], 1)]
        for x, wanted, steps in runs:
            while steps:
                now = min(steps, PIECE)
                said, state = _piece(wide, state, x, now)
                if not ((np.asarray(said) > 0) == (wanted > 0)).all():
                    return False
                steps -= now
    return True


@eqx.filter_jit
def _piece(network: Network, state: Any, x: Any, steps: int) -> tuple[Any, Any]:
    """Answers at `steps` steps of the same input, and the state behind them."""
    cell = network.layers.layers[0].cell  # pyright: ignore[reportAttributeAccessIssue]
    xs = jnp.broadcast_to(x, (1, steps, len(x)))
    if state is None:
        state = jax.tree.map(lambda leaf: leaf[None], cell.initial_state())
    outputs, state = unfold(cell, xs, state=state)
    return network.read(Passage(outputs, outputs[:, -1], None, None), xs).values[0], state
