"""Reads the tables of a damaged store: from both ends, and behind the damage. Nothing is written.

A table is a tree of pages in the order of its key. Where a page of it is damaged, reading ends in an error; from the
other end it goes as far as the same place. What lies between is halved until what cannot be read is told apart from
what can.
"""

import contextlib
import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collector.readings.cell import MINUTE_NS

_MOST_FAILURES = 2_000
"""So many questions that end in an error are asked of a table, for each takes up to a millisecond."""

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what its key is made of, the last part a number in steps of ``unit``, where it is one (0: it is not)."""

    name: str
    columns: Sequence[str]
    key: Sequence[str]
    unit: int = 1


UNITS = {
    "cell": MINUTE_NS,
    "trace": MINUTE_NS,
    "pots": MINUTE_NS,
    "dirty": MINUTE_NS,
    "outbox": 1,
    "ledger": 1,
    "dead": 1,
    "gap": 1,
    "point": 1,
    "new_lines": 1,
    "gone": 3600 * 10**9,
}
"""The steps of the last part of the key of each table whose key ends in a number."""


def table_of(db: sqlite3.Connection, name: str) -> Table:
    """Return how a table looks in a store that is whole."""
    told = db.execute(f"PRAGMA table_info({name})").fetchall()
    key = sorted((row[5], row[1]) for row in told if row[5])
    return Table(name, [row[1] for row in told], [column for _, column in key], UNITS.get(name, 0))


class Reader:
    """Reads one table of a damaged store; ``is_damaged`` after it met damage. A row may come twice."""

    def __init__(self, db: sqlite3.Connection, table: Table, firsts: Sequence[Row] = ((),)) -> None:
        """``firsts``: the first parts of keys to look for, where a key has several: points, or potlines."""
        self.is_damaged = False
        self._db = db
        self._table = table
        self._firsts = firsts
        self._failures = 0
        self._is_through = True

    def rows(self) -> Iterator[Row]:
        """Return the rows that can be read."""
        yield from self._walked(self._query("", "ASC"), ())
        if not self.is_damaged:
            return
        yield from self._walked(self._query("", "DESC"), ())
        if self._table.unit:
            yield from self._between_the_ends()

    def _between_the_ends(self) -> Iterator[Row]:
        """Halve what could not be read, the widest stretch first, until it is one key wide or enough was tried."""
        low, high = (0, 1 << 31) if self._table.unit == 1 else (0, 1 << 62)
        stretches = [(low - high, number, low, high) for number in range(len(self._firsts))]
        while stretches and self._failures < _MOST_FAILURES:
            _, number, low, high = heapq.heappop(stretches)
            first = self._firsts[number]
            reached: list[int] = []
            for order in ("ASC", "DESC"):
                yield from self._read_between(first, low, high, order, reached)
                if self._is_through:
                    break
            else:
                low, high = max([low, *reached[:1]]), min([high, *reached[1:]])
                middle = (low + high) // 2
                for one, other in ((low, middle), (middle - 1, high)):
                    if other - one > self._table.unit:
                        heapq.heappush(stretches, (one - other, number, one, other))

    def _read_between(self, first: Row, low: int, high: int, order: str, reached: list[int]) -> Iterator[Row]:
        """Return rows whose key lies between two numbers, the ends not among them; note how far that went."""
        *fixed, last = self._table.key
        where = "WHERE " + " AND ".join([*(f"{column} = ?" for column in fixed), f"{last} > ?", f"{last} < ?"])
        place = self._table.columns.index(last)
        at: object = low if order == "ASC" else high
        for row in self._walked(self._query(where, order), (*first, low, high)):
            at = row[place]
            yield row
        reached.append(at if isinstance(at, int) and low <= at <= high else low if order == "ASC" else high)

    def _query(self, where: str, order: str) -> str:
        by = ", ".join(f"{column} {order}" for column in self._table.key)
        names = ", ".join(self._table.columns)
        return f"SELECT {names} FROM {self._table.name} {where} ORDER BY {by}"  # noqa: S608 - our own names

    def _walked(self, query: str, values: Row) -> Iterator[Row]:
        self._is_through = False
        try:
            yield from self._db.execute(query, values)
        except sqlite3.DatabaseError:
            self.is_damaged = True
            self._failures += 1
        else:
            self._is_through = True


def sought_by_index(db: sqlite3.Connection, table: Table, index: str) -> Iterator[Row]:
    """Return rows whose keys an index still knows; of a table all of whose columns it knows, without the table."""
    key, names = ", ".join(table.key), ", ".join(table.columns)
    where = " AND ".join(f"{column} = ?" for column in table.key)
    keys: list[Row] = []
    with contextlib.suppress(sqlite3.DatabaseError):
        yield from db.execute(f"SELECT {names} FROM {table.name} INDEXED BY {index}")  # noqa: S608 - our own names
        return
    with contextlib.suppress(sqlite3.DatabaseError):
        for found in db.execute(f"SELECT {key} FROM {table.name} INDEXED BY {index}"):  # noqa: S608
            keys.append(found)  # noqa: PERF402 - what came before the damage counts
    for found in keys:
        with contextlib.suppress(sqlite3.DatabaseError):
            yield from db.execute(f"SELECT {names} FROM {table.name} WHERE {where}", found)  # noqa: S608
