"""From a source to the inbox of the line, which may be full."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from collector.acquisition.source import Arrival, Source
from collector.instruments import Instruments

_LOOK_EVERY_S = 1.0


@dataclass(slots=True, eq=False)
class Feed:
    """Carries what arrives to the inbox; a full inbox holds the source back."""

    source: Source
    inbox: asyncio.Queue[Arrival]
    instruments: Instruments
    heard: bool = field(default=False, init=False)
    """Whether the other side has said anything since the latest start."""
    held: list[Arrival] = field(default_factory=list, init=False)
    """What arrived and is not in the inbox yet: for as long as that is full, and after a stop that came then."""

    async def run(self) -> None:
        """Carry until cancelled, or until the source cannot go on."""
        self.heard = False
        async with contextlib.aclosing(self.source.arrivals()) as arrivals:
            async for arrival in arrivals:
                self.heard = self.heard or arrival.is_word
                self.held.append(arrival)
                await self._carry(arrival)
                self.held.clear()

    async def _carry(self, arrival: Arrival) -> None:
        """Put an arrival into the inbox. What nobody sends again is lost, and counted, if the line waits all the time.

        A meter goes on being polled: what finds a place again then is of that moment, and not of hours ago.
        """
        while self.inbox.full() and not self.source.sends_again:
            if self.instruments.line_waits:
                self.instruments.lost_readings(len(arrival.batch))
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self.inbox.put(arrival)
                    return
        await self.inbox.put(arrival)
