"""`mnemon list` names what there is, as the package itself does."""

import json

import pytest
from command_line import program

from mnemon import cells, data, layers, learning
from mnemon.data._read import READERS
from mnemon.learning.updates import NAMES

KINDS = ("cells", "layers", "gradients", "updates", "data", "initialisers", "readouts", "losses")


def names(mnemon, kind: str) -> list[str]:
    return [entry["name"] for entry in json.loads(mnemon("list", kind, "--json").out)]


def derived(room, *bases: type) -> set[str]:
    """The classes of a room that are derived from these, themselves left out."""
    found = {name: made for name, made in vars(room).items() if isinstance(made, type) and issubclass(made, bases)}
    return {name for name, made in found.items() if made not in bases and made.__module__.startswith(room.__name__)}


def test_the_kinds_are_told(mnemon):
    out = mnemon("list").out
    assert [line.split()[0] for line in out.splitlines()[: len(KINDS)]] == list(KINDS)
    assert set(json.loads(mnemon("list", "--json").out)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_listed_has_words_and_a_place_of_its_own(mnemon, kind):
    entries = json.loads(mnemon("list", kind, "--json").out)
    assert len({entry["name"] for entry in entries}) == len(entries) > 0
    assert all(entry["says"] and "\n" not in entry["says"] for entry in entries)
    printed = mnemon("list", kind).out
    assert all(entry["name"] in printed for entry in entries)


def test_cells_are_those_of_the_table(mnemon):
    assert names(mnemon, "cells") == list(cells.CELLS)


def test_parts_are_those_that_the_rooms_export(mnemon):
    assert set(names(mnemon, "layers")) == derived(layers, layers.Layer, cells.Cell, layers.Pool)
    assert set(names(mnemon, "gradients")) == derived(learning, learning.Gradient)
    assert set(names(mnemon, "losses")) == derived(learning, learning.Loss)
    own = derived(learning, learning.Update, learning.Hosted)
    assert names(mnemon, "updates")[: len(NAMES)] == list(NAMES)
    assert set(names(mnemon, "updates")[len(NAMES) :]) == own
    assert tuple(names(mnemon, "readouts")) == layers.PLACES
    assert {"uniform", "glorot", "orthogonal", "spectral_radius"} <= set(names(mnemon, "initialisers"))
    assert all(hasattr(cells, name) for name in names(mnemon, "initialisers"))


def test_data_are_those_that_are_read(mnemon):
    listed = names(mnemon, "data")
    assert "japanese_vowels" in listed
    assert [ending for name in listed if name[0] in ".-" for ending in name.split(", ")] == list(READERS)
    assert {name for name in listed if name.startswith("read_")} <= set(vars(data))
    assert {"read_folder", "read_text", "read_symbols"} <= set(listed)


def test_references_are_told(mnemon):
    entries = {entry["name"]: entry for entry in json.loads(mnemon("list", "cells", "--json").out)}
    assert "Finding structure in time" in entries["elman"]["reference"]
    assert "Finding structure in time" in mnemon("list", "cells").out.replace("\n" + " " * 17, " ")
    assert "With reset='before'" in entries["gru-before"]["says"]
    assert "Sak" in entries["lstm-projection"]["says"]


def test_a_misspelt_kind_gets_a_proposal(mnemon):
    assert "did you mean 'cells'?" in mnemon("list", "cels").complaint


def test_listing_starts_no_jax():
    script = """
import sys
from mnemon.cli import main
for kind in ("cells", "layers", "updates", "data"):
    try:
        main(["list", kind])
    except SystemExit as ended:
        assert not ended.code
sys.exit("jax" in sys.modules or "numpy" in sys.modules)
"""
    assert program(script=script).returncode == 0
