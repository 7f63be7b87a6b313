"""Dead letters in the store: listed, dropped, put back, and asked to be read again.

Which letters are to be read again stands under one key of ``meta`` as ranges of their numbers, until the collector that
works on the store has read them: so a request outlives a stop, and anybody who may write to the store can make it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.readings.outgoing import DeadLetter
from collector.store import ranges

ASKED = "letters_to_read_again"
_FOUND = (
    "SELECT seq, time_ns, source, place, {body}, length(body), reason FROM dead WHERE seq > :after"
    " AND (:source = '' OR source = :source OR source LIKE :source || ':%') AND (:place = '' OR place = :place)"
    " AND (:reason = '' OR instr(lower(reason), lower(:reason)) > 0)"
    " AND time_ns >= :start AND time_ns < :end ORDER BY seq LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter with its number. ``size`` is that of the body [bytes]; the body is empty where only listed."""

    seq: int
    size: int
    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class Which:
    """Which letters: empty texts and the widest times mean any.

    ``source`` is a whole source like ``mqtt:potroom``, or what stands before its colon; ``reason`` is a part of it.
    """

    source: str = ""
    place: str = ""
    reason: str = ""
    start_ns: int = 0
    end_ns: int = (1 << 63) - 1


def letters(
    db: sqlite3.Connection, which: Which, *, limit: int | None = None, after: int = 0, bodies: bool = False
) -> list[Letter]:
    """Return letters in the order in which they were written, behind some number."""
    asked = {
        "after": after,
        "source": which.source,
        "place": which.place,
        "reason": which.reason,
        "start": which.start_ns,
        "end": which.end_ns,
        "limit": -1 if limit is None else limit,
    }
    rows = db.execute(_FOUND.format(body="body" if bodies else "x''"), asked)
    return [
        Letter(seq, size, DeadLetter(time_ns, source, place, bytes(body), reason))
        for seq, time_ns, source, place, body, size, reason in rows
    ]


def letter(db: sqlite3.Connection, seq: int) -> Letter | None:
    """Return a letter with its body, if there is one of this number."""
    found = letters(db, Which(), limit=1, after=seq - 1, bodies=True)
    return found[0] if found and found[0].seq == seq else None


def latest_of(db: sqlite3.Connection, place: str) -> Letter | None:
    """Return the last letter that was meant for a database."""
    query = "SELECT seq FROM dead WHERE place = ? AND source IN ('delivery', 'store') ORDER BY seq DESC LIMIT 1"
    row = db.execute(query, (place,)).fetchone()
    return None if row is None else letter(db, row[0])


def drop(db: sqlite3.Connection, numbers: Iterable[int]) -> int:
    """Let go of letters; return how many there were."""
    dropped = 0
    for seq in numbers:
        dropped += db.execute("DELETE FROM dead WHERE seq = ?", (seq,)).rowcount
    return dropped


def ask_for(db: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Ask that letters be read again."""
    _note(db, {*asked_for(db), *numbers})


def asked_for(db: sqlite3.Connection) -> list[int]:
    """Return the numbers of all letters that are to be read again, in order."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (ASKED,)).fetchone()
    found: list[int] = []
    for part in row[0].split(",") if row is not None and row[0] else ():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def next_asked_for(db: sqlite3.Connection, limit: int) -> list[Letter]:
    """Return the next letters to be read again, with their bodies; those that are gone are no longer asked for."""
    found: list[Letter] = []
    for seq in asked_for(db):
        one = letter(db, seq)
        if one is not None:
            found.append(one)
        if len(found) == limit:
            break
    return found


def settle(db: sqlite3.Connection, read: Sequence[int], unreadable: Iterable[tuple[int, str]]) -> None:
    """Note what came of letters: those that were read go, the others stay with what is wrong with them now."""
    drop(db, read)
    still = list(unreadable)
    db.executemany("UPDATE dead SET reason = ? WHERE seq = ?", ((reason, seq) for seq, reason in still))
    left = set(asked_for(db)) - {*read, *(seq for seq, _ in still)}
    _note(db, {seq for seq in left if db.execute("SELECT 1 FROM dead WHERE seq = ?", (seq,)).fetchone()})


def _note(db: sqlite3.Connection, numbers: set[int]) -> None:
    runs = ranges.runs(sorted(numbers))
    text = ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)
    db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (ASKED, text))
