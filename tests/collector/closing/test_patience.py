"""A flood of late readings states a gap again once, and not once for each batch."""

import random
from pathlib import Path

import pytest
from example_plant import ClockByHand, joined, open_line
from line_story import PLANT, T0, S, drive, minutes, polls

from collector.acquisition.source import Arrival
from collector.closing.patience import LONGEST_NS, Patience
from collector.readings.batch import ReadingBatch
from collector.store.store import Store

DC = {PLANT.points.place("pl1_dc", quantity) for quantity in PLANT.polled_meters[0].quantities}


def test_the_first_marks_are_taken_at_once_and_others_wait_while_more_come_but_no_longer_than_a_minute() -> None:
    patience = Patience()
    assert LONGEST_NS == 60 * S
    assert not patience.waits(0, more_came=True)
    assert [patience.waits(t * S, more_came=True) for t in (1, 30, 59)] == [True] * 3
    assert not patience.waits(60 * S, more_came=True)
    assert patience.waits(61 * S, more_came=True)
    assert not patience.waits(62 * S, more_came=False)


def test_a_clock_that_was_set_back_ends_the_wait() -> None:
    patience = Patience(100 * S)
    assert patience.waits(101 * S, more_came=True)
    assert not patience.waits(99 * S, more_came=True)


@pytest.mark.asyncio
@pytest.mark.parametrize(("batches", "step_s", "most"), [(30, 0.5, 2), (30, 5.0, 4)])
async def test_thirty_late_batches_state_a_gap_again_with_the_first_the_last_and_once_a_minute(
    tmp_path: Path, batches: int, step_s: float, most: int
) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        stored: list[ReadingBatch] = []
        for t in range(0, 901, 5):
            told = polls(t)
            if 130 <= t < 500:
                stored += [batch for batch in told if int(batch.point[0]) in DC]
                told = [batch for batch in told if int(batch.point[0]) not in DC]
            clock.ns = T0 + t * S
            await line.step([joined(told)])
        before = await minutes(store)
        random.Random(1).shuffle(stored)  # each batch has readings of every minute
        t_s = 900.0
        for place in range(batches):
            t_s += step_s
            clock.ns = T0 + round(t_s * S)
            await line.step([Arrival(ReadingBatch.of(()), past=ReadingBatch.joined(stored[place::batches]))])
        for _ in range(6):
            t_s += 1
            await drive(line, clock, t_s)
        found = await minutes(store)
    more = [found[minute][0] - before[minute][0] for minute in range(3, 8)]
    assert min(more) >= 1
    assert max(more) <= most
    assert found[4][1].dc.estimated_s == pytest.approx(0.0, abs=1e-6)
