"""A damaged store is made anew from what can still be read of it; the damaged file is kept beside it.

What cannot be read by way of a table's tree is sought from the other end of it, and behind the damage; records of the
outbox are sought in the bytes of the file (see ``salvage``). So damage to one page costs what stood on it, and a byte
in the outbox at most its record. What is missing is told, counted, and noted in ``meta`` as ``rescued``; holes in the
ledger are found by ``potline verify``, for its chain says where they are.
"""

import contextlib
import itertools
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.store import ranges
from collector.store.file_bytes import FileBytes
from collector.store.ranges import GONE
from collector.store.reading_damaged import Reader, Row, Table, sought_by_index, table_of
from collector.store.salvage import Pages, salvaged

_INDEXES = {"event": "event_by_time", "point": "sqlite_autoindex_point_1"}
"""Indexes that know all the keys of a table."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """What came of a rescue: rows by table, numbers of records that are lost, and tables in which damage was met."""

    rows: Mapping[str, int]
    lost_of_outbox: Sequence[int]
    lost_of_ledger: Sequence[int]
    damaged: Sequence[str]


def rescue(damaged: Path, into: sqlite3.Connection) -> Rescued:
    """Copy what can be read of a store into a new one, in one transaction."""
    rows: dict[str, int] = {}
    unreadable: list[str] = []
    last_numbers: dict[str, int] = {}
    into.execute("BEGIN IMMEDIATE")
    source_is = f"{damaged.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(source_is, uri=True, isolation_level=None)) as source:
        for name in _in_order(into):
            table = table_of(into, name)
            rows[name], is_damaged = _copied(source, into, table)
            if is_damaged:
                unreadable.append(name)
        with contextlib.suppress(sqlite3.DatabaseError):
            last_numbers = dict(source.execute("SELECT name, seq FROM sqlite_sequence"))
    _keep_lost_points(into)
    if "taken" in unreadable:
        _forget_what_was_taken(into)
    rows["outbox"] += _salvaged(damaged, into, last_numbers.get("outbox", 0), is_damaged="outbox" in unreadable)
    for name in ("outbox", "ledger", "dead"):
        last = into.execute(f"SELECT max(seq) FROM {name}").fetchone()[0] or 0  # noqa: S608 - our own names
        into.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        taken = into.execute("SELECT max(last) FROM taken").fetchone()[0] or 0 if name == "outbox" else 0
        into.execute("INSERT INTO sqlite_sequence VALUES (?,?)", (name, max(last, taken, last_numbers.get(name, 0))))
    of_outbox = _holes(into, "outbox", last_numbers.get("outbox", 0))
    for first, end in ranges.runs(of_outbox):  # they are told now, and not sought again
        for target in {*ranges.names(into), GONE}:
            ranges.add(into, target, first, end)
    rescued = Rescued(rows, of_outbox, _holes(into, "ledger", last_numbers.get("ledger", 0)), unreadable)
    into.execute("INSERT OR REPLACE INTO meta VALUES ('rescued', ?)", (_told(rescued),))
    into.execute("COMMIT")
    return rescued


def _told(rescued: Rescued) -> str:
    lost = {"outbox": len(rescued.lost_of_outbox), "ledger": len(rescued.lost_of_ledger)}
    return json.dumps({"damaged": list(rescued.damaged), "lost": lost})


def _forget_what_was_taken(into: sqlite3.Connection) -> None:
    """Have all that is kept taken again, in order: else what is older could be written over what is newer."""
    into.execute("DELETE FROM taken")
    first = into.execute("SELECT min(seq) FROM outbox").fetchone()[0] or 1
    ranges.add(into, GONE, 1, first - 1)


def seek(db: sqlite3.Connection, path: Path) -> Sequence[int]:
    """Seek the records that should be in an outbox and are not in the bytes of its file.

    Put those that are found in their place; return the numbers of the others.
    """
    last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    _salvaged(path, db, last[0] if last else 0, is_damaged=False)
    return _holes(db, "outbox", last[0] if last else 0)


@contextlib.contextmanager
def _content(path: Path) -> Iterator[Pages]:
    with contextlib.ExitStack() as opened:

        def content(suffix: str) -> FileBytes | bytes:
            try:
                file = FileBytes(path.with_name(path.name + suffix))
            except FileNotFoundError:
                return b""
            opened.callback(file.close)
            return file

        yield Pages(content(""), content("-wal"))


def _in_order(into: sqlite3.Connection) -> list[str]:
    """Return the names of all tables, those first in which others find what to look for."""
    rows = into.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return sorted((name for (name,) in rows), key=lambda name: (name not in ("point", "ledger"), name))


def _copied(source: sqlite3.Connection, into: sqlite3.Connection, table: Table) -> tuple[int, bool]:
    """Copy the rows of a table that can be read; return how many, and whether damage was met."""
    insert = f"INSERT OR IGNORE INTO {table.name} VALUES ({','.join('?' * len(table.columns))})"  # noqa: S608
    before = into.total_changes
    reader = Reader(source, table, _firsts(into, table))
    rows: Iterator[Row] = reader.rows()
    if table.name in _INDEXES:
        rows = itertools.chain(rows, _by_index(source, table, reader))
    for row in rows:
        into.execute(insert, row)  # OR IGNORE leaves out rows with nothing where something must be, too
    return into.total_changes - before, reader.is_damaged


def _by_index(source: sqlite3.Connection, table: Table, reader: Reader) -> Iterator[Row]:
    if reader.is_damaged:
        yield from sought_by_index(source, table, _INDEXES[table.name])


def _firsts(into: sqlite3.Connection, table: Table) -> list[Row]:
    """Return with what the keys of a table may begin."""
    match table.key[:-1]:
        case ["point"]:
            return into.execute("SELECT id FROM point").fetchall()
        case ["potline"]:
            return into.execute("SELECT DISTINCT potline FROM ledger").fetchall()
        case _:
            return [()]


def _keep_lost_points(into: sqlite3.Connection) -> None:
    """Give points whose names are lost a name of their own, so that no other point takes their number, and cells."""
    into.execute(
        "INSERT INTO point SELECT DISTINCT point, 'lost:' || point FROM cell WHERE point NOT IN (SELECT id FROM point)"
    )


def _salvaged(damaged: Path, into: sqlite3.Connection, last: int, *, is_damaged: bool) -> int:
    """Seek records of the outbox that no page leads to; return how many were found."""
    holes = set(_holes(into, "outbox", last))
    if not holes and not is_damaged:
        return 0
    reached = max(last, into.execute("SELECT max(last) FROM taken").fetchone()[0] or 0)
    before = into.total_changes
    with _content(damaged) as pages:
        for seq, (head, body) in salvaged(pages).items():
            if seq in holes or (is_damaged and seq > reached):
                row = (seq, head.created_ns, head.lines, head.raw_bytes, head.size, body)
                into.execute("INSERT OR IGNORE INTO outbox VALUES (?,?,?,?,?,?)", row)
    return into.total_changes - before


_KEPT = {
    "ledger": "SELECT seq, seq FROM ledger UNION ALL SELECT first, last FROM gap ORDER BY 1",
    "outbox": f"SELECT seq, seq FROM outbox UNION ALL SELECT first, last FROM taken WHERE target = '{GONE}' ORDER BY 1",  # noqa: S608
}
"""The numbers of a table that are there, or were let go of."""


def _holes(into: sqlite3.Connection, table: str, last: int) -> list[int]:
    """Return the numbers that are missing in a table, up to a last one."""
    holes: list[int] = []
    reached = 0
    for first, end in into.execute(_KEPT[table]):
        holes += range(reached + 1, first)
        reached = max(reached, end)
    return [*holes, *range(reached + 1, last + 1)]
