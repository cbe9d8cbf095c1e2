"""`mnemon evaluate`: how well a model does on sequences with targets."""

import time

import typer

from ._options import Data, Force, Model, Report, check_targets


def evaluate(ctx: typer.Context, model: Model, data: Data, report: Report = None, force: Force = False) -> None:
    """Judge a model on sequences whose answers are known.

    Classes: accuracy, how sure it is, recall of each class. Numbers: R squared. Labels of steps: the share that is
    right. What follows: perplexity (of numbers, R squared).
    """
    check_targets({"report": report}, {"model": model, "data": data}, force=force)

    from ._inputs import described, judgeable, load_model
    from ._judging import judge
    from ._tasks import task_of

    judging = load_model(model, data)
    begun = time.perf_counter()
    judged = judgeable(judging, data)
    reading = time.perf_counter() - begun
    print(f"judged    {described(judged, task_of(judging))}\n", flush=True)
    judge(judging, judged, model_path=model, report=report, force=force, words=ctx.obj, reading=reading)
    if report is not None:
        print(f"\nreport  {report}: open it in a browser")
