"""Altering a ledger as somebody does who knows its chain: every digest from there on is made anew."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from collector.store import ledger
from collector.store.commit import LedgerRecord


def body_of(path: Path, potline: str, window: str, start_ns: int | None = None) -> bytes:
    """Return the body of the first entry in force of a window, or of the one that begins at a time."""
    with closing(sqlite3.connect(path)) as db:
        records = ledger.latest_records(db, potline, window, start_ns or 0, (start_ns or 2**62) + 1)
    return records[0].body


def put_body(path: Path, potline: str, window: str, old: bytes, new: bytes) -> None:
    """Put another body in place of one, and hash the chain anew."""
    with closing(sqlite3.connect(path)) as db, db:
        changed = db.execute(
            "UPDATE ledger SET body = ? WHERE potline = ? AND window = ? AND body = ?", (new, potline, window, old)
        )
        assert changed.rowcount == 1
        rehash(db)


def rehash(db: sqlite3.Connection) -> None:
    """Make every digest of the chain anew."""
    previous = bytes(32)
    rows = db.execute(
        "SELECT potline, window, start_ns, length_s, revision, reason, body, written_ns, seq FROM ledger ORDER BY seq"
    ).fetchall()
    for *columns, written_ns, seq in rows:
        digest = ledger.digest_of(previous, LedgerRecord(*columns), written_ns)
        db.execute("UPDATE ledger SET previous = ?, digest = ? WHERE seq = ?", (previous, digest, seq))
        previous = digest


def with_last_digit_changed(body: bytes, key: str) -> bytes:
    """Return a body in which one digit of the first number under a key is another one: the last that makes a change."""
    number = re.search(rb'"%s":([0-9][0-9.]*)' % key.encode(), body)
    assert number is not None, body
    for place in reversed(range(number.start(1), number.end(1))):
        if body[place : place + 1] != b".":
            changed = body[:place] + b"%d" % ((int(body[place : place + 1]) + 1) % 10) + body[place + 1 :]
            if msgspec.json.decode(changed) != msgspec.json.decode(body):
                return changed
    raise AssertionError(f"no digit of {key} in {body!r} makes a change")
