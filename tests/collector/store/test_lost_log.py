"""A write-ahead log that is gone, or cut off, when the store is opened again."""

import asyncio
import re
import shutil
import time
from pathlib import Path
from typing import IO

import pytest
from store_things import POINTS, record

from collector.store import ledger
from collector.store.commit import Commit
from collector.store.mark import Left
from collector.store.recovery import note_left
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

S = 1_000_000_000
T0 = 1_772_337_600_000_000_000  # 2026-03-01T04:00:00Z
FRAME = 24 + 4096


def left_behind(path: Path, folder: Path) -> Path:
    """Copy what a kill at this instant leaves on disk; the memory beside the log goes with the process."""
    folder.mkdir()
    for name in (path.name, f"{path.name}-wal", f"{path.name}.lock"):
        shutil.copy(path.with_name(name), folder / name)
    return folder / path.name


async def put(store: Store, *numbers: int) -> None:
    for number in numbers:
        await store.commit(Commit(T0 + number * S, lines=[b"m n=%di 1" % number], records=[record(number)]))


async def killed(tmp_path: Path) -> Path:
    """Return a store of a process that was killed: five commits are carried over into the file, four are in the log."""
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        await put(store, 1, 2, 3, 4, 5)
    async with Store(path, POINTS) as store:
        await put(store, 6, 7, 8, 9)
        return await asyncio.to_thread(left_behind, path, tmp_path / "killed")


async def found(path: Path) -> tuple[int, bool, str]:
    """Return how many records there are, whether the log was lost, and what was said."""
    async with Store(path, POINTS) as store:
        assert not await store.ask(lambda db: list(ledger.verify(db)))
        assert await store.ask(lambda db: db.execute("PRAGMA integrity_check").fetchone()) == ("ok",)
        records = (await store.outbox_state()).records
        await put(store, 20 + records)  # and it goes on
        return records, store.log_lost, "; ".join(store.done_at_opening)


async def test_after_a_kill_with_its_log_nothing_is_missing_and_nothing_is_said(tmp_path: Path) -> None:
    assert await found(await killed(tmp_path)) == (9, False, "")


async def test_a_log_deleted_after_a_kill_is_said_with_the_time_since_when_something_may_be_missing(
    tmp_path: Path,
) -> None:
    path = await killed(tmp_path)
    path.with_name("store.sqlite-wal").unlink()
    records, is_lost, said = await found(path)
    assert (records, is_lost) == (5, True)
    assert said.startswith(
        "the write-ahead log is gone, though the last stop was not orderly: what was committed after"
        " 2026-03-01T04:00:05Z may be missing,"
    )
    assert await found(path) == (6, False, "")  # it is said once


@pytest.mark.parametrize("kept", [0, 17, 32])
async def test_a_log_cut_off_before_its_first_frame_is_a_lost_one(tmp_path: Path, kept: int) -> None:
    path = await killed(tmp_path)
    log = path.with_name("store.sqlite-wal")
    log.write_bytes(log.read_bytes()[:kept])
    records, is_lost, _ = await found(path)
    assert (records, is_lost) == (5, True)


async def test_a_log_cut_off_anywhere_opens_with_the_whole_commits_before_the_cut(tmp_path: Path) -> None:
    whole = await killed(tmp_path)
    content = whole.with_name("store.sqlite-wal").read_bytes()
    counts = []
    for number, at in enumerate((*range(32 + FRAME, len(content), len(content) // 12), len(content))):
        path = left_behind(whole, tmp_path / f"{number}")
        path.with_name("store.sqlite-wal").write_bytes(content[:at])
        records, is_lost, said = await found(path)
        assert (is_lost, said) == (False, "")
        counts.append(records)
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (5, 9)
    assert set(counts) == {5, 6, 7, 8, 9}


async def test_nothing_is_said_after_an_orderly_stop_or_a_kill_between_start_and_first_commit(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    for number in range(3):
        async with Store(path, POINTS) as store:
            assert (store.log_lost, store.done_at_opening) == (False, [])
            copy = await asyncio.to_thread(left_behind, path, tmp_path / f"{number}")
        assert not path.with_name("store.sqlite-wal").exists()
        assert (await found(copy))[1:] == (False, "")


async def test_a_kill_between_the_end_of_the_log_and_the_end_of_the_process_is_no_lost_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.sqlite"
    copies: list[Path] = []

    def noted_and_copied(lock: IO[bytes], left: Left) -> None:
        note_left(lock, left)
        copies.append(left_behind(path, tmp_path / "killed"))

    monkeypatch.setattr("collector.store.store.note_left", noted_and_copied)
    async with Store(path, POINTS) as store:
        await put(store, 1, 2)
    monkeypatch.undo()
    assert (await found(copies[0]))[:2] == (2, False)


async def test_a_store_whose_lock_file_says_nothing_is_not_told_to_have_lost_its_log(tmp_path: Path) -> None:
    path = await killed(tmp_path)
    path.with_name("store.sqlite-wal").unlink()
    path.with_name("store.sqlite.lock").write_bytes(b"")  # of a collector that wrote nothing there
    assert (await found(path))[:2] == (5, False)


async def test_an_empty_store_that_lost_its_log_says_that_anything_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        await put(store, 1)
        copy = await asyncio.to_thread(left_behind, path, tmp_path / "killed")
    copy.with_name("store.sqlite-wal").unlink()
    _, is_lost, said = await found(copy)
    assert is_lost
    assert re.search("anything that was ever committed may be missing", said)


async def test_when_it_was_opened_is_the_first_thing_in_the_log(tmp_path: Path) -> None:
    before_ns = time.time_ns()
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        assert before_ns <= int(await store.meta("opened_ns", "0")) <= time.time_ns()
        assert (tmp_path / "store.sqlite-wal").stat().st_size > 32
