"""Ticks that do not drift."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.cadence import Cadence


def test_ticks_are_at_start_plus_whole_periods_however_late_each_is_served() -> None:
    cadence = Cadence(period_s=5.0, start_s=100.0)
    due = []
    for late in (0.1, 4.9, 0.0, 3.0):
        due.append(cadence.due_s)
        cadence.advance(cadence.due_s + late)
    assert due == [100.0, 105.0, 110.0, 115.0]
    assert cadence.skipped == 0


def test_a_tick_served_12_s_late_skips_2_ticks_of_5_s_and_counts_them() -> None:
    cadence = Cadence(period_s=5.0, start_s=100.0)
    cadence.advance(112.0)
    assert (cadence.due_s, cadence.skipped) == (115.0, 2)


def test_a_tick_that_is_due_just_now_counts_as_missed_by_the_one_before() -> None:
    cadence = Cadence(period_s=5.0, start_s=100.0)
    cadence.advance(105.0)
    assert (cadence.due_s, cadence.skipped) == (110.0, 1)


def test_a_million_ticks_of_0_1_s_in_plant_time_do_not_drift_by_a_microsecond() -> None:
    start = 1_772_337_600.0
    cadence = Cadence(period_s=0.1, start_s=start)
    for _ in range(1_000_000):
        cadence.advance(cadence.due_s)
    assert cadence.due_s == pytest.approx(start + 100_000.0, abs=1e-6)
    assert cadence.skipped == 0


@given(
    st.floats(0.01, 3600),
    st.floats(0, 1e6),
    st.lists(st.floats(0, 20), min_size=1, max_size=50),
)
def test_no_tick_is_lost_served_and_skipped_ones_are_all_there_were(
    period_s: float, start_s: float, lates: list[float]
) -> None:
    cadence = Cadence(period_s=period_s, start_s=start_s)
    for late in lates:
        now = cadence.due_s + late * period_s
        cadence.advance(now)
        assert cadence.due_s > now or cadence.due_s == pytest.approx(now)
        assert cadence.due_s - now <= period_s * (1 + 1e-6)
    ticks = (Fraction(cadence.due_s) - Fraction(start_s)) / Fraction(period_s)
    assert float(ticks) == pytest.approx(len(lates) + cadence.skipped, abs=1e-3)
