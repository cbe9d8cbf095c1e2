"""How the numbers that the papers leave open were settled, on the shortest strings alone."""

from ._latching_changes import LatchingChanges

LATCHING_SETTING = LatchingChanges(
    name="latching-setting",
    title="Information latching: how the setting was chosen",
    question=(
        "Which initial weights, set sizes and pre-training agree with what was published for T = 60: of random "
        "networks 79 or 80 succeed, in 231 or 123 epochs, with accuracies of 0.978 and 0.966; of pre-trained ones 89 "
        "to 98, in 48 to 70 epochs?"
    ),
    conditions=(
        "random",
        "setting-narrow",
        "setting-wider",
        "why-wide",
        "setting-biases-narrow",
        "why-biases",
        "setting-biases-wide",
        "why-fifty",
        "why-slow",
        "pretrained",
        "pretrained-zero",
        "pretrained-identity",
        "setting-weak-pretrained",
        "setting-weak-zero",
        "setting-weak-identity",
    ),
    notes=(),
    lengths=(60,),
)
