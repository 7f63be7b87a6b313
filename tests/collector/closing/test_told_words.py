"""Which words on factors are taken, however many there are and in whatever order they come."""

import dataclasses
import time

from hypothesis import given
from hypothesis import strategies as st
from line_story import PLANT, T0

from collector.closing.told import ToldFactors
from collector.plant.told import Untold
from collector.readings.cell import MINUTE_NS
from collector.readings.event import ToldFactor

PLANT_TOLD = dataclasses.replace(PLANT, grid_factor=dataclasses.replace(PLANT.grid_factor, untold=Untold.ESTIMATE))


def grid(first: int, last: int, value: float | None, *, rank: int = 0, id_: str = "G-1") -> ToldFactor:
    return ToldFactor(id_, rank, "grid_factor", T0 + first * MINUTE_NS, T0 + last * MINUTE_NS, value, "grid operator")


def test_a_year_of_hours_told_at_once_does_not_hold_up_the_line() -> None:
    told = ToldFactors(PLANT_TOLD, [])
    year = [grid(60 * hour, 60 * hour + 60, 0.4, id_=f"G-{hour}") for hour in range(8760)]
    started = time.process_time()
    judged = [told.judge(year[first : first + 250]) for first in range(0, len(year), 250)]
    assert len(told.plant.grid_factor.told.rows) == 8760
    assert not any(each.refused for each in judged)
    # About 0.1 s; each compared with all others would take a hundred times as long.
    assert time.process_time() - started < 2.0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8), st.integers(1, 4), st.booleans()), max_size=20))
def test_whatever_is_told_no_two_words_that_are_taken_tell_of_one_time(
    words: list[tuple[int, int, int, bool]],
) -> None:
    told = ToldFactors(PLANT_TOLD, [])
    for rank, (number, start, length, is_void) in enumerate(words):
        event = grid(start, start + length, None if is_void else 0.4, rank=rank, id_=f"G-{number}")
        known = {row.id: row for row in told.plant.grid_factor.told.rows if row.id != event.id}
        clashes = any(row.start_ns < event.until_ns and event.time_ns < row.end_ns for row in known.values())
        judged = told.judge([event])
        assert bool(judged.refused) is (clashes and not is_void)
