"""The outbox in the store: what each database still has to take, and what is let go of."""

import gzip
import sqlite3
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.readings.outgoing import DeadLetter, DropCause, OutboxRecord, WhenFull
from collector.store import aging, frame

_MOST_DEAD = 100_000
_MOST_DEAD_BYTES = 256 * 1024 * 1024
_MOST_AT_ONCE = 500
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


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How full the outbox is: records, bytes on disk, and when the oldest was written; ``dead`` letters kept.

    ``oldest_ns`` is UTC [ns] as the machine's clock goes now, whatever it showed then; 0 for an empty outbox.
    """

    records: int
    size_bytes: int
    oldest_ns: int
    dead: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of what is kept, in bytes and seconds, and what happens when the outbox has as much."""

    outbox_max_bytes: int
    outbox_max_age_s: float
    keep_inputs_s: float
    keep_minutes_s: float
    when_full: WhenFull = WhenFull.DROP_OLDEST


def append(db: sqlite3.Connection, lines: Sequence[bytes], created_ns: int) -> int:
    """Append lines as one record, compressed once; return its bytes on disk."""
    if not lines:
        return 0
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    head, body = frame.pack(lines, seq=1 if row is None else row[0] + 1, created_ns=created_ns)
    db.execute(
        "INSERT INTO outbox (seq, created_ns, lines, raw_bytes, size, body) VALUES (?,?,?,?,?,?)",
        (head.seq, head.created_ns, head.lines, head.raw_bytes, head.size, body),
    )
    return head.size


def pending(db: sqlite3.Connection, target: str, most_bytes: int) -> list[OutboxRecord]:
    """Return the next records that a database has not taken: at least one, up to some size of line protocol."""
    query = (
        "SELECT seq, lines, raw_bytes, body FROM outbox"
        " WHERE seq > coalesce((SELECT seq FROM cursor WHERE target = ?), 0) ORDER BY seq LIMIT ?"
    )
    found: list[OutboxRecord] = []
    size = 0
    for row in db.execute(query, (target, _MOST_AT_ONCE)):
        record = _record(*row)
        size += record.raw_bytes
        if found and size > most_bytes:
            break
        found.append(record)
    return found


def _record(seq: int, lines: int, raw_bytes: int, body: bytes) -> OutboxRecord:
    """Return a record as its member tells it, for that is what a checksum guards."""
    head = frame.head_of(body)
    if head is None:  # written by a collector whose members said nothing of themselves, or damaged
        return OutboxRecord(seq, lines, raw_bytes, body, is_whole=_unpacks(body))
    return OutboxRecord(seq, head.lines, head.raw_bytes, body, is_whole=frame.is_whole(head, body))


def _unpacks(body: bytes) -> bool:
    try:
        gzip.decompress(body)
    except (OSError, EOFError, zlib.error):  # OSError: its first bytes are not those of gzip
        return False
    return True


def advance(db: sqlite3.Connection, target: str, seq: int) -> None:
    """Note that a database has taken everything up to a record."""
    db.execute("INSERT OR REPLACE INTO cursor VALUES (?,?)", (target, seq))


def state(db: sqlite3.Connection) -> OutboxState:
    """Return how full the outbox is."""
    records, size = db.execute("SELECT count(*), coalesce(sum(size), 0) FROM outbox").fetchone()
    dead = db.execute("SELECT count(*) FROM dead").fetchone()[0]
    oldest = db.execute("SELECT seq, created_ns FROM outbox WHERE seq = (SELECT min(seq) FROM outbox)").fetchone()
    return OutboxState(records, size, 0 if oldest is None else aging.redated(db, *oldest), dead)


def write_dead(db: sqlite3.Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep dead letters."""
    db.executemany(
        "INSERT INTO dead (time_ns, source, place, body, reason) VALUES (?,?,?,?,?)",
        ((letter.time_ns, letter.source, letter.place, letter.body, letter.reason) for letter in letters),
    )


def let_go(db: sqlite3.Connection, targets: Sequence[str], bounds: Bounds, now_ns: int) -> Dropped:
    """Let go of what all databases have taken, and of what is too old or too much, the oldest first.

    Where a full outbox is to block, nothing is dropped from it; without a database, nobody would ever make room.
    """
    cursors = dict(db.execute("SELECT target, seq FROM cursor"))
    # Without a database nothing was taken: the outbox fills to its bounds and serves one that is configured later.
    taken = min((cursors.get(target, 0) for target in targets), default=0)
    db.execute("DELETE FROM outbox WHERE seq <= ?", (taken,))
    dropped = Dropped()
    if bounds.when_full is WhenFull.DROP_OLDEST or not targets:
        oldest_ns = now_ns - int(bounds.outbox_max_age_s * 1e9)
        for stretch in aging.stretches(db):
            where = "created_ns < ? AND seq > ? AND seq <= ?"
            place = oldest_ns - stretch.ahead_ns, stretch.after, stretch.last
            dropped = dropped.and_also(_drop(db, DropCause.AGE, where, *place))
        over = state(db).size_bytes - bounds.outbox_max_bytes
        dropped = dropped.and_also(drop_oldest(db, over, DropCause.BYTES))
    db.execute("DELETE FROM dead WHERE seq <= (SELECT max(seq) FROM dead) - ?", (_MOST_DEAD,))
    db.execute(_DEAD_TOO_MUCH, (_MOST_DEAD_BYTES,))
    return dropped


def drop_oldest(db: sqlite3.Connection, least_bytes: int, cause: DropCause) -> Dropped:
    """Drop the oldest records that have some bytes together, and no more than are needed."""
    last, left = 0, least_bytes
    if left > 0:
        for seq, size in db.execute("SELECT seq, size FROM outbox ORDER BY seq"):
            last, left = seq, left - size
            if left <= 0:
                break
    return _drop(db, cause, "seq <= ?", last)


def _drop(db: sqlite3.Connection, cause: DropCause, condition: str, *bounds: int) -> Dropped:
    query = f"SELECT count(*), coalesce(sum(lines), 0) FROM outbox WHERE {condition}"  # noqa: S608 - constants
    records, lines = db.execute(query, bounds).fetchone()
    db.execute(f"DELETE FROM outbox WHERE {condition}", bounds)  # noqa: S608 - constants
    return Dropped(Counter({cause: records}) if records else Counter(), lines)
