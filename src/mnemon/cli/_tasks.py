"""The tasks, the estimator that does each, and its parameters; known without starting JAX."""

from typing import Any, NamedTuple

from ..errors import InvalidInput, suggest
from ._defaults import defaults


class Task(NamedTuple):
    """What is learnt.

    Attributes:
        name: as `--task` calls it.
        estimator: its class.
        module: the file of the class.
        each: what each sequence needs to be learnt from, in words.

    """

    name: str
    estimator: str
    module: str
    each: str

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the estimator, with their defaults."""
        return defaults(self.module, self.estimator)


TASKS = {
    task.name: task
    for task in (
        Task("classify", "SequenceClassifier", "estimators/_classifier.py", "one class"),
        Task("regress", "SequenceRegressor", "estimators/_regressor.py", "numbers"),
        Task("label", "SequenceLabeler", "estimators/_labeler.py", "a label for each of its steps"),
        Task("predict-next", "SequencePredictor", "estimators/_predictor.py", "nothing but itself"),
    )
}

# The defaults of all parameters: those of the first task that has them.
DEFAULTS = {name: value for task in reversed(TASKS.values()) for name, value in task.parameters.items()}


def other_defaults(parameter: str) -> str:
    """The tasks where a parameter has another default than in `DEFAULTS`, in words for a help text."""
    values = {name: task.parameters.get(parameter, DEFAULTS[parameter]) for name, task in TASKS.items()}
    others = {name: value for name, value in values.items() if value != DEFAULTS[parameter]}
    each = [
        f"{', '.join(n for n in others if others[n] == value)}: {value}" for value in dict.fromkeys(others.values())
    ]
    return f" By default in {'; '.join(each)}." if each else ""


def task_named(name: str) -> Task:
    """The task that `--task` names.

    Raises:
        InvalidInput: an unknown name.

    """
    if name not in TASKS:
        raise InvalidInput(f"--task {name!r}: {suggest(name, TASKS)}")
    return TASKS[name]


def task_of(estimator: Any) -> Task:
    """The task of a model; other estimators that know classes, such as hidden Markov models, classify."""
    named = (task for task in TASKS.values() if task.estimator == type(estimator).__name__)
    found = next(named, TASKS["classify"] if hasattr(estimator, "classes_") else None)
    if found is None:
        raise InvalidInput(f"{type(estimator).__name__} has no task on the command line; use it in Python")
    return found


def having(parameter: str) -> list[str]:
    """The tasks whose estimators have a parameter; all of them where none has it, as it is then none's own."""
    return [name for name, task in TASKS.items() if parameter in task.parameters] or list(TASKS)
