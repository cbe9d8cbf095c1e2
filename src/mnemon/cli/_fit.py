"""`mnemon fit`: train a classifier, judge it, leave model and report."""

import os
import shlex
import time
from typing import Annotated, Any

import typer

from ..errors import InvalidInput, suggest
from ._defaults import defaults
from ._options import FILES, Force, Report, check_targets

# Options are called as the parameters of the estimator, and have its defaults.
DEFAULTS = defaults("estimators/_classifier.py", "SequenceClassifier")
NETWORK, TRAINING, STOPPING, RUNNING = "Network", "Training", "Early stopping", "Running"


def _option(panel: str, text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


def fit(
    ctx: typer.Context,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="Labelled sequences: .ts, .ts.gz or .npz. Without it, JapaneseVowels, which come with the package: "
            "who of 9 speakers says a vowel.",
            show_default=False,
        ),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Labelled sequences to judge by. Without it, NAME_TEST.ts beside NAME_TRAIN.ts, or a quarter of each "
            "class, which is then not trained on.",
        ),
    ] = None,
    cell: Annotated[str, _option(NETWORK, "What each unit is: elman, gru or lstm.", metavar="NAME")] = DEFAULTS["cell"],
    units: Annotated[int, _option(NETWORK, "Units of a layer.", metavar="N")] = DEFAULTS["units"],
    layers: Annotated[int, _option(NETWORK, "Layers on top of each other.", metavar="N")] = DEFAULTS["layers"],
    bidirectional: Annotated[
        bool, _option(NETWORK, "Read each sequence from both ends.", "--bidirectional")
    ] = DEFAULTS["bidirectional"],
    segment_length: Annotated[
        int | None,
        _option(NETWORK, "Remember by segments of so many steps, with a second cell over segments.", metavar="STEPS"),
    ] = DEFAULTS["segment_length"],
    readout: Annotated[
        str,
        _option(NETWORK, "Where the answer is read: end, mean, max, attention, segments or steps.", metavar="PLACE"),
    ] = DEFAULTS["readout"],
    dropout: Annotated[
        float, _option(NETWORK, "Share of each layer's units that is silent in training.", metavar="SHARE")
    ] = DEFAULTS["dropout"],
    n_networks: Annotated[
        int,
        _option(NETWORK, "Networks trained together, whose probabilities are averaged.", "--networks", metavar="N"),
    ] = DEFAULTS["n_networks"],
    gradient: Annotated[str, _option(TRAINING, "The gradient rule: bptt.", metavar="NAME")] = DEFAULTS["gradient"],
    truncate: Annotated[
        int | None, _option(TRAINING, "Let errors run back through at most so many steps.", metavar="STEPS")
    ] = None,
    optimizer: Annotated[
        str, _option(TRAINING, "An optimiser of optax: adam, adamw, sgd, rmsprop, rprop ...", metavar="NAME")
    ] = DEFAULTS["optimizer"],
    learning_rate: Annotated[float, _option(TRAINING, "How far each update goes.", metavar="RATE")] = DEFAULTS[
        "learning_rate"
    ],
    epochs: Annotated[int, _option(TRAINING, "Most passes over the training data.", metavar="N")] = DEFAULTS["epochs"],
    batch_size: Annotated[str, _option(TRAINING, "Sequences in an update, or all.", metavar="N")] = str(
        DEFAULTS["batch_size"] or "all"
    ),
    class_weight: Annotated[
        str | None, _option(TRAINING, "balanced: rare classes count as much as frequent ones.", metavar="KIND")
    ] = DEFAULTS["class_weight"],
    early_stopping: Annotated[
        bool,
        _option(
            STOPPING,
            "Hold a part of the training data out, stop when its loss no longer falls, keep the best weights.",
        ),
    ] = DEFAULTS["early_stopping"],
    patience: Annotated[
        int | None,
        _option(STOPPING, "Stop early, after so many epochs without a better loss.", metavar="N"),
    ] = None,
    validation_fraction: Annotated[
        float, _option(STOPPING, "Share of each class that early stopping holds out.", metavar="SHARE")
    ] = DEFAULTS["validation_fraction"],
    precision: Annotated[str, _option(RUNNING, "float32 or float64.", metavar="NAME")] = DEFAULTS["precision"],
    random_state: Annotated[
        int,
        _option(RUNNING, "Seeds everything: the same seed, the same model.", "--seed", metavar="N"),
    ] = 0,
    checkpoint: Annotated[
        str | None,
        _option(RUNNING, "Keep the state of training here; where it is there, go on from it.", metavar="FILE"),
    ] = None,
    quiet: Annotated[bool, _option(RUNNING, "Say nothing but the accuracy.", "--quiet", "-q")] = False,
    out: Annotated[str, _option(FILES, "Write the model here.", metavar="FILE")] = "model.safetensors",
    report: Report = None,
    force: Force = False,
) -> None:
    """Train a recurrent network to tell classes of sequences apart.

    Prints the accuracy on sequences that it was not trained on, and leaves the model in a file.
    """
    sources = {"data": data, "test data": test}
    check_targets({"model": out, "report": report}, sources, force=force)
    check_targets({"checkpoint": checkpoint}, {**sources, "model": out, "report": report}, force=True)
    parameters = {
        "cell": cell,
        "units": units,
        "layers": layers,
        "bidirectional": bidirectional,
        "segment_length": segment_length,
        "readout": readout,
        "gradient": _gradient(gradient, truncate),
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": _batch_size(batch_size),
        "early_stopping": _early_stopping(ctx, early_stopping, patience),
        "validation_fraction": validation_fraction,
        "dropout": dropout,
        "class_weight": _class_weight(class_weight),
        "n_networks": n_networks,
        "precision": precision,
        "random_state": _seed(random_state),
    }

    from ..estimators import SequenceClassifier
    from ..learning import Store
    from ._inputs import described, training_and_test
    from ._judging import judge

    begun = time.perf_counter()
    parts = training_and_test(data, test, random_state)
    reading = time.perf_counter() - begun
    if not quiet:
        print(f"training  {described(parts.training)}")
        print(f"test      {described(parts.test)}: {parts.origin}", flush=True)
        if checkpoint is not None and os.path.exists(checkpoint):
            print(f"going on from {checkpoint}", flush=True)
    store = None if checkpoint is None else Store(checkpoint)
    classifier = SequenceClassifier(**parameters, verbose=0 if quiet else 1, store=store)
    classifier.fit(parts.training.X, parts.training.y)
    classifier.save(out, overwrite=force)  # first of all: whatever follows, the training is not lost
    if not quiet:
        print(f"\n{classifier.summary()}\n", flush=True)
    judge(
        classifier,
        parts.test,
        model_path=out,
        report=report,
        force=force,
        words=ctx.obj,
        quiet=quiet,
        training=parts.training,
        reading=reading,
    )
    if not quiet:
        _tell_files(out, report, checkpoint)


def _tell_files(model: str, report: str | None, checkpoint: str | None) -> None:
    """What was left where, and what to do with it."""
    name = shlex.quote(model)
    print(f"\nmodel   {model} ({os.path.getsize(model):,} bytes)")
    if report is not None:
        print(f"report  {report}: open it in a browser")
    if checkpoint is not None:
        print(f"checkpoint {checkpoint}: no longer needed, unless you want more --epochs")
    print(f"\nmnemon predict {name} DATA    the class of each sequence in DATA")
    print(f"mnemon show {name}            what the model is")
    print(f"in Python: mnemon.load({model!r}).predict(X)")


def _gradient(name: str, truncate: int | None) -> Any:
    if truncate is None:
        return name
    if name != DEFAULTS["gradient"]:
        raise InvalidInput(f"--truncate {truncate} cuts bptt short; leave --gradient {name} out")
    from ..learning import TruncatedBPTT

    return TruncatedBPTT(truncate)


def _batch_size(text: str) -> int | None:
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError:
        raise InvalidInput(f"--batch-size {text!r}: expected a whole number, or all") from None


def _early_stopping(ctx: typer.Context, wanted: bool, patience: int | None) -> bool | int:
    if patience is None:
        return wanted
    if patience < 1:
        raise InvalidInput(f"--patience {patience}: expected at least 1 epoch")
    source = ctx.get_parameter_source("early_stopping")
    if not wanted and source is not None and source.name == "COMMANDLINE":
        raise InvalidInput(f"--no-early-stopping and --patience {patience} exclude each other")
    return patience


def _class_weight(kind: str | None) -> str | None:
    if kind not in (None, "balanced"):
        raise InvalidInput(f"--class-weight {kind!r}: {suggest(kind, ['balanced'])}")
    return kind


def _seed(number: int) -> int:
    if not 0 <= number < 2**32:
        raise InvalidInput(f"--seed {number}: expected 0 to {2**32 - 1}")
    return number
