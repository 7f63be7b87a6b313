"""Where graphs draw a line through and where they leave a gap: a withheld window has to be seen."""

import re
from collections.abc import Iterator

import pytest
from grafana_queries import Json, dashboards, panels

from gaps import SILENT_AFTER_S, THROUGH_S
from variables import WINDOWS

GRAPHS = [
    (name, panel["title"])
    for name, dashboard in dashboards().items()
    for panel in panels(dashboard)
    if panel["type"] == "timeseries"
]
LENGTHS_S = {"minute": (60,), "hour": (3600,), "shift": (8 * 3600, 12 * 3600), "day": (86400,)}


def _panel(name: str, title: str) -> Json:
    return next(panel for panel in panels(dashboards()[name]) if panel["title"] == title)


def _spans_ms(panel: Json) -> Iterator[tuple[re.Pattern[str], int]]:
    for override in panel["fieldConfig"]["overrides"]:
        for each in override["properties"]:
            if each["id"] == "custom.spanNulls":
                assert override["matcher"]["id"] == "byRegexp"
                yield re.compile(override["matcher"]["options"].strip("/")), each["value"]


@pytest.mark.parametrize("window", LENGTHS_S)
def test_a_line_goes_from_window_to_window_and_not_over_one_that_is_missing(window: str) -> None:
    for length_s in LENGTHS_S[window]:
        assert length_s < THROUGH_S[window] < 2 * length_s


def test_a_month_may_have_28_to_31_days() -> None:
    assert 31 * 86400 < THROUGH_S["month"] < (28 + 31) * 86400
    assert set(THROUGH_S) == set(WINDOWS)


@pytest.mark.parametrize(("name", "title"), GRAPHS)
def test_a_graph_of_ratios_of_chosen_windows_shows_the_withheld_as_gaps(name: str, title: str) -> None:
    panel = _panel(name, title)
    withheld = [
        target
        for target in panel["targets"]
        if re.search(r'"window" = \'\$window\' .*>= 0 AND "quality" >= 64', target["query"])
    ]
    spans = list(_spans_ms(panel))
    for target in withheld:
        assert "fill(null)" in target["query"], target["query"]
        assert target["alias"].endswith(", $tag_window")
        for window, seconds in THROUGH_S.items():
            called = target["alias"].replace("$tag_window", window)
            assert [span for name_, span in spans if name_.search(called)] == [seconds * 1000]
    if not withheld and "limits" not in title:
        assert not spans


def test_all_graphs_of_the_plant_against_levels_are_among_them() -> None:
    found = [title for name, title in GRAPHS if list(_spans_ms(_panel(name, title)))]
    assert {
        "Direct current",
        "Liquid AC against its levels",
        "Emissions by source",
        "Emissions intensity by cause",
    } <= {*found}


def test_a_pot_that_was_silent_for_five_minutes_has_a_gap_and_one_that_tells_every_minute_a_line() -> None:
    (voltage,) = [title for name, title in GRAPHS if name == "pots" and title.startswith("Voltage of pot")]
    panel = _panel("pots", voltage)
    assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] == SILENT_AFTER_S * 1000 == 300_000
    assert all("fill(null)" in target["query"] for target in panel["targets"])


def test_one_anode_effect_does_not_take_all_the_colours_of_the_maps() -> None:
    def colours(title: str) -> tuple[float, float]:
        color = _panel("pots", title)["options"]["color"]
        return color["min"], color["max"]

    assert colours("Voltage of the pots") == (3.8, 4.8)
    assert colours("Noise of the pots") == (0, 50)
