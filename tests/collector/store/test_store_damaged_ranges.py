"""What a rescue makes of ranges: what was let go of is no loss, and what nobody knows to be taken is sent again."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from store_things import POINTS, bounds

from collector.store.commit import Commit
from collector.store.frame import MAGIC
from collector.store.mark import Left
from collector.store.recovery import note_left
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

S = 1_000_000_000


async def filled(path: Path) -> None:
    """Leave behind: 1 to 3 let go of, 4 taken by a, 5 taken by both, 6 by none; marked as damaged."""
    async with Store(path, POINTS) as store:
        for number in range(1, 4):
            await store.commit(Commit(number * S, lines=[b"m n=1i %d" % number]))
        for target in "ab":
            await store.take(target, range(1, 4))
        await store.let_go(("a", "b"), bounds(), 9 * S)
        for number in range(4, 7):
            await store.commit(Commit(number * S, lines=[b"m n=1i %d" % number]))
        await store.take("a", [4, 5])
        await store.take("b", [5])
    await asyncio.to_thread(mark, path)


def mark(path: Path) -> None:
    with path.with_name(path.name + ".lock").open("r+b") as lock:
        note_left(lock, Left.DAMAGED)


async def offered(store: Store, target: str) -> list[tuple[int, bool]]:
    return [(record.seq, record.is_whole) for record in await store.pending(target, most_bytes=1 << 30)]


def spoil(path: Path, table: str) -> None:
    """Spoil the page on which a small table lies."""
    with sqlite3.connect(path) as db:
        [root] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\x77")


async def test_what_was_let_go_of_is_no_loss_and_each_database_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    async with Store(path, POINTS) as store:
        assert "lost records of the outbox: 0" in store.done_at_opening[0]
        assert await offered(store, "a") == [(6, True)]
        assert await offered(store, "b") == [(4, True), (6, True)]
        await store.commit(Commit(7 * S, lines=[b"m n=1i 7"]))
        assert await offered(store, "a") == [(6, True), (7, True)]


async def test_without_the_ranges_all_that_is_kept_is_sent_again_in_order(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    spoil(path, "taken")
    async with Store(path, POINTS) as store:
        assert "damaged in taken" in store.done_at_opening[0]
        for target in "ab":
            assert await offered(store, target) == [(4, True), (5, True), (6, True)]


async def test_without_knowing_which_lines_are_new_all_records_wait_their_turn(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    spoil(path, "new_lines")
    async with Store(path, POINTS) as store:
        newest = await store.newest("b", most_bytes=1 << 30, since_ns=6 * S)
    assert [(record.seq, record.must_wait) for record in newest] == [(6, True)]


async def test_records_that_a_rescue_did_not_find_are_told_once_and_not_sought_again(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    spoil(path, "outbox")
    path.write_bytes(path.read_bytes().replace(MAGIC, bytes(len(MAGIC)), 1))
    async with Store(path, POINTS) as store:
        assert "lost records of the outbox: 1" in store.done_at_opening[0]
        assert len(await offered(store, "new")) == 2
        assert all(is_whole for _, is_whole in await offered(store, "new"))
