"""The outbox in the store: what each database still has to take, and what is sent again."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.readings.outgoing import DeadLetter, OutboxRecord, Rendered, WhenFull
from collector.store import aging, frame, ranges
from collector.store.new_lines import NewLines
from collector.store.ranges import GONE, Range

_MOST_AT_ONCE = 500
_NOTHING = Rendered()
HOUR_NS = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class Behind:
    """What a database has not taken yet: records, lines, bytes on disk; when the oldest of it was written [ns].

    ``oldest_ns`` is 0 where it has taken everything; the lag is the time from then until now.
    """

    records: int
    lines: int
    size_bytes: int
    oldest_ns: int


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How full the outbox is: records, bytes on disk, and when the oldest was written; ``dead`` letters kept.

    ``oldest_ns`` is UTC [ns] as the machine's clock goes now, whatever it showed then; 0 for an empty outbox.

    Where some databases were asked about, what all of them have taken is told apart, as ``delivered``: it is kept only
    to be sent again. ``behind`` says what each of them has not taken.
    """

    records: int
    size_bytes: int
    oldest_ns: int
    dead: int
    delivered: int = 0
    delivered_bytes: int = 0
    behind: Mapping[str, Behind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resent:
    """What is sent again: ``records`` of the period that are kept, and those that had to follow them.

    ``gone`` records of the hours of the period, the first and the last one whole, are no longer kept; everything that
    was written from ``kept_from_ns`` on is.
    """

    records: int
    followed: int
    gone: int
    kept_from_ns: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of what is kept, in bytes and seconds, and what happens when the outbox has as much.

    What all databases have taken is kept for ``keep_delivered_s``, in half of the outbox's bytes at the most, and goes
    first where space is needed.
    """

    outbox_max_bytes: int
    outbox_max_age_s: float
    keep_inputs_s: float
    keep_minutes_s: float
    when_full: WhenFull = WhenFull.DROP_OLDEST
    keep_delivered_s: float = 0.0


def append(
    db: sqlite3.Connection,
    lines: Sequence[bytes],
    created_ns: int,
    known: NewLines | None = None,
    *,
    rendered: Rendered = _NOTHING,
) -> int:
    """Append what was rendered, and lines behind it, as one record, compressed once.

    Note whether it tells nothing that was told before. Return its bytes on disk.
    """
    if not (lines or rendered.lines):
        return 0
    seq = last_number(db) + 1
    head, body = frame.pack([*rendered.lines, *lines], seq=seq, created_ns=created_ns)
    db.execute(
        "INSERT INTO outbox (seq, created_ns, lines, raw_bytes, size, body) VALUES (?,?,?,?,?,?)",
        (head.seq, head.created_ns, head.lines, head.raw_bytes, head.size, body),
    )
    if known is not None and known.are_all(seq, lines, lambda: _written_until_ns(db, seq), spans=rendered.spans):
        db.execute("INSERT INTO new_lines VALUES (?)", (seq,))
    return head.size


def append_for(
    db: sqlite3.Connection, target: str, lines: Sequence[bytes], created_ns: int, others: Sequence[str]
) -> None:
    """Append lines as one record that one database takes, and of several others none."""
    append(db, lines, created_ns)
    seq = last_number(db)
    for other in {*others, *ranges.names(db)} - {target, GONE}:
        ranges.adopt(db, other)
        ranges.add(db, other, seq, seq)


def _written_until_ns(db: sqlite3.Connection, before: int) -> int | None:
    """Return the latest time at which a record before some number was written, of those that are kept [ns]."""
    query = "SELECT max(created_ns) FROM outbox INDEXED BY outbox_by_number WHERE seq < ?"
    found: int | None = db.execute(query, (before,)).fetchone()[0]
    return found


def last_number(db: sqlite3.Connection) -> int:
    """Return the last number that was given to a record."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    return 0 if row is None else int(row[0])


def pending(db: sqlite3.Connection, target: str, most_bytes: int, under_way: Iterable[int] = ()) -> list[OutboxRecord]:
    """Return the oldest records that a database has not taken: at least one if there are any, up to some size.

    Without those that are ``under_way`` to it, and without those that must wait for older ones, also for what is under
    way. A number for which there is no record, though none was let go of, stands for itself: not whole, and empty.
    """
    return _up_to(_due(db, target, under_way), most_bytes)


def newest(
    db: sqlite3.Connection,
    target: str,
    *,
    most_bytes: int,
    since_ns: int,
    after: int = 0,
    under_way: Iterable[int] = (),
) -> list[OutboxRecord]:
    """Return records that a database has not taken: those written since some time, behind some number.

    Without those that are ``under_way`` to it.
    """
    query = "SELECT min(seq) FROM outbox INDEXED BY outbox_by_age WHERE created_ns >= ?"
    first = db.execute(query, (since_ns,)).fetchone()[0]
    if first is None:
        return []
    return _up_to(_left(db, target, max(first, after + 1), under_way), most_bytes)


def _up_to(records: Iterator[OutboxRecord], most_bytes: int) -> list[OutboxRecord]:
    found: list[OutboxRecord] = []
    size = 0
    for record in records:
        size += record.raw_bytes
        if found and (size > most_bytes or len(found) == _MOST_AT_ONCE):
            break
        found.append(record)
    return found


_IN_ORDER = (
    "SELECT outbox.seq, lines, raw_bytes, body, created_ns, new_lines.seq IS NOT NULL FROM outbox"
    " LEFT JOIN new_lines ON new_lines.seq = outbox.seq WHERE outbox.seq BETWEEN ? AND ? ORDER BY outbox.seq"
)
# Those that are new are looked for, so that all others are not read to no purpose.
_NEW = (
    "SELECT outbox.seq, lines, raw_bytes, body, created_ns, 1 FROM new_lines"
    " CROSS JOIN outbox ON outbox.seq = new_lines.seq WHERE new_lines.seq BETWEEN ? AND ? ORDER BY new_lines.seq"
)


def _due(db: sqlite3.Connection, target: str, under_way: Iterable[int]) -> Iterator[OutboxRecord]:
    """Return what a database has not taken and what need not wait, in order; what is missing, too, in its turn."""
    lowest = ranges.lowest_left(db, target)
    for begins, ends in _not_taken(db, target, 1, under_way):
        if lowest < begins:
            yield from (_record(*row) for row in db.execute(_NEW, (begins, ends)))
            continue
        expected = begins
        for row in db.execute(_IN_ORDER, (begins, ends)):
            yield from (_missing(number) for number in range(expected, row[0]))
            yield _record(*row)
            expected = row[0] + 1
        yield from (_missing(number) for number in range(expected, ends + 1))


def _left(db: sqlite3.Connection, target: str, first: int, under_way: Iterable[int]) -> Iterator[OutboxRecord]:
    """Return what a database has not taken from a number on, in order."""
    lowest = ranges.lowest_left(db, target)
    is_behind = False
    for begins, ends in _not_taken(db, target, first, under_way):
        is_behind = is_behind or lowest < begins
        expected = begins
        for row in db.execute(_IN_ORDER, (begins, ends)):
            is_behind = is_behind or expected < row[0]
            yield _record(*row, is_behind=is_behind)
            expected = row[0] + 1
        is_behind = is_behind or expected <= ends


def _not_taken(db: sqlite3.Connection, target: str, first: int, under_way: Iterable[int]) -> Iterator[Range]:
    """Return the numbers from some number on that a database has not taken and that are not on their way to it."""
    taken = sorted([*ranges.ranges_of(db, target), *ranges.runs(sorted(under_way))])
    return ranges.between(taken, first, last_number(db))


def _missing(seq: int) -> OutboxRecord:
    return OutboxRecord(seq, 0, 0, b"", is_whole=False)


def _record(
    seq: int, lines: int, raw_bytes: int, body: bytes, created_ns: int, are_new: int, *, is_behind: bool = False
) -> OutboxRecord:
    """Return a record as its member tells it, for that is what a checksum guards; a damaged one as the table has it."""
    head = frame.head_of(body)
    if head is None:  # written by a collector whose members said nothing of themselves, or damaged where they say it
        is_whole = frame.unpacks(body)
    else:
        is_whole = frame.is_whole(head, body)
        if is_whole:
            lines, raw_bytes = head.lines, head.raw_bytes
    must_wait = is_behind and not are_new
    return OutboxRecord(seq, lines, raw_bytes, body, is_whole, must_wait, created_ns, is_new=bool(are_new))


def take(db: sqlite3.Connection, target: str, numbers: Iterable[int]) -> None:
    """Note that a database has taken records, given in ascending order.

    One that may tell again what older ones tell is noted only if those were taken: else it is offered again after them.
    """
    ranges.adopt(db, target)
    for first, last in ranges.runs(numbers):
        if ranges.lowest_left(db, target) >= first:
            ranges.add(db, target, first, last)
            continue
        new = db.execute("SELECT seq FROM new_lines WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last)).fetchall()
        for begins, ends in ranges.runs(seq for (seq,) in new):
            ranges.add(db, target, begins, ends)


def rewind(db: sqlite3.Connection, target: str, to_ns: int) -> Resent:
    """Let a database take again everything that was written from some time on."""
    query = "SELECT min(seq) FROM outbox INDEXED BY outbox_by_age WHERE created_ns >= ?"
    first = db.execute(query, (to_ns,)).fetchone()[0]
    gone, kept_from_ns = _gone(db, to_ns, None)
    if first is None:
        return Resent(0, 0, gone, kept_from_ns)
    ranges.remove(db, target, first, last_number(db))
    count = "SELECT count(*) FROM outbox INDEXED BY outbox_by_number WHERE seq >= ?"
    return Resent(db.execute(count, (first,)).fetchone()[0], 0, gone, kept_from_ns)


def resend(db: sqlite3.Connection, target: str, from_ns: int, to_ns: int) -> Resent:
    """Let a database take again what was written in a period, and later records that may tell something of it again."""
    query = "SELECT seq FROM outbox INDEXED BY outbox_by_age WHERE created_ns >= ? AND created_ns < ?"
    found = {seq for (seq,) in db.execute(query, (from_ns, to_ns))}
    follow: set[int] = set()
    if found:
        later = (
            "SELECT seq FROM outbox INDEXED BY outbox_by_number"
            " WHERE seq > ? AND NOT EXISTS (SELECT 1 FROM new_lines WHERE new_lines.seq = outbox.seq)"
        )
        follow = {seq for (seq,) in db.execute(later, (min(found),))} - found
    for first, last in ranges.runs(sorted(found | follow)):
        ranges.remove(db, target, first, last)
    return Resent(len(found), len(follow), *_gone(db, from_ns, to_ns))


def _gone(db: sqlite3.Connection, from_ns: int, to_ns: int | None) -> tuple[int, int]:
    """Return how many records of the hours of a period are no longer kept, and since when everything is [ns]."""
    before_ns = db.execute("SELECT max(last_ns) FROM gone").fetchone()[0]
    query = "SELECT coalesce(sum(records), 0) FROM gone WHERE hour_ns >= ? AND hour_ns < ?"
    until_ns = (1 << 63) - 1 if to_ns is None else to_ns
    records = db.execute(query, (from_ns // HOUR_NS * HOUR_NS, until_ns)).fetchone()[0]
    return records, 0 if before_ns is None else before_ns + 1


def state(db: sqlite3.Connection, targets: Iterable[str] = ()) -> OutboxState:
    """Return how full the outbox is, and what each of some databases has not taken."""
    dead = db.execute("SELECT count(*) FROM dead").fetchone()[0]
    everything = _left_of(db, ())
    taken = {target: ranges.ranges_of(db, target) for target in targets}
    if not taken:
        return OutboxState(everything.records, everything.size_bytes, everything.oldest_ns, dead)
    left = _left_of(db, ranges.common(taken.values()))
    behind = {target: _left_of(db, each) for target, each in taken.items()}
    delivered = everything.records - left.records, everything.size_bytes - left.size_bytes
    return OutboxState(left.records, left.size_bytes, left.oldest_ns, dead, *delivered, behind)


def size_of(db: sqlite3.Connection) -> int:
    """Return the size of all records [bytes]."""
    return int(db.execute("SELECT coalesce(sum(size), 0) FROM outbox INDEXED BY outbox_by_number").fetchone()[0])


def _left_of(db: sqlite3.Connection, taken: Iterable[Range]) -> Behind:
    """Return what is in no range of some that were taken."""
    query = (
        "SELECT count(*), sum(lines), sum(size), min(seq) FROM outbox INDEXED BY outbox_by_number"
        " WHERE seq BETWEEN ? AND ?"
    )
    records = lines = size = oldest = 0
    for left in ranges.between(taken, 1, last_number(db)):
        count, of_lines, of_bytes, first = db.execute(query, left).fetchone()
        if count:
            oldest = oldest or first
            records, lines, size = records + count, lines + of_lines, size + of_bytes
    return Behind(records, lines, size, _written_ns(db, oldest) if oldest else 0)


def oldest_left_ns(db: sqlite3.Connection, target: str) -> int:
    """Return when the oldest record was written that a database has not taken [UTC ns, as the clock goes now].

    0 if it has taken everything. Nothing is counted: this is cheap however long the outbox is.
    """
    query = "SELECT min(seq) FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ?"
    for left in ranges.between(ranges.ranges_of(db, target), 1, last_number(db)):
        seq = db.execute(query, left).fetchone()[0]
        if seq is not None:
            return _written_ns(db, seq)
    return 0


def _written_ns(db: sqlite3.Connection, seq: int) -> int:
    query = "SELECT created_ns FROM outbox INDEXED BY outbox_by_number WHERE seq = ?"
    return aging.redated(db, seq, db.execute(query, (seq,)).fetchone()[0])


def write_dead(db: sqlite3.Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep dead letters."""
    db.executemany(
        "INSERT INTO dead (time_ns, source, place, body, reason) VALUES (?,?,?,?,?)",
        ((letter.time_ns, letter.source, letter.place, letter.body, letter.reason) for letter in letters),
    )
