"""What a forecasting network's answers mean: numbers, normal distributions, or quantiles.

Quantiles: R. Koenker and G. Bassett, Econometrica 46(1):33-50, 1978, doi:10.2307/1913643. A value is drawn between two
neighbouring quantiles in proportion, and beyond the outermost ones at these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ..learning import GaussianLikelihood, Loss, Pinball, SquaredError


@dataclass(frozen=True)
class Told:
    """What is said of `fed` values: the numbers themselves.

    Attributes:
        fed: values of a step.

    """

    fed: int

    @property
    def outputs(self) -> int:
        """Numbers that a network says."""
        return self.fed

    @property
    def places(self) -> tuple[int, ...]:
        """Which answers are what is expected of the values."""
        return tuple(range(self.fed))

    @property
    def quiet(self) -> float:
        """The noise by which `draw` gives what is expected."""
        return 0.0

    def loss(self) -> Loss:
        """What they are trained by."""
        return SquaredError()

    def expected(self, answer: np.ndarray) -> np.ndarray:
        """(..., fed) of answers (..., outputs)."""
        return answer[..., list(self.places)]

    def draw(self, answer: Float[Array, " outputs"], noise: Float[Array, " fed"]) -> Float[Array, " fed"]:
        """A value, given noise."""
        return answer + noise

    def noise(self, key: PRNGKeyArray, shape: tuple[int, ...], residuals: Array | None, dtype: Any) -> Array:
        """Noise (*shape, fed): errors made before, the values of one step together."""
        if residuals is None:
            return jnp.zeros((*shape, self.fed), dtype)
        return residuals[jax.random.randint(key, shape, 0, residuals.shape[0])].astype(dtype)


@dataclass(frozen=True)
class ToldGaussian(Told):
    """Means, and behind them the logarithms of deviations."""

    @property
    def outputs(self) -> int:
        """See `Told`."""
        return 2 * self.fed

    def loss(self) -> Loss:
        """See `Told`."""
        return GaussianLikelihood()

    def draw(self, answer: Float[Array, " outputs"], noise: Float[Array, " fed"]) -> Float[Array, " fed"]:
        """See `Told`."""
        return answer[: self.fed] + jnp.exp(GaussianLikelihood().log_deviations(answer[self.fed :])) * noise

    def noise(self, key: PRNGKeyArray, shape: tuple[int, ...], residuals: Array | None, dtype: Any) -> Array:
        """Standard normal numbers."""
        return jax.random.normal(key, (*shape, self.fed), dtype)


@dataclass(frozen=True)
class ToldQuantiles(Told):
    """Quantiles of the first value, of the second, and so on.

    Attributes:
        levels: of the quantiles, increasing.

    """

    levels: tuple[float, ...] = (0.1, 0.5, 0.9)

    @property
    def outputs(self) -> int:
        """See `Told`."""
        return self.fed * len(self.levels)

    @property
    def quiet(self) -> float:
        """The middle."""
        return 0.5

    def loss(self) -> Loss:
        """See `Told`."""
        return Pinball(self.levels)

    @property
    def places(self) -> tuple[int, ...]:
        """The quantiles that are nearest to the medians."""
        middle = min(range(len(self.levels)), key=lambda k: abs(self.levels[k] - 0.5))
        return tuple(k * len(self.levels) + middle for k in range(self.fed))

    def draw(self, answer: Float[Array, " outputs"], noise: Float[Array, " fed"]) -> Float[Array, " fed"]:
        """See `Told`; quantiles that cross are put in order."""
        quantiles = jnp.sort(answer.reshape(self.fed, -1), axis=-1)
        levels = jnp.asarray(self.levels, answer.dtype)
        return jax.vmap(lambda share, values: jnp.interp(share, levels, values))(noise, quantiles)

    def noise(self, key: PRNGKeyArray, shape: tuple[int, ...], residuals: Array | None, dtype: Any) -> Array:
        """Shares from 0 to 1."""
        return jax.random.uniform(key, (*shape, self.fed), dtype)


# What a network can say, by name.
OUTPUTS = ("point", "gaussian", "quantiles")


def told(output: str, fed: int, levels: Sequence[float]) -> Told:
    """What a network says of `fed` values."""
    if output == "gaussian":
        return ToldGaussian(fed)
    return ToldQuantiles(fed, tuple(levels)) if output == "quantiles" else Told(fed)
