"""The command `mnemon`: its subcommands, and one way to say that something went wrong.

Whatever a user can do wrong ends in one line on standard error, `mnemon: ...`, and exit status 2; interrupted in 130.
The subcommands import what they need when they run, so that help and version come at once.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from .._version import __version__
from ..errors import MnemonError
from ._diagnose import diagnose
from ._evaluate import evaluate
from ._fit import fit
from ._forecast import forecast
from ._generate import generate
from ._list import list_
from ._options import option_names
from ._predict import predict
from ._programs import keep_programs
from ._reproduce import reproduce
from ._show import show
from ._stream import stream

UNEXPECTED, WRONG, INTERRUPTED = 1, 2, 130
TRACEBACK = "MNEMON_TRACEBACK"  # set in the environment, an unexpected exception is shown in full


class _Commands(TyperGroup):
    """Words what goes wrong in a subcommand, before typer does it in its own way."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _complain("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except MnemonError as problem:
            command = self.commands.get(ctx.invoked_subcommand)
            _complain(option_names(str(problem), command) if command else str(problem))
            raise typer.Exit(WRONG) from None


app = typer.Typer(
    cls=_Commands,
    help="Recurrent neural networks that must remember: train, judge and use them on sequences, and reproduce what was "
    "published of them.",
    epilog="mnemon COMMAND --help tells more. The same in Python: mnemon.SequenceClassifier, SequenceRegressor, "
    "SequenceLabeler, SequencePredictor and Forecaster.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for command in (fit, evaluate, diagnose, predict, forecast, stream, generate, show, reproduce, list_):
    app.command(command.__name__.rstrip("_"), no_args_is_help=False)(command)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"mnemon {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _mnemon(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line `arguments` (by default the program's own), and exit."""
    keep_programs()
    sys.exit(_run(list(sys.argv[1:] if arguments is None else arguments)))


def _run(words: list[str]) -> int:
    """The exit status of a command line."""
    try:
        with _warnings_as_lines():
            status = app(words, prog_name="mnemon", standalone_mode=False, obj=words)
        sys.stdout.flush()
        return status or 0
    except BrokenPipeError:  # who read the output has gone; Python would say so once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNEXPECTED
    except OSError as problem:
        what = problem.strerror or str(problem)
        _complain(f"{problem.filename}: {what}" if problem.filename else what)
        return WRONG
    except Exception as problem:
        if hasattr(problem, "format_message"):  # of typer's parser, whose exceptions have no public base
            _complain(_usage(problem))
            return WRONG
        if os.environ.get(TRACEBACK):
            raise
        said = " ".join(str(problem).split())
        _complain(f"unexpected {type(problem).__name__}: {said} (set {TRACEBACK}=1 to see where; please report it)")
        return UNEXPECTED


def _complain(words: str) -> None:
    print(f"mnemon: {words}", file=sys.stderr)


def _usage(problem: Any) -> str:
    """A mistake in the command line itself, with a close name where there is one, and where help is."""
    said = problem.message if getattr(problem, "possibilities", None) else problem.format_message()
    said = said[:1].lower() + said[1:].rstrip(".")
    close = list(getattr(problem, "possibilities", None) or [])
    hint = f". Did you mean {close[0]!r}?" if close else ""
    place = problem.ctx.command_path if getattr(problem, "ctx", None) else "mnemon"
    return f"{' '.join(said.split())}{hint} ({place} --help tells more)"


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Warnings of the library in the form of everything else that is said on standard error."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        _complain(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show  # pyright: ignore[reportAttributeAccessIssue]
        yield
