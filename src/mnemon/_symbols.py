"""Reading strings of symbols into integer codes, with every mistake named."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from mnemon._intake import listing
from mnemon.errors import InvalidInput, InvalidType, raise_together


def strings_in(values: Any) -> bool:
    """Whether `values` is a collection of strings, or of lists of strings."""
    if isinstance(values, np.ndarray) and (values.ndim == 1 or values.dtype.kind in "US"):
        values = values.tolist()
    if not isinstance(values, (list, tuple)) or not values:
        return False
    return all(isinstance(v, str) or (isinstance(v, (list, tuple)) and v and isinstance(v[0], str)) for v in values)


def gather_strings(strings: Any, alphabet: Any, name: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """The codes of all symbols of all strings one after another `(total_time,)`, the lengths `(n,)`, the alphabet."""
    if isinstance(strings, (str, bytes)) or not isinstance(strings, Iterable):
        raise InvalidType(f"{name}: expected a list of strings, got {type(strings).__name__}")
    strings = list(strings)
    if not strings:
        raise InvalidInput(f"{name}: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required.")
    problems = []
    if other := [i for i, s in enumerate(strings) if not _is_string(s)]:
        raise InvalidInput(f"{name}: expected strings, or lists of string symbols; not so in sequence {listing(other)}")
    if empty := [i for i, s in enumerate(strings) if len(s) == 0]:
        problems.append(f"no symbols in sequence {listing(empty)}; leave empty sequences out")
    used = set().union(*strings)
    symbols = tuple(sorted(used)) if alphabet is None else check_alphabet(alphabet)
    known = set(symbols)
    if not used <= known:
        places = (
            f"{symbol!r} in sequence {i} (position {t})"
            for i, s in enumerate(strings)
            for t, symbol in enumerate(s)
            if symbol not in known
        )
        problems.append(f"symbols outside the alphabet {symbols}: {listing(places)}")
    raise_together(problems, name)
    return _encode(strings, symbols), np.array([len(s) for s in strings]), symbols


def _encode(strings: list[Any], symbols: tuple[str, ...]) -> np.ndarray:
    """The codes of all symbols of all strings one after another; long texts in one go, by their code points."""
    if all(isinstance(s, str) for s in strings):
        points = np.frombuffer("".join(strings).encode("utf-32-le", "surrogatepass"), "<u4")
        code_of = np.zeros(int(points.max()) + 1, np.int32)
        for k, symbol in enumerate(symbols):
            if len(symbol) == 1 and ord(symbol) < len(code_of):
                code_of[ord(symbol)] = k
        return code_of[points]
    code = {symbol: k for k, symbol in enumerate(symbols)}
    return np.array([code[symbol] for s in strings for symbol in s], dtype=np.int32)


def _is_string(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, (list, tuple, np.ndarray)) and all(isinstance(symbol, str) for symbol in value)
    )


def check_alphabet(alphabet: Any) -> tuple[str, ...]:
    """`alphabet` as a tuple of different strings."""
    symbols = tuple(alphabet)
    if not symbols or not all(isinstance(symbol, str) for symbol in symbols):
        raise InvalidType(f"alphabet: expected strings, got {symbols!r}")
    if twice := [symbol for symbol, count in Counter(symbols).items() if count > 1]:
        raise InvalidInput(f"alphabet: named twice: {listing(map(repr, twice))}")
    return symbols


def find_foreign_codes(flat: np.ndarray, lengths: np.ndarray, size: int) -> list[str]:
    """A problem that names the codes outside `0 .. size - 1`."""
    bad = np.flatnonzero((flat < 0) | (flat >= size))
    if not bad.size:
        return []
    starts = np.cumsum(lengths) - lengths
    of = np.searchsorted(starts, bad, side="right") - 1
    places = (f"{flat[b]} in sequence {i} (step {b - starts[i]})" for b, i in zip(bad, of))
    return [f"codes outside 0 to {size - 1}: {listing(places)}"]


def recode(codes: np.ndarray, alphabet: tuple[str, ...], wanted: tuple[str, ...], name: str) -> np.ndarray:
    """`codes` of one alphabet as codes of another that has all the symbols in use."""
    code = {symbol: k for k, symbol in enumerate(wanted)}
    used = {alphabet[k] for k in np.unique(codes)}
    if foreign := sorted(used - code.keys()):
        raise InvalidInput(f"{name}: symbols outside the alphabet {wanted}: {listing(map(repr, foreign))}")
    return np.array([code.get(symbol, -1) for symbol in alphabet], dtype=codes.dtype)[codes]


def spell(sequences: Iterable[np.ndarray], alphabet: tuple[str, ...]) -> list[Any]:
    """Codes as strings, or as tuples where a symbol has more than one character."""
    symbols = np.array(alphabet, dtype=object)
    join = "".join if all(len(symbol) == 1 for symbol in alphabet) else tuple
    return [join(symbols[codes]) for codes in sequences]
