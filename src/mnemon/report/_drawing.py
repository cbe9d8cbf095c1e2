"""A small drawing of a sequence: each channel a line in a lane of its own."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._markup import Markup, element

WIDTH, LANE, HEIGHT = 240, 11, 84
POINTS = 160  # of a longer channel the lowest and the highest value of each piece are drawn
LANES = 24


def channel_ranges(sequences: list[NDArray]) -> tuple[NDArray, NDArray]:
    """The lowest and the highest finite value of each channel over `sequences`, so that drawings can be compared."""
    channels = max((s.shape[1] for s in sequences), default=0)
    low, high = np.zeros(channels), np.zeros(channels)
    for channel in range(channels):
        values = np.concatenate([s[:, channel] for s in sequences if channel < s.shape[1]])
        values = values[np.isfinite(values)]
        if len(values):
            low[channel], high[channel] = values.min(), values.max()
    return low, high


def as_steps(sequence: ArrayLike) -> NDArray[np.float64]:
    """A sequence as (time, channels); one without channels has one."""
    steps = np.asarray(sequence, float)
    return steps[:, None] if steps.ndim == 1 else steps.reshape(len(steps), int(np.prod(steps.shape[1:])))


def sketch(steps: NDArray, ranges: tuple[NDArray, NDArray], described: str) -> Markup:
    """The drawing of a sequence (time, channels), its channels drawn between their `ranges`."""
    lanes = min(steps.shape[1], LANES)
    height = max(HEIGHT, LANE * lanes)
    lane = height / max(lanes, 1)
    paths = []
    for channel in range(lanes):
        low, high = ranges[0][channel], ranges[1][channel]
        level = (
            (steps[:, channel] - low) / (high - low)
            if high > low
            else np.where(np.isfinite(steps[:, channel]), 0.5, np.nan)
        )
        heights = lane * (channel + 1.1 - 1.2 * level)
        paths.append(_path(heights))
    lines = element("path", d=" ".join(filter(None, paths)), vector_effect="non-scaling-stroke")
    return element(
        "svg",
        lines,
        class_="sketch",
        preserveAspectRatio="none",
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        aria_label=described,
    )


def _path(heights: NDArray) -> str:
    """A line through the finite heights, with gaps between; long ones thinned."""
    at = np.arange(len(heights))
    if len(heights) > 2 * POINTS:
        pieces = np.array_split(at, POINTS)
        at = np.concatenate([_extremes(heights, piece) for piece in pieces])
    scale = WIDTH / max(len(heights) - 1, 1)
    words, pen = [], "M"
    for i in at:
        if not np.isfinite(heights[i]):
            pen = "M"
            continue
        words.append(f"{pen}{i * scale:.1f} {heights[i]:.1f}")
        pen = "L"
    if len(words) == 1:
        words.append("h4")
    return "".join(words)


def _extremes(heights: NDArray, piece: NDArray) -> NDArray:
    """Positions of the lowest and the highest value in `piece`, in order of time."""
    finite = piece[np.isfinite(heights[piece])]
    if not len(finite):
        return piece[:1]
    return np.unique([finite[np.argmin(heights[finite])], finite[np.argmax(heights[finite])]])
