"""Opening the file: settings of SQLite, tables, versions.

A store is brought from each version to the next by one step in one transaction; a new store goes through all of them.
Versions are never skipped and steps never changed, for there are stores that went through them.

1. Makes the tables of the first version.
2. Cells of counters: what the register showed at both ends in place of running totals, so that a reading that comes
   late changes no cell but its own. ``first``, ``last`` and ``shown`` become ``first`` and ``last``; ``integral`` is
   what wraps and new beginnings within the minute add to their difference. Adds ``trace``, the readings of minutes that
   were filled late.
3. Ledger: windows by name, for a shift may be as long as a day. Adds ``parameters``, which entries name by their
   digest; the energy of the pots by their own voltages; and which minutes that were stated again still wait for their
   windows.
4. Outbox: ranges of taken records in place of one number a database, so that what is new need not wait for a backlog.
   Adds which numbers are no longer kept, and how many of each hour; which records hold only lines that are new; and an
   index by number, so that what is behind is counted without reading bodies.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from collector.store.salvage import PAGE_BYTES

_FIRST = """
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
    potline TEXT NOT NULL, minute_ns INTEGER NOT NULL, operating INTEGER NOT NULL,
    PRIMARY KEY (potline, minute_ns)
) WITHOUT ROWID;
CREATE TABLE event (
    id TEXT NOT NULL, rank INTEGER NOT NULL, kind TEXT NOT NULL, potline TEXT NOT NULL, time_ns INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (id, rank)
) WITHOUT ROWID;
CREATE INDEX event_by_time ON event (potline, time_ns);
CREATE TABLE dirty (
    potline TEXT NOT NULL, minute_ns INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (potline, minute_ns)
) WITHOUT ROWID;
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    potline TEXT NOT NULL, start_ns INTEGER NOT NULL, length_s INTEGER NOT NULL, revision INTEGER NOT NULL,
    reason TEXT NOT NULL, written_ns INTEGER NOT NULL, body BLOB NOT NULL, previous BLOB NOT NULL, digest BLOB NOT NULL,
    UNIQUE (potline, length_s, start_ns, revision)
);
CREATE INDEX ledger_minutes ON ledger (start_ns) WHERE length_s = 60;
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

# A gauge never showed anything else than 0. A minute begins with what the register showed at its end, less what it
# gained; where the line from the minute before says otherwise by more than rounding, it wrapped or started again in it.
_REGISTERS = """
CREATE TABLE trace (
    point INTEGER NOT NULL, minute_ns INTEGER NOT NULL, core BLOB, raw BLOB NOT NULL,
    PRIMARY KEY (point, minute_ns)
) WITHOUT ROWID;
CREATE TABLE cell_of_registers (
    point INTEGER NOT NULL, minute_ns INTEGER NOT NULL,
    first_ns INTEGER NOT NULL, first REAL NOT NULL, last_ns INTEGER NOT NULL, last REAL NOT NULL,
    integral REAL NOT NULL, bridged_s REAL NOT NULL, unknown_s REAL NOT NULL, joined INTEGER NOT NULL,
    quality INTEGER NOT NULL,
    PRIMARY KEY (point, minute_ns)
) WITHOUT ROWID;
CREATE TEMPORARY TABLE counter AS SELECT DISTINCT point FROM cell WHERE shown <> 0;
INSERT INTO cell_of_registers
    SELECT point, minute_ns, first_ns, first, last_ns, last, integral, bridged_s, unknown_s, joined, quality
    FROM cell WHERE point NOT IN (SELECT point FROM counter);
WITH line AS (
    SELECT *, lag(shown) OVER before AS shown_before, lag(last) OVER before AS last_before
    FROM cell WHERE point IN (SELECT point FROM counter)
    WINDOW before AS (PARTITION BY point ORDER BY minute_ns)
), begun AS (
    SELECT *, shown - (last - first) AS alone,
        CASE WHEN joined AND last_before IS NOT NULL THEN shown_before + (first - last_before) END AS followed
    FROM line
), told AS (
    SELECT *, followed IS NOT NULL
        AND abs(followed - alone) > 1e-12 * max(1.0, abs(shown), abs(last), abs(last_before)) AS leapt
    FROM begun
)
INSERT INTO cell_of_registers
    SELECT point, minute_ns, first_ns, CASE WHEN leapt THEN followed ELSE alone END, last_ns, shown,
        CASE WHEN leapt THEN (last - first) - (shown - followed) ELSE 0.0 END,
        bridged_s, unknown_s, joined, quality
    FROM told;
DROP TABLE counter;
DROP TABLE cell;
ALTER TABLE cell_of_registers RENAME TO cell;
"""

# The chain goes on over the copy: sequence numbers and digests stay, and so does the last number ever given.
_WINDOWS = """
ALTER TABLE pots ADD COLUMN kwh REAL;
ALTER TABLE dirty ADD COLUMN accounted INTEGER NOT NULL DEFAULT 0;
CREATE TABLE parameters (digest TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE ledger_of_windows (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    potline TEXT NOT NULL, window TEXT NOT NULL, start_ns INTEGER NOT NULL, length_s INTEGER NOT NULL,
    revision INTEGER NOT NULL, reason TEXT NOT NULL, written_ns INTEGER NOT NULL, body BLOB NOT NULL,
    previous BLOB NOT NULL, digest BLOB NOT NULL,
    UNIQUE (potline, window, start_ns, revision)
);
INSERT INTO ledger_of_windows
    SELECT seq, potline, CASE length_s WHEN 60 THEN 'minute' ELSE 'hour' END, start_ns, length_s, revision, reason,
        written_ns, body, previous, digest
    FROM ledger ORDER BY seq;
DELETE FROM sqlite_sequence WHERE name = 'ledger_of_windows';
INSERT INTO sqlite_sequence SELECT 'ledger_of_windows', seq FROM sqlite_sequence WHERE name = 'ledger';
DROP TABLE ledger;
ALTER TABLE ledger_of_windows RENAME TO ledger;
CREATE INDEX ledger_minutes ON ledger (start_ns) WHERE window = 'minute';
"""

# Numbers that are missing now were let go of by design. Of records written until now nobody knows whether they tell
# something again, so none is noted as new.
_RANGES = """
CREATE TABLE taken (
    target TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (target, first)
) WITHOUT ROWID;
CREATE TABLE new_lines (seq INTEGER PRIMARY KEY);
CREATE TABLE gone (hour_ns INTEGER PRIMARY KEY, records INTEGER NOT NULL, last_ns INTEGER NOT NULL);
CREATE INDEX outbox_by_number ON outbox (seq, size, lines, created_ns);
WITH kept (seq, before) AS (
    SELECT seq, lag(seq, 1, 0) OVER (ORDER BY seq) FROM (
        SELECT seq FROM outbox
        UNION ALL SELECT 1 + max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0),
                                 coalesce((SELECT max(seq) FROM cursor), 0))
    )
)
INSERT INTO taken SELECT '', before + 1, seq - 1 FROM kept WHERE before + 1 < seq;
INSERT INTO taken
    SELECT target, 1,
        coalesce((SELECT last FROM taken WHERE target = '' AND first <= cursor.seq + 1 AND last > cursor.seq), seq)
    FROM cursor WHERE seq > 0;
INSERT INTO taken
    SELECT reached.target, hole.first, hole.last FROM taken AS hole, taken AS reached
    WHERE hole.target = '' AND reached.target <> '' AND hole.first > reached.last + 1;
DROP TABLE cursor;
"""

_STEPS = (_FIRST, _REGISTERS, _WINDOWS, _RANGES)

VERSION = len(_STEPS)


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
        handle = path.with_name(path.name + ".lock").open("a+b")
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
    """Open the store for its one writer, making it if there is none, and bringing an old one up to date.

    Raises
    ------
    StoreError
        If the file cannot be opened, is damaged, or was written by a newer version.
    """
    with _opening(path) as opened:
        connection = opened.enter_context(_connected(str(path)))
        version = _version(connection, path)
        if version == 0:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        for number, step in enumerate(_STEPS[version:], version + 1):
            connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
        if version < VERSION:  # what the steps have written needs no second place in the log
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if version == 0:
            sync_folder(path.parent)
        opened.pop_all()
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the store for reading beside its writer.

    Raises
    ------
    StoreError
        If there is no store, it cannot be read, or it is of an older version and not brought up to date yet.
    """
    if not path.is_file():
        raise StoreError(f"open the store {path}: there is none; check [store] path, or start the collector first")
    with _opening(path) as opened:
        connection = opened.enter_context(_connected(f"{path.absolute().as_uri()}?mode=ro"))
        version = _version(connection, path)
        if 0 < version < VERSION:
            message = f"open the store {path}: it was written by an older version of the collector (format {version})"
            raise StoreError(f"{message}; start this version of the collector once, it brings the store up to date")
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


def sync_folder(folder: Path) -> None:
    """Make the new file's name durable, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
