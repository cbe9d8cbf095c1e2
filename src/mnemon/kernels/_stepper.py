"""A cell stepped by compiled code, without JAX between the steps: for streams that answer in microseconds."""

import numpy as np

from ._library import library, why_not
from ._standard_form import StandardForm, words_of


class Stepper:
    """One cell with its weights packed once, and the state of one sequence.

    Args:
        form: the cell, as `Cell.standard` gives it, with float32 or float64 weights; they are copied.

    Attributes:
        sources, cells: the state, (sources,) and (units,); a cell without cells has none. May be written.

    Raises:
        RuntimeError: no native engine here.

    Example:
        >>> import jax, numpy as np
        >>> from mnemon import kernels
        >>> from mnemon.cells import LSTM
        >>> cell = LSTM(3, 8, key=jax.random.key(0))
        >>> if kernels.why_not() is None:
        ...     outputs = kernels.Stepper(cell.standard()).step(np.ones(3, np.float32))

    """

    def __init__(self, form: StandardForm) -> None:
        if why_not() is not None:
            raise RuntimeError(f"no native engine: {why_not()}")
        dtype = np.dtype(form.input_weights.dtype)
        arrays = (form.input_weights, form.recurrent_weights, form.bias, form.peepholes)
        held = [None if a is None else np.ascontiguousarray(a) for a in arrays]
        self._input_size = int(form.input_weights.shape[1])
        self.sources = np.zeros(form.recurrent_weights.shape[1], dtype)
        self.cells = np.zeros(form.units if form.kind == "lstm" else 0, dtype)
        self._outputs = np.empty(form.units, dtype)
        words = dict(words_of(form))
        self._library = library()
        self._handle = self._library.mnemon_stepper_new(
            dtype.itemsize, words["kind"], words["squash_in"], words["squash_out"], words["flags"], words["shift"],
            self._input_size, form.units, *(None if a is None else a.ctypes.data for a in held),
        )  # fmt: skip
        if not self._handle:
            raise MemoryError("out of memory for a stepper's weights")

    def step(self, x: np.ndarray) -> np.ndarray:
        """Read one input (inputs,); the outputs (units,) after it.

        Raises:
            ValueError: an input of another size.

        """
        x = np.ascontiguousarray(x, self._outputs.dtype)
        if x.shape != (self._input_size,):
            raise ValueError(f"a step reads {self._input_size} inputs; got an array of shape {x.shape}")
        self._library.mnemon_stepper_step(self._handle, *self._pointers(x))
        return self._outputs.copy()

    def reset(self) -> None:
        """Forget what was read: sources and cells are zero."""
        self.sources[:] = 0
        self.cells[:] = 0

    def seconds(self, steps: int) -> float:
        """What a step costs without Python: seconds, the mean of so many. Resets."""
        self.reset()
        taken = self._library.mnemon_stepper_seconds(
            self._handle, steps, *self._pointers(np.ones(self._input_size, self._outputs.dtype))
        )
        self.reset()
        return taken

    def _pointers(self, x: np.ndarray) -> tuple[int, int, int, int]:
        return x.ctypes.data, self.sources.ctypes.data, self.cells.ctypes.data, self._outputs.ctypes.data

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self._library.mnemon_stepper_delete(self._handle)
