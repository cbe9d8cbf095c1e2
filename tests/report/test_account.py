"""Accounts of experiments say the same, safely, on a terminal, in Markdown and as a page."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mnemon.errors import InvalidInput
from mnemon.lab import Account, Curve, Grid, HeatMap, Histograms, Panel, Plot
from mnemon.report import account_markdown, account_page, account_text, write_account
from mnemon.report._account_key import outlines, styles

EVIL = "<script>alert('&\"')</script>"
WAYS = (account_text, account_markdown, account_page)
SAID = (
    "How far back", "Which networks bridge", "Runs that solved it", "LSTM", "97.0", "88.5", "SRN", "Protocol",
    "Ten seeds each.", "Gates.", "0123abc", "3 h 02 min", "mnemon lab spans", "Share solved by span",
    "Solved by size and rate", "Spectral radius",
)  # fmt: skip
SPANS = tuple(np.arange(60.0, 140.0, 10.0).tolist())


def curve(label="LSTM", published=False, x: Sequence[float] = SPANS, **changed):
    y = 100 * np.exp(-np.asarray(x) / 200)
    return Curve(**({"label": label, "x": x, "y": y, "low": y - 4, "high": y + 3, "published": published} | changed))


def plot(*curves, **changed):
    values = {"caption": "Share solved by span", "x_name": "span T", "y_name": "solved, %", "curves": curves}
    return Plot(**(values | changed))


def heat_map(**changed):
    values = {
        "caption": "Solved by size and rate",
        "x_name": "units",
        "y_name": "rate",
        "xs": ("8", "16"),
        "ys": ("0.1", "0.01"),
        "values": ((12.5, None), (80.0, float("nan"))),
    }
    return HeatMap(**(values | changed))


def histograms(*panels):
    both = {"solved": [1, 4, float("nan"), 2], "not solved": [3, 0, 1, 0]}
    return Histograms("Spectral radius", "radius", panels or (Panel("before", [0, 1, 2, 3, 4], both),))


def account(**changed):
    values = {
        "name": "spans",
        "title": "How far back",
        "question": "Which networks bridge a span of T steps, and which do not? " * 4,
        "quick": False,
        "grids": (
            Grid("Runs that solved it", ("network", "60", "130"), (("LSTM", "97.0", "88.5"), ("SRN", "3", "0"))),
        ),
        "figures": (plot(curve(), curve("LSTM, 1997", published=True)), heat_map(), histograms()),
        "notes": {"Protocol": ("Ten seeds each.", "Ended at 100,000 sequences."), "Why": ("Gates.",)},
        "provenance": {"commit": "0123abc", "time": "3 h 02 min", "command": "mnemon lab spans"},
    }
    return Account(**(values | changed))


def drawn(*figures):
    return account_page(account(figures=figures))


def test_all_ways_say_all_of_it():
    page = account_page(account())
    for way in WAYS:
        text = " ".join(re.sub(r"\s*\n\s*", " ", way(account())).split())
        assert [part for part in SAID if part not in text] == []
    assert all(word in page for word in ("span T", "solved, %", "units", "12.5", "before", "not solved", "radius"))


@pytest.mark.parametrize("way", WAYS)
def test_a_quick_run_says_so(way):
    assert "QUICK RUN: not a full result" in way(account(quick=True))
    assert "QUICK RUN" not in way(account())


@pytest.mark.parametrize("way", WAYS)
def test_the_same_account_gives_the_same_bytes(way):
    assert way(account()) == way(account())


@pytest.mark.parametrize("way", WAYS)
def test_all_of_it_may_be_empty(way):
    way(Account("", "", "", False, (), (), {}))
    nothing = (plot(), plot(curve(x=[], low=None, high=None), log_x=True, log_y=True), Histograms("", "", ()))
    nothing += (heat_map(xs=(), ys=(), values=()), histograms(Panel("", [], {})), histograms(Panel("", [0], {"a": []})))
    way(account(grids=(Grid("", (), ()), Grid("a", ("b",), ()), Grid("a", ("b",), ((), ("c", "d")))), figures=nothing))


def evil():
    return account(
        name=EVIL,
        title=EVIL,
        question=EVIL,
        grids=(Grid(EVIL, (EVIL, EVIL), ((EVIL, EVIL),)),),
        figures=(
            plot(curve(EVIL), curve(EVIL, True), caption=EVIL, x_name=EVIL + "$", y_name=EVIL + "$x_{$"),
            heat_map(caption=EVIL, x_name=EVIL, y_name=EVIL, xs=(EVIL, "b"), ys=(EVIL, "c")),
            Histograms(EVIL, EVIL, (Panel(EVIL, [0, 1], {EVIL: [1]}),)),
        ),
        notes={EVIL: (EVIL,)},
        provenance={EVIL: EVIL},
    )


def test_nothing_in_an_account_becomes_html():
    page = account_page(evil())
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(&#x27;&amp;&quot;&#x27;)&lt;/script&gt;") > 25
    outside_code = re.sub(r"`[^`]*`", "", account_markdown(evil()))
    assert "<" not in outside_code
    assert outside_code.count("&lt;script>") > 8


def test_nothing_in_an_account_becomes_markdown_or_moves_a_cursor():
    words = account(
        title="a*b*", question="# not a heading", grids=(Grid("g", ("a|b", "c\nd"), (("1. x", "-0.5"),)),),
        notes={"Why": ("_so_ [it](is)", "1. 2.5 more", "2.5 less")}, provenance={"command": "echo `date`"},
    )  # fmt: skip
    text = account_markdown(words)
    for part in (
        r"# a\*b\*",
        r"\# not",
        r"| a\|b | c d |",
        "| 1. x | -0.5 |",
        r"- \_so\_ \[it\](is)",
        r"- 1\. 2.5 more",
        "- 2.5 less",
        "`` echo `date` ``",
    ):
        assert part in text
    assert "\x1b" not in account_text(account(title="\x1b[31mred", notes={"\x1b": ("\x1b",)}, grids=()))


def test_tables_are_aligned():
    rows = (("short", "1.5"), ("a longer name", "100.25"))
    grids = (Grid("", ("name", "value"), rows),)
    bare = account(grids=grids, figures=(), notes={}, provenance={})
    lines = [line for line in account_text(bare).splitlines() if "short" in line or "longer" in line]
    assert [line.index("  1.5") + 5 if "1.5" in line else line.index("100.25") + 6 for line in lines] == [21, 21]
    assert "| --- | ---: |" in account_markdown(bare)
    assert max(map(len, account_text(account(), width=50).splitlines())) <= 50


def test_markdown_and_text_name_figures_that_only_the_page_draws():
    assert account_text(account()).count("(on the page)") == 3
    assert "The HTML page has the figures" in account_markdown(account())
    assert account_page(account()).count('<svg class="chart"') == 2


def test_every_drawing_is_described_and_captioned():
    page = account_page(account())
    assert page.count("<figcaption>") == page.count("<figure") == 4
    for attributes in re.findall(r'<svg class="chart"([^>]*)>', page):
        assert 'role="img"' in attributes
        assert re.search(r'aria-label="[^"]{20,}"', attributes)
    assert "60.65 at 100" in page
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids)
    assert not re.search(r"https?:|url\(|#0a0b0c|#101112", page)


def test_a_map_is_empty_where_nothing_was_measured_and_darkest_at_the_top_of_its_scale():
    page = drawn(heat_map(values=((0.0, None), (250.0, float("nan")))))
    assert page.count("<td></td>") == 2
    assert re.findall(r"--s:([\d.]+)", page.split("</style>")[1]) == ["0", "1"]
    assert "--s:1" in drawn(heat_map(low=3, high=3))
    assert "empty: not measured" in page
    assert "empty: not measured" not in drawn(heat_map(values=((1, 2), (3, 4))))


@pytest.mark.parametrize(
    "values, cells",
    [
        ([50.0, 37.84, 100.0], ["50", "38", "100"]),
        ([3.0, 0.0, 12000.0], ["3", "0", "12,000"]),
        ([0.5, 0.25, -0.125], ["0.500", "0.250", "-0.125"]),
        ([4321.5, 1.0, 2.0], ["4,322", "1", "2"]),
    ],
)
def test_the_cells_of_a_map_have_as_many_decimals_each(values, cells):
    page = drawn(heat_map(xs=("a", "b", "c"), ys=("d",), values=(tuple(values),)))
    assert re.findall(r'<td style="[^"]*">([^<]*)</td>', page) == cells


@pytest.mark.parametrize("log_x", [False, True])
@pytest.mark.parametrize("log_y", [False, True])
def test_gaps_zeros_and_single_points_are_drawn_on_any_axis(log_x, log_y):
    gaps = curve(y=[1, np.nan, np.inf, 0, -1, 20, 3e5, 4], low=[0] * 8, high=[np.nan] + [4e5] * 7)
    nowhere = curve("none", y=[np.nan] * 8)
    single = curve("one", x=[5.0], low=None, high=None)
    wide = curve("many", x=np.geomspace(1, 1e5, 3000).tolist())
    page = drawn(*(plot(*of, log_x=log_x, log_y=log_y) for of in ([gaps, nowhere, single, wide], [nowhere], [single])))
    assert not re.search(r"\b(nan|inf)\b", page.split("</style>")[1])
    assert len(page) < 200_000


def test_logarithmic_axes_have_ticks_at_powers():
    of = curve(x=[1, 10, 100, 1e4], low=None)
    ticks = re.findall(r">([\d,.]+)</text>", drawn(plot(of, log_x=True)))
    assert {"1", "100", "10,000"} <= set(ticks)


def test_bars_for_few_points_and_bands_for_many():
    few, many = drawn(plot(curve())), drawn(plot(curve(x=np.arange(60.0).tolist())))
    assert few.count("opacity: 0.14") == 0 < many.count("opacity: 0.14")
    assert "opacity" not in re.sub(r"opacity: 0\"", "", drawn(plot(curve(low=None, high=None)))).split("<svg")[-1]


def test_eight_curves_look_different_without_colour_too():
    mixed = [curve(f"net {i}", published=i % 2 == 1) for i in range(8)]
    for curves in (mixed, [replace(c, published=False) for c in mixed], [replace(c, published=True) for c in mixed]):
        without_colour = {(style.dash, style.marker, style.hollow) for style in styles(curves)}
        assert len(without_colour) == 8
    assert len(set(outlines("abc").values())) == len({style.dash for style in outlines("abc").values()}) == 3


def test_a_published_curve_looks_like_the_measured_one_that_it_names():
    own, other, theirs, again = styles(
        [curve("LSTM"), curve("SRN"), curve("lstm, 1997", True), curve("LSTM, 2000", published=True)]
    )
    assert (own.colour, own.marker) == (theirs.colour, theirs.marker)
    assert theirs.hollow
    assert not own.hollow
    assert own.dash != theirs.dash
    assert len({own.marker, other.marker, again.marker}) == 3


def test_writes_one_file_and_overwrites_only_when_asked(tmp_path):
    path = write_account(tmp_path / "spans.html", account())
    assert path.read_text("utf-8") == account_page(account())
    with pytest.raises(InvalidInput, match="overwrite=True"):
        write_account(path, account())
    write_account(path, account(title="Again"), overwrite=True)
    assert "Again" in path.read_text("utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["spans.html"]


@pytest.mark.parametrize("way", WAYS)
def test_the_account_is_left_as_it_was(way):
    values = np.array([1.0, -1.0, np.nan] * 200)
    before = values.copy()
    way(account(figures=(plot(curve(x=np.arange(600.0).tolist(), y=values, low=values), log_y=True),)))
    assert np.array_equal(values, before, equal_nan=True)
