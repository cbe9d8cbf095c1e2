"""`mnemon evaluate`: how well a model does on labelled sequences."""

import time

import typer

from ._options import Data, Force, Model, Report, check_targets


def evaluate(ctx: typer.Context, model: Model, data: Data, report: Report = None, force: Force = False) -> None:
    """Judge a model on labelled sequences: accuracy, how sure it is, recall of each class."""
    check_targets({"report": report}, {"model": model, "data": data}, force=force)

    from ._inputs import described, labelled, load_model
    from ._judging import judge

    classifier = load_model(model, data)
    begun = time.perf_counter()
    judged = labelled(data, classifier.classes_)
    reading = time.perf_counter() - begun
    print(f"judged    {described(judged)}\n", flush=True)
    judge(classifier, judged, model_path=model, report=report, force=force, words=ctx.obj, reading=reading)
    if report is not None:
        print(f"\nreport  {report}: open it in a browser")
