"""Noisy temporal order with two and with three symbols: S. Hochreiter and J. Schmidhuber, 1997, table 9."""

from ._long_lags import LongLagRun, LongLags, Row

_WHERE = "Table 9 of S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997."

TEMPORAL_ORDER = LongLags(
    name="temporal-order",
    title="Temporal order of two symbols",
    question=f"In which order did two symbols come, some 50 and 100 steps ago, among distractors? {_WHERE}",
    protocol=("The paper also asks for a small mean error over training; that follows from all being right.",),
    networks=20,
    lengths=(100,),
    rows=(
        (
            Row("temporal-order", 100, "truncated", (1, 31_390)),
            LongLagRun("temporal-order", "temporal-order", 100, input_bias=(-2.0, -4.0)),
        ),
    ),
)

TEMPORAL_ORDER_3 = LongLags(
    name="temporal-order-3",
    title="Temporal order of three symbols",
    question=f"The same with three symbols and eight classes. {_WHERE}",
    protocol=("The paper also asks for a small mean error over training; that follows from all being right.",),
    networks=10,
    lengths=(100,),
    rows=(
        (
            Row("temporal-order-3", 100, "truncated", (2, 571_100)),
            LongLagRun("temporal-order-3", "temporal-order-3", 100, blocks=3, input_bias=(-2.0, -4.0, -6.0), rate=0.1),
        ),
    ),
)
