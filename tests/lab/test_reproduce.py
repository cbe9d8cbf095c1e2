"""An experiment may be stopped at any moment, widened and shared between processes: its numbers are the same."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
from trials import Trials, trained

from mnemon.errors import InvalidInput
from mnemon.lab import reproduce
from mnemon.lab._latching import LatchingRun
from mnemon.learning import Store

TRIALS, TINY = Trials(), tiny.Tiny()


@pytest.fixture(autouse=True)
def nothing_trained():
    trained.clear()


def records(folder):
    """All that is in a folder, but for what may differ."""
    lines = [json.loads(line) for file in Path(folder).glob("*.jsonl") for line in file.read_text().splitlines()]
    kept = [{k: v for k, v in line.items() if k not in ("seconds", "commit")} for line in lines]
    return sorted(kept, key=lambda line: (line["seed"], line["protocol"], line["length"], line["network"]))


def names(folder):
    return sorted(file.name for file in Path(folder).iterdir())


@pytest.fixture
def whole(tmp_path):
    """The records of all trials, trained at once."""
    reproduce(TRIALS, out=tmp_path / "whole")
    trained.clear()
    return records(tmp_path / "whole")


def test_what_is_published_is_trained_in_units_and_a_line_is_kept_of_each_network(tmp_path):
    account = reproduce(TRIALS, out=tmp_path / "new" / "folder")
    few = [("few", length, (0, 1)) for length in (60, 70)]
    many = [("many", length, some) for length in (60, 70) for some in ((0, 1, 2, 3), (4, 5))]
    assert sorted(trained) == few + many
    assert names(tmp_path / "new" / "folder") == ["few.jsonl", "many.jsonl"]
    assert len(records(tmp_path / "new" / "folder")) == 16
    assert not account.quick
    assert [row[1].split()[-1] for row in account.grids[0].rows] == ["6", "6", "2", "2"]


def test_networks_asked_later_are_added_without_training_others_again(tmp_path, whole):
    for networks in (1, 2, 3, 6):
        reproduce(TRIALS, out=tmp_path, networks=networks, lengths=[60], resume=True)
    assert [some for name, _, some in trained if name == "many"] == [(0,), (1,), (2,), (3,), (4, 5)]
    assert [some for name, _, some in trained if name == "few"] == [(0,), (1,)]
    reproduce(TRIALS, out=tmp_path, resume=True)
    assert records(tmp_path) == whole
    trained.clear()
    reproduce(TRIALS, out=tmp_path, resume=True)
    assert trained == []
    assert records(tmp_path) == whole


def test_fewer_networks_than_are_there_are_shown_alone(tmp_path, whole):
    account = reproduce(TRIALS, out=tmp_path / "whole", networks=3, lengths=[70], resume=True)
    assert trained == []
    assert [row[1].split()[-1] for row in account.grids[0].rows] == ["3", "2"]


def test_a_length_named_twice_is_one(tmp_path):
    account = reproduce(TRIALS, out=tmp_path, lengths=[60, 60])
    assert len(trained) == 3
    assert len(account.grids[0].rows) == 2


def test_results_that_are_there_are_not_touched_unless_they_are_to_be_resumed(tmp_path, whole):
    with pytest.raises(InvalidInput, match="there are results of this experiment; --resume goes on"):
        reproduce(TRIALS, out=tmp_path / "whole", networks=10)
    assert trained == []
    assert records(tmp_path / "whole") == whole


def test_rendering_trains_nothing(tmp_path, whole):
    before = reproduce(TRIALS, out=tmp_path / "whole", resume=True)
    account = reproduce(TRIALS, out=tmp_path / "whole", render_only=True)
    wide = reproduce(TRIALS, out=tmp_path / "whole", render_only=True, networks=50)
    assert trained == []
    assert account == before
    assert wide.grids == account.grids


def test_rendering_nothing_is_refused(tmp_path, whole):
    for how in ({"out": tmp_path / "nowhere"}, {"out": tmp_path / "whole", "lengths": [80]}, {"seed": 1}):
        with pytest.raises(InvalidInput, match="there are no results of trials to render; run it first"):
            reproduce(TRIALS, **{"out": tmp_path / "whole", "render_only": True} | how)
    assert not (tmp_path / "nowhere").exists()


def test_quick_results_lie_apart_and_are_gone_on_with_unasked(tmp_path):
    account = reproduce(TRIALS, out=tmp_path, quick=True)
    assert account.quick
    assert names(tmp_path) == ["quick"]
    assert {length for _, length, _ in trained} == {60}
    assert max(record["network"] for record in records(tmp_path / "quick")) == 7
    reproduce(TRIALS, out=tmp_path, quick=True, networks=12)
    assert trained[-1] == ("many", 60, (8, 9, 10, 11))
    reproduce(TRIALS, out=tmp_path)
    assert len(records(tmp_path)) == 16


@pytest.mark.slow
def test_processes_change_no_number(tmp_path, whole):
    steps = []
    account = reproduce(TRIALS, out=tmp_path / "jobs", jobs=2, watch=steps.append)
    assert trained == []
    assert records(tmp_path / "jobs") == whole
    assert account.grids == reproduce(TRIALS, out=tmp_path / "whole", render_only=True).grids
    assert [(step.done, step.units) for step in steps] == [(k, 6) for k in range(7)]


def test_results_of_another_seed_do_not_mix(tmp_path, whole):
    one = reproduce(TRIALS, out=tmp_path / "one", seed=1)
    trained.clear()
    both = reproduce(TRIALS, out=tmp_path / "whole", seed=1)
    assert len(trained) == 6
    assert both.grids == one.grids
    assert both.provenance == one.provenance
    after = records(tmp_path / "whole")
    assert [record for record in after if record["seed"] == 0] == whole
    assert [record for record in after if record["seed"] == 1] == records(tmp_path / "one")


def test_another_protocol_is_refused_before_anything_is_trained(tmp_path, whole):
    with pytest.raises(InvalidInput, match=r"many\.jsonl: line 1 was made by another protocol"):
        reproduce(Trials(level=0.6), out=tmp_path / "whole", resume=True)
    assert trained == []
    assert records(tmp_path / "whole") == whole


def test_a_unit_whose_last_line_is_torn_is_completed(tmp_path, whole):
    many = tmp_path / "whole" / "many.jsonl"
    text = many.read_bytes()
    for end in (len(text) - 1, len(text) - 20, text.rstrip().rfind(b"\n") + 1):
        trained.clear()
        many.write_bytes(text[:end])
        account = reproduce(TRIALS, out=tmp_path / "whole", resume=True)
        assert trained == [("many", 70, (5,))]
        assert records(tmp_path / "whole") == whole
        assert account.provenance["networks trained"] == "16"


def test_what_has_ended_is_told_with_its_records(tmp_path):
    steps = []
    reproduce(TRIALS, out=tmp_path, lengths=[60], watch=steps.append)
    assert [(step.done, step.units, step.run and step.run.condition) for step in steps] == [
        (0, 3, None), (1, 3, "many"), (2, 3, "many"), (3, 3, "few"),
    ]  # fmt: skip
    assert [[record["network"] for record in step.records] for step in steps] == [[], [0, 1, 2, 3], [4, 5], [0, 1]]


def test_the_account_says_where_it_is_from(tmp_path):
    whole = reproduce(TRIALS, out=tmp_path, seed=3).provenance
    assert whole["command"] == "mnemon reproduce trials --networks 6 --seed 3"
    assert whole["networks trained"] == "16"
    assert whole["time"] == "32 core seconds in all"
    assert set(json.loads(whole["settings"])) == {"many", "few"}
    part = reproduce(TRIALS, out=tmp_path, seed=3, networks=1, lengths=[70], render_only=True).provenance
    assert part["command"] == "mnemon reproduce trials --networks 1 --lengths 70 --seed 3"
    assert part["networks trained"] == "2"
    assert part["time"] == "4 core seconds in all"
    quick = reproduce(TRIALS, out=tmp_path, quick=True).provenance
    assert quick["command"] == "mnemon reproduce trials --quick --networks 8 --seed 0"
    other = reproduce(TRIALS, out=tmp_path, quick=True, lengths=[70]).provenance
    assert other["command"] == "mnemon reproduce trials --quick --networks 8 --lengths 70 --seed 0"


@pytest.mark.parametrize(
    "how, said",
    [
        ({"networks": 0}, "networks=0: expected at least 1"),
        ({"jobs": 0}, "jobs=0: expected at least 1"),
        ({"lengths": []}, r"lengths=\(\): expected positive lengths, as \(60, 70\)"),
        ({"lengths": [60, 0]}, r"lengths=\(60, 0\): expected positive lengths"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(how, said, tmp_path):
    with pytest.raises(InvalidInput, match=said):
        reproduce(TRIALS, out=tmp_path, **how)
    assert trained == []


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The records of the experiment in earnest."""
    folder = tmp_path_factory.mktemp("unbroken")
    reproduce(TINY, out=folder)
    assert names(folder) == ["random.jsonl"]
    assert [record["network"] for record in records(folder)] == [0, 1, 2, 3, 4]
    assert len({record["training_error"] for record in records(folder)}) == 5
    return records(folder)


@pytest.mark.slow
def test_in_earnest_networks_asked_later_are_those_of_an_unbroken_run(tmp_path, unbroken, monkeypatch):
    asked, train = [], LatchingRun.train

    def watched(self, members, seed, checkpoint):
        asked.append(list(members))
        return train(self, members, seed, checkpoint)

    monkeypatch.setattr(LatchingRun, "train", watched)
    for networks in (1, 4, 5):
        reproduce(TINY, out=tmp_path, networks=networks, resume=True)
    assert asked == [[0], [1], [2, 3], [4]]
    assert records(tmp_path) == unbroken


@pytest.mark.parametrize("pretrained", [False, True])
@pytest.mark.slow
def test_in_earnest_a_unit_that_is_interrupted_goes_on_to_the_same_numbers(pretrained, tmp_path, monkeypatch):
    experiment, epochs, save = tiny.Tiny(pretrained=pretrained, networks=2), [], Store.save

    def save_and_stop(self, fingerprint, saved):
        save(self, fingerprint, saved)
        epochs.append(saved.epoch)
        if epochs == [1, 2, 3]:
            raise KeyboardInterrupt

    monkeypatch.setattr(Store, "due", lambda self: True)
    monkeypatch.setattr(Store, "save", save_and_stop)
    with pytest.raises(KeyboardInterrupt):
        reproduce(experiment, out=tmp_path / "broken")
    assert names(tmp_path / "broken") == [".random-52-0-0-2.safetensors"]
    reproduce(experiment, out=tmp_path / "broken")
    assert 4 in epochs
    assert epochs.count(1) == 1
    assert names(tmp_path / "broken") == ["random.jsonl"]
    reproduce(experiment, out=tmp_path / "whole")
    assert records(tmp_path / "broken") == records(tmp_path / "whole")


@pytest.mark.parametrize("moment", ["appended", "training"])
@pytest.mark.slow
def test_in_earnest_a_killed_run_goes_on_to_the_same_numbers(moment, tmp_path, unbroken):
    lab = Path(tiny.__file__).parent
    script = f"""
import runpy, sys
runpy.run_path({str(lab.parent / "conftest.py")!r})
import tiny
tiny.main()
"""
    command = [sys.executable, "-c", script, str(tmp_path), moment]
    assert subprocess.run(command, cwd=lab, check=False).returncode == -signal.SIGKILL
    half = [".random-52-0-2-2.safetensors"] if moment == "training" else []
    assert names(tmp_path) == [*half, "random.jsonl"]
    assert records(tmp_path) == unbroken[:2]
    reproduce(TINY, out=tmp_path, resume=True)
    assert names(tmp_path) == ["random.jsonl"]
    assert records(tmp_path) == unbroken
