"""A minute that was stated again and is marked once more before its windows were: these are stated all the same."""

from dataclasses import replace
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive, sums_of, weighing

from collector.acquisition.source import Arrival
from collector.readings.batch import NO_READINGS
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

MINUTE = ("PL1", T0)


async def test_words_that_change_nothing_do_not_keep_the_hour_from_a_change_of_the_step_before(tmp_path: Path) -> None:
    """A weighing is corrected, and in the next step told again with another rank and the same mass."""
    clock = ClockByHand(T0 - 3 * S)
    told = weighing(3_590.0, 6_000.0, "W-1")
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        await drive(line, clock, 0.0)
        for t in range(30, 3_690, 30):
            await drive(line, clock, float(t), *([Arrival(NO_READINGS, (told,))] if t == 3_600 else []))
        for rank, net_kg in ((1, 5_500.0), (2, 5_500.0)):
            await line.step([Arrival(NO_READINGS, (replace(told, rank=rank, net_kg=net_kg),))])
        for _ in range(4):
            await line.step([])
        (minute,) = await store.latest_records("PL1", "minute", T0 + 3_540 * S, T0 + 3_600 * S)
        (hour,) = await store.latest_records("PL1", "hour", T0, T0 + 3_600 * S)
        assert await store.dirty(10) == {}
        assert await store.restated() == {}
    assert sums_of(minute).tapped_t == pytest.approx(5.5)
    assert sums_of(hour).tapped_t == pytest.approx(5.5)
    assert (minute.revision, hour.revision) == (2, 2)


@pytest.mark.parametrize("again_changed", [True, False])
async def test_a_minute_keeps_owing_its_windows_until_they_are_stated(tmp_path: Path, *, again_changed: bool) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        await store.commit(Commit(1, dirty={MINUTE: "first"}))
        await store.commit(Commit(2, accounted=[MINUTE]))
        assert list(await store.restated()) == [MINUTE]
        await store.commit(Commit(3, dirty={MINUTE: "second"}))
        assert (await store.dirty(10), list(await store.restated())) == ({MINUTE: "second"}, [])
        # Windows that were begun before do not settle what was marked since.
        await store.commit(Commit(4, settled=[MINUTE]))
        assert await store.dirty(10) == {MINUTE: "second"}
        await store.commit(Commit(5, **{"accounted" if again_changed else "unchanged": [MINUTE]}))  # type: ignore[arg-type]
        assert (await store.dirty(10), list(await store.restated())) == ({}, [MINUTE])
        await store.commit(Commit(6, settled=[MINUTE]))
        assert (await store.dirty(10), list(await store.restated())) == ({}, [])


async def test_a_minute_that_was_marked_once_and_says_the_same_owes_nothing(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        await store.commit(Commit(1, dirty={MINUTE: "first"}))
        await store.commit(Commit(2, dirty={MINUTE: "second"}))
        assert await store.dirty(10) == {MINUTE: "first"}
        await store.commit(Commit(3, unchanged=[MINUTE]))
        assert (await store.dirty(10), list(await store.restated())) == ({}, [])
