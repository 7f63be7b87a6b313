"""Readings that come late: booked into the minutes that they belong to, as if they had come in time."""

import itertools
import time

import pytest
from bookkeeper import Bookkeeper, Row, shuffled
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.cells import Rule
from collector.accounting.counters import Step
from collector.accounting.integrals import Shape
from collector.accounting.late import Refusal
from collector.readings.cell import MINUTE_NS

S = 1_000_000_000
GOOD = 0xC0
POWER, ENERGY = 0, 1
MODULUS = 1000.0
RULES = {
    POWER: Rule(Shape.GAUGE),
    ENERGY: Rule(Shape.COUNTER, most_per_s=2.0, modulus=MODULUS, slack=4.0),
}


def power(*samples: tuple[float, float]) -> list[Row]:
    return [(POWER, round(t * S), value, GOOD) for t, value in samples]


def energy(*samples: tuple[float, float]) -> list[Row]:
    return [(ENERGY, round(t * S), value, GOOD) for t, value in samples]


def booked(*batches: list[Row]) -> Bookkeeper:
    keeper = Bookkeeper(RULES)
    for batch in batches:
        keeper.book(batch)
    return keeper


# --- gauges -----------------------------------------------------------------------------------------------------------


def test_minutes_that_were_silent_get_their_integral_when_the_readings_come() -> None:
    keeper = booked(power((0, 10.0), (600, 10.0)))
    assert keeper.amount(POWER, 4).amount == pytest.approx(600.0)

    keeper.book(power((240, 30.0), (300, 30.0), (270, 30.0)))

    assert keeper.amount(POWER, 4).amount == pytest.approx(1800.0)
    assert keeper.amount(POWER, 4).covered_s == pytest.approx(60.0)
    assert keeper.booking.late == 3


def test_a_reading_within_a_minute_filled_live_is_put_in_while_its_readings_are_at_hand() -> None:
    keeper = booked(power((0, 10.0), (20, 10.0), (50, 10.0)), power((30, 40.0)))

    assert keeper.cells == booked(power((0, 10.0), (20, 10.0), (30, 40.0), (50, 10.0))).cells


def test_a_reading_within_a_minute_of_which_only_the_sum_is_kept_is_counted_and_changes_nothing() -> None:
    minutes = [power(*((60 * m + t, 10.0) for t in (0, 20, 50))) for m in range(8)]
    keeper = booked(*minutes)
    before = dict(keeper.cells)

    keeper.book(power((30, 40.0), (50, 10.0)))

    assert keeper.cells == before
    assert (keeper.booking.late, keeper.booking.refused) == (0, {Refusal.INSIDE: 1, Refusal.REPEATED: 1})


def test_such_a_minute_is_still_lengthened_at_both_ends_in_any_order() -> None:
    minutes = [power(*((60 * m + t, 10.0) for t in (20, 30, 40))) for m in range(8)]
    ends = [(2.0, 50.0), (10.0, 20.0), (50.0, 30.0), (58.0, 70.0)]
    whole = booked(power((2, 50.0), (10, 20.0), (20, 10.0), (30, 10.0), (40, 10.0), (50, 30.0), (58, 70.0)))
    for order in itertools.permutations(ends):
        keeper = booked(*minutes, *(power(end) for end in order))
        assert keeper.cells[POWER, 0].integral == pytest.approx(whole.cells[POWER, 0].integral, rel=1e-12)
        assert keeper.cells[POWER, 0].last_ns == 58 * S
        assert keeper.booking.refused == {}


def test_a_minute_filled_late_and_then_live_stays_open_to_readings_after_a_restart() -> None:
    keeper = booked(power((10, 1.0), (100, 1.0)), power((70, 5.0)))
    keeper.book(power((110, 2.0)))
    keeper.restart()
    keeper.book(power((80, 7.0)))
    keeper.book(power((115, 3.0)))
    keeper.book(power((112, 4.0)))

    samples = ((10, 1.0), (70, 5.0), (80, 7.0), (100, 1.0), (110, 2.0), (112, 4.0), (115, 3.0))
    assert keeper.cells == booked(power(*samples)).cells


def test_exactly_the_minutes_between_the_neighbours_are_another_then() -> None:
    keeper = booked(power(*((30 + 60 * m, 1.0) for m in (0, 1, 2, 7, 8))))
    keeper.spans.clear()

    keeper.book(power((30 + 60 * 4, 9.0)))

    assert keeper.spans == [(POWER, (30 + 120) * S, (30 + 420) * S)]


def test_a_reading_within_a_minute_changes_that_minute_alone() -> None:
    keeper = booked(power((10, 1.0), (70, 1.0), (110, 1.0), (130, 1.0)))
    keeper.spans.clear()

    keeper.book(power((80, 9.0)))

    assert keeper.spans == [(POWER, MINUTE_NS, 2 * MINUTE_NS)]


def test_what_is_older_than_the_inputs_that_are_kept_is_refused() -> None:
    keeper = Bookkeeper(RULES, not_before_ns=MINUTE_NS)
    keeper.book(power((300, 1.0)))
    keeper.book(power((59, 1.0), (60, 1.0)))

    assert sorted(keeper.cells) == [(POWER, MINUTE_NS), (POWER, 5 * MINUTE_NS)]
    assert keeper.booking.refused == {Refusal.TOO_OLD: 1}


# --- counters ---------------------------------------------------------------------------------------------------------


def test_a_register_read_late_shares_the_gain_of_a_gap_among_its_minutes() -> None:
    keeper = booked(energy((0, 100.0), (600, 700.0)))
    keeper.book(energy((480, 460.0), (300, 160.0)))

    assert [keeper.amount(ENERGY, minute).amount for minute in (0, 4, 5, 7, 8, 9)] == pytest.approx(
        [12.0, 12.0, 100.0, 100.0, 120.0, 120.0]
    )
    assert keeper.amount(ENERGY, 0, 10).amount == pytest.approx(600.0, rel=1e-15)


def test_a_register_that_wraps_in_a_gap_is_told_apart_from_one_that_wraps_twice() -> None:
    keeper = booked(energy((0, 900.0), (1000, 850.0)))
    assert keeper.amount(ENERGY, 0, 20).amount == pytest.approx(950.0)

    keeper.book(energy((500, 860.0), (400, 700.0)))  # 900 → 1700 → 1860 → 2850

    assert keeper.amount(ENERGY, 0, 20).amount == pytest.approx(1950.0)
    assert keeper.booking.refused == {}


def test_a_register_read_late_that_does_not_lie_between_its_neighbours_is_an_incident_told_once() -> None:
    keeper = booked(energy((0, 100.0), (60, 160.0), (120, 220.0), (180, 280.0)))
    before = dict(keeper.cells)
    keeper.book(energy((30, 0.0), (90, 230.0), (100, 150.0)))

    assert keeper.cells == before
    assert [(i.step, i.shown, i.expected) for i in keeper.incidents] == [(Step.SUSPECT, 0.0, 100.0)]
    assert keeper.booking.refused == {Refusal.SUSPECT: 3}


def test_of_a_meter_that_was_replaced_in_a_gap_each_reading_belongs_to_its_own_side() -> None:
    rules = {ENERGY: Rule(Shape.COUNTER, most_per_s=2.0, modulus=None, slack=0.5)}
    keeper = Bookkeeper(rules)
    keeper.book(energy((0, 5000.0), (60, 5060.0)))
    keeper.book(energy((600, 240.0), (610, 250.0), (620, 260.0), (630, 270.0)))
    assert [incident.step for incident in keeper.incidents] == [Step.SUSPECT, Step.REBASED]

    keeper.book(energy((360, 0.0), (240, 5240.0), (420, 60.0), (480, 120.0), (300, 5300.0)))

    assert keeper.amount(ENERGY, 0, 5).amount == pytest.approx(300.0)
    assert keeper.amount(ENERGY, 5).known_s == 0.0
    assert keeper.amount(ENERGY, 6, 10).amount == pytest.approx(270.0)
    assert keeper.booking.refused == {}


def test_a_line_that_was_broken_within_a_minute_stays_so_when_the_minute_is_made_again() -> None:
    rules = {ENERGY: Rule(Shape.COUNTER, most_per_s=2.0, modulus=None, slack=0.5)}
    keeper = Bookkeeper(rules)
    keeper.book(energy((0, 5000.0), (10, 5010.0), (20, 0.0), (25, 5.0), (30, 10.0), (40, 20.0)))
    keeper.book(energy((35, 15.0), (5, 5005.0)))

    assert keeper.amount(ENERGY, 0).amount == pytest.approx(20.0)
    assert keeper.amount(ENERGY, 0).known_s == pytest.approx(20.0)


# --- any order --------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.integers(1, 200_000), st.floats(-50.0, 500.0), st.floats(0.0, 1.0), st.sampled_from([GOOD, 0x54])),
    min_size=1,
    max_size=60,
)


@given(STEPS, st.integers(0, 1 << 30), st.integers(1, 8))
@settings(max_examples=drawn(100), deadline=None)
def test_any_order_and_any_batches_give_the_same_cells_and_amounts(
    steps: list[tuple[int, float, float, int]], seed: int, batches: int
) -> None:
    times = list(itertools.accumulate(step for step, *_ in steps))
    # What the register shows in 1/1024, so that every difference is exact.
    gains = [round(min(step / 1000, 300.0) * 2 * part * 1024) / 1024 for step, _, part, _ in steps]
    shown = [total % MODULUS for total in itertools.accumulate(gains)]
    rows = [(POWER, t * 1_000_000, value, q) for t, (_, value, _, q) in zip(times, steps, strict=True)]
    rows += [(ENERGY, t * 1_000_000, s, q) for t, s, (_, _, _, q) in zip(times, shown, steps, strict=True)]
    in_time = booked(*([row] for row in sorted(rows, key=lambda row: row[1])))
    keeper = Bookkeeper(RULES)
    now_ns = rows[-1][1] + 3600 * S
    for batch in shuffled(rows, seed, batches):
        keeper.book(batch, now_ns)
        keeper.restart()
    last = times[-1] // 60_000 + 1

    assert keeper.refused == {}
    assert all(incident.step is Step.WRAPPED for incident in keeper.incidents)
    assert keeper.cells.keys() == in_time.cells.keys()
    for key, cell in keeper.cells.items():
        other = in_time.cells[key]
        if key[0] == ENERGY:
            assert cell == other
        assert cell.integral == pytest.approx(other.integral, rel=1e-12, abs=1e-9)
        assert (cell.first_ns, cell.last_ns, cell.quality) == (other.first_ns, other.last_ns, other.quality)
    for minute in range(last):
        for point in RULES:
            found, expected = keeper.amount(point, minute), in_time.amount(point, minute)
            assert found.amount == pytest.approx(expected.amount, rel=1e-12, abs=1e-9)
            assert found.covered_s == pytest.approx(expected.covered_s, abs=1e-9)
            assert found.quality == expected.quality
    total = keeper.amount(ENERGY, 0, last)
    assert total.amount == sum(gains[1:])


def test_a_hundred_thousand_stored_readings_in_random_order_are_booked_within_3_s_of_processor_time() -> None:
    rows = energy(*((t, t * 0.125 % MODULUS) for t in range(100_000)))
    keeper = booked([rows[0], rows[-1]])
    started = time.process_time()

    (batch,) = shuffled(rows[1:-1], 1, 1)
    keeper.book(batch)

    assert time.process_time() - started < 3.0
    assert keeper.amount(ENERGY, 0, 1667).amount == 99_999 * 0.125
    assert keeper.booking.late == 99_998
