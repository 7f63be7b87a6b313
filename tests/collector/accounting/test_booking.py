"""Booking: readings into cells, once each, and what must be accounted again."""

import math
import timeit

import numpy as np

from collector.accounting.booking import Booking
from collector.accounting.cells import Rule
from collector.accounting.counters import Step
from collector.accounting.integrals import Shape
from collector.accounting.late import Refusal
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.quality import Quality

S = 1_000_000_000
ENERGY = Rule(Shape.COUNTER, most_per_s=100.0, modulus=None, slack=0.01)


def readings(*rows: tuple[float, float]) -> ReadingBatch:
    return ReadingBatch.of((0, round(t * S), v, int(Quality.GOOD)) for t, v in rows)


def new() -> Booking:
    return Booking({0: ENERGY}, {}, {}, longest_gap_s=60.0)


def test_a_reading_that_comes_twice_is_booked_once() -> None:
    booking = new()
    booking.book(readings((0, 0.0), (5, 50.0), (5, 50.0)), 0, not_before_ns=0)
    late = booking.book(readings((0, 0.0), (5, 50.0)), 0, not_before_ns=0)
    booking.amend(late, {}, {})

    assert booking.take().cells[0, 0].last == 50.0
    assert (booking.late, booking.refused) == (0, {Refusal.REPEATED: 3})


def test_readings_of_one_batch_are_booked_in_order_of_time() -> None:
    booking = new()
    booking.book(readings((10, 100.0), (0, 0.0), (5, 50.0)), 0, not_before_ns=0)

    cells = booking.take().cells

    assert (cells[0, 0].first, cells[0, 0].last) == (0.0, 100.0)
    assert booking.late == 0


def test_a_reading_without_a_value_is_not_booked() -> None:
    booking = new()
    booking.book(ReadingBatch.gap([0], time_ns=S, quality=Quality.BAD_COMM_FAILURE), 0, not_before_ns=0)
    booking.book(ReadingBatch.of([(0, 2 * S, math.nan, int(Quality.GOOD))]), 0, not_before_ns=0)

    assert booking.take().cells == {}


def test_points_that_are_not_accounted_are_left_alone() -> None:
    booking = new()
    booking.book(ReadingBatch.of([(7, S, 1.0, int(Quality.GOOD))]), 0, not_before_ns=0)

    assert booking.take().cells == {}


def test_readings_that_are_not_accounted_cost_less_than_5_ns_each() -> None:
    booking = Booking({0: ENERGY, 99: ENERGY}, {}, {}, longest_gap_s=60.0)
    rows = 320_000
    batch = ReadingBatch(
        np.arange(rows, dtype=np.int32) % 2000 + 100,
        np.full(rows, S, np.int64),
        np.ones(rows),
        np.full(rows, 0xC0, np.uint8),
    )

    fastest_s = min(timeit.repeat(lambda: booking.book(batch, 2 * S, not_before_ns=0), number=1, repeat=30))

    assert fastest_s / rows < 5e-9


def test_going_on_after_a_restart_needs_only_the_last_cell() -> None:
    undisturbed = new()
    undisturbed.book(readings((0, 0.0), (30, 300.0), (65, 650.0), (70, 700.0)), 0, not_before_ns=0)
    whole = undisturbed.take().cells

    before = new()
    before.book(readings((0, 0.0), (30, 300.0)), 0, not_before_ns=0)
    cells = before.take().cells
    after = Booking({0: ENERGY}, {0: cells[0, 0]}, {}, longest_gap_s=60.0)
    after.book(readings((65, 650.0), (70, 700.0)), 0, not_before_ns=0)
    rest = after.take().cells

    assert {**cells, **rest} == whole


def test_a_cell_of_a_later_minute_tells_from_where_on_the_line_now_reaches() -> None:
    booking = new()
    booking.book(readings((30, 0.0)), 0, not_before_ns=0)
    assert booking.take().spans == [(0, 0, MINUTE_NS)]

    booking.book(readings((200, 1000.0)), 0, not_before_ns=0)

    assert booking.take().spans == [(0, 30 * S, 200 * S), (0, 3 * MINUTE_NS, 4 * MINUTE_NS)]


def test_an_incident_is_told_once_for_a_row_of_the_same() -> None:
    booking = new()
    booking.book(readings((0, 90_000.0), (5, 0.0), (10, 1.0), (15, 2.0)), 0, not_before_ns=0)

    incidents = booking.take().incidents

    assert [incident.step for incident in incidents] == [Step.SUSPECT, Step.REBASED]
    assert incidents[0].expected == 90_000.0


def test_the_worst_quality_of_a_minute_is_its_cells() -> None:
    booking = new()
    booking.book(ReadingBatch.of([(0, S, 1.0, 0xC0), (0, 2 * S, 2.0, 0x54), (0, 3 * S, 3.0, 0xC0)]), 0, not_before_ns=0)

    assert booking.take().cells[0, 0].quality == 0x54


def test_a_reading_on_the_boundary_belongs_to_the_minute_that_begins() -> None:
    booking = new()
    booking.book(ReadingBatch.of([(0, MINUTE_NS, 1.0, 0xC0)]), 0, not_before_ns=0)

    assert list(booking.take().cells) == [(0, MINUTE_NS)]
