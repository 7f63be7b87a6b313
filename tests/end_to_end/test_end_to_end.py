"""The real process against the simulator, a real broker and real databases, compared with the simulator's truth."""

import math
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pytest
from plant_run import SPEED, CollectorProcess, Simulation, collector, iso, simulated_plant, wait_until
from servers import InfluxDB1, VictoriaMetrics, running_influxdb1, running_mosquitto, running_victoria_metrics

pytestmark = pytest.mark.timeout(400)

MINUTES = 22
AT_CLASS_HALF = 0.005
"""What is asked of a plant with meters of class 0.5."""


def closed(running: CollectorProcess, least: int) -> bool:
    return len(running.minutes()) >= least if running.store.exists() else False


@dataclass(frozen=True, slots=True)
class Run:
    """A stopped plant that one collector followed undisturbed, with two databases, and another one was killed on."""

    whole: CollectorProcess
    killed: CollectorProcess
    influxdb1: InfluxDB1
    victoria_metrics: VictoriaMetrics
    simulation: Simulation
    truth: dict[str, dict[str, Any]]
    state: dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Let the busy plant run for half an hour of its time, and leave its databases on."""
    folder = tmp_path_factory.mktemp("busy")
    with ExitStack() as servers:
        broker = servers.enter_context(
            running_mosquitto(folder / "mosquitto", max_inflight_messages=0, max_queued_messages=0)
        )
        influxdb1 = servers.enter_context(running_influxdb1(folder / "influxdb1"))
        victoria_metrics = servers.enter_context(running_victoria_metrics(folder / "victoria-metrics"))
        settings = {
            "POTLINE_DELIVERY__OLD__KIND": "influxdb1",
            "POTLINE_DELIVERY__OLD__URL": influxdb1.url,
            "POTLINE_DELIVERY__OLD__DATABASE": "potline",
            "POTLINE_DELIVERY__OLD__CREATE_DATABASE": "true",
            "POTLINE_DELIVERY__NEW__KIND": "influxdb2",
            "POTLINE_DELIVERY__NEW__URL": victoria_metrics.url,
            "POTLINE_DELIVERY__NEW__ORG": "smelter",
            "POTLINE_DELIVERY__NEW__BUCKET": "potline",
        }
        draw = random.Random(11)
        with (
            simulated_plant(folder, "busy.toml", broker=f"{broker.host}:{broker.port}") as plant,
            collector(folder, plant, "undisturbed", settings) as whole,
            collector(folder, plant, "killed") as killed,
        ):
            for _ in range(5):
                time.sleep(draw.uniform(1.5, 3.5))
                killed.kill()
                time.sleep(draw.uniform(0.0, 1.0))
                killed.start()
            least = max(MINUTES + 4, round(20 * SPEED / 60) + 8)
            for each in (whole, killed):
                wait_until(lambda each=each: closed(each, least), 240, each.process, each.log)  # type: ignore[misc]
            state = whole.state()
            last = max(whole.minutes())
            wait_until(lambda: last in energy_minutes(influxdb1, "dc"), 60)
            assert (whole.stop(), killed.stop()) == (0, 0)
            time.sleep(0.1)
            truth = plant.truth()
        yield Run(whole, killed, influxdb1, victoria_metrics, plant, truth, state)


def test_the_databases_hold_the_simulators_truth(run: Run) -> None:
    influxdb1, victoria_metrics, truth = run.influxdb1, run.victoria_metrics, run.truth
    assert run.simulation.asked_for() == {3, 4}  # nothing is ever written to a meter
    found = energy_minutes(influxdb1, "dc")
    # An anode effect is booked whole to the minute it began in, so the last minutes may still be waiting for its end.
    minutes = sorted(set(found) & set(truth))[1:MINUTES]
    assert len(minutes) >= MINUTES - 2
    ac = energy_minutes(influxdb1, "liquid_ac")
    compare_energy(found, ac, truth, minutes)
    compare_emissions(emission_minutes(influxdb1), found, ac, truth, minutes)
    victoria_metrics.flush()
    dc_copy = in_victoria_metrics(
        victoria_metrics, 'energy_intensity_energy_kwh{window="minute",boundary="dc"}', field_of(found, "energy_kwh")
    )
    co2e_copy = in_victoria_metrics(
        victoria_metrics,
        'emissions_intensity_total_t_co2e{window="minute"}',
        field_of(emission_minutes(influxdb1), "total_t_co2e"),
    )
    assert sum(dc_copy[m] for m in minutes) == pytest.approx(sum(found[m]["energy_kwh"] for m in minutes), rel=1e-9)
    assert sum(co2e_copy[m] for m in minutes) == pytest.approx(
        sum(emission_minutes(influxdb1)[m]["total_t_co2e"] for m in minutes),
        rel=1e-9,
    )
    compare_page(run.state, truth)
    streams_are_all_there(influxdb1)


def unevenly_cut(measured: Sequence[float], true: Sequence[float]) -> float:
    """Return by how much of the whole the ends of minutes lie at most beside the true ones, some early and some late.

    At this speed a simulator that is held up for a tenth of a second by a busy machine shows counters of six seconds
    ago: what a minute lacks, another has. A share of all that is lost or counted twice shows in no end, and is no part
    of this.
    """
    scale = math.fsum(measured) / math.fsum(true)
    ends = list(accumulate(one - scale * other for one, other in zip(measured, true, strict=True)))
    return (max(ends) - min(ends)) / math.fsum(measured)


def compare_energy(dc: dict[str, Any], ac: dict[str, Any], truth: dict[str, Any], minutes: list[str]) -> None:
    def total(rows: dict[str, Any], key: str) -> float:
        return float(sum(rows[minute][key] for minute in minutes))

    uneven = unevenly_cut([dc[m]["energy_kwh"] for m in minutes], [truth[m]["dc_kwh"] for m in minutes])
    near = AT_CLASS_HALF + uneven
    assert total(dc, "energy_kwh") == pytest.approx(total(truth, "dc_kwh"), rel=near)
    assert total(ac, "energy_kwh") == pytest.approx(total(truth, "ac_kwh"), rel=near)
    assert total(dc, "metal_t") == pytest.approx(total(truth, "metal_t"), rel=near)
    assert total(dc, "energy_kwh") / total(dc, "metal_t") == pytest.approx(
        total(truth, "dc_kwh") / total(truth, "metal_t"), rel=AT_CLASS_HALF
    )
    assert {dc[minute]["quality"] for minute in minutes} == {192}


def compare_emissions(
    found: dict[str, Any], dc: dict[str, Any], ac: dict[str, Any], truth: dict[str, Any], minutes: list[str]
) -> None:
    factor = sum(truth[m]["electricity_t_co2e"] for m in minutes) / sum(truth[m]["ac_kwh"] for m in minutes)

    def true(minute: str, field: str) -> float:
        """Return the truth for the part of the plant's time that the collector has cut this minute to."""
        row = truth[minute]
        if field == "electricity_t_co2e":
            # The simulator's are those of the rectifiers alone, without the potroom's services.
            cut = ac[minute]["energy_kwh"] / row["ac_kwh"]
            return float(cut * (row[field] + factor * row["auxiliary_kwh"]))
        if field == "total_t_co2e":
            return sum(true(minute, part) for part in ("anode_t_co2e", "pfc_t_co2e", "electricity_t_co2e"))
        # The gases of a minute go with its metal.
        return float(dc[minute]["metal_t"] / row["metal_t"] * row[field])

    for field in ("anode_t_co2e", "electricity_t_co2e", "total_t_co2e", "pfc_t_co2e", "cf4_kg", "c2f6_kg"):
        measured = sum(found[minute][field] for minute in minutes)
        assert measured == pytest.approx(sum(true(minute, field) for minute in minutes), rel=AT_CLASS_HALF), field
    # There were anode effects to find, and their gases stand in the minutes they began in.
    assert sum(truth[minute]["ae_count"] for minute in minutes) > 0
    assert {m for m in minutes if found[m]["pfc_t_co2e"] > 0} == {m for m in minutes if truth[m]["ae_count"] > 0}


def compare_page(state: dict[str, Any], truth: dict[str, Any]) -> None:
    window = [row for row in state["potlines"][0]["recent"] if row["start"] in truth and row["dc"]]
    measured = sum(row["dc"]["energy_kwh"] for row in window) / sum(row["dc"]["metal_t"] for row in window)
    exact = sum(truth[row["start"]]["dc_kwh"] for row in window) / sum(truth[row["start"]]["metal_t"] for row in window)
    assert measured == pytest.approx(exact, rel=AT_CLASS_HALF)
    assert {meter["quality"] for meter in state["meters"]} == {192}


def streams_are_all_there(influxdb1: InfluxDB1) -> None:
    names = {row["name"] for row in influxdb1.query("potline", "SHOW MEASUREMENTS")}
    assert names >= {"meter", "potline", "pot", "anode_effect", "energy_intensity", "emissions_intensity", "collector"}
    windows = {
        row["value"] for row in influxdb1.query("potline", 'SHOW TAG VALUES FROM energy_intensity WITH KEY = "window"')
    }
    assert windows >= {"minute", "rolling_24h"}
    pots = influxdb1.query("potline", "SELECT count(voltage_v) FROM pot GROUP BY pot")
    assert len(pots) == 40


def energy_minutes(influxdb1: InfluxDB1, boundary: str) -> dict[str, Any]:
    if "potline" not in {row["name"] for row in influxdb1.query("", "SHOW DATABASES")}:
        return {}
    query = (
        "SELECT energy_kwh, metal_t, quality FROM energy_intensity"  # noqa: S608 - our own words
        f" WHERE \"window\" = 'minute' AND boundary = '{boundary}'"
    )
    return {iso(row["time"]): row for row in influxdb1.query("potline", query) if row["energy_kwh"] is not None}


def emission_minutes(influxdb1: InfluxDB1) -> dict[str, Any]:
    query = "SELECT * FROM emissions_intensity WHERE \"window\" = 'minute'"
    return {iso(row["time"]): row for row in influxdb1.query("potline", query)}


def field_of(rows: dict[str, Any], field: str) -> dict[str, float]:
    return {minute: row[field] for minute, row in rows.items() if row[field] is not None}


def in_victoria_metrics(server: VictoriaMetrics, match: str, expected: dict[str, float]) -> dict[str, float]:
    """Return the minutes of a series: of each that was rewritten both values are there, in no order, and one fits."""
    values: dict[str, list[float]] = {}
    for series in server.export(match):
        for time_ms, value in zip(series["timestamps"], series["values"], strict=True):
            values.setdefault(iso(time_ms * 1_000_000), []).append(value)
    return {
        minute: min(found, key=lambda value: abs(value - expected[minute]))
        for minute, found in values.items()
        if minute in expected
    }


def test_killing_the_collector_in_the_middle_leaves_the_same_totals_as_an_undisturbed_run(run: Run) -> None:
    compare_totals(run.whole, run.killed, run.truth)


def was_heard(sums: dict[str, Any]) -> bool:
    """Tell whether the meters were read in a minute: nothing of it is bridged."""
    pairs = [sums.get(name, {}) for name in ("dc", "liquid_ac")]
    return all(pair.get("minutes") and not pair.get("estimated_s") for pair in pairs)


def compare_totals(whole: CollectorProcess, killed: CollectorProcess, truth: dict[str, dict[str, Any]]) -> None:
    one, other = whole.minutes(), killed.minutes()
    both = sorted(set(one) & set(other))
    assert all(minute in other for minute in one if both[0] <= minute <= both[-1])
    minutes = both[1:-4]  # an anode effect that began just before the end has not told its duration yet

    def total(rows: dict[str, Any], key: str) -> float:
        return float(sum(rows[minute][key] for minute in minutes))

    assert len(minutes) >= 20
    for key in ("anode_effects", "anode_effect_s", "tapped_t"):
        assert total(other, key) == total(one, key), key
    uneven = unevenly_cut([one[m]["dc_kwh"] for m in minutes], [truth[m]["dc_kwh"] for m in minutes])
    # The events are those that happened.
    assert total(one, "anode_effect_s") == pytest.approx(sum(truth[m]["ae_s"] for m in minutes), abs=0.01)
    assert total(one, "anode_effects") == sum(truth[m]["ae_count"] for m in minutes)
    for key in ("dc_kwh", "ac_kwh", "charge_kah", "metal_t"):
        # The same counters, read at other instants: what differs is where the first and the last minute are cut. Where
        # one of these was bridged, as a kill just there makes it, the load within the gap is shared evenly, and is not.
        ends = [
            minute for minute in (minutes[0], minutes[-1]) if not (was_heard(one[minute]) and was_heard(other[minute]))
        ]
        shared = sum(0.25 * abs(one[minute][key]) for minute in ends)
        assert total(other, key) == pytest.approx(
            total(one, key), abs=shared + (1e-3 + 2 * uneven) * total(one, key)
        ), key
    true_kwh = sum(truth[m]["dc_kwh"] for m in minutes)
    assert total(one, "dc_kwh") == pytest.approx(true_kwh, rel=AT_CLASS_HALF + uneven)
