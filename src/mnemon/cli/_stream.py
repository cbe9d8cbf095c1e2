"""`mnemon stream`: frames on standard input, an answer after each, at once and in constant memory."""

import sys
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from ._lines import Format, csv_line, json_object
from ._options import Model, given_on
from ._training_options import SOUND

INTERRUPTED = 130


def stream(
    ctx: typer.Context,
    model: Model,
    proba: Annotated[bool, typer.Option("--proba", help="The probability of each class, too.")] = False,
    characters: Annotated[
        bool, typer.Option("--characters", help="Each character is a frame; by default each line is.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="csv, with a head; or json, an object a line.")] = Format.csv,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave frames out that cannot be read, and tell of them.")
    ] = False,
    audio: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Hear a recording, for a model that was trained on some; or, with -, raw samples on standard input: "
            "16-bit little-endian PCM, one channel.",
            rich_help_panel=SOUND,
        ),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(metavar="HZ", help="Of raw samples; without this, the model's own rate.", rich_help_panel=SOUND),
    ] = None,
    every: Annotated[
        float, typer.Option(metavar="MS", help="Milliseconds of sound between two answers.", rich_help_panel=SOUND)
    ] = 100.0,
) -> None:
    """Read frames from standard input, and answer after each what holds of the sequence so far.

    A frame is a line of numbers with commas or white space between them; or a symbol. An empty line ends a sequence,
    and a new one begins. With --audio, sound comes instead, and the answers tell their seconds and probabilities.
    Needs no more memory however long it runs.
    """
    from ..errors import InvalidInput, MnemonError
    from ._answers import WITHOUT_CHANCES, says_chances
    from ._frames import characters_of, lines_of, reader_of
    from ._inputs import load_model

    given = given_on(ctx)
    others = ("rate", "every") if audio is None else ("characters", "skip_bad")
    if foreign := [f"--{name.replace('_', '-')}" for name in others if name in given]:
        raise InvalidInput(f"{', '.join(foreign)}: {'only with' if audio is None else 'not with'} --audio")
    saying = load_model(model)
    if audio is not None:
        from ._listening import listen

        try:
            listen(saying, audio, rate, every, form)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        return
    if proba and not says_chances(saying):
        raise InvalidInput(WITHOUT_CHANCES)
    if characters and saying.alphabet_ is None:
        raise InvalidInput("--characters: this model reads numbers; give a frame a line")
    writer = _Writer(saying, form, proba)
    read: Callable[[str], Any] = reader_of(saying)
    source: Iterator[tuple[int, str | None]] = (
        characters_of(sys.stdin, saying.alphabet_) if characters else lines_of(sys.stdin)
    )
    try:
        for line, frame in source:
            if frame is None:
                writer.end()
                continue
            try:
                writer.push(read(frame))
            except MnemonError as problem:
                if not skip_bad:
                    raise InvalidInput(f"line {line}: {problem}") from None
                print(f"mnemon: line {line}: left out: {problem}", file=sys.stderr, flush=True)
        writer.end()
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


class _Writer:
    """Answers as lines, numbered by sequence and step."""

    def __init__(self, model: Any, form: Format, proba: bool) -> None:
        from ._answers import choice_columns, names_of, says_chances, value_columns

        self._model, self._form, self._proba = model, form, proba
        self._chooses = says_chances(model)
        answer = choice_columns(model) if self._chooses else value_columns(model)
        self._columns = ["sequence", "step", *answer]
        self._classes = names_of(model) if proba else []
        self._stream = model.predict_stream()
        self._sequence = self._step = 0
        if form is Format.csv:
            self._say(csv_line([*self._columns, *self._classes]))

    def push(self, frame: Any) -> None:
        """Read a frame, and write what is said of it, or of an earlier one."""
        said = self._stream.push(frame)
        if said is not None:
            self._answer(said)

    def end(self) -> None:
        """The sequence has ended: write what is still to come; begin anew."""
        if not self._stream.frames:
            return
        for said in self._stream.flush():
            self._answer(said)
        self._stream.reset()
        self._sequence, self._step = self._sequence + 1, 0

    def _answer(self, said: Any) -> None:
        from ._answers import chosen, listed

        values = [self._sequence, self._step, *(chosen(self._model, said) if self._chooses else listed(said))]
        chances = said.tolist() if self._proba else None
        if self._form is Format.csv:
            self._say(csv_line([*values, *(chances or ())]))
        else:
            self._say(json_object(self._columns, self._classes, (values, chances)) + "\n")
        self._step += 1

    def _say(self, line: str) -> None:
        sys.stdout.write(line)
        sys.stdout.flush()
