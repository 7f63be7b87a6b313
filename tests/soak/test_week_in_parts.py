"""The week in parts: what is to happen in it, and that what does not agree is found. The week itself: make week."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from footprint import Held
from plant_run import CollectorProcess, Simulation
from servers import InfluxDB1, Mosquitto
from week_happenings import Week, scenario
from week_run import held_at_the_end
from week_truth import compared, judged, missing

from simulators.scenario import load_scenario

MINUTES = [f"2026-03-01T04:{minute:02}:00Z" for minute in range(10)]
END_NS = 1_772_338_080_000_000_000  # 04:08


def of_ledger(**more: object) -> dict[str, Any]:
    whole = {"minutes": 1}
    return {
        "dc_kwh": 1080.0,
        "ac_kwh": 1100.0,
        "auxiliary_kwh": 30.0,
        "charge_kah": 6.67,
        "tapped_t": 0.5,
        "metal_t": 0.0836,
        "anode_t_co2": 0.1242,
        "electricity_t_co2": 0.5996,
        "anode_effects": 1,
        "anode_effect_s": 61.5,
        "dc": whole,
        "liquid_ac": whole,
        "comprehensive": whole,
    } | more


def of_truth() -> dict[str, Any]:
    return {
        "dc_kwh": 1080.0,
        "ac_kwh": 1100.0,
        "auxiliary_kwh": 30.0,
        "charge_kah": 6.67,
        "tapped_t": 0.5,
        "metal_t": 0.0836 * 0.940 / 0.935,
        "current_efficiency": 0.940,
        "anode_t_co2e": 0.1242 * 0.940 / 0.935,
        "electricity_t_co2e": 0.5996 * 1100 / 1130,
        "pfc_t_co2e": 5.0 * 0.940 / 0.935,
        "ae_count": 1,
        "ae_s": 61.5,
    }


def apart(minute: dict[str, Any], pfc_t: float = 5.0) -> set[str]:
    """Return what does not agree where one of ten minutes is another one than the truth."""
    stated = dict.fromkeys(MINUTES, of_ledger()) | {MINUTES[4]: minute}
    truth = dict.fromkeys(MINUTES, of_truth())
    found = compared(stated, truth, MINUTES, dict.fromkeys(MINUTES, 5.0) | {MINUTES[4]: pfc_t})
    return {name for name, each in found.items() if not each.agrees}


def test_a_week_that_is_the_truth_agrees_with_it() -> None:
    assert apart(of_ledger()) == set()


@pytest.mark.parametrize(
    ("name", "minute"),
    [
        ("dc_kwh", of_ledger(dc_kwh=1140.0)),
        ("ac_kwh", of_ledger(ac_kwh=1030.0)),
        ("auxiliary_kwh", of_ledger(auxiliary_kwh=0.0)),
        ("charge_kah", of_ledger(charge_kah=6.2)),
        ("metal_t", of_ledger(metal_t=0.0)),
        ("tapped_t", of_ledger(tapped_t=1.0)),
        ("anode_t_co2e", of_ledger(anode_t_co2=0.13 * 2)),
        ("electricity_t_co2e", of_ledger(electricity_t_co2=0.5)),
        ("anode_effects", of_ledger(anode_effects=2)),
        ("anode_effect_s", of_ledger(anode_effect_s=61.6)),
    ],
)
def test_a_total_that_is_wrong_in_one_of_ten_minutes_does_not_agree(name: str, minute: dict[str, Any]) -> None:
    assert apart(minute) == {name}


def test_perfluorocarbons_of_one_minute_that_are_wrong_by_a_fifth_do_not_agree() -> None:
    assert apart(of_ledger(), pfc_t=6.0) == {"pfc_t_co2e"}


def test_emissions_are_not_asked_about_a_minute_of_which_not_everything_is_known() -> None:
    assert apart(of_ledger(comprehensive={}, anode_t_co2=0.0, electricity_t_co2=0.0)) == set()


def test_minutes_are_judged_from_the_second_one_with_all_meters_to_the_last_one_that_has_settled() -> None:
    stated = dict.fromkeys(MINUTES[1:], of_ledger()) | {MINUTES[1]: of_ledger(liquid_ac={})}
    truth = dict.fromkeys(MINUTES, of_truth())
    minutes = judged(stated, truth, END_NS)
    assert minutes == MINUTES[3:8]
    assert missing(minutes, stated, truth) == 0
    del stated[MINUTES[5]], truth[MINUTES[6]]
    assert missing(judged(stated, truth, END_NS), stated, truth) == 2


@pytest.mark.parametrize(
    ("held", "growth", "descriptors", "threads"),
    [
        ([Held(130.0, 16, 5)] * 120, 0.0, 0, 0),
        ([Held(130.0, 16, 5)] * 60 + [Held(143.0, 36, 9)] * 60, 0.1, 20, 4),
        # What comes before the warm-up does not count.
        ([Held(100.0, 6, 3)] * 20 + [Held(130.0, 16, 5)] * 100, 0.0, 0, 0),
    ],
)
def test_what_a_process_holds_in_the_end_is_compared_with_what_it_held_after_the_warm_up(
    held: list[Held], growth: float, descriptors: int, threads: int
) -> None:
    found = held_at_the_end(held)
    assert found["highest_growth"] == growth
    assert found["descriptors_end"] - found["descriptors_warm"] == descriptors
    assert found["threads_end"] - found["threads_warm"] == threads


def test_what_goes_on_growing_in_the_second_half_is_told_apart_from_what_has_filled() -> None:
    filled = [Held(min(130.0, 100.0 + n), 16, 5) for n in range(120)]
    assert held_at_the_end(filled)["late_growth"] == 0.0
    growing = [Held(100.0 + 0.1 * n, 16, 5) for n in range(120)]
    assert held_at_the_end(growing)["late_growth"] == 0.04  # from 107.2 to 111.45


def test_the_scenario_can_be_used_and_tells_corrections_an_hour_later(tmp_path: Path) -> None:
    found = load_scenario(scenario(tmp_path))
    assert found.mqtt.corrections.share == 0.05
    assert found.mqtt.corrections.after_s == 3600.0
    assert len(found.root.rows("faults")) >= 15
    assert found.mqtt.faults == ()


def test_in_a_week_everything_happens_every_day_and_the_collector_is_restarted_on_the_first(tmp_path: Path) -> None:
    plant = Simulation("2026-03-01T03:30:00Z@1795316400*240", {}, tmp_path / "truth.jsonl")
    broker, influxdb = Mosquitto(tmp_path), InfluxDB1(tmp_path)
    running = CollectorProcess("collector", tmp_path, plant)
    planned = Week(plant, running, broker, influxdb, 168.0, 240.0, random.Random(7)).planned()
    names = Counter(name for _, name, _ in planned)
    daily = ("database stopped", "database killed", "database paused", "meter silent", "endpoint hung up")
    assert [names[name] for name in daily] == [7] * 5
    assert (names["broker restarted"], names["night"]) == (14, 6)
    assert (names["collector killed"], names["collector stopped"]) == (6, 2)
    assert all(at_h < 24 for at_h, name, _ in planned if name.startswith("collector"))
    assert max(at_h for at_h, _, _ in planned) < 168
