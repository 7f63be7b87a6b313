"""Opening the store: what can be wrong with a file and its folder, and what is said then."""

import asyncio
import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_things import POINTS, behind_its_back, cells, record

from collector.store.commit import Commit
from collector.store.schema import VERSION, StoreError, open_reader
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

NOBODY = 65_534


@contextlib.contextmanager
def without_the_rights_of_root() -> Iterator[None]:
    """Root may write everywhere, so a test that is run by root is somebody else for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def open_and_close(path: Path) -> None:
    async with Store(path, POINTS):
        pass


async def test_a_commit_is_synced_in_full_to_a_write_ahead_log(tmp_path: Path) -> None:
    async with Store(tmp_path / "store.sqlite", POINTS) as store:

        def ask(pragma: str) -> object:
            return store._db.execute(f"PRAGMA {pragma}").fetchone()[0]

        assert await store._do(ask, "journal_mode") == "wal"
        assert await store._do(ask, "synchronous") == 2  # FULL
        assert await store._do(ask, "auto_vacuum") == 2  # INCREMENTAL
        assert await store._do(ask, "user_version") == VERSION == 4


async def test_settings_hold_for_a_store_that_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    await open_and_close(path)
    await test_a_commit_is_synced_in_full_to_a_write_ahead_log(tmp_path)


async def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "var" / "lib" / "potline" / "store.sqlite"
    await open_and_close(path)
    assert path.is_file()


async def test_an_orderly_stop_leaves_the_store_and_its_lock_and_no_log(tmp_path: Path) -> None:
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"]))
    assert names_in(tmp_path) == ["store.sqlite", "store.sqlite.lock"]


async def test_one_collector_works_on_a_store_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        with pytest.raises(StoreError, match=r"store\.sqlite: another collector works on it; stop that one or give"):
            await open_and_close(path)
        await store.commit(Commit(1, lines=[b"m n=1i 1"]))  # the first one is not disturbed
    await open_and_close(path)


async def test_a_file_system_without_locks_is_told_apart_from_a_second_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_file: object, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(StoreError, match="it cannot be locked: No locks available; put it on a disk of this machine"):
        await open_and_close(tmp_path / "store.sqlite")


async def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    await open_and_close(path)
    path.with_name("store.sqlite.lock").unlink()  # a newer version has written another one
    with behind_its_back(path) as db:
        db.execute("PRAGMA user_version = 5")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer version of the collector \(format 5\); install that version again"):
        await open_and_close(path)
    with pytest.raises(StoreError, match=r"format 5"):
        await asyncio.to_thread(open_reader, path)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(StoreError, match="not a database; move the file away to start a new one, and keep it"):
        await open_and_close(path)
    with pytest.raises(StoreError, match="not a database"):
        await asyncio.to_thread(open_reader, path)
    assert path.read_bytes() == b"this is no database" * 1000
    path.unlink()
    await open_and_close(path)  # the failure left no lock behind


@pytest.mark.parametrize("keep", [0, 1, 100, 5_000, 20_000])
async def test_a_store_cut_off_anywhere_opens_or_says_what_is_wrong(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        for minute in range(50):
            await store.commit(Commit(minute, lines=[os.urandom(500).hex().encode()], cells=cells(0, minute)))
    path.write_bytes(path.read_bytes()[:keep])
    try:
        async with Store(path, POINTS) as store:
            await store.commit(Commit(1, lines=[b"m n=1i 1"], cells=cells(0, 99), records=[record(1)]))
    except StoreError as exc:
        assert str(path) in str(exc)  # noqa: PT017 - either is right


async def test_a_folder_that_may_not_be_written_is_a_store_error_that_names_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    folder.chmod(0o555)
    with (
        without_the_rights_of_root(),
        pytest.raises(
            StoreError, match=r"Permission denied; the collector's user must be able to write to .*read-only"
        ),
    ):
        await open_and_close(folder / "store.sqlite")


async def test_a_folder_below_a_file_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="the collector's user must be able to write to"):
        await open_and_close(tmp_path / "file" / "store.sqlite")


async def test_a_path_that_is_a_folder_is_not_told_to_be_moved_away(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").mkdir()
    with pytest.raises(StoreError, match="unable to open database file; check the disk's space and health"):
        await open_and_close(tmp_path / "store.sqlite")


async def test_a_reader_finds_no_store_where_there_is_none_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is none"):
        await asyncio.to_thread(open_reader, tmp_path / "store.sqlite")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["store?x=1.sqlite", "100%25.sqlite", "a#b.sqlite", "pöt line.sqlite"])
async def test_a_reader_opens_a_store_of_any_name(tmp_path: Path, name: str) -> None:
    async with Store(tmp_path / name, POINTS) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"]))
        with contextlib.closing(await asyncio.to_thread(open_reader, tmp_path / name)) as db:
            assert db.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


async def test_a_reader_beside_the_writer_sees_whole_commits_and_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"], cells=cells(0, 1)))
        with contextlib.closing(await asyncio.to_thread(open_reader, path)) as db:
            db.execute("BEGIN")
            assert db.execute("SELECT count(*) FROM cell").fetchone() == (1,)
            await store.commit(Commit(2, lines=[b"m n=2i 2"], cells=cells(0, 2)))  # a reader holds up nobody
            assert db.execute("SELECT count(*) FROM outbox").fetchone() == (1,)
            db.execute("COMMIT")
            assert db.execute("SELECT count(*) FROM outbox").fetchone() == (2,)
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                db.execute("DELETE FROM outbox")
