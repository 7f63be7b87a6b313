"""What lies between two times, from cells: whole minutes, gaps, boundaries."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.booking import Booking
from collector.accounting.cells import Rule
from collector.accounting.integrals import Amount, Shape, between
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS, Cell

S = 1_000_000_000
COUNTER = Rule(Shape.COUNTER, most_per_s=1e6, modulus=None, slack=0.01)
GAUGE = Rule(Shape.GAUGE)


def cells_of(rule: Rule, samples: list[tuple[float, float]], *, longest_gap_s: float = 60.0) -> list[Cell]:
    booking = Booking({0: rule}, {}, {}, longest_gap_s=longest_gap_s)
    booking.book(ReadingBatch.of((0, round(t * S), v, 0xC0) for t, v in samples), 0, not_before_ns=-(1 << 62))
    changed = booking.take().cells
    return [changed[key] for key in sorted(changed)]


def amount(rule: Rule, samples: list[tuple[float, float]], start_min: int, end_min: int) -> Amount:
    return between(
        cells_of(rule, samples),
        start_min * MINUTE_NS,
        end_min * MINUTE_NS,
        shape=rule.shape,
        longest_gap_s=60.0,
        modulus=None,
    )


def test_a_counter_is_cut_at_the_minute_in_a_straight_line() -> None:
    samples = [(50.0, 100.0), (70.0, 120.0), (110.0, 160.0), (130.0, 200.0)]

    assert amount(COUNTER, samples, 0, 1) == Amount(10.0, 10.0, 0.0, 0xC0)
    assert amount(COUNTER, samples, 1, 2) == Amount(70.0, 60.0, 0.0, 0xC0)


def test_a_gauge_is_integrated_sample_by_sample_not_mean_by_mean() -> None:
    # Power steps from 10 to 30 MW in the middle of the minute; more samples lie in the second half.
    samples = [(-5.0, 10.0), (0.0, 10.0), (30.0, 10.0), (30.001, 30.0), *((31.0 + n, 30.0) for n in range(40))]

    found = amount(GAUGE, samples, 0, 1)

    assert found.amount == pytest.approx(10 * 30 + 30 * 30, rel=1e-4)
    assert found.covered_s == pytest.approx(60.0)


@pytest.mark.parametrize("longest_gap_s", [5.0, 15.0, 30.0, 60.0, 120.0])
def test_readings_exactly_as_far_apart_as_a_gap_may_be_are_covered_and_a_nanosecond_more_is_not(
    longest_gap_s: float,
) -> None:
    """A meter that stamps whole seconds tells exactly every 60 s; as seconds, 6e10 ns are 60.00000000000001."""
    for more_ns, covered_s in ((0, 600.0), (1, 0.0)):
        step_s = longest_gap_s + more_ns * 1e-9
        times = [place * step_s for place in range(round(660 / longest_gap_s) + 1)]
        cells = cells_of(COUNTER, [(t, t) for t in times], longest_gap_s=longest_gap_s)
        found = between(cells, 0, 10 * MINUTE_NS, shape=Shape.COUNTER, longest_gap_s=longest_gap_s, modulus=None)
        assert found.known_s == pytest.approx(600.0)
        assert found.covered_s == pytest.approx(covered_s, abs=1e-6)


def test_a_long_gap_is_bridged_and_counts_as_estimated_not_as_covered() -> None:
    samples = [(-1.0, 0.0), (30.0, 31.0), (630.0, 631.0)]

    found = amount(COUNTER, samples, 1, 10)

    assert found.amount == pytest.approx(540.0)
    assert (found.covered_s, found.estimated_s) == (0.0, 540.0)


def test_without_a_reading_after_it_nothing_is_booked_for_the_rest() -> None:
    samples = [(-1.0, 0.0), (30.0, 31.0)]

    found = amount(COUNTER, samples, 0, 1)

    assert found.amount == pytest.approx(30.0)
    assert found.known_s == pytest.approx(30.0)


def test_no_reading_at_all_is_nothing_known() -> None:
    assert between([], 0, MINUTE_NS, shape=Shape.COUNTER, longest_gap_s=60.0, modulus=None).known_s == 0.0


def test_a_swapped_meter_leaves_the_time_of_the_swap_unknown() -> None:
    rule = Rule(Shape.COUNTER, most_per_s=2.0, modulus=None, slack=0.01)
    samples = [(0.0, 5000.0), (10.0, 5010.0), (20.0, 3.0), (30.0, 13.0), (40.0, 23.0), (50.0, 33.0), (61.0, 44.0)]

    found = amount(rule, samples, 0, 1)

    assert found.amount == pytest.approx(10 + 10 + 10)  # 0-10, 40-50, 50-60
    assert found.known_s == pytest.approx(30.0)


def test_a_swap_over_the_minute_leaves_both_minutes_short() -> None:
    rule = Rule(Shape.COUNTER, most_per_s=2.0, modulus=None, slack=0.01)
    samples = [(0.0, 5000.0), (50.0, 5050.0), (60.0, 3.0), (70.0, 13.0), (80.0, 23.0), (120.0, 63.0)]

    assert amount(rule, samples, 0, 1).known_s == pytest.approx(50.0)
    assert amount(rule, samples, 1, 2).known_s == pytest.approx(40.0)


@given(
    st.lists(st.tuples(st.floats(0.01, 200.0), st.floats(0.0, 50.0)), min_size=2, max_size=60),
    st.integers(1, 5),
)
def test_interval_energies_always_sum_to_the_counters_difference(
    steps: list[tuple[float, float]], minutes: int
) -> None:
    times = np.cumsum([step for step, _ in steps])
    shown = np.cumsum([gain for _, gain in steps])
    samples = list(zip(times.tolist(), shown.tolist(), strict=True))
    cells = cells_of(COUNTER, samples)
    last = math.ceil(times[-1] / 60) + 1
    edges = [*range(0, last, minutes), last]

    parts = [
        between(cells, a * MINUTE_NS, b * MINUTE_NS, shape=Shape.COUNTER, longest_gap_s=60.0, modulus=None)
        for a, b in itertools.pairwise(edges)
    ]

    assert sum(part.amount for part in parts) == pytest.approx(shown[-1] - shown[0], abs=1e-6)
    assert sum(part.known_s for part in parts) == pytest.approx(times[-1] - times[0], abs=1e-5)


@given(st.lists(st.tuples(st.floats(0.5, 100.0), st.floats(-5.0, 500.0)), min_size=2, max_size=40))
def test_a_gauge_over_all_minutes_is_the_trapezoid_of_its_samples(steps: list[tuple[float, float]]) -> None:
    times = np.round(np.cumsum([step for step, _ in steps]), 3)
    values = np.array([value for _, value in steps])
    cells = cells_of(GAUGE, list(zip(times.tolist(), values.tolist(), strict=True)))
    last = math.ceil(times[-1] / 60) + 1

    parts = [
        between(cells, a * MINUTE_NS, (a + 1) * MINUTE_NS, shape=Shape.GAUGE, longest_gap_s=60.0, modulus=None)
        for a in range(last)
    ]

    trapezoid = float(np.sum(np.diff(times) * (values[1:] + values[:-1]) / 2))
    assert sum(part.amount for part in parts) == pytest.approx(trapezoid, rel=1e-6, abs=1e-3)
