"""Windows added up, and drifts found against a reference time."""

from dataclasses import replace

import numpy as np
import pytest
from balanced_line import ALL_METERS, metering, off_by, truth

from collector.accounting.balance import (
    Reading,
    added,
    averaged,
    energy_balance,
    reference_factors,
)

HOURLY_NOISE = 0.001
STEADY = dict.fromkeys(ALL_METERS, 0.0003)
MOVES = {f"efficiency-{k}": 0.001 for k in range(1, 6)} | {"busbar": 0.01}


def hours(rng: np.random.Generator, count: int, lasting: dict[str, float]) -> list[dict[str, Reading]]:
    """Return hours of the line; ``lasting`` is the relative error of each meter in all of them."""
    found = []
    for _ in range(count):
        readings = truth()
        for name in ALL_METERS:
            one = readings[name]
            noise = HOURLY_NOISE * one.value
            value = one.value * (1 + lasting.get(name, 0.0)) + rng.normal(0, noise)
            readings[name] = replace(one, value=value, noise=noise)
        found.append(readings)
    return found


def day(windows: list[dict[str, Reading]]) -> dict[str, Reading]:
    """Return hours as a day: energies and charge added, voltages weighted with charge, efficiencies averaged."""
    charge = [window["charge"].value for window in windows]
    found = {}
    for name in windows[0]:
        readings = [window[name] for window in windows]
        if name in {"volts", "pots", "busbar"} or name.startswith("efficiency"):
            found[name] = averaged(readings, weights=charge)
        else:
            found[name] = added(readings)
    return found


def test_day_of_24_hours_keeps_the_class_and_averages_the_noise() -> None:
    hour = Reading(1000.0, lasting=2.0, noise=1.2)
    whole = added([hour] * 24)
    assert whole.value == 24_000
    assert whole.lasting == pytest.approx(48)
    assert whole.noise == pytest.approx(1.2 * np.sqrt(24))
    assert whole.standard == pytest.approx(np.hypot(48, 1.2 * np.sqrt(24)))


def test_voltage_of_a_day_is_weighted_with_charge() -> None:
    told = averaged([Reading(1300.0, 1.3, 0.5), Reading(1100.0, 1.1, 0.5)], weights=[400.0, 100.0])
    assert told.value == pytest.approx(1260)
    assert told.lasting == pytest.approx(0.8 * 1.3 + 0.2 * 1.1)
    assert told.noise == pytest.approx(0.5 * np.hypot(0.8, 0.2))


def test_hour_without_a_class_leaves_the_day_without_one() -> None:
    assert added([Reading(1.0, 0.1), Reading(1.0, None)]).standard is None


def test_nothing_to_add_and_weights_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="0 readings and 0 weights are given"):
        added([])
    with pytest.raises(ValueError, match="total_weight is 0"):
        averaged([Reading(1.0, 0.1)], weights=[0.0])


@pytest.mark.parametrize("name", ["charge", "volts", "pots", "incomer"])
def test_meter_of_the_line_that_was_always_2_percent_off_is_named_by_its_first_day(name: str) -> None:
    windows = hours(np.random.default_rng(1), 24, {name: 0.02})
    assert energy_balance(metering(group_dc=True), day(windows), alpha=0.01, confidence=0.95).suspect == name


@pytest.mark.parametrize("name", [name for name in ALL_METERS if name.endswith("3") or "-" not in name])
def test_any_meter_that_drifts_by_2_percent_is_named_within_the_day(name: str) -> None:
    rng = np.random.default_rng(2)
    # Every meter has an error within its class, the same before and after.
    classes = {
        each: 0.5 * rng.uniform(-1, 1) * (truth()[each].lasting or 0) / truth()[each].value for each in ALL_METERS
    }
    meters = metering(group_dc=True)
    quiet = day(hours(rng, 240, classes))
    reference = energy_balance(meters, quiet, alpha=0.01, confidence=0.95)
    factors = reference_factors(reference, quiet)
    drifted = dict(classes)
    drifted[name] = drifted.get(name, 0.0) + 0.02
    today = day(hours(rng, 24, drifted))
    compared = {
        each: one.compared_with(factors[each], steady_relative=(STEADY | MOVES)[each]) for each, one in today.items()
    }
    told = energy_balance(meters, compared, alpha=0.01, confidence=0.95)
    assert told.suspect == name
    value, _ = told.adjusted[name]
    assert value / compared[name].value == pytest.approx(1 / 1.02, abs=0.004)


def test_drift_of_0_3_percent_that_the_classes_hide_shows_against_the_reference() -> None:
    rng = np.random.default_rng(3)
    meters = metering(group_dc=True)
    quiet = day(hours(rng, 240, {}))
    factors = reference_factors(energy_balance(meters, quiet, alpha=0.01, confidence=0.95), quiet)
    today = day(hours(rng, 24, {"volts": 0.003}))
    assert energy_balance(meters, today, alpha=0.01, confidence=0.95).alternatives == ()
    compared = {
        each: one.compared_with(factors[each], steady_relative=(STEADY | MOVES)[each]) for each, one in today.items()
    }
    assert energy_balance(meters, compared, alpha=0.01, confidence=0.95).suspect == "volts"


def test_day_without_a_drift_raises_no_alarm_against_the_reference() -> None:
    rng = np.random.default_rng(4)
    meters = metering(group_dc=True)
    quiet = day(hours(rng, 240, {}))
    factors = reference_factors(energy_balance(meters, quiet, alpha=0.01, confidence=0.95), quiet)
    alarms = 0
    for _ in range(30):
        today = day(hours(rng, 24, {}))
        compared = {
            each: one.compared_with(factors[each], steady_relative=(STEADY | MOVES)[each])
            for each, one in today.items()
        }
        alarms += bool(energy_balance(meters, compared, alpha=0.01, confidence=0.95).alternatives)
    assert alarms <= 2


def test_time_with_a_suspect_is_no_reference() -> None:
    readings = off_by(truth(), volts=0.03)
    told = energy_balance(metering(group_dc=True), readings, alpha=0.01, confidence=0.95)
    with pytest.raises(ValueError, match=r"does not close\. Remedy: take a time with no suspect"):
        reference_factors(told, readings)


def test_factor_and_movement_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="factor is 0"):
        Reading(1.0, 0.1).compared_with(0.0, steady_relative=0.001)
    with pytest.raises(ValueError, match="steady_relative is -1"):
        Reading(1.0, 0.1).compared_with(1.0, steady_relative=-1.0)
