"""What was delivered and is kept to be sent again: it goes first, fills nothing, and is as old as a clock can tell."""

import asyncio
import base64
import os
from pathlib import Path

import pytest
from example_plant import ClockByHand
from store_things import POINTS, bounds
from waiting import until

from collector.instruments import Instruments
from collector.readings.outgoing import DropCause, WhenFull
from collector.store import room as room_module
from collector.store.commit import Commit
from collector.store.outbox import Bounds
from collector.store.room import Room
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

S = 1_000_000_000
T0 = 1_772_337_600_000_000_000
DAY_S = 86_400.0


def large(number: int) -> Commit:
    """Return a commit of somewhat more than 100 kB on disk: what it holds cannot be packed."""
    text = b'm text="%s" %d' % (base64.b64encode(os.urandom(100_000)), number)
    return Commit(T0 + number * S, lines=[text])


def room_in(store: Store, limits: Bounds, clock: ClockByHand, instruments: Instruments) -> Room:
    return Room(store, targets=("db",), bounds=limits, clock=clock, instruments=instruments, progress=lambda: None)


async def kept(store: Store) -> list[int]:
    """Return the numbers of all records that are there."""
    return [record.seq for record in await store.pending("nobody", most_bytes=1 << 40)]


@pytest.mark.parametrize("when_full", WhenFull)
async def test_what_is_kept_to_be_sent_again_neither_fills_the_outbox_nor_holds_up_the_line(
    tmp_path: Path, when_full: WhenFull
) -> None:
    limits = bounds(most_bytes=1_000_000, when_full=when_full, keep_delivered_s=DAY_S)
    instruments = Instruments()
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        room = room_in(store, limits, ClockByHand(T0), instruments)
        for number in range(1, 31):
            await asyncio.wait_for(room.wait(), 30)
            await room.commit(large(number))
            await store.take("db", [number])
        await room._clear()
        state = await room.state()
        assert (state.records, state.size_bytes, state.oldest_ns) == (0, 0, 0)
        assert 400_000 < state.delivered_bytes <= 500_000
        assert room.alert(state) is None
        assert await kept(store) == list(range(31 - state.delivered, 31))
    assert instruments.dropped_records_by_cause == {}
    assert instruments.outbox_records == 0


async def test_what_waits_takes_the_place_of_what_was_delivered_and_only_then_fills_the_outbox(tmp_path: Path) -> None:
    limits = bounds(most_bytes=1_000_000, when_full=WhenFull.BLOCK, keep_delivered_s=DAY_S)
    instruments = Instruments()
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        room = room_in(store, limits, ClockByHand(T0), instruments)
        for number in range(1, 5):
            await room.commit(large(number))
        await store.take("db", [1, 2, 3, 4])
        await room.state()
        for number in range(5, 15):  # ten more, of 100 kB and a little each
            await asyncio.wait_for(room.wait(), 30)
            await room.commit(large(number))
        waiting = asyncio.create_task(room.wait())
        await until(lambda: instruments.line_waits_for == "outbox_full")
        assert await kept(store) == list(range(5, 15))
        waiting.cancel()
        await asyncio.wait([waiting])
    assert instruments.dropped_records_by_cause == {}


@pytest.mark.parametrize(("when_full", "left"), [(WhenFull.DROP_OLDEST, [4, 5]), (WhenFull.BLOCK, [3, 4, 5])])
async def test_for_a_full_disk_what_was_delivered_goes_first_and_is_no_loss(
    tmp_path: Path, when_full: WhenFull, left: list[int]
) -> None:
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        for number in range(1, 6):
            await store.commit(large(number))
        await store.take("db", [1, 2])
        one = store.outbox_bytes // 5
        nothing = await store.drop_oldest(("db",), one // 2, DropCause.DISK, when_full)
        assert (nothing.records, nothing.lines, await kept(store)) == (0, 0, [2, 3, 4, 5])
        dropped = await store.drop_oldest(("db",), one + one // 2, DropCause.DISK, when_full)
        assert await kept(store) == left
        lost = 5 - len(left) - 2
        assert (dropped.by_cause, dropped.lines) == ({DropCause.DISK: lost} if lost else {}, lost)


async def test_a_line_that_is_to_block_writes_on_a_full_disk_in_the_place_of_what_was_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(room_module, "_AGAIN_AFTER_S", 0.01)
    instruments = Instruments()
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        limits = bounds(when_full=WhenFull.BLOCK, keep_delivered_s=DAY_S)
        room = room_in(store, limits, ClockByHand(T0), instruments)
        for number in range(1, 4):
            await room.commit(large(number))
        await store.take("db", [1, 2])
        await store._do(lambda: store._db.execute("PRAGMA max_page_count = 1").fetchone())
        await asyncio.wait_for(room.commit(large(4)), 30)
        assert [record.seq for record in await store.pending("db", most_bytes=1 << 40)] == [3, 4]
        assert set(await kept(store)) < {1, 2, 3, 4}
    assert (instruments.line_waits, instruments.dropped_records_by_cause) == ("", {})


@pytest.mark.parametrize("step_s", [0, 400 * 86_400, -400 * 86_400])
async def test_what_was_delivered_is_kept_for_its_time_whatever_was_done_to_the_clock(
    tmp_path: Path, step_s: int
) -> None:
    limits = bounds(keep_delivered_s=60.0)
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        for second in (0, 10, 20):
            await store.commit(Commit(T0 + second * S, lines=[b"m n=1i %d" % second]))
        await store.note_clock_step(step_s * S)
        now_ns = T0 + step_s * S
        await store.commit(Commit(now_ns + 30 * S, lines=[b"m n=1i 30"]))
        await store.take("db", [1, 2, 3, 4])
        for second, left in ((60, [1, 2, 3, 4]), (75, [3, 4]), (91, [])):
            assert (await store.let_go(("db",), limits, now_ns + second * S)).records == 0
            assert await kept(store) == left


async def test_age_and_bytes_count_only_what_some_database_has_not_taken(tmp_path: Path) -> None:
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        for number in range(1, 7):
            await store.commit(Commit(number * S, lines=[b"m n=%di %d" % (number, number)]))
        await store.take("a", [1, 2, 3])
        await store.take("b", [1])
        one = store.outbox_bytes // 6
        limits = bounds(age_s=7.0, most_bytes=3 * one, keep_delivered_s=DAY_S)
        dropped = await store.let_go(("a", "b"), limits, 10 * S)  # 1 and 2 are too old, and then one is too much
        assert (dropped.by_cause, dropped.lines) == ({DropCause.AGE: 1, DropCause.BYTES: 1}, 2)
        assert await kept(store) == [4, 5, 6]
