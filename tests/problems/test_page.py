"""The page on problems: its code runs, and its table names every problem."""

import re
from pathlib import Path

import mnemon.problems

PAGE = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()


def test_code_runs_and_says_what_the_page_says(capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    exec(compile(code, "problems.md", "exec"), {})
    said = capsys.readouterr().out.splitlines()
    assert said[1:] == ["strings right: 0.0", "by one who knows: 1.0"]


def test_every_problem_stands_in_the_table():
    table = "".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    public = {name for name in dir(mnemon.problems) if hasattr(getattr(mnemon.problems, name), "right")} - {"Problem"}
    assert set(re.findall(r"`(\w+)\(", table)) == public
