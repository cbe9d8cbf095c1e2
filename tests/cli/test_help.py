"""Help comes at once, tells every option, and its defaults are the estimator's."""

import inspect
import re
import resource
import subprocess
import sys

import pytest
import typer
from command_line import program

import mnemon as package
from mnemon import __version__
from mnemon.cli._defaults import defaults
from mnemon.cli._main import app
from mnemon.cli._tasks import TASKS
from mnemon.estimators._parts import CELLS, GRADIENTS
from mnemon.layers import PLACES

COMMANDS = typer.main.get_command(app).commands
HEAVY = ("jax", "numpy", "sklearn", "matplotlib", "equinox", "optax", "scipy")


def of_option(command: str, name: str):
    return next(p for p in COMMANDS[command].params if p.name == name)


def processor_seconds(run) -> float:
    """Of the processes that `run` starts, the quickest of five; a busy machine does not count."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run().returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(5))


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("fit", "--help")])
def test_help_is_there_in_half_a_second(words):
    """Or, on a slow machine, in six times what it takes to import what draws it; help waits for nothing else."""
    drawing = [sys.executable, "-c", "import typer, rich.console"]
    taken = processor_seconds(lambda: program(*words))
    assert taken < 0.5 or taken < 6 * processor_seconds(lambda: subprocess.run(drawing, check=False))


def test_help_imports_nothing_heavy():
    script = f"""
import sys
from mnemon.cli import main
for words in (["fit", "--help"], ["--help"], ["--version"]):
    try:
        main(words)
    except SystemExit as ended:
        assert not ended.code
heavy = [name for name in {HEAVY} if name in sys.modules]
sys.exit(str(heavy) if heavy else 0)
"""
    outcome = program(script=script)
    assert outcome.returncode == 0, outcome.stderr


def test_version(mnemon):
    assert mnemon("--version") == (0, f"mnemon {__version__}\n", "")


def test_no_words_are_a_wish_for_help(mnemon):
    assert mnemon() == mnemon("--help")
    assert all(command in mnemon().out for command in ("fit", "evaluate", "predict", "show"))


@pytest.mark.parametrize("part", ["classifier", "regressor", "labeler", "predictor"])
def test_defaults_are_those_of_the_signature(part):
    name = f"Sequence{part.capitalize()}"
    parameters = inspect.signature(getattr(package, name)).parameters.values()
    assert defaults(f"estimators/_{part}.py", name) == {p.name: p.default for p in parameters}


@pytest.mark.parametrize("task", TASKS)
def test_options_called_as_parameters_have_their_defaults(task):
    signature = inspect.signature(getattr(package, TASKS[task].estimator)).parameters
    shared = [p for p in COMMANDS["fit"].params if p.name in signature and p.name != "random_state"]
    assert len(shared) >= 17
    for option in shared:
        default = str(signature[option.name].default)
        assert default == str(option.default) or re.search(rf"{task}\b[^;]*: {default}", option.help)


def test_every_parameter_that_a_file_can_hold_is_an_option():
    options = {p.name for p in COMMANDS["fit"].params}
    objects = {"verbose", "callbacks", "warm_start", "network", "store"}
    assert {name for task in TASKS.values() for name in task.parameters} - options == objects


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_told_with_its_default(mnemon, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "200")
    told = mnemon(command, "--help").out
    for option in COMMANDS[command].params:
        assert option.help
        if option.param_type_name == "option":
            line = next(line for line in told.splitlines() if f" {option.opts[0]} " in line)
            default = getattr(option.default, "value", option.default)
            default = option.opts[0].removeprefix("--") if default is True else default
            if default not in (None, False):
                assert f"[default: {default}]" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_names_of_options_are_not_cut_on_a_narrow_terminal(mnemon, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    told = mnemon(command, "--help").out
    for option in COMMANDS[command].params:
        if option.param_type_name == "option":
            assert all(name in told for name in option.opts + option.secondary_opts)


def test_help_names_the_choices_of_the_library():
    def words(name: str) -> set[str]:
        return set(re.findall(r"\w+", of_option("fit", name).help))

    assert words("cell") & set(CELLS) >= {"elman", "gru", "lstm"}
    assert set(PLACES) <= words("readout")
    assert set(GRADIENTS) <= words("gradient")


@pytest.mark.parametrize(
    "words, proposal",
    [
        (("fti",), "'fit'"),
        (("evalute", "model", "data"), "'evaluate'"),
        (("fit", "--unit", "3"), "'--units'"),
        (("fit", "--learning_rate", "3"), "'--learning-rate'"),
        (("predict", "model", "data", "--prob"), "'--proba'"),
        (("fit", "--cell", "lsmt"), "'lstm'"),
        (("fit", "--optimizer", "adm"), "'adam'"),
        (("fit", "--readout", "ends"), "'end'"),
        (("fit", "--class-weight", "blanced"), "'balanced'"),
    ],
)
def test_a_misspelt_word_gets_a_proposal(mnemon, words, proposal):
    assert f"id you mean {proposal}?" in mnemon(*words).complaint


@pytest.mark.parametrize(
    "words, place",
    [
        (("nonsense",), "mnemon --help"),
        (("predict",), "mnemon predict --help"),
        (("show", "--nonsense"), "mnemon show --help"),
        (("fit", "--epochs", "five"), "mnemon fit --help"),
        (("predict", "m", "d", "--format", "xml"), "mnemon predict --help"),
        (("show", "one", "two"), "mnemon show --help"),
    ],
)
def test_other_mistakes_of_usage_say_where_help_is(mnemon, words, place):
    assert f"({place} tells more)" in mnemon(*words).complaint
