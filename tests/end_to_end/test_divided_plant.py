"""One plant in one collector, and in two that know nothing of each other: the same lines, and the same sums."""

import contextlib
import sqlite3
from collections.abc import Callable
from math import fsum
from pathlib import Path
from typing import Any

import pytest
from divided_plant import written
from plant_run import CollectorProcess, collector, simulated_plant, wait_until
from servers import InfluxDB1, Mosquitto

MINUTES = 10
EVERY_S = 10
AS_POLLED = 2 * EVERY_S / (60 * MINUTES)
"""A meter that is polled is read by each collector at its own times, up to one period apart: its counter is divided
between two minutes differently. Over all minutes of the test that is one period at either end, at the most."""

Rows = dict[tuple[str, ...], dict[str, Any]]


@pytest.mark.timeout(300)
def test_two_collectors_with_a_line_each_say_the_same_as_one_with_both(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], influxdb1: InfluxDB1
) -> None:
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    scenario = written(tmp_path)
    with (
        simulated_plant(tmp_path, scenario, broker=f"{broker.host}:{broker.port}") as plant,
        contextlib.ExitStack() as stack,
    ):
        running = [
            stack.enter_context(collector(tmp_path, plant, name, settings(tmp_path, influxdb1, *of)))
            for name, *of in (("one", "whole", "both"), ("left", "divided", "a"), ("right", "divided", "b"))
        ]
        wait_until(lambda: len(closed(influxdb1, "divided", "PL2")) >= MINUTES + 4, 200, running[2].process)
        wait_until(lambda: len(closed(influxdb1, "divided", "PL1")) >= MINUTES + 4, 60, running[1].process)
        wait_until(lambda: len(closed(influxdb1, "whole", "PL2")) >= MINUTES + 4, 60, running[0].process)
        states = [each.state() for each in running]
        for each in running:
            assert each.stop() == 0

    for each, state in zip(running, states, strict=True):
        assert state["totals"]["rejected_by_cause"] == {}, each.name
        assert letters(each) == 0
    assert {line["id"] for line in states[1]["potlines"]} == {"PL1"}
    assert {line["id"] for line in states[2]["potlines"]} == {"PL2"}
    common = closed(influxdb1, "whole", "PL1") & closed(influxdb1, "divided", "PL1")
    common &= closed(influxdb1, "whole", "PL2") & closed(influxdb1, "divided", "PL2")
    minutes = sorted(common)[2 : 2 + MINUTES]
    assert len(minutes) == MINUTES
    for measurement in ("energy_intensity", "emissions_intensity"):
        whole, divided = (lines(influxdb1, database, measurement, minutes) for database in ("whole", "divided"))
        of_lines = {key: row for key, row in whole.items() if key[0]}
        assert of_lines.keys() == {key for key in divided if key[0]}
        for key, row in of_lines.items():
            if key[0] == "PL1" or key[1] == "dc":
                assert divided[key] == row, key
            else:
                assert divided[key].keys() == row.keys(), key
        same_sums(of_lines, divided)
    # Of the plant as a whole, one collector with both lines states kWh/t; without the other line it is withheld.
    plantwide = "SELECT kwh_per_t FROM energy_intensity WHERE potline = '' AND window = 'minute'"
    assert len(influxdb1.query("whole", plantwide)) >= MINUTES
    assert influxdb1.query("divided", plantwide) == []
    # Whoever wants it takes sum over sum, as the README says.
    begin, end = minutes[0], minutes[-1]
    where = "\"window\" = 'minute' AND boundary = 'liquid_comprehensive_ac' AND potline != '' AND kwh_per_t > 0"
    times = f"time >= {begin} AND time <= {end}"
    asked = f"SELECT sum(energy_kwh) / sum(metal_t) AS together FROM energy_intensity WHERE {where} AND {times}"  # noqa: S608 - our own words
    stated = f"{plantwide} AND boundary = 'liquid_comprehensive_ac' AND {times}"
    [together] = influxdb1.query("divided", asked)
    ratios = [row["kwh_per_t"] for row in influxdb1.query("whole", stated)]
    assert len(ratios) == MINUTES
    assert min(ratios) <= together["together"] <= max(ratios)
    [whole_together] = influxdb1.query("whole", asked)
    assert together["together"] == pytest.approx(whole_together["together"], rel=AS_POLLED)


def same_sums(whole: Rows, divided: Rows) -> None:
    """Compare what numerators and denominators of all lines and minutes add up to: by boundary, or by method."""
    kinds = {key[1] for key in whole}
    fields = {field for row in whole.values() for field in row if field.endswith(("_kwh", "_t", "_t_co2e", "_kg"))}
    for kind in kinds:
        for field in fields:
            sums = [
                fsum(row.get(field) or 0.0 for key, row in rows.items() if key[1] == kind and key[0])
                for rows in (whole, divided)
            ]
            assert sums[1] == pytest.approx(sums[0], rel=AS_POLLED), (kind, field)


def lines(influxdb: InfluxDB1, database: str, measurement: str, minutes: list[int]) -> Rows:
    """Return the lines of minutes by potline, boundary or method, and time, without how often they were stated."""
    tag = "boundary" if measurement == "energy_intensity" else "method"
    query = f"SELECT * FROM {measurement} WHERE window = 'minute' GROUP BY potline, {tag}"  # noqa: S608 - our own words
    return {
        (row["potline"], row[tag], str(row["time"])): {
            field: value for field, value in row.items() if value is not None and field != "revision"
        }
        for row in influxdb.query(database, query)
        if row["time"] in minutes
    }


def closed(influxdb: InfluxDB1, database: str, potline: str) -> set[int]:
    """Return the minutes of a line that are stated up to the liquid metal, with all services."""
    if {"name": database} not in influxdb.query("", "SHOW DATABASES"):
        return set()
    where = f"window = 'minute' AND boundary = 'liquid_comprehensive_ac' AND potline = '{potline}'"
    query = f"SELECT kwh_per_t FROM energy_intensity WHERE {where}"  # noqa: S608 - our own words
    return {row["time"] for row in influxdb.query(database, query)}


def letters(running: CollectorProcess) -> int:
    """Return how many messages could not be used."""
    (store,) = running.folder.glob(f"{running.name}-*.sqlite")
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM dead").fetchone()[0])


def settings(folder: Path, influxdb: InfluxDB1, plant_file: str, part: str) -> dict[str, str]:
    """Return the environment of a collector of one part of a plant file; all parts write to one database."""
    return {
        "POTLINE_PLANT_FILE": str(folder / f"{plant_file}.toml"),
        "POTLINE_COLLECTOR": part,
        "POTLINE_BROKERS__POTROOM__CLIENT_ID": f"potline-{plant_file}",
        "POTLINE_DELIVERY__OLD__KIND": "influxdb1",
        "POTLINE_DELIVERY__OLD__URL": influxdb.url,
        "POTLINE_DELIVERY__OLD__DATABASE": plant_file,
        "POTLINE_DELIVERY__OLD__CREATE_DATABASE": "true",
    }
