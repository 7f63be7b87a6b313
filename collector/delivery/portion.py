"""A portion of the outbox on its way to a database: written in one request, or record by record where that fails."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from typing import Protocol

import structlog

from collector.clock import Clock
from collector.delivery.chosen_streams import ChosenStreams
from collector.delivery.refusals import Refusals, Sink, SinkRefused, SinkUnavailable, cause_of, lines_in
from collector.instruments import Instruments
from collector.readings.outgoing import DeadLetter, DropCause, OutboxRecord

log = structlog.get_logger()


class _Taken(Protocol):
    async def take(self, target: str, numbers: Iterable[int], dead: Sequence[DeadLetter] = ()) -> None:
        """Note which records a database has taken."""
        ...


class _Valve:
    """A database that is asked nothing more after it failed, whoever asks."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.failure: SinkUnavailable | None = None

    async def write(self, body: bytes) -> None:
        """Write line protocol, gzip-compressed."""
        if self.failure is not None:
            raise SinkUnavailable(str(self.failure), self.failure.retry_after_s)
        try:
            await self._sink.write(body)
        except SinkUnavailable as exc:
            self.failure = exc
            raise


class Portions:
    """Writes portions, several at the same time if wanted, and notes what becomes of each record."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        outbox: _Taken,
        clock: Clock,
        instruments: Instruments,
        streams: Sequence[str] = (),
    ) -> None:
        """Of ``streams`` only lines are sent; where none are named, all."""
        self.has_delivered = False
        self._name = name
        self._sink = _Valve(sink)
        self._outbox = outbox
        self._clock = clock
        self._instruments = instruments
        self._refusals = Refusals(name, self._sink, clock)
        self._chosen = ChosenStreams(streams) if streams else None

    def open(self) -> None:
        """Ask the database again after it failed."""
        self._sink.failure = None

    async def deliver(self, records: Sequence[OutboxRecord]) -> None:
        """Write records; note those that were taken in their turn, and what is refused of them.

        Raises
        ------
        SinkUnavailable
            If the database fails now, or failed for another portion.
        """
        chosen = self._chosen
        if chosen is not None:
            records = await asyncio.to_thread(lambda: [chosen.of(record) for record in records])
        if not all(record.is_whole for record in records):
            await self._one_by_one(records)
            return
        # Compressed members put one behind the other are one compressed stream: nothing is packed twice.
        body = b"".join(record.body for record in records)
        try:
            if body:
                await self._sink.write(body)
        except SinkRefused:
            await self._one_by_one(records)
            return
        final = [record for record in records if not record.must_wait]
        await self._outbox.take(self._name, [record.seq for record in final])
        self._count(sum(record.lines for record in final), left_out=sum(record.left_out for record in final))

    async def _one_by_one(self, records: Sequence[OutboxRecord]) -> None:
        """Deliver records, each noted at once: what is settled stays settled if the database fails halfway.

        Of one that comes again in its turn nothing is settled before that.
        """
        for record in records:
            if not record.is_whole:
                if not record.must_wait:
                    await self._drop_damaged(record)
            elif not record.body:
                if not record.must_wait:
                    await self._settled(record, (), lines=0)
            elif record.must_wait:
                with contextlib.suppress(SinkRefused):
                    await self._sink.write(record.body)
            else:
                dead = await self._refusals.of(record.body)
                await self._settled(record, dead, lines=record.lines - lines_in(dead))

    async def _settled(self, record: OutboxRecord, dead: Sequence[DeadLetter], *, lines: int) -> None:
        await self._outbox.take(self._name, [record.seq], dead)
        self._count(lines, left_out=record.left_out)
        for letter in dead:
            cause = cause_of(letter)
            refused = lines_in([letter])
            by_cause = self._instruments.refused_by_cause
            by_cause[cause] = by_cause.get(cause, 0) + refused
            self._instruments.refused_total += refused
        if dead:
            log.error("database refused lines", target=self._name, lines=lines_in(dead), reason=dead[0].reason)

    async def _drop_damaged(self, record: OutboxRecord) -> None:
        """Keep what is left of a record that the disk has changed: the database would refuse it, and all beside it."""
        what = "was damaged on the disk" if record.body else "is missing on the disk, and was sought in all of its file"
        reason = f"record {record.seq} of the outbox {what}; check the disk's health"
        letter = DeadLetter(self._clock.now_ns(), "store", self._name, record.body, reason)
        await self._outbox.take(self._name, [record.seq], [letter])
        self._instruments.dropped_record(DropCause.DAMAGED)
        self._instruments.dropped_total += record.lines
        log.error("damaged record dropped from the outbox", target=self._name, lines=record.lines, reason=reason)

    def _count(self, lines: int, *, left_out: int) -> None:
        self._instruments.left_out_total += left_out
        if left_out and not lines:
            return  # nothing was sent, so nobody has answered
        self.has_delivered = True
        self._instruments.delivered_ns[self._name] = self._clock.now_ns()
        self._instruments.delivered_total += lines
