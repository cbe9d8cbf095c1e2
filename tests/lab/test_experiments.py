"""Every experiment: its published numbers, its runs, and the results that are committed."""

import pickle
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest

from mnemon.lab import EXPERIMENTS, reproduce
from mnemon.lab._experiment import mark_of
from mnemon.lab._latching import LENGTHS, SETTING, LatchingRun, Setting
from mnemon.report import account_markdown, account_text

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "lab"
COMMITTED = sorted(RESULTS.glob("*.jsonl"))
NO_RESULTS = pytest.mark.skipif(not COMMITTED, reason="no results are kept in this checkout")

# Means as printed: successes, epochs, accuracy; None where they are not.
MEANS = {
    ("latching-rules", "eBPTT"): (None, 243.3, 0.968),
    ("latching-rules", "eRTRL"): (None, 67.1, 0.892),
    ("latching-pretraining", "random"): (44.25, 161.5, None),
    ("latching-pretraining", "pre-trained"): (77.1, 42.5, None),
    ("latching-context-zero", "pre-trained"): (79.75, 35.2, None),
    ("latching-context-zero", "context zero"): (80.75, 57.7, None),
    ("latching-context-identity", "pre-trained"): (79.75, 35.2, None),
    ("latching-context-identity", "context identity"): (90.6, 36.6, None),
}


@pytest.mark.parametrize("name, label", MEANS)
def test_published_numbers_come_to_the_published_means(name, label):
    (column,) = (column for column in EXPERIMENTS[name].columns if column.label == label)
    assert tuple(column.published) == LENGTHS
    for values, mean, digits in zip(zip(*column.published.values()), MEANS[name, label], (0.05, 0.051, 0.00051)):
        assert mean is None or abs(sum(values) / len(values) - mean) <= digits


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_says_what_it_is(name):
    experiment = EXPERIMENTS[name]
    assert experiment.name == name
    assert experiment.title
    assert "\n" not in experiment.title
    assert experiment.question.endswith((".", "?"))
    assert experiment.networks >= 1
    assert experiment.lengths
    assert min(experiment.lengths) >= 1


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_runs_are_hashable_travel_and_have_a_place_of_their_own(name, quick):
    experiment = EXPERIMENTS[name]
    runs = experiment.runs(experiment.lengths, quick)
    assert len(set(runs)) == len(runs) > 0
    assert pickle.loads(pickle.dumps(runs)) == runs
    assert len({(run.condition, tuple(run.place.items())) for run in runs}) == len(runs)
    for run in runs:
        assert 1 <= experiment.networks_of(run, 4) <= 4
        assert run.unit >= 1
        assert not set(run.place) & set(run.protocol)


@pytest.mark.parametrize("quick", [False, True])
def test_a_condition_has_one_protocol_at_all_places_and_in_all_experiments(quick):
    marks = {}
    for experiment in EXPERIMENTS.values():
        for run in experiment.runs(experiment.lengths, quick):
            assert marks.setdefault(run.condition, mark_of(run)) == mark_of(run), (experiment.name, run.condition)


def test_a_quick_run_that_is_another_run_has_a_protocol_of_its_own():
    for experiment in EXPERIMENTS.values():
        usual, quick = (
            {(run.condition, tuple(run.place.items())): run for run in experiment.runs(experiment.lengths, q)}
            for q in (False, True)
        )
        shared = usual.keys() & quick.keys()
        assert shared or experiment.name == "latching-grid"  # whose runs are rates, each with all momenta
        for place in shared:
            assert (mark_of(usual[place]) == mark_of(quick[place])) == (usual[place] == quick[place]), place


def test_the_mark_of_a_run_is_the_same_at_every_length():
    runs = [LatchingRun("random", length) for length in (*LENGTHS, 55)]
    assert len({mark_of(run) for run in runs}) == 1


def changed(value):
    """Another value of the kind."""
    if isinstance(value, bool):
        return not value
    if value is None:
        return (0,)
    return (*value, (200, 10)) if isinstance(value, tuple) else value * 2


@pytest.mark.parametrize("name", [field.name for field in fields(Setting)])
def test_the_mark_changes_with_any_number_of_the_setting_that_concerns_a_run(name):
    runs = {run for experiment in EXPERIMENTS.values() for run in experiment.runs((60,), False)}
    runs = [run for run in runs if hasattr(run, "setting")]
    assert len({run.condition for run in runs}) > 8
    for run in runs:
        other = replace(run, setting=replace(run.setting, **{name: changed(getattr(run.setting, name))}))
        unconcerned = isinstance(run, LatchingRun) and not run.pretrained and name.startswith("pretraining_")
        assert unconcerned or mark_of(other) != mark_of(run), run


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_the_mark_changes_with_everything_that_is_not_the_place(experiment):
    run = EXPERIMENTS[experiment].runs((60,), False)[0]
    for field in fields(run):
        value = getattr(run, field.name)
        if field.name in run.place or not field.init or is_dataclass(value):
            continue
        other = replace(run, **{field.name: value + "x" if isinstance(value, str) else changed(value)})
        assert mark_of(other) != mark_of(run), field.name


def test_the_mark_changes_with_the_revision_of_what_a_run_does(monkeypatch):
    run = EXPERIMENTS["anbn"].runs((10,), False)[0]
    marks = [mark_of(run)]
    for revision in (2, 3):
        monkeypatch.setattr(type(run), "REVISION", revision)
        marks.append(mark_of(run))
    assert len(set(marks)) == 3


def test_strings_of_lengths_that_are_not_published_are_in_proportion():
    assert [SETTING.strings(length) for length in (60, 130)] == [75, 500]
    assert SETTING.strings(260) == 1000
    assert SETTING.strings(64) == 80
    assert replace(SETTING, sequences=((60, 2),)).strings(50) == 2


@NO_RESULTS
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_committed_results_are_of_todays_protocol_and_render(name):
    experiment = EXPERIMENTS[name]
    conditions = {run.condition for run in experiment.runs(experiment.lengths, False)}
    if not any(path.stem in conditions for path in COMMITTED):
        pytest.skip(f"no results of {name} are kept yet")
    account = reproduce(experiment, out=RESULTS, render_only=True)
    assert not account.quick
    for text in (account_text(account), account_markdown(account)):
        assert experiment.title in text
        assert "nan" not in text.lower().split()


@NO_RESULTS
def test_committed_results_all_belong_to_an_experiment():
    known = {run.condition for e in EXPERIMENTS.values() for run in e.runs(e.lengths, False)}
    assert {path.stem for path in COMMITTED} <= known
