"""Room in the store: what the line does while there is none, and what is let go of to make some.

Where the disk does not take a commit (no space, a quota, a file system that is read-only), the line waits with it in
memory and tries it again every second. To end the process would help nobody: it would start again on the same disk, and
what it had in memory would be lost. Meanwhile nothing is acknowledged and nothing is taken from the inbox, which bounds
the memory: brokers keep their messages, and of polled meters what finds no place in the inbox is lost and counted. When
there is space again, the same commit is written, and the line goes on.

Where the outbox is full and is to block, the line waits in the same way, between two commits.
"""

import asyncio
import contextlib
import enum
import time
from collections.abc import Callable, Sequence

import structlog

from collector.clock import Clock, ClockWatch
from collector.instruments import Instruments, Waiting
from collector.readings.outgoing import DropCause, WhenFull
from collector.store.commit import Commit
from collector.store.eviction import Dropped
from collector.store.filling import FULL_PCT, GOES_ON_BELOW_PCT, Alert, FillingWatch, Share, share_of
from collector.store.outbox import Bounds, OutboxState
from collector.store.schema import StoreUnwritable
from collector.store.store import Store

log = structlog.get_logger()

CLEAR_EVERY_S = 60.0
_AGAIN_AFTER_S = 1.0
_PATIENCE_S = 60.0
"""So long, and so long again each time, a full disk is waited for before some of the outbox is dropped for it."""
_DROPPED_AT_ONCE = 16
_ALERT = "outbox_filling"
"""Under this the store remembers what was said last of the filling outbox."""


class Wait(enum.StrEnum):
    """What the line waits for: one reason for all that is lost meanwhile."""

    OUTBOX = "outbox_full"
    DISK = "disk"


class Room:
    """The store as the line writes to it.

    Parameters
    ----------
    store : Store
        The store.
    targets : sequence of str
        The databases that take from its outbox.
    bounds : Bounds
        How much is kept, and what happens then.
    clock : Clock
        Tells the age of what is kept.
    instruments : Instruments
        Where waits, drops and commits are counted.
    progress : callable
        Called while the line waits: it works, though it does not go on.
    """

    def __init__(
        self,
        store: Store,
        *,
        targets: Sequence[str],
        bounds: Bounds,
        clock: Clock,
        instruments: Instruments,
        progress: Callable[[], None],
    ) -> None:
        self._store = store
        self._targets = targets
        self._bounds = bounds
        self._clock = clock
        self._instruments = instruments
        self._progress = progress
        self._filling = FillingWatch(bounds)
        self._watch = ClockWatch(clock)
        self._step_ns = 0
        self._oldest_ns = 0
        self._delivered_bytes = 0
        self._cleared_s = -CLEAR_EVERY_S
        self._is_last = False
        self._remembered = self._filling.state

    async def open(self) -> None:
        """Go on where the store was left."""
        await self._store.note_pause(self._clock.now_ns())
        self._remembered = await self._store.meta(_ALERT, self._filling.state)
        self._filling = FillingWatch(self._bounds, self._remembered)
        await self.state()

    async def state(self) -> OutboxState:
        """Return how full the outbox is: what waits in it fills it, and what is kept only to be sent again does not."""
        with contextlib.suppress(StoreUnwritable):  # the next commit meets the same disk, says so and waits
            await self._mind_the_clock()
        state = await self._store.outbox_state(self._targets)
        self._oldest_ns, self._delivered_bytes = state.oldest_ns, state.delivered_bytes
        seen = self._instruments
        seen.outbox_records, seen.outbox_bytes = state.records, state.size_bytes
        seen.outbox_delivered_records, seen.outbox_delivered_bytes = state.delivered, state.delivered_bytes
        seen.dead_letters = state.dead
        seen.waiting = {
            target: Waiting(left.records, left.lines, left.size_bytes, left.oldest_ns)
            for target, left in state.behind.items()
        }
        return state

    def alert(self, state: OutboxState) -> Alert | None:
        """Return an alert if the outbox fills, or no longer does. Without a database it is meant to be full."""
        alert = self._filling.judge(state, self._clock.now_ns()) if self._targets else None
        if alert is not None:
            say = log.warning if alert.state == "firing" else log.info
            say("outbox filling", state=alert.state, value=round(alert.value, 1), limit=alert.limit, text=alert.text)
        return alert

    def remembered(self) -> dict[str, str]:
        """Return what is to be remembered with the next commit: the alert that is in it."""
        if self._remembered == self._filling.state:
            return {}
        self._remembered = self._filling.state
        return {_ALERT: self._remembered}

    async def wait(self) -> None:
        """Wait while the outbox is full and is to block."""
        if self._bounds.when_full is not WhenFull.BLOCK or not self._targets or self._share.pct < FULL_PCT:
            return
        await self._clear()
        while (
            self._share.pct >= (GOES_ON_BELOW_PCT if self._instruments.line_waits else FULL_PCT) and not self._is_last
        ):
            self._hold(Wait.OUTBOX, f"the outbox has reached [store] {self._share.bound} and is to block")
            await asyncio.sleep(_AGAIN_AFTER_S)
            await self._clear()
        self._go_on()

    async def commit(self, commit: Commit) -> None:
        """Write a commit, as soon as it can be written.

        Raises
        ------
        StoreUnwritable
            If it cannot, at an orderly stop: nobody waits then.
        """
        tries_since_s = dropped_s = time.monotonic()
        while True:
            try:
                await self._mind_the_clock()
                await self._write(commit)
                break
            except StoreUnwritable as exc:
                if self._is_last:
                    raise
                self._hold(Wait.DISK, str(exc))
            if time.monotonic() - dropped_s >= _PATIENCE_S:
                dropped_s = time.monotonic()
                await self._make_room(dropped_s - tries_since_s)
            await asyncio.sleep(_AGAIN_AFTER_S)
        self._go_on()

    def end_waiting(self) -> None:
        """From now on nothing is waited for: the collector stops."""
        self._is_last = True

    async def _write(self, commit: Commit) -> None:
        started = time.monotonic()
        await self._store.commit(commit)
        self._instruments.commits_total += 1
        self._instruments.commit_slowest_s = max(self._instruments.commit_slowest_s, time.monotonic() - started)

    async def let_go(self) -> None:
        """Let go of what was delivered and of what passed its bounds, once a minute."""
        if time.monotonic() - self._cleared_s >= CLEAR_EVERY_S:
            await self._clear()

    async def _clear(self) -> None:
        self._cleared_s = time.monotonic()
        try:
            await self._mind_the_clock()
            self._count(await self._store.let_go(self._targets, self._bounds, self._clock.now_ns()))
        except StoreUnwritable:
            return  # the next commit meets the same disk, says so and waits
        await self.state()

    async def _make_room(self, waited_s: float) -> None:
        """Let go of some of the outbox for a commit that the disk has not taken for a while, if it may be."""
        bounds = self._bounds
        try:
            share_bytes = self._store.outbox_bytes // _DROPPED_AT_ONCE
            dropped = await self._store.drop_oldest(self._targets, share_bytes, DropCause.DISK, bounds.when_full)
        except StoreUnwritable as exc:
            log.warning("nothing can be dropped for a full disk either", waited_s=round(waited_s), reason=str(exc))
        else:
            self._count(dropped)
            await self.state()

    def _count(self, dropped: Dropped) -> None:
        self._instruments.dropped_total += dropped.lines
        for cause, records in dropped.by_cause.items():
            self._instruments.dropped_record(cause, records)
        if dropped.lines and self._targets:
            causes = {cause.value: records for cause, records in dropped.by_cause.items()}
            log.error("lines dropped from the outbox", lines=dropped.lines, records=causes)

    async def _mind_the_clock(self) -> None:
        """Tell the store of a step of the clock, before anything is dated or judged by the new time."""
        self._step_ns += round(self._watch.step_s() * 1e9)
        if self._step_ns:
            await self._store.note_clock_step(self._step_ns)
            self._step_ns = 0

    @property
    def _share(self) -> Share:
        waiting_bytes = max(0, self._store.outbox_bytes - self._delivered_bytes)
        return share_of(waiting_bytes, self._oldest_ns, self._bounds, self._clock.now_ns())

    def _hold(self, wait: Wait, reason: str) -> None:
        if self._instruments.line_waits_for != wait:
            log.error("the line waits: nothing is taken in or acknowledged", waits_for=wait.value, reason=reason)
        self._instruments.line_waits_for, self._instruments.line_waits = wait.value, reason
        self._progress()

    def _go_on(self) -> None:
        if self._instruments.line_waits:
            log.warning("the line goes on", waited_for=self._instruments.line_waits_for)
        self._instruments.line_waits = self._instruments.line_waits_for = ""
