"""What it costs a cell that errors change their length on the way back, and the slope of that: Omega of
`_norm_preserving.py`, whose equations these are.

A watched cell says what the cell says, and on the way back also gives N dOmega, as if it were the slope by weights that
stand beside the cell's own ("shadow"), and N ("count"). So the errors are those of the one backward pass, wherever in a
network the cell stands.
"""

from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from ...cells import SLOPES, Cell, Drive, State, WrappedRecurrence, split
from ...errors import InvalidInput
from ...layers import no_nudge, unfold


class Measure(NamedTuple):
    """How lengths are compared, see `NormPreserving`."""

    ratio: Literal["squared", "norm"]
    bound: float


class Watched(WrappedRecurrence):
    """A cell that, on the way back, adds the slope of its Omega to `shadow`, and the number of its steps to `count`.

    It runs whole sequences only, as a `sweep`: there the errors of all steps are at hand.
    """

    shadow: PyTree[Array]
    count: Float[Array, ""]
    measure: Measure = eqx.field(static=True)

    def step(self, state: State, drive: Drive) -> State:
        """None: no step is taken outside `sweep`."""
        raise InvalidInput(
            f"NormPreserving sees {type(self.cell).__name__} over whole sequences only: it can neither have recurrent "
            "dropout nor stand in a Segmented layer without a length"
        )

    def sweep(self, xs: PyTree[Array], lengths: Int[Array, " batch"] | None) -> tuple[Array, State]:
        """The cell over whole sequences (batch, time, ...), with another way back."""
        parameters, rest = eqx.partition(self.cell, eqx.is_inexact_array)
        arrays, structure = eqx.partition(rest, eqx.is_array)
        measure = self.measure
        batch, time = jax.tree.leaves(xs)[0].shape[:2]

        def told(parameters: Any, xs: Any, nudge: Any, fixed: Any) -> tuple[tuple[Array, State], State]:
            """What `unfold` says, and the states of all steps."""
            arrays, lengths = fixed
            whole = eqx.combine(parameters, arrays, structure)
            form = whole.standard()
            if form is not None and form.kind != "lstm":  # no cells: outputs are all of the state
                said, final = unfold(whole, xs, lengths=lengths, nudge=nudge)
                return (said, final), form.leave(said, said[..., :0])
            said, final = unfold(_Telling(whole), xs, lengths=lengths, nudge=nudge)
            return (said[..., : self.output_size], final), _listed(said[..., self.output_size :], whole)

        @jax.custom_vjp
        def swept(parameters: Any, xs: Any, beside: Any, fixed: Any) -> tuple[Array, State]:
            return unfold(eqx.combine(parameters, fixed[0], structure), xs, lengths=fixed[1])

        def forward(parameters: Any, xs: Any, beside: Any, fixed: Any) -> Any:
            nudge = no_nudge(eqx.combine(parameters, fixed[0], structure), (batch,), time)
            answer, pull, states = jax.vjp(lambda p, x, n: told(p, x, n, fixed), parameters, xs, nudge, has_aux=True)
            return answer, (parameters, xs, fixed, states, pull)

        def backward(residuals: Any, cotangent: Any) -> Any:
            parameters, xs, (arrays, _), states, pull = residuals
            by_weights, by_inputs, errors = pull(cotangent)
            whole = eqx.combine(parameters, arrays, structure)
            return by_weights, by_inputs, omega_slope(whole, xs, states, errors, measure), None

        swept.defvjp(forward, backward)
        return swept(parameters, xs, (self.shadow, self.count), (arrays, lengths))


class _Telling(WrappedRecurrence):
    """A cell that says its state beside its output."""

    def output(self, state: State) -> Float[Array, " said"]:
        """The cell's own, and all numbers of its state."""
        own = self.cell.output(state)
        return jnp.concatenate([own, *(leaf.reshape(-1).astype(own.dtype) for leaf in jax.tree.leaves(state))])


def _listed(said: Float[Array, "batch time numbers"], cell: Cell) -> State:
    """The states whose numbers a `_Telling` cell says, (batch, time, ...)."""
    leaves, structure = jax.tree.flatten(cell.initial_state())
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1].tolist()
    parts = jnp.split(said, ends, axis=-1)
    each = [part.reshape(*said.shape[:2], *leaf.shape).astype(leaf.dtype) for part, leaf in zip(parts, leaves)]
    return jax.tree.unflatten(structure, each)


def omega_slope(
    cell: Any, xs: PyTree[Array], states: State, errors: State, measure: Measure
) -> tuple[PyTree[Array], Float[Array, ""]]:
    """N times the slope of Omega by the cell's trained weights, and N; of states and errors (batch, time, ...)."""
    form = cell.standard()
    if form is not None and form.kind == "elman":
        by_net = errors * SLOPES[form.squash_in](states)
        return _of_products(cell, by_net.reshape(-1, form.units), errors.reshape(-1, form.units), measure)
    return _of_steps(cell, xs, states, errors, measure)


def _of_products(
    cell: Cell, by_net: Float[Array, "steps units"], errors: Float[Array, "steps units"], measure: Measure
) -> tuple[PyTree[Array], Float[Array, ""]]:
    """Where a step is h = f(net), so that f' is known by h: v = U' (e f'(net)) for all steps in one product."""
    trained, held = split(cell)

    def total(trained: Any) -> tuple[Float[Array, ""], Float[Array, ""]]:
        weights = eqx.combine(trained, held).standard().recurrent_weights
        terms, counts = jax.vmap(lambda v, error: _term(v, error, measure))(by_net @ weights, errors)
        return terms.sum(), counts.sum()

    return jax.grad(total, has_aux=True)(trained)


def _of_steps(
    cell: Any, xs: PyTree[Array], states: State, errors: State, measure: Measure
) -> tuple[PyTree[Array], Float[Array, ""]]:
    """Of any cell: each step pulled back by itself."""
    trained, held = split(cell)
    start = jax.tree.map(
        lambda leaf, all_: jnp.broadcast_to(leaf, (all_.shape[0], 1, *leaf.shape)), cell.initial_state(), states
    )
    before = jax.tree.map(lambda first, all_: jnp.concatenate([first, all_[:, :-1]], axis=1), start, states)
    moving, counting = eqx.partition(before, eqx.is_inexact_array)
    drives = jax.vmap(cell.project)(xs)
    each = lambda function: jax.vmap(jax.vmap(function))  # noqa: E731

    def through_step(moving: State, counting: State, drive: Drive, error: State) -> tuple[State, Drive]:
        """What of a step's error reaches the state before by `step` itself, and the error of its net input."""
        net = jax.tree.map(jnp.add, drive, cell.recur(eqx.combine(moving, counting)))

        def step(moving: State, net: Drive) -> State:
            return eqx.filter(cell.step(eqx.combine(moving, counting), net), eqx.is_inexact_array)

        return jax.vjp(step, moving, net)[1](error)

    by_step, by_net = each(through_step)(moving, counting, drives, errors)

    def total(trained: Any) -> tuple[Float[Array, ""], Float[Array, ""]]:
        whole = eqx.combine(trained, held)

        def term(moving: State, counting: State, by_step: State, by_net: Drive, error: State) -> tuple[Array, Array]:
            _, pull = jax.vjp(lambda m: whole.recur(eqx.combine(m, counting)), moving)
            return _term(jax.tree.map(jnp.add, by_step, pull(by_net)[0]), error, measure)

        terms, counts = each(term)(moving, counting, by_step, by_net, errors)
        return terms.sum(), counts.sum()

    return jax.grad(total, has_aux=True)(trained)


def _term(before: State, after: State, measure: Measure) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(|v|^2 / |e|^2 - 1)^2, or of lengths, and 1 where the step counts; else 0 and 0."""
    reached, length = _squared(before), _squared(after)
    counts = length >= measure.bound
    share = reached / jnp.where(counts, length, 1)
    if measure.ratio == "norm":
        share = jnp.where(share > 0, jnp.sqrt(jnp.where(share > 0, share, 1)), 0)  # no slope at 0
    return jnp.where(counts, jnp.square(share - 1), 0), counts.astype(length.dtype)


def _squared(tree: PyTree[Array]) -> Float[Array, ""]:
    total = jnp.zeros(())
    return sum((jnp.square(leaf).sum() for leaf in jax.tree.leaves(tree)), total.astype(dtype_of(tree)))


def dtype_of(tree: Any) -> Any:
    return jnp.result_type(*jax.tree.leaves(eqx.filter(tree, eqx.is_inexact_array)))
