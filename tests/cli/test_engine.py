"""`mnemon show --engine` says which engine runs what, and why."""

import json

from mnemon import kernels


def test_without_a_model(mnemon):
    shown = mnemon("show", "--engine")
    assert shown.status == 0
    reason = kernels.why_not()
    assert shown.out.startswith("engine    native" if reason is None else f"engine    XLA: {reason}")


def test_of_a_model_cell_by_cell(mnemon, model):
    told = json.loads(mnemon("show", model, "--engine", "--json").out)
    assert told["engine"] in ("native", "XLA")
    (cell,) = told["cells"]
    assert cell[:2] == ["LSTM", told["engine"]]
    assert "LSTM" in mnemon("show", model, "--engine").out


def test_switched_off(mnemon, model, monkeypatch):
    monkeypatch.setattr(kernels, "why_not", lambda: "switched off by a test")
    assert "LSTM      XLA: switched off by a test" in mnemon("show", model, "--engine").out


def test_neither_a_model_nor_the_question(mnemon):
    assert "name a model that mnemon fit wrote, or ask for --engine" in mnemon("show").complaint
