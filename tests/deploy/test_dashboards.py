"""Every query of every dashboard, on a real InfluxDB that holds a day of a simulated plant: each panel has data."""

import math
import re
from collections.abc import Iterator
from types import MappingProxyType

import pytest
import structlog
from grafana_queries import (
    Chosen,
    Json,
    Range,
    at_first,
    columns,
    dashboards,
    duration_ms,
    empty_columns,
    interval_ms,
    options,
    panels,
    replaced,
    variables,
)
from grafana_rules import RULES, firing
from servers import running_influxdb1
from shown_day import BEGIN_NS, DAY_NS, END_NS, Day, played
from shown_plant import DATABASE

pytestmark = pytest.mark.timeout(300)

ALL = dashboards()
PANELS = [(name, panel["title"]) for name, dashboard in ALL.items() for panel in panels(dashboard)]
CHOICES = [
    (name, variable, value)
    for name, dashboard in ALL.items()
    for variable, told in variables(dashboard).items()
    if told["type"] == "custom"
    for value in told["query"].split(",")
]
_INTERVALS_MS = (60_000, 3_600_000)

NOTHING_TO_SAY = {
    ("month", "*"): "of the month that is over three hours are known, and all of it is withheld",
    ("day", "Windows stated and withheld"): "no day of the range is withheld",
    ("minute", "Estimated share of fuels"): "fuels are told by month, and minutes have none",
}
"""By the window chosen and the panel: why there are no lines."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Play the day, once for all tests."""
    folder = tmp_path_factory.mktemp("shown")
    with running_influxdb1(folder / "influxdb") as influxdb, structlog.testing.capture_logs():
        yield played(folder, influxdb)


def _panel(name: str, title: str) -> Json:
    return next(panel for panel in panels(ALL[name]) if panel["title"] == title)


def _range(name: str) -> Range:
    """Return the range that a dashboard opens with, at the end of the day."""
    return Range(END_NS - duration_ms(ALL[name]["time"]["from"]) * 10**6, END_NS)


def _pot_in_effect(day: Day, name: str, shown: Range) -> dict[str, str]:
    """Return the choice of a pot that was in anode effect in the range, where a pot is to be chosen."""
    if "pot" not in variables(ALL[name]):
        return {}
    query = 'SELECT last("max_v"), "pot" FROM "anode_effect" WHERE $timeFilter'
    return {"pot": day.query(replaced(query, {}, shown, 60_000))[0]["pot"]}


def _rows(
    day: Day, name: str, panel: Json, query: str, other: Chosen = MappingProxyType({}), width_ms: int | None = None
) -> list[Json]:
    """Return what a panel's query answers; ``other``: what is chosen in place of what the dashboard opens with."""
    shown = _range(name).of_panel(panel)
    chosen = at_first(ALL[name], day, shown) | _pot_in_effect(day, name, shown) | dict(other)
    return day.query(replaced(query, chosen, shown, width_ms or interval_ms(panel, shown)))


@pytest.mark.parametrize(("name", "title"), PANELS)
def test_every_query_of_every_panel_answers_with_values_in_each_of_its_columns(day: Day, name: str, title: str) -> None:
    panel = _panel(name, title)
    for target in panel["targets"]:
        rows = _rows(day, name, panel, target["query"])
        assert rows, f"{target['refId']} has no rows: {target['query']}"
        assert empty_columns(rows, columns(target["query"])) == [], target["query"]
        numbers = [value for row in rows for key, value in row.items() if key != "time" and isinstance(value, float)]
        assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize("width_ms", _INTERVALS_MS)
@pytest.mark.parametrize(("name", "title"), PANELS)
def test_a_panel_has_values_at_every_width_of_a_point(day: Day, name: str, title: str, width_ms: int) -> None:
    panel = _panel(name, title)
    for target in panel["targets"]:
        if "$__" in target["query"]:
            rows = _rows(day, name, panel, target["query"], width_ms=width_ms)
            assert empty_columns(rows, columns(target["query"])) == [], target["query"]


@pytest.mark.parametrize(("name", "variable", "value"), CHOICES)
def test_every_choice_of_a_variable_is_answered(day: Day, name: str, variable: str, value: str) -> None:
    for panel in panels(ALL[name]):
        for target in panel["targets"]:
            if not re.search(rf"\$(?:{variable}\b|\{{{variable}\W)", target["query"]):
                continue
            rows = _rows(day, name, panel, target["query"], {variable: value})
            if not {(value, "*"), (value, panel["title"])} & NOTHING_TO_SAY.keys():
                assert rows, f"{panel['title']} {target['refId']}: {target['query']}"


@pytest.mark.parametrize(
    ("name", "variable"), [(name, variable) for name, dashboard in ALL.items() for variable in variables(dashboard)]
)
def test_every_variable_offers_what_the_plant_has(day: Day, name: str, variable: str) -> None:
    expected = {
        "plant": ["shown"],
        "potline": ["PL1", "PL2"],
        "pot": [*map(str, range(1001, 1013)), *map(str, range(2001, 2009))],
        "method": ["ipcc_2006"],
        "electricity": ["location", "market"],
        "stack": ["GTC-1", "GTC-2"],
    }
    told = variables(ALL[name])[variable]
    if told["type"] == "custom":
        assert len(told["query"].split(",")) >= 2
        return
    shown = _range(name)
    found = options(told, at_first(ALL[name], day, shown), day, shown)
    if variable in expected:
        assert found == expected[variable]
    assert found


def test_one_potline_alone_is_a_part_of_both_together(day: Day) -> None:
    asked = 0
    for name, dashboard in ALL.items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                if "/^$potline$/" not in target["query"] or " LIMIT " in target["query"]:
                    continue
                both = len(_rows(day, name, panel, target["query"]))
                parts = []
                for potline in ("PL1", "PL2"):
                    alone = _rows(day, name, panel, target["query"], {"potline": (potline,)})
                    assert {row.get("potline") for row in alone} <= {potline, None}, target["query"]
                    parts.append(len(alone))
                assert max(parts) <= both <= sum(parts), target["query"]
                asked += 1
    assert asked > 20


# --- The day itself: that nothing in it is missing of what makes panels worth looking at


def test_the_day_has_what_happens_at_a_plant(day: Day) -> None:
    def rows(query: str) -> list[Json]:
        return day.query(query)

    silent = rows("SELECT count(quality) FROM meter WHERE meter = 'compressed_air' AND quality < 64")
    assert silent[0]["count"] >= 350  # three hours, twice a minute
    assert rows("SELECT count(revision) FROM energy_intensity WHERE revision > 1 AND \"window\" = 'hour'")
    kinds = {row["kind"] for row in rows("SELECT count(duration_s) FROM anode_effect GROUP BY kind")}
    assert kinds == {"hvae", "lvae"}
    alerts = {(row["rule"], row["state"]) for row in rows("SELECT state, rule FROM alert")}
    assert {("energy_balance", "firing"), ("energy_balance", "resolved")} <= alerts
    assert ("anode_effect_counters_day", "firing") in alerts
    (worst,) = rows("SELECT max(outbox_oldest_s) FROM collector")
    assert worst["max"] > 3000  # the database was away for an hour
    (letters,) = rows("SELECT last(rejected_total) FROM collector")
    assert letters["last"] == 1


def test_the_day_agrees_with_physics(day: Day) -> None:
    """What the dashboards are shown with is no invention: energy and metal are those of the simulated lines."""
    rows = [
        row
        for row in day.query("SELECT * FROM energy_intensity WHERE boundary = 'dc' AND \"window\" = 'day'")
        if row["time"] == DAY_NS
    ]
    assert {row["potline"] for row in rows} == {"PL1", "PL2"}
    for row in rows:
        assert row["kwh_per_t"] == pytest.approx(row["energy_kwh"] / row["metal_t"], rel=1e-9)
        assert 12_700 < row["kwh_per_t"] < 13_700
    first = day.query("SELECT first(line_current_ka) FROM potline WHERE potline = 'PL1'")[0]
    assert BEGIN_NS - 60 * 10**9 <= first["time"] < BEGIN_NS + 300 * 10**9
    assert 380 < first["first"] < 420


def test_alert_rules_fire_for_what_happened_on_the_day_and_for_nothing_else(day: Day) -> None:
    fired = {
        (uid, labels.get("meter") or labels.get("rule") or labels.get("potline") or labels.get("instance"))
        for now_s in range(BEGIN_NS // 10**9 + 4800, END_NS // 10**9, 3600)
        for uid, rule in RULES.items()
        for labels in firing(rule, day.influxdb, DATABASE, now_s)
    }
    assert {("potline-meter-silent", "compressed_air"), ("potline-line-stopped", "PL2")} <= fired
    assert {("potline-price-tier", "PL1"), ("potline-collector-alert", "energy_balance")} <= fired
    assert {uid for uid, _ in fired} == {
        "potline-collector-alert",
        "potline-coverage-low",
        "potline-dead-letters",
        "potline-limit-hour",
        "potline-line-stopped",
        "potline-meter-silent",
        "potline-price-tier",
    }
