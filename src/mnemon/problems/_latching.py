"""Information latching: whether a string begins with the keyword is to be known at its end.

The class is decided by the first letters of a string; what follows is noise over which the decision must be held:

    class 1:  k_1 ... k_L r_1 ... r_(T-L)      k: the keyword, the same in all strings;  r: random letters
    class 0:  r_1 ................... r_T

Y. Bengio, P. Simard and P. Frasconi, IEEE Trans. Neural Networks 5(2):157-166, 1994, doi:10.1109/72.279181, ask for
information to be latched; in this form J. Chen and N. Chaudhari, IEEE Trans. Neural Networks 20(8):1267-1280, 2009,
doi:10.1109/TNN.2009.2022980, and S. Gluege, R. Boeck and A. Wendemuth, NCTA 2012, pp. 451-456: L = 50, T = 60 ... 130.

The papers give the letters, L and T. Settled here: half of the strings are of each class (one more of class 0 where
their number is odd), in random order, and the keyword is drawn once, from the problem's own `keyword` number, so that
all networks of an experiment are asked for the same one.
"""

import string
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput
from ..sequences import Sequences
from ._problem import Sample, check_count


@dataclass(frozen=True)
class Latching:
    """Strings of letters, of which half begin with a keyword; the target is 1 for these, else 0, at the end.

    Args:
        length: letters of a string, T.
        keyword_length: letters of the keyword, L.
        keyword: which keyword, a number.

    Raises:
        InvalidInput: strings that are shorter than the keyword, or an empty keyword.

    Example:
        >>> import jax
        >>> from mnemon.problems import Latching
        >>> sample = Latching(60).sample(jax.random.key(0), 50)
        >>> len(sample.xs), int(sample.targets.sum())
        (50, 25)

    """

    length: int
    keyword_length: int = 50
    keyword: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.keyword_length <= self.length:
            raise InvalidInput(
                f"Latching: a keyword of {self.keyword_length} letters does not fit strings of {self.length}; expected "
                "1 <= keyword_length <= length"
            )

    @property
    def input_size(self) -> int:
        """One input a letter."""
        return len(string.ascii_lowercase)

    @property
    def output_size(self) -> int:
        """One."""
        return 1

    @property
    def longest(self) -> int:
        """All strings have one length."""
        return self.length

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "S. Gluege, R. Boeck and A. Wendemuth, NCTA 2012, pp. 451-456"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` strings, targets (n, 1).

        Raises:
            InvalidInput: fewer than one.

        """
        check_count(self, n)
        letters, order = jax.random.split(key)
        codes = np.array(jax.random.randint(letters, (n, self.length), 0, self.input_size))
        begins = np.array(jax.random.permutation(order, n)) < n // 2
        keyword_key = jax.random.key(self.keyword)
        codes[begins, : self.keyword_length] = jax.random.randint(
            keyword_key, (self.keyword_length,), 0, self.input_size
        )
        return Sample(Sequences(codes, alphabet=string.ascii_lowercase), begins[:, None].astype(np.float64))

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers on the target's side of 0.5."""
        return ((answers > 0.5) == (targets > 0.5)).all(axis=-1)
