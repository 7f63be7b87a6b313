"""All revisions of an event are kept, whatever the order in which they come; the highest counts."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest
from store_things import POINTS, behind_its_back, effect, weighing

from collector.readings.event import Event, Laboratory, Production
from collector.store import inputs
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

DAY_NS = 86_400 * 1_000_000_000


def production(rank: int) -> Production:
    return Production("MES-1", rank, "PL1", DAY_NS, "2026-02-28", 853_600.0 + rank, "tapped", "final")


def laboratory(rank: int) -> Laboratory:
    values = (("bath_temperature", 958.0 + rank), ("excess_alf3_pct", 11.2))
    return Laboratory("BATH-1", rank, "PL1", "1001", 5 * DAY_NS, None, "bath", "lab_xrd", values)


REVISIONS: list[Event] = [
    *(production(rank) for rank in (1, 2, 3)),
    *(laboratory(rank) for rank in (1, 2)),
    *(effect(2000.5, rank=rank) for rank in (0, 1 << 48, 3 << 48)),
    *(weighing(2001, rank=rank) for rank in (0, 2)),
]


@pytest.mark.parametrize("seed", range(5))
async def test_every_revision_is_kept_once_and_the_highest_counts(tmp_path: Path, seed: int) -> None:
    told = REVISIONS * 2
    random.Random(seed).shuffle(told)
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        for event in told:
            await store.commit(Commit(1, events=[event]))
        found = await store.events_between("PL1", 0, 10 * DAY_NS)
        kept = await asyncio.to_thread(rows, tmp_path / "s.sqlite")
    highest = {event.id: event for event in sorted(REVISIONS, key=lambda event: event.rank)}
    assert sorted(found, key=lambda event: event.id) == sorted(highest.values(), key=lambda event: event.id)
    assert sorted(kept) == sorted((event.id, event.rank) for event in REVISIONS)


def rows(path: Path) -> list[tuple[str, int]]:
    with behind_its_back(path) as db:
        return [(str(id_), int(rank)) for id_, rank in db.execute("SELECT id, rank FROM event")]


def latest(path: Path, potline: str) -> list[Event]:
    with behind_its_back(path) as db:
        return inputs.latest_events(db, potline, 3)


async def test_the_last_events_come_newest_first_each_at_its_highest_rank(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, events=REVISIONS))
        found = await asyncio.to_thread(latest, tmp_path / "s.sqlite", "PL1")
        assert await asyncio.to_thread(latest, tmp_path / "s.sqlite", "PL2") == []
    assert [(event.id, event.rank) for event in found] == [("BATH-1", 2), ("W-1", 2), ("AE-1", 3 << 48)]
    assert found[0] == laboratory(2)


async def test_a_revision_that_moves_an_event_to_another_time_counts_there_alone(tmp_path: Path) -> None:
    moved = replace(production(2), time_ns=3 * DAY_NS)
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, events=[production(1), moved]))
        assert await store.events_between("PL1", 0, 2 * DAY_NS) == []
        assert await store.events_between("PL1", 2 * DAY_NS, 4 * DAY_NS) == [moved]
