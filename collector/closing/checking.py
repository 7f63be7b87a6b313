"""Checking the ledger wholly: minutes computed again from their inputs, longer windows from what they stand on."""

import sqlite3
from collections.abc import Iterator

from collector.accounting.plant_sums import WHOLE_PLANT
from collector.closing.auditing import Checked, Doubt, audit, is_waiting
from collector.closing.line_audit import LineAudit, Weighed
from collector.closing.plant_recomputing import doubtful_minutes, plant_account
from collector.closing.recomputing import KeptParameters, differences, recomputed
from collector.readings.cell import MINUTE_NS


def check(db: sqlite3.Connection, checked: Checked, weighed: Weighed | None = None) -> Iterator[Doubt]:
    """Compute the entries of all potlines and of the plant again, and yield those that come out differently.

    Memory stays flat, however long the ledger is: it is read in pages.

    Parameters
    ----------
    db
        The store.
    checked
        Counts what was computed again, and what could not be.
    weighed
        The settings by which weighed metal is stated; None: it is not computed again.
    """
    kept = KeptParameters(db)
    for (potline,) in db.execute("SELECT DISTINCT potline FROM ledger ORDER BY potline DESC").fetchall():
        if potline == WHOLE_PLANT:
            yield from doubtful_minutes(db, checked)
            yield from audit(db, plant_account(db), checked)
        else:
            yield from _doubtful_minutes(db, potline, kept, checked)
            yield from audit(db, LineAudit(db, potline, kept.named, weighed).account, checked)


def _doubtful_minutes(db: sqlite3.Connection, potline: str, kept: KeptParameters, checked: Checked) -> Iterator[Doubt]:
    query = "SELECT min(start_ns), max(start_ns) FROM ledger WHERE window = 'minute' AND potline = ?"
    first_ns, last_ns = db.execute(query, (potline,)).fetchone()
    if first_ns is None:
        return
    for minute in recomputed(db, potline, first_ns, last_ns + MINUTE_NS, kept):
        checked.minutes += minute.sums is not None
        checked.without_inputs += minute.sums is None
        if not minute.differs or minute.sums is None:
            continue
        if is_waiting(db, potline, minute.minute_ns, minute.minute_ns + MINUTE_NS):
            checked.waiting += 1
        else:
            what = ", ".join(differences(minute.known.sums, minute.sums))
            yield Doubt(potline, "minute", minute.minute_ns, f"its inputs give something else: {what}")
