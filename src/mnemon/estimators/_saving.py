"""Saving and loading a fitted estimator: one `.safetensors` file, never a pickle.

The tensors are the weights, the channels' scale and the optimiser's memory; the words beside them say, as JSON, which
estimator it is, with which parameters, made of which parts. `mnemon.load` reads them back. An estimator that is no
network (`Saves`) writes its fitted attributes alone.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .._files import existing, refuse_path
from .._tensors import Unreadable, read_tensors, write_tensors
from .._version import __version__
from ..errors import InvalidInput, InvalidType, ModelFileError
from ..layers import Network
from ..learning import Hosted, Population
from ._codec import decode, encode, tensor
from ._hearing import portable

FORMAT = 2
KEY = "mnemon_model"
WORDS = ("mnemon", "estimator", "parameters", "fitted", "seeds", "network")
# Parameters that say how training was watched and stored, not what the model is.
LEFT_OUT = ("verbose", "callbacks", "store")
# Parameters that may be objects of the user's own.
OWN = ("cell", "gradient", "optimizer", "features")
FITTED = (
    *("features_", "n_features_in_", "alphabet_", "mean_", "scale_", "fill_"),
    *("history_", "seconds_", "results_", "calls_"),
)


class Saves:
    """Gives an estimator `save`: its parameters and the fitted attributes named by `_fitted`, as words and arrays."""

    _fitted: tuple[str, ...] = ()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the fitted estimator to one `.safetensors` file.

        Args:
            path: where to; a file that is there stays unless `overwrite`.
            overwrite: replace a file that is there.

        Raises:
            InvalidInput: not written, because the file exists or the disk is full (the old file survives), or parts
                are no registered parts of the package.
            NotFittedError: nothing to save yet.

        """
        return self._write(path, overwrite, weights_only=False)

    def _write(self, path: str | os.PathLike[str], overwrite: bool, *, weights_only: bool) -> Path:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)  # pyright: ignore[reportArgumentType]
        refuse_path(path, "model", overwrite=overwrite)
        about, tensors = self._described(weights_only=weights_only)
        return write_tensors(path, "model", tensors, {KEY: json.dumps(about)}, overwrite=overwrite)

    def _described(self, *, weights_only: bool = False) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What a file says of it, in words and in tensors."""
        tensors: dict[str, np.ndarray] = {}
        fitted = {name: getattr(self, name) for name in self._fitted if hasattr(self, name)}
        if "features_" in fitted:
            fitted["features_"] = portable(fitted["features_"])
            if weights_only and not _encodes(fitted["features_"]):
                del fitted["features_"]
        about = {
            **told(self, tensors, weights_only=weights_only),
            "format": FORMAT,
            "mnemon": __version__,
            "fitted": encode(fitted, "fitted", tensors),
            "seeds": None,
            "network": None,
        }
        return about, tensors

    def _parameters(self, *, weights_only: bool) -> dict[str, Any]:
        """The parameters that a file is to hold."""
        me: Any = self
        parameters = {k: v for k, v in me.get_params(deep=False).items() if k not in LEFT_OUT}
        if "features" in parameters:
            parameters["features"] = portable(vars(me).get("features_", me.features))
        if isinstance(parameters.get("random_state"), np.random.RandomState):
            parameters["random_state"] = None  # its place in its stream cannot be kept; the seeds drawn from it are
        return parameters

    def _restore(self, about: dict[str, Any], tensors: dict[str, np.ndarray], like: Network | None) -> None:
        """Fitted attributes from such words and tensors."""
        if like is not None:
            raise ModelFileError(f"a {type(self).__name__} is no network of your own; load it without like=")
        self._restore_fitted(about, tensors)

    def _restore_fitted(self, about: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
        for name, value in decode(about["fitted"], tensors).items():
            setattr(self, name, value)
        self._after_load()

    def _after_load(self) -> None:
        """Attributes that follow from those in a model file."""


class Savable(Saves):
    """Gives an estimator of networks `save`; a task adds its own fitted attributes to `_fitted`."""

    _fitted: tuple[str, ...] = FITTED

    def _as_trained(self, networks: Network) -> Network:
        """Stacked networks in the form in which the optimiser sees them."""
        return networks

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False, weights_only: bool = False) -> Path:
        """Write the fitted estimator to one `.safetensors` file.

        Args:
            path: where to; a file that is there stays unless `overwrite`.
            overwrite: replace a file that is there.
            weights_only: leave out what the network is made of, and parts that are not of the package, so that
                networks of your own classes can be saved; such a file is loaded with `mnemon.load(path,
                like=network)`. An optimizer that is left out leaves its memory out: training goes on with a fresh one.

        Raises:
            InvalidInput: not written, because the file exists or the disk is full (the old file survives), or parts
                are no registered parts of the package.
            NotFittedError: nothing to save yet.

        """
        return self._write(path, overwrite, weights_only=weights_only)

    def _parameters(self, *, weights_only: bool) -> dict[str, Any]:
        parameters = super()._parameters(weights_only=weights_only)
        if not weights_only:
            return parameters
        return {k: v for k, v in parameters.items() if k != "network" and (k not in OWN or _encodes(v))}

    def _described(self, *, weights_only: bool = False) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        about, tensors = super()._described(weights_only=weights_only)
        me: Any = self
        about["seeds"] = encode(me.population_.seeds, "seeds", tensors)
        if weights_only:
            tensors |= {f"weights.{k}": leaf for k, leaf in enumerate(_leaves(me.population_.stacked))}
        else:
            about["network"] = encode(me.population_.stacked, "network", tensors)
        if "optimizer" in self._parameters(weights_only=weights_only):
            tensors |= {f"memory.{k}": leaf for k, leaf in enumerate(_leaves(me.memory_))}
        return about, tensors

    def _restore(self, about: dict[str, Any], tensors: dict[str, np.ndarray], like: Network | None) -> None:
        me: Any = self
        with jax.enable_x64(me.precision == "float64"):
            me.population_ = Population(_stacked(about, tensors, like), decode(about["seeds"], tensors))
            self._restore_fitted(about, tensors)
            kept = any(name == "optimizer" for name, _ in about["parameters"]["$dict"])
            me.memory_ = _memory(me, tensors, kept=kept)


def load(path: str | os.PathLike[str], *, like: Network | None = None) -> Any:
    """The estimator that `save` wrote, ready to predict, to stream and to go on training.

    Args:
        path: the file.
        like: a network of the same structure, for files saved with `weights_only=True`.

    Raises:
        ModelFileError: a foreign or truncated file, one of a newer format, one whose tensors are missing or have other
            shapes than its description says, or one that needs `like`.
        InvalidInput: no such file.
        InvalidType: `like` is no network.

    """
    if like is not None and not isinstance(like, Network):
        raise InvalidType(f"like: expected a Network, got {type(like).__name__}")
    about, tensors = read_model(path)
    try:
        return restored(about, tensors, like)
    except ModelFileError as problem:
        raise ModelFileError(f"{path}: {problem}") from None
    except Exception as problem:  # whatever else a description that was tampered with may lead to
        raise ModelFileError(f"{path}: the description in the file makes no model ({problem!r})") from problem


def restored(about: dict[str, Any], tensors: dict[str, np.ndarray], like: Network | None = None) -> Any:
    """The fitted estimator that words and tensors of a file describe."""
    estimator = retold(about, tensors)
    estimator._restore(about, tensors, like)
    return estimator


def retold(about: dict[str, Any], tensors: dict[str, np.ndarray]) -> Any:
    """An estimator with the parameters that are told of it, not fitted."""
    from .. import estimators

    kinds = {n: v for n, v in vars(estimators).items() if isinstance(v, type) and issubclass(v, Saves)}
    if about["estimator"] not in kinds:
        raise ModelFileError(f"made by an estimator {about['estimator']!r} that this version does not know")
    with jax.enable_x64(True):  # arrays among the parameters keep their precision
        return kinds[about["estimator"]](**decode(about["parameters"], tensors))


def told(estimator: Any, tensors: dict[str, np.ndarray], *, weights_only: bool = False) -> dict[str, Any]:
    """What `retold` reads."""
    parameters = encode(estimator._parameters(weights_only=weights_only), "parameters", tensors)
    return {"estimator": type(estimator).__name__, "parameters": parameters}


def read_model(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A model file's description and tensors, of a format this version knows."""
    existing(path)  # that there is no such file is a mistake of another kind
    try:
        tensors, words = read_tensors(path)
        about = json.loads(words[KEY])
    except (Unreadable, KeyError, ValueError) as problem:
        why = f"it holds no {KEY}" if isinstance(problem, KeyError) else str(problem)
        raise ModelFileError(f"{path} is no whole model file of Mnemon: {why}") from None
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise ModelFileError(f"{path} is no whole model file of Mnemon: its description says no format")
    if about["format"] > FORMAT:
        raise ModelFileError(
            f"{path} has the model format {about['format']}, made by Mnemon {about.get('mnemon', '?')}; this version, "
            f"{__version__}, reads format {FORMAT}. Install a newer Mnemon"
        )
    if about["format"] < FORMAT:
        raise ModelFileError(
            f"{path} has the model format {about['format']}, made by Mnemon {about.get('mnemon', '?')}; this version, "
            f"{__version__}, reads format {FORMAT}. Train it again, or load it with the version that made it"
        )
    if missing := [word for word in WORDS if word not in about]:
        raise ModelFileError(f"{path} is no whole model file of Mnemon: its description says no {missing[0]}")
    return about, tensors


def _stacked(about: dict[str, Any], tensors: dict[str, np.ndarray], like: Network | None) -> Network:
    if about["network"] is None and like is None:
        raise ModelFileError("saved with weights_only=True; load it with like=a network of the same structure")
    if about["network"] is not None and like is not None:
        raise ModelFileError("the file says itself what its network is made of; load it without like=")
    return decode(about["network"], tensors) if like is None else _like(like, tensors)


def _like(like: Network, tensors: dict[str, np.ndarray]) -> Network:
    """The file's weights in the structure of `like`, which may itself be of any class."""
    arrays, rest = eqx.partition(like, eqx.is_array)
    leaves, structure = jax.tree.flatten(arrays)
    names = [f"weights.{k}" for k in range(len(leaves))]
    if f"weights.{len(leaves)}" in tensors:
        raise ModelFileError(f"the file holds more tensors than like= has ({len(leaves)})")
    members = tensors[names[0]].shape[0] if names[0] in tensors else 1
    # In the precision of the file, whatever that of `like`.
    found = [jax.device_put(tensor(tensors, n, (members, *leaf.shape))) for n, leaf in zip(names, leaves)]
    return eqx.combine(jax.tree.unflatten(structure, found), rest)


def _memory(estimator: Any, tensors: dict[str, np.ndarray], *, kept: bool) -> Any:
    """The optimiser's memory; its structure is that of a fresh one, which it is where the file has none."""
    learner = estimator._learner()
    if isinstance(learner, Hosted):
        return None  # it remembers nothing
    members = len(estimator.population_)
    update = learner.update.for_members(members, jnp.result_type(float))
    trained = estimator._as_trained(estimator.population_.stacked)
    begin = eqx.filter_vmap(lambda u, network: u.init(network))
    if not kept:
        return begin(update, trained)
    fresh = eqx.filter_eval_shape(begin, update, trained)
    arrays, rest = eqx.partition(fresh, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
    leaves, structure = jax.tree.flatten(arrays)
    found, at = [], 0
    for leaf in leaves:
        array, at = _remembered(tensors, at, leaf.shape)
        found.append(jax.device_put(array.astype(leaf.dtype, copy=False)))
    return eqx.combine(jax.tree.unflatten(structure, found), rest)


def _remembered(tensors: dict[str, np.ndarray], at: int, shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """The memory's tensor number `at`, and the number of the next.

    A vector may stand in the file as the arrays that it is made of: so it did before `Optax` put them together.
    """
    pieces, size, wanted = [], 0, math.prod(shape[1:])
    while len(shape) == 2 and size < wanted and f"memory.{at}" in tensors:
        piece = tensors[f"memory.{at}"]
        pieces.append(piece.reshape(len(piece), -1))
        size, at = size + pieces[-1].shape[1], at + 1
    if len(pieces) > 1 and size == wanted and {len(piece) for piece in pieces} == {shape[0]}:
        return np.concatenate(pieces, axis=1), at
    at = at - len(pieces)
    return tensor(tensors, f"memory.{at}", shape), at + 1


def _encodes(value: Any) -> bool:
    """Whether a model file can say what a parameter is."""
    try:
        encode(value, "", {})
    except InvalidInput:
        return False
    return True


def _leaves(tree: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(tree, eqx.is_array))]
