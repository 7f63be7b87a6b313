"""What a database must be able to do, and the lanes by which it is fed from the outbox.

What was written in the last seconds goes first, so that what people look at is up to date while a backlog drains: it
has a request of its own. The backlog goes oldest first, in several requests at once: that is what the outbox's bounds
would drop first, and what databases compute over time windows then comes nearly in the order of time.

The order of writing changes nothing in the end. A record that may tell again what older ones tell goes with the backlog
only when everything older was taken; what is under way was not. Of what is new it is written at once, for those who
look, and once more in its turn. So no two requests that are under way together tell of the same thing, but for one that
is written once more, and that is not offered while it is under way.

What is new must not wait for a database that is busy with the backlog. While its request waits long for the answer,
nothing more of the backlog is sent, and then half as much at once; each quick answer lets one request more go.

When the database fails, no lane sends anything more. What is under way is waited for, and what was taken of it noted.
"""

import asyncio
import contextlib
import math
from collections.abc import Iterable, Sequence
from typing import Protocol

from collector.clock import Clock
from collector.delivery.portion import Portions
from collector.delivery.refusals import Sink, SinkRefused, SinkUnavailable
from collector.instruments import Instruments
from collector.readings.outgoing import DeadLetter, OutboxRecord

__all__ = ["Delivery", "Outbox", "Sink", "SinkRefused", "SinkUnavailable"]

_IDLE_S = 0.25
_LOOK_S = 1.0
"""Another process may have written, too: records that are to be sent again."""
_LIVE_NS = 5 * 10**9
"""What was written this long ago at the most goes before the backlog."""

_QUICK_S = 0.5
"""An answer to what is new should not take longer: with the second of a commit, it is no older than two then."""


class Outbox(Protocol):
    """The part of the store that delivery uses."""

    @property
    def news(self) -> asyncio.Event:
        """What is set when something more is committed; another one from then on."""
        ...

    async def pending(self, target: str, *, most_bytes: int, under_way: Iterable[int] = ()) -> list[OutboxRecord]:
        """Return the oldest records that a database has not taken, are not under way and need not wait for others."""
        ...

    async def newest(
        self, target: str, *, most_bytes: int, since_ns: int, after: int = 0, under_way: Iterable[int] = ()
    ) -> list[OutboxRecord]:
        """Return the records written since some time and behind some number that are neither taken nor under way."""
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
        requests: int = 1,
        backlog_rate: float = math.inf,
        streams: Sequence[str] = (),
    ) -> None:
        """Of the backlog, ``requests`` are under way at once at the most, beside one of what is new.

        Each holds ``most_bytes`` of line protocol at the most, or one record. ``backlog_rate``: so many lines of the
        backlog are sent in a second at the most, by all requests together [1/s]. ``streams``: only these, or all.
        """
        self.name = name
        self._portions = Portions(name, sink, outbox, clock, instruments, streams)
        self._outbox = outbox
        self._most_bytes = most_bytes
        self._clock = clock
        self._requests = self._at_once = requests
        self._backlog_rate = backlog_rate
        self._seen = 0
        self._backlog_from_s = -math.inf
        self._live: asyncio.Task[None] | None = None
        self._live_from_s = -math.inf
        self._live_is_quick = True
        self._under_way: dict[asyncio.Task[None], Sequence[OutboxRecord]] = {}

    @property
    def has_delivered(self) -> bool:
        """Whether the database has taken anything."""
        return self._portions.has_delivered

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            news = self._outbox.news  # asked for before it is looked: what comes meanwhile is not missed
            if await self.step():
                continue
            rests_s = self._backlog_from_s - asyncio.get_running_loop().time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(rests_s, _LOOK_S) if rests_s > 0 else _LOOK_S):
                    await news.wait()

    async def step(self) -> bool:
        """Send what may be sent now, and wait for an answer; False if there was nothing to send or to wait for.

        It waits no longer than new records may have to. What was not answered by then is still under way.
        """
        try:
            await self._send_newest()
            await self._send_oldest()
            if not self._under_way:
                return False
            await asyncio.wait(self._under_way, timeout=_IDLE_S, return_when=asyncio.FIRST_COMPLETED)
            await self._look_at_answers()
        except BaseException:
            await self._call_off()
            raise
        return True

    async def _send_newest(self) -> None:
        if self._live is not None:
            return
        since_ns = self._clock.now_ns() - _LIVE_NS
        newest = await self._outbox.newest(
            self.name, most_bytes=self._most_bytes, since_ns=since_ns, after=self._seen, under_way=self._numbers()
        )
        if self._may_go(newest):
            self._live = self._start(newest)
            self._live_from_s = asyncio.get_running_loop().time()

    async def _send_oldest(self) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() >= self._backlog_from_s and self._has_room():
            oldest = await self._outbox.pending(self.name, most_bytes=self._most_bytes, under_way=self._numbers())
            if not self._may_go(oldest):
                return
            self._start(oldest)
            lines = sum(record.lines for record in oldest)
            self._backlog_from_s = max(loop.time(), self._backlog_from_s) + lines / self._backlog_rate

    def _has_room(self) -> bool:
        """Tell whether one request more of the backlog may be under way."""
        if self._live is None:
            return len(self._under_way) < self._at_once
        waits_s = asyncio.get_running_loop().time() - self._live_from_s
        return waits_s <= _QUICK_S and len(self._under_way) <= self._at_once

    def _may_go(self, records: Sequence[OutboxRecord]) -> bool:
        """Tell whether there are records, and none of them is older than one that is under way in its turn.

        Such are there only if what had been taken is sent again: then that turn has come too early, and the store must
        see it, before it sees that what is older was taken once more.
        """
        in_turn = (each for sent in self._under_way.values() for each in sent if not (each.must_wait or each.is_new))
        return bool(records) and records[0].seq > max((record.seq for record in in_turn), default=0)

    def _numbers(self) -> list[int]:
        return [record.seq for sent in self._under_way.values() for record in sent]

    def _start(self, records: Sequence[OutboxRecord]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._portions.deliver(records), name=f"delivery to {self.name}")
        self._under_way[task] = records
        return task

    async def _look_at_answers(self) -> None:
        """Put away what was answered. Of what failed, raise the worst, after all else that is under way was answered.

        Raises
        ------
        SinkUnavailable
            If the database failed: the one that wants the longest wait.
        """
        errors = self._put_away()
        if errors and self._under_way and all(isinstance(error, SinkUnavailable) for error in errors):
            await asyncio.wait(self._under_way)
            errors += self._put_away()
        if errors:
            self._portions.open()
            raise max(errors, key=lambda error: getattr(error, "retry_after_s", math.inf))

    def _put_away(self) -> list[BaseException]:
        errors = []
        for task in [task for task in self._under_way if task.done()]:
            records = self._under_way.pop(task)
            error = task.exception()
            if error is not None:
                errors.append(error)
            if task is self._live:
                self._live = None
                self._live_is_quick = asyncio.get_running_loop().time() - self._live_from_s <= _QUICK_S
                if not self._live_is_quick:
                    self._at_once = max(1, self._at_once // 2)
                if error is None:
                    self._seen = records[-1].seq
            if self._live_is_quick:
                self._at_once = min(self._requests, self._at_once + 1)
        return errors

    async def _call_off(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._under_way.clear()
        self._live = None
