"""Who takes part in the comparison: one recurrent layer and an affine readout of its last state, in each library.

`make(name, mode, kind, batch, time, units)` gives a call that does one training step (forward, backward, Adam) or one
answer to a batch, and returns once its work is done. Same float32 inputs, sizes and number of threads for all; torch
flushes denormals, as XLA's code for the CPU and ours do. Only the library that is asked for is imported.
"""

import functools
import os
import time as clock
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np

INPUTS, CLASSES, RATE = 64, 10, 1e-3
KINDS = ("LSTM", "GRU", "Elman")
MODES = ("training", "inference")
Call = Callable[[], Any]


def data(batch: int, time: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and classes, the same for all."""
    random = np.random.default_rng(0)
    xs = random.normal(size=(batch, time, INPUTS)).astype(np.float32)
    return xs, random.integers(0, CLASSES, batch).astype(np.int32)


def of_mnemon(mode: str, kind: str, batch: int, time: int, units: int, engine: str = "auto") -> Call:
    """The library's own parts, as `train` composes them."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    from mnemon import cells
    from mnemon.layers import Mode, Network, Readout
    from mnemon.learning import BPTT, Chunk, CrossEntropy, Optax

    xs, ys = data(batch, time)
    cell_key, readout_key = jax.random.split(jax.random.key(0))
    network = Network(getattr(cells, kind)(INPUTS, units, key=cell_key), Readout(units, CLASSES, key=readout_key))
    if mode == "inference":
        return _answering(network, lambda network, xs: network(xs, mode=Mode(engine=engine)).values, xs)
    if engine != "auto":
        return _training(network, lambda network, xs: network(xs, mode=Mode(engine=engine)).values, xs, ys)
    update, rule, loss = Optax("adam", RATE), BPTT(), CrossEntropy()
    update = jax.tree.map(lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, update.for_members(1, jnp.float32))
    weights = jnp.full(len(ys), 1 / len(ys))

    def step(data: Any, network: Any, memory: Any) -> Any:
        chunk = Chunk(data[0], None, data[1], weights, None)
        _, value, gradient = rule.step(None, network, loss, chunk)
        memory, network = update.step(memory, network, gradient)
        return network, memory, value

    return _looping(step, (jnp.asarray(xs), jnp.asarray(ys)), network, update.init(network))


def of_equinox(mode: str, kind: str, batch: int, time: int, units: int) -> Call:
    """Plain Equinox: its own cells in a scan, mapped over the batch."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    xs, ys = data(batch, time)
    cell_key, readout_key = jax.random.split(jax.random.key(0))

    class Plain(eqx.Module):
        weights: Any
        recurrent: Any

        def __init__(self, key: Any) -> None:
            a, b = jax.random.split(key)
            self.weights = eqx.nn.Linear(INPUTS, units, key=a)
            self.recurrent = eqx.nn.Linear(units, units, use_bias=False, key=b)

        def __call__(self, x: Any, h: Any) -> Any:
            return jnp.tanh(self.weights(x) + self.recurrent(h))

    make = {"LSTM": eqx.nn.LSTMCell, "GRU": eqx.nn.GRUCell}
    cell = make[kind](INPUTS, units, key=cell_key) if kind in make else Plain(cell_key)
    model = (cell, eqx.nn.Linear(units, CLASSES, key=readout_key))

    def one(model: Any, x: Any) -> Any:
        zeros = jnp.zeros(units)
        state = (zeros, zeros) if kind == "LSTM" else zeros
        state, _ = jax.lax.scan(lambda s, x: (model[0](x, s), None), state, x)
        return model[1](state[0] if kind == "LSTM" else state)

    return _of_jax(mode, model, lambda model, xs: jax.vmap(lambda x: one(model, x))(xs), xs, ys)


def of_flax(mode: str, kind: str, batch: int, time: int, units: int) -> Call:
    """flax.nnx: its RNN layer and cells."""
    from flax import nnx

    xs, ys = data(batch, time)
    make = {"LSTM": nnx.OptimizedLSTMCell, "GRU": nnx.GRUCell, "Elman": nnx.SimpleCell}[kind]
    rngs = nnx.Rngs(0)

    class Model(nnx.Module):
        def __init__(self) -> None:
            self.rnn = nnx.RNN(make(INPUTS, units, rngs=rngs))
            self.readout = nnx.Linear(units, CLASSES, rngs=rngs)

        def __call__(self, xs: Any) -> Any:
            return self.readout(self.rnn(xs, rngs=nnx.Rngs(0))[:, -1])

    graph, parameters, rest = nnx.split(Model(), nnx.Param, ...)
    return _of_jax(mode, parameters, lambda parameters, xs: nnx.merge(graph, parameters, rest)(xs), xs, ys)


def of_keras(mode: str, kind: str, batch: int, time: int, units: int) -> Call:
    """Keras on JAX: its layers, stateless, in a step jitted whole (quicker than `train_on_batch`)."""
    import keras

    xs, ys = data(batch, time)
    make = {"LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU, "Elman": keras.layers.SimpleRNN}[kind]
    model = keras.Sequential([keras.Input((time, INPUTS)), make(units), keras.layers.Dense(CLASSES)])
    fixed = [v.value for v in model.non_trainable_variables]

    def answer(variables: Any, xs: Any) -> Any:
        return model.stateless_call(variables, fixed, xs, training=False)[0]

    return _of_jax(mode, [v.value for v in model.trainable_variables], answer, xs, ys)


def of_torch(mode: str, kind: str, batch: int, time: int, units: int) -> Call:
    """torch: its fused CPU layers."""
    import torch

    _set_up_torch()
    torch.manual_seed(0)
    xs, ys = data(batch, time)
    make = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "Elman": torch.nn.RNN}[kind]
    layer, readout = make(INPUTS, units, batch_first=True), torch.nn.Linear(units, CLASSES)
    update = torch.optim.Adam([*layer.parameters(), *readout.parameters()], RATE, foreach=True)
    inputs, targets = torch.from_numpy(xs), torch.from_numpy(ys).long()

    def step() -> float:
        update.zero_grad()
        loss = torch.nn.functional.cross_entropy(readout(layer(inputs)[0][:, -1]), targets)
        loss.backward()
        update.step()
        return loss.item()

    @torch.inference_mode()
    def answer() -> Any:
        return readout(layer(inputs)[0][:, -1]).numpy()

    return step if mode == "training" else answer


def of_floor(mode: str, kind: str, batch: int, time: int, units: int) -> Call:
    """The arithmetic alone: the matrix products, each in one piece, and as many exponentials.

    No order in time is kept and nothing is stored in between. Products by torch or by NumPy's BLAS, whichever is
    quicker on the case; exponentials by torch.
    """
    import torch

    _set_up_torch()
    gates = {"LSTM": 4, "GRU": 3, "Elman": 1}[kind]
    squashings = {"LSTM": 5, "GRU": 3, "Elman": 1}[kind]
    rows = batch * time
    random = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    xs, hs, nets = draw(rows, INPUTS), draw(rows, units), draw(rows, gates * units)
    w, u, squashed = draw(INPUTS, gates * units), draw(units, gates * units), torch.randn(rows, squashings * units)
    products = [(xs, w), (hs, u)] + ([(nets, u.T), (xs.T, nets), (hs.T, nets)] if mode == "training" else [])
    outs = [np.empty((a.shape[0], b.shape[1]), np.float32) for a, b in products]
    tensors = [tuple(map(torch.from_numpy, each)) for each in products]
    torch_outs = list(map(torch.from_numpy, outs))

    @torch.inference_mode()
    def by_torch() -> None:
        for (a, b), out in zip(tensors, torch_outs):
            torch.mm(a, b, out=out)
        torch.tanh(squashed, out=squashed)

    def by_numpy() -> None:
        for (a, b), out in zip(products, outs):
            np.matmul(a, b, out=out)
        torch.tanh(squashed, out=squashed)

    def seconds(call: Call) -> float:
        call()
        begun = clock.perf_counter()
        call()
        call()
        return clock.perf_counter() - begun

    return min((by_torch, by_numpy), key=seconds)


CONTESTANTS: dict[str, tuple[Callable[..., Call], str]] = {
    "mnemon": (of_mnemon, "mnemon"),
    "scan": (functools.partial(of_mnemon, engine="plain"), "mnemon"),
    "torch": (of_torch, "torch"),
    "keras-jax": (of_keras, "keras"),
    "flax": (of_flax, "flax"),
    "equinox": (of_equinox, "equinox"),
    "floor": (of_floor, "torch"),
}


def make(name: str, *case: Any) -> Call:
    """A contestant's call for a case: mode, kind, batch, time, units."""
    return CONTESTANTS[name][0](*case)


def _set_up_torch() -> None:
    import torch

    torch.set_flush_denormal(True)
    torch.set_num_threads(os.cpu_count() or 1)


def _of_jax(mode: str, model: Any, answer: Callable[..., Any], xs: np.ndarray, ys: np.ndarray) -> Call:
    return _training(model, answer, xs, ys) if mode == "training" else _answering(model, answer, xs)


def _answering(model: Any, answer: Callable[..., Any], xs: np.ndarray) -> Call:
    """A jitted answer of any JAX model."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    arrays, rest = eqx.partition(model, eqx.is_array)
    leaves, structure = jax.tree.flatten(arrays)
    inputs = jnp.asarray(xs)

    @jax.jit
    def flat(leaves: list[Any], inputs: Any) -> Any:
        return answer(eqx.combine(jax.tree.unflatten(structure, leaves), rest), inputs)

    return lambda: np.asarray(flat(leaves, inputs))


def _training(model: Any, answer: Callable[..., Any], xs: np.ndarray, ys: np.ndarray) -> Call:
    """A jitted step of any JAX model, with the same optimiser and donated buffers."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import optax

    update = optax.adam(RATE)
    memory = update.init(eqx.filter(model, eqx.is_inexact_array))

    def step(data: Any, model: Any, memory: Any) -> Any:
        def cost(model: Any) -> Any:
            logs = jax.nn.log_softmax(answer(model, data[0]))
            return -jnp.take_along_axis(logs, data[1][:, None], axis=1).mean()

        value, gradient = eqx.filter_value_and_grad(cost)(model)
        changes, memory = update.update(gradient, memory, eqx.filter(model, eqx.is_inexact_array))
        return eqx.apply_updates(model, changes), memory, value

    return _looping(step, (jnp.asarray(xs), jnp.asarray(ys)), model, memory)


def _looping(step: Callable[..., Any], data: Any, *state: Any) -> Call:
    """Call a step again and again on its own result, each time to the end of the work.

    Every JAX contestant is jitted here, on flat lists of arrays with donated buffers, so that what is compared is the
    compiled step and not how long Python takes to flatten one library's modules.
    """
    import equinox as eqx
    import jax

    arrays, rest = eqx.partition((data, state), eqx.is_array)
    leaves, structure = jax.tree.flatten(arrays[1])

    @functools.partial(jax.jit, donate_argnums=1)
    def flat(inputs: Any, leaves: list[Any]) -> Any:
        data, state = eqx.combine((inputs, jax.tree.unflatten(structure, leaves)), rest)
        *state, value = step(data, *state)
        return jax.tree.leaves(eqx.filter(tuple(state), eqx.is_array)), value

    box = [leaves]

    def call() -> float:
        box[0], value = flat(arrays[0], box[0])
        return float(value)

    return call
