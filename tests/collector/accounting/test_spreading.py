"""Spreading a total so that its parts add up to it to the bit."""

import math
import random
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from collector.accounting.spreading import gathered, spread, spread_over_minutes
from collector.accounting.windows import day_window, windows_between
from collector.plant.calendar import Calendar, Shifts
from collector.readings.cell import MINUTE_NS

totals = st.floats(allow_nan=False, allow_infinity=False)
weights = st.lists(st.floats(0, 1e300) | st.floats(0, 10) | st.just(0.0), min_size=1, max_size=60)


def added(parts: list[float]) -> float:
    """Add one after the other, with the rounding of every step."""
    result = 0.0
    for part in parts:
        result += part
    return result


@given(total=totals, weights=weights, seed=st.integers())
def test_parts_add_up_to_the_total_exactly_in_any_order_and_grouping(
    total: float, weights: list[float], seed: int
) -> None:
    assume(any(weights))
    parts = spread(total, weights)
    cut = seed % (len(parts) + 1)
    assert added(parts) == total
    assert added(parts[:cut]) + added(parts[cut:]) == total
    random.Random(seed).shuffle(parts)
    assert added(parts) == total


@given(total=totals, weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_no_part_is_further_from_its_share_than_a_last_place_of_the_total(total: float, weights: list[float]) -> None:
    assume(any(weight > 1e-6 for weight in weights))
    for part, weight in zip(spread(total, weights), weights, strict=True):
        share = total * (weight / math.fsum(weights))
        assert abs(part - share) <= math.ulp(total) + 4 * math.ulp(share)
        assert part == 0 or (part > 0) == (total > 0)


@given(total=totals, weights=weights)
def test_a_part_without_weight_gets_nothing(total: float, weights: list[float]) -> None:
    assume(any(weights))
    assert all(part == 0 for part, weight in zip(spread(total, weights), weights, strict=True) if weight == 0)


def test_a_third_each_of_ten_leaves_the_two_places_over_to_the_last_two() -> None:
    first, second, third = spread(10.0, [1.0, 1.0, 1.0])
    assert first == 3.333333333333332
    assert second == third == 3.333333333333334
    assert first + second + third == 10.0


def test_the_smallest_number_goes_to_the_heaviest_part() -> None:
    assert spread(5e-324, [1.0, 3.0, 2.0]) == [0.0, 5e-324, 0.0]


def test_nothing_is_spread_as_nothing_and_a_correction_downwards_as_negative_parts() -> None:
    assert spread(0.0, [1.0, 2.0]) == [0.0, 0.0]
    assert spread(-3.0, [1.0, 2.0]) == [-1.0, -2.0]


@pytest.mark.parametrize("total", [math.nan, math.inf, -math.inf])
def test_a_total_that_is_not_known_is_refused(total: float) -> None:
    with pytest.raises(ValueError, match="a total is a finite number; leave out what is not known"):
        spread(total, [1.0])


@pytest.mark.parametrize("weight", [math.nan, math.inf, -1e-9])
def test_a_weight_that_is_none_is_refused_with_its_place(weight: float) -> None:
    with pytest.raises(ValueError, match=r"weights\[1\] is .*: a weight is zero or more and finite"):
        spread(1.0, [1.0, weight])


@pytest.mark.parametrize("weights", [[], [0.0, 0.0]])
def test_parts_without_weight_are_refused_with_a_remedy(weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"without weight; take other weights, such as time"):
        spread(853.6, weights)


def test_the_metal_of_a_day_reaches_its_shifts_and_hours_and_nothing_is_lost() -> None:
    calendar = Calendar(ZoneInfo("Europe/Berlin"), Shifts.of({"N": "00:00", "D": "08:00", "S": "16:00"}))
    day = day_window(date(2026, 10, 25), calendar)
    rng = random.Random(1)
    minutes = {minute: rng.uniform(0.5, 0.7) for minute in range(day.start_ns, day.end_ns, MINUTE_NS)}
    stood = range(day.start_ns + 120 * MINUTE_NS, day.start_ns + 180 * MINUTE_NS, MINUTE_NS)
    minutes |= dict.fromkeys(stood, 0.0)

    shares = spread_over_minutes(853.6, minutes)

    shifts = gathered(shares, windows_between("shift", day.start_ns, day.end_ns, calendar))
    hours = gathered(shares, windows_between("hour", day.start_ns, day.end_ns, calendar))
    assert len(minutes) == 25 * 60
    assert (len(shifts), len(hours)) == (3, 25)
    assert added(list(shifts.values())) == added(list(hours.values())) == 853.6
    assert [window.start_ns for window, metal in hours.items() if metal == 0] == [stood.start]
    night = next(iter(shifts))
    assert shifts[night] == pytest.approx(853.6 * sum(list(minutes.values())[: 9 * 60]) / sum(minutes.values()))
