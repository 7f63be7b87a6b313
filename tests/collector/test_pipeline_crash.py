"""The straight line over a real store: a crash at any instant."""

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

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


Told = list[AnodeEffect | Weighing]
Polls = list[tuple[float, Told]]


@dataclass(frozen=True, slots=True)
class Crashed:
    """What is left of a process that ended at a commit: its store, and what the broker has and has not been told."""

    path: Path
    unacknowledged: Told
    left: Polls


class WatchedStore(Store):
    """A store of which a copy is made at some commits, as it is on disk just before or just after them.

    Parameters
    ----------
    ends
        Numbers of commits, and whether the process ends after they were on disk, or before.
    leave
        Takes the number of such a commit.
    """

    def __init__(self, path: Path, *, ends: Mapping[int, bool], leave: Callable[[int], Awaitable[None]]) -> None:
        super().__init__(path, PLANT.points)
        self._ends = ends
        self._leave = leave
        self._commits = 0

    async def commit(self, commit: Commit) -> None:
        """Commit, and leave a copy."""
        self._commits += 1
        number, after = self._commits, self._ends.get(self._commits)
        if after is False:
            await self._leave(number)
        await super().commit(commit)
        if after:
            await self._leave(number)


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


async def tell(
    path: Path, unacknowledged: Told, left: Polls, *, ends: Mapping[int, bool] = MappingProxyType({})
) -> tuple[dict[int, tuple[int, Sums]], set[bytes], list[Crashed]]:
    """Run the story to its end on a store, new or left behind, and leave behind what processes that end have of it.

    The broker tells again what was not acknowledged.
    """
    clock = ClockByHand(T0 + round((left[0][0] - 3) * S))
    crashed: list[Crashed] = []

    async def leave(number: int) -> None:
        copy = path.with_name(f"{number}.sqlite")
        for end in ("", "-wal"):
            await asyncio.to_thread(shutil.copyfile, path.with_name(path.name + end), copy.with_name(copy.name + end))
        crashed.append(Crashed(copy, list(unacknowledged), list(left)))

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(WatchedStore(path, ends=ends, leave=leave))
        line = await open_line(PLANT, store, clock)
        while left:
            t, told = left.pop(0)
            unacknowledged += told
            clock.ns = T0 + round(t * S)
            arrival = Arrival(ReadingBatch.of(()), tuple(unacknowledged), acknowledge=unacknowledged.clear)
            await line.step([joined(polls(t)), arrival])
        lines = {text for text in await lines_of(store) if text.startswith(b"anode_effect")}
        return await minutes(store), lines, crashed


async def test_a_crash_at_any_instant_leaves_the_same_totals(tmp_path: Path) -> None:
    draw = random.Random(7)
    ends = {commit: bool(number % 2) for number, commit in enumerate(draw.sample(range(1, 190), 24))}
    undisturbed, effects, crashed = await tell(tmp_path / "whole.sqlite", [], list(story()), ends=ends)
    assert len(crashed) >= 20
    whole = total(sums for _, (_, sums) in sorted(undisturbed.items()))
    for each in crashed:
        found, told, _ = await tell(each.path, each.unacknowledged, each.left)
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
