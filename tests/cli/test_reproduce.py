"""`mnemon reproduce`: what there is, how it is asked for, what it leaves behind, and mistakes in one line."""

import json

import pytest
from command_line import program
from trials import Trials, trained

from mnemon import lab


@pytest.fixture(autouse=True)
def trials(monkeypatch):
    """An experiment "trials" that takes no time."""
    monkeypatch.setitem(lab.EXPERIMENTS, "trials", Trials())
    trained.clear()


def lengths_of(folder):
    return {json.loads(line)["length"] for line in (folder / "results" / "many.jsonl").read_text().splitlines()}


def test_the_list_names_all_experiments(mnemon):
    listed = mnemon("reproduce", "--list")
    assert listed.status == 0
    rows = dict(line.split(maxsplit=1) for line in listed.out.split("\n\n")[0].splitlines())
    assert rows == {name: experiment.title for name, experiment in lab.EXPERIMENTS.items()}
    assert mnemon("reproduce").out == listed.out


def test_a_run_prints_the_table_and_writes_the_page(mnemon, here):
    ended = mnemon("reproduce", "trials", "--markdown", "table.md")
    assert ended.status == 0
    assert "Trials of nothing" in ended.out
    assert "many, 60" in ended.out
    assert "page     results/trials.html: open it in a browser" in ended.out
    assert (here / "results" / "trials.html").read_text("utf-8").lower().startswith("<!doctype html>")
    assert "| many, 60 |" in (here / "table.md").read_text("utf-8")
    assert {file.name for file in (here / "results").iterdir()} == {"few.jsonl", "many.jsonl", "trials.html"}
    told = ended.err.splitlines()
    assert [line.split()[0] for line in told] == [f"{k}/6" for k in range(1, 7)]
    assert told[2].split("  ")[1].startswith("few, length 60: ")


def test_a_table_that_is_there_is_replaced_with_force_only(mnemon, here):
    (here / "table.md").write_text("mine")
    (here / "page.html").write_text("mine")
    for words in (("--markdown", "table.md"), ("--html", "page.html")):
        told = mnemon("reproduce", "trials", *words).complaint
        assert f"{words[1]} exists" in told
        assert "--force" in told
        assert (here / words[1]).read_text() == "mine"
        assert trained == []
        assert mnemon("reproduce", "trials", *words, "--force", "--resume").status == 0
        assert "Trials of nothing" in (here / words[1]).read_text("utf-8")
        trained.clear()


def test_the_page_in_the_folder_is_drawn_anew(mnemon, here):
    assert mnemon("reproduce", "trials", "--networks", "1").status == 0
    before = (here / "results" / "trials.html").read_text("utf-8")
    trained.clear()
    assert mnemon("reproduce", "trials", "--networks", "3", "--resume").status == 0
    assert (here / "results" / "trials.html").read_text("utf-8") != before
    assert [some for name, _, some in trained if name == "many"] == [(1, 2)] * 2


def test_results_that_are_there_are_gone_on_with_when_resumed_only(mnemon, here):
    assert mnemon("reproduce", "trials").status == 0
    said = "results: there are results of this experiment; --resume goes on"
    assert said in mnemon("reproduce", "trials").complaint
    trained.clear()
    assert mnemon("reproduce", "trials", "--resume").status == 0
    shown = mnemon("reproduce", "trials", "--render-only")
    assert shown.status == 0
    assert "many, 70" in shown.out
    assert trained == []


def test_a_quick_run_lies_apart_and_says_so(mnemon, here):
    ended = mnemon("reproduce", "trials", "--quick", "--out", "there")
    assert "quick" in ended.out
    assert {file.name for file in (here / "there").iterdir()} == {"quick", "trials-quick.html"}


@pytest.mark.parametrize("words", [("60", "80"), ("60,80",), ("60, 80",), ("60 80",), ("60,", "80", "60")])
def test_lengths_come_one_after_another_or_between_commas(words, mnemon, here):
    assert mnemon("reproduce", "trials", "--lengths", *words).status == 0
    assert lengths_of(here) == {60, 80}


def test_lengths_end_where_the_next_option_begins(mnemon, here):
    assert mnemon("reproduce", "trials", "--lengths", "60", "80", "--networks", "1", "--seed", "3").status == 0
    assert lengths_of(here) == {60, 80}
    assert {some for _, _, some in trained} == {(0,)}


@pytest.mark.parametrize(
    "words, said",
    [
        (("latching-rulse",), "reproduce 'latching-rulse': did you mean 'latching-rules'?"),
        (("nothing",), "reproduce 'nothing': known: adding, "),
        (("trials", "60", "70"), "reproduce trials 60 70: one experiment at a time; lengths come after --lengths"),
        (("trials", "latching-rules"), "one experiment at a time"),
        (("trials", "--lengths", "sixty"), "--lengths sixty: expected whole numbers, as in --lengths 60 130"),
        (("trials", "--lengths", "60", "7.5"), "--lengths 60 7.5: expected whole numbers"),
        (("trials", "--lengths", "0"), "--lengths (0,): expected positive lengths, as (60, 70)"),
        (("trials", "--lengths", ","), "--lengths (): expected positive lengths"),
        (("trials", "--out", "file"), "--out file: is a file; name a folder"),
        (("trials", "--networks", "0"), "--networks 0: expected at least 1"),
        (("trials", "--jobs", "0"), "--jobs 0: expected at least 1"),
        (("trials", "--seed", "-1"), "--seed -1: expected at least 0"),
        (("trials", "--networks", "many"), "invalid value for '--networks'"),
        (("trials", "--backend", "nonsense"), "--backend nonsense: joblib cannot use it ("),
        (("trials", "--render-only"), "results: there are no results of trials to render; run it first"),
        (("trials", "--html", "no/page.html"), "no folder no"),
        (("trials", "--html", "same", "--markdown", "same"), "same: would be the table and the page"),
        (("trials", "--lenghts", "60"), "--lengths"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_trained(words, said, mnemon, here):
    (here / "file").write_text("mine")
    assert said in mnemon("reproduce", *words).complaint
    assert trained == []
    assert [path.name for path in here.rglob("*") if path.is_file()] == ["file"]
    assert "--render-only" not in words or not (here / "results").exists()


def test_jobs_run_where_the_backend_says(mnemon, here):
    ended = mnemon("reproduce", "trials", "--jobs", "2", "--backend", "threading")
    assert ended.status == 0
    assert len(trained) == 6
    assert [line.split()[0] for line in ended.err.splitlines()] == [f"{k}/6" for k in range(1, 7)]
    assert (
        mnemon("reproduce", "trials", "--out", "other").out.split("page")[0].splitlines()[:8]
        == ended.out.splitlines()[:8]
    )


def test_results_of_another_protocol_are_refused(mnemon, here, monkeypatch):
    assert mnemon("reproduce", "trials").status == 0
    monkeypatch.setitem(lab.EXPERIMENTS, "trials", Trials(level=0.7))
    trained.clear()
    assert "line 1 was made by another protocol" in mnemon("reproduce", "trials", "--resume").complaint
    assert trained == []


def test_strings_that_are_shorter_than_the_keyword_are_refused(mnemon):
    told = mnemon("reproduce", "latching-rules", "--lengths", "40", "--networks", "1").complaint
    assert "a keyword of 50 letters does not fit strings of 40" in told


@pytest.mark.slow
def test_a_mistake_in_a_process_of_its_own(here):
    ended = program("reproduce", "nothing")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("mnemon: reproduce 'nothing': known: ")
