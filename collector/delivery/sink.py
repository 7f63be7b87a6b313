"""What a database must be able to do, and the loop that feeds it from the outbox."""

import asyncio
import gzip
from collections.abc import Iterable, Sequence
from typing import Protocol

import structlog

from collector.clock import Clock
from collector.instruments import Instruments
from collector.readings.outgoing import DeadLetter, OutboxRecord

log = structlog.get_logger()

_IDLE_S = 1.0


class SinkUnavailable(Exception):
    """The database cannot take anything now. What it was offered stays in the outbox."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SinkRefused(Exception):
    """The database refuses something in this body for good, in its own words."""


class Sink(Protocol):
    """A database that takes line protocol."""

    async def write(self, body: bytes) -> None:
        """Write line protocol, gzip-compressed.

        Raises
        ------
        SinkUnavailable, SinkRefused
        """
        ...


class Outbox(Protocol):
    """The part of the store that delivery uses."""

    async def pending(self, target: str, *, most_bytes: int) -> list[OutboxRecord]:
        """Return the next records that a database has not taken."""
        ...

    async def take(self, target: str, numbers: Iterable[int], dead: Sequence[DeadLetter] = ()) -> None:
        """Note which records a database has taken."""
        ...


class Delivery:
    """Feeds one database from the outbox, in order. Raises SinkUnavailable; only the supervisor tries again."""

    def __init__(
        self, name: str, sink: Sink, outbox: Outbox, *, most_bytes: int, clock: Clock, instruments: Instruments
    ) -> None:
        self.name = name
        self._sink = sink
        self._outbox = outbox
        self._most_bytes = most_bytes
        self._clock = clock
        self._instruments = instruments

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            if not await self.step():
                await asyncio.sleep(_IDLE_S)

    async def step(self) -> bool:
        """Deliver the next records; False if there were none."""
        records = await self._outbox.pending(self.name, most_bytes=self._most_bytes)
        if not records:
            return False
        if not all(record.is_whole for record in records):
            for record in records:
                await self._settled(
                    record, await self._refused_of(record) if record.is_whole else self._damaged(record)
                )
            return True
        # Compressed members put one behind the other are one compressed stream: nothing is packed twice.
        try:
            await self._sink.write(b"".join(record.body for record in records))
        except SinkRefused:
            # One by one, each noted at once: what is settled stays settled if the database fails halfway.
            for record in records:
                await self._settled(record, await self._refused_of(record))
        else:
            await self._outbox.take(self.name, [record.seq for record in records])
            self._instruments.delivered_total += sum(record.lines for record in records)
        return True

    async def _settled(self, record: OutboxRecord, dead: Sequence[DeadLetter]) -> None:
        await self._outbox.take(self.name, [record.seq], dead)
        self._instruments.delivered_total += record.lines - len(dead)
        self._instruments.refused_total += len(dead)
        if dead:
            log.error("database refused lines", target=self.name, lines=len(dead), reason=dead[0].reason)

    def _damaged(self, record: OutboxRecord) -> list[DeadLetter]:
        """Return what stays of a record that the disk has changed: the database would refuse it, and all beside it."""
        reason = f"record {record.seq} of the outbox was damaged on the disk; check the disk's health"
        return [DeadLetter(self._clock.now_ns(), "store", self.name, record.body, reason)]

    async def _refused_of(self, record: OutboxRecord) -> list[DeadLetter]:
        """Write what can be written of a record; return the lines that cannot, with the database's words."""
        try:
            await self._sink.write(record.body)
        except SinkRefused as exc:
            lines = await asyncio.to_thread(_unpacked, record.body)
            return await self._bisect(lines, str(exc))
        return []

    async def _bisect(self, lines: Sequence[bytes], reason: str) -> list[DeadLetter]:
        """Write what can be written of refused lines; return the ones that cannot, with the database's words."""
        if len(lines) <= 1:
            return [DeadLetter(self._clock.now_ns(), "delivery", self.name, line, reason) for line in lines]
        middle = len(lines) // 2
        dead = []
        for half in (lines[:middle], lines[middle:]):
            try:
                await self._sink.write(await asyncio.to_thread(_packed, half))
            except SinkRefused as exc:
                dead += await self._bisect(half, str(exc))
        return dead


def _unpacked(body: bytes) -> list[bytes]:
    return [line for line in gzip.decompress(body).split(b"\n") if line]


def _packed(lines: Sequence[bytes]) -> bytes:
    return gzip.compress(b"\n".join(lines) + b"\n", compresslevel=1, mtime=0)
