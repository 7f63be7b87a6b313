"""Records whose first bytes the disk has changed: each arrives as it was, or is told as lost, and holds up no other."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from hostile_server import Database, HostileServer, influx_sink
from moved_clock import MovedClock

from collector.delivery.sink import Delivery
from collector.instruments import Instruments
from collector.readings.point import PointTable
from collector.store import frame
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

COUNT = frame.HEAD_BYTES + 2
"""Two more than there are bytes to be changed, so that two stay whole."""


def change_first_bytes(path: Path, mask: int) -> None:
    """Change in each record one byte of what it says of itself: in the first one byte 0, in the second byte 1."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for seq, body in db.execute("SELECT seq, body FROM outbox ORDER BY seq").fetchall()[: frame.HEAD_BYTES]:
            at = seq - 1
            changed = body[:at] + bytes([body[at] ^ mask]) + body[at + 1 :]
            db.execute("UPDATE outbox SET body = ? WHERE seq = ?", (changed, seq))


@pytest.mark.parametrize("mask", [0x01, 0x04, 0x10, 0xFF])
async def test_a_byte_changed_in_what_a_record_says_of_itself_costs_that_record_at_most(
    tmp_path: Path, mask: int
) -> None:
    path, database, instruments = tmp_path / "s.sqlite", Database(), Instruments()
    lines = [b"m n=%di %d" % (seq, seq) for seq in range(1, COUNT + 1)]
    async with Store(path, PointTable([])) as store:
        for seq, line in enumerate(lines, start=1):
            await store.commit(Commit(seq, lines=[line]))
    await asyncio.to_thread(change_first_bytes, path, mask)
    async with (
        Store(path, PointTable([])) as store,
        HostileServer(database) as server,
        influx_sink(server.url) as sink,
    ):
        worker = Delivery("site", sink, store, most_bytes=1 << 20, clock=MovedClock(), instruments=instruments)
        while await worker.step():
            pass
        assert await store.pending("site", most_bytes=1 << 20) == []
        told = await store._do(lambda: store._db.execute("SELECT reason FROM dead ORDER BY seq").fetchall())
    lost = [int(reason.split()[1]) for (reason,) in told]
    # What gzip itself says of its making, and whose the field is, may be changed: the lines are there to the letter.
    assert set(lost) >= {1, 2, 3, *range(len(frame.MAGIC) + 1, frame.HEAD_BYTES + 1)}
    assert set(lost) <= set(range(1, frame.HEAD_BYTES + 1))
    assert sorted(database.written) == sorted(line for seq, line in enumerate(lines, start=1) if seq not in lost)
    assert instruments.dropped_records_by_cause == {"damaged": len(lost)}
    assert (instruments.delivered_total, instruments.dropped_total) == (COUNT - len(lost), len(lost))
    assert instruments.refused_total == 0
