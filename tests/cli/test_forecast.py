"""`forecast` says what `Forecaster` says, and says plainly where simple forecasts do as well."""

import csv
import inspect
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import typer
from command_line import status_of

from mnemon import Forecaster, load
from mnemon.cli._defaults import defaults
from mnemon.cli._main import app
from mnemon.series import backtest, baselines

MODEL = ("--model", "dlnn", "--taps", "13", "--horizon", "6")
STEPS, AHEAD = 90, 6
MONTHS = np.datetime64("2001-01") + np.arange(STEPS + AHEAD)
RAIN = np.random.default_rng(1).normal(size=STEPS + AHEAD)
SEASON = 10 * np.sin(np.arange(STEPS) * np.pi / 6)
FLOW = 50 + 0.3 * np.arange(STEPS) + SEASON + np.random.default_rng(0).normal(size=STEPS)
WET = FLOW[1:] + 3 * RAIN[1:STEPS]
PAGE = (Path(__file__).parents[2] / "docs" / "forecasting.md").read_text("utf-8")
OPTIONS = typer.main.get_command(app).commands["forecast"].params


def write(path, **columns):
    """A table; what is missing at the end of a column is empty."""
    longest = max(map(len, columns.values()))
    rows = [[column[k] if k < len(column) else "" for column in columns.values()] for k in range(longest)]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([columns.keys(), *rows])
    return path


def read(path):
    """The head, the times and the numbers of a file of forecasts."""
    with open(path, newline="") as file:
        head, *rows = csv.reader(file)
    return head, [row[0] for row in rows], np.array([row[1:] for row in rows], float)


def forecaster():
    return Forecaster("dlnn", taps=13, random_state=0)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a series, and all that a command with every output leaves of it."""
    folder = tmp_path_factory.mktemp("desk")
    write(folder / "river.csv", month=MONTHS[:STEPS], flow=FLOW)
    outputs = ("--out", folder / "f.csv", "--save", folder / "m.safetensors", "--report", folder / "r.html")
    assert status_of("forecast", folder / "river.csv", *MODEL, "--backtest", *outputs, "--quiet") == 0
    return folder


def test_the_file_holds_the_forecasts_of_the_estimator(desk):
    ours = forecaster().fit(FLOW)
    head, times, values = read(desk / "f.csv")
    assert head == ["time", "forecast", "lower", "upper"]
    assert times == [str(month) for month in MONTHS[STEPS:]]
    np.testing.assert_array_equal(values[:, 0], ours.predict(AHEAD))
    np.testing.assert_array_equal(values[:, 1:], ours.predict_interval(AHEAD, coverage=0.9))
    assert (values[:, 1] < values[:, 0]).all()
    assert (values[:, 0] < values[:, 2]).all()


def test_a_saved_model_goes_on_from_new_observations(mnemon, desk, here):
    told = json.loads(mnemon("forecast", desk / "m.safetensors", "--horizon", "6", "--json").out)
    assert told["forecasts"][0]["forecast"] == read(desk / "f.csv")[2][:, 0].tolist()
    more = np.concatenate([FLOW, [70.0, 60.0]])
    ours = load(desk / "m.safetensors").update(more[STEPS:])
    for name, first in (("all", 0), ("new", STEPS)):  # the file may hold again what the model has seen
        update = write(here / f"{name}.csv", month=MONTHS[first : len(more)], flow=more[first:])
        words = ("--update", update, "--horizon", "4", "--out", f"{name}.out.csv")
        assert mnemon("forecast", desk / "m.safetensors", *words).status == 0
        _, times, values = read(f"{name}.out.csv")
        np.testing.assert_array_equal(values[:, 0], ours.predict(4)[:, 0])
        assert times[0] == str(MONTHS[len(more)])


def test_the_models_are_compared_as_the_library_does(mnemon, desk):
    ended = mnemon("forecast", desk / "river.csv", *MODEL, "--backtest", "--json")
    told = json.loads(ended.out)
    models = {"dlnn": forecaster(), **baselines(12)}
    found = backtest(models, FLOW, horizon=6, refit=False, period=12)
    assert told["backtest"]["errors"] == found.table()
    assert told["backtest"]["origins"] == len(found.origins) == 5
    assert told["backtest"]["verdict"].startswith(found.verdict())
    assert told["warnings"] == []
    page = (desk / "r.html").read_text("utf-8")
    for errors in found.table().values():
        assert f"<td>{errors['mase']:.3f}</td>" in page
    assert "2008-07" in page
    assert "solved in closed form" in page


def test_no_model_beats_the_last_value_of_a_walk(mnemon, here):
    walk = np.cumsum(np.random.default_rng(8).normal(size=90))
    write(here / "walk.csv", step=range(90), price=walk)
    words = ("forecast", "walk.csv", *MODEL, "--backtest", "--report", "walk.html")
    ended = mnemon(*words)
    assert "No model beats the seasonal naive forecast" in ended.out
    rows = [line.split() for line in ended.out.splitlines()]
    names = [row[0] for row in rows if len(row) in (4, 5) and row[-2].count(".") == 1]
    assert names.index("naive") < names.index("drift") < names.index("dlnn")
    assert "No model beats" in (here / "walk.html").read_text("utf-8").split('id="warnings"')[1].split("</section>")[0]
    quiet = mnemon(*words, "--quiet", "--force")
    assert quiet.out == ""
    assert quiet.err.startswith("mnemon: warning: No model beats")


def test_exogenous_values_of_the_same_file_or_another(mnemon, here):
    X = RAIN[1:, None]
    ours = forecaster().fit(WET, X[: len(WET)]).predict(AHEAD, X[len(WET) :])
    write(here / "both.csv", month=MONTHS[1:], flow=WET, rain=RAIN[1:])
    write(here / "flow.csv", month=MONTHS[1:STEPS], flow=WET)
    write(here / "rain.csv", month=MONTHS, rain=RAIN)  # begins before the series: found by its times
    write(here / "later.csv", month=MONTHS[STEPS:], rain=RAIN[STEPS:])
    words = ("--out", "f.csv", "--save", "m.safetensors", "--force", "--quiet")
    for data, exog in (("both.csv", "rain"), ("flow.csv", "rain.csv")):
        assert mnemon("forecast", data, *MODEL, "--exog", exog, *words).status == 0
        np.testing.assert_array_equal(read("f.csv")[2][:, 0], ours)
    for exog in ("rain.csv", "later.csv"):
        ended = mnemon("forecast", "m.safetensors", "--horizon", "6", "--exog", exog, "--json")
        assert json.loads(ended.out)["forecasts"][0]["forecast"] == ours.tolist()
    wish = ("forecast", "both.csv", *MODEL[:4], "--exog", "rain", "--horizon")
    assert (
        "--exog: no exogenous values for 2 of the steps of the horizon: 2009-01, 2009-02" in mnemon(*wish, 8).complaint
    )
    assert "trained with exogenous values (rain)" in mnemon("forecast", "m.safetensors").complaint


def test_several_columns_and_what_stands_beside_them(mnemon, here):
    y = np.stack([WET, np.sqrt(WET)], axis=1)
    past = RAIN[1:STEPS, None]
    write(here / "two.csv", month=MONTHS[1:STEPS], flow=y[:, 0], depth=y[:, 1], rain=past[:, 0])
    words = ("--past", "rain", "--transform", "log,difference", "--backtest", "--origins", "2", "--json")
    ended = mnemon("forecast", "two.csv", *MODEL, *words, "--out", "f.csv")
    ours = forecaster().set_params(transform=("log", "difference")).fit(y, past=past)
    head, _, values = read("f.csv")
    assert head == [
        "time",
        *(f"{what}_{name}" for name in ("flow", "depth") for what in ("forecast", "lower", "upper")),
    ]
    np.testing.assert_allclose(values[:, [0, 3]], ours.predict(AHEAD), rtol=1e-12)
    told = json.loads(ended.out)
    assert [one["variable"] for one in told["forecasts"]] == ["flow", "depth"]
    assert told["backtest"]["origins"] == 2
    # from the first end, by hand
    first = len(y) - 12
    known = forecaster().set_params(transform=("log", "difference")).fit(y[:first], past=past[:first])
    errors = [y[first : first + 6] - known.predict(6)]
    known.update(y[first : first + 6], past=past[first : first + 6])
    errors.append(y[first + 6 :] - known.predict(6))
    nmse = np.square(errors).mean(axis=(0, 1)) / y[first:].var(axis=0)
    np.testing.assert_allclose(told["backtest"]["errors"]["dlnn"]["nmse"], nmse.mean(), rtol=1e-9)


def test_a_series_that_does_not_change_is_said_to(mnemon, here):
    write(here / "still.csv", v=[3] * STEPS)
    ended = mnemon("forecast", "still.csv", *MODEL)
    assert "warning: still: the series does not change" in ended.out
    assert ended.err == ""


@pytest.mark.parametrize(
    "words, said",
    [
        (("gone.csv",), "no such file"),
        (("river.csv", "--model", "dlmn"), "--model 'dlmn': did you mean 'dlnn'?"),
        (("river.csv", "--transform", "lgo"), "did you mean 'log'?"),
        (("river.csv", "--horizon", "0"), "--horizon 0: expected at least 1"),
        (("river.csv", "--coverage", "90"), "--coverage 90: expected a share between 0 and 1"),
        (("river.csv", "--units", "many"), "--units 'many': expected a whole number"),
        (("river.csv", "--keep", "9"), "--keep 9: there are n_networks=4"),
        (("river.csv", "--target", "flew"), "did you mean 'flow'?"),
        (("river.csv", "--past", "flew"), "did you mean 'flow'?"),
        (("river.csv", "--past", "flow"), "no column is left to foretell"),
        (("river.csv", "--target", "flow", "--exog", "flow"), "column 'flow' is named twice"),
        (("river.csv", "--exog", "a,,b"), "with commas between"),
        (("river.csv", "--exog", "river.csv"), "no column but those of the series"),
        (("river.csv", "--origins", "3"), "--origins: for --backtest"),
        (("river.csv", "--backtest", "--origins", "20"), "--origins 20: 20 times 12 steps"),
        (("river.csv", "--backtest", "--horizon", "50"), "90 steps are too few for"),
        (("river.csv", "--update", "river.csv"), "for a model that --save wrote"),
        (("river.csv", "--out", "river.csv"), "would be the forecasts and the series"),
        (("river.csv", "--out", "f.csv"), "f.csv exists"),
        (("short.csv",), "too few"),
        (("gaps.csv",), "2001-02"),
        (("empty.csv",), "row 1 (2001-02)"),
        (("empty.csv", "--missing", "guess"), "known: error, interpolate"),
        (("nothing.csv",), "holds no value"),
        (("m.safetensors", "--units", "3"), "--units: m.safetensors is a trained model"),
        (("m.safetensors", "--update", "river.csv"), "the model knows the series up to 2008-06"),
        (("m.safetensors", "--update", "gaps.csv"), "gaps.csv"),
        (("m.safetensors", "--exog", "rain"), "name a file"),
        (("m.safetensors", "--exog", "river.csv"), "without exogenous values"),
    ],
)
def test_mistakes_are_one_line(mnemon, desk, monkeypatch, words, said):
    monkeypatch.chdir(desk)
    write("short.csv", v=[1, 2, 3])
    write("gaps.csv", month=MONTHS[[0, 2, 3]], flow=[1, 2, 3])
    write("empty.csv", month=MONTHS[:3], flow=[1, "", 3])
    write("nothing.csv", month=MONTHS[:3], flow=["", "", ""])
    model = () if words[0].startswith("m.") or "--model" in words else MODEL[:2]
    ended = mnemon("forecast", *words, *model)
    assert ended.status == 2, ended
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_options_called_as_parameters_have_their_defaults():
    signature = inspect.signature(Forecaster).parameters
    assert defaults("estimators/_forecaster.py", "Forecaster") == {n: p.default for n, p in signature.items()}
    shared = [p for p in OPTIONS if p.name in signature and p.name not in ("random_state", "transform")]
    assert len(shared) >= 20
    for option in shared:
        assert str(option.default) == str(signature[option.name].default)
    left_out = {"quantiles", "warmup", "network", "store", "verbose", "callbacks"}
    assert set(signature) - {p.name for p in OPTIONS} == left_out


def test_the_page_runs_as_it_stands_there(mnemon, desk, here, capsys):
    names: dict = {}
    for code in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        exec(compile(code, "forecasting.md", "exec"), names)
    assert "beats the seasonal naive forecast (MASE" in capsys.readouterr().out
    (here / "river.csv").write_bytes((desk / "river.csv").read_bytes())
    for code in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        for line in code.splitlines():
            assert mnemon(*shlex.split(line)[1:]).status == 0, line
    assert len(read("forecast.csv")[1]) == 24
