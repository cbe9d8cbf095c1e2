"""Parameters carried over from PyTorch give its outputs, final states and gradients (scripts/make_fixtures.py)."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from table_of_cells import assert_close, living, start

from mnemon.cells import GRU, LSTM, Elman
from mnemon.layers import Bidirectional, Recurrent, Stack, unfold

CELLS = {"RNN": Elman, "GRU": GRU, "LSTM": LSTM}
ORDER = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 1, 3, 2)}  # which of torch's gates are ours, in our order
FILE = np.load(Path(__file__).parent.parent / "fixtures" / "torch.npz")
LENGTHS = FILE["lengths"]


def stored(network: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(network): FILE[name] for name in FILE.files if name.startswith(network)}


def transplant(kind: str, values: dict[str, np.ndarray], what: str, suffix: str):
    """A cell holding torch's parameters, or torch's gradients by them, of one layer and direction.

    Torch has two biases where one does: parameters add up, gradients by the two are the same.
    """

    def rows(name):
        array = values[f"{what}/{name}_{suffix}"]
        return np.concatenate([np.split(array, len(ORDER[kind]))[k] for k in ORDER[kind]])

    both = rows("bias_ih") + rows("bias_hh") if what == "parameter" else rows("bias_ih")
    units, inputs = rows("weight_hh").shape[1], rows("weight_ih").shape[1]
    cell = CELLS[kind](inputs, units, initialiser=start, key=jax.random.key(0))
    leaves = [rows("weight_ih"), rows("weight_hh"), both]
    if kind == "GRU":  # the candidate's recurrent bias stands inside the reset
        leaves = [*leaves[:2], np.append(both[: 2 * units], rows("bias_ih")[2 * units :]), rows("bias_hh")[2 * units :]]
    where = lambda c: [c.input_weights, c.recurrent_weights, c.bias] + ([c.candidate_bias] if kind == "GRU" else [])  # noqa: E731
    return eqx.tree_at(where, cell, [jnp.asarray(leaf) for leaf in leaves])


def stack(kind: str, values: dict[str, np.ndarray], what: str, layers: int, way: str) -> Stack:
    def one(suffix):
        return transplant(kind, values, what, suffix)

    if way == "forward":
        return Stack(*(Recurrent(one(f"l{k}")) for k in range(layers)))
    return Stack(*(Bidirectional(one(f"l{k}"), one(f"l{k}_reverse")) for k in range(layers)))


def weighted(values, shift):
    return (jnp.cos(jnp.arange(values.size, dtype=values.dtype) + shift).reshape(values.shape) * values).sum()


@eqx.filter_jit
def passage_and_gradients(layers: Stack, xs):
    def loss(parts):
        layers, xs = parts
        passage = layers(xs, jnp.asarray(LENGTHS))
        outputs = living(passage.outputs, LENGTHS)
        return weighted(outputs, 0) + weighted(passage.last, 1), (outputs, passage.last)

    return eqx.filter_value_and_grad(loss, has_aux=True)((layers, xs))


@pytest.mark.parametrize("network", sorted({"/".join(name.split("/")[:3]) for name in FILE.files} - {"lengths"}))
def test_outputs_last_and_gradients_are_torchs(network, float64):
    values = stored(f"{network}/")
    kind, layers, way = network.split("/")
    ours = stack(kind, values, "parameter", int(layers), way)
    (loss, (outputs, last)), (gradient, xs_gradient) = passage_and_gradients(ours, jnp.asarray(values["xs"]))
    directions = 1 if way == "forward" else 2
    assert_close(loss, values["loss"])
    assert_close(outputs, values["outputs"])
    assert_close(last, np.concatenate(list(values["h"][-directions:]), axis=-1))
    assert_close(xs_gradient, values["xs_gradient"])
    theirs = stack(kind, values, "gradient", int(layers), way)
    assert_close(jax.tree.leaves(gradient), jax.tree.leaves(eqx.filter(theirs, eqx.is_inexact_array)))


@pytest.mark.parametrize("reverse", [False, True])
def test_both_parts_of_the_final_state_are_torchs(reverse, float64):
    values = stored("LSTM/1/bidirectional/")
    cell = transplant("LSTM", values, "parameter", "l0_reverse" if reverse else "l0")
    _, final = unfold(cell, jnp.asarray(values["xs"]), lengths=jnp.asarray(LENGTHS), reverse=reverse)
    assert_close((final.sources, final.cells), (values["h"][int(reverse)], values["c"][int(reverse)]))
