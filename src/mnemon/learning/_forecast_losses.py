"""Losses of forecasts that say how sure they are: quantiles, or means and deviations.

    pinball      q max(d - z, 0) + (1 - q) max(z - d, 0)                         smallest where P(d < z) = q
    Gaussian     log s + ((d - m) / s)^2 / 2 + log(2 pi) / 2                     s = least + exp(a)

d: the target; z: the answer for the quantile q; m, a: the answers for the mean and the logarithm of the deviation.
R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46(1):33-50, 1978, doi:10.2307/1913643; D. Nix and
A. Weigend, "Estimating the mean and variance of the target probability distribution", ICNN 1994, pp. 55-60,
doi:10.1109/ICNN.1994.374138.
"""

import math
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..errors import InvalidInput
from .losses import ValueLoss


class Pinball(ValueLoss):
    """The pinball loss, mean over series and quantiles.

    Targets are (batch, series), or (batch, time, series); outputs are all quantiles of the first series, then those of
    the second, and so on. A step with NaN as target is not asked for.

    Args:
        quantiles: different shares in (0, 1), rising.

    Raises:
        InvalidInput: quantiles that are none, or do not rise; (by `check_targets`) outputs that are not so many for
            each of some series.

    Example:
        >>> from mnemon.learning import Pinball
        >>> Pinball((0.1, 0.5, 0.9)).series(6)
        2

    """

    quantiles: tuple[float, ...] = eqx.field(static=True, converter=tuple)

    score_name: ClassVar[str] = "negative pinball loss"
    one_for_each: ClassVar[str] = "series that the outputs are quantiles of"

    def __check_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.quantiles, self.quantiles[1:]))
        if not self.quantiles or not rising or not all(0 < q < 1 for q in self.quantiles):
            raise InvalidInput(f"Pinball: quantiles={self.quantiles}; expected shares in (0, 1), the smallest first")

    def series(self, outputs: int) -> int:
        """See `ValueLoss`."""
        if outputs % len(self.quantiles):
            raise InvalidInput(
                f"Pinball: the network has {outputs} outputs, which are not {len(self.quantiles)} quantiles of each of "
                "some series"
            )
        return outputs // len(self.quantiles)

    def costs(self, wanted: Float[Array, "*batch series"], said: Float[Array, "*batch outputs"]) -> Float[Array, "..."]:
        """See `ValueLoss`."""
        errors = jnp.repeat(wanted, len(self.quantiles), axis=-1) - said
        shares = jnp.tile(jnp.asarray(self.quantiles, said.dtype), wanted.shape[-1])
        shares = shares.reshape((1,) * (said.ndim - 1) + (-1,))
        return jnp.maximum(shares * errors, (shares - 1) * errors).mean(axis=-1)


class GaussianLikelihood(ValueLoss):
    """Negative log-likelihood of independent normal deviates, mean over series.

    Targets are (batch, series), or (batch, time, series); outputs are the means of all series, then the logarithms of
    their deviations. A step with NaN as target is not asked for.

    A deviation is never below `least`, to which it is added and not cut off: a network that has become too sure still
    has a slope that leads back.

    Args:
        least: the smallest deviation, positive, in units of the targets.

    Raises:
        InvalidInput: another `least`; (by `check_targets`) an odd number of outputs.

    """

    least: float = eqx.field(static=True, default=1e-3)

    score_name: ClassVar[str] = "log-likelihood"
    one_for_each: ClassVar[str] = "series that the outputs are means and deviations of"

    def __check_init__(self) -> None:
        if not 0 < self.least < math.inf:
            raise InvalidInput(f"GaussianLikelihood: least={self.least}; expected a positive deviation")

    def series(self, outputs: int) -> int:
        """See `ValueLoss`."""
        if outputs % 2:
            raise InvalidInput(
                f"GaussianLikelihood: the network has {outputs} outputs; expected a mean and a deviation of each series"
            )
        return outputs // 2

    def costs(self, wanted: Float[Array, "*batch series"], said: Float[Array, "*batch outputs"]) -> Float[Array, "..."]:
        """See `ValueLoss`."""
        means, logs = jnp.split(said, 2, axis=-1)
        logs = self.log_deviations(logs)
        scaled = (wanted - means) * jnp.exp(-logs)
        return (logs + jnp.square(scaled) / 2 + math.log(2 * math.pi) / 2).mean(axis=-1)

    def log_deviations(self, logs: Float[Array, "*batch series"]) -> Float[Array, "*batch series"]:
        """The logarithms of the deviations that outputs say: log( exp(a) + least ), never too large."""
        return jnp.logaddexp(logs, jnp.full_like(logs, math.log(self.least)))
