"""Random against pre-trained initial weights: S. Gluege, R. Boeck and A. Wendemuth, ESANN 2013, pp. 29-34."""

from ._latching_table import LatchingTable
from ._success_table import Column

RANDOM = {
    60: (80, 122.6, 0.966), 70: (83, 80.3, 0.962), 80: (65, 123.3, 0.968), 90: (41, 180.3, 0.978),
    100: (37, 147.1, 0.971), 110: (26, 204.2, 0.980), 120: (16, 239.6, 0.954), 130: (6, 194.8, 0.987),
}  # fmt: skip
PRETRAINED = {
    60: (91, 69.8, 0.968), 70: (96, 41.9, 0.971), 80: (95, 31.3, 0.979), 90: (77, 29.4, 0.977),
    100: (82, 40.3, 0.979), 110: (75, 55.6, 0.981), 120: (49, 32.4, 0.987), 130: (52, 39.2, 0.977),
}  # fmt: skip

LATCHING_PRETRAINING = LatchingTable(
    name="latching-pretraining",
    title="Information latching: random against pre-trained weights",
    question="Do levels that first learn to repeat their inputs latch more often? Table of S. Gluege, R. Boeck and "
    "A. Wendemuth, ESANN 2013, pp. 29-34; eBPTT.",
    columns=(Column("random", "random", RANDOM), Column("pretrained", "pre-trained", PRETRAINED)),
    notes=(
        (
            "What the full run says",
            (
                "The published order and shape: random networks succeed less and less often as strings grow, "
                "pre-trained ones far more often and in a tenth of the epochs. Both are above the published counts at "
                "T = 130, by 14 and 21 of 100.",
            ),
        ),
    ),
)
