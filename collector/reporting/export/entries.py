"""Records of the ledger for an export: in order of time, in portions, with what is in force marked."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace

from collector.store.commit import LedgerRecord

MOST_AT_ONCE = 2000
_PAGE = (
    "SELECT seq, written_ns, previous, digest, potline, window, start_ns, length_s, revision, reason,"
    " CAST(body AS BLOB) FROM ledger WHERE potline = ? AND window = ? AND start_ns < ? AND seq <= ?"
    " AND (start_ns, revision) > (?, ?) ORDER BY start_ns, revision LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Which entries: those that begin from a time to another [UTC ns], up to a last one (``seq``)."""

    start_ns: int
    end_ns: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as it lies in the ledger. ``is_in_force``: no later revision says something else."""

    seq: int
    written_ns: int
    previous: bytes
    digest: bytes
    record: LedgerRecord
    is_in_force: bool


def last_entry(db: sqlite3.Connection) -> tuple[int, bytes]:
    """Return number and digest of the ledger's last entry; 0 and nothing where it is empty."""
    row = db.execute("SELECT seq, digest FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, b"") if row is None else (int(row[0]), bytes(row[1]))


def names(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return of which potlines the ledger has which windows, in order; the plant as a whole has an empty name."""
    # From key to key: the ledger may hold millions of entries of few kinds.
    found: list[tuple[str, str]] = []
    row = db.execute("SELECT potline, window FROM ledger ORDER BY potline, window LIMIT 1").fetchone()
    while row is not None:
        found.append((str(row[0]), str(row[1])))
        following = "SELECT potline, window FROM ledger WHERE (potline, window) > (?, ?) ORDER BY 1, 2 LIMIT 1"
        row = db.execute(following, row).fetchone()
    return found


def entries(
    db: sqlite3.Connection, potline: str, window: str, span: Span, *, superseded: bool = False
) -> Iterator[Kept]:
    """Yield the entries of a potline's windows of one name, in order of time and revision.

    Parameters
    ----------
    db
        The store. Each portion is read in a transaction of its own.
    potline, window
        Of what.
    span
        When, and up to which entry.
    superseded
        Also those that a later revision has replaced.
    """
    held: Kept | None = None
    place = (span.start_ns, 0)  # revisions begin with 1
    while True:
        page = db.execute(_PAGE, (potline, window, span.end_ns, span.last_seq, *place, MOST_AT_ONCE)).fetchall()
        for seq, written_ns, previous, digest, *told in page:
            kept = Kept(seq, written_ns, previous, digest, LedgerRecord(*told), is_in_force=True)
            if held is not None:
                again = held.record.start_ns == kept.record.start_ns
                if superseded or not again:
                    yield replace(held, is_in_force=not again)
            held = kept
        if len(page) < MOST_AT_ONCE:
            break
        place = (page[-1][6], page[-1][8])
    if held is not None:
        yield held
