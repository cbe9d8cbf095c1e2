"""`mnemon reproduce`: run a published experiment, and put the published figures beside ours."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from ._options import Force, at_least, check_targets


def reproduce(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="An experiment of --list.", show_default=False)
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="", help="More lengths.", hidden=True, show_default=False)
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="What there is to reproduce.")] = False,
    networks: Annotated[
        int | None, typer.Option(metavar="N", help="Networks of each kind.", show_default="as published")
    ] = None,
    lengths: Annotated[
        str | None, typer.Option(metavar="T ...", help="Only these lengths of sequences.", show_default="as published")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of data and weights.")] = 0,
    jobs: Annotated[int, typer.Option(metavar="N", help="Processes at work, a core each.")] = 1,
    backend: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of joblib, where the jobs run: loky, dask, ray ...", show_default="loky"),
    ] = None,
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder of the results.")] = "results",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with results that are in the folder.")] = False,
    render_only: Annotated[
        bool, typer.Option("--render-only", help="Train nothing; show what is in the folder.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="A few small networks, in about a minute: to see that it runs.")
    ] = False,
    html: Annotated[
        str | None, typer.Option(metavar="FILE", help="The page with the figures.", show_default="DIR/NAME.html")
    ] = None,
    markdown: Annotated[str | None, typer.Option(metavar="FILE", help="The table as Markdown, too.")] = None,
    force: Force = False,
) -> None:
    """Run a published experiment: ours beside the published figures, as a table and as a page.

    Results are kept as they come, a line a network. Interrupted, it goes on with --resume to the same numbers; more
    networks or lengths are added to those that are there.
    """
    if list_ or name is None:
        _list()
        return
    from ..errors import InvalidInput, suggest
    from ..lab import EXPERIMENTS
    from ..lab import reproduce as run
    from ..report import account_markdown, account_text, write_account

    if name not in EXPERIMENTS:
        raise InvalidInput(f"reproduce {name!r}: {suggest(name, EXPERIMENTS)}")
    if more and lengths is None:
        raise InvalidInput(f"reproduce {name} {' '.join(more)}: one experiment at a time; lengths come after --lengths")
    for option, number, least in (("--networks", networks, 1), ("--jobs", jobs, 1), ("--seed", seed, 0)):
        at_least(option, number, least)
    chosen = _numbers([lengths, *(more or [])]) if lengths is not None else None
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"--out {out}: is a file; name a folder")
    if not render_only:
        folder.mkdir(parents=True, exist_ok=True)
    page = Path(html) if html is not None else folder / f"{name}{'-quick' if quick else ''}.html"
    # A page of the folder's own is drawn anew each time, like the results that it shows.
    check_targets({"page": html, "table": markdown}, {}, force=force)
    with _backend(backend), _Watch() as watch:
        account = run(
            EXPERIMENTS[name], networks=networks, lengths=chosen, seed=seed, jobs=jobs, out=out, resume=resume,
            quick=quick, render_only=render_only, watch=watch,
        )  # fmt: skip
    print(account_text(account))
    write_account(page, account, overwrite=True)
    if markdown is not None:
        Path(markdown).write_text(account_markdown(account), encoding="utf-8")
    print(f"page     {page}: open it in a browser")


def _list() -> None:
    from ..lab import EXPERIMENTS

    width = max(map(len, EXPERIMENTS))
    for name, experiment in EXPERIMENTS.items():
        print(f"{name.ljust(width)}  {experiment.title}")
    print("\nmnemon reproduce NAME runs one; with --quick in about a minute")


def _numbers(words: list[str]) -> list[int]:
    from ..errors import InvalidInput

    parts = [part for word in words for part in word.replace(",", " ").split()]
    try:
        return [int(part) for part in parts]
    except ValueError:
        raise InvalidInput(f"--lengths {' '.join(words)}: expected whole numbers, as in --lengths 60 130") from None


def _backend(name: str | None) -> Any:
    """Where jobs run: joblib's own processes, or another of its backends."""
    if name is None:
        return nullcontext()
    from joblib import parallel_config

    from ..errors import InvalidInput

    try:
        return parallel_config(backend=name)
    except (ImportError, KeyError, ValueError) as problem:
        said = " ".join(str(problem).split())
        raise InvalidInput(f"--backend {name}: joblib cannot use it ({said})") from None


class _Watch:
    """What has ended, on standard error: a line a unit, or a bar on a terminal."""

    def __enter__(self) -> "_Watch":
        self._bar: Any = None
        self._task: Any = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, step: Any) -> None:
        words = ""
        if step.run is not None:
            good = sum(bool(record.get("success")) for record in step.records)
            place = ", ".join(f"{key} {value}" for key, value in step.run.place.items())
            words = f"{step.run.condition}, {place}: {good} of {len(step.records)} succeeded"
        if not sys.stderr.isatty():
            if words:
                print(f"{step.done}/{step.units}  {words}", file=sys.stderr, flush=True)
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
            self._bar = Progress(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task("", total=step.units)
        self._bar.update(self._task, completed=step.done, description=words)
