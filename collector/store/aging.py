"""How old the records of the outbox are, whatever was done to the machine's clock meanwhile.

Records are dated by the clock. Where it is set, everything before is dated wrong against everything after, by as much.
So each step is kept with the number of the last record before it: a clock that leaps forward does not make the outbox
old, and one that leaps back does not keep it for ever. A long time in which nobody worked on the store is taken for a
step as well: nothing can tell it from a clock that was wrong at the start of the machine, and nobody could have
delivered anything.

Steps are kept in ``meta`` under ``outbox_clock_steps``: pairs of a number and a step [ns], in JSON, the oldest first.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

LONG_PAUSE_NS = 3_600_000_000_000
"""An hour: restarts, updates and reboots take less, and so does the outbox's age by them."""

_KEY = "outbox_clock_steps"
_MOST_STEPS = 100
_NO_END = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records behind a number up to another; by the clock as it goes now, they are ``ahead_ns`` younger than dated."""

    after: int
    last: int
    ahead_ns: int


def note_step(db: sqlite3.Connection, step_ns: int) -> None:
    """Note that the clock was set forward by ``step_ns`` (back, if negative) since the last record was written."""
    first, last = db.execute("SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM outbox").fetchone()
    if not last:
        return
    steps = [(seq, step) for seq, step in _steps(db) if seq >= first]
    if steps and steps[-1][0] == last:
        step_ns += steps.pop()[1]
    steps.append((last, step_ns))
    while len(steps) > _MOST_STEPS:  # the oldest two become one: a clock that is set all the time
        (_, one), (seq, other) = steps[:2]
        steps[:2] = [(seq, one + other)]
    db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (_KEY, json.dumps(steps)))


def note_pause(db: sqlite3.Connection, now_ns: int) -> None:
    """Take the time since the last record was written for a step, if it is long, or negative."""
    newest = db.execute("SELECT seq, created_ns FROM outbox WHERE seq = (SELECT max(seq) FROM outbox)").fetchone()
    if newest is not None:
        since_ns = now_ns - redated(db, *newest)
        if not 0 <= since_ns <= LONG_PAUSE_NS:
            note_step(db, since_ns)


def stretches(db: sqlite3.Connection) -> Sequence[Stretch]:
    """Return stretches of records between steps of the clock, the newest first; together they are all numbers."""
    found = []
    end, ahead_ns = _NO_END, 0
    for seq, step_ns in reversed(_steps(db)):
        found.append(Stretch(seq, end, ahead_ns))
        end, ahead_ns = seq, ahead_ns + step_ns
    return [*found, Stretch(0, end, ahead_ns)]


def redated(db: sqlite3.Connection, seq: int, created_ns: int) -> int:
    """Return when a record was written [UTC ns], as the clock goes now."""
    return next(created_ns + each.ahead_ns for each in stretches(db) if each.after < seq)


def _steps(db: sqlite3.Connection) -> list[tuple[int, int]]:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return [] if row is None else [(seq, step) for seq, step in json.loads(row[0])]
