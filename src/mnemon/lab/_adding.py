"""The adding problem: S. Hochreiter and J. Schmidhuber, 1997, table 7."""

from ._long_lags import LongLagRun, LongLags, Row

PUBLISHED = {100: (1, 74_000), 500: (0, 209_000), 1000: (1, 853_000)}
GATES = (-3.0, -6.0)


def _run(condition: str, length: int, **how: object) -> LongLagRun:
    return LongLagRun(condition, "adding", length, input_bias=GATES, **how)  # type: ignore[arg-type]


ADDING = LongLags(
    name="adding",
    title="The adding problem",
    question="How many sequences does an LSTM need to add two values that were marked long ago? Table 7 of "
    "S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997.",
    networks=10,
    lengths=(100, 500, 1000),
    rows=tuple(
        (Row("adding", length, f"T = {length}", published), _run("adding", length))
        for length, published in PUBLISHED.items()
    ),
    protocol=("The paper also asks for a small mean error over training; that follows from all being right.",),
    few=((500, 5), (1000, 3)),
)
