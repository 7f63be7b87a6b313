"""Minutes that are to be stated again, kept in the store until they and their windows are.

``accounted`` says how far each is: 0 is marked, 1 is accounted with its windows not stated yet, 2 is marked once more
before they were. What is marked once more may well turn out to say the same; its windows are owed all the same.
Those of the whole plant, under an empty name, are asked for apart: they follow those of the potlines.
"""

import sqlite3
from collections.abc import Mapping

from collector.store.commit import Commit


def mark(db: sqlite3.Connection, minutes: Mapping[tuple[str, int], str]) -> None:
    """Mark minutes (potline, start) with the reason.

    One that is marked keeps its reason; one whose windows are still to be stated again is accounted once more before.
    """
    db.executemany(
        "INSERT INTO dirty (potline, minute_ns, reason) VALUES (?,?,?)"
        " ON CONFLICT DO UPDATE SET accounted = 2, reason = excluded.reason WHERE accounted = 1",
        ((*key, reason) for key, reason in minutes.items()),
    )


def touch(db: sqlite3.Connection, minutes: Mapping[tuple[str, int], str]) -> None:
    """Mark minutes whose windows are to be stated again, though nothing about the minutes themselves has changed.

    One that is marked already may turn out to say the same, so it is noted that its windows are owed all the same.
    """
    db.executemany(
        "INSERT INTO dirty (potline, minute_ns, reason, accounted) VALUES (?,?,?,1)"
        " ON CONFLICT DO UPDATE SET accounted = 2 WHERE accounted = 0",
        ((*key, reason) for key, reason in minutes.items()),
    )


def settle(db: sqlite3.Connection, commit: Commit) -> None:
    """Note what a commit has done: minutes that were accounted, that are unchanged, and whose windows are stated."""
    db.executemany("UPDATE dirty SET accounted = 1 WHERE potline = ? AND minute_ns = ?", commit.accounted)
    db.executemany("DELETE FROM dirty WHERE potline = ? AND minute_ns = ? AND accounted = 0", commit.unchanged)
    db.executemany("UPDATE dirty SET accounted = 1 WHERE potline = ? AND minute_ns = ?", commit.unchanged)
    db.executemany("DELETE FROM dirty WHERE potline = ? AND minute_ns = ? AND accounted = 1", commit.settled)


def marked(db: sqlite3.Connection, limit: int, potline: str = "") -> dict[tuple[str, int], str]:
    """Return minutes of potlines that must be accounted again, with the reason: line by line, oldest first.

    ``potline``: of this one alone; empty: of all.
    """
    query = (
        "SELECT potline, minute_ns, reason FROM dirty WHERE accounted <> 1 AND potline <> '' AND ? IN ('', potline)"
        " ORDER BY potline, minute_ns LIMIT ?"
    )
    return {(potline, minute): reason for potline, minute, reason in db.execute(query, (potline, limit))}


def accounted(db: sqlite3.Connection, potline: str = "") -> dict[tuple[str, int], str]:
    """Return minutes that were accounted again and whose windows are not stated yet, with the reason.

    ``potline``: of this one alone; empty: of all.
    """
    query = (
        "SELECT potline, minute_ns, reason FROM dirty WHERE accounted = 1 AND potline <> '' AND ? IN ('', potline)"
        " ORDER BY potline, minute_ns"
    )
    return {(potline, minute): reason for potline, minute, reason in db.execute(query, (potline,))}


def plant_marked(db: sqlite3.Connection, limit: int) -> dict[int, str]:
    """Return minutes of the plant that must be accounted again, with the reason, oldest first."""
    query = "SELECT minute_ns, reason FROM dirty WHERE accounted <> 1 AND potline = '' ORDER BY minute_ns LIMIT ?"
    return dict(db.execute(query, (limit,)).fetchall())


def plant_accounted(db: sqlite3.Connection) -> dict[int, str]:
    """Return minutes of the plant that were accounted again and whose windows are not stated yet, with the reason."""
    query = "SELECT minute_ns, reason FROM dirty WHERE accounted = 1 AND potline = '' ORDER BY minute_ns"
    return dict(db.execute(query).fetchall())


def is_anything_marked(db: sqlite3.Connection) -> bool:
    """Tell whether any minute waits to be stated again, or for its windows to be."""
    return db.execute("SELECT 1 FROM dirty LIMIT 1").fetchone() is not None
