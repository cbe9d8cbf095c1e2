"""`mnemon fit`: train an estimator, judge it, leave model and report."""

import os
import shlex
import time
from typing import Annotated, Any

import typer

from ..errors import InvalidInput
from . import _training_options as o
from ._options import FILES, Force, Report, check_targets, given_on
from ._tasks import DEFAULTS, Task, having, task_named, task_of

# What --from may change: how training goes on, not what the network is.
FURTHER = ("epochs", "learning_rate", "batch_size", "early_stopping", "patience", "validation_fraction", "random_state")


def fit(
    ctx: typer.Context,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="Sequences with what is to be learnt (mnemon list data names the formats). Without it, "
            "JapaneseVowels, which come with the package: who of 9 speakers says a vowel.",
            show_default=False,
        ),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Sequences to judge by. Without it, NAME_TEST.ts beside NAME_TRAIN.ts, or a part which is then not "
            "trained on: a quarter of the sequences (of each class), the end of a single one.",
        ),
    ] = None,
    task: o.Task = "classify",
    delay: o.Delay = DEFAULTS["delay"],
    window: o.Window = str(DEFAULTS["window"]),
    by: o.By = "character",
    group_by: o.GroupBy = None,
    features: o.Features = None,
    step: o.Step = None,
    rate: o.Rate = None,
    cell: o.Cell = DEFAULTS["cell"],
    units: o.Units = DEFAULTS["units"],
    layers: o.Layers = DEFAULTS["layers"],
    bidirectional: o.Bidirectional = DEFAULTS["bidirectional"],
    segment_length: o.SegmentLength = DEFAULTS["segment_length"],
    embedding: o.Embedding = DEFAULTS["embedding"],
    readout: o.Readout = DEFAULTS["readout"],
    dropout: o.Dropout = DEFAULTS["dropout"],
    n_networks: o.Networks = DEFAULTS["n_networks"],
    gradient: o.Gradient = DEFAULTS["gradient"],
    truncate: o.Truncate = None,
    optimizer: o.Optimizer = DEFAULTS["optimizer"],
    learning_rate: o.LearningRate = DEFAULTS["learning_rate"],
    epochs: o.Epochs = DEFAULTS["epochs"],
    batch_size: o.BatchSize = str(DEFAULTS["batch_size"] or "all"),
    class_weight: o.ClassWeight = DEFAULTS["class_weight"],
    missing: o.Missing = DEFAULTS["missing"],
    standardize: o.Standardize = DEFAULTS["standardize"],
    early_stopping: o.EarlyStopping = DEFAULTS["early_stopping"],
    patience: o.Patience = None,
    validation_fraction: o.ValidationFraction = DEFAULTS["validation_fraction"],
    precision: o.Precision = DEFAULTS["precision"],
    random_state: o.Seed = 0,
    checkpoint: o.Checkpoint = None,
    start: o.From = None,
    quiet: o.Quiet = False,
    out: Annotated[
        str, typer.Option(metavar="FILE", help="Write the model here.", rich_help_panel=FILES)
    ] = "model.safetensors",
    report: Report = None,
    force: Force = False,
) -> None:
    """Train a recurrent network on sequences: to classify, regress or label them, or to predict what follows.

    Prints how well it does on what it was not trained on, and leaves the model in a file.
    """
    given = given_on(ctx)
    chosen = task_named(task)
    sources = {"data": data, "test data": test}
    check_targets({"model": out, "report": report}, sources, force=force)
    check_targets({"checkpoint": checkpoint}, {**sources, "model": out, "report": report}, force=True)
    parameters = {
        "cell": cell,
        "units": units,
        "layers": layers,
        "bidirectional": bidirectional,
        "segment_length": segment_length,
        "embedding": embedding,
        "readout": readout,
        "gradient": o.gradient(gradient, truncate),
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": o.whole_or_all("--batch-size", batch_size),
        "early_stopping": o.early_stopping(early_stopping, patience, given),
        "validation_fraction": validation_fraction,
        "dropout": dropout,
        "standardize": standardize,
        "missing": missing,
        "class_weight": o.class_weight(class_weight),
        "delay": delay,
        "window": o.whole_or_all("--window", window),
        "n_networks": n_networks,
        "precision": precision,
        "random_state": o.seed(random_state),
    }
    o.unit(by)
    if start is None:
        _refuse_foreign(ctx, chosen, given)
    if "by" in given and not (data or "").lower().endswith(o.TEXTS):
        raise InvalidInput(f"--by {by}: only {' and '.join(o.TEXTS)} files are read so")

    from ._inputs import described
    from ._judging import judge
    from ._parts import training_and_test
    from ._reading import Reading
    from ._sound import features_for, is_sound

    sound = data is not None and is_sound(data)
    if not sound and (foreign := [f"--{name}" for name in ("features", "step", "rate") if name in given]):
        raise InvalidInput(f"{', '.join(foreign)}: only recordings are read so; DATA is no folder of sound")
    if start is None:
        heard = features_for(data or "", features or "mfcc", step, rate) if sound else None
        model: Any = _new(chosen, {**parameters, "features": heard}, {*given, "features"})
        reading = Reading(by, missing, heard, group_by)
    else:
        model = _old(ctx, start, parameters, given)
        chosen, reading = task_of(model), Reading.of(model)._replace(group_by=group_by)
        random_state = model.random_state if isinstance(model.random_state, int) else 0
    begun = time.perf_counter()
    parts = training_and_test(data, test, random_state, chosen, reading)
    seconds = time.perf_counter() - begun
    if "embedding" in given and parts.training.X.alphabet is None:
        raise InvalidInput(f"--embedding {embedding}: only symbols are embedded, and these data are numbers")
    if not quiet:
        print(f"training  {described(parts.training, chosen)}")
        print(f"test      {described(parts.test, chosen)}: {parts.origin}", flush=True)
        if checkpoint is not None and os.path.exists(checkpoint):
            print(f"going on from {checkpoint}", flush=True)
        if start is not None:
            print(f"going on from {start}, trained for {model.n_epochs_} epochs", flush=True)
    model.set_params(verbose=0 if quiet else 1, store=_store(checkpoint))
    apart = {"groups": parts.training.groups} if "group_by" in given and chosen.name != "predict-next" else {}
    model.fit(parts.training.X, parts.training.y, **apart)
    model.set_params(warm_start=False)
    model.save(out, overwrite=force)  # first of all: whatever follows, the training is not lost
    if not quiet:
        print(f"\n{model.summary()}\n", flush=True)
    judge(
        model,
        parts.test,
        model_path=out,
        report=report,
        force=force,
        words=ctx.obj,
        quiet=quiet,
        training=parts.training,
        reading=seconds,
    )
    if not quiet:
        _tell_files(out, report, checkpoint, model)


def _refuse_foreign(ctx: typer.Context, task: Task, given: set[str]) -> None:
    """Raise where an option was given that is a parameter of other tasks only."""
    for parameter in ctx.command.params:
        owners = having(parameter.name or "")
        if parameter.name in given and task.name not in owners:
            raise InvalidInput(f"{parameter.opts[0]} is for --task {' or '.join(owners)}, not for {task.name}")


def _new(task: Task, parameters: dict[str, Any], given: set[str]) -> Any:
    """An estimator with what was named on the command line; the rest it knows itself."""
    from .. import estimators

    named = {name: parameters[name] for name in _as_parameters(given) & set(parameters)}
    return getattr(estimators, task.estimator)(**named, random_state=parameters["random_state"])


def _as_parameters(given: set[str]) -> set[str]:
    """The parameters that options mean."""
    part_of = {"patience": "early_stopping", "truncate": "gradient", "random_state": ""}
    return {part_of.get(name, name) for name in given}


def _old(ctx: typer.Context, path: str, parameters: dict[str, Any], given: set[str]) -> Any:
    """A saved model, ready to go on; only what says how may be given anew."""
    from ._inputs import load_model

    model = load_model(path)
    if "task" in given and ctx.params["task"] != task_of(model).name:
        raise InvalidInput(f"--task {ctx.params['task']}: {path} is a model of --task {task_of(model).name}")
    fixed = {p.opts[0] for p in ctx.command.params if p.name in given and _shapes(str(p.name))}
    if fixed:
        options = ", ".join(sorted(fixed))
        raise InvalidInput(f"{options}: --from {path} goes on with the networks and the optimiser that are there")
    if "checkpoint" in given:
        raise InvalidInput(f"--checkpoint and --from exclude each other: {path} holds where training was")
    named = {name: parameters[name] for name in _as_parameters(given) & set(FURTHER)}
    if "random_state" in given:
        named["random_state"] = parameters["random_state"]
    return model.set_params(**named, warm_start=True)


def _shapes(parameter: str) -> bool:
    """Whether a parameter, or an option that is part of one, is fixed once there is a network."""
    return (parameter in DEFAULTS or parameter in ("truncate", "by", "step", "rate")) and parameter not in FURTHER


def _store(checkpoint: str | None) -> Any:
    if checkpoint is None:
        return None
    from ..learning import Store

    return Store(checkpoint)


def _tell_files(path: str, report: str | None, checkpoint: str | None, model: Any) -> None:
    """What was left where, and what to do with it."""
    name, task = shlex.quote(path), task_of(model).name
    print(f"\nmodel   {path} ({os.path.getsize(path):,} bytes)")
    if report is not None:
        print(f"report  {report}: open it in a browser")
    if checkpoint is not None:
        print(f"checkpoint {checkpoint}: no longer needed, unless you want more --epochs")
    says = {
        "classify": "the class of each sequence in DATA",
        "regress": "the numbers of each sequence in DATA",
        "label": "a label for each step of DATA",
        "predict-next": "what follows each sequence in DATA",
    }
    print(f"\nmnemon predict {name} DATA    {says[task]}")
    if getattr(model, "features_", None) is not None and not model.bidirectional:
        print(f"mnemon stream {name} --audio -    the same of samples on standard input, as they come")
    if task == "predict-next":
        prompt = "" if model.alphabet_ is not None else " --prompt-data DATA"
        print(f"mnemon generate {name}{prompt}        go on writing")
    print(f"mnemon show {name}            what the model is")
    print(f"in Python: mnemon.load({path!r}).predict(X)")
