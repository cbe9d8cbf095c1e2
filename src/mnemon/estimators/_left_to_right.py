"""Hidden Markov models whose states stand in a row (R. Bakis, 1976): start in the first, then stay or go one on.

    a_1(1) = b_1(x(1)),     a_j(t) = b_j(x(t)) ( s_j a_j(t-1) + (1 - s_(j-1)) a_(j-1)(t-1) ),     P(x) = sum_j a_j(T)
    b_j(x) = sum_m w_jm N( x; mu_jm, C_jm )

A sequence may end in any state, and nothing leads on from the last one (s = 1). L. Rabiner, "A tutorial on hidden
Markov models and selected applications in speech recognition", Proc. IEEE 77(2):257-286, 1989, doi:10.1109/5.18626.
"""

from typing import NamedTuple, Self

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp


class LeftToRight(NamedTuple):
    """One such model.

    Attributes:
        stay: (states,) probability of staying; 1 for the last.
        weights: (states, mixtures), which sum to 1 over the mixtures.
        means: (states, mixtures, channels).
        covariances: (states, mixtures, channels) where they are diagonal, (states, mixtures, channels, channels) where
            they are full.

    """

    stay: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @classmethod
    def blank(cls, states: int, mixtures: int, channels: int, covariance: str) -> Self:
        """All states alike: what stands wherever no step has been seen, of channels of mean 0 and deviation 1."""
        start = (states, mixtures)
        shape, whole = (*start, channels), (*start, channels, channels)
        spread = np.ones(shape) if covariance == "diag" else np.broadcast_to(np.eye(channels), whole).copy()
        return cls(np.r_[np.full(states - 1, 0.5), 1.0], np.full(start, 1 / mixtures), np.zeros(shape), spread)

    def transitions(self) -> np.ndarray:
        """(states, states) probabilities of going from a row's state to a column's."""
        return np.diag(self.stay) + np.diag(1 - self.stay[:-1], 1)

    def densities(self, values: np.ndarray) -> np.ndarray:
        """(steps, states, mixtures): log( w_jm N(x(t); mu_jm, C_jm) ) of values (steps, channels)."""
        (states, mixtures), channels = self.weights.shape, values.shape[1]
        means = self.means.reshape(-1, channels)
        if self.covariances.ndim == 3:
            variances = self.covariances.reshape(-1, channels)
            precise = means / variances
            distance = values**2 @ (1 / variances).T - 2 * values @ precise.T + (means * precise).sum(axis=1)
            volume = np.log(variances).sum(axis=1)
        else:
            roots = np.linalg.cholesky(self.covariances.reshape(-1, channels, channels))
            parts = zip(roots, means)  # one after another: all at once would need very much memory
            away = (solve_triangular(root, (values - mean).T, lower=True) for root, mean in parts)
            distance = np.stack([(one**2).sum(axis=0) for one in away], axis=1)
            volume = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        logs = -0.5 * (channels * np.log(2 * np.pi) + volume + distance)
        with np.errstate(divide="ignore"):  # a mixture that nothing belongs to has weight 0
            return logs.reshape(-1, states, mixtures) + np.log(self.weights)

    def refit(self, counts: np.ndarray, sums: np.ndarray, squares: np.ndarray, floor: float) -> Self:
        """The likeliest weights, means and covariances; those of a part that nothing belongs to stay as they are.

        Args:
            counts: (states, mixtures) steps that belong to each part.
            sums: (states, mixtures, channels) their sum; squares: that of their squares, or outer products.
            floor: least variance, of a channel or (full covariances) in any direction.

        """
        seen = counts > 1e-10
        total = counts.sum(axis=1, keepdims=True)
        weights = np.where(total > 1e-10, counts / np.maximum(total, 1e-10), self.weights)
        each = np.where(seen, counts, 1.0)
        means = np.where(seen[..., np.newaxis], sums / each[..., np.newaxis], self.means)
        if squares.ndim == 3:
            spread = np.maximum(squares / each[..., np.newaxis] - means**2, floor)
            return self._replace(
                weights=weights, means=means, covariances=np.where(seen[..., np.newaxis], spread, self.covariances)
            )
        spread = squares / each[..., np.newaxis, np.newaxis] - means[..., :, np.newaxis] * means[..., np.newaxis, :]
        sizes, axes = np.linalg.eigh(spread)
        spread = (axes * np.maximum(sizes, floor)[..., np.newaxis, :]) @ np.swapaxes(axes, -1, -2)
        covariances = np.where(seen[..., np.newaxis, np.newaxis], spread, self.covariances)
        return self._replace(weights=weights, means=means, covariances=covariances)

    def log_likelihoods(self, values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """(n,) log P of sequences that stand one after another, by the forward recursion above; all at once."""
        emitted = np.asarray(logsumexp(self.densities(values), axis=2))
        order = np.argsort(-lengths, kind="stable")  # those still going on come first
        starts, counts = (np.cumsum(lengths) - lengths)[order], lengths[order]
        with np.errstate(divide="ignore"):
            stay, go = np.log(self.stay), np.log(1 - self.stay[:-1])
        forward = np.full((len(lengths), len(self.stay)), -np.inf)
        forward[:, 0] = emitted[starts, 0]
        for t in range(1, int(counts[0])):
            going = int(np.searchsorted(-counts, -t, side="left"))
            before = forward[:going]
            after = before + stay
            after[:, 1:] = np.logaddexp(after[:, 1:], before[:, :-1] + go)
            forward[:going] = after + emitted[starts[:going] + t]
        found = np.empty(len(lengths))
        found[order] = logsumexp(forward, axis=1)
        return found


def equal_segments(lengths: np.ndarray, states: int) -> np.ndarray:
    """(steps,) the state of each step, where each sequence is cut into equal segments; short ones end before the last.

    Args:
        lengths: (n,) of sequences that stand one after another.
        states: how many there are.

    """
    return np.concatenate([np.arange(length) * states // max(length, states) for length in lengths])


def sufficient(values: np.ndarray, shares: np.ndarray, *, full: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `refit` needs of values (steps, channels) that belong to the parts by `shares` (steps, states, mixtures)."""
    (steps, states, mixtures), channels = shares.shape, values.shape[1]
    flat = shares.reshape(steps, -1).T
    counts, sums = flat.sum(axis=1), flat @ values
    if full:
        squares = np.stack([(values * share[:, np.newaxis]).T @ values for share in flat])
    else:
        squares = flat @ values**2
    where = (states, mixtures)
    return counts.reshape(where), sums.reshape(*where, channels), squares.reshape(*where, *squares.shape[1:])
