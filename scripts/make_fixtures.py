"""Reference values for the tests, computed by PyTorch: `python scripts/make_fixtures.py` (needs torch and NumPy).

Writes tests/fixtures/torch.npz. For each of `NETWORKS` (RNN is tanh; one or two layers, one or both
directions), over a packed batch of unequal lengths in double precision, it holds under "LSTM/2/bidirectional/":

    parameter/NAME, gradient/NAME   a parameter by torch's own name, and the gradient of the loss by it
    xs, xs_gradient                 inputs (batch, time, features) and the gradient by them
    outputs                         of the uppermost layer (batch, time, units), zero behind a sequence's end
    h, c                            final states (layers * directions, batch, units); c of the LSTM only
    loss                            sum cos(k) outputs[k] + sum cos(k + 1) h_top[k], over flattened arrays;
                                    h_top (batch, directions * units) is the uppermost layer's h

and once "lengths".
"""

from pathlib import Path

import numpy as np
import torch

TARGET = Path(__file__).parent.parent / "tests" / "fixtures" / "torch.npz"
INPUTS, UNITS = 3, 4
LENGTHS = (5, 1, 3)
NETWORKS = (
    "RNN/1/forward",
    "RNN/2/bidirectional",
    "GRU/1/forward",
    "GRU/2/bidirectional",
    "LSTM/1/forward",
    "LSTM/1/bidirectional",
    "LSTM/2/forward",
    "LSTM/2/bidirectional",
)


def weighted(values: torch.Tensor, shift: int) -> torch.Tensor:
    """A sum in which every entry has its own weight."""
    weights = torch.cos(torch.arange(values.numel(), dtype=torch.float64) + shift)
    return (weights * values.reshape(-1)).sum()


def reference(kind: type[torch.nn.RNNBase], layers: int, bidirectional: bool) -> dict[str, np.ndarray]:
    """All values of one network."""
    torch.manual_seed(layers + 2 * bidirectional)
    network = kind(INPUTS, UNITS, layers, batch_first=True, bidirectional=bidirectional, dtype=torch.float64)
    xs = torch.randn(len(LENGTHS), max(LENGTHS), INPUTS, dtype=torch.float64, requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(xs, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    packed_outputs, final = network(packed)
    outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(packed_outputs, batch_first=True)
    h, c = final if isinstance(final, tuple) else (final, None)
    top = torch.cat(list(h[-1 - bidirectional :]), dim=-1)
    loss = weighted(outputs, 0) + weighted(top, 1)
    loss.backward()
    values = {"xs": xs, "xs_gradient": xs.grad, "outputs": outputs, "h": h, "loss": loss}
    if c is not None:
        values["c"] = c
    for name, parameter in network.named_parameters():
        values[f"parameter/{name}"] = parameter
        values[f"gradient/{name}"] = parameter.grad
    return {name: value.detach().numpy() for name, value in values.items()}


def main() -> None:
    """Compute and write."""
    arrays = {"lengths": np.array(LENGTHS)}
    for name in NETWORKS:
        kind, layers, way = name.split("/")
        values = reference(getattr(torch.nn, kind), int(layers), way == "bidirectional")
        arrays |= {f"{name}/{part}": value for part, value in values.items()}
    np.savez_compressed(TARGET, **arrays)
    print(f"{TARGET}: {len(arrays)} arrays, {TARGET.stat().st_size / 1024:.0f} KiB, torch {torch.__version__}")


if __name__ == "__main__":
    main()
