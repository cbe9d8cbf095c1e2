"""One training step (forward, backward, update) of LSTM, GRU and Elman networks against other libraries.

    python benchmarks/training_step.py [--quick] [--out docs/results/training_step.md]

Every contestant trains a last-state classifier (one recurrent layer, an affine readout, softmax cross-entropy, Adam) on
the same float32 inputs, with as many threads as the machine has cores; torch flushes denormals, as XLA's CPU code does.
Contestants that are not installed are left out. `pip install -e ".[compare]"` installs them; for torch without GPU
packages see its own site. What is printed: median milliseconds of a step, and our time divided by theirs; below 1 we
are quicker. First calls, which hold the compilation, are a table of their own.
"""

import argparse
import functools
import importlib.metadata
import importlib.util
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from _timing import Timed, machine, time_together

from mnemon.cells import GRU, LSTM, Elman
from mnemon.layers import Network, Readout
from mnemon.learning import BPTT, Chunk, CrossEntropy, Optax

INPUTS, CLASSES, RATE = 64, 10, 1e-3
KINDS = ("LSTM", "GRU", "Elman")


def mnemon_step(kind: str, units: int, xs: np.ndarray, ys: np.ndarray) -> Callable[[], Any]:
    """The library's own parts, as `train` composes them."""
    cell_key, readout_key = jax.random.split(jax.random.key(0))
    cell = {"LSTM": LSTM, "GRU": GRU, "Elman": Elman}[kind](INPUTS, units, key=cell_key)
    network = Network(cell, Readout(units, CLASSES, key=readout_key))
    update, rule, loss = Optax("adam", RATE), BPTT(), CrossEntropy()
    update = jax.tree.map(lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, update.for_members(1, jnp.float32))
    memory = update.init(network)
    weights = jnp.full(len(ys), 1 / len(ys))

    def step(data: Any, network: Any, memory: Any) -> Any:
        chunk = Chunk(data[0], None, data[1], weights, None)
        _, value, gradient = rule.step(None, network, loss, chunk)
        memory, network = update.step(memory, network, gradient)
        return network, memory, value

    return _looping(step, (jnp.asarray(xs), jnp.asarray(ys)), network, memory)


def equinox_step(kind: str, units: int, xs: np.ndarray, ys: np.ndarray) -> Callable[[], Any]:
    """Plain Equinox: its own cells in a scan, mapped over the batch."""
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

    def answer(model: Any, x: Any) -> Any:
        zeros = jnp.zeros(units)
        state = (zeros, zeros) if kind == "LSTM" else zeros
        state, _ = jax.lax.scan(lambda s, x: (model[0](x, s), None), state, x)
        return model[1](state[0] if kind == "LSTM" else state)

    return _jax_step(model, lambda model, xs: jax.vmap(lambda x: answer(model, x))(xs), xs, ys)


def flax_step(kind: str, units: int, xs: np.ndarray, ys: np.ndarray) -> Callable[[], Any]:
    """flax.nnx: its RNN layer and cells."""
    from flax import nnx

    make = {"LSTM": nnx.OptimizedLSTMCell, "GRU": nnx.GRUCell, "Elman": nnx.SimpleCell}[kind]
    rngs = nnx.Rngs(0)

    class Model(nnx.Module):
        def __init__(self) -> None:
            self.rnn = nnx.RNN(make(INPUTS, units, rngs=rngs))
            self.readout = nnx.Linear(units, CLASSES, rngs=rngs)

        def __call__(self, xs: Any) -> Any:
            return self.readout(self.rnn(xs, rngs=nnx.Rngs(0))[:, -1])

    graph, parameters, rest = nnx.split(Model(), nnx.Param, ...)
    return _jax_step(parameters, lambda parameters, xs: nnx.merge(graph, parameters, rest)(xs), xs, ys)


def keras_step(kind: str, units: int, xs: np.ndarray, ys: np.ndarray) -> Callable[[], Any]:
    """Keras on JAX: its layers, stateless, in a step jitted whole (quicker than `train_on_batch`)."""
    import keras

    make = {"LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU, "Elman": keras.layers.SimpleRNN}[kind]
    model = keras.Sequential([keras.Input((xs.shape[1], INPUTS)), make(units), keras.layers.Dense(CLASSES)])
    fixed = [v.value for v in model.non_trainable_variables]

    def answer(variables: Any, xs: Any) -> Any:
        return model.stateless_call(variables, fixed, xs, training=False)[0]

    return _jax_step([v.value for v in model.trainable_variables], answer, xs, ys)


def torch_step(kind: str, units: int, xs: np.ndarray, ys: np.ndarray) -> Callable[[], Any]:
    """torch: its fused CPU layers."""
    import torch

    torch.set_flush_denormal(True)
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(0)
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

    return step


PEERS = {
    "equinox": (equinox_step, "equinox"),
    "flax": (flax_step, "flax"),
    "keras-jax": (keras_step, "keras"),
    "torch": (torch_step, "torch"),
}


def _jax_step(model: Any, answer: Callable[..., Any], xs: np.ndarray, ys: np.ndarray) -> Callable[[], Any]:
    """A jitted step of any JAX model, with the same optimiser and donated buffers."""
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


def _looping(step: Callable[..., Any], data: Any, *state: Any) -> Callable[[], Any]:
    """Call a step again and again on its own result, each time to the end of the work.

    Every JAX contestant is jitted here, on flat lists of arrays with donated buffers, so that what is compared is the
    compiled step and not how long Python takes to flatten one library's modules.
    """
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


def measure(kind: str, batch: int, time: int, units: int, peers: list[str]) -> dict[str, Timed]:
    """Times of one configuration."""
    random = np.random.default_rng(0)
    xs = random.normal(size=(batch, time, INPUTS)).astype(np.float32)
    ys = random.integers(0, CLASSES, batch).astype(np.int32)
    steps = {"mnemon": mnemon_step(kind, units, xs, ys)}
    steps |= {peer: PEERS[peer][0](kind, units, xs, ys) for peer in peers}
    return time_together(steps)


def main() -> None:
    """Measure, print as it goes, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few small configurations only")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--steps", nargs="+", type=int, default=[50, 200, 1000], help="lengths of the sequences")
    parser.add_argument("--out", type=Path, help="write the tables as Markdown")
    options = parser.parse_args()
    peers = [name for name, (_, module) in PEERS.items() if importlib.util.find_spec(module)]
    times, units = ([50], [16, 64]) if options.quick else (options.steps, [16, 64, 128, 256])
    cases = [(k, b, t, u) for k in options.kinds for b in (1, 32) for t in times for u in units]

    rows, ratios = [], {peer: [] for peer in peers}
    firsts: dict[str, list[float]] = {name: [] for name in ["mnemon", *peers]}
    for case in cases:
        result = measure(*case, peers)
        ours = result["mnemon"].median
        cells = [f"{ours * 1e3:.2f}"]
        for peer in peers:
            ratios[peer].append(ours / result[peer].median)
            cells.append(f"{result[peer].median * 1e3:.2f} ({ratios[peer][-1]:.2f})")
        for name, timed in result.items():
            firsts[name].append(timed.first)
        rows.append("| " + " | ".join([*map(str, case), *cells]) + " |")
        print(rows[-1], file=sys.stderr, flush=True)
        jax.clear_caches()

    versions = {m: importlib.metadata.version(m) for m in ["jax", "equinox", *(PEERS[p][1] for p in peers)]}
    text = [
        "# One training step against other libraries",
        "",
        f"`python benchmarks/training_step.py{' --quick' if options.quick else ''}` on {machine()}; "
        + ", ".join(f"{m} {v}" for m, v in versions.items())
        + ". float32, 64 inputs, Adam, last-state classifier. Milliseconds, medians; in brackets our time divided by "
        "theirs, measured in turns in one process: below 1 Mnemon is quicker.",
        "",
        "| | " + " | ".join(peers) + " |",
        "| --- |" + " --- |" * len(peers),
        "| median ratio | " + " | ".join(f"{statistics.median(ratios[p]):.2f}" for p in peers) + " |",
        "| geometric mean | " + " | ".join(f"{statistics.geometric_mean(ratios[p]):.2f}" for p in peers) + " |",
        "| largest | " + " | ".join(f"{max(ratios[p]):.2f}" for p in peers) + " |",
        "",
        "First call, compilation included, median seconds: "
        + ", ".join(f"{name} {statistics.median(each):.2f}" for name, each in firsts.items())
        + ".",
        "",
        "| cell | batch | steps | units | mnemon | " + " | ".join(peers) + " |",
        "| --- |" * 1 + " --- |" * (4 + len(peers)),
        *rows,
        "",
    ]
    print("\n".join(text))
    if options.out:
        options.out.write_text("\n".join(text))


if __name__ == "__main__":
    main()
