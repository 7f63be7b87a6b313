"""Panels, choices and pages: what they always have, and what is refused."""

import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from grafana_foundation_sdk.builders.dashboard import Dashboard as DashboardMaker
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

import variables
from build import SOURCE, built
from influxql import column, select
from limits import FACTORS, RENEWABLE_2030_PCT, levels
from page import link_to, page
from panels import (
    GREEN,
    RED,
    VOLT,
    Thresholds,
    as_json,
    bar_gauge,
    heat_map,
    no_limit,
    rows_table,
    single_stat,
    state_timeline,
    time_series,
)

QUERIES = [select(column("max", "voltage_v", "v"), of="pot"), select(column("min", "voltage_v", "v"), of="pot")]
MAKERS: list[Callable[..., Builder[Panel]]] = [
    bar_gauge,
    heat_map,
    rows_table,
    single_stat,
    state_timeline,
    time_series,
]
OURS = ("plant.json", "potline.json", "pots.json")


def told(value: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(as_json(value))
    return found


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: str(maker.__name__))
def test_every_panel_has_unit_thresholds_description_data_source_and_queries_by_letter(
    maker: Callable[..., Builder[Panel]],
) -> None:
    panel = told(maker("Voltage", "Of a pot.", QUERIES, unit=VOLT, thresholds=Thresholds(GREEN, (5, RED))).build())
    assert panel["title"] == "Voltage"
    assert panel["description"] == "Of a pot."
    assert panel["fieldConfig"]["defaults"]["unit"] == "volt"
    assert panel["fieldConfig"]["defaults"]["thresholds"] == {
        "mode": "absolute",
        "steps": [{"color": "green", "value": None}, {"color": "red", "value": 5}],
    }
    assert panel["datasource"] == {"type": "influxdb", "uid": "potline"}
    assert [target["refId"] for target in panel["targets"]] == ["A", "B"]
    with pytest.raises(ValueError, match="has no title, description, unit or query"):
        maker("Voltage", "", QUERIES, unit=VOLT, thresholds=no_limit())
    with pytest.raises(ValueError, match="has 27 queries; a letter names each"):
        maker("Voltage", "Of a pot.", QUERIES[:1] * 27, unit=VOLT, thresholds=no_limit())


def test_thresholds_have_to_rise() -> None:
    with pytest.raises(ValueError, match="they have to rise"):
        Thresholds(GREEN, (13350, RED), (13000, RED))


def test_a_panel_over_the_right_edge_and_one_title_twice_are_refused() -> None:
    def of(*widths: int, title: str = "Voltage {}") -> object:
        panels = [
            time_series(title.format(place), "x", QUERIES, unit=VOLT, thresholds=no_limit(), width=width)
            for place, width in enumerate(widths)
        ]
        return page("potline-x", "X", "x", variables=[], rows={"All": panels})

    assert [panel["id"] for panel in told(of(12, 12, 24))["panels"]] == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="'Voltage 1' stands over the right edge"):
        of(16, 12)
    with pytest.raises(ValueError, match="two panels of 'X' are called 'Voltage'"):
        of(12, 12, title="Voltage")


def test_a_link_keeps_plant_and_time_and_names_the_potline() -> None:
    link = told(link_to("potline-potline", "Potline", potline="PL1").build())
    assert link["url"] == "/d/potline-potline?${__url_time_range}&${plant:queryparam}&var-potline=PL1"


def test_a_choice_begins_with_one_of_its_values() -> None:
    model = told(DashboardMaker("X").with_variable(variables.window(first="day")).build())["templating"]["list"][0]
    assert model["current"]["value"] == "day"
    assert [option["value"] for option in model["options"]] == ["minute", "hour", "shift", "day", "month"]
    with pytest.raises(ValueError, match="begins with 'rolling_24h', which is none of minute, hour"):
        variables.window(first="rolling_24h")


def test_levels_are_those_of_the_factor_table_with_its_source() -> None:
    found = levels("liquid_ac")
    assert (found.level_1, found.level_2, found.level_3) == (12950, 13000, 13350)
    assert "level 3 (existing plants, mandatory) at 13,350 kWh/t" in found.words
    table = tomllib.loads((FACTORS / "energy_levels.toml").read_text("utf-8"))["gb_21346_2022"]["liquid_ac"]
    assert table["source"] in found.words
    with pytest.raises(LookupError, match=r"has no \[gb_21346_2022.dc\]"):
        levels("dc")


def test_thirty_percent_is_what_the_plant_file_cites() -> None:
    example = (SOURCE.parents[2] / "config" / "plants" / "example.toml").read_text("utf-8")
    assert "asks of electrolytic aluminium for more than 30 %" in example
    assert RENEWABLE_2030_PCT == 30


@pytest.mark.parametrize("name", OURS)
def test_a_dashboard_is_found_by_its_tag_and_its_panels_stand_beside_each_other(name: str) -> None:
    found = json.loads(built()[name])
    assert found["tags"] == ["potline"]
    assert found["uid"] == "potline-" + name.removesuffix(".json")
    (link,) = found["links"]
    assert (link["type"], link["tags"], link["includeVars"], link["keepTime"]) == (
        "dashboards",
        ["potline"],
        True,
        True,
    )
    cells = [
        (x, y)
        for panel in found["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


@pytest.mark.parametrize("name", OURS)
def test_a_panel_asks_only_for_choices_that_its_dashboard_offers(name: str) -> None:
    found = json.loads(built()[name])
    offered = {variable["name"] for variable in found["templating"]["list"]} | {"timeFilter", "__interval"}
    for panel in found["panels"]:
        for target in panel.get("targets", ()):
            words = target["query"].replace("^$potline$/", "^$potline/").split("$")[1:]
            asked = {"".join(c if c.isalnum() or c == "_" else " " for c in word).split()[0] for word in words}
            assert asked <= offered, panel["title"]
