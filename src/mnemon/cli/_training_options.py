"""The options of `mnemon fit`: called as the parameters of the estimators, with their defaults."""

from typing import Annotated, Any

import typer

from ..errors import InvalidInput, suggest
from ._tasks import DEFAULTS, other_defaults

TEXTS = (".txt", ".txt.gz")  # files that --by is about
TASK, SOUND, NETWORK, TRAINING, STOPPING, RUNNING = (
    "Task", "Recordings", "Network", "Training", "Early stopping", "Running",
)  # fmt: skip


def _option(panel: str, text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


Task = Annotated[
    str,
    _option(
        TASK,
        "What to learn: to classify each sequence; regress, numbers for each; label each step; or predict-next, what "
        "follows each element of it.",
        metavar="NAME",
    ),
]
Delay = Annotated[
    int, _option(TASK, "label: answer for a step only after so many more have been read.", metavar="STEPS")
]
Window = Annotated[
    str, _option(TASK, "predict-next: learn from pieces of so many steps, or all of a sequence.", metavar="STEPS")
]
By = Annotated[str, _option(TASK, "What a .txt file is made of: character or word.", metavar="UNIT")]
GroupBy = Annotated[
    str | None,
    _option(
        TASK,
        "Hold whole groups out to judge by: speaker, or whatever the data call it (a column of their table).",
        "--group-by",
        metavar="NAME",
    ),
]
Features = Annotated[
    str | None,
    _option(
        SOUND,
        "What .wav, .flac and .ogg files are made into: mfcc, also without this; or logmel. With +pitch voicing and "
        "pitch, too; with +delta the slopes, with +delta+delta also theirs.",
        metavar="NAME",
    ),
]
Step = Annotated[
    float | None, _option(SOUND, "From one frame to the next; without this, 10 milliseconds.", metavar="MS")
]
Rate = Annotated[
    int | None,
    _option(SOUND, "Samples a second to resample to; without this, the lowest of the recordings.", metavar="HZ"),
]
Cell = Annotated[str, _option(NETWORK, "What each unit is: elman, gru, lstm ... (mnemon list cells).", metavar="NAME")]
Units = Annotated[int, _option(NETWORK, "Units of a layer.", metavar="N")]
Layers = Annotated[int, _option(NETWORK, "Layers on top of each other.", metavar="N")]
Bidirectional = Annotated[bool, _option(NETWORK, "Read each sequence from both ends.", "--bidirectional")]
SegmentLength = Annotated[
    int | None,
    _option(NETWORK, "Remember by segments of so many steps, with a second cell over segments.", metavar="STEPS"),
]
Embedding = Annotated[int | None, _option(NETWORK, "Symbols: learn so many numbers for each of them.", metavar="N")]
Readout = Annotated[
    str,
    _option(
        NETWORK,
        "classify, regress: where the answer is read: end, mean, max, attention, segments or steps.",
        metavar="PLACE",
    ),
]
Dropout = Annotated[
    float,
    _option(
        NETWORK,
        "Share of each layer's units that is silent in training." + other_defaults("dropout"),
        metavar="SHARE",
    ),
]
Networks = Annotated[
    int, _option(NETWORK, "Networks trained together, whose answers are averaged.", "--networks", metavar="N")
]
Missing = Annotated[
    str,
    _option(TRAINING, "What missing values are: error, interpolate over them, or mask: tell of them.", metavar="HOW"),
]
Standardize = Annotated[bool, _option(TRAINING, "Bring each channel to mean 0 and deviation 1.")]
Gradient = Annotated[
    str,
    _option(
        TRAINING,
        "The gradient rule: bptt, rtrl, snap, uoro, rflo or truncated1997 (mnemon list gradients).",
        metavar="NAME",
    ),
]
Truncate = Annotated[
    int | None, _option(TRAINING, "Let errors run back through at most so many steps.", metavar="STEPS")
]
Optimizer = Annotated[
    str, _option(TRAINING, "adam, adamw, sgd, rmsprop, rprop ... (mnemon list updates).", metavar="NAME")
]
LearningRate = Annotated[float, _option(TRAINING, "How far each update goes.", metavar="RATE")]
Epochs = Annotated[int, _option(TRAINING, "Most passes over the training data.", metavar="N")]
BatchSize = Annotated[str, _option(TRAINING, "Sequences in an update, or all.", metavar="N")]
ClassWeight = Annotated[
    str | None,
    _option(TRAINING, "classify, label: balanced: rare classes count as much as frequent ones.", metavar="KIND"),
]
EarlyStopping = Annotated[
    bool,
    _option(
        STOPPING, "Hold a part of the training data out, stop when its loss no longer falls, keep the best weights."
    ),
]
Patience = Annotated[
    int | None, _option(STOPPING, "Stop early, after so many epochs without a better loss.", metavar="N")
]
ValidationFraction = Annotated[
    float, _option(STOPPING, "Share of the data (of each class) that early stopping holds out.", metavar="SHARE")
]
Precision = Annotated[str, _option(RUNNING, "float32 or float64.", metavar="NAME")]
Seed = Annotated[int, _option(RUNNING, "Seeds everything: the same seed, the same model.", "--seed", metavar="N")]
Checkpoint = Annotated[
    str | None, _option(RUNNING, "Keep the state of training here; where it is there, go on from it.", metavar="FILE")
]
From = Annotated[
    str | None, _option(RUNNING, "Go on training this model, on the same data or others.", "--from", metavar="MODEL")
]
Quiet = Annotated[bool, _option(RUNNING, "Say nothing but how good it is, in one number.", "--quiet", "-q")]


def gradient(name: str, truncate: int | None) -> Any:
    """The gradient rule that --gradient and --truncate mean together."""
    if truncate is None:
        return name
    if name != DEFAULTS["gradient"]:
        raise InvalidInput(f"--truncate {truncate} cuts bptt short; leave --gradient {name} out")
    from ..learning import TruncatedBPTT

    return TruncatedBPTT(truncate)


def whole_or_all(option: str, text: str) -> int | None:
    """A whole number; None for "all"."""
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(f"{option} {text!r}: expected a whole number, or all") from None


def early_stopping(wanted: bool, patience: int | None, given: set[str]) -> bool | int:
    """What --early-stopping and --patience mean together; `given` are the parameters that the user named."""
    if patience is None:
        return wanted
    if patience < 1:
        raise InvalidInput(f"--patience {patience}: expected at least 1 epoch")
    if not wanted and "early_stopping" in given:
        raise InvalidInput(f"--no-early-stopping and --patience {patience} exclude each other")
    return patience


def class_weight(kind: str | None) -> str | None:
    """A kind of weighting, refused where it is unknown."""
    if kind not in (None, "balanced"):
        raise InvalidInput(f"--class-weight {kind!r}: {suggest(kind, ['balanced'])}")
    return kind


def seed(number: int) -> int:
    """A number that seeds."""
    if not 0 <= number < 2**32:
        raise InvalidInput(f"--seed {number}: expected 0 to {2**32 - 1}")
    return number


def unit(name: str) -> str:
    """What a text is made of."""
    if name not in ("character", "word"):
        raise InvalidInput(f"--by {name!r}: {suggest(name, ('character', 'word'))}")
    return name
