"""What a database must be able to do, and the two lanes by which it is fed from the outbox.

What was written in the last seconds goes first, so that what people look at is up to date while a backlog drains; after
each request of the backlog, the newest is looked at again. The backlog goes oldest first: that is what the outbox's
bounds would drop first, and what databases compute over time windows then comes in the order of time.

The order of writing changes nothing in the end: a record that may tell again what older ones tell is written at once,
for those who look, and once more when everything older was taken.
"""

import asyncio
import contextlib
import math
from collections.abc import Iterable, Sequence
from typing import Protocol

import structlog

from collector.clock import Clock
from collector.delivery.refusals import Refusals, Sink, SinkRefused, SinkUnavailable, cause_of, lines_in
from collector.instruments import Instruments
from collector.readings.outgoing import DeadLetter, DropCause, OutboxRecord

__all__ = ["Delivery", "Outbox", "Sink", "SinkRefused", "SinkUnavailable"]

log = structlog.get_logger()

_IDLE_S = 0.25
_LIVE_NS = 5 * 10**9
"""What was written this long ago at the most goes before the backlog."""


class Outbox(Protocol):
    """The part of the store that delivery uses."""

    async def pending(self, target: str, *, most_bytes: int) -> list[OutboxRecord]:
        """Return the oldest records that a database has not taken."""
        ...

    async def newest(self, target: str, *, most_bytes: int, since_ns: int, after: int = 0) -> list[OutboxRecord]:
        """Return the records written since some time and behind some number that a database has not taken."""
        ...

    async def take(self, target: str, numbers: Iterable[int], dead: Sequence[DeadLetter] = ()) -> None:
        """Note which records a database has taken."""
        ...


class Delivery:
    """Feeds one database from the outbox. Raises SinkUnavailable; only the supervisor tries again."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        outbox: Outbox,
        *,
        most_bytes: int,
        clock: Clock,
        instruments: Instruments,
        backlog_rate: float = math.inf,
    ) -> None:
        """``backlog_rate``: so many lines of the backlog are sent in a second at the most [1/s]."""
        self.name = name
        self.has_delivered = False
        self._sink = sink
        self._outbox = outbox
        self._most_bytes = most_bytes
        self._clock = clock
        self._instruments = instruments
        self._backlog_rate = backlog_rate
        self._refusals = Refusals(name, sink, clock)
        self._seen = 0
        self._backlog_from_s = -math.inf

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            if not await self.step():
                await asyncio.sleep(_IDLE_S)

    async def step(self) -> bool:
        """Deliver the newest records, or else the oldest; False if there were none, or it is not their time yet."""
        since_ns = self._clock.now_ns() - _LIVE_NS
        newest = await self._outbox.newest(self.name, most_bytes=self._most_bytes, since_ns=since_ns, after=self._seen)
        if newest:
            await self._deliver(newest)
            self._seen = newest[-1].seq
            return True
        now_s = asyncio.get_running_loop().time()
        if now_s < self._backlog_from_s:
            return False
        oldest = await self._outbox.pending(self.name, most_bytes=self._most_bytes)
        if not oldest:
            return False
        await self._deliver(oldest)
        lines = sum(record.lines for record in oldest)
        self._backlog_from_s = max(now_s, self._backlog_from_s) + lines / self._backlog_rate
        return True

    async def _deliver(self, records: Sequence[OutboxRecord]) -> None:
        if not all(record.is_whole for record in records):
            await self._one_by_one(records)
            return
        # Compressed members put one behind the other are one compressed stream: nothing is packed twice.
        try:
            await self._sink.write(b"".join(record.body for record in records))
        except SinkRefused:
            await self._one_by_one(records)
            return
        final = [record for record in records if not record.must_wait]
        await self._outbox.take(self.name, [record.seq for record in final])
        self._has_delivered(sum(record.lines for record in final))

    async def _one_by_one(self, records: Sequence[OutboxRecord]) -> None:
        """Deliver records, each noted at once: what is settled stays settled if the database fails halfway.

        Of one that comes again in its turn nothing is settled before that.
        """
        for record in records:
            if not record.is_whole:
                if not record.must_wait:
                    await self._drop_damaged(record)
            elif record.must_wait:
                with contextlib.suppress(SinkRefused):
                    await self._sink.write(record.body)
            else:
                dead = await self._refusals.of(record.body)
                await self._settled(record, dead, lines=record.lines - lines_in(dead))

    async def _settled(self, record: OutboxRecord, dead: Sequence[DeadLetter], *, lines: int) -> None:
        await self._outbox.take(self.name, [record.seq], dead)
        self._has_delivered(lines)
        for letter in dead:
            cause = cause_of(letter)
            refused = lines_in([letter])
            by_cause = self._instruments.refused_by_cause
            by_cause[cause] = by_cause.get(cause, 0) + refused
            self._instruments.refused_total += refused
        if dead:
            log.error("database refused lines", target=self.name, lines=lines_in(dead), reason=dead[0].reason)

    async def _drop_damaged(self, record: OutboxRecord) -> None:
        """Keep what is left of a record that the disk has changed: the database would refuse it, and all beside it."""
        what = "was damaged on the disk" if record.body else "is missing on the disk, and was sought in all of its file"
        reason = f"record {record.seq} of the outbox {what}; check the disk's health"
        letter = DeadLetter(self._clock.now_ns(), "store", self.name, record.body, reason)
        await self._outbox.take(self.name, [record.seq], [letter])
        self._instruments.dropped_record(DropCause.DAMAGED)
        self._instruments.dropped_total += record.lines
        log.error("damaged record dropped from the outbox", target=self.name, lines=record.lines, reason=reason)

    def _has_delivered(self, lines: int) -> None:
        self.has_delivered = True
        self._instruments.delivered_ns[self.name] = self._clock.now_ns()
        self._instruments.delivered_total += lines
