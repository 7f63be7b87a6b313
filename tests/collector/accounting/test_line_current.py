"""The line's current at the time of a voltage, whenever either came."""

import numpy as np
import pytest

from collector.accounting.line_current import LineCurrent
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS

S = 1_000_000_000
START = 29_539_000 * MINUTE_NS


def told(current: LineCurrent, *rows: tuple[float, float]) -> set[int]:
    return current.take(ReadingBatch.of((5, START + round(t_s * S), ka, 192) for t_s, ka in rows))


def at(current: LineCurrent, *times_s: float) -> list[float]:
    return [float(ka) for ka in current.at(np.array([START + round(t_s * S) for t_s in times_s]))]


def test_between_two_readings_of_two_minutes_the_current_goes_straight() -> None:
    current = LineCurrent(5)
    assert told(current, (50, 400.0), (70, 420.0)) == {START, START + MINUTE_NS}
    assert at(current, 50, 60, 65, 70) == pytest.approx([400.0, 410.0, 415.0, 420.0])


def test_the_order_of_arrival_makes_no_difference_and_a_repetition_neither() -> None:
    current = LineCurrent(5)
    for row in ((70, 420.0), (50, 400.0), (60, 430.0), (50, 999.0)):
        told(current, row)
    assert at(current, 50, 55, 65) == pytest.approx([400.0, 415.0, 425.0])


def test_further_than_a_minute_from_any_reading_nothing_is_known() -> None:
    current = LineCurrent(5)
    assert np.isnan(at(current, 0)).all()
    told(current, (0, 400.0))
    assert at(current, 60) == [400.0]
    assert np.isnan(at(current, 60.001, 300)).all()


def test_a_minute_without_readings_that_comes_back_from_the_store_adds_nothing() -> None:
    current = LineCurrent(5)
    current.restore(START, np.empty(0, np.int64), np.empty(0))
    assert np.isnan(at(current, 0)).all()


def test_what_is_let_go_of_is_not_known_any_more() -> None:
    current = LineCurrent(5)
    told(current, (0, 400.0), (70, 420.0))
    current.let_go(START + MINUTE_NS)
    assert at(current, 30) == [420.0]
