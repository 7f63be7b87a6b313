"""Values of a meter that agree with each other, and what each usual mistake in a map does to them."""

import math

import pytest

from collector.acquisition.modbus.sense import Count, Finding, counted, findings

RIGHT = {
    "frequency": 50.02,
    "voltage_l1n": 230.0,
    "voltage_l2n": 231.0,
    "voltage_l3n": 229.0,
    "voltage_l1l2": 399.0,
    "voltage_l2l3": 398.0,
    "voltage_l3l1": 397.5,
    "current_l1": 100.0,
    "current_l2": 101.0,
    "current_l3": 99.0,
    "power_factor": 0.9,
    "active_power": 62.1,
    "reactive_power": 30.08,
    "apparent_power": 69.0,
}


def wells(known: dict[str, float]) -> dict[str, bool | None]:
    return {each.what: each.well for each in findings(known)}


def doubt(known: dict[str, float]) -> Finding:
    (found,) = [each for each in findings(known) if each.well is False]
    return found


def test_a_right_map_is_well_in_everything() -> None:
    assert wells(RIGHT) == {
        "frequency": True,
        "voltages to neutral": True,
        "voltages between phases": True,
        "kinds of voltage": True,
        "power": True,
        "apparent power": True,
    }


@pytest.mark.parametrize(
    ("change", "what", "words"),
    [
        ({"frequency": 16968.0}, "frequency", "16,968 Hz, and not 50 or 60 Hz: check address, type and order"),
        ({"frequency": 51.1}, "frequency", "51.1 Hz, and not 50 or 60 Hz: check address, type and order"),
        (
            {"power_factor": 1.2, "active_power": math.nan},
            "power_factor",
            "1.2 is beyond 1: check type, order and scale",
        ),
        (
            {"voltage_l3n": 23.0, "active_power": math.nan, "voltage_l1l2": math.nan},
            "voltages to neutral",
            "230, 231, 23 V are 90% apart: a phase is missing, or a type is wrong",
        ),
        (
            {"active_power": 62100.0, "reactive_power": math.nan},
            "power",
            "62,100 kW, and 3 x U x I x PF makes 62.1 kW (99.9% apart): a factor of 1000: check scale and unit of both",
        ),
        (
            {"active_power": 55.0, "reactive_power": math.nan},
            "power",
            "55 kW, and 1.732 x U x I x PF makes 62.068 kW (11.4% apart): check scales and transformer ratios",
        ),
        (
            {"apparent_power": 0.69},
            "apparent power",
            "0.69 kVA, and P and Q make 69.0016 kVA (-99.0%): check scale and unit of the three",
        ),
    ],
)
def test_each_mistake_is_doubted_alone_and_with_a_remedy(change: dict[str, float], what: str, words: str) -> None:
    found = doubt(RIGHT | change)
    assert (found.what, found.words) == (what, words)
    assert found.verdict == f"doubtful: {words}"


def test_four_percent_apart_is_well_and_six_are_not() -> None:
    assert wells(RIGHT | {"active_power": 62.1 * 0.97, "reactive_power": math.nan})["power"] is True
    assert wells(RIGHT | {"active_power": 62.1 * 0.93, "reactive_power": math.nan})["power"] is False


def test_harmonics_make_more_apparent_power_and_never_less() -> None:
    assert wells(RIGHT | {"apparent_power": 80.0})["apparent power"] is True
    assert wells(RIGHT | {"apparent_power": 64.0})["apparent power"] is False


def test_without_a_power_factor_the_product_is_a_bound_only() -> None:
    known = {"voltage": 400.0, "current": 100.0, "active_power": 60.0}
    assert wells(known) == {"power": True}
    assert doubt(known | {"active_power": 130.0}).words.startswith("130 kW of the 120 kVA")


def test_a_direct_current_line_is_voltage_times_current() -> None:
    line = {"line_voltage": 1300.0, "line_current": 400.0, "dc_power": 520.0}
    assert wells(line) == {"power": True}
    assert doubt(line | {"line_current": 40.0}).words.endswith("a factor of 10: check scale and unit of both")


def test_currents_that_read_negative_are_doubted_and_break_nothing() -> None:
    known = {"active_power": 60.0, "voltage_ln": 230.0, "current": -100.0, "power_factor": 0.9}
    assert wells(known)["power"] is False


def test_at_no_load_nothing_is_claimed() -> None:
    assert wells({"voltage": 400.0, "current": 0.0, "active_power": 0.0, "power_factor": 1.0}) == {"power": None}


def test_nothing_known_tells_nothing() -> None:
    assert findings({}) == ()
    assert findings({"frequency": math.nan}) == ()


def count(gained: float, *, step: float = 0.001, seconds: float = 60.0, refresh: float = 0.0) -> Finding:
    return counted(Count("active_energy_import", gained, step, seconds, [3600.0, 3600.0], refresh))


def test_a_counter_that_follows_the_power_is_well() -> None:
    assert count(60.0).words == "3,600 kW by the counter, 3,600 kW by the power, +0.0% in 60 s"
    assert count(61.1).well is True
    assert count(61.5).well is False
    assert count(60_000.0).well is False


def test_a_coarse_counter_is_not_blamed_for_its_step() -> None:
    coarse = count(63.0, step=3.0)
    assert coarse.well is True
    assert coarse.words.endswith("within what the counter resolves; --watch 300s tells more")
    # The counter moves in steps of 100 kWh: a minute proves nothing.
    assert count(0.0, step=100.0).well is None


def test_a_counter_without_power_must_stand() -> None:
    idle = Count("active_energy_import", 0.0, 0.1, 60.0, [0.0], 0.0)
    assert counted(idle).well is True
    assert counted(Count("active_energy_import", 5.0, 0.1, 60.0, [0.0], 0.0)).well is False
    assert counted(Count("active_energy_import", 5.0, 0.1, 60.0, [math.nan], 0.0)).well is None
