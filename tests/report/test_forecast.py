"""Forecasts on a terminal, as JSON and as a page: the numbers that were given, drawn and told."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.report import Echo, Fan, ForecastStory, Measured, Rivals, Story, forecast_text, forecast_values, place
from mnemon.report._forecast_page import forecast_page, write_forecast
from mnemon.report._forecast_story import Band

EVIL = "<script>alert('&\"')</script>"
MONTHS = np.datetime64("2001-01") + np.arange(60)


def fan(name="rain", horizon=20, at=MONTHS):
    seen = np.sin(np.arange(len(at) - horizon) / 3) * 100
    expected = np.linspace(10, 10 + horizon - 1, horizon)
    bands = [Band(coverage=share, low=expected - d, high=expected + d) for share, d in ((0.9, 5.0), (0.5, 2.0))]
    split = len(at) - horizon
    return Fan(name=name, seen=seen, seen_at=at[:split], expected=expected, expected_at=at[split:], bands=bands)


def rivals():
    means = {
        "lstm": {"nmse": 0.25, "mase": 0.5125, "smape": 0.1},
        "naive": {"nmse": np.nan, "mase": np.nan, "smape": np.nan},
        "seasonal naive": {"nmse": 0.1, "mase": 0.4, "smape": 0.05},
    }
    by_step = {"mase": {"lstm": np.array([0.5, 0.525]), "naive": np.full(2, np.nan), "seasonal naive": [0.4, 0.4]}}
    return Rivals(ours="lstm", means=means, by_step=by_step, origins=3, verdict="No model beats it.", failed=["naive"])


def story(**more):
    told = Story(title=f"Rain {EVIL}", judged=Measured(name="error", value=1.0), versions={"mnemon": "1.2"})
    return ForecastStory(**{"fans": [fan()], "told": told} | more)


def test_text_shows_the_ends_of_a_long_forecast_and_all_of_a_short_one():
    lines = forecast_text(story()).splitlines()
    assert lines[0].split() == ["rain", "forecast", "lower", "upper"]
    assert lines[1].split() == ["2004-05", "10", "5", "15"]
    assert lines[7] == "..."
    assert lines[13].split() == ["2005-12", "29", "24", "34"]
    assert "probability of 0.9" in lines[14]
    short = forecast_text(story(fans=[fan(horizon=3)])).splitlines()
    assert [line.split()[0] for line in short[1:4]] == ["2005-10", "2005-11", "2005-12"]


def test_text_has_a_line_for_each_model_the_best_first_and_says_a_verdict_once():
    text = forecast_text(story(rivals=rivals(), warnings=["No model beats it.", "and \x1b[31m this"]))
    rows = [line.split() for line in text.splitlines()]
    assert ["NMSE", "MASE", "sMAPE"] in rows
    order = [row for row in rows if row and row[-1] in ("0.050", "0.100", "-")]
    assert [row[0] for row in order] == ["seasonal", "lstm", "naive"]
    assert order[2][1:] == ["-", "-", "-"]
    assert text.count("No model beats it.") == 1
    assert "warning: and" in text
    assert "\x1b" not in text


def test_values_are_the_numbers_and_json():
    told = json.loads(json.dumps(forecast_values(story(rivals=rivals())), allow_nan=False))
    (one,) = told["forecasts"]
    assert one["forecast"] == list(np.linspace(10, 29, 20))
    assert [band["coverage"] for band in one["bands"]] == [0.9, 0.5]
    assert one["bands"][1]["upper"][0] == 12
    assert one["time"][-1] == "2005-12"
    assert told["backtest"]["errors"]["naive"]["mase"] is None
    assert told["backtest"]["by_step"]["mase"]["lstm"] == [0.5, 0.525]


def test_the_page_has_all_parts_and_needs_no_other_file():
    echo = Echo(name=EVIL, values=[0.5, -0.1, 0.02], bound=0.2, sentence=f"Lag 1 {EVIL}.")
    page = forecast_page(story(fans=[fan(EVIL)], rivals=rivals(), echoes=[echo], warnings=[f"Beware {EVIL}"]))
    assert EVIL not in page
    assert re.findall(r'<section id="(\w+)"', page) == ["warnings", "forecast", "backtest", "residuals", "provenance"]
    assert not re.search(r'(src|href)="(?!#)', page)
    for said in ("probabilities of 0.9 and 0.5", "MASE by steps ahead", "No model beats it.", "Written by Mnemon 1.2",
                 "<td>0.512</td>", "<td>29</td><td>24</td><td>34</td>"):  # fmt: skip
        assert said in page
    assert "NMSE by steps" not in page
    assert "nan" not in "".join(re.findall(r' d="([^"]*)"', page))


def heights(page):
    """The heights of the drawn forecast, whose line is the only one of its colour and width."""
    (line,) = re.findall(r'<path d="([^"]*)" style="fill: none; stroke: var\(--accent\); stroke-width: 1.8', page)
    return np.array([float(y) for y in re.findall(r"[ML] [-\d.]+ ([-\d.]+)", line)])


def test_the_fan_is_drawn_from_the_numbers():
    """Heights of the drawn line are those of the last value seen and the forecast, up to one scale."""
    one = fan()
    drawn, values = heights(forecast_page(story())), np.concatenate([one.seen[-1:], one.expected])
    slope = (drawn[-1] - drawn[0]) / (values[-1] - values[0])
    assert slope < 0
    np.testing.assert_allclose(drawn, drawn[0] + slope * (values - values[0]), atol=0.05)


@pytest.mark.parametrize("at", [np.arange(60), np.arange(60) / 10, MONTHS.astype("M8[ns]")])
def test_steps_of_any_kind_can_be_drawn(at):
    page = forecast_page(story(fans=[fan(at=at, horizon=1), fan("snow", at=at, horizon=1)]))
    assert page.count("measured from") == 2
    assert f"to {place(at[58])}" in page


def test_places_in_words():
    assert place(np.datetime64("2001-02-03T00:00:00.000000000")) == "2001-02-03"
    assert place(np.datetime64("2001-02-03T04:30")) == "2001-02-03T04:30"
    assert place(np.float64(0.1 + 0.2)) == "0.3"
    assert place(7) == "7"


def test_what_does_not_belong_together_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="expected has shape"):
        replace(fan(), expected=[1.0])
    with pytest.raises(InvalidInput, match=r"band of 0\.9"):
        replace(fan(), bands=[Band(coverage=0.9, low=np.zeros(2), high=np.zeros(2))])
    with pytest.raises(InvalidInput, match="at least one variable"):
        story(fans=[])
    place = tmp_path / "page.html"
    place.write_text("mine")
    with pytest.raises(InvalidInput, match="exists"):
        write_forecast(place, story())
    assert place.read_text() == "mine"
    assert "what comes" not in write_forecast(place, story(), overwrite=True).read_text("utf-8")
