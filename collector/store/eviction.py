"""What is let go of in the outbox: what all databases have taken, and what is too old or too much."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from collector.readings.outgoing import DropCause, WhenFull
from collector.store import aging, ranges
from collector.store.outbox import HOUR_NS, Bounds, last_number, size_of
from collector.store.ranges import GONE, Range

_MOST_DEAD = 100_000
_MOST_DEAD_BYTES = 256 * 1024 * 1024
_DEAD_TOO_MUCH = (
    "DELETE FROM dead WHERE seq <= (SELECT max(seq) FROM"
    " (SELECT seq, sum(length(body)) OVER (ORDER BY seq DESC) AS with_newer FROM dead) WHERE with_newer > ?)"
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was dropped from the outbox: records by the cause, and the lines in them."""

    by_cause: Counter[DropCause] = field(default_factory=Counter)
    lines: int = 0

    @property
    def records(self) -> int:
        """Records of all causes."""
        return self.by_cause.total()

    def and_also(self, other: "Dropped") -> "Dropped":
        """Return this and something else that was dropped."""
        return Dropped(self.by_cause + other.by_cause, self.lines + other.lines)


def let_go(db: sqlite3.Connection, targets: Sequence[str], bounds: Bounds, now_ns: int) -> Dropped:
    """Let go of what all databases have taken, after its time, and of what is too old or too much, the oldest first.

    Where a full outbox is to block, nothing is dropped from it; without a database, nobody would ever make room.
    """
    # Without a database nothing was taken: the outbox fills to its bounds and serves one that is configured later.
    delivered = _taken_by_all(db, targets)
    _let_delivered_go(db, delivered, bounds, now_ns)
    dropped = Dropped()
    if bounds.when_full is WhenFull.DROP_OLDEST or not targets:
        query = "SELECT seq FROM outbox INDEXED BY outbox_by_age WHERE created_ns < ? AND seq > ? AND seq <= ?"
        oldest_ns = now_ns - int(bounds.outbox_max_age_s * 1e9)
        for stretch in aging.stretches(db):
            too_old = db.execute(query, (oldest_ns - stretch.ahead_ns, stretch.after, stretch.last))
            dropped = dropped.and_also(_delete(db, too_old, delivered, DropCause.AGE))
        over = size_of(db) - bounds.outbox_max_bytes
        dropped = dropped.and_also(_drop_some(db, delivered, over, DropCause.BYTES))
    db.execute("DELETE FROM dead WHERE seq <= (SELECT max(seq) FROM dead) - ?", (_MOST_DEAD,))
    db.execute(_DEAD_TOO_MUCH, (_MOST_DEAD_BYTES,))
    return dropped


def drop_oldest(
    db: sqlite3.Connection, targets: Sequence[str], least_bytes: int, cause: DropCause, when_full: WhenFull
) -> Dropped:
    """Let go of the oldest records that have some bytes together, and no more than are needed.

    First of those that all databases have taken; of others only where a full outbox is to drop its oldest.
    """
    before = size_of(db)
    delivered = _taken_by_all(db, targets)
    _delete(db, _oldest(db, delivered, least_bytes), delivered, cause)
    if when_full is WhenFull.BLOCK:
        return Dropped()
    return _drop_some(db, delivered, least_bytes - (before - size_of(db)), cause)


def _taken_by_all(db: sqlite3.Connection, targets: Sequence[str]) -> list[Range]:
    return ranges.common(ranges.ranges_of(db, target) for target in targets)


def _let_delivered_go(db: sqlite3.Connection, delivered: Sequence[Range], bounds: Bounds, now_ns: int) -> None:
    """Let go of what was taken by all and is past its time or its bytes. What is newer by number never goes first.

    Else a record that was sent again could overwrite what a later one, no longer kept, had told in its place.
    """
    last = _last_past_its_time(db, delivered, bounds, now_ns)
    _delete(db, _numbers(db, delivered, last), delivered, DropCause.AGE)
    query = "SELECT coalesce(sum(size), 0) FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ?"
    kept = sum(db.execute(query, stretch).fetchone()[0] for stretch in delivered)
    left = size_of(db) - kept
    over = kept - max(0, min(bounds.outbox_max_bytes // 2, bounds.outbox_max_bytes - left))
    _delete(db, _oldest(db, delivered, over), delivered, DropCause.BYTES)


def _last_past_its_time(db: sqlite3.Connection, delivered: Sequence[Range], bounds: Bounds, now_ns: int) -> int:
    if not bounds.keep_delivered_s:
        return delivered[-1][1] if delivered else 0
    latest = "SELECT max(seq) FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ? AND created_ns < ?"
    before_ns = now_ns - int(bounds.keep_delivered_s * 1e9)
    last = 0
    for stretch in aging.stretches(db):
        for begins, ends in delivered:
            place = max(begins, stretch.after + 1), min(ends, stretch.last), before_ns - stretch.ahead_ns
            last = max(last, db.execute(latest, place).fetchone()[0] or 0)
    return last


def _numbers(db: sqlite3.Connection, stretches: Iterable[Range], last: int) -> Iterator[tuple[int]]:
    query = "SELECT seq FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ?"
    for begins, ends in stretches:
        yield from db.execute(query, (begins, min(ends, last))).fetchall()


def _drop_some(db: sqlite3.Connection, delivered: Sequence[Range], least_bytes: int, cause: DropCause) -> Dropped:
    return _delete(db, _oldest(db, [(1, last_number(db))], least_bytes), delivered, cause)


def _oldest(db: sqlite3.Connection, stretches: Iterable[Range], over: int) -> Iterator[tuple[int]]:
    """Return as many numbers of some stretches, the lowest first, as it takes to be rid of some bytes."""
    query = "SELECT seq, size FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ? ORDER BY seq"
    for stretch in stretches if over > 0 else ():
        for seq, size in db.execute(query, stretch):
            yield (seq,)
            over -= size
            if over <= 0:
                return


def _delete(
    db: sqlite3.Connection, found: Iterable[tuple[int]], delivered: Sequence[Range], cause: DropCause
) -> Dropped:
    """Delete records; return how many of them, and lines, somebody had not taken."""
    numbers = sorted(seq for (seq,) in found)
    query = "SELECT count(*), coalesce(sum(lines), 0) FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ?"
    hours = (
        "INSERT INTO gone SELECT created_ns / ? * ?, count(*), max(created_ns) FROM outbox INDEXED BY outbox_by_number"
        " WHERE seq BETWEEN ? AND ? GROUP BY 1 ON CONFLICT DO UPDATE"
        " SET records = records + excluded.records, last_ns = max(last_ns, excluded.last_ns)"
    )
    records = lines = 0
    names = {*ranges.names(db), GONE}
    for first, last in ranges.runs(numbers):
        for stretch in ranges.between(delivered, first, last):
            counted = db.execute(query, stretch).fetchone()
            records, lines = records + counted[0], lines + counted[1]
        db.execute(hours, (HOUR_NS, HOUR_NS, first, last))
        db.execute("DELETE FROM outbox WHERE seq BETWEEN ? AND ?", (first, last))
        db.execute("DELETE FROM new_lines WHERE seq BETWEEN ? AND ?", (first, last))
        for name in names:
            ranges.add(db, name, first, last)
    return Dropped(Counter({cause: records}) if records else Counter(), lines)
