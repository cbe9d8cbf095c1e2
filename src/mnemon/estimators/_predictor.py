"""Prediction of what comes next: a model of symbol sequences (text) or of vector sequences, and its own writing."""

from dataclasses import dataclass
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import log_softmax, logsumexp, softmax
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput
from ..learning import CrossEntropy, Loss, PopulationCell, SquaredError, StepTargets, Targets, answers, step_answers
from ..sequences import Sequences
from ._base import SequenceEstimator
from ._parameters import whole_problems
from ._pieces import Pieces, next_exists
from ._stream import Stream
from ._writing import FeedSymbol, FeedVector, write


@dataclass(eq=False, repr=False)
class SequencePredictor(SequenceEstimator):
    """A recurrent network that predicts, at every step, the next element of a sequence; it can write sequences itself.

    Symbols (text) are predicted as probabilities of the alphabet, vectors as numbers. Long sequences are cut into
    windows for training; what is told about trained networks (`score`, `perplexity`, probabilities, generated
    sequences) is always of whole sequences, whose memory is never cut.

    Args:
        window: steps of the pieces that sequences are cut into for training; each starts from the initial state.
            None: whole sequences.

    Further parameters, `cell`, `units`, `layers`, `epochs`, `random_state` and so on, and the attributes they leave:
    see `SequenceEstimator`. `bidirectional` must be False: a predictor that sees what comes has nothing to predict.

    Attributes:
        alphabet_: the symbols; None for vectors.

    Example:
        >>> from mnemon import SequencePredictor
        >>> predictor = SequencePredictor(units=16, epochs=60, dropout=0.0, random_state=0).fit(["abcabcabcabc"] * 20)
        >>> predictor.generate("ab", 4, temperature=0)
        'cabc'

    """

    window: int | None = 100

    _averaged = "predictions"
    _reads_strings = True

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, validation_data: Any = None, groups: Any = None
    ) -> Self:
        """Train from the beginning (with `warm_start`, go on).

        Args:
            X: strings (or lists of words), or sequences of vectors as for the other estimators; each of at least 2
                elements.
            y: not used: what comes next is in the sequences.
            sample_weight: (n,) what each sequence counts.
            validation_data: sequences to judge by after each epoch, in windows too.
            groups: None; windows are held out, so that whole groups have to come as `validation_data`.

        Raises:
            InvalidInput: parameters or data that cannot be used; all problems of one kind together.

        """
        if groups is not None:
            raise InvalidInput("groups: windows of sequences are held out here; give whole groups as validation_data")
        return super().fit(X, y, sample_weight, validation_data)

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """One more epoch on these sequences, with the optimiser's memory; also after `mnemon.load`."""
        return super().partial_fit(X, y, sample_weight)

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, symbols) probabilities of the symbol that follows each sequence, in the order of `alphabet_`.

        Raises:
            InvalidInput: data that cannot be used; or vectors, which have no probabilities.
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        self._need_symbols("predict_proba")
        return self._meaning(self._at_end(X))

    def predict(self, X: Any) -> np.ndarray:
        """What follows each sequence: (n,) the most probable symbols, or (n, channels) vectors."""
        check_is_fitted(self, "population_")
        said = self._meaning(self._at_end(X))
        return said if self.alphabet_ is None else np.asarray(self.alphabet_)[said.argmax(axis=1)]

    def predict_steps(self, X: Any) -> list[np.ndarray]:
        """For each sequence what was predicted after each of its steps: (time, symbols) probabilities, or vectors."""
        check_is_fitted(self, "population_")
        xs = self._readable(self._check_X(X, fitted=True))
        with self._precise():
            return [self._meaning(said) for said in step_answers(self.population_, xs)]

    def score(self, X: Any, y: Any = None) -> float:
        """How well the next elements are predicted: symbols: the mean log-probability of what came, in nats a symbol;
        vectors: R squared. The first element of a sequence is not judged.
        """
        check_is_fitted(self, "population_")
        xs = self._check_X(X, fitted=True)
        next_exists(xs)
        with self._precise():
            said = step_answers(self.population_, self._readable(xs))
        if self.alphabet_ is not None:
            nats = [_log_probabilities(one)[np.arange(len(x) - 1), x[1:]] for one, x in zip(said, xs) if len(x) > 1]
            return float(np.concatenate(nats).mean())
        came = np.concatenate([x[1:] for x in xs])
        told = np.concatenate([self._meaning(one)[:-1] for one in said])
        known = ~np.isnan(came).any(axis=1)
        return float(r2_score(came[known], told[known]))

    def perplexity(self, X: Any) -> float:
        """Exp of the mean negative log-probability a symbol: of how many equally likely symbols it could not tell.

        Raises:
            InvalidInput: vectors, which have no perplexity.

        """
        check_is_fitted(self, "population_")
        self._need_symbols("perplexity")
        return float(np.exp(-self.score(X)))

    def generate(
        self,
        prompt: Any = None,
        length: int = 100,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        random_state: Any = None,
    ) -> Any:
        """Go on writing after `prompt`: each element that comes is fed back as the next input.

        Args:
            prompt: a string, a list of symbols, or a (time, channels) array. None: symbols start from the first one of
                the training data.
            length: elements to write.
            temperature: logits are divided by it: below 1 more sure, above 1 more daring; 0 always takes the most
                probable symbol.
            top_k: draw from the so many most probable symbols only.
            random_state: seeds the drawing; None: another text each time.

        Returns:
            What follows the prompt: a string where symbols are characters, else a list of symbols; for vectors an
            array (length, channels), which is the networks' mean prediction, drawn nowhere.

        Raises:
            InvalidInput: a prompt of foreign symbols or channels, an empty one, or numbers that make no sense.
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        self._check_drawing(length, temperature, top_k)
        if prompt is None:
            if self.alphabet_ is None:
                raise InvalidInput("generate: vectors need a prompt (time, channels) to go on from")
            prompt = [self.start_]
        xs = self._readable(self._check_X([prompt], fitted=True))
        seed = np.random.SeedSequence(random_state).generate_state(1)[0]
        with self._precise():
            key = jax.random.key(seed)
            values = xs.values if self.alphabet_ is not None else xs.values.astype(np.dtype(jnp.result_type(float)))
            if self.alphabet_ is None:
                feed: Any = FeedVector(len(self.population_))
            else:
                feed = FeedSymbol(len(self.population_), jnp.asarray(temperature, jnp.result_type(float)), top_k)
            fed = np.asarray(write(PopulationCell(self.population_), values, feed, int(length), key))
        if self.alphabet_ is None:
            return fed.astype(np.float64) * self.scale_ + self.mean_
        symbols = [self.alphabet_[code] for code in fed]
        return "".join(symbols) if all(len(symbol) == 1 for symbol in self.alphabet_) else symbols

    def predict_stream(self, streams: int | None = None) -> Stream:
        """A `Stream`: push one element at a time, and get what is predicted to follow.

        Args:
            streams: read so many sequences at once: elements and answers then have a leading axis (streams,).

        Raises:
            NotFittedError: before `fit`.

        """
        check_is_fitted(self, "population_")
        return Stream(self.population_, self._precise, self._frame, self._meaning, streams)

    _fitted = (*SequenceEstimator._fitted, "start_")

    def _parameter_problems(self) -> list[str]:
        problems = super()._parameter_problems() + whole_problems(self, "window", 1, none=True)
        if self.bidirectional:
            problems.append("bidirectional=True: a predictor must not see what comes")
        return problems

    def _outputs(self) -> int:
        return self.n_features_in_

    def _loss(self) -> Loss:
        return SquaredError() if self.alphabet_ is None else CrossEntropy()

    def _meaning(self, said: np.ndarray) -> np.ndarray:
        """Answers (networks, ..., outputs) as mean probabilities, or vectors in the units of the data."""
        exact = said.astype(np.float64)
        if self.alphabet_ is not None:
            return softmax(exact, axis=-1).mean(axis=0)
        return exact.mean(axis=0) * self.scale_ + self.mean_

    def _at_end(self, X: Any) -> np.ndarray:
        xs = self._readable(self._check_X(X, fitted=True))
        with self._precise():
            return answers(self.population_, xs)

    def _need_symbols(self, what: str) -> None:
        if self.alphabet_ is None:
            raise InvalidInput(f"{what}: this predictor was fitted to vectors, which have no probabilities")

    def _check_drawing(self, length: Any, temperature: Any, top_k: Any) -> None:
        if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1:
            raise InvalidInput(f"generate: length={length!r}; expected a whole number of at least 1")
        if not isinstance(temperature, int | float | np.floating) or not 0 <= temperature < float("inf"):
            raise InvalidInput(f"generate: temperature={temperature!r}; expected a number of at least 0")
        if top_k is not None and (not isinstance(top_k, int | np.integer) or not 1 <= top_k <= self.n_features_in_):
            raise InvalidInput(f"generate: top_k={top_k!r}; expected 1 to {self.n_features_in_}, or None")

    def _check_pair(self, X: Any, y: Any, *, fitted: bool) -> tuple[Sequences, Pieces]:
        """Windows of the sequences, and for each step what comes next."""
        if self.missing == "mask":
            raise InvalidInput("missing='mask': a predictor has to predict what it reads; use 'interpolate'")
        whole = self._check_X(X, fitted=fitted)
        next_exists(whole)
        pieces = Pieces.cut(whole, self.window)
        return pieces.xs, pieces

    def _learn_targets(self, y: Pieces) -> None:
        self.start_ = None if y.xs.alphabet is None else y.xs.alphabet[int(y.xs.values[0])]

    def _weights(self, y: Pieces, sample_weight: Any, xs: Sequences) -> np.ndarray:
        """Each step counts the same, whatever the window it stands in."""
        weights = super()._weights(y, None, xs)
        if sample_weight is not None:
            weights = super()._weights(y, sample_weight, y.whole)[y.origin]
        return weights * xs.lengths / xs.lengths.mean()

    def _encode(self, y: Pieces, name: str) -> Targets:
        if y.xs.alphabet is not None:
            return StepTargets(y.following, y.xs.lengths)
        return StepTargets(self._standard(y.following.astype(np.float64)), y.xs.lengths)

    def _validation(self, data: Any) -> tuple[Sequences, Pieces]:
        """Sequences alone; a pair whose second is None is taken too, as scikit-learn's tools make them."""
        if isinstance(data, tuple) and len(data) == 2 and data[1] is None:
            data = data[0]
        return self._check_pair(data, None, fitted=True)


def _log_probabilities(said: np.ndarray) -> np.ndarray:
    """Logits (networks, time, symbols) as logarithms of the mean probabilities; of the rarest symbols too."""
    return logsumexp(log_softmax(said.astype(np.float64), axis=-1), axis=0) - np.log(len(said))
