"""A diagnosis on a terminal and as a page: what was found, drawn from the numbers, asking nothing of any other file."""

import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mnemon.cells import Elman
from mnemon.diagnosis import Finding, diagnose
from mnemon.errors import InvalidInput
from mnemon.layers import Network, Readout
from mnemon.learning import SquaredError
from mnemon.report._diagnosis_page import diagnosis_page, write_diagnosis
from mnemon.report._diagnosis_text import diagnosis_text
from mnemon.report._diagnosis_tiles import LEVELS, squares, tiles

EVIL = "<script>alert('&\"')</script>"


def network():
    a, b = jax.random.split(jax.random.key(0))
    return Network(Elman(3, 5, squashing="logistic", key=a), Readout(5, 2, key=b))


def look(of):
    xs = jax.random.normal(jax.random.key(1), (4, 12, 3))
    return diagnose(of, xs, jnp.array([12, 7, 9, 2]), jnp.ones((4, 2)), SquaredError())


@pytest.fixture(scope="module")
def found():
    return look(network())


def test_text_has_every_finding_and_wraps(found):
    text = diagnosis_text(found, width=60)
    flowing = " ".join(text.split())
    for one in found.findings:
        assert one.severity in text
        assert " ".join(one.sentence.split()) in flowing
    assert "alarm    layer 1 (Elman): errors shrink by" in text
    assert "layer 1, Elman" in text
    assert f"{found.layers[0].answer.pace:.3g} a step" in text
    strange = found._replace(findings=(Finding("note", "x", "y", "a\x1b[31m b"),))
    assert "\x1b" not in diagnosis_text(strange)
    assert diagnosis_text(found._replace(findings=())).startswith("nothing stands out")


def test_the_page_has_all_parts_and_needs_no_other_file(found):
    page = diagnosis_page(found, f"Diagnosis {EVIL}", {"model": EVIL, "mnemon": "1.2", "network": None})
    assert EVIL not in page
    assert re.findall(r'<section id="(\w+)"', page) == ["findings", "flow", "memory", "states", "weights", "provenance"]
    assert not re.search(r'(src|href)="(?!#)', page)
    for one in found.findings:
        assert one.sentence.replace("'", "&#x27;") in page
    for said in ("Errors by the states", "at most, by the weights", "Singular values of Jacobian products",
                 "Unit by unit", "Inputs exchanged", "In the plane of the first two components",
                 "layer 1 cell recurrent_weights", "Written by Mnemon 1.2"):  # fmt: skip
        assert said in page
    assert "published" not in page.split("<body")[1]
    assert "nan" not in "".join(re.findall(r' d="([^"]*)"', page))


def test_a_diverged_network_can_be_drawn():
    broken = eqx.tree_at(lambda n: n.layers.layers[0].cell.bias, network(), jnp.full(5, jnp.nan))
    page = diagnosis_page(look(broken), "Diverged", {})
    assert "not finite" in page
    assert "nan" not in "".join(re.findall(r' d="([^"]*)"', page))


def test_pages_are_not_overwritten_unasked(found, tmp_path):
    place = tmp_path / "page.html"
    place.write_text("mine")
    with pytest.raises(InvalidInput, match="exists"):
        write_diagnosis(place, found, "One", {})
    assert place.read_text() == "mine"
    assert "<h1>Two</h1>" in write_diagnosis(place, found, "Two", {}, overwrite=True).read_text("utf-8")


def test_squares_are_as_large_as_their_weights():
    weights = np.array([[1.0, -0.25, 0.0], [0.5, np.nan, -1.0]])
    drawn = squares(weights, "weights")
    sides = {}
    for path, colour in re.findall(r'<path d="([^"]*)" fill="var\((--\w+)\)"', drawn):
        sides[colour] = sorted(float(side) ** 2 for side in re.findall(r"h(\d+\.\d)v", path))
    assert [len(sides[colour]) for colour in ("--accent", "--warm")] == [2, 2]
    np.testing.assert_allclose(np.array(sides["--accent"]) / sides["--accent"][-1], [0.5, 1], atol=0.02)
    np.testing.assert_allclose(np.array(sides["--warm"]) / sides["--accent"][-1], [0.25, 1], atol=0.02)


def test_tiles_are_shaded_by_decades():
    values = np.array([[1.0, 1e-3, 1e-9], [0.0, np.nan, 1e-2]])
    drawn = tiles(values, "values")
    shades = {float(opacity): path.count("M") for path, opacity in
              re.findall(r'<path d="([^"]*)"[^>]*fill-opacity="([\d.]+)"', drawn)}  # fmt: skip
    assert shades == {1.0: 1, round(8 / LEVELS, 3): 1, 0.5: 1}
    assert tiles(np.zeros((2, 2)), "nothing").count("<path") == 0
    assert tiles(np.ones((300, 1000)), "many").count("h") < 64 * 128 * 3
