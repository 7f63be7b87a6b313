"""The ledger as it is: every entry with its digests, so that its chain can be computed again from the file."""

import sqlite3
from collections.abc import Iterable, Iterator

from collector.reporting.export.entries import Span, entries
from collector.reporting.export.table import Column, Kind, Row, Table

_COLUMNS = (
    Column("seq", Kind.COUNT),
    Column("potline", Kind.TEXT),
    Column("window", Kind.TEXT),
    Column("start_utc", Kind.TIME),
    Column("length_s", Kind.COUNT),
    Column("revision", Kind.COUNT),
    Column("is_in_force", Kind.TRUTH),
    Column("reason", Kind.TEXT),
    Column("written_utc", Kind.TIME),
    Column("body", Kind.TEXT),
    Column("previous_sha256", Kind.TEXT),
    Column("digest_sha256", Kind.TEXT),
)


def ledger_table(db: sqlite3.Connection, places: Iterable[tuple[str, str]], span: Span, *, superseded: bool) -> Table:
    """Return the entries of some potlines' windows as they were written.

    Parameters
    ----------
    db
        The store.
    places
        Potlines and windows; the plant as a whole has an empty name.
    span
        Which entries.
    superseded
        Also those that a later revision has replaced.
    """
    return Table(_COLUMNS, _rows(db, places, span, superseded=superseded))


def _rows(db: sqlite3.Connection, places: Iterable[tuple[str, str]], span: Span, *, superseded: bool) -> Iterator[Row]:
    for potline, window in places:
        for kept in entries(db, potline, window, span, superseded=superseded):
            of = kept.record
            yield (
                kept.seq,
                of.potline,
                of.window,
                of.start_ns,
                of.length_s,
                of.revision,
                kept.is_in_force,
                of.reason,
                kept.written_ns,
                of.body.decode(),
                kept.previous.hex(),
                kept.digest.hex(),
            )
