"""The straight line over a real store: a crash at any instant."""

import random
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from example_plant import ClockByHand, joined, open_line
from line_story import PLANT, T0, S, effect, lines_of, minutes, polls, weighing

from collector.accounting.sums import Sums, total
from collector.acquisition.source import Arrival
from collector.readings.batch import ReadingBatch
from collector.readings.event import AnodeEffect, Weighing
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


class Crash(Exception):
    """The process ends here."""


class CrashingStore(Store):
    """A store whose process ends at a given commit: just before it, or just after it was on disk."""

    def __init__(self, path: Path, *, at: int, after: bool) -> None:
        super().__init__(path, PLANT.points)
        self._left = at
        self._after = after

    async def commit(self, commit: Commit) -> None:
        """Commit, or crash."""
        self._left -= 1
        if self._left == 0:
            if self._after:
                await super().commit(commit)
            raise Crash
        await super().commit(commit)


def story() -> Iterator[tuple[float, list[AnodeEffect | Weighing]]]:
    """Return a quarter of an hour: a poll every 5 s, and what the broker holds then."""
    told: dict[int, list[AnodeEffect | Weighing]] = {
        35: [effect(33, None, rank=0, id_="A")],
        100: [effect(33, 61.5, rank=2, id_="A"), weighing(95, 4920.0, "W1")],
        300: [effect(290, 30.0, rank=2, id_="B"), effect(33, 70.0, rank=3, id_="A")],
        410: [weighing(405, 5105.0, "W2"), weighing(200, 1000.0, "W3", refused="void")],
        600: [effect(50, 12.0, rank=2, id_="C")],
    }
    for t in range(0, 900, 5):
        yield t, told.get(t, [])


async def tell(path: Path, *, crash_at: int, after: bool) -> tuple[dict[int, tuple[int, Sums]], set[bytes]]:
    """Run the story; after a crash go on with a new process on the same store; the broker sends again what was open."""
    clock = ClockByHand(T0 - 3 * S)
    unacknowledged: list[AnodeEffect | Weighing] = []
    left = list(story())
    at = crash_at
    while left:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(CrashingStore(path, at=at, after=after))
            line = await open_line(PLANT, store, clock)
            try:
                while left:
                    t, told = left.pop(0)
                    unacknowledged += told
                    clock.ns = T0 + round(t * S)
                    arrival = Arrival(ReadingBatch.of(()), tuple(unacknowledged), acknowledge=unacknowledged.clear)
                    await line.step([joined(polls(t)), arrival])
            except Crash:
                at = 0
                continue
            return await minutes(store), {text for text in await lines_of(store) if text.startswith(b"anode_effect")}
    raise AssertionError("the story has an end")


async def test_a_crash_at_any_instant_leaves_the_same_totals(tmp_path: Path) -> None:
    undisturbed, effects = await tell(tmp_path / "whole.sqlite", crash_at=0, after=False)
    whole = total(sums for _, (_, sums) in sorted(undisturbed.items()))
    draw = random.Random(7)
    for number, crash_at in enumerate(draw.sample(range(1, 190), 24)):
        after = bool(number % 2)
        found, told = await tell(tmp_path / f"{number}.sqlite", crash_at=crash_at, after=after)
        summed = total(sums for _, (_, sums) in sorted(found.items()))
        assert sorted(found) == sorted(undisturbed)
        # A poll that was lost with the process is bridged by its neighbours: sums over the whole are exact.
        assert summed.dc_kwh == pytest.approx(whole.dc_kwh, rel=1e-12)
        assert summed.ac_kwh == pytest.approx(whole.ac_kwh, rel=1e-12)
        assert summed.metal_t == pytest.approx(whole.metal_t, rel=1e-12)
        assert (summed.anode_effect_s, summed.tapped_t) == (whole.anode_effect_s, whole.tapped_t)
        assert {n: s.anode_effect_s for n, (_, s) in found.items()} == {
            n: s.anode_effect_s for n, (_, s) in undisturbed.items()
        }
        assert told == effects
        assert summed.dc.minutes == whole.dc.minutes == 14
