"""The ledger in the store: appended to, never changed, chained by digests."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from collector.store.commit import LedgerRecord

_MOST_AT_ONCE = 5000
_CHAIN = (
    "SELECT seq, seq, previous, digest, potline, window, start_ns, length_s, revision, reason, CAST(body AS BLOB),"
    " written_ns FROM ledger UNION ALL"
    " SELECT first, last, previous, digest, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM gap ORDER BY 1"
)


def append(db: sqlite3.Connection, records: Iterable[LedgerRecord], written_ns: int) -> None:
    """Append records behind the last one of the chain."""
    # The last record may be a minute that was let go of: then what is kept of its chain is the end.
    last = db.execute("SELECT seq, digest FROM ledger UNION ALL SELECT last, digest FROM gap ORDER BY 1 DESC LIMIT 1")
    _, previous = last.fetchone() or (0, bytes(32))
    rows = []
    for record in records:
        digest = digest_of(previous, record, written_ns)
        columns = (record.potline, record.window, record.start_ns, record.length_s, record.revision, record.reason)
        rows.append((*columns, written_ns, record.body, previous, digest))
        previous = digest
    db.executemany(
        "INSERT INTO ledger (potline, window, start_ns, length_s, revision, reason, written_ns, body, previous, digest)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        rows,
    )


def keep_parameters(db: sqlite3.Connection, parameters: Mapping[str, bytes]) -> None:
    """Keep parameters under their digests; the same digest is the same content."""
    db.executemany("INSERT INTO parameters VALUES (?,?) ON CONFLICT DO NOTHING", parameters.items())


def parameters(db: sqlite3.Connection, digest: str) -> bytes | None:
    """Return the parameters of a digest, if they are kept."""
    row = db.execute("SELECT body FROM parameters WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else bytes(row[0])


def latest_records(db: sqlite3.Connection, potline: str, window: str, start_ns: int, end_ns: int) -> list[LedgerRecord]:
    """Return the records in force of a potline that begin in an interval, in order."""
    rows = db.execute(
        "SELECT potline, window, start_ns, length_s, max(revision), reason, body FROM ledger"
        " WHERE potline = ? AND window = ? AND start_ns >= ? AND start_ns < ? GROUP BY start_ns ORDER BY start_ns",
        (potline, window, start_ns, end_ns),
    )
    return [LedgerRecord(*row) for row in rows]


def last_minute(db: sqlite3.Connection, potline: str) -> int | None:
    """Return the start of the last minute in the ledger [ns], if there is any."""
    query = "SELECT max(start_ns) FROM ledger WHERE potline = ? AND window = 'minute'"
    row = db.execute(query, (potline,)).fetchone()
    return None if row[0] is None else int(row[0])


def last_number(db: sqlite3.Connection) -> int:
    """Return the last number that was given to a record; 0 if there was none."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'").fetchone()
    return 0 if row is None else int(row[0])


def potlines_since(db: sqlite3.Connection, number: int) -> list[str]:
    """Return the potlines of which there is a record behind some number."""
    query = "SELECT DISTINCT potline FROM ledger NOT INDEXED WHERE seq > ?"
    return [potline for (potline,) in db.execute(query, (number,))]


def digest_of(previous: bytes, record: LedgerRecord, written_ns: int) -> bytes:
    """Return the digest of a record: SHA-256 over the previous digest and everything the record says.

    The window's name stands in the body.
    """
    head = json.dumps(
        [record.potline, record.start_ns, record.length_s, record.revision, record.reason, written_ns],
        ensure_ascii=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + head.encode() + b"\n" + record.body).digest()


def let_go(db: sqlite3.Connection, before_ns: int) -> None:
    """Let go of minutes that begin before a time, some at a time; hours and longer stay for ever.

    Of each unbroken run of them ``gap`` keeps the two ends of its chain, so that nothing else can be taken out unseen.
    """
    rows = db.execute(
        "SELECT seq, previous, digest FROM ledger WHERE window = 'minute' AND start_ns < ?"
        " ORDER BY start_ns, seq LIMIT ?",
        (before_ns, _MOST_AT_ONCE),
    ).fetchall()
    for seq, previous, digest in rows:
        first, last, start, end = seq, seq, previous, digest
        below = db.execute("SELECT first, previous FROM gap WHERE last = ?", (seq - 1,)).fetchone()
        above = db.execute("SELECT last, digest FROM gap WHERE first = ?", (seq + 1,)).fetchone()
        if below is not None:
            first, start = below
        if above is not None:
            last, end = above
        db.execute("DELETE FROM gap WHERE first IN (?,?)", (first, seq + 1))
        db.execute("INSERT INTO gap VALUES (?,?,?,?)", (first, last, start, end))
        db.execute("DELETE FROM ledger WHERE seq = ?", (seq,))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the ledger that is not what was written. ``potline`` is empty where the record is not there."""

    seq: int
    potline: str
    start_ns: int
    what: str


def verify(db: sqlite3.Connection, at: Callable[[int], None] | None = None) -> Iterator[Finding]:
    """Compute every digest again and yield what does not fit.

    Minutes that were let go of because of their age are bridged by what is kept of their chain. ``at`` is told the
    number of each record that was looked at.
    """
    # Asked first: a writer beside us may append meanwhile.
    newest = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'ledger'").fetchone()[0]
    last, digest_before = 0, bytes(32)
    for first, end, previous, digest, *said in db.execute(_CHAIN):
        if at is not None:
            at(end)
        potline, start_ns = said[0] or "", said[2] or 0
        if said[0] is not None:
            *columns, written_ns = said
            if digest_of(previous, LedgerRecord(*columns), written_ns) != digest:
                yield Finding(first, potline, start_ns, "was altered after it was written")
        if first != last + 1:
            yield Finding(first, potline, start_ns, "follows a record that is missing")
        elif previous != digest_before:
            yield Finding(first, potline, start_ns, "does not follow the record before it")
        last, digest_before = end, digest
    if last < newest:
        yield Finding(newest, "", 0, "is missing at the end")
