"""A shift or a month is over in the very step in which minutes of it are settled that were stated again."""

import dataclasses
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT as WITHOUT_SHIFTS
from line_story import T0, S, drive, sums_of, weighing

from collector.acquisition.source import Arrival
from collector.plant.calendar import Shifts
from collector.readings.batch import NO_READINGS
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

PLANT = dataclasses.replace(WITHOUT_SHIFTS, shifts=Shifts.of({"N": "00:00", "D": "08:00", "S": "16:00"}))
SHIFT_END_S = 4 * 3600
"""T0 is noon in Shanghai, and the shift ends at 16:00."""


async def test_a_shift_that_is_closed_and_settled_in_one_step_is_one_entry(tmp_path: Path) -> None:
    begin_s = SHIFT_END_S - 600
    clock = ClockByHand(T0 + (begin_s - 3) * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(begin_s, SHIFT_END_S, 30):
            await drive(line, clock, float(t))
        # Two seconds before the last minute is closed, a crucible of five minutes ago is told.
        told = weighing(SHIFT_END_S - 300.0, 6_000.0, "W-1")
        await drive(line, clock, SHIFT_END_S + 8.0, Arrival(NO_READINGS, (told,)))
        assert await store.restated() != {}
        clock.ns = T0 + (SHIFT_END_S + 11) * S
        for _ in range(4):
            await line.step([])
        (shift,) = await store.latest_records("PL1", "shift", T0 - 86_400 * S, T0 + 86_400 * S)
        assert await store.restated() == {}
    assert shift.start_ns + shift.length_s * S == T0 + SHIFT_END_S * S
    assert sums_of(shift).tapped_t == pytest.approx(6.0)
    assert shift.revision == 1  # what was settled beside it says the same
