"""The page on problems: its code runs, and its table names every problem."""

import re
from pathlib import Path

import mnemon.problems

PAGE = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()


def test_code_runs_and_says_what_the_page_says(capsys):
    names: dict = {}
    for code in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        exec(compile(code, "problems.md", "exec"), names)
    said = capsys.readouterr().out.splitlines()
    left = "a line on five values leaves less than 1e-5 of the variance of the next: True"
    assert said[1:] == ["strings right: 0.0", "by one who knows: 1.0", left]


def test_every_problem_stands_in_the_table():
    table = "".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    named = {name: getattr(mnemon.problems, name) for name in dir(mnemon.problems) if name[0].isupper()}
    public = {name for name, one in named.items() if hasattr(one, "right") or hasattr(one, "series")}
    public -= {"Problem", "Series"}
    assert set(re.findall(r"`([A-Z]\w+)\(", table)) == public
