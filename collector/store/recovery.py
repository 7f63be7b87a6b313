"""Opening a store for its one writer in whatever state its files are.

In this order: a rescue that was cut short is brought to its end; one wrong byte in the write-ahead log is put right;
the first page is put right by the copy in the lock file; and if the store still cannot be read, or was found damaged
while it was used, it is made anew from what can be read (see ``rescue``). The damaged files stay beside it. Damage
nobody could do anything about is a StoreError, and the files stay as they are.

While a store is in use its write-ahead log is never empty, for the first thing that is written is when it was opened.
So a log that is missing or empty though the last stop was not orderly was taken away, and with it what was committed
since it was last carried over into the file. Nothing brings that back; it is told since when. A log that was cut off
further behind cannot be told from one that a loss of power has torn: what stands before the cut counts.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from collector.store.mark import Left, Mark, read_mark, write_mark
from collector.store.rescue import Rescued, rescue
from collector.store.salvage import PAGE_BYTES
from collector.store.schema import VERSION, StoreError, open_database, sync_folder
from collector.store.write_ahead_log import HEAD_BYTES, mended

_SUFFIXES = ("", "-wal", "-shm")
_CONSTANT = (slice(0, 24), slice(44, 92), slice(100, PAGE_BYTES))
"""What of the first page changes only with the tables: not the count of changes, the size, and the free pages."""

_COOKIE = slice(40, 44)
"""Counts the changes of the tables."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that was opened, and what had to be done before it could be, in words.

    ``log_lost``: whether the write-ahead log of an unorderly stop was gone.
    """

    connection: sqlite3.Connection
    done: Sequence[str]
    rescued: Rescued | None
    log_lost: bool = False


def open_writer(path: Path, lock: IO[bytes]) -> Opened:
    """Open a store whose lock is held.

    Raises
    ------
    StoreError
        If it cannot be opened, is of a newer version, or is damaged and not known to be ours.
    """
    done: list[str] = []
    try:
        mark = read_mark(lock)
        _end_of_a_rescue(path)
        log_lost = False
        if path.is_file() and path.stat().st_size:
            log_lost = _log_is_lost(path, mark)
            done += _log_put_right(path)
            done += _first_page_put_right(path, mark)
        connection, rescued = _opened_or_rescued(path, mark, done)
        with contextlib.ExitStack() as opened:
            opened.enter_context(contextlib.closing(connection))
            if log_lost:
                done.append(_lost_with_the_log(connection))
            if mark.version != VERSION or _is_changed(connection, mark):
                mark = Mark(version=VERSION, first_page=_first_page(connection, path))
            # In the log before the mark says that the store is in use: so an empty log is not one of its making.
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('opened_ns', ?)", (str(time.time_ns()),))
            write_mark(lock, replace(mark, left=Left.IN_USE))
            opened.pop_all()
    except (OSError, sqlite3.OperationalError) as exc:
        hint = "check the disk's space and health, and that the collector's user may write there"
        raise StoreError(f"open the store {path}: {getattr(exc, 'strerror', exc)}; {hint}") from exc
    return Opened(connection, done, rescued, log_lost)


def note_left(lock: IO[bytes], left: Left) -> None:
    """Note in the lock file how the store is left."""
    write_mark(lock, replace(read_mark(lock), left=left))


def _opened_or_rescued(path: Path, mark: Mark, done: list[str]) -> tuple[sqlite3.Connection, Rescued | None]:
    if mark.left is not Left.DAMAGED:
        try:
            return open_database(path), None
        except StoreError as exc:
            if not mark.first_page or not is_damage(exc.__cause__):
                raise
    _head_made_to_fit(path, mark)
    fresh = path.with_name(path.name + ".rescued")
    for suffix in _SUFFIXES:
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
    with contextlib.closing(open_database(fresh)) as into:
        rescued = rescue(path, into)
        into.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for suffix in reversed(_SUFFIXES):  # the file itself last: what was begun is ended if that is gone
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    _end_of_a_rescue(path)
    done.append(
        f"the store was damaged in {', '.join(rescued.damaged) or 'no table'} and was made anew; the damaged file is"
        f" kept as {aside.name}; lost records of the outbox: {len(rescued.lost_of_outbox)}, of the ledger:"
        f" {len(rescued.lost_of_ledger)}"
    )
    return open_database(path), rescued


def is_damage(exc: BaseException | None) -> bool:
    """Tell whether an error of SQLite means that the file is damaged, and not that it cannot be reached."""
    return _code(exc) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_unwritable(exc: BaseException | None) -> bool:
    """Tell whether an error of SQLite means that nothing can be written for now, and that all is as it was before.

    A quota, and a bound on the size of a file, are errors of writing. After a sync that failed nobody knows what is on
    disk: that is none of these, and ends the process.
    """
    return _code(exc) in (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    )


def _code(exc: BaseException | None) -> int:
    """Return SQLite's code of an error; 0 for those that are not its own, as of a database that was closed."""
    return exc.sqlite_errorcode if isinstance(exc, sqlite3.Error) and hasattr(exc, "sqlite_errorcode") else 0


def _log_is_lost(path: Path, mark: Mark) -> bool:
    """Tell whether the log is gone that the last one to use the store must have left behind."""
    if mark.left is not Left.IN_USE or not mark.version:
        return False
    log = path.with_name(path.name + "-wal")
    return not log.is_file() or log.stat().st_size <= HEAD_BYTES


def _lost_with_the_log(connection: sqlite3.Connection) -> str:
    """Say what may be missing: what came after the newest thing that is there."""
    [newest_ns] = connection.execute(
        "SELECT max((SELECT coalesce(max(created_ns), 0) FROM outbox),"
        " coalesce((SELECT written_ns FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)), 0))"
    ).fetchone()
    since = "anything that was ever committed"
    if newest_ns:
        since = f"what was committed after {datetime.fromtimestamp(newest_ns * 1e-9, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return (
        f"the write-ahead log is gone, though the last stop was not orderly: {since} may be missing, unless another"
        " program has opened the store since and carried it over; never delete or leave behind the file that ends in"
        " -wal; if it was moved, put it back beside a copy of the store from before this start, and start again"
    )


def _end_of_a_rescue(path: Path) -> None:
    fresh = path.with_name(path.name + ".rescued")
    if fresh.is_file() and not path.exists():
        fresh.rename(path)
        sync_folder(path.parent)


def _log_put_right(path: Path) -> list[str]:
    """Put the log right where a byte of it is wrong; return what was done."""
    place = path.with_name(path.name + "-wal")
    try:
        log = place.read_bytes()
    except FileNotFoundError:
        return []
    found = mended(log, PAGE_BYTES)
    if not found.put_right and not found.sealed:
        return []
    kept = place.with_name(place.name + ".mended")
    kept.write_bytes(found.log)
    _sync(kept)
    kept.rename(place)
    sync_folder(path.parent)
    what = [f"{len(found.put_right)} wrong bytes put right"] if found.put_right else []
    what += [f"{len(found.sealed)} pages taken as they are, damage and all"] if found.sealed else []
    return [f"the write-ahead log was damaged: {', '.join(what)}; check the disk's health"]


def _first_page_put_right(path: Path, mark: Mark) -> list[str]:
    """Put the first page right where it is not what the lock file says; return what was done."""
    if mark.version != VERSION:
        return []
    with path.open("r+b") as file:
        page = bytearray(file.read(PAGE_BYTES))
        if page[_COOKIE] != mark.first_page[_COOKIE]:  # somebody has changed the tables, or moved them
            return []
        wrong = [part for part in _CONSTANT if page[part] != mark.first_page[part]]
        if not wrong or len(page) < PAGE_BYTES:
            return []
        for part in wrong:
            page[part] = mark.first_page[part]
        file.seek(0)
        file.write(page)
        file.flush()
        os.fsync(file.fileno())
    return ["the first page of the store was damaged and was put right; check the disk's health"]


def _head_made_to_fit(path: Path, mark: Mark) -> None:
    """Give a damaged file a head that lets all its pages be read: as large as it is, and none of them free."""
    size = path.stat().st_size
    if not mark.first_page or size < PAGE_BYTES:
        return
    page = bytearray(mark.first_page)
    page[28:32] = (size // PAGE_BYTES).to_bytes(4, "big")
    page[32:40] = bytes(8)
    page[92:96] = page[24:28]
    with path.open("r+b") as file:
        file.write(page)


def _is_changed(connection: sqlite3.Connection, mark: Mark) -> bool:
    """Tell whether tables were changed or moved since the first page was noted, as VACUUM does it."""
    return bool(
        connection.execute("PRAGMA schema_version").fetchone()[0] != int.from_bytes(mark.first_page[_COOKIE], "big")
    )


def _first_page(connection: sqlite3.Connection, path: Path) -> bytes:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("rb") as file:
        return file.read(PAGE_BYTES)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
