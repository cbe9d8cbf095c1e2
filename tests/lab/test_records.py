"""Records and shares in words: what every experiment keeps and says of its networks."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from mnemon._statistics import wilson
from mnemon.lab._records import records_of
from mnemon.lab._share import share
from mnemon.learning import SENTENCES


def test_a_record_is_the_network_how_it_ended_and_what_else_is_kept():
    codes = list(SENTENCES)[:2]
    results = [SimpleNamespace(reached=k == 0, code=code, sequences=10 * k) for k, code in enumerate(codes)]
    solution: Any = SimpleNamespace(results=results)
    first, second = records_of([3, 5], solution, reach=[7, 9], reaches=[[1], [2, 3]])
    assert first == {
        "network": 3, "success": True, "ended": SENTENCES[codes[0]], "sequences": 0, "reach": 7, "reaches": [1],
    }  # fmt: skip
    assert (second["network"], second["success"], second["reach"], second["reaches"]) == (5, False, 9, [2, 3])
    assert json.loads(json.dumps(second)) == second


@pytest.mark.parametrize(("good", "networks"), [(0, 4), (3, 4), (20, 20), (88, 100)])
def test_a_share_has_its_interval(good, networks):
    words, interval = share(good, networks)
    assert words == f"{good} of {networks}"
    assert interval == "{:.0f} to {:.0f}".format(*(100 * bound for bound in wilson(good, networks)))


def test_a_share_of_three_in_four():
    assert share(3, 4) == ("3 of 4", "30 to 95")
