"""Queries of the dashboards: what is refused before anybody looks at it, and what the makers write."""

import json

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from build import SOURCE
from influxql import OF_POTLINES, PLANT, Form, InfluxQL, column, either, ratio, select, stated, tagged

HOUR = [PLANT, OF_POTLINES, tagged("window", "hour"), tagged("boundary", "dc")]


def told(query: InfluxQL) -> dict[str, object]:
    found: dict[str, object] = json.loads(json.dumps(query.build(), cls=JSONEncoder))
    return found


def test_a_query_is_written_as_influxql_with_the_data_source_that_is_provisioned() -> None:
    query = select(
        ratio("energy_kwh", "metal_t", "kWh/t"),
        of="energy_intensity",
        where=[*HOUR, stated("kwh_per_t")],
        every="$__interval",
        by=["potline"],
        alias="$tag_potline",
    )
    provisioned = yaml.safe_load((SOURCE.parent / "provisioning/datasources/potline.yaml").read_text("utf-8"))
    (source,) = provisioned["datasources"]
    assert source["jsonData"]["version"] == "InfluxQL"
    assert told(query) == {
        "alias": "$tag_potline",
        "datasource": {"type": source["type"], "uid": source["uid"]},
        "query": 'SELECT sum("energy_kwh") / sum("metal_t") AS "kWh/t" FROM "energy_intensity" WHERE "plant" = '
        "'$plant' AND \"potline\" =~ /^$potline$/ AND \"window\" = 'hour' AND \"boundary\" = 'dc' AND "
        '"kwh_per_t" >= 0 AND "quality" >= 64 AND $timeFilter GROUP BY time($__interval), "potline" fill(none)',
        "rawQuery": True,
        "refId": "A",
        "resultFormat": "time_series",
    }


def test_a_table_of_lines_as_they_stand_asks_for_the_newest() -> None:
    query = select('"text"', '"state"', of="alert", newest=100, form=Form.TABLE)
    assert query.query == (
        'SELECT "text", "state" FROM "alert" WHERE "plant" = \'$plant\' AND $timeFilter ORDER BY time DESC LIMIT 100'
    )
    assert told(query)["resultFormat"] == "table"
    assert "alias" not in told(query)


def test_a_share_in_percent_is_a_hundred_times_a_sum_over_a_sum() -> None:
    share = ratio("renewable_kwh", "total_kwh", "share", times=100)
    assert share == '100 * sum("renewable_kwh") / sum("total_kwh") AS "share"'


@pytest.mark.parametrize(
    "query",
    [
        'SELECT sample("voltage_v", 3) FROM "pot" WHERE $timeFilter',
        'SELECT max("voltage_v") FROM "pot" WHERE $timeFilter tz(\'Asia/Shanghai\')',
        'SELECT max("voltage_v") FROM "pot" WHERE $timeFilter GROUP BY "pot" SLIMIT 3',
        'SELECT max("voltage_v") FROM "pot" WHERE $timeFilter GROUP BY "pot" SOFFSET 3',
        'SELECT max("voltage_v") FROM "autogen"."pot" WHERE $timeFilter',
        'SELECT max("voltage_v") FROM potline.autogen.pot WHERE $timeFilter',
        'SELECT max("voltage_v") FROM "potline".."pot" WHERE $timeFilter',
        'SELECT max("voltage_v") FROM /pot.*/ WHERE $timeFilter',
        'SELECT max("voltage_v") INTO "other" FROM "pot" WHERE $timeFilter',
    ],
)
def test_what_one_version_of_influxdb_does_not_know_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="not understood by InfluxDB 1, 2 and 3 alike"):
        InfluxQL(query)


@pytest.mark.parametrize(
    "ratio_of_ratios",
    [
        'mean("kwh_per_t")',
        'median("t_co2e_per_t")',
        'sum("kg_per_t")',
        'MEAN("share_pct")',
        'integral("kwh_per_t")',
        'mean("kwh_per_t_u95")',
    ],
)
def test_a_mean_or_a_sum_of_ratios_is_refused(ratio_of_ratios: str) -> None:
    with pytest.raises(ValueError, match="is no ratio; take ratio"):
        select(f'{ratio_of_ratios} AS "x"', of="energy_intensity", where=HOUR)


@pytest.mark.parametrize("function", ["last", "min", "max"])
def test_a_ratio_as_it_was_stated_may_be_picked(function: str) -> None:
    assert f'{function}("kwh_per_t")' in select(column(function, "kwh_per_t", "x"), of="energy_intensity").query


@pytest.mark.parametrize(("left_out", "named"), [(2, "window"), (3, "boundary")])
def test_what_is_written_once_for_each_choice_is_not_added_up(left_out: int, named: str) -> None:
    where = [condition for place, condition in enumerate(HOUR) if place != left_out]
    with pytest.raises(ValueError, match=f"stand once for each {named} and are added up"):
        select(ratio("energy_kwh", "metal_t", "x"), of="energy_intensity", where=where)


def test_several_choices_are_added_up_each_for_itself() -> None:
    where = [PLANT, OF_POTLINES, tagged("window", "hour"), either("boundary", "dc", "liquid_ac")]
    columns = ratio("energy_kwh", "metal_t", "x")
    assert select(columns, of="energy_intensity", where=where, by=["boundary"]).query.endswith('GROUP BY "boundary"')
    with pytest.raises(ValueError, match="stand once for each boundary"):
        select(columns, of="energy_intensity", where=where)


def test_the_plant_is_not_added_to_its_potlines() -> None:
    columns, where = ratio("energy_kwh", "metal_t", "x"), [PLANT, *HOUR[2:]]
    with pytest.raises(ValueError, match="for each potline and for the plant, and are added up"):
        select(columns, of="energy_intensity", where=where)
    assert select(columns, of="energy_intensity", where=where, by=["potline"]).query


def test_windows_that_overlap_are_not_added_up() -> None:
    columns = ratio("energy_kwh", "metal_t", "x")
    where = [PLANT, OF_POTLINES, tagged("window", "rolling_24h"), tagged("boundary", "dc")]
    with pytest.raises(ValueError, match=r"rolling_24h overlap and are added up; group by time\(10m\)"):
        select(columns, of="energy_intensity", where=where, every="$__interval")
    assert select(columns, of="energy_intensity", where=where, every="10m").query


@pytest.mark.parametrize("query", ["DROP MEASUREMENT pot", "SHOW SERIES", ""])
def test_what_is_no_select_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="begins with SELECT"):
        InfluxQL(query)


def test_a_query_over_all_of_time_is_refused() -> None:
    with pytest.raises(ValueError, match="reads all of time"):
        InfluxQL('SELECT max("voltage_v") FROM "pot"')
