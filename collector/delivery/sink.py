"""What a database must be able to do, and the loop that feeds it from the outbox."""

import asyncio
import gzip
from collections.abc import Sequence
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

    async def advance(self, target: str, seq: int, dead: Sequence[DeadLetter] = ()) -> None:
        """Note how far a database is."""
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
        # Compressed members put one behind the other are one compressed stream: nothing is packed twice.
        dead: list[DeadLetter] = []
        try:
            await self._sink.write(b"".join(record.body for record in records))
        except SinkRefused as exc:
            lines = [line for record in records for line in gzip.decompress(record.body).splitlines() if line]
            dead = await self._bisect(lines, str(exc))
            log.error(  # noqa: TRY400 - the database's words say it; our stack adds nothing
                "database refused lines", target=self.name, lines=len(dead), reason=dead[0].reason if dead else ""
            )
        await self._outbox.advance(self.name, records[-1].seq, dead)
        self._instruments.delivered_total += sum(record.lines for record in records) - len(dead)
        self._instruments.refused_total += len(dead)
        return True

    async def _bisect(self, lines: Sequence[bytes], reason: str) -> list[DeadLetter]:
        """Write what can be written of refused lines; return the ones that cannot, with the database's words."""
        if len(lines) == 1:
            return [DeadLetter(self._clock.now_ns(), "delivery", self.name, lines[0], reason)]
        middle = len(lines) // 2
        dead = []
        for half in (lines[:middle], lines[middle:]):
            try:
                await self._sink.write(gzip.compress(b"\n".join(half) + b"\n", compresslevel=1, mtime=0))
            except SinkRefused as exc:
                dead += await self._bisect(half, str(exc))
        return dead
