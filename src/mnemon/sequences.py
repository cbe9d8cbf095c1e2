"""`Sequences`: the one container for collections of sequences of unequal length.

All steps of all sequences stand one after another in one array, with a vector of lengths beside it: cheap to index,
to pad, to send to another process. scikit-learn's splitters and searches take it for an array of n samples.
"""

from collections.abc import Iterable, Iterator
from types import EllipsisType
from typing import Any, Self, SupportsIndex, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from mnemon import _intake, _symbols
from mnemon._buckets import length_buckets as length_buckets
from mnemon._indexing import OutOfRange as OutOfRange
from mnemon._indexing import resolve
from mnemon._statistics import mean_and_deviation
from mnemon.errors import InvalidInput, InvalidType, raise_together


class Sequences:
    """n sequences of unequal length: floats `(time, channels)`, or symbols `(time,)` of an alphabet.

    Values are copied in and read-only. Floats keep their dtype, integers become float64.

    - `values`: a list of `(time, channels)` arrays (a 1-D array is one channel), one array
      `(sequences, time, channels)`, or `(sequences, time)` of one channel. With `alphabet`: integer codes, a list of
      `(time,)` arrays or one array `(sequences, time)`.
    - `layout`: "channels_first" where the arrays are `(channels, time)` or `(sequences, channels, time)`; never
      guessed. By default channels come last, with a `UserWarning` where all sequences are equally long and have at
      least 8 channels and more than twice as many channels as steps: they are probably transposed. "channels_last"
      says so explicitly and silences the warning.
    - `lengths`: `(n,)` integers, where `values` is one array padded at the ends.
    - `alphabet`: the symbols, different strings, that the codes `0 .. len(alphabet) - 1` stand for.
    - `boundaries`: a bool array `(time,)` a sequence (or one padded array `(n, time)`), True where a step ends a
      segment.
    - `allow_nan`: keep NaN as a missing value; infinity is refused always.

    Raises `InvalidInput` or `InvalidType`, naming sequence, step and channel: for an empty collection, empty sequences,
    differing channels, values that are not finite or no numbers, wrong shapes, lengths or boundaries.
    """

    __hash__ = None  # type: ignore[assignment]  # compared by value

    def __init__(
        self,
        values: Any,
        *,
        layout: str | None = None,
        lengths: ArrayLike | None = None,
        alphabet: Iterable[str] | None = None,
        boundaries: Any = None,
        allow_nan: bool = False,
    ):
        if isinstance(values, Sequences):
            raise InvalidType("Sequences: these are Sequences already; as_sequences(X) takes both")
        symbols = None if alphabet is None else _symbols.check_alphabet(alphabet)
        flat, counts = _intake.gather(
            values,
            layout=layout,
            lengths=lengths,
            symbols=symbols is not None,
            allow_nan=allow_nan,
            name="Sequences",
        )
        if symbols is not None:
            if flat.shape[1] != 1:
                raise InvalidInput(f"Sequences: with an alphabet, expected (time,) codes, got {flat.shape[1]} channels")
            flat = flat[:, 0]
            raise_together(_symbols.find_foreign_codes(flat, counts, len(symbols)), "Sequences")
        marks = None if boundaries is None else _intake.gather_boundaries(boundaries, counts, "Sequences")
        self._set(flat, counts, symbols, marks)

    def _set(
        self,
        values: np.ndarray,
        lengths: np.ndarray,
        alphabet: tuple[str, ...] | None,
        boundaries: np.ndarray | None,
    ) -> None:
        self._values = values
        self._lengths = lengths.astype(np.int64, copy=False)
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._alphabet = alphabet
        self._boundaries = boundaries
        for array in (values, self._lengths, self._starts, boundaries):
            if array is not None:
                array.flags.writeable = False

    @classmethod
    def _trusted(cls, *parts: Any) -> Self:
        """From parts that are known to be right."""
        self = cls.__new__(cls)
        self._set(*parts)
        return self

    def __reduce__(self):
        return type(self)._trusted, (self._values, self._lengths, self._alphabet, self._boundaries)

    @classmethod
    def from_strings(
        cls, strings: Iterable[Any], alphabet: Iterable[str] | None = None, *, boundaries: Any = None
    ) -> Self:
        """From strings, or lists of strings (each a symbol), over `alphabet`.

        Without an alphabet, the symbols that occur, sorted, are the alphabet. Raises `InvalidInput` that names sequence
        and position of each symbol outside the alphabet, and empty strings.
        """
        codes, lengths, symbols = _symbols.gather_strings(strings, alphabet, "Sequences")
        marks = None if boundaries is None else _intake.gather_boundaries(boundaries, lengths, "Sequences")
        return cls._trusted(codes, lengths, symbols, marks)

    @classmethod
    def from_concatenated(
        cls,
        values: ArrayLike,
        lengths: ArrayLike,
        *,
        alphabet: Iterable[str] | None = None,
        boundaries: ArrayLike | None = None,
        allow_nan: bool = False,
    ) -> Self:
        """From all steps one after another, `(total_time, channels)` (or `(total_time,)`), and lengths `(n,)`.

        `boundaries` is one bool array `(total_time,)`. Raises `InvalidInput` as the constructor does.
        """
        values = np.asarray(values)
        counts = _intake.check_lengths(lengths, None, None, "Sequences")
        if values.ndim not in (1, 2) or len(values) != counts.sum():
            raise InvalidInput(
                f"Sequences: lengths sum to {counts.sum()} steps, values have shape {values.shape}; "
                "expected (total_time, channels)"
            )
        cuts = np.cumsum(counts)[:-1]
        marks = None if boundaries is None else np.asarray(boundaries)
        if marks is not None and marks.shape != (len(values),):
            raise InvalidInput(f"Sequences: boundaries: expected shape ({len(values)},), got {marks.shape}")
        return cls(
            np.split(values, cuts),
            layout="channels_last",
            alphabet=alphabet,
            boundaries=None if marks is None else np.split(marks, cuts),
            allow_nan=allow_nan,
        )

    @classmethod
    def concatenate(cls, parts: Iterable["Sequences"]) -> Self:
        """All sequences of several collections, in order.

        Raises `InvalidInput` where channels or alphabets differ, or only some parts have boundaries.
        """
        parts = list(parts)
        if not parts:
            raise InvalidInput("Sequences.concatenate: nothing to concatenate")
        if other := [i for i, part in enumerate(parts) if not isinstance(part, Sequences)]:
            raise InvalidType(f"Sequences.concatenate: part {_intake.listing(other)}: expected Sequences")
        problems = []
        for what in ("alphabet", "n_channels"):
            found = [getattr(part, what) for part in parts]
            if wrong := [f"{f} in part {i}" for i, f in enumerate(found) if f != found[0]]:
                problems.append(f"{what} differs: {found[0]} in part 0, {_intake.listing(wrong)}")
        marks = [part._boundaries for part in parts if part._boundaries is not None]
        if len(marks) not in (0, len(parts)):
            problems.append("some parts have boundaries and some have none")
        raise_together(problems, "Sequences.concatenate")
        return cls._trusted(
            np.concatenate([part._values for part in parts]),
            np.concatenate([part._lengths for part in parts]),
            parts[0]._alphabet,
            np.concatenate(marks) if marks else None,
        )

    # --- what there is ----------------------------------------------------------------------------------------------

    @property
    def lengths(self) -> np.ndarray:
        """Number of steps of each sequence, `(n,)`."""
        return self._lengths

    @property
    def alphabet(self) -> tuple[str, ...] | None:
        """The symbols, or None for numbers."""
        return self._alphabet

    @property
    def n_channels(self) -> int:
        """Number of channels; for symbols the size of the alphabet."""
        return self._values.shape[1] if self._alphabet is None else len(self._alphabet)

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the values."""
        return self._values.dtype

    @property
    def shape(self) -> tuple[int]:
        """`(n,)`, as of an array of n objects: what scikit-learn asks for to count and to index samples."""
        return (len(self),)

    @property
    def values(self) -> np.ndarray:
        """All steps one after another, read-only: `(total_time, channels)`, or codes `(total_time,)`."""
        return self._values

    @property
    def boundaries(self) -> list[np.ndarray] | None:
        """For each sequence `(time,)` bools, True where a step ends a segment; None where none were given."""
        if self._boundaries is None:
            return None
        return [self._boundaries[start : start + length] for start, length in zip(self._starts, self._lengths)]

    @property
    def flat_boundaries(self) -> np.ndarray | None:
        """The boundaries of all sequences one after another, `(total_time,)`."""
        return self._boundaries

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequences):
            return NotImplemented
        return (
            self._alphabet == other._alphabet
            and np.array_equal(self._lengths, other._lengths)
            and np.array_equal(self._values, other._values, equal_nan=self._alphabet is None)
            and _same_marks(self._boundaries, other._boundaries)
        )

    def __repr__(self) -> str:
        kind = "channel" if self._alphabet is None else "symbol"
        parts = [_count(len(self), "sequence"), _count(self.n_channels, kind)]
        if len(self):
            low, high = self._lengths.min(), self._lengths.max()
            parts.append(f"{low}-{high} steps" if low < high else _count(low, "step"))
        if self._boundaries is not None:
            parts.append("with boundaries")
        return f"Sequences({', '.join(parts)})"

    # --- choosing sequences -----------------------------------------------------------------------------------------

    @overload
    def __getitem__(self, key: SupportsIndex) -> np.ndarray: ...
    @overload
    def __getitem__(self, key: slice | list | np.ndarray) -> Self: ...
    @overload
    def __getitem__(self, key: tuple[Any, EllipsisType]) -> Any: ...
    def __getitem__(self, key: Any) -> Any:
        """One sequence as an array (read-only), or the chosen ones as `Sequences`.

        `key` is an integer, a slice, integers, or n booleans; `X[key, ...]` is the same as `X[key]`. Raises
        `OutOfRange` (an `IndexError`) for an index or a mask that does not fit, `InvalidType` for anything else.
        """
        if isinstance(key, tuple):
            if len(key) != 2 or key[1] is not Ellipsis:
                raise InvalidType(f"Sequences have one axis; index as X[i], X[indices] or X[indices, ...], got {key!r}")
            key = key[0]
        chosen = resolve(key, len(self))
        if chosen.ndim == 0:
            start = self._starts[chosen]
            return self._values[start : start + self._lengths[chosen]]
        return self._take(chosen)

    def _take(self, chosen: np.ndarray) -> Self:
        lengths = self._lengths[chosen]
        ahead = np.cumsum(lengths) - lengths
        steps = np.repeat(self._starts[chosen] - ahead, lengths) + np.arange(lengths.sum())
        marks = None if self._boundaries is None else self._boundaries[steps]
        return self._trusted(self._values[steps], lengths, self._alphabet, marks)

    # --- ways out ---------------------------------------------------------------------------------------------------

    def pad(
        self, indices: Any = None, *, length: int | None = None, dtype: DTypeLike = np.float32
    ) -> tuple[np.ndarray, np.ndarray]:
        """One array for the chosen (by default all) sequences, with zeros after each end; symbols are one-hot.

        Returns: values `(n, time, channels)` and lengths `(n,)`, where time is `length` or the longest chosen.

        Raises `InvalidInput` where `length` is too short, or values are too large for `dtype`.
        """
        chosen, inside = self._within(indices, length)
        padded = np.zeros((*inside.shape, self.n_channels), dtype=dtype)
        if self._alphabet is not None:
            padded[(*np.nonzero(inside), chosen._values)] = 1
            return padded, chosen._lengths
        try:
            with np.errstate(over="raise"):
                padded[inside] = chosen._values
        except FloatingPointError:
            largest = np.nanmax(np.abs(chosen._values))
            raise InvalidInput(
                f"Sequences: values up to {largest:.3g} exceed {padded.dtype}; scale them, or use float64"
            ) from None
        return padded, chosen._lengths

    def pad_boundaries(self, indices: Any = None, *, length: int | None = None) -> np.ndarray:
        """The boundaries, padded as `pad` does: `(n, time)` bools, False after each end.

        Raises `InvalidInput` where there are none, or `length` is too short.
        """
        if self._boundaries is None:
            raise InvalidInput("Sequences: no boundaries were given; pass Sequences(values, boundaries=...)")
        chosen, inside = self._within(indices, length)
        padded = np.zeros(inside.shape, dtype=bool)
        padded[inside] = chosen._boundaries
        return padded

    def _within(self, indices: Any, length: int | None) -> tuple["Sequences", np.ndarray]:
        """The chosen sequences, and which steps `(n, time)` of a padded array they fill."""
        chosen = self if indices is None else self._take(np.atleast_1d(resolve(indices, len(self))))
        longest = int(chosen._lengths.max(initial=0))
        steps = longest if length is None else length
        if steps < longest:
            raise InvalidInput(f"Sequences: length {steps} is too short for a sequence of {_count(longest, 'step')}")
        return chosen, np.arange(steps) < chosen._lengths[:, np.newaxis]

    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (of the population) of each channel over all steps, float64 `(channels,)`.

        A constant channel has its value as mean and exactly 0 as deviation. Missing values are left out; symbols count
        as one-hot. Raises `InvalidInput` where there is no sequence.
        """
        if not len(self):
            raise InvalidInput("Sequences: no sequence, so no statistics")
        if self._alphabet is None:
            return mean_and_deviation(self._values)
        mean = np.bincount(self._values, minlength=self.n_channels) / len(self._values)
        return mean, np.sqrt(mean * (1 - mean))

    def strings(self) -> list[Any]:
        """Symbols as they came: strings, or tuples of strings where a symbol has more than one character.

        Raises `InvalidInput` for numbers.
        """
        if self._alphabet is None:
            raise InvalidInput("Sequences: these are numbers, not symbols")
        return _symbols.spell(self, self._alphabet)


def as_sequences(
    X: Any,
    *,
    layout: str | None = None,
    lengths: ArrayLike | None = None,
    alphabet: Iterable[str] | None = None,
    strings: bool = False,
    allow_nan: bool = False,
    name: str = "X",
) -> Sequences:
    """`X` as `Sequences`, whatever a user of scikit-learn may pass.

    - `X`: `Sequences`, a list of arrays, an array `(sequences, time, channels)` or `(sequences, time)`, a data frame
      (a row is a series of one channel), or strings.
    - `layout`, `lengths`, `allow_nan`: as for `Sequences`.
    - `alphabet`: the symbols expected; strings and codes are read by it, `Sequences` over other symbols recoded.
    - `strings`: take strings also without an alphabet; otherwise they are an error.
    - `name`: how messages call `X`.

    Raises `InvalidInput` or `InvalidType` as `Sequences` does.
    """
    wanted = None if alphabet is None else _symbols.check_alphabet(alphabet)
    if isinstance(X, Sequences):
        return _check_sequences(X, layout, lengths, wanted, allow_nan, name)
    try:
        if (strings or wanted is not None) and _symbols.strings_in(X):
            return Sequences.from_strings(X, wanted)
        return Sequences(X, layout=layout, lengths=lengths, alphabet=wanted, allow_nan=allow_nan)
    except (InvalidInput, InvalidType) as error:
        raise type(error)(f"{name}: {str(error).removeprefix('Sequences: ')}") from None


def _check_sequences(
    X: Sequences, layout: Any, lengths: Any, alphabet: tuple[str, ...] | None, allow_nan: bool, name: str
) -> Sequences:
    if layout is not None or lengths is not None:
        raise InvalidInput(f"{name}: layout and lengths belong to plain arrays; these are Sequences already")
    if not len(X):
        raise InvalidInput(f"{name}: Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is required.")
    raise_together(_intake.find_non_finite(X.values, X.lengths, allow_nan), name)
    if alphabet is None or X.alphabet == alphabet:
        return X
    if X.alphabet is None:
        raise InvalidInput(f"{name}: expected symbols of {alphabet}, got numbers")
    codes = _symbols.recode(X.values, X.alphabet, alphabet, name)
    return Sequences._trusted(codes, X.lengths, alphabet, X.flat_boundaries)


def _same_marks(ours: np.ndarray | None, theirs: np.ndarray | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return np.array_equal(ours, theirs)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
