"""Frames of a stream of text: lines of numbers, symbols, or single characters."""

import io
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from ..errors import InvalidInput


def lines_of(text: TextIO) -> Iterator[tuple[int, str | None]]:
    """The lines, counted from 1; None for an empty one, which ends a sequence."""
    _tolerate(text)
    for number, line in enumerate(iter(text.readline, ""), 1):
        frame = line.rstrip("\r\n")
        yield number, frame or None


def characters_of(text: TextIO, alphabet: tuple[str, ...]) -> Iterator[tuple[int, str | None]]:
    """The characters, each with the number of its line.

    The end of a line is a character like any other where the alphabet has it; where not, it is left out, and an empty
    line ends a sequence.
    """
    _tolerate(text)
    known, number, empty = "\n" in alphabet, 1, True
    for character in iter(lambda: text.read(1), ""):
        if character == "\n":
            if known:
                yield number, character
            elif empty:
                yield number, None
            number, empty = number + 1, True
        elif character != "\r" or "\r" in alphabet:
            empty = False
            yield number, character


def reader_of(model: Any) -> Callable[[str], Any]:
    """From the text of a frame to the frame that a model reads."""
    return _numbers if model.alphabet_ is None else str


def _numbers(text: str) -> list[float]:
    """Numbers with commas or white space between them; nothing between two commas is a missing value."""
    parts = [part.strip() or "nan" for part in text.split(",")] if "," in text else text.split()
    try:
        return [float(part) for part in parts]
    except ValueError:
        raise InvalidInput(f"expected numbers with commas or white space between them, got {text[:60]!r}") from None


def _tolerate(text: TextIO) -> None:
    """Bytes that are no text become characters that are no number and no symbol."""
    if isinstance(text, io.TextIOWrapper):
        text.reconfigure(errors="replace")
