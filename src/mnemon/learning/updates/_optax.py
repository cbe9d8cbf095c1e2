"""Updates from optax, by name, with numbers that may differ from network to network."""

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from typing import Any, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array

from ...cells import trainable
from ...errors import InvalidInput, suggest
from ...layers import Network
from ._update import Update

# The names that optax gives to whole optimisers whose one needed argument is a learning rate.
NAMES = (
    "adabelief", "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamaxw", "adamw", "adan", "amsgrad", "lamb",
    "lars", "lion", "nadam", "nadamw", "novograd", "radam", "rmsprop", "rprop", "sgd", "yogi",
)  # fmt: skip
# Of these, the ones to which it matters which numbers form an array.
BY_ARRAY = {"adafactor", "lamb", "lars", "novograd"}
# The others treat weights, up to so many, as one vector: a few operations instead of a few for each array. An update of
# Adam for 1,000 weights takes 4 us instead of 9; from some 8,000 on, copying costs as much as it saves.
FEW = 5000
SCHEDULES = (
    "constant_schedule", "cosine_decay_schedule", "exponential_decay", "linear_onecycle_schedule", "linear_schedule",
    "piecewise_constant_schedule", "polynomial_schedule", "warmup_cosine_decay_schedule",
)  # fmt: skip

Number = float | Sequence[float] | np.ndarray | Array


@contextlib.contextmanager
def _optax_rules() -> Iterator[None]:
    """JAX's standard promotion of types and ranks, whatever rules around it: optax is written for it."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


class Schedule(eqx.Module):
    """A learning-rate schedule of optax, as a factor of the learning rate, over updates (not epochs).

    Args:
        name: a schedule of optax, e.g. "cosine_decay_schedule".
        **settings: its arguments; values are factors, so they usually start at 1 (`init_value=1.0`).

    Raises:
        InvalidInput: an unknown schedule, or settings it does not take.

    Example:
        >>> from mnemon.learning import Schedule
        >>> float(Schedule("cosine_decay_schedule", init_value=1.0, decay_steps=100)(100))
        0.0

    """

    name: str = eqx.field(static=True)
    settings: tuple[tuple[str, Any], ...] = eqx.field(static=True)

    def __init__(self, name: str, **settings: Any) -> None:
        if name not in SCHEDULES:
            raise InvalidInput(f"Schedule({name!r}): {suggest(name, SCHEDULES)}")
        self.name = name
        self.settings = tuple(sorted(settings.items()))
        try:
            self(0)
        except (TypeError, ValueError) as problem:
            raise InvalidInput(f"Schedule({name!r}): {problem}") from None

    def __call__(self, count: Any) -> Any:
        """The factor after `count` updates."""
        with _optax_rules():
            return getattr(optax, self.name)(**dict(self.settings))(count)


class Optax(Update):
    """An optimiser of optax.

    Args:
        name: its name in optax: "adam", "sgd", "rmsprop", "rprop" ...
        learning_rate: a number, or one a network of the population.
        clip: largest norm of the whole gradient; longer ones are scaled down to it (R. Pascanu, T. Mikolov and
            Y. Bengio, ICML 2013, arXiv:1211.5063). None: no clipping.
        schedule: a `Schedule` that multiplies the learning rate.
        **settings: further arguments of the optimiser; numbers may be one a network (`momentum=[0.5, 0.9]`).

    Raises:
        InvalidInput: an unknown optimiser or setting, or a number that makes no sense.

    Example:
        >>> from mnemon.learning import Optax
        >>> update = Optax("sgd", learning_rate=[0.1, 0.3], momentum=0.9, clip=1.0)

    """

    name: str = eqx.field(static=True)
    numbers: dict[str, Any]
    clip: Any
    schedule: Schedule | None
    switches: tuple[tuple[str, Any], ...] = eqx.field(static=True)

    def __init__(
        self,
        name: str,
        learning_rate: Number,
        *,
        clip: Number | None = None,
        schedule: Schedule | None = None,
        **settings: Any,
    ) -> None:
        if name not in NAMES:
            raise InvalidInput(f"optimizer {name!r}: {suggest(name, NAMES)}")
        defaults = {k: p.default for k, p in inspect.signature(getattr(optax, name)).parameters.items()}
        known = [k for k in defaults if k != "learning_rate"]
        for setting in settings:
            if setting not in known:
                raise InvalidInput(f"optimizer {name!r} has no setting {setting!r}: {suggest(setting, known)}")
        for label, value in (("learning_rate", learning_rate), *(() if clip is None else (("clip", clip),))):
            if not (_numeric(value) and np.all(np.isfinite(value)) and np.all(np.asarray(value) > 0)):
                raise InvalidInput(f"optimizer {name!r}: {label}={value!r}; expected positive numbers")
        # What optax counts in whole numbers (sizes, offsets) decides shapes and is the same for all networks.
        numeric = {k: v for k, v in settings.items() if _numeric(v) and not isinstance(defaults[k], int)}
        for label, value in numeric.items():
            if not np.all(np.isfinite(value)):
                raise InvalidInput(f"optimizer {name!r}: {label}={value!r}; expected finite numbers")
        self.name = name
        self.numbers = {"learning_rate": learning_rate, **numeric}
        self.clip = clip
        self.schedule = schedule
        self.switches = tuple(sorted((k, v) for k, v in settings.items() if k not in numeric))

    def for_members(self, members: int, dtype: Any) -> Self:
        """Each number as an array (members,).

        Raises:
            InvalidInput: a list of numbers of another length.

        """

        def spread(value: Any) -> Array:
            array = np.asarray(value)
            if array.ndim and array.shape != (members,):
                raise InvalidInput(
                    f"optimizer {self.name!r}: got {array.size} numbers for a population of {members} networks"
                )
            return jnp.asarray(np.broadcast_to(array, (members,)), dtype)

        numbers = {k: spread(v) for k, v in self.numbers.items()}
        clip = None if self.clip is None else spread(self.clip)
        return eqx.tree_at(lambda u: (u.numbers, u.clip), self, (numbers, clip), is_leaf=lambda leaf: leaf is None)

    def init(self, network: Network) -> Any:
        """The optimiser's own state."""
        with _optax_rules():
            weights: Any = trainable(network)
            return self._transformation(weights).init(weights)

    def step(self, memory: Any, network: Network, gradient: Any) -> tuple[Any, Network]:
        """Clip, transform, add."""
        weights: Any = trainable(network)
        with _optax_rules():
            changes, memory = self._transformation(weights).update(gradient, memory, weights)
            return memory, eqx.apply_updates(network, changes)

    def _transformation(self, weights: Any) -> optax.GradientTransformation:
        numbers = dict(self.numbers)
        if self.schedule is not None:
            rate, factor = numbers["learning_rate"], self.schedule
            numbers["learning_rate"] = lambda count: rate * jnp.asarray(factor(count), jnp.result_type(rate))
        optimiser = getattr(optax, self.name)(**numbers, **dict(self.switches))
        if self.clip is not None:
            optimiser = optax.chain(optax.clip_by_global_norm(self.clip), optimiser)
        return optax.flatten(optimiser) if self._as_one_vector(weights) else optimiser

    def _as_one_vector(self, weights: Any) -> bool:
        arrays = jax.tree.leaves(weights)
        alike = len({array.dtype for array in arrays}) == 1 and sum(array.size for array in arrays) <= FEW
        return alike and self.name not in BY_ARRAY and not any("mask" in setting for setting, _ in self.switches)


def _numeric(value: Any) -> bool:
    """Whether a setting is a number, or one a network: no switch, word, type, function or tree."""
    return np.ndim(value) <= 1 and np.asarray(value).dtype.kind in "iuf"


class Transformation(Update):
    """Any gradient transformation of optax, made by hand: one setting for all networks; it cannot be saved.

    A store tells two of them apart by the shape of their memory only, not by their numbers.
    """

    transformation: optax.GradientTransformation = eqx.field(static=True)

    def init(self, network: Network) -> Any:
        """The transformation's own state."""
        with _optax_rules():
            return self.transformation.init(trainable(network))

    def step(self, memory: Any, network: Network, gradient: Any) -> tuple[Any, Network]:
        """Transform, add."""
        weights: Any = trainable(network)
        with _optax_rules():
            changes, memory = self.transformation.update(gradient, memory, weights)
            return memory, eqx.apply_updates(network, changes)
