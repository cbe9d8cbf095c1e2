"""The two-sequence problem: S. Hochreiter and J. Schmidhuber, 1997, experiment 3a, after Y. Bengio, P. Simard and
P. Frasconi, IEEE Trans. Neural Networks 5(2):157-166, 1994, doi:10.1109/72.279181.

Three blocks of one cell, biases at hidden units alone, 102 weights. The published figures (sequences until 256 new ones
were all classified, and the share misclassified afterwards, here of 2560) and the biases of the gates are from memory.
"""

from ._long_lags import LongLagRun, LongLags, Row


def _row(condition: str, length: int, carriers: int, published: tuple[float, float]) -> tuple[Row, LongLagRun]:
    run = LongLagRun(
        condition, condition, length, blocks=3, cells=1, input_bias=(-1.0, -3.0, -5.0), output_bias=(-2.0, -4.0, -6.0),
        output_unit_bias=False, rate=1.0, streak=256,
    )  # fmt: skip
    return Row(condition, length, f"T = {length}, N = {carriers}", published), run


TWO_SEQUENCE = LongLags(
    name="two-sequence",
    title="The two-sequence problem",
    question="How many sequences does an LSTM need to hold what the first values said over noise? Table 4 of "
    "S. Hochreiter and J. Schmidhuber, Neural Computation 9(8):1735-1780, 1997.",
    networks=10,
    lengths=(100, 1000),
    rows=(
        _row("two-sequence", 100, 3, (0.5, 27_380)),
        _row("two-sequence-1", 100, 1, (0.3, 58_370)),
        _row("two-sequence", 1000, 3, (0.2, 446_850)),
    ),
    protocol=(
        "Published trials ended when 256 sequences of a test set were all classified; here when the last 256 of "
        "training were. Right is an error of at most 0.2.",
    ),
    few=((1000, 3),),
)
