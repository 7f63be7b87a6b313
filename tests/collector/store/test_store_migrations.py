"""A store of an older version is brought up to date step by step, and says the same as before."""

import asyncio
import contextlib
import json
import sqlite3
import struct
from pathlib import Path

import pytest
from store_things import ENERGY, POINTS, POWER, behind_its_back

from collector.accounting.integrals import Shape, between
from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.scale import Scale
from collector.readings.trace import Trace
from collector.store import frame, pot_minutes
from collector.store.commit import Commit
from collector.store.inputs import cells_of
from collector.store.schema import _STEPS, VERSION, StoreError, open_database, open_reader
from collector.store.store import Store

VERSION_1 = """
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
S = 1_000_000_000
MODULUS = 1000.0


def old_cell(minute: int, first_s: float, first: float, last_s: float, last: float, shown: float) -> tuple[object, ...]:
    """Return a cell as version 1 had it: running totals, and what the register showed at last."""
    times = round(first_s * S), first, round(last_s * S), last
    return (minute * MINUTE_NS, *times, 0.0, 0.0, 0.0, 1, shown, 192)


# The register: 100 at 5 s, 140 at 45 s | 160 at 65 s, 990 at 110 s | wraps to 10 at 130 s, 50 at 170 s |
# 70 at 190 s, wraps to 20 at 230 s | replaced: 500 at 250 s, goes on from 510 at 260 s, 530 at 290 s.
COUNTED = [
    old_cell(0, 5, 0.0, 45, 40.0, 140.0),
    old_cell(1, 65, 60.0, 110, 890.0, 990.0),
    old_cell(2, 130, 910.0, 170, 950.0, 50.0),
    old_cell(3, 190, 970.0, 230, 1920.0, 20.0),
    (4 * MINUTE_NS, 250 * S, 1920.0, 290 * S, 1940.0, 0.0, 0.0, 10.0, 0, 530.0, 192),
]
MEASURED = [(0, 5 * S, 7.5, 45 * S, 8.5, 320.0, 1.0, 0.0, 1, 0.0, 64)]


def store_of_version_1(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(f"BEGIN IMMEDIATE; {VERSION_1} PRAGMA user_version = 1; COMMIT;")
        db.execute("INSERT INTO meta VALUES ('accounts_since_ns', '60000000000')")
        db.executemany("INSERT INTO point VALUES (?,?)", [(id_ + 1, point.name) for id_, point in enumerate(POINTS)])
        for point, rows in ((ENERGY + 1, COUNTED), (POWER + 1, MEASURED)):
            db.executemany(f"INSERT INTO cell VALUES ({point},{','.join('?' * 11)})", rows)  # noqa: S608 - constants
        db.execute("INSERT INTO dirty VALUES ('PL1', 60000000000, 'an event was told or corrected')")


@pytest.mark.asyncio
async def test_a_store_of_version_1_says_the_same_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store_of_version_1(path)
    async with Store(path, POINTS) as store:
        found = await store.cells_around([ENERGY, POWER], 0, 10 * MINUTE_NS)
        assert await store.meta("accounts_since_ns", "0") == "60000000000"
        assert await store.dirty(10) == {("PL1", 60_000_000_000): "an event was told or corrected"}
    assert found[POWER] == [Cell(0, 5 * S, 7.5, 45 * S, 8.5, 320.0, 1.0, 0.0, True, 64)]
    cells = found[ENERGY]
    assert [(cell.first, cell.last, cell.integral, cell.joined) for cell in cells[:3]] == [
        (100.0, 140.0, 0.0, True),
        (160.0, 990.0, 0.0, True),
        (1010.0, 50.0, 1000.0, True),  # it wrapped between the minutes: 20 more than at the end of the one before
    ]
    assert (cells[4].first, cells[4].last, cells[4].joined) == (510.0, 530.0, False)

    def gained(first: int, last: int) -> float:
        edges = first * MINUTE_NS, last * MINUTE_NS
        return between(cells, *edges, shape=Shape.COUNTER, longest_gap_s=60.0, modulus=MODULUS).amount

    whole_minutes = [gained(minute, minute + 1) for minute in range(5)]
    assert whole_minutes == pytest.approx([55.0, 845.0, 60.0, 960.0, 20.0])
    assert sum(whole_minutes) == pytest.approx(1940.0)


@pytest.mark.asyncio
async def test_a_store_that_was_brought_up_to_date_is_like_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    store_of_version_1(old)
    tables = []
    for path in (old, new):
        async with Store(path, POINTS) as store:
            await store.commit(Commit(1, lines=[b"m n=1i 1"]))
        with behind_its_back(path) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            rows = db.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
            tables.append([(name, " ".join(sql.split()) if sql else None) for name, sql in rows])
    assert tables[0] == tables[1]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kept", "cursors", "pending"),
    [
        ([3, 4, 5], {"a": 2, "b": 4}, {"a": [3, 4, 5], "b": [5], "new": [3, 4, 5]}),
        ([3, 5], {"a": 3, "b": 5}, {"a": [5], "b": [], "new": [3, 5]}),  # 4 was let go of, so nobody misses it
        ([2, 5], {"a": 1, "b": 2}, {"a": [2, 5], "b": [5], "new": [2, 5]}),
        ([], {"a": 5}, {"a": [], "new": []}),
        ([1, 2, 3, 4, 5], {}, {"a": [1, 2, 3, 4, 5]}),
    ],
)
async def test_each_database_goes_on_where_it_was(
    tmp_path: Path, kept: list[int], cursors: dict[str, int], pending: dict[str, list[int]]
) -> None:
    path = tmp_path / "store.sqlite"
    store_of_version_1(path)
    with behind_its_back(path) as db:
        for seq in range(1, 6):
            db.execute("INSERT INTO outbox VALUES (?,?,1,9,4,x'1f8b0000')", (seq, seq * S))
            if seq not in kept:
                db.execute("DELETE FROM outbox WHERE seq = ?", (seq,))
        db.executemany("INSERT INTO cursor VALUES (?,?)", cursors.items())
    async with Store(path, POINTS) as store:
        for target, seqs in pending.items():
            found = await store.newest(target, most_bytes=1 << 30, since_ns=0)
            assert [record.seq for record in found] == seqs
            await store.take(target, seqs)
            assert await store.pending(target, most_bytes=1 << 30) == []
        await store.commit(Commit(9 * S, lines=[b"m n=1i 1"]))
        assert [record.seq for record in await store.pending("a", most_bytes=1)] == [6]


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store_of_version_1(path)
    with behind_its_back(path) as db:
        db.execute("CREATE TABLE cell_of_registers (in_the_way INTEGER)")
    with pytest.raises(StoreError, match="already exists"):
        open_database(path)
    with behind_its_back(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM cell").fetchone() == (6,)
        assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'trace'").fetchone() == (0,)
        db.execute("DROP TABLE cell_of_registers")
    open_database(path).close()


@pytest.mark.asyncio
async def test_a_reader_is_told_to_start_the_collector_once(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store_of_version_1(path)
    with pytest.raises(StoreError, match=r"older version of the collector \(format 1\); start this version .* once"):
        await asyncio.to_thread(open_reader, path)
    async with Store(path, POINTS):
        (await asyncio.to_thread(open_reader, path)).close()


def brought_to(path: Path, version: int) -> contextlib.closing[sqlite3.Connection]:
    """Make an empty store of an older format."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("PRAGMA journal_mode = WAL")
    for number, step in enumerate(_STEPS[:version], 1):
        db.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
    return contextlib.closing(db)


def store_of_version_3(path: Path) -> None:
    """Write a store as format 3 had it, with a minute of which the readings are kept as well."""
    with brought_to(path, 3) as db:
        db.executemany("INSERT INTO point VALUES (?,?)", [(id_ + 1, point.name) for id_, point in enumerate(POINTS)])
        cell = (0, 5 * S, 74347.498, 45 * S, 74348.001, 0.0, 1.0, 0.0, 1, 192)
        db.execute(f"INSERT INTO cell VALUES ({ENERGY + 1},{','.join('?' * 10)})", cell)  # noqa: S608 - constants
        raw = b"".join(struct.pack("<qdB", t * S, kwh, 192) for t, kwh in ((45, 74348.001), (50, 74348.002)))
        core = json.dumps([0, 5 * S, 74347.498, 40 * S, 74347.6, 0.0, 1.0, 0.0, 1, 192])
        db.execute(f"INSERT INTO trace VALUES ({ENERGY + 1}, 0, ?, ?)", (core, raw))  # noqa: S608 - constants


@pytest.mark.asyncio
async def test_what_a_store_of_version_3_holds_has_no_counts_and_says_what_it_said(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store_of_version_3(path)
    async with Store(path, POINTS) as store:
        cells, traces = await store.around([(ENERGY, 0, MINUTE_NS)])
    assert VERSION == 6
    assert cells == {ENERGY: [Cell(0, 5 * S, 74347.498, 45 * S, 74348.001, 0.0, 1.0, 0.0, True, 192)]}
    core = Cell(0, 5 * S, 74347.498, 40 * S, 74347.6, 0.0, 1.0, 0.0, True, 192)
    raw = [(45 * S, 74348.001, 192), (50 * S, 74348.002, 192)]
    assert traces == {(ENERGY, 0): Trace(core, raw, stored=True)}


@pytest.mark.asyncio
async def test_steps_of_64_bits_and_more_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store_of_version_3(path)
    scale = Scale(0.001, 2**64)
    cell = Cell(0, 5 * S, 2**64 - 1, 45 * S, 17, 2**64, 0.0, 0.0, joined=True, quality=192, scale=scale)
    trace = Trace(cell, [(50 * S, 2**53 + 1, 192), (55 * S, 12.25, 64)], stored=True, scale=scale)
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, cells={(ENERGY, 0): cell}, traces={(ENERGY, 0): trace}))
        assert await store.around([(ENERGY, 0, MINUTE_NS)]) == ({ENERGY: [cell]}, {(ENERGY, 0): trace})
        name = POINTS[ENERGY].name
        assert await store.ask(lambda db: cells_of(db, name, 0, MINUTE_NS)) == [cell]
    with behind_its_back(path) as db:
        found = db.execute("SELECT first, last, integral, counts FROM cell").fetchone()
        assert found == (2**64 / 1000, 0.017, 2**64 / 1000, f"0.001 {2**64} {2**64 - 1} 17 {2**64}")
        db.execute("UPDATE cell SET last = last + 3")
    async with Store(path, POINTS) as store:
        ((changed,),) = (await store.cells_around([ENERGY], 0, MINUTE_NS)).values()
    assert (changed.first, changed.last) == (2**64 - 1, 3017)


@pytest.mark.asyncio
async def test_version_5_keeps_what_pots_tell_beside_all_that_version_4_had(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with brought_to(path, 4) as db:
        db.execute("INSERT INTO point VALUES (?,?)", (ENERGY + 1, POINTS[ENERGY].name))
        cell = (0, 1, 5.0, 2, 6.0, 0.0, 0.0, 0.0, 1, 192, None)
        db.execute(f"INSERT INTO cell VALUES ({ENERGY + 1},{','.join('?' * 11)})", cell)  # noqa: S608 - constants
    async with Store(path, POINTS) as store:
        assert await store.ask(lambda db: pot_minutes.between(db, "PL1", 0, 1)) == {}
        assert (await store.last_cells([ENERGY]))[ENERGY].last == 6.0


@pytest.mark.asyncio
async def test_version_6_keeps_what_version_5_had_and_each_database_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with brought_to(path, 5) as db:
        for seq in (2, 3, 4):  # 1 was let go of
            head, body = frame.pack([b"m n=1i %d" % seq], seq=seq, created_ns=seq)
            db.execute("INSERT INTO outbox VALUES (?,?,?,?,?,?)", (seq, seq, 1, head.raw_bytes, head.size, body))
        db.execute("INSERT INTO cursor VALUES ('a', 3)")
        db.execute("INSERT INTO meta VALUES ('outbox_clock_steps', '[[3, 50]]')")
    async with Store(path, POINTS) as store:
        offered = {name: [each.seq for each in await store.pending(name, most_bytes=1 << 20)] for name in ("a", "new")}
        state = await store.outbox_state(("a",))
    assert offered == {"a": [4], "new": [2, 3, 4]}
    assert (state.records, state.oldest_ns, state.delivered) == (1, 4, 2)
