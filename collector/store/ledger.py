"""The ledger in the store: appended to, never changed, chained by digests."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from collector.store.commit import LedgerRecord


def append(db: sqlite3.Connection, record: LedgerRecord, written_ns: int) -> None:
    """Append a record behind the last one of the chain."""
    last = db.execute("SELECT digest FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
    previous = last[0] if last else bytes(32)
    db.execute(
        "INSERT INTO ledger (potline, start_ns, length_s, revision, reason, written_ns, body, previous, digest)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        (
            record.potline,
            record.start_ns,
            record.length_s,
            record.revision,
            record.reason,
            written_ns,
            record.body,
            previous,
            digest_of(previous, record, written_ns),
        ),
    )


def latest_records(
    db: sqlite3.Connection, potline: str, length_s: int, start_ns: int, end_ns: int
) -> list[LedgerRecord]:
    """Return the records in force of a potline that begin in an interval, in order."""
    rows = db.execute(
        "SELECT potline, start_ns, length_s, max(revision), reason, body FROM ledger"
        " WHERE potline = ? AND length_s = ? AND start_ns >= ? AND start_ns < ? GROUP BY start_ns ORDER BY start_ns",
        (potline, length_s, start_ns, end_ns),
    )
    return [LedgerRecord(*row) for row in rows]


def last_minute(db: sqlite3.Connection, potline: str) -> int | None:
    """Return the start of the last minute in the ledger [ns], if there is any."""
    query = "SELECT max(start_ns) FROM ledger WHERE potline = ? AND length_s = 60"
    row = db.execute(query, (potline,)).fetchone()
    return None if row[0] is None else int(row[0])


def digest_of(previous: bytes, record: LedgerRecord, written_ns: int) -> bytes:
    """Return the digest of a record: SHA-256 over the previous digest and everything the record says."""
    head = json.dumps(
        [record.potline, record.start_ns, record.length_s, record.revision, record.reason, written_ns],
        ensure_ascii=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(previous + head.encode() + b"\n" + record.body).digest()


@dataclass(frozen=True, slots=True)
class Finding:
    """A record of the ledger that is not what was written."""

    seq: int
    potline: str
    start_ns: int
    what: str


def verify(db: sqlite3.Connection) -> Iterator[Finding]:
    """Compute every digest again and yield what does not fit.

    Minutes that were let go of because of their age leave gaps in the numbering; across a gap only the record itself
    can be checked.
    """
    before_seq, before_digest = 0, bytes(32)
    rows = db.execute(
        "SELECT seq, potline, start_ns, length_s, revision, reason, body, written_ns, previous, digest"
        " FROM ledger ORDER BY seq"
    )
    for seq, potline, start_ns, length_s, revision, reason, body, written_ns, previous, digest in rows:
        record = LedgerRecord(potline, start_ns, length_s, revision, reason, body)
        if digest_of(previous, record, written_ns) != digest:
            yield Finding(seq, potline, start_ns, "was altered after it was written")
        elif seq == before_seq + 1 and previous != before_digest:
            yield Finding(seq, potline, start_ns, "does not follow the record before it")
        before_seq, before_digest = seq, digest
