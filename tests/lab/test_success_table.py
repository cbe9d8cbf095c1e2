"""Tables and curves of successes: counted, bounded, averaged as the papers do, beside what they published."""

import pytest

from mnemon._statistics import wilson
from mnemon.lab._success_table import Column, success_grid, success_plot, summarise

NAMES = ("", "successes", "95 %", "epochs", "accuracy", "test successes", "published", "epochs", "accuracy")
PUBLISHED = {60: (80, 120.0, 0.96), 70: (41, 180.3, 0.978)}
OURS, OTHERS = Column("ours", "our way", PUBLISHED), Column("others", "another way", {})


def networks(length, successes, failures=0, epochs=10, accuracy=0.9):
    good = {"success": True, "epochs": epochs, "test_accuracy": accuracy}
    bad = {"success": False, "epochs": 1000, "test_accuracy": 0.99}
    records = [good] * successes + [bad] * failures
    return [{"length": length, "network": k, **record} for k, record in enumerate(records)]


def grid(records, lengths=(60, 70), columns=(OURS,), knows=0.95):
    """Rows by their names."""
    made = success_grid(columns, records, lengths, knows)
    assert made.head == NAMES
    assert all(len(row) == len(NAMES) for row in made.rows)
    return {row[0]: row[1:] for row in made.rows}


def test_only_the_successful_are_averaged_and_can_know():
    some = networks(60, 1, 2, epochs=30, accuracy=0.97) + networks(60, 1, epochs=50, accuracy=0.9)
    assert summarise(some, 0.95) == (4, 2, 40.0, pytest.approx(0.935), 1)
    assert summarise(some, 0.97).knowing == 1
    assert summarise(some, 0.98).knowing == 0


def test_a_row_stands_beside_what_was_published_of_its_length():
    rows = grid({"ours": networks(60, 3, 1) + networks(70, 1, 3, 33.25, 0.9876)})
    assert rows["our way, T = 60"] == ("3 of 4", "30 to 95", "10.0", "0.900", "0", "80", "120.0", "0.960")
    assert rows["our way, T = 70"] == ("1 of 4", "5 to 70", "33.2", "0.988", "1", "41", "180.3", "0.978")


@pytest.mark.parametrize("successes, failures", [(0, 3), (3, 0), (88, 12), (1, 0)])
def test_intervals_are_those_of_the_networks_that_are_there(successes, failures):
    row = grid({"ours": networks(60, successes, failures)})["our way, T = 60"]
    low, high = wilson(successes, successes + failures)
    assert row[0] == f"{successes} of {successes + failures}"
    assert row[1] == f"{100 * low:.0f} to {100 * high:.0f}"
    assert row[1].startswith("0 to") == (successes == 0)
    assert row[1].endswith("to 100") == (failures == 0)


def test_where_none_succeeds_there_is_nothing_to_average():
    rows = grid({"ours": networks(60, 0, 5) + networks(70, 0, 5)})
    assert rows["our way, T = 60"][2:5] == ("-", "-", "0")
    assert rows["our way, mean"][:5] == ("0.00 %", "", "-", "-", "0.00 %")


def test_means_are_over_lengths_and_not_over_networks():
    rows = grid({"ours": networks(60, 1, 0, 20, 0.9) + networks(70, 1, 3, 40, 0.97)})
    assert rows["our way, mean"] == ("62.50 %", "", "30.0", "0.935", "12.50 %", "60.50", "150.2", "0.969")


def test_a_length_without_successes_has_no_epochs_to_average():
    assert grid({"ours": networks(60, 2, 2, 20) + networks(70, 0, 4)})["our way, mean"][:3] == ("25.00 %", "", "20.0")


def test_means_stand_only_where_all_lengths_are_there():
    assert list(grid({"ours": networks(60, 2)})) == ["our way, T = 60"]
    assert list(grid({"ours": networks(60, 2)}, lengths=(60,))) == ["our way, T = 60"]
    assert grid({}) == {}


def test_published_means_stand_only_where_all_lengths_were_published():
    rows = grid({"ours": networks(60, 2) + networks(80, 2)}, lengths=(60, 80))
    assert rows["our way, T = 80"][5:] == ("-", "-", "-")
    assert rows["our way, mean"][5:] == ("-", "-", "-")
    assert rows["our way, mean"][0] == "100.00 %"


def test_conditions_come_in_order_each_with_its_lengths():
    records = {"others": networks(60, 1) + networks(70, 1), "ours": networks(70, 2)}
    rows = grid(records, columns=(OURS, OTHERS))
    assert list(rows) == ["our way, T = 70", "another way, T = 60", "another way, T = 70", "another way, mean"]
    assert rows["another way, T = 60"][5:] == ("-", "-", "-")


def test_curves_have_the_shares_their_intervals_and_the_published():
    records = {"ours": networks(60, 3, 1) + networks(80, 0, 2), "others": networks(70, 1, 1)}
    plot = success_plot((OURS, OTHERS), records, (60, 70, 80), 0.95)
    ours, published, others = plot.curves
    assert (ours.label, published.label, others.label) == ("our way", "our way, published", "another way")
    assert (list(ours.x), list(ours.y)) == ([60, 80], [75.0, 0.0])
    bounds = [wilson(3, 4), wilson(0, 2)]
    assert ours.low == [100 * low for low, _ in bounds]
    assert ours.high == [100 * high for _, high in bounds]
    assert (list(published.x), list(published.y), published.low) == ([60, 70], [80, 41], None)
    assert [curve.published for curve in plot.curves] == [False, True, False]
    assert list(others.x) == [70]


def test_the_published_curve_is_drawn_without_any_of_ours():
    (published,) = success_plot((OURS, OTHERS), {}, (70, 90), 0.95).curves
    assert (list(published.x), published.published) == ([70], True)
