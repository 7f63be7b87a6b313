"""Opening the file: settings of SQLite, tables, versions."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO

VERSION = 1

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE point (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE cell (
    point INTEGER NOT NULL, minute_ns INTEGER NOT NULL,
    first_ns INTEGER NOT NULL, first REAL NOT NULL, last_ns INTEGER NOT NULL, last REAL NOT NULL,
    integral REAL NOT NULL, bridged_s REAL NOT NULL, unknown_s REAL NOT NULL, joined INTEGER NOT NULL,
    shown REAL NOT NULL, quality INTEGER NOT NULL,
    PRIMARY KEY (point, minute_ns)
) WITHOUT ROWID;
CREATE TABLE pots (
    potline TEXT NOT NULL, minute_ns INTEGER NOT NULL, operating INTEGER NOT NULL, kwh REAL,
    PRIMARY KEY (potline, minute_ns)
) WITHOUT ROWID;
CREATE TABLE event (
    id TEXT NOT NULL, rank INTEGER NOT NULL, kind TEXT NOT NULL, potline TEXT NOT NULL, time_ns INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (id, rank)
) WITHOUT ROWID;
CREATE INDEX event_by_time ON event (potline, time_ns);
CREATE TABLE dirty (
    potline TEXT NOT NULL, minute_ns INTEGER NOT NULL, reason TEXT NOT NULL, accounted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (potline, minute_ns)
) WITHOUT ROWID;
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    potline TEXT NOT NULL, window TEXT NOT NULL, start_ns INTEGER NOT NULL, length_s INTEGER NOT NULL,
    revision INTEGER NOT NULL, reason TEXT NOT NULL, written_ns INTEGER NOT NULL, body BLOB NOT NULL,
    previous BLOB NOT NULL, digest BLOB NOT NULL,
    UNIQUE (potline, window, start_ns, revision)
);
CREATE INDEX ledger_minutes ON ledger (start_ns) WHERE window = 'minute';
CREATE TABLE parameters (digest TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE gap (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL UNIQUE, previous BLOB NOT NULL, digest BLOB NOT NULL
);
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    created_ns INTEGER NOT NULL, lines INTEGER NOT NULL, raw_bytes INTEGER NOT NULL, size INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX outbox_by_age ON outbox (created_ns, lines, size);
CREATE TABLE cursor (target TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE dead (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ns INTEGER NOT NULL, source TEXT NOT NULL, place TEXT NOT NULL, body BLOB NOT NULL, reason TEXT NOT NULL
);
"""


class StoreError(Exception):
    """The store cannot be used. The text says why and what to do."""


class StoreBusy(StoreError):
    """Another collector works on the store."""


def lock(path: Path) -> IO[bytes]:
    """Take the store for this process. The lock ends with the process, however it ends.

    Raises
    ------
    StoreError
        If another collector has it, or the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.with_name(path.name + ".lock").open("ab")
    except OSError as exc:
        message = f"open the store {path}: {exc.strerror}; the collector's user must be able to write to {path.parent}"
        raise StoreError(message) from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        handle.close()
        message = (
            f"open the store {path}: another collector works on it; stop that one or give this one its own [store] path"
        )
        raise StoreBusy(message) from exc
    except OSError as exc:
        handle.close()
        message = f"open the store {path}: it cannot be locked: {exc.strerror}; put it on a disk of this machine"
        raise StoreError(message) from exc
    return handle


def open_database(path: Path) -> sqlite3.Connection:
    """Open the store for its one writer, making it if there is none.

    Raises
    ------
    StoreError
        If the file cannot be opened, is damaged, or was written by a newer version.
    """
    with _opening(path) as opened:
        connection = opened.enter_context(_connected(str(path)))
        version = _version(connection, path)
        if version == 0:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
            _sync_folder(path.parent)
        opened.pop_all()
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the store for reading beside its writer.

    Raises
    ------
    StoreError
        If there is no store, or it cannot be read.
    """
    if not path.is_file():
        raise StoreError(f"open the store {path}: there is none; check [store] path, or start the collector first")
    with _opening(path) as opened:
        connection = opened.enter_context(_connected(f"{path.absolute().as_uri()}?mode=ro"))
        _version(connection, path)
        opened.pop_all()
    return connection


@contextlib.contextmanager
def _opening(path: Path) -> Iterator[contextlib.ExitStack]:
    """Close what was opened if the whole does not succeed, and say what the failure means."""
    try:
        with contextlib.ExitStack() as opened:
            yield opened
    except (sqlite3.OperationalError, OSError) as exc:
        hint = "check the disk's space and health, and that the collector's user may write there"
        raise StoreError(f"open the store {path}: {exc}; {hint}") from exc
    except sqlite3.DatabaseError as exc:
        message = f"open the store {path}: {exc}; move the file away to start a new one, and keep it for recovery"
        raise StoreError(message) from exc


def _connected(place: str) -> contextlib.closing[sqlite3.Connection]:
    uri = place.startswith("file:")
    return contextlib.closing(sqlite3.connect(place, uri=uri, isolation_level=None, check_same_thread=False, timeout=5))


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        message = f"open the store {path}: it was written by a newer version of the collector (format {version})"
        raise StoreError(f"{message}; install that version again")
    return version


def _sync_folder(folder: Path) -> None:
    """Make the new file's name durable, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
