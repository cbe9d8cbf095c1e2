"""What the subcommands share: arguments, files that may be written, parameters called by their options."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

FILES = "Files"

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model that mnemon fit wrote.", show_default=False)]
Data = Annotated[str, typer.Argument(metavar="DATA", help="Sequences, in a file or a folder.", show_default=False)]
Report = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Write an HTML report that needs no other file.", rich_help_panel=FILES),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.", rich_help_panel=FILES)]


def check_targets(targets: dict[str, str | None], sources: dict[str, str | None], *, force: bool) -> None:
    """Refuse files that cannot be written, before any work is done for them.

    Args:
        targets: files to write, by what they hold; None is none.
        sources: files that are read; none of them may be written.
        force: files may be there already.

    Raises:
        InvalidInput: naming all of them.

    """
    from .._files import refuse_path
    from ..errors import InvalidInput, raise_together

    problems, seen = [], {Path(path).resolve(): what for what, path in sources.items() if path is not None}
    for what, path in targets.items():
        if path is None:
            continue
        place = Path(path).resolve()
        if place in seen:
            problems.append(f"{path}: would be the {what} and the {seen[place]}; give another name")
        elif place.is_file() and not force:
            problems.append(f"{path} exists: choose another name for the {what}, or say --force to replace it")
        else:
            try:
                refuse_path(path, what, overwrite=True)
            except InvalidInput as problem:
                problems.append(str(problem))
        seen[place] = what
    if len(problems) == 1:
        raise InvalidInput(problems[0])
    raise_together(problems, "files to write")


def given_on(ctx: typer.Context) -> set[str]:
    """The parameters that were named on the command line, and did not fall to their defaults."""
    sources = {name: ctx.get_parameter_source(name) for name in ctx.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


def at_least(option: str, number: int | None, least: int) -> None:
    """Refuse a number that is too small; None is none."""
    from ..errors import InvalidInput

    if number is not None and number < least:
        raise InvalidInput(f"{option} {number}: expected at least {least}")


def option_names(message: str, command: Any) -> str:
    """A message of an estimator on its parameters, `units=0: ...`, with the options of `command`: `--units 0: ...`."""
    options = {p.name: p.opts[0] for p in command.params if p.opts[0].startswith("--")}

    def renamed(found: re.Match[str]) -> str:
        before, name, sign = found.groups(default="")
        return f"{before}{options[name]}{':' if sign == ':' else ' '}" if name in options else found.group()

    message = re.sub(r"^(?:Sequence[A-Z]\w+|Forecaster): ", "", message)
    return re.sub(r"^(  - )?(\w+)([=:])", renamed, message, flags=re.MULTILINE)
