"""Networks on their own outputs and in pieces: by hand, and tied to `unfold` and to the network's own call."""

import jax
import jax.numpy as jnp
import pytest
from table_of_cells import INPUTS, assert_close, inputs, start
from table_of_layers import elman, gru, lstm

from mnemon.cells import advance
from mnemon.errors import InvalidInput
from mnemon.layers import Bidirectional, Network, NetworkCell, Readout, Stack, generate, unfold


def network(outputs=INPUTS, at="steps"):
    return Network(Stack(elman(), lstm(2)), Readout(2, outputs, at=at, initialiser=start, key=jax.random.key(7)))


def spread(tree, *leading):
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (*leading, *leaf.shape)), tree)


def test_generating_is_stepping_by_hand(float64):
    cell = gru(2, 2)
    first = jnp.asarray([0.3, -0.2])
    fed, last = generate(
        cell, spread(cell.initial_state(), 1), first[None], lambda y, key: 2 * y, 4, key=jax.random.key(0)
    )
    state, x = cell.initial_state(), first
    for k in range(4):
        state = advance(cell, state, jax.tree.map(lambda leaf: leaf[0], cell.project(x[None])))
        x = 2 * cell.output(state)
        assert_close(fed[0, k], x)
    assert_close(last[0], state)


def test_what_was_generated_unfolds_to_itself(float64):
    cell = NetworkCell(network())
    xs = inputs(cell, (3, 2))
    _, state = unfold(cell, xs)
    fed, _ = generate(cell, state, xs[:, -1], lambda answer, key: answer, 5, key=jax.random.key(0))
    again, _ = unfold(cell, jnp.concatenate([xs[:, -1:], fed[:, :-1]], axis=1), state=state)
    assert_close(again, fed)


def test_symbols_are_drawn_with_keys_of_their_own(float64):
    cell = NetworkCell(network())
    codes = jnp.zeros((2, 3), jnp.int32)
    draw = lambda answer, key: jax.random.categorical(key, answer).astype(jnp.int32)  # noqa: E731
    fed, _ = generate(cell, spread(cell.initial_state(), 2, 3), codes, draw, 40, key=jax.random.key(1))
    assert fed.shape == (2, 3, 40)
    assert set(fed.ravel().tolist()) == {0, 1, 2}
    assert len({tuple(row.tolist()) for row in fed.reshape(6, 40)}) == 6


def test_one_sequence_in_pieces_is_one_sequence(float64):
    whole = network()
    xs = inputs(whole, (2, 7))
    first, state = unfold(NetworkCell(whole), xs[:, :3])
    rest, _ = unfold(NetworkCell(whole), xs[:, 3:], state=state)
    assert_close(jnp.concatenate([first, rest], axis=1), whole(xs).values)


@pytest.mark.parametrize("at", ["steps", "end"])
def test_codes_of_symbols_are_one_hot_vectors(at, float64):
    whole = network(at=at)
    codes = jnp.asarray([[0, 2, 1, 1], [2, 2, 0, 1]], jnp.int32)
    lengths = jnp.asarray([4, 2])
    assert_close(whole(codes, lengths), whole(jax.nn.one_hot(codes, INPUTS, dtype=float), lengths))


def test_mistakes_are_told():
    both = Network(Bidirectional(elman(), elman()), Readout(4, 3, key=jax.random.key(0)))
    with pytest.raises(InvalidInput, match="its layer Bidirectional reads sequences from their end"):
        NetworkCell(both).initial_state()
    with pytest.raises(InvalidInput, match="steps=0; expected at least 1"):
        generate(elman(2, 2), jnp.zeros((1, 2)), jnp.zeros((1, 2)), lambda y, key: y, 0, key=jax.random.key(0))
