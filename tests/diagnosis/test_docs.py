"""What the page on diagnosis shows runs as it stands there, and so does the example of `diagnose`."""

import doctest
import re
from pathlib import Path

from mnemon.diagnosis import _diagnose

PAGE = Path(__file__).parents[2] / "docs" / "diagnosis.md"


def test_the_page_runs(capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    exec(compile(code, str(PAGE), "exec"), {"__name__": "page"})
    assert "layer 1 (Elman): errors" in capsys.readouterr().out


def test_the_example_runs():
    outcome = doctest.testmod(_diagnose)
    assert outcome.attempted > 5
    assert not outcome.failed
