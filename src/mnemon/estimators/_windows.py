"""Windows of series, which a forecasting network is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..learning import Examples, StepTargets
from ..sequences import Sequences
from ..series import Track


class Window(NamedTuple):
    """A piece of a track: the steps start ... stop-1 are read, and the last `judged` answers are judged."""

    start: int
    stop: int
    judged: int


def windows(first: int, last: int, *, length: int, warmup: int, ahead: int = 1) -> list[Window]:
    """Windows over the steps first ... last, whose answers foretell values up to the step `last`.

    Args:
        first, last: of the steps whose values are known.
        length: steps read in a window, at most.
        warmup: answers at the beginning of a window that are not judged, if there are others.
        ahead: steps that are foretold from own answers; 1: each from the value before it.

    Returns:
        With `ahead=1`, windows in which each step is judged once (the first two may overlap); else windows of which
        the last `ahead` answers are judged, each step about four times. None where there is nothing to judge.

    """
    length = min(length, last - first)
    if length < 1:
        return []
    judged = min(ahead, length) if ahead > 1 else max(length - warmup, 1)
    stride = max(1, ahead // 4) if ahead > 1 else judged
    # From the end, where the series is most like what is to come.
    found = [Window(stop - length, stop, judged) for stop in range(last, first + length - 1, -stride)]
    if found[-1].start > first:  # all windows are equally long, so that nothing need be masked: these two overlap
        found.append(Window(first, first + length, judged))
    return found[::-1]


@dataclass(frozen=True)
class Cut:
    """How tracks are cut into examples.

    Attributes:
        length, warmup, ahead: see `windows`.

    """

    length: int
    warmup: int
    ahead: int = 1

    def examples(self, tracks: Sequence[Track], spans: Sequence[tuple[int, int]]) -> Examples | None:
        """Windows of all tracks, each within its span (first, last) of steps; None where there is nothing to judge."""
        pieces, targets, lengths = [], [], []
        for track, (first, last) in zip(tracks, spans, strict=True):
            for window in windows(first, last, length=self.length, warmup=self.warmup, ahead=self.ahead):
                read = track.inputs(window.start, window.stop)
                wanted = track.values[window.start + 1 : window.stop + 1].copy()
                wanted[: len(wanted) - window.judged] = np.nan
                if self.ahead > 1:  # behind the first answer that is judged, own answers are read
                    read[len(read) - window.judged + 1 :, : track.values.shape[1]] = np.nan
                pieces.append(read)
                targets.append(wanted)
                lengths.append(len(read))
        if not pieces:
            return None
        xs = Sequences.from_concatenated(np.concatenate(pieces), lengths, allow_nan=True)
        return Examples(xs, StepTargets(np.concatenate(targets), np.asarray(lengths)))
