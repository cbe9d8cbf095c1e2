"""What is said of recurrent networks without a table of figures, each as a test with a number.

Sources: S. Hochreiter 1991; Y. Bengio, P. Simard and P. Frasconi 1994; S. Hochreiter and J. Schmidhuber 1997;
R. Williams and D. Zipser 1989; J. Martens and I. Sutskever 2011; R. Pascanu, T. Mikolov and Y. Bengio 2013.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ..cells import LSTM, REGIMES, Elman, FullyRecurrent, Start, trainable
from ..layers import Bidirectional, Network, Readout, unfold
from ..learning import (
    BPTT,
    RTRL,
    Batch,
    Chunk,
    CrossEntropy,
    Examples,
    Fresh,
    HessianFree,
    Learner,
    Optax,
    Population,
    SquaredError,
    TruncatedBPTT,
    Until,
    answers,
    train,
)
from ..problems import OrderOfTwo
from ..sequences import Sequences
from ..targets import StepTargets
from ._account import Account, Grid
from ._experiment import Asked, Placed, Run
from ._results import Record

Outcome = tuple[bool, str]
LAGS = 60


def _error_norms(cell: Any, steps: int, key: Any) -> np.ndarray:
    """|dE/dh(T - q)| for q = 0, 1 ..., E a random projection of the last output, inputs small noise."""
    weights = jax.random.normal(jax.random.fold_in(key, 1), (cell.output_size,))
    xs = 0.01 * jax.random.normal(jax.random.fold_in(key, 2), (1, steps, cell.input_size))
    nudge = jnp.zeros((1, steps, cell.output_size))

    def cost(nudge: Any) -> Any:
        return unfold(cell, xs, nudge=nudge)[0][0, -1] @ weights

    return np.asarray(jnp.linalg.norm(jax.grad(cost)(nudge)[0], axis=-1))[::-1]


def geometric_flow(key: Any) -> Outcome:
    """The error over q steps scales with a product of slopes and weights: a straight line in the logarithm."""
    slopes, worst = [], 1.0
    for radius in (0.5, 1.0, 2.0):
        basis, _ = jnp.linalg.qr(jax.random.normal(key, (20, 20)))
        cell = Elman(2, 20, squashing="identity", key=key)
        cell = eqx.tree_at(lambda c: c.recurrent_weights, cell, radius * basis)
        logs = np.log(_error_norms(cell, 40, key))
        slope, start = np.polyfit(np.arange(40), logs, 1)
        spread = np.square(logs - logs.mean()).sum()
        fit = 1.0 if spread < 1e-6 else 1 - np.square(logs - slope * np.arange(40) - start).sum() / spread
        slopes.append(float(np.exp(slope)))
        worst = min(worst, fit)
    holds = np.allclose(slopes, (0.5, 1, 2), rtol=0.01) and worst > 0.999
    return holds, f"factors a step {', '.join(f'{s:.3f}' for s in slopes)} for radii 0.5, 1, 2; worst R2 {worst:.4f}"


def plain_networks_fail(key: Any) -> Outcome:
    """Plain networks and gradient descent fail beyond some ten steps."""
    shares = []
    for length in (10, 20, 50):
        problem = OrderOfTwo(length)

        def network(key: Any, problem: OrderOfTwo = problem) -> Network:
            below, above = jax.random.split(key)
            start = REGIMES["basic tanh"]
            cell = Elman(problem.input_size, 50, initialiser=start, key=below)
            return Network(cell, Readout(50, 4, initialiser=start, key=above))

        new = problem.sample(jax.random.fold_in(key, length), 1000)
        solution = train(
            Population.make(network, 5, length),
            Learner(BPTT(), Optax("sgd", 0.01), Batch(20)),
            Fresh(problem, 5000),
            loss=CrossEntropy(),
            until=Until(20, score=0.99, restore_best=False),
            validation=Examples(new.xs, new.targets),
            buckets=1,
        )
        shares.append(sum(result.reached for result in solution.results))
    holds = shares[0] > shares[-1] and shares[-1] <= 1
    return holds, f"{', '.join(map(str, shares))} of 5 learn the order of two symbols over 10, 20, 50 steps (SGD)"


def _flops(rule: Any, network: Network, steps: int) -> float:
    """Operations of a gradient, as XLA counts them; of cells that compiled kernels, which it cannot see, do not run."""
    chunk = Chunk(jnp.ones((1, steps, network.input_size)), None, jnp.ones((1, network.output_size)), jnp.ones(1), None)

    arrays, rest = eqx.partition(network, eqx.is_array)

    def step(arrays: Any) -> Any:
        whole = eqx.combine(arrays, rest)
        return eqx.filter(rule.step(rule.init(whole), whole, SquaredError(), chunk)[1:], eqx.is_array)

    analysis: Any = jax.jit(step).lower(arrays).compile().cost_analysis()
    return float((analysis[0] if isinstance(analysis, list) else analysis)["flops"])


def costs_of_rules(key: Any) -> Outcome:
    """RTRL takes O(n^4) a step, back-propagation O(n^2)."""
    exponents = []
    for rule in (RTRL(), BPTT()):
        sizes = (16, 32, 64)
        costs = [_flops(rule, Network(FullyRecurrent(2, n, key=key), Readout(n, 1, key=key)), 1) for n in sizes]
        exponents.append(float(np.polyfit(np.log(sizes), np.log(costs), 1)[0]))
    holds = 3.5 < exponents[0] < 4.3 and 1.5 < exponents[1] < 2.3
    return holds, f"exponents {exponents[0]:.2f} and {exponents[1]:.2f} of the operations XLA counts, 16 to 64 units"


def exact_rules_agree(key: Any) -> Outcome:
    """RTRL is back-propagation through time; truncated after at least the length, it is whole."""
    with jax.enable_x64(True):
        network = Network(LSTM(3, 5, key=key), Readout(5, 2, key=key))
        xs = jnp.asarray(np.random.default_rng(0).normal(size=(4, 9, 3)))
        chunk = Chunk(xs, None, xs[:, 0, :2], jnp.full(4, 0.25), None)
        flat = []
        for rule in (BPTT(), RTRL(), TruncatedBPTT(9)):
            slope = eqx.filter_jit(lambda n, r=rule: r.step(r.init(n), n, SquaredError(), chunk)[2])(network)
            flat.append(np.asarray(ravel_pytree(trainable(slope))[0]))
    apart = [float(abs(other - flat[0]).max()) for other in flat[1:]]
    return max(apart) < 1e-10, f"largest differences {apart[0]:.0e} (RTRL) and {apart[1]:.0e} (truncated)"


def lstm_costs_by_weights(key: Any) -> Outcome:
    """An LSTM's training costs O(1) a step and weight."""
    sizes = (64, 128, 256, 512)
    cells = [LSTM(4, n, variant="peephole", cells_per_block=2, key=key) for n in sizes]
    counts = [sum(leaf.size for leaf in jax.tree.leaves(trainable(cell))) for cell in cells]
    costs = [_flops(BPTT(), Network(cell, Readout(n, 1, key=key)), 1) for cell, n in zip(cells, sizes)]
    exponent = float(np.polyfit(np.log(counts), np.log(costs), 1)[0])
    return 0.9 < exponent < 1.1, f"operations grow with the weights to the power {exponent:.3f}, 64 to 512 units"


def carousel_is_constant(key: Any) -> Outcome:
    """With forget gate 1 and input gate 0 a cell's state, and the error of it, stay as they are."""
    with jax.enable_x64(True):
        cell = LSTM(2, 3, key=key)
        rows = jnp.repeat(jnp.asarray([-1e4, 1e4, 0.0, 0.0]), 3)
        zeroed = jax.tree.map(jnp.zeros_like, cell)
        cell = eqx.tree_at(lambda c: c.bias, zeroed, rows.astype(zeroed.bias.dtype))
        state = jax.tree.map(lambda leaf: leaf[None], cell.initial_state())
        xs = jnp.ones((1, 1000, 2), cell.bias.dtype)

        def last(cells: Any) -> Any:
            return unfold(cell, xs, state=state._replace(cells=cells[None]))[1].cells[0]

        slope = jax.jacrev(last)(jnp.asarray([0.5, -1.0, 2.0], cell.bias.dtype))
    off = float(abs(np.asarray(slope) - np.eye(3)).max())
    return off == 0.0, f"ds(1000)/ds(0) is the identity, off by {off:g}"


def future_context(key: Any) -> Outcome:
    """A network that reads both ways knows what a later symbol decides; one that reads forwards cannot."""
    random = np.random.default_rng(0)
    codes = random.integers(0, 2, (400, 12))
    targets = StepTargets(np.concatenate([np.append(c[1:], c[0]) for c in codes]), np.full(400, 12))
    xs = Sequences(codes[..., None], alphabet="ab")
    data = Examples(xs[:300], targets.take(np.arange(300)))
    judged = Examples(xs[300:], targets.take(np.arange(300, 400)))
    scores = []
    for both in (False, True):

        def network(key: Any, both: bool = both) -> Network:
            a, b, c = jax.random.split(key, 3)
            layer: Any = Bidirectional(LSTM(2, 8, key=a), LSTM(2, 8, key=b)) if both else LSTM(2, 16, key=a)
            return Network(layer, Readout(16, 2, at="steps", key=c))

        solution = train(
            Population.make(network, 1, 0), Learner(BPTT(), Optax("adam", 0.02), Batch(30)), data,
            loss=CrossEntropy(), until=Until(40, restore_best=False), validation=judged,
        )  # fmt: skip
        scores.append(float(solution.history["validation_score"][-1, 0]))
    holds = scores[0] < 0.65 and scores[1] > 0.9
    return holds, f"the next symbol is right in {scores[0]:.2f} (forwards) and {scores[1]:.2f} (both ways) of the steps"


def starts_decide(key: Any) -> Outcome:
    """The initial weights decide whether errors shrink or grow, and how fast."""
    factors = []
    with jax.enable_x64(True):  # float32 has no numbers as small as these errors
        for name, start in REGIMES.items():
            squashing = "logistic" if name == "sigmoid" else "tanh"
            cell = Elman(6, 50, squashing=squashing, initialiser=start, key=key)
            logs = np.log(_error_norms(cell, 15, key))
            factors.append(float(np.exp(np.polyfit(np.arange(15), logs, 1)[0])))
    holds = factors[0] < 0.1 < factors[1] < factors[2] * 1.2
    words = ", ".join(f"{factor:.3f} ({name})" for factor, name in zip(factors, REGIMES))
    return holds, f"errors are multiplied a step by {words}"


def hessian_free_copes(key: Any) -> Outcome:
    """Hessian-free optimisation copes where gradient descent fails."""
    problem, scores = OrderOfTwo(50), []
    new = problem.sample(jax.random.fold_in(key, 50), 1000)

    def network(key: Any) -> Network:
        below, above = jax.random.split(key)
        start = Start(REGIMES["smart tanh"].inputs, REGIMES["smart tanh"].recurrent)
        return Network(Elman(6, 50, initialiser=start, key=below), Readout(50, 4, key=above))

    for update, size in ((HessianFree(curvature=200, iterations=60), 800), (Optax("sgd", 0.01), 20)):
        solution = train(
            Population.make(network, 1, 0), Learner(BPTT(), update, Batch(size)), Fresh(problem, 4000),
            loss=CrossEntropy(), until=Until(10, score=0.99, restore_best=False),
            validation=Examples(new.xs, new.targets), buckets=1,
        )  # fmt: skip
        right = problem.right(answers(solution.networks, new.xs), new.targets).mean()
        scores.append(float(right))
    return scores[0] > 0.95 > scores[1], (
        f"order of two symbols over 50 steps, at most 40,000 strings: {scores[0]:.2f} and {scores[1]:.2f} right"
    )


STATEMENTS: dict[str, Callable[[Any], Outcome]] = {
    "The error over q steps scales with the product of slopes and weights": geometric_flow,
    "Plain recurrent networks fail beyond some ten steps": plain_networks_fail,
    "RTRL costs O(n^4) a step, back-propagation O(n^2)": costs_of_rules,
    "RTRL is back-propagation through time; truncated far enough, it is whole": exact_rules_agree,
    "Training an LSTM costs O(1) a step and weight": lstm_costs_by_weights,
    "The carousel keeps a cell's state and its error": carousel_is_constant,
    "Reading both ways uses the future": future_context,
    "Initial weights decide between shrinking and growing errors": starts_decide,
    "Hessian-free optimisation copes where gradient descent fails": hessian_free_copes,
}


@dataclass(frozen=True)
class StatementRun(Placed):
    """One statement; `length` is its number, from 1."""

    PLACE: ClassVar[tuple[str, ...]] = ("length",)

    length: int
    condition: str = "statements"
    unit: int = 1
    version: int = field(default=1)

    def train(self, members: Sequence[int], seed: int, checkpoint: Path | None) -> list[Record]:
        """See `Run`."""
        statement = list(STATEMENTS.values())[self.length - 1]
        records = []
        for member in members:
            holds, found = statement(jax.random.fold_in(jax.random.key(seed), member))
            records.append({"network": member, "success": bool(holds), "ended": "was looked at", "found": found})
        return records


@dataclass(frozen=True)
class Statements(Asked):
    """All nine, as an `Experiment`."""

    name: str = "statements"
    title: str = "Nine statements on recurrent networks"
    question: str = "Does it hold what is said of recurrent networks? Each statement as a test with a number."
    networks: int = 1
    lengths: tuple[int, ...] = tuple(range(1, len(STATEMENTS) + 1))

    def runs(self, lengths: Sequence[int], quick: bool) -> list[Run]:
        """One a statement."""
        return [StatementRun(length) for length in lengths]

    def account(self, records: Mapping[str, Sequence[Record]], lengths: Sequence[int], quick: bool) -> Account:
        """What was said, whether it holds, and the numbers."""
        lines = []
        for record in sorted(records.get("statements", ()), key=lambda r: (r["length"], r["network"])):
            words = list(STATEMENTS)[record["length"] - 1]
            lines.append((words, "holds" if record["success"] else "does not hold", record["found"]))
        return self.told(
            quick,
            grids=(Grid("Statements, and what was measured.", ("", "", "measured"), tuple(lines)),),
            notes={"Protocol": ("Every number is computed by `mnemon reproduce statements`; see its file for how.",)},
        )


STATEMENTS_EXPERIMENT = Statements()
