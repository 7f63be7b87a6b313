"""The Grafana dashboard: its structure, and every query of it on a real InfluxDB with lines as STREAMS.md names them.

Grafana itself is not run. Its variables and macros are replaced as it does it: several potlines as a regular
expression, $timeFilter as a range of time, $__interval as a duration.
"""

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from servers import InfluxDB1, running_influxdb1

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "potline.json").read_text(encoding="utf-8"))
PANELS: dict[str, dict[str, Any]] = {panel["title"]: panel for panel in DASHBOARD["panels"]}
VARIABLES: dict[str, dict[str, Any]] = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}

MINUTE, HOUR, DAY = 60, 3600, 86400
NOW = int(datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC).timestamp())
LAST_HOUR = int(datetime(2026, 3, 1, 11, tzinfo=UTC).timestamp())
WITHHELD = LAST_HOUR - 2 * HOUR
# The same kWh and tonnes stand in one line for each value of these tags.
CHOICES = {
    "energy_intensity": ("window", "boundary"),
    "emissions_intensity": ("window", "method", "electricity"),
}
CHOSEN = {"plant": "example", "potline": "(PL1|PL2)", "method": "ipcc_2006", "electricity": "location"}

# --- Structure


def test_ids_are_unique_and_panels_do_not_lie_on_each_other() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"]) == len(PANELS)
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize("title", PANELS)
def test_a_panel_says_what_it_shows_in_which_unit_from_which_query(title: str) -> None:
    panel = PANELS[title]
    assert len(panel["description"]) > 60
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == {"type": "influxdb", "uid": "potline"}
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]
        assert target["rawQuery"] is True
        assert target["query"].startswith("SELECT ")
        assert "$timeFilter" in target["query"]
        assert set(re.findall(r"\$(\w+)", target["query"])) <= {*VARIABLES, "timeFilter", "__interval"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_its_data_source_is_the_one_that_is_provisioned() -> None:
    provisioned = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "potline.yaml").read_text("utf-8"))
    (source,) = provisioned["datasources"]
    assert (source["type"], source["uid"]) == ("influxdb", "potline")
    assert source["jsonData"]["version"] == "InfluxQL"
    assert all(value.startswith("$__file{") for value in source["secureJsonData"].values())
    for variable in VARIABLES.values():
        assert variable["type"] == "custom" or variable["datasource"]["uid"] == source["uid"]


@pytest.mark.parametrize("title", PANELS)
def test_ratios_are_sums_over_sums_and_withheld_figures_stay_withheld(title: str) -> None:
    for target in PANELS[title]["targets"]:
        query = target["query"]
        assert not re.search(r"(?i)\b(mean|median|avg)\(\s*\"\w*(_per_t|_pct)\"", query)
        if "/ SUM(" in query:
            assert re.search(r'"(kwh|t_co2e)_per_t" > 0 AND "quality" >= 64', query)


@pytest.mark.parametrize("title", PANELS)
def test_queries_keep_to_the_influxql_of_all_versions(title: str) -> None:
    for target in PANELS[title]["targets"]:
        assert not re.search(r"(?i)\b(tz|sample)\s*\(|slimit|autogen|\bFROM \"?\w+\"?\.", target["query"])


@pytest.mark.parametrize("title", PANELS)
def test_lines_that_are_written_once_for_each_choice_are_never_added_up(title: str) -> None:
    for target in PANELS[title]["targets"]:
        query = target["query"]
        conditions, _, group = query.partition("GROUP BY")
        if "SUM(" in query:
            for tag in CHOICES[re.findall(r'FROM "(\w+)"', query)[0]]:
                chosen = conditions.count(f'"{tag}" = \'')
                assert chosen == 1 or (chosen and f'"{tag}"' in group), tag


def test_a_figure_of_rolling_24h_looks_back_further_than_its_windows_start() -> None:
    for panel in PANELS.values():
        if panel["type"] == "stat":
            assert panel["timeFrom"] == "26h"
    assert DASHBOARD["time"]["from"] == "now-2d"


def test_the_limit_of_the_standard_is_drawn_and_explained() -> None:
    panel = PANELS["Energy intensity by potline"]
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"][-1]["value"] == 13350
    assert defaults["custom"]["thresholdsStyle"]["mode"] == "line"
    assert "13,350 kWh/t, GB 21346-2022 level 3" in panel["description"]
    assert "sum of energy [kWh] / sum of metal [t]" in panel["description"]


# --- Queries, on real lines


def _energy(tags: str, at: int, kwh_per_t: float, t: float, *, coverage: float = 100.0, revision: int = 1) -> str:
    ratio, quality = (f"kwh_per_t={kwh_per_t!r},", 192) if coverage >= 90 else ("", 0)
    return (
        f"energy_intensity,{tags} energy_kwh={kwh_per_t * t!r},metal_t={t!r},{ratio}coverage_pct={coverage!r},"
        f'estimated_pct=0.0,quality={quality}i,revision={revision}i,metal_basis="faraday" {at}000000000'
    )


def _emissions(tags: str, at: int, t: float, *, anode: float, pfc: float, power: float) -> str:
    """Make a line of emissions from its parts in t CO2e/t."""
    total = anode + pfc + power
    return (
        f"emissions_intensity,{tags} anode_t_co2e={t * anode!r},pfc_t_co2e={t * pfc!r},cf4_kg={t * pfc * 0.12!r},"
        f"c2f6_kg={t * pfc * 0.014!r},electricity_t_co2e={t * power!r},total_t_co2e={t * total!r},metal_t={t!r},"
        f"t_co2e_per_t={total!r},coverage_pct=100.0,quality=192i,revision=1i {at}000000000"
    )


def _sample() -> Iterator[str]:
    """Two days of two potlines of unlike size and efficiency, so that a mean of ratios differs from the right ratio.

    PL1 makes 10 t an hour with 13,000 kWh/t DC, PL2 35 t with 12,000; liquid AC is 300 kWh/t more. Together DC is
    (10·13,000 + 35·12,000) / 45 = 12,222.2 kWh/t, while the mean of the ratios is 12,500.
    """
    lines = {"PL1": (10.0, 13000.0), "PL2": (35.0, 12000.0)}
    seconds = {"minute": MINUTE, "hour": HOUR, "rolling_24h": DAY}
    windows = [("hour", LAST_HOUR - hour * HOUR) for hour in range(48)]
    windows += [("minute", NOW - NOW % MINUTE - minute * MINUTE) for minute in range(1, 180)]
    windows += [("rolling_24h", LAST_HOUR + HOUR - DAY - hour * HOUR) for hour in range(48)]
    for potline, (tonnes, intensity) in lines.items():
        for window, at in windows:
            t = tonnes * seconds[window] / HOUR
            tags = f"plant=example,potline={potline},window={window}"
            yield _energy(f"{tags},boundary=dc", at, intensity, t)
            yield _energy(f"{tags},boundary=liquid_ac", at, intensity + 300, t)
            for method, factor in (("ipcc_2006", 1.0), ("cbam_2025_2547", 3.0)):
                for electricity, grid in (("location", 0.5), ("market", 0.1)):
                    choice = f"{tags},method={method},electricity={electricity}"
                    power = intensity / 1000 * grid
                    yield _emissions(choice, at, t, anode=1.5 * factor, pfc=0.2 * factor, power=power)
        for at in range(NOW - 2 * HOUR, NOW, 10):
            volts = 160.0 if potline == "PL1" else 560.0
            yield (
                f"potline,plant=example,potline={potline} line_current_ka=400.5,line_voltage_v={volts!r},"
                f"dc_power_mw={0.4005 * volts!r},pots_operating=40i,quality=192i {at}000000000"
            )
    hour = "plant=example,window=hour"
    # Three hours ago PL1 was restated and its figure withheld: the database keeps the older ratio beside the new
    # energy, and only the quality tells that neither may enter a ratio.
    yield _energy(f"{hour},potline=PL1,boundary=dc", WITHHELD, 999999.0, 1.0, coverage=40.0)
    # Five hours ago was restated.
    yield _energy(f"{hour},potline=PL2,boundary=dc", LAST_HOUR - 4 * HOUR, 12010.0, 35.0, revision=2)
    # Another plant in the same database.
    yield _energy("plant=elsewhere,potline=PL1,window=hour,boundary=dc", LAST_HOUR, 99.0, 1.0)
    for at in range(NOW - 2 * HOUR, NOW, 10):
        silent = at >= NOW - HOUR
        yield f"meter,plant=example,potline=PL1,meter=rectifier_1 active_power_kw=66000.0,quality=192i {at}000000000"
        measured = "quality=24i" if silent else "active_power_kw=850.0,quality=192i"
        yield f"meter,plant=example,meter=compressed_air {measured} {at}000000000"


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    """Run an InfluxDB with the sample in it, for all queries of this file."""
    with running_influxdb1(tmp_path_factory.mktemp("influxdb")) as server:
        server.create_database("potline")
        server.write("potline", "\n".join(_sample()))
        yield server


def _asked(query: str, *, hours: float, interval: str, **chosen: str) -> str:
    """Put the values where Grafana puts them."""
    time = f"time >= {int((NOW - hours * HOUR) * 1000)}ms and time <= {NOW * 1000}ms"
    values = {**CHOSEN, "window": "hour", **chosen, "timeFilter": time, "__interval": interval}
    asked = re.sub(r"\$(timeFilter|__interval|\w+?)(?=\W|$)", lambda match: values[match[1]], query)
    assert "$" not in asked.replace("$/", "")
    return asked


def _rows(influxdb: InfluxDB1, title: str, *, interval: str = "1m", **chosen: str) -> list[dict[str, Any]]:
    panel = PANELS[title]
    hours = float(panel.get("timeFrom", "48h").removesuffix("h"))
    return [
        row
        for target in panel["targets"]
        for row in influxdb.query("potline", _asked(target["query"], hours=hours, interval=interval, **chosen))
    ]


def _last(rows: list[dict[str, Any]], column: str) -> float:
    """Give the last value that is not null, as the panel does it."""
    return float([row[column] for row in rows if row[column] is not None][-1])


@pytest.mark.parametrize("window", VARIABLES["window"]["query"].split(","))
@pytest.mark.parametrize("interval", ["1m", "2h"])
@pytest.mark.parametrize("title", PANELS)
def test_every_query_answers_with_finite_numbers(influxdb: InfluxDB1, title: str, window: str, interval: str) -> None:
    rows = _rows(influxdb, title, window=window, interval=interval)
    columns = {key for row in rows for key, value in row.items() if key != "time" and isinstance(value, int | float)}
    assert columns, "no numbers"
    numbers = [row[column] for row in rows for column in columns if row.get(column) is not None]
    assert all(math.isfinite(number) for number in numbers)
    # A column that a legend names but that never has a value is a wrong field name.
    for row in rows:
        assert {key for key in row if row[key] is None} <= columns


@pytest.mark.parametrize("name", [name for name, variable in VARIABLES.items() if variable["type"] == "query"])
def test_every_variable_offers_the_values_that_were_written(influxdb: InfluxDB1, name: str) -> None:
    query = _asked(VARIABLES[name]["query"]["query"], hours=48, interval="1m")
    assert VARIABLES[name]["definition"] == VARIABLES[name]["query"]["query"]
    values = sorted({row["value"] for row in influxdb.query("potline", query)})
    assert (
        values
        == {
            "plant": ["elsewhere", "example"],
            "potline": ["PL1", "PL2"],
            "method": ["cbam_2025_2547", "ipcc_2006"],
            "electricity": ["location", "market"],
        }[name]
    )


def test_two_potlines_together_are_a_ratio_of_sums_not_a_mean_of_ratios(influxdb: InfluxDB1) -> None:
    dc = _last(_rows(influxdb, "DC energy, last full hour"), "kWh/t DC")
    assert dc == pytest.approx(12222.222222, abs=1e-5)
    ac = _last(_rows(influxdb, "AC energy of liquid metal, 24 h"), "kWh/t liquid AC")
    assert ac == pytest.approx(12522.222222, abs=1e-5)
    alone = _last(_rows(influxdb, "DC energy, last full hour", potline="(PL2)"), "kWh/t DC")
    assert alone == pytest.approx(12000, abs=1e-6)


def test_emissions_are_of_one_method_and_one_basis_of_electricity(influxdb: InfluxDB1) -> None:
    # 1.5 + 0.2 + (10·6.5 + 35·6.0) / 45; the mean of the ratios would be 7.95.
    title = "Emissions, 24 h"
    assert _last(_rows(influxdb, title), "t CO2e/t") == pytest.approx(7.811111, abs=1e-6)
    market = _last(_rows(influxdb, title, electricity="market"), "t CO2e/t")
    assert market == pytest.approx(2.922222, abs=1e-6)
    cbam = _last(_rows(influxdb, title, method="cbam_2025_2547"), "t CO2e/t")
    assert cbam == pytest.approx(11.211111, abs=1e-6)


@pytest.mark.parametrize("interval", ["1m", "2h", "1d"])
def test_the_stack_of_causes_adds_up_to_the_total_at_every_width_of_the_graph(
    influxdb: InfluxDB1, interval: str
) -> None:
    rows = _rows(influxdb, "Emissions intensity by cause", interval=interval)
    causes = {name: _last(rows, name) for name in ("anode", "pfc", "electricity")}
    assert causes == pytest.approx({"anode": 1.5, "pfc": 0.2, "electricity": 6.111111}, abs=1e-6)


def test_a_withheld_hour_does_not_spoil_the_graph(influxdb: InfluxDB1) -> None:
    rows = _rows(influxdb, "Energy intensity by potline", interval="1d")
    shown = {(row["potline"], row["boundary"]): row["kWh/t"] for row in rows if row["kWh/t"] is not None}
    assert shown[("PL1", "dc")] == pytest.approx(13000, abs=1e-6)
    assert shown[("PL1", "liquid_ac")] == pytest.approx(13300, abs=1e-6)
    # Twelve hours of the 1st of March, one of them restated to 12,010: 12,000 + 10/12.
    assert shown[("PL2", "dc")] == pytest.approx(12000.833333, abs=1e-5)


def test_coverage_is_the_worst_and_metal_is_counted_once(influxdb: InfluxDB1) -> None:
    coverage = _rows(influxdb, "Coverage, last full hour")
    assert {row["time"] // 10**9: row["coverage"] for row in coverage}[WITHHELD] == 40
    metal = _rows(influxdb, "Metal by hour")
    at_last = {row["potline"]: row["metal"] for row in metal if row["time"] == LAST_HOUR * 10**9}
    assert at_last == {"PL1": 10, "PL2": 35}


def test_only_what_was_restated_is_in_the_table(influxdb: InfluxDB1) -> None:
    (row,) = _rows(influxdb, "Restatements")
    assert (row["potline"], row["boundary"], row["revision"]) == ("PL2", "dc", 2)
    assert row["kwh_per_t"] == pytest.approx(12010)


def test_meters_that_belong_to_no_potline_are_shown_and_silence_is_bad(influxdb: InfluxDB1) -> None:
    powers = _rows(influxdb, "Power by meter", potline="(PL1)")
    assert {row["meter"] for row in powers if row["power"] is not None} == {"rectifier_1", "compressed_air"}
    quality = _rows(influxdb, "Meter quality")
    assert {row["quality"] for row in quality if row["meter"] == "compressed_air"} == {24, 192}
    texts = {
        rule["options"]["result"]["text"]
        for rule in PANELS["Meter quality"]["fieldConfig"]["defaults"]["mappings"]
        if rule["options"]["from"] <= 24 <= rule["options"]["to"]
    }
    assert texts == {"bad"}
