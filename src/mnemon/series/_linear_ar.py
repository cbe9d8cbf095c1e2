"""Linear autoregression by least squares.

    y(t) = c + a_1 y(t - 1) + ... + a_p y(t - p) + b x(t)

Where no order is given, it is the one of the least n log(RSS / n) + 2 k among orders tried on the same n steps, k
numbers being estimated (Akaike).

Reference: Akaike: A new look at the statistical model identification. IEEE Transactions on Automatic Control 19(6),
716-723, 1974, doi:10.1109/TAC.1974.1100705.
"""

import math

import numpy as np

from ..errors import InvalidInput
from ._baselines import Baseline

_EXACT = 1e-12  # of the largest value: smaller errors are rounding, and no order is better than another by them


class LinearAR(Baseline):
    """Each variable from its own last values, and the exogenous values of the step; iterated for more steps ahead.

    Args:
        order: last values that are read; None for that of the least criterion of Akaike, variable by variable.
        most: the largest order that is tried then; None for 10 log10(time), or a third of the series where less.

    Attributes:
        orders_: (variables,).
        intercepts_: (variables,).
        lag_weights_: (variables,) arrays (order,), newest value first.
        exogenous_weights_: (variables, columns).

    Example:
        >>> from mnemon.series import LinearAR
        >>> LinearAR(order=1).fit([8.0, 4.0, 2.0, 1.0]).predict(2).round(9).tolist()
        [[0.5], [0.25]]

    """

    def __init__(self, order: int | None = None, *, most: int | None = None) -> None:
        self.order = order
        self.most = most

    def _learn(self) -> None:
        for name, value in (("order", self.order), ("most", self.most)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0):
                raise InvalidInput(f"LinearAR: {name}={value!r}; expected a whole number of at least 0")
        steps = len(self.values_)
        beside = np.empty((steps, 0)) if self.exogenous_ is None else self.exogenous_
        columns = beside.shape[1]
        largest = (steps - 1 - columns) // 2  # as many equations as numbers to estimate
        if (self.order or 0) > largest or largest < 0:
            raise InvalidInput(
                f"LinearAR: {steps} steps are too few for order {self.order or 0} and {columns} exogenous columns; "
                f"at least {2 * (self.order or 0) + 1 + columns} are needed"
            )
        orders, weights = [], []
        for y in self.values_.T:
            order = self._best_order(y, beside) if self.order is None else self.order
            regressors, target = equations(y, beside, order, order)
            orders.append(order)
            weights.append(np.linalg.lstsq(regressors, target)[0])
        self.orders_ = np.array(orders)
        self.intercepts_ = np.array([w[0] for w in weights])
        self.lag_weights_ = [w[1 : 1 + order] for w, order in zip(weights, orders)]
        self.exogenous_weights_ = np.array([w[1 + order :] for w, order in zip(weights, orders)])

    def _best_order(self, y: np.ndarray, beside: np.ndarray) -> int:
        steps, columns = len(y), beside.shape[1]
        usual = int(10 * math.log10(steps)) if self.most is None else self.most
        most = max(min(usual, (steps - 2 - columns) // 3), 0)
        criteria = []
        for order in range(most + 1):
            regressors, target = equations(y, beside, order, most)
            weights = np.linalg.lstsq(regressors, target)[0]
            squares = float(np.sum(np.square(target - regressors @ weights)))
            rounding = len(target) * (_EXACT * float(np.abs(y).max())) ** 2
            fit = len(target) * math.log(max(squares, rounding, np.finfo(np.float64).tiny) / len(target))
            criteria.append(fit + 2 * (regressors.shape[1] + 1))  # and the variance
        return int(np.argmin(criteria))

    def _forecast(self, horizon: int, beside: np.ndarray | None) -> np.ndarray:
        told = np.empty((horizon, self.values_.shape[1]))
        for k, (y, order, lags) in enumerate(zip(self.values_.T, self.orders_, self.lag_weights_)):
            given = np.full(horizon, self.intercepts_[k])
            if beside is not None:
                given = given + beside @ self.exogenous_weights_[k]
            line = np.concatenate([y[len(y) - order :], np.empty(horizon)])
            for h in range(horizon):
                line[order + h] = given[h] + lags @ line[h : order + h][::-1]
            told[:, k] = line[order:]
        return told


def equations(y: np.ndarray, beside: np.ndarray, order: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    """The regressors of y(t), (time - first, 1 + order + columns), and y(t) itself, for the steps from `first` on."""
    lags = [y[first - lag : len(y) - lag, np.newaxis] for lag in range(1, order + 1)]
    constant = np.ones((len(y) - first, 1))
    return np.concatenate([constant, *lags, beside[first:]], axis=1), y[first:]
