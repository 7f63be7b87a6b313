"""What the books say of crucibles, along the line: kept, and the days and months that it is about are stated again."""

import dataclasses
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive, minutes, weighing

from collector.acquisition.source import Arrival
from collector.plant.tapping import Tapping
from collector.readings.batch import ReadingBatch
from collector.readings.event import MetalTapped, Weighing
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

WITH_BOOKS = dataclasses.replace(
    PLANT, tapping=Tapping(15_000.0, books_count=False, final=frozenset(), tapped=frozenset(), reconciled=frozenset())
)


def tapped(t_s: float, weighing_id: str = "W-1", *, rank: int = 0, kg: float = 2400.0) -> MetalTapped:
    pots = (("1007", kg / 2), ("1008", kg / 2))
    return MetalTapped(f"PT-{weighing_id}", rank, "PL1", T0 + round(t_s * S), weighing_id, pots, kg)


def arrival(*events: MetalTapped | Weighing) -> Arrival:
    return Arrival(ReadingBatch.of(()), events)


async def test_what_the_books_say_touches_windows_restates_no_minute_and_survives_a_restart(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", WITH_BOOKS.points) as store:
        line = await open_line(WITH_BOOKS, store, clock)
        for t in range(0, 300, 5):
            told = [arrival(tapped(70), tapped(70, rank=1, kg=2500.0))] if t == 200 else []
            await drive(line, clock, t, *told)
        found = await minutes(store)
    async with Store(tmp_path / "s.sqlite", WITH_BOOKS.points) as store:
        kept = await store.events_between("PL1", T0, T0 + 300 * S)
    assert {revision for revision, _ in found.values()} == {1}
    assert {sums.tapped_t for _, sums in found.values()} == {0.0}
    assert kept == [tapped(70, rank=1, kg=2500.0)]


async def test_a_weighing_that_comes_after_the_books_touches_the_shift_under_which_they_stood_in(
    tmp_path: Path,
) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", WITH_BOOKS.points) as store:
        line = await open_line(WITH_BOOKS, store, clock)
        for t in range(0, 300, 5):
            await drive(line, clock, t, *([arrival(tapped(70))] if t == 100 else []))
        touched = await line._touched_by([weighing(130, 2400.0, "W-1")])
        others = await line._touched_by([weighing(130, 2400.0, "W-2")])
        await drive(line, clock, 305, arrival(weighing(130, 2400.0, "W-1")))
        for t in range(310, 330, 5):
            await drive(line, clock, t)
        found = await minutes(store)
    assert touched == {("PL1", T0 + 60 * S): "tonnes were told or corrected"}
    assert others == {}
    # Its own minute is accounted again, once, with its whole weight: the books add nothing to it.
    assert {number: (revision, sums.tapped_t) for number, (revision, sums) in found.items() if sums.tapped_t} == {
        2: (2, 2.4)
    }
