"""Room in the store: a disk that is full, an outbox that is, and what is let go of."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from example_plant import ClockByHand
from store_things import POINTS, bounds, record
from waiting import until

from collector.instruments import Instruments
from collector.readings.outgoing import WhenFull
from collector.store import room as room_module
from collector.store.commit import Commit
from collector.store.outbox import Bounds
from collector.store.room import Room
from collector.store.schema import StoreUnwritable
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

S = 1_000_000_000
T0 = 1_772_337_600_000_000_000
DAY_NS = 86_400 * S


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_module, "_AGAIN_AFTER_S", 0.01)


def large(number: int, size: int = 100_000) -> Commit:
    """Return a commit that takes some space on disk: what it holds cannot be packed."""
    text = b'm text="%s" 1' % base64.b64encode(os.urandom(size))
    return Commit(T0 + number * S, lines=[text], records=[record(number)])


@dataclass
class Story:
    """A store, and the line's room in it."""

    store: Store
    clock: ClockByHand = field(default_factory=lambda: ClockByHand(T0))
    instruments: Instruments = field(default_factory=Instruments)
    went_on: int = 0

    def room(self, limits: Bounds, *targets: str) -> Room:
        def progress() -> None:
            self.went_on += 1

        return Room(
            self.store,
            targets=targets,
            bounds=limits,
            clock=self.clock,
            instruments=self.instruments,
            progress=progress,
        )

    async def disk(self, *, pages: int) -> None:
        """Let the database grow to so many pages of 4 KiB."""
        await self.store._do(lambda: self.store._db.execute(f"PRAGMA max_page_count = {pages}").fetchone())

    async def seqs(self) -> list[int]:
        return [each.seq for each in await self.store.pending("nobody", most_bytes=1 << 40)]

    async def waits(self, on: str) -> None:
        await until(lambda: self.instruments.line_waits_for == on)


@pytest_asyncio.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        yield Story(store)


async def test_a_commit_waits_for_space_on_a_full_disk_and_is_written_once(story: Story) -> None:
    room = story.room(bounds(), "db")
    await room.commit(large(1))
    await story.disk(pages=60)
    with structlog.testing.capture_logs() as said:
        waiting = asyncio.create_task(room.commit(large(2, 200_000)))
        await story.waits("disk")
        await until(lambda: story.went_on > 5)  # the watchdog is fed: it works, though it does not go on
        assert "database or disk is full" in story.instruments.line_waits
        assert await story.seqs() == [1]
        await story.disk(pages=1000)
        await waiting
    assert await story.seqs() == [1, 2]
    assert (story.instruments.line_waits, story.instruments.commits_total) == ("", 2)
    assert [(line["event"], line["log_level"]) for line in said] == [
        ("the line waits: nothing is taken in or acknowledged", "error"),
        ("the line goes on", "warning"),
    ]


async def test_at_an_orderly_stop_the_commit_that_waited_is_given_up_and_none_is_waited_for(story: Story) -> None:
    room = story.room(bounds(), "db")
    await room.commit(large(1))
    await story.disk(pages=60)
    waiting = asyncio.create_task(room.commit(large(2, 200_000)))
    await story.waits("disk")
    room.end_waiting()
    with pytest.raises(StoreUnwritable, match="database or disk is full"):
        await waiting
    with pytest.raises(StoreUnwritable):
        await room.commit(large(3, 200_000))
    await story.disk(pages=1000)
    assert await story.seqs() == [1]


async def test_a_commit_that_waited_is_written_at_an_orderly_stop_if_the_disk_takes_it_by_then(story: Story) -> None:
    room = story.room(bounds(), "db")
    await room.commit(large(1))
    await story.disk(pages=60)
    waiting = asyncio.create_task(room.commit(large(2, 200_000)))
    await story.waits("disk")
    await story.disk(pages=1000)
    room.end_waiting()
    await waiting
    assert await story.seqs() == [1, 2]


async def test_after_a_minute_on_a_full_disk_the_oldest_sixteenth_goes_and_is_counted(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "_PATIENCE_S", 0.1)
    room = story.room(bounds(), "db")
    for number in range(1, 33):
        await room.commit(large(number, 20_000))
    await story.disk(pages=1)  # no more than it has
    await asyncio.wait_for(room.commit(large(40, 30_000)), 30)
    seqs = await story.seqs()
    dropped = 33 - len(seqs)
    assert dropped in {2, 3, 4, 6}  # two or three at a time, of 20 kB each, for 30 kB and what goes with it
    assert seqs == list(range(dropped + 1, 34))
    assert story.instruments.dropped_records_by_cause == {"disk": dropped}
    assert story.instruments.dropped_total == dropped
    assert story.instruments.line_waits == ""


async def test_an_outbox_that_is_to_block_gives_nothing_for_a_full_disk(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "_PATIENCE_S", 0.02)
    room = story.room(bounds(when_full=WhenFull.BLOCK), "db")
    await room.commit(large(1))
    await story.disk(pages=60)
    waiting = asyncio.create_task(room.commit(large(2, 200_000)))
    await story.waits("disk")
    await until(lambda: story.went_on > 10)
    assert (await story.seqs(), story.instruments.dropped_records_by_cause) == ([1], {})
    await story.disk(pages=1000)
    await waiting


async def test_a_full_outbox_that_is_to_block_is_waited_for_until_a_tenth_of_it_is_gone(story: Story) -> None:
    room = story.room(bounds(most_bytes=1_000_000, when_full=WhenFull.BLOCK), "db")
    for number in range(1, 11):
        await room.wait()
        assert story.went_on == 0
        await room.commit(large(number))
    waiting = asyncio.create_task(room.wait())
    await story.waits("outbox_full")
    assert "the outbox has reached [store] outbox_max_bytes and is to block" in story.instruments.line_waits
    await story.store.take("db", [1])  # a little more than nine tenths are left
    before = story.went_on
    await until(lambda: story.went_on > before + 10)
    assert not waiting.done()
    await story.store.take("db", [2])
    await asyncio.wait_for(waiting, 30)
    assert story.instruments.line_waits == ""
    assert (await story.seqs(), story.instruments.dropped_records_by_cause) == (list(range(3, 11)), {})


async def test_an_outbox_too_old_that_is_to_block_is_waited_for_and_a_step_of_the_clock_is_no_age(story: Story) -> None:
    room = story.room(bounds(age_s=86_400.0, when_full=WhenFull.BLOCK), "db")
    await room.commit(large(0))
    await room.state()
    story.clock.set_by_s = 400 * 86_400.0
    await asyncio.wait_for(room.wait(), 30)
    story.clock.ns += DAY_NS + S
    waiting = asyncio.create_task(room.wait())
    await story.waits("outbox_full")
    assert "outbox_max_age" in story.instruments.line_waits
    await story.store.take("db", [1])
    await asyncio.wait_for(waiting, 30)


async def test_without_a_database_an_outbox_that_is_to_block_drops_the_oldest_and_nobody_is_alarmed(
    story: Story,
) -> None:
    room = story.room(bounds(most_bytes=250_000, when_full=WhenFull.BLOCK))
    for number in range(1, 5):
        await room.commit(large(number))
    await asyncio.wait_for(room.wait(), 30)
    assert room.alert(await room.state()) is None
    await room.let_go()
    assert await story.seqs() == [3, 4]
    assert story.instruments.dropped_records_by_cause == {"bytes": 2}


async def test_what_is_dropped_is_counted_by_its_cause(story: Story) -> None:
    room = story.room(bounds(most_bytes=250_000, age_s=3600.0), "db")
    for number in (0, 1, 4000, 4001, 4002, 4003):
        await room.commit(large(number))
    story.clock.ns = T0 + 4004 * S
    await room.let_go()
    assert await story.seqs() == [5, 6]
    assert story.instruments.dropped_records_by_cause == {"age": 2, "bytes": 2}
    assert story.instruments.dropped_total == 4


async def test_what_was_said_of_the_filling_outbox_outlives_a_restart(story: Story) -> None:
    limits = bounds(most_bytes=120_000)
    room = story.room(limits, "db")
    await room.open()
    assert room.remembered() == {}
    await room.commit(large(1))
    alert = room.alert(await room.state())
    assert alert is not None
    assert alert.state == "firing"
    assert story.instruments.outbox_used_pct == pytest.approx(alert.value)
    await room.commit(Commit(T0 + S, remembered=room.remembered()))
    assert room.remembered() == {}

    again = story.room(limits, "db")
    await again.open()
    assert again.alert(await again.state()) is None
    await story.store.take("db", [1])
    await again.let_go()
    resolved = again.alert(await again.state())
    assert resolved is not None
    assert resolved.state == "resolved"
    assert story.instruments.outbox_used_pct < 1.0


async def test_a_clock_set_while_the_disk_is_full_is_noted_when_there_is_space_and_ends_nothing(story: Story) -> None:
    def read_only(yes: int) -> None:
        story.store._db.execute(f"PRAGMA query_only = {yes}")

    room = story.room(bounds(age_s=7 * 86_400.0), "db")
    await room.commit(large(0))
    await story.store._do(read_only, 1)
    story.clock.set_by_s = 400 * 86_400.0
    assert (await room.state()).records == 1
    await room.let_go()
    waiting = asyncio.create_task(room.commit(Commit(story.clock.now_ns(), lines=[b"m n=1i 1"])))
    await story.waits("disk")
    await story.store._do(read_only, 0)
    await waiting
    await room._clear()
    assert await story.seqs() == [1, 2]
    assert (await room.state()).oldest_ns == T0 + 400 * DAY_NS
