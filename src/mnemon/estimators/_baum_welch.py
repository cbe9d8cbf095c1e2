"""Baum-Welch re-estimation of a left-to-right model, by hmmlearn: L. Baum, T. Petrie, G. Soules and N. Weiss, Annals of
Mathematical Statistics 41(1):164-171, 1970, doi:10.1214/aoms/1177697196.

hmmlearn goes through the sequences and knows which state each step belongs to; what is re-estimated of that stands
here, because there must be a floor under the variances, and zeros among the transitions must stay zeros.

The start is HTK's: each sequence is cut into as many equal segments as there are states; the steps of a state are
dealt to its mixtures by k-means.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
from hmmlearn.base import BaseHMM, ConvergenceMonitor
from scipy.special import logsumexp
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from ._left_to_right import LeftToRight, equal_segments, sufficient


class Settings(NamedTuple):
    """Of a re-estimation; see `HMMClassifier`."""

    states: int
    mixtures: int
    covariance: str
    iterations: int
    tolerance: float
    floor: float
    seed: int


class Estimate(NamedTuple):
    """A model, its log-likelihoods per step before each re-estimation, and whether these stopped growing."""

    model: LeftToRight
    history: np.ndarray
    converged: bool


def estimate(values: np.ndarray, lengths: np.ndarray, settings: Settings) -> Estimate:
    """The model of sequences that stand one after another; values (steps, channels) of mean 0 and deviation 1."""
    trained = _Trained(start(values, lengths, settings), settings, values)
    trained.fit(values, lengths)
    history = np.array(trained.monitor_.history) / len(values)
    done = len(history) < settings.iterations or (len(history) > 1 and np.diff(history)[-1] < settings.tolerance)
    return Estimate(trained.model, history, bool(done))


def start(values: np.ndarray, lengths: np.ndarray, settings: Settings) -> LeftToRight:
    """Where re-estimation starts."""
    states, mixtures = settings.states, settings.mixtures
    state = equal_segments(lengths, states)
    part = np.zeros(len(values), int)
    for j in range(states):
        mine = np.flatnonzero(state == j)
        if 1 < mixtures < len(mine):
            with warnings.catch_warnings():  # equal steps make fewer clusters: the others have weight 0
                warnings.simplefilter("ignore", ConvergenceWarning)
                part[mine] = KMeans(mixtures, random_state=settings.seed).fit_predict(values[mine])
        elif mixtures > 1:
            part[mine] = np.arange(len(mine))
    shares = np.zeros((len(values), states, mixtures))
    shares[np.arange(len(values)), state, part] = 1
    blank = LeftToRight.blank(states, mixtures, values.shape[1], settings.covariance)
    steps = np.bincount(state, minlength=states)
    left = np.bincount(state[np.cumsum(lengths) - 1], minlength=states)  # sequences that end there go nowhere
    going = len(lengths) - np.cumsum(left)  # each goes through the states in order, if long enough
    stay = (steps - going - left + 1) / (steps - left + 2)  # one more of each than seen: a zero would stay one
    stay[-1] = 1.0
    statistics = sufficient(values, shares, full=settings.covariance == "full")
    return blank._replace(stay=stay).refit(*statistics, settings.floor)


class _Trained(BaseHMM):
    """hmmlearn's expectation step, with the re-estimation of a `LeftToRight`.

    hmmlearn asks for one sequence after another, in their order; what needs no order, densities and sums, is computed
    for all of them at once.
    """

    def __init__(self, model: LeftToRight, settings: Settings, values: np.ndarray) -> None:
        tolerance = settings.tolerance * len(values)
        super().__init__(settings.states, n_iter=settings.iterations, tol=tolerance, params="t", init_params="")
        self.model = model
        self.values = values
        self.floor = settings.floor
        self.monitor_ = _Quiet(tolerance, settings.iterations, verbose=False)
        self.startprob_ = np.eye(settings.states)[0]
        self.transmat_ = model.transitions()

    def _init(self, X: Any, lengths: Any = None) -> None:
        """The model is there already."""

    def _estep_begin(self) -> None:
        self.parts = self.model.densities(self.values)
        self.emitted = np.asarray(logsumexp(self.parts, axis=2))
        self.read = 0
        self.states: list[np.ndarray] = []

    def _compute_log_likelihood(self, X: np.ndarray) -> np.ndarray:
        self.read += len(X)
        return self.emitted[self.read - len(X) : self.read]

    def _compute_posteriors_log(self, fwdlattice: np.ndarray, bwdlattice: np.ndarray) -> np.ndarray:
        """hmmlearn's, without its general sums of exponentials, which took half of the time."""
        posteriors = fwdlattice + bwdlattice
        posteriors -= posteriors.max(axis=1, keepdims=True)
        np.exp(posteriors, out=posteriors)
        posteriors /= posteriors.sum(axis=1, keepdims=True)
        return posteriors

    def _accumulate_sufficient_statistics(
        self, stats: Any, X: Any, lattice: Any, posteriors: Any, fwdlattice: Any, bwdlattice: Any
    ) -> None:
        super()._accumulate_sufficient_statistics(stats, X, lattice, posteriors, fwdlattice, bwdlattice)
        self.states.append(posteriors)

    def _do_mstep(self, stats: dict[str, Any]) -> None:
        model, counts = self.model, stats["trans"]
        stayed, left = np.diagonal(counts), counts.sum(axis=1)
        stay = np.where(left > 0, stayed / np.where(left > 0, left, 1.0), model.stay)
        stay[-1] = 1.0
        within = np.exp(self.parts - self.emitted[:, :, np.newaxis])
        shares = np.concatenate(self.states)[:, :, np.newaxis] * within
        found = sufficient(self.values, shares, full=model.covariances.ndim == 4)
        self.model = model._replace(stay=stay).refit(*found, self.floor)
        self.transmat_ = self.model.transitions()


class _Quiet(ConvergenceMonitor):
    """Says nothing: a likelihood that the floor lowers by a little ends the iterations, and is no mistake."""

    def report(self, log_prob: float) -> None:
        self.history.append(log_prob)
        self.iter += 1
