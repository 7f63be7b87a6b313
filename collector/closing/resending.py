"""Sending a period again to one database: what is kept as records, and the rest encoded once more from the ledger."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collector.accounting.parameters import Conventions
from collector.accounting.windows import DAY_NS
from collector.closing.projection import Portion, Projection
from collector.plant.topology import Plant
from collector.store import again, outbox
from collector.store.outbox import Resent
from collector.store.store import Store

_REASON = "a period is sent again"


@dataclass(frozen=True, slots=True)
class Period:
    """What is sent again: everything about a stretch of time [UTC ns], to ``target`` and to none of ``others``."""

    target: str
    others: Sequence[str]
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """By what entries are encoded, as for the closers: see `Projection`."""

    plant: Plant
    conventions: Conventions
    longest_gap_s: float
    least_coverage_pct: float


@dataclass(frozen=True, slots=True)
class SentAgain:
    """What came of it: ``kept`` records; ``entries`` of the ledger in ``lines`` lines.

    ``unknown`` entries could not be encoded, because their parameters are not kept; ``rolling`` days are marked whose
    rolling windows the collector works out again.
    """

    kept: Resent
    entries: int
    lines: int
    unknown: int
    rolling: int


async def send_again(
    store: Store, period: Period, accounts: Accounts, now_ns: Callable[[], int], told: Callable[[int], None]
) -> SentAgain:
    """Send a period again.

    Parameters
    ----------
    store
        The store, alone or beside a collector that works on it.
    period
        To whom, and of when.
    accounts
        By what entries are encoded.
    now_ns
        Tells the time [UTC ns].
    told
        Hears how many entries are encoded, after each portion.
    """
    kept = await store.resend(period.target, period.start_ns, period.end_ns)
    sent_ns = max(period.start_ns, kept.kept_from_ns), period.end_ns
    projection = await store.ask(lambda db: _projection(db, accounts, sent_ns))
    count = lines = unknown = 0
    for potline, window in await store.ask(lambda _: projection.places()):
        after_ns: int | None = period.start_ns - 1
        while after_ns is not None:
            portion = await store.change(_portion(projection, potline, window, after_ns, period, now_ns()))
            count, lines = count + portion.entries, lines + len(portion.lines)
            unknown += portion.unknown
            after_ns = portion.last_ns
            told(count)
    rolling = await store.change(lambda db: _touch(db, period)) if kept.gone else 0
    return SentAgain(kept, count, lines, unknown, rolling)


def _projection(db: sqlite3.Connection, accounts: Accounts, sent_ns: tuple[int, int]) -> Projection:
    return Projection(
        db,
        accounts.plant,
        accounts.conventions,
        longest_gap_s=accounts.longest_gap_s,
        least_coverage_pct=accounts.least_coverage_pct,
        sent_ns=sent_ns,
    )


def _portion(
    projection: Projection, potline: str, window: str, after_ns: int, period: Period, time_ns: int
) -> Callable[[sqlite3.Connection], Portion]:
    # Read and written in one transaction: else an entry that is stated again in between would be overwritten by the
    # one before it.
    def work(db: sqlite3.Connection) -> Portion:
        portion = projection.portion(potline, window, after_ns, period.end_ns)
        if portion.lines:
            outbox.append_for(db, period.target, portion.lines, time_ns, period.others)
        return portion

    return work


def _touch(db: sqlite3.Connection, period: Period) -> int:
    """Mark the first minute of each day, for which all rolling windows that it is part of are worked out again."""
    query = "SELECT DISTINCT potline, min(start_ns) FROM ledger WHERE window = 'minute' AND start_ns >= ?"
    query += " AND start_ns < ? GROUP BY potline, start_ns / ?"
    days = dict.fromkeys(db.execute(query, (period.start_ns, period.end_ns, DAY_NS)), _REASON)
    again.touch(db, days)
    return len(days)
