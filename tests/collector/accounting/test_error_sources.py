"""Intervals of one meter added up: what lasts adds up, what is noise averages out."""

from dataclasses import replace

import numpy as np
import pytest
from uncertain_hour import dc, feeders, metal

from collector.accounting.error_sources import ErrorSource, Gap, MeterEnergy, over_time
from collector.accounting.uncertainty import energy_budgets

MINUTE = MeterEnergy("feeder", 1000.0, (ErrorSource("meter", 0.001), ErrorSource("CT", 0.002)), noise_kwh=3.0)


def relative(one: MeterEnergy) -> float:
    told = energy_budgets([one], metal()).energy_kwh
    return (told.standard or 0.0) / told.value


def test_month_of_minutes_keeps_the_class_and_loses_the_noise() -> None:
    month = over_time([MINUTE] * 43_200)
    assert month.kwh == pytest.approx(43.2e6)
    assert month.classes == MINUTE.classes
    assert month.noise_kwh == pytest.approx(3 * np.sqrt(43_200))
    assert relative(MINUTE) == pytest.approx(np.sqrt(0.001**2 + 0.002**2 + 0.003**2))
    assert relative(month) == pytest.approx(np.hypot(0.001, 0.002), rel=1e-4)


def test_class_that_changed_within_the_month_is_weighted_with_energy() -> None:
    better = replace(MINUTE, kwh=3000.0, classes=(ErrorSource("meter", 0.0), ErrorSource("CT", 0.002)))
    both = over_time([MINUTE, better])
    assert both.classes[0].relative == pytest.approx(0.00025)
    assert both.classes[1].relative == 0.002


def test_one_interval_without_a_class_leaves_the_sum_without_one() -> None:
    unknown = replace(MINUTE, classes=(ErrorSource("meter", None), ErrorSource("CT", 0.002)))
    both = over_time([MINUTE, unknown])
    assert both.classes == (ErrorSource("meter", None), ErrorSource("CT", 0.002))


def test_gaps_of_all_intervals_are_kept_and_are_independent() -> None:
    gap = Gap(bridged_kwh=500.0, rated_power_kw=60_000.0, gap_h=1 / 60)
    line = over_time([replace(MINUTE, gaps=(gap,), classes=(ErrorSource("meter", 0.0),), noise_kwh=0.0)] * 4)
    assert line.gaps == (gap,) * 4
    assert relative(line) * line.kwh == pytest.approx(2 * 500 / np.sqrt(3))


def test_intervals_of_two_meters_or_of_none_are_refused() -> None:
    with pytest.raises(ValueError, match="intervals of 2 meters are added up"):
        over_time([dc(), feeders()[0]])
    with pytest.raises(ValueError, match="intervals of 0 meters are added up"):
        over_time([])


def test_standing_line_keeps_its_class_and_a_class_that_changed_on_nothing_is_refused() -> None:
    standing = replace(MINUTE, kwh=0.0)
    assert over_time([standing, standing]).classes == MINUTE.classes
    changed = replace(standing, classes=(ErrorSource("meter", 0.002), ErrorSource("CT", 0.002)))
    with pytest.raises(ValueError, match="kwh_of_all_intervals is 0"):
        over_time([standing, changed])
