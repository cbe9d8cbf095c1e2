"""`mnemon generate`: a model of what follows goes on writing by itself."""

import sys
from enum import Enum
from typing import Annotated, Any

import typer

from ._options import Model, at_least


class Form(Enum):
    """How what was written is written down."""

    text = "text"
    csv = "csv"


def generate(
    model: Model,
    prompt: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What to go on from; - reads it from standard input. Words have spaces."),
    ] = None,
    prompt_data: Annotated[
        str | None,
        typer.Option(metavar="DATA", help="Sequences of vectors; the first of them is what to go on from."),
    ] = None,
    length: Annotated[int, typer.Option(metavar="N", help="Symbols, or vectors, to write.")] = 100,
    temperature: Annotated[
        float, typer.Option(metavar="T", help="Below 1 more sure, above 1 more daring; 0: always the likeliest.")
    ] = 1.0,
    top_k: Annotated[
        int | None, typer.Option(metavar="K", help="Draw from the so many likeliest symbols only.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="The same seed, the same text; without it another each time.")
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", help="text, for symbols only; or csv, a row for each.", show_default="text; vectors csv"
        ),
    ] = None,
) -> None:
    """Write on with a model of --task predict-next: each symbol, or vector, that it writes is what it reads next.

    What was given to go on from is not repeated.
    """
    from ..errors import InvalidInput
    from ._inputs import load_model

    writer = load_model(model, tasks=("predict-next",), why="can write")
    at_least("--length", length, 1)
    at_least("--top-k", top_k, 1)
    at_least("--seed", seed, 0)
    if not 0 <= temperature < float("inf"):
        raise InvalidInput(f"--temperature {temperature}: expected a number of at least 0")
    if writer.alphabet_ is None:
        if prompt is not None or prompt_data is None:
            raise InvalidInput("this model writes vectors: give it some to go on from, with --prompt-data DATA")
        if form is Form.text:
            raise InvalidInput("--format text: this model writes vectors; leave it out, or say csv")
        if top_k is not None:
            raise InvalidInput(f"--top-k {top_k}: this model writes vectors, which are not drawn")
        _write_vectors(writer, prompt_data, length)
        return
    if prompt_data is not None:
        raise InvalidInput("--prompt-data is for models of vectors; this one writes symbols: --prompt TEXT")
    if top_k is not None and top_k > len(writer.alphabet_):
        raise InvalidInput(f"--top-k {top_k}: expected 1 to {len(writer.alphabet_)}, the symbols there are")
    begun = sys.stdin.read() if prompt == "-" else prompt
    written = writer.generate(
        _symbols(begun, writer.alphabet_), length, temperature=temperature, top_k=top_k, random_state=seed
    )
    _write_symbols(written, form)


def _symbols(text: str | None, alphabet: tuple[str, ...]) -> Any:
    """A prompt as the model reads it; refused where it holds what the model does not know."""
    from ..errors import InvalidInput

    if text is None:
        return None
    words = any(len(symbol) > 1 for symbol in alphabet)
    symbols = _words(text, alphabet) if words else list(text)
    if not words and symbols[-1:] == ["\n"] and "\n" not in alphabet:
        symbols.pop()  # the end of what a shell hands over
    if not symbols:
        raise InvalidInput("--prompt: nothing to go on from; leave it out")
    if foreign := [symbol for symbol in dict.fromkeys(symbols) if symbol not in alphabet]:
        some = ", ".join(map(repr, foreign[:5])) + ", ..." * (len(foreign) > 5)
        raise InvalidInput(f"--prompt: the model does not know {some}")
    return symbols


def _words(text: str, alphabet: tuple[str, ...]) -> list[str]:
    """The words of a prompt; those that are none of the alphabet are taken apart as a text is, or are unknown."""
    from ..data import UNKNOWN, words

    parts = [part for word in text.split() for part in ([word] if word in alphabet else words(word))]
    return [part if part in alphabet or UNKNOWN not in alphabet else UNKNOWN for part in parts]


def _write_symbols(written: Any, form: Form | None) -> None:
    from ..report import written as as_text
    from ._lines import as_csv

    if form is Form.csv:
        sys.stdout.writelines(as_csv(["step", "symbol"], [], (([k, s], None) for k, s in enumerate(written))))
        return
    print(as_text(written))


def _write_vectors(writer: Any, path: str, length: int) -> None:
    from ._answers import value_columns
    from ._inputs import in_file
    from ._lines import as_csv
    from ._reading import data_for

    data = data_for(writer, path)
    with in_file(path):
        rows = writer.generate(data.X[0], length)
    sys.stdout.writelines(
        as_csv(["step", *value_columns(writer)], [], (([k, *v], None) for k, v in enumerate(rows.tolist())))
    )
