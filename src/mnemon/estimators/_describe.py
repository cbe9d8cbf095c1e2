"""What a network is made of, in a few words."""

from typing import Any

import equinox as eqx
import jax

from ..cells import LSTM_TABLE, LSTMVariant, trainable

PLACES = {"end": "the end", "steps": "every step", "segments": "segment ends"}


def count(part: eqx.Module) -> int:
    """Trainable weights of a part."""
    return sum(leaf.size for leaf in jax.tree.leaves(trainable(part)))


def describe(layer: Any) -> str:
    """A layer in a few words."""
    name = type(layer).__name__
    cell = getattr(layer, "cell", None)
    if cell is not None:
        within = describe(cell) + (" backwards" if getattr(layer, "reverse", False) else "")
        return within if name == "Recurrent" else f"{name} of {within}"
    if hasattr(layer, "forward"):
        return f"{name} of {describe(layer.forward)}"
    if hasattr(layer, "layer"):
        return f"{name} of {describe(layer.layer)}"
    if isinstance(getattr(layer, "variant", None), LSTMVariant):
        row = next((row for row, variant in LSTM_TABLE.items() if variant == layer.variant), "own")
        return name if row == "forget" else f"{name} ({row})"
    if hasattr(layer, "symbol"):
        marked = "marked by the data" if layer.marks is None else f"ended by {layer.marks}"
        ends = f"of {layer.length} steps" if layer.length else marked
        return f"{name}({describe(layer.symbol)}, {describe(layer.segment)}), segments {ends}"
    return name


def part_lines(network: Any, precision: str) -> list[str]:
    """A line for each layer, for the readout, and for the whole."""
    lines = [
        f"  {describe(layer)}: {layer.input_size} -> {layer.output_size}, {count(layer):,} weights"
        for layer in network.layers.layers
    ]
    readout = network.readout
    at = PLACES.get(readout.at, f"{readout.at} over time")
    lines.append(f"  readout at {at}: {readout.input_size} -> {readout.output_size}, {count(readout):,} weights")
    lines.append(f"  {network.weight_count():,} weights in all, {precision}")
    return lines
