"""What the page says of each database: how it does, what it has not taken, and of the outbox they take it from."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from collector.instruments import Instruments, Waiting
from collector.page.times import iso
from collector.store import outbox


def databases(db: sqlite3.Connection, instruments: Instruments, now_ns: int) -> Iterator[dict[str, Any]]:
    """Yield how each database does.

    How old the oldest line is that it has not taken is of now; what waits is counted every ten seconds, for in a long
    outbox that takes its time.
    """
    for name, words in dict(instruments.target_states).items():
        oldest_ns = outbox.oldest_left_ns(db, name)
        waiting = instruments.waiting.get(name, _UNCOUNTED)
        delivered_ns = instruments.delivered_ns.get(name)
        yield {
            "name": name,
            "state": words,
            "delivering": words == "delivering",
            "lag_s": max(0.0, (now_ns - oldest_ns) * 1e-9) if oldest_ns else 0.0,
            "oldest": iso(oldest_ns) if oldest_ns else None,
            "delivered": None if delivered_ns is None else iso(delivered_ns),
            "records": waiting.records if oldest_ns else 0,
            "lines": waiting.lines if oldest_ns else 0,
            "size_bytes": waiting.size_bytes if oldest_ns else 0,
        }


_UNCOUNTED = Waiting(0, 0, 0, 0)


def outbox_of(instruments: Instruments) -> dict[str, Any]:
    """Return how full the outbox was when it was last counted."""
    oldest = [waiting.oldest_ns for waiting in instruments.waiting.values() if waiting.oldest_ns]
    return {
        "records": instruments.outbox_records,
        "size_bytes": instruments.outbox_bytes,
        "oldest": iso(min(oldest)) if oldest else None,
        "dead": instruments.dead_letters,
        "delivered": instruments.outbox_delivered_records,
        "delivered_bytes": instruments.outbox_delivered_bytes,
    }
