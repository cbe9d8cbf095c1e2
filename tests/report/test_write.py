"""A report is there whole or not at all, and never in the place of another without being asked."""

import errno
import os

import pytest

from mnemon.errors import InvalidInput
from mnemon.report import write_report


def test_writes_one_file_and_nothing_beside(story, tmp_path):
    path = write_report(tmp_path / "report.html", story())
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_refuses_to_overwrite_unless_asked(story, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("precious")
    with pytest.raises(InvalidInput, match=r"report\.html exists.*overwrite=True"):
        write_report(path, story())
    assert path.read_text() == "precious"
    write_report(str(path), story(), overwrite=True)
    assert "precious" not in path.read_text("utf-8")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_the_old_file_survives_a_write_that_fails(story, tmp_path, monkeypatch, call):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "report.html"
    path.write_text("precious")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(InvalidInput, match=r"cannot write the report .*No space left on device; the report that was"):
        write_report(path, story(), overwrite=True)
    assert path.read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_file_that_came_meanwhile_is_left(story, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    monkeypatch.setattr(os, "fsync", lambda _: path.write_text("precious"))
    with pytest.raises(InvalidInput, match="exists"):
        write_report(path, story())
    assert path.read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_places_where_nothing_can_be_written(story, tmp_path):
    with pytest.raises(InvalidInput, match=r"no folder .*missing"):
        write_report(tmp_path / "missing" / "report.html", story())
    with pytest.raises(InvalidInput, match="is a folder"):
        write_report(tmp_path, story(), overwrite=True)


@pytest.mark.skipif(
    os.name == "nt" or getattr(os, "geteuid", int)() == 0, reason="the system lets this user write anywhere"
)
def test_a_folder_that_may_not_be_written(story, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InvalidInput, match="Permission denied"):
            write_report(tmp_path / "report.html", story())
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_stays_a_link(story, tmp_path):
    (tmp_path / "link.html").symlink_to(tmp_path / "report.html")
    write_report(tmp_path / "link.html", story())
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "report.html").is_file()
