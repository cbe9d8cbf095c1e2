"""The README's code, and that of the pages on tasks, on the lab and on speech, runs as it stands there."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
PAGES = [(ROOT / "docs" / name).read_text() for name in ("tasks.md", "lab.md", "learners.md")]
PYTHON = [code for language, code in BLOCKS if language == "python"]
PYTHON += [code for page in PAGES for code in re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)]
SHELL = [line for language, code in BLOCKS if language == "sh" for line in code.splitlines() if line]


def test_every_block_is_of_a_kind_that_is_tested():
    assert {language for language, _ in BLOCKS} == {"python", "sh"}
    assert all(line.startswith(("make ", "mnemon ")) for line in SHELL)


@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_python_blocks_run(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "readme"}
    exec(compile(code, "README.md", "exec"), scope)
    said = capsys.readouterr().out
    assert said or "classifier" in scope
    if "accuracy" in said:
        assert float(said.split("accuracy")[1].split()[0]) > 0.85


def test_the_page_on_speech_runs(capsys):
    for library in ("soundfile", "kaldi_native_fbank", "hmmlearn"):
        pytest.importorskip(library, reason="needs the extras audio and hmm")
    names = {"__name__": "speech"}
    page = (ROOT / "docs" / "speech.md").read_text()
    for code in re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        exec(compile(code, "speech.md", "exec"), names)
    assert "['low' 'high']" in capsys.readouterr().out


def test_mnemon_commands_run(tmp_path, monkeypatch, capsys):
    from mnemon.cli import main

    monkeypatch.chdir(tmp_path)
    for line in (line for line in SHELL if line.startswith("mnemon ")):
        monkeypatch.setattr("sys.argv", shlex.split(line))
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None), line
    assert "accuracy 0." in capsys.readouterr().out
    assert (tmp_path / "speakers.html").exists()


def test_make_targets_are_there():
    makefile = (ROOT / "Makefile").read_text()
    for line in (line for line in SHELL if line.startswith("make ")):
        assert re.search(rf"^{line.split()[1]}:", makefile, flags=re.MULTILINE), line


def test_what_the_readme_points_to_is_there():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
