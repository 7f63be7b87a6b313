"""The outbox in the store: what each database still has to take, and what is let go of."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collector.readings.outgoing import DeadLetter, OutboxRecord
from collector.store import frame, ranges
from collector.store.new_lines import NewLines
from collector.store.ranges import GONE, Range

_MOST_DEAD = 100_000
_MOST_DEAD_BYTES = 256 * 1024 * 1024
_MOST_AT_ONCE = 500
_HOUR_NS = 3600 * 10**9
_DEAD_TOO_MUCH = (
    "DELETE FROM dead WHERE seq <= (SELECT max(seq) FROM"
    " (SELECT seq, sum(length(body)) OVER (ORDER BY seq DESC) AS with_newer FROM dead) WHERE with_newer > ?)"
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was dropped because of the outbox's bounds."""

    records: int
    lines: int


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
    """How full the outbox is: records, bytes on disk, and when the oldest was written [ns]; ``dead`` letters kept.

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
    """How much of what is kept, in bytes and seconds.

    What all databases have taken is kept for ``keep_delivered_s``, in half of the outbox's bytes at the most, and goes
    first where space is needed.
    """

    outbox_max_bytes: int
    outbox_max_age_s: float
    keep_inputs_s: float
    keep_minutes_s: float
    keep_delivered_s: float = 0.0


def append(db: sqlite3.Connection, lines: Sequence[bytes], created_ns: int, known: NewLines | None = None) -> None:
    """Append lines as one record, compressed once, and note whether it tells nothing that was told before."""
    if not lines:
        return
    seq = last_number(db) + 1
    head, body = frame.pack(lines, seq=seq, created_ns=created_ns)
    db.execute(
        "INSERT INTO outbox (seq, created_ns, lines, raw_bytes, size, body) VALUES (?,?,?,?,?,?)",
        (head.seq, head.created_ns, head.lines, head.raw_bytes, head.size, body),
    )
    if known is not None and known.are_all(seq, lines):
        db.execute("INSERT INTO new_lines VALUES (?)", (seq,))


def append_for(
    db: sqlite3.Connection, target: str, lines: Sequence[bytes], created_ns: int, others: Sequence[str]
) -> None:
    """Append lines as one record that one database takes, and of several others none."""
    append(db, lines, created_ns)
    seq = last_number(db)
    for other in {*others, *ranges.names(db)} - {target, GONE}:
        ranges.adopt(db, other)
        ranges.add(db, other, seq, seq)


def last_number(db: sqlite3.Connection) -> int:
    """Return the last number that was given to a record."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    return 0 if row is None else int(row[0])


def pending(db: sqlite3.Connection, target: str, most_bytes: int) -> list[OutboxRecord]:
    """Return the oldest records that a database has not taken: at least one, up to some size of line protocol.

    A number for which there is no record, though none was let go of, stands for itself: not whole, and empty.
    """
    return _up_to(_left(db, target, 1, holes=True), most_bytes)


def newest(
    db: sqlite3.Connection, target: str, *, most_bytes: int, since_ns: int, after: int = 0
) -> list[OutboxRecord]:
    """Return records that a database has not taken: those written since some time, behind some number."""
    query = "SELECT min(seq) FROM outbox INDEXED BY outbox_by_age WHERE created_ns >= ?"
    first = db.execute(query, (since_ns,)).fetchone()[0]
    if first is None:
        return []
    return _up_to(_left(db, target, max(first, after + 1), holes=False), most_bytes)


def _up_to(records: Iterator[OutboxRecord], most_bytes: int) -> list[OutboxRecord]:
    found: list[OutboxRecord] = []
    size = 0
    for record in records:
        size += record.raw_bytes
        if found and (size > most_bytes or len(found) == _MOST_AT_ONCE):
            break
        found.append(record)
    return found


def _left(db: sqlite3.Connection, target: str, first: int, *, holes: bool) -> Iterator[OutboxRecord]:
    """Return what a database has not taken from a number on, in order; where asked for, what is missing, too."""
    lowest = ranges.lowest_left(db, target)
    query = (
        "SELECT outbox.seq, lines, raw_bytes, body, created_ns, new_lines.seq IS NOT NULL FROM outbox"
        " LEFT JOIN new_lines ON new_lines.seq = outbox.seq"
        " WHERE outbox.seq BETWEEN ? AND ? ORDER BY outbox.seq"
    )
    is_behind = False
    for begins, ends in ranges.between(ranges.ranges_of(db, target), first, last_number(db)):
        is_behind = is_behind or lowest < begins
        expected = begins
        for seq, lines, raw_bytes, body, created_ns, are_new in db.execute(query, (begins, ends)):
            if holes:
                yield from (_missing(number) for number in range(expected, seq))
            else:
                is_behind = is_behind or expected < seq
            yield _record(seq, lines, raw_bytes, body, created_ns, must_wait=is_behind and not are_new)
            expected = seq + 1
        if holes:
            yield from (_missing(number) for number in range(expected, ends + 1))
        else:
            is_behind = is_behind or expected <= ends


def _missing(seq: int) -> OutboxRecord:
    return OutboxRecord(seq, 0, 0, b"", is_whole=False)


def _record(seq: int, lines: int, raw_bytes: int, body: bytes, created_ns: int, *, must_wait: bool) -> OutboxRecord:
    """Return a record as its member tells it, for that is what a checksum guards."""
    head = frame.head_of(body)
    if head is None:  # written by a collector whose members said nothing of themselves, or damaged
        return OutboxRecord(seq, lines, raw_bytes, body, must_wait=must_wait, created_ns=created_ns)
    is_whole = frame.is_whole(head, body)
    return OutboxRecord(seq, head.lines, head.raw_bytes, body, is_whole, must_wait, created_ns)


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
    records = db.execute(query, (from_ns // _HOUR_NS * _HOUR_NS, until_ns)).fetchone()[0]
    return records, 0 if before_ns is None else before_ns + 1


def state(db: sqlite3.Connection, targets: Iterable[str] = ()) -> OutboxState:
    """Return how full the outbox is, and what each of some databases has not taken."""
    row = db.execute("SELECT count(*), coalesce(sum(size), 0), coalesce(min(created_ns), 0) FROM outbox")
    records, size, oldest_ns = row.fetchone()
    dead = db.execute("SELECT count(*) FROM dead").fetchone()[0]
    taken = {target: ranges.ranges_of(db, target) for target in targets}
    if not taken:
        return OutboxState(records, size, oldest_ns, dead)
    left = _left_of(db, ranges.common(taken.values()))
    behind = {target: _left_of(db, each) for target, each in taken.items()}
    delivered = records - left.records, size - left.size_bytes
    return OutboxState(left.records, left.size_bytes, left.oldest_ns, dead, *delivered, behind)


def _left_of(db: sqlite3.Connection, taken: Iterable[Range]) -> Behind:
    """Return what is in no range of some that were taken."""
    query = (
        "SELECT count(*), sum(lines), sum(size), min(created_ns) FROM outbox INDEXED BY outbox_by_number"
        " WHERE seq BETWEEN ? AND ?"
    )
    records = lines = size = oldest_ns = 0
    for left in ranges.between(taken, 1, last_number(db)):
        count, of_lines, of_bytes, since_ns = db.execute(query, left).fetchone()
        if count:
            oldest_ns = min(oldest_ns, since_ns) if records else since_ns
            records, lines, size = records + count, lines + of_lines, size + of_bytes
    return Behind(records, lines, size, oldest_ns)


def write_dead(db: sqlite3.Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep dead letters."""
    db.executemany(
        "INSERT INTO dead (time_ns, source, place, body, reason) VALUES (?,?,?,?,?)",
        ((letter.time_ns, letter.source, letter.place, letter.body, letter.reason) for letter in letters),
    )


def let_go(db: sqlite3.Connection, targets: Sequence[str], bounds: Bounds, now_ns: int) -> Dropped:
    """Let go of what all databases have taken, after its time, and of what is too old or too much, the oldest first."""
    # Without a database nothing was taken: the outbox fills to its bounds and serves one that is configured later.
    delivered = ranges.common(ranges.ranges_of(db, target) for target in targets)
    _let_delivered_go(db, delivered, bounds, now_ns)
    query = "SELECT seq FROM outbox INDEXED BY outbox_by_age WHERE created_ns < ?"
    dropped = _delete(db, db.execute(query, (now_ns - int(bounds.outbox_max_age_s * 1e9),)), delivered)
    over = state(db).size_bytes - bounds.outbox_max_bytes
    if over > 0:
        more = _delete(db, _oldest(db, [(1, last_number(db))], over), delivered)
        dropped = Dropped(dropped.records + more.records, dropped.lines + more.lines)
    db.execute("DELETE FROM dead WHERE seq <= (SELECT max(seq) FROM dead) - ?", (_MOST_DEAD,))
    db.execute(_DEAD_TOO_MUCH, (_MOST_DEAD_BYTES,))
    return dropped


def _let_delivered_go(db: sqlite3.Connection, delivered: Sequence[Range], bounds: Bounds, now_ns: int) -> None:
    """Let go of what was taken by all and is past its time or its bytes. What is newer by number never goes first.

    Else a record that was sent again could overwrite what a later one, no longer kept, had told in its place.
    """
    last = 0
    latest = "SELECT max(seq) FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ? AND created_ns < ?"
    for begins, ends in delivered:
        seq = db.execute(latest, (begins, ends, now_ns - int(bounds.keep_delivered_s * 1e9))).fetchone()[0]
        last = max(last, seq or 0)
    _delete(db, _numbers(db, delivered, last), delivered)
    query = "SELECT coalesce(sum(size), 0) FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ?"
    kept = sum(db.execute(query, stretch).fetchone()[0] for stretch in delivered)
    left = state(db).size_bytes - kept
    over = kept - max(0, min(bounds.outbox_max_bytes // 2, bounds.outbox_max_bytes - left))
    if over > 0:
        _delete(db, _oldest(db, delivered, over), delivered)


def _numbers(db: sqlite3.Connection, stretches: Iterable[Range], last: int) -> Iterator[tuple[int]]:
    query = "SELECT seq FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ?"
    for begins, ends in stretches:
        yield from db.execute(query, (begins, min(ends, last))).fetchall()


def _oldest(db: sqlite3.Connection, stretches: Iterable[Range], over: int) -> Iterator[tuple[int]]:
    """Return as many numbers of some stretches, the lowest first, as it takes to be rid of some bytes."""
    query = "SELECT seq, size FROM outbox INDEXED BY outbox_by_number WHERE seq BETWEEN ? AND ? ORDER BY seq"
    for stretch in stretches:
        for seq, size in db.execute(query, stretch).fetchall():
            yield (seq,)
            over -= size
            if over <= 0:
                return


def _delete(db: sqlite3.Connection, found: Iterable[tuple[int]], delivered: Sequence[Range]) -> Dropped:
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
        db.execute(hours, (_HOUR_NS, _HOUR_NS, first, last))
        db.execute("DELETE FROM outbox WHERE seq BETWEEN ? AND ?", (first, last))
        db.execute("DELETE FROM new_lines WHERE seq BETWEEN ? AND ?", (first, last))
        for name in names:
            ranges.add(db, name, first, last)
    return Dropped(records, lines)
