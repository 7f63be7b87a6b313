"""The figures that the dashboards show, on a real InfluxDB with lines whose right answers are known."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from servers import InfluxDB1, running_influxdb1

from build import built

MINUTE, HOUR, DAY = 60, 3600, 86400
NOW = int(datetime(2026, 3, 3, 12, tzinfo=UTC).timestamp())
WITHHELD = NOW - 3 * HOUR
CHOSEN = {
    "plant": "example",
    "potline": "(PL1|PL2)",
    "window": "hour",
    "boundary": "dc",
    "method": "ipcc_2006",
    "electricity": "location",
}


def _energy(tags: str, at: int, kwh_per_t: float, metal_t: float, *, ratio: float = 0.0, quality: int = 192) -> str:
    return (
        f"energy_intensity,plant=example,{tags} energy_kwh={kwh_per_t * metal_t!r},metal_t={metal_t!r},"
        f"kwh_per_t={ratio or kwh_per_t!r},quality={quality}i {at}000000000"
    )


def _lines() -> Iterator[str]:
    """Two potlines of unlike size, so that a mean of ratios differs from the right ratio.

    PL1 makes 10 t an hour with 13,000 kWh/t DC, PL2 35 t with 12,000: together (10·13,000 + 35·12,000) / 45 =
    12,222.2 kWh/t, while the mean of the ratios is 12,500. The plant with its services: 13,500.
    """
    for potline, tonnes, intensity in (("PL1", 10.0, 13000.0), ("PL2", 35.0, 12000.0)):
        of_line = f"potline={potline},window"
        for at in range(NOW - 2 * DAY, NOW, HOUR):
            withheld = potline == "PL1" and at == WITHHELD
            # Its ratio stands from before, and only the quality tells that it no longer counts.
            if withheld:
                yield _energy(f"{of_line}=hour,boundary=dc", at, 99000.0, tonnes, ratio=9.9, quality=0)
            else:
                yield _energy(f"{of_line}=hour,boundary=dc", at, intensity, tonnes)
            yield _energy(f"{of_line}=hour,boundary=liquid_ac", at, intensity + 300, tonnes)
            yield _energy(f"{of_line}=rolling_24h,boundary=dc", at, intensity, tonnes * 24)
            for electricity, grid in (("location", 0.5), ("market", 0.1)):
                power, metal = intensity * tonnes / 1000 * grid, tonnes
                total = 1.5 * metal + 0.2 * metal + power
                yield (
                    f"emissions_intensity,plant=example,{of_line}=hour,method=ipcc_2006,electricity={electricity} "
                    f"anode_t_co2e={1.5 * metal!r},pfc_t_co2e={0.2 * metal!r},fuel_t_co2e=0.0,"
                    f"electricity_t_co2e={power!r},total_t_co2e={total!r},metal_t={metal!r},"
                    f"t_co2e_per_t={total / metal!r},quality=192i {at}000000000"
                )
        for at in range(NOW - 2 * DAY, NOW, MINUTE):
            yield f"potline,plant=example,potline={potline} pots_operating=40i {at}000000000"
        # One effect of 90 s a pot-day, one of 30 s, one that was withdrawn, and one below the threshold.
        for pot, kind, seconds in (
            ("01", "hvae", 90.0),
            ("02", "hvae", 30.0),
            ("03", "hvae", 0.0),
            ("04", "lvae", 600.0),
        ):
            yield (
                f"anode_effect,plant=example,potline={potline},pot={potline[2]}0{pot},kind={kind} "
                f"duration_s={seconds!r},max_v=30.0,corrected=false {NOW - 5 * HOUR}000000000"
            )
    for at in range(NOW - 2 * DAY, NOW, HOUR):
        yield _energy("window=hour,boundary=liquid_comprehensive_ac", at, 13500.0, 45.0)
        yield _energy("window=rolling_24h,boundary=liquid_comprehensive_ac", at, 13500.0, 1080.0)
    for basis, green in (("contract", 30.0), ("certificate", 60.0)):
        for day, total in ((NOW - 36 * HOUR, 100.0), (NOW - 60 * HOUR, 300.0)):
            yield (
                f"renewable_share,plant=example,window=day,basis={basis} renewable_kwh={green!r},total_kwh={total!r},"
                f"share_pct={100 * green / total!r},quality=192i {day}000000000"
            )


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    with running_influxdb1(tmp_path_factory.mktemp("influxdb")) as server:
        server.create_database("potline")
        server.write("potline", "\n".join(_lines()))
        yield server


def _rows(influxdb: InfluxDB1, name: str, title: str, letter: str = "A", **chosen: str) -> list[dict[str, Any]]:
    (panel,) = [each for each in json.loads(built()[name])["panels"] if each["title"] == title]
    (target,) = [each for each in panel["targets"] if each["refId"] == letter]
    values = {**CHOSEN, "timeFilter": f"time >= {NOW - 4 * DAY}s AND time < {NOW}s", "__interval": "1h", **chosen}
    asked = re.sub(r"\$(\w+)", lambda found: values[found[1]], target["query"])
    return influxdb.query("potline", asked)


def _last(rows: list[dict[str, Any]], column: str) -> float:
    return float([row[column] for row in rows if row[column] is not None][-1])


def test_two_potlines_together_are_a_ratio_of_sums_not_a_mean_of_ratios(influxdb: InfluxDB1) -> None:
    assert _last(_rows(influxdb, "plant.json", "DC energy, 24 h"), "kWh/t") == pytest.approx(12222.222222, abs=1e-5)
    together = _rows(influxdb, "plant.json", "Direct current", "B")
    assert _last(together, "kWh/t") == pytest.approx(12222.222222, abs=1e-5)
    alone = _rows(influxdb, "plant.json", "Direct current", "B", potline="PL1")
    assert _last(alone, "kWh/t") == pytest.approx(13000, abs=1e-6)


def test_a_withheld_hour_is_in_no_ratio_though_an_older_figure_of_it_still_stands(influxdb: InfluxDB1) -> None:
    by_line = _rows(influxdb, "plant.json", "Direct current")
    of_first = {row["time"]: row["kWh/t"] for row in by_line if row["potline"] == "PL1"}
    assert set(of_first.values()) == {13000.0, None}
    assert of_first[WITHHELD * 10**9] is None
    gaps = {row["time"]: row["kWh/t"] for row in _rows(influxdb, "potline.json", "kWh/t by hour", potline="PL1")}
    assert gaps[WITHHELD * 10**9] is None
    shown = _rows(influxdb, "plant.json", "Hours stated, by potline")
    assert {row["time"] // 10**9 for row in shown if row["quality"] < 64} == {WITHHELD}


def test_the_plant_is_told_by_its_own_lines_and_not_added_to_its_potlines(influxdb: InfluxDB1) -> None:
    stat = _rows(influxdb, "plant.json", "Liquid comprehensive AC, 24 h")
    assert {row["kWh/t"] for row in stat} == {13500.0}
    graph = _rows(influxdb, "plant.json", "Liquid comprehensive AC against its levels")
    assert {row["kWh/t"] for row in graph} - {None} == {13500.0}


def test_boundaries_are_told_apart(influxdb: InfluxDB1) -> None:
    rows = _rows(influxdb, "potline.json", "Boundaries, by hour")
    last = {row["boundary"]: row["kWh/t"] for row in rows if row["kWh/t"] is not None}
    assert last == pytest.approx({"dc": 12222.222222, "liquid_ac": 12522.222222}, abs=1e-5)


@pytest.mark.parametrize("interval", ["1h", "6h", "1d"])
def test_the_sources_on_one_another_are_the_total_at_every_width(influxdb: InfluxDB1, interval: str) -> None:
    rows = _rows(influxdb, "plant.json", "Emissions by source", __interval=interval)
    last = {source: _last(rows, source) for source in ("anode", "PFC", "fuels", "electricity")}
    # 1.5 + 0.2 + (10·6.5 + 35·6.0) / 45; the mean of the ratios would be 7.95.
    assert last == pytest.approx({"anode": 1.5, "PFC": 0.2, "fuels": 0.0, "electricity": 6.111111}, abs=1e-6)
    total = _last(_rows(influxdb, "plant.json", "Emissions, range shown"), "t CO2e/t")
    assert total == pytest.approx(sum(last.values()), abs=1e-6)


def test_emissions_are_of_one_way_to_count_electricity(influxdb: InfluxDB1) -> None:
    market = _rows(influxdb, "plant.json", "Emissions, range shown", electricity="market")
    assert _last(market, "t CO2e/t") == pytest.approx(2.922222, abs=1e-6)


def test_a_share_over_days_is_energy_over_energy_on_each_basis_by_itself(influxdb: InfluxDB1) -> None:
    rows = _rows(influxdb, "plant.json", "Renewable share, days of the range shown")
    # 60 of 400 kWh and 120 of 400; the means of the days' shares would be 20 and 40.
    assert {row["basis"]: row["share"] for row in rows} == {"contract": 15.0, "certificate": 30.0}


def test_minutes_and_effects_for_each_cell_day_leave_out_what_was_withdrawn_or_is_below_the_threshold(
    influxdb: InfluxDB1,
) -> None:
    def value(title: str, letter: str, column: str) -> float:
        (row,) = _rows(influxdb, "potline.json", title, letter)
        return float(row[column])

    # Two lines of 40 pots for two days are 160 cell-days; four effects of 90, 30, 90 and 30 s are 4 minutes.
    minutes, effects = "Minutes per cell-day, range shown", "Effects per cell-day, range shown"
    assert value(minutes, "A", "minutes") / value(minutes, "B", "cell-days") == pytest.approx(0.025)
    assert value(effects, "A", "effects") / value(effects, "B", "cell-days") == pytest.approx(0.025)
    by_kind = {
        row["kind"]: row["effects"]
        for row in _rows(influxdb, "potline.json", "Number of effects, range shown", potline="PL1")
    }
    assert by_kind == {"hvae": 2, "lvae": 1}


def test_the_ranking_of_anode_effects_has_each_pot_once(influxdb: InfluxDB1) -> None:
    rows = _rows(influxdb, "pots.json", "Anode effects by pot")
    assert {row["pot"]: (row["effects"], row["minutes"]) for row in rows} == {
        "1001": (1, 1.5),
        "1002": (1, 0.5),
        "2001": (1, 1.5),
        "2002": (1, 0.5),
    }


@pytest.mark.parametrize("title", ["Minutes per cell-day, range shown", "Minutes per cell-day"])
def test_what_is_divided_are_two_sums_of_the_same_stretch_of_time(title: str) -> None:
    (panel,) = [each for each in json.loads(built()["potline.json"])["panels"] if each["title"] == title]
    join, divide = panel["transformations"]
    assert (join["id"], join["options"]) == ("joinByField", {"mode": "outer"})
    assert divide["options"]["binary"] == {"left": "minutes", "operator": "/", "right": "cell-days"}
    names = [re.findall(r'AS "([^"]+)"', target["query"]) for target in panel["targets"]]
    assert names == [["minutes"], ["cell-days"]]
    groups = {target["query"].partition("GROUP BY")[2].partition("fill")[0] for target in panel["targets"]}
    assert len(groups) == 1
