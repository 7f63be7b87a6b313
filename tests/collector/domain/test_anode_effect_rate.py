"""Frequency, duration, cell-days and overvoltage of anode effects."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.anode_effect import anode_effect_minutes_per_cell_day
from collector.domain.anode_effect_rate import (
    ae_minutes_from_frequency,
    anode_effect_overvoltage_mv,
    anode_effects_per_cell_day,
    cell_days_after_start_up,
    mean_anode_effect_minutes,
)


def test_74387_anode_effects_in_743870_cell_days_are_a_tenth_a_day() -> None:
    assert anode_effects_per_cell_day(74_387.0, 743_870.0) == pytest.approx(0.1, rel=1e-12)


def test_smelter_with_0_152_anode_effects_of_2_06_minutes_has_0_313_minutes_per_cell_day() -> None:
    assert ae_minutes_from_frequency(0.152, mean_minutes=2.06) == pytest.approx(0.31312, rel=1e-12)


def test_three_anode_effects_of_270_seconds_in_all_last_a_minute_and_a_half() -> None:
    assert mean_anode_effect_minutes(270.0, 3.0) == pytest.approx(1.5, rel=1e-12)


def test_an_interval_without_anode_effects_has_no_mean_duration() -> None:
    with pytest.raises(ValueError, match=r"anode_effects is 0: .*divided by"):
        mean_anode_effect_minutes(0.0, 0.0)


def test_start_up_of_14_days_is_left_out_of_a_pots_month() -> None:
    # old, started ten days ago, started on the first, started on the 25th of 30 days
    pot_days = np.array([30.0, 30.0, 30.0, 6.0])
    age = np.array([400.0, 10.0, 0.0, 0.0])
    counted = cell_days_after_start_up(pot_days, days_since_start=age, start_up_days=14.0)
    assert counted.tolist() == [30.0, 26.0, 16.0, 0.0]


def test_without_a_start_up_rule_every_day_counts() -> None:
    assert cell_days_after_start_up(6.0, days_since_start=0.0, start_up_days=0.0) == 6


def test_a_third_of_a_volt_hour_in_a_pots_day_is_14_millivolts() -> None:
    # one anode effect of 60 s at 24 V over a target of 4 V: 1200 V s in 86,400 s
    assert anode_effect_overvoltage_mv(1200.0, data_seconds=86_400.0) == pytest.approx(13.8888888889, rel=1e-10)


def test_overvoltage_is_over_the_whole_time_and_not_over_the_anode_effects() -> None:
    assert anode_effect_overvoltage_mv(1200.0, data_seconds=60.0) == pytest.approx(20_000, rel=1e-12)
    assert anode_effect_overvoltage_mv(1200.0, data_seconds=86_400.0) < 20


def test_product_of_two_means_is_not_the_mean_of_the_products() -> None:
    effects, seconds, days = np.array([100.0, 1.0]), np.array([3000.0, 600.0]), np.array([100.0, 100.0])
    right = anode_effect_minutes_per_cell_day(seconds.sum(), days.sum())
    frequency = anode_effects_per_cell_day(effects, days)
    duration = mean_anode_effect_minutes(seconds, effects)
    assert right == pytest.approx(0.3, rel=1e-12)
    assert ae_minutes_from_frequency(frequency.mean(), mean_minutes=duration.mean()) == pytest.approx(2.6512, rel=1e-4)


@pytest.mark.parametrize("days", [0.0, -1.0, float("nan")])
def test_frequency_without_cell_days_is_refused_and_not_infinite(days: float) -> None:
    with pytest.raises(ValueError, match=r"cell_days is .*Remedy: withhold the figure"):
        anode_effects_per_cell_day(3.0, days)


@given(st.floats(0.01, 1e6), st.integers(1, 10_000), st.floats(0.1, 1e6))
def test_frequency_times_duration_is_time_over_cell_days(seconds: float, effects: int, days: float) -> None:
    aem = ae_minutes_from_frequency(
        anode_effects_per_cell_day(float(effects), days),
        mean_minutes=mean_anode_effect_minutes(seconds, float(effects)),
    )
    assert aem == pytest.approx(anode_effect_minutes_per_cell_day(seconds, days))


@given(st.floats(0, 366), st.floats(0, 400), st.floats(0, 60), st.floats(0, 1))
def test_an_interval_cut_in_two_counts_the_same_cell_days(days: float, age: float, start_up: float, cut: float) -> None:
    whole = cell_days_after_start_up(days, days_since_start=age, start_up_days=start_up)
    first = cell_days_after_start_up(days * cut, days_since_start=age, start_up_days=start_up)
    second = cell_days_after_start_up(days * (1 - cut), days_since_start=age + days * cut, start_up_days=start_up)
    assert first + second == pytest.approx(whole, abs=1e-9)
    assert 0 <= whole <= days
