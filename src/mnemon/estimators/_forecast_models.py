"""The networks that a `Forecaster` can be: a name is a shorthand for a function that makes one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jaxtyping import PRNGKeyArray

from ..cells import CELLS, Recurs
from ..errors import suggest
from ..layers import DelayLine, Layer, Network, Readout, Recurrent, Stack, dlnn, dmlp, narx, rmlp
from ._parts import cell_maker

Maker = Callable[..., Network]

# Published networks on delay lines, by name; every cell by name is one more.
DYNAMIC: dict[str, Maker] = {"dlnn": dlnn, "dmlp": dmlp, "rmlp": rmlp, "narx": narx}
# Reservoirs: only their readout is trained.
RESERVOIRS = {"esn": "leakyesn"}
# Delays where none are asked for: cells with a memory of their own need none.
TAPS = {"dlnn": 10, "dmlp": 10, "narx": 10}


def model_problems(model: Any) -> list[str]:
    """A sentence where `model` is none."""
    names = (*DYNAMIC, *RESERVOIRS, *CELLS)
    if isinstance(model, str) and model not in names:
        return [f"model={model!r}: {suggest(model, names)}"]
    if not isinstance(model, str) and not callable(model):
        return [f"model={model!r}: expected a name, a cell class or a function that makes cells"]
    return []


def solves_itself(model: Any) -> bool:
    """Whether a model's readout is all that is trained, so that it can be solved for."""
    return isinstance(model, str) and (model == "dlnn" or model in RESERVOIRS)


def taps_of(model: Any, taps: int | None) -> int:
    """Values of a series that stand side by side below the first layer."""
    return TAPS.get(model, 1) if taps is None and isinstance(model, str) else (taps or 1)


def network_maker(model: Any, *, taps: int, units: tuple[int, ...], dropout: float) -> Maker:
    """`(inputs, outputs, *, key) -> Network` from a model's name, or a maker of cells for each layer."""
    if isinstance(model, str) and model in DYNAMIC:
        settings: dict[str, Any] = {"taps": taps}
        if model != "dlnn":
            settings["units"] = units
        if model == "narx":
            settings["feedback"] = taps
        return partial(DYNAMIC[model], **settings)
    maker = cell_maker(RESERVOIRS.get(model, model) if isinstance(model, str) else model)

    def make(inputs: int, outputs: int, *, key: PRNGKeyArray) -> Network:
        *layer_keys, readout_key = jax.random.split(key, len(units) + 1)
        stack: list[Layer] = [DelayLine(inputs, taps)] if taps > 1 else []
        size = inputs * taps
        for count, layer_key in zip(units, layer_keys, strict=True):
            cell = maker(size, count, key=layer_key)
            stack.append(Recurrent(cell, dropout=dropout * isinstance(cell, Recurs)))
            size = cell.output_size
        return Network(Stack(*stack, dropout=dropout), Readout(size, outputs, at="steps", key=readout_key))

    return make
