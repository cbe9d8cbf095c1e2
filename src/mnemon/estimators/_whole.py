"""Tasks that answer once a sequence."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidInput
from ..preprocessing import windows
from ._base import SequenceEstimator
from ._parts import check_readout


@dataclass(eq=False, repr=False)
class WholeSequenceEstimator(SequenceEstimator):
    """Base of the estimators that answer once a sequence.

    Args:
        readout: where the answer is read: "end", "mean", "max", "attention", "segments" or "steps".

    Further parameters: see `SequenceEstimator`.

    """

    readout: str = "end"

    def _place(self) -> Any:
        return self.readout

    def _parameter_problems(self) -> list[str]:
        problems = super()._parameter_problems()
        try:
            check_readout(self.readout)
        except InvalidInput as problem:
            problems.append(str(problem))
        return problems

    def predict(self, X: Any) -> np.ndarray:
        """One answer a sequence."""
        raise NotImplementedError

    def predict_windows(self, X: Any, length: int, step: int | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
        """Answers along recordings that are much longer than the sequences trained on.

        Args:
            X: the recordings, as for `predict`.
            length: steps of a window; each window is answered as a sequence of its own.
            step: steps from one window's start to the next; None for `length`, side by side.

        Returns:
            For each recording the windows' starts (k,), and what `predict` says of each (k, ...). A recording shorter
            than a window is one window; the last window ends where the recording ends.

        Raises:
            InvalidInput: as `predict`, or a length or step below 1.

        """
        cut = windows(self._check_X(X, fitted=True), length=length, step=step, keep_short=True)
        said = self.predict(cut.X)
        return [(cut.starts[cut.origin == k], said[cut.origin == k]) for k in range(int(cut.origin.max()) + 1)]
