"""Ranges of record numbers in the store: what each database has taken, and what is no longer kept.

The ranges of one name are disjoint and never touch, so they are few: one as long as all is taken in order, two while a
backlog drains behind what is new. The ranges of ``GONE`` are the numbers that were let go of; whatever is in them is in
the ranges of every database, too.
"""

import sqlite3
from collections.abc import Iterable, Iterator

Range = tuple[int, int]
"""First and last number, both in it."""

GONE = ""
"""The name of what is no longer kept; no database is called like that."""

_BEHIND = "SELECT first, last FROM taken WHERE target = ? AND first <= ? ORDER BY first DESC"


def ranges_of(db: sqlite3.Connection, target: str) -> list[Range]:
    """Return the ranges of a database; of one that has taken nothing yet, what is no longer kept."""
    query = "SELECT first, last FROM taken WHERE target = ? ORDER BY first"
    return db.execute(query, (target,)).fetchall() or db.execute(query, (GONE,)).fetchall()


def names(db: sqlite3.Connection) -> list[str]:
    """Return the names that have ranges."""
    return [name for (name,) in db.execute("SELECT DISTINCT target FROM taken")]


def add(db: sqlite3.Connection, target: str, first: int, last: int) -> None:
    """Add the numbers from one to another."""
    begins, ends = first, last
    for one, other in db.execute(_BEHIND, (target, last + 1)).fetchall() if first <= last else ():
        if other < first - 1:
            break
        begins, ends = min(begins, one), max(ends, other)
        db.execute("DELETE FROM taken WHERE target = ? AND first = ?", (target, one))
    if first <= last:
        db.execute("INSERT INTO taken VALUES (?,?,?)", (target, begins, ends))


def remove(db: sqlite3.Connection, target: str, first: int, last: int) -> None:
    """Take the numbers from one to another out, but for those that are no longer kept."""
    has_any = _has_any(db, target)
    for one, other in db.execute(_BEHIND, (target, last)).fetchall():
        if other < first:
            break
        db.execute("DELETE FROM taken WHERE target = ? AND first = ?", (target, one))
        for begins, ends in ((one, first - 1), (last + 1, other)):
            if begins <= ends:
                db.execute("INSERT INTO taken VALUES (?,?,?)", (target, begins, ends))
    if not has_any:
        return
    for one, other in db.execute(_BEHIND, (GONE, last)).fetchall():
        if other < first:
            break
        add(db, target, max(first, one), min(last, other))


def adopt(db: sqlite3.Connection, target: str) -> None:
    """Let a database that has taken nothing yet begin with what is no longer kept."""
    if not _has_any(db, target):
        db.execute("INSERT INTO taken SELECT ?, first, last FROM taken WHERE target = ?", (target, GONE))


def _has_any(db: sqlite3.Connection, target: str) -> bool:
    return db.execute("SELECT 1 FROM taken WHERE target = ? LIMIT 1", (target,)).fetchone() is not None


def lowest_left(db: sqlite3.Connection, target: str) -> int:
    """Return the lowest number that is in no range of a database."""
    query = "SELECT last FROM taken WHERE target = ? AND first = 1"
    row = db.execute(query, (target,)).fetchone()
    if row is None and not _has_any(db, target):
        row = db.execute(query, (GONE,)).fetchone()
    return 1 if row is None else int(row[0]) + 1


def runs(numbers: Iterable[int]) -> Iterator[Range]:
    """Return ascending numbers as ranges."""
    first = last = None
    for number in numbers:
        if first is None or last is None:
            first = number
        elif number != last + 1:
            yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def between(ranges: Iterable[Range], first: int, last: int) -> Iterator[Range]:
    """Return what lies between two numbers, both with it, and in none of some ranges, which are in order."""
    for one, other in ranges:
        if other < first:
            continue
        if one > last:
            break
        if first < one:
            yield first, one - 1
        first = other + 1
    if first <= last:
        yield first, last


def common(each: Iterable[Iterable[Range]]) -> list[Range]:
    """Return what is in all of several lists of ranges, each of them in order; of no list, nothing."""
    found: list[Range] | None = None
    for ranges in each:
        if found is None:
            found = list(ranges)
            continue
        both: list[Range] = []
        others = list(ranges)
        place = 0
        for one, other in found:
            while place < len(others) and others[place][1] < one:
                place += 1
            at = place
            while at < len(others) and others[at][0] <= other:
                both.append((max(one, others[at][0]), min(other, others[at][1])))
                at += 1
        found = both
    return found or []
