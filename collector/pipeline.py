"""The straight line: inbox, normalise, account, encode, one commit, acknowledge. Read this file first.

Everything that a batch causes goes to the store in one transaction, and only then is the broker told that its messages
were taken. So a crash at any instant loses nothing that was acknowledged and books nothing twice.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import structlog

from collector.accounting.booking import Booking
from collector.accounting.counters import Step
from collector.accounting.late import Refusal
from collector.accounting.production import PotWatch
from collector.acquisition.source import Arrival, Source
from collector.clock import Clock, ClockWatch
from collector.closing.closer import Closer
from collector.closing.plant_closer import PlantCloser
from collector.delivery import lineprotocol
from collector.delivery.lineprotocol import ReadingEncoder
from collector.effects import Effects
from collector.instruments import Instruments
from collector.normalise.canonical import Canonicaliser
from collector.normalise.derive import LinePower
from collector.normalise.mass_flow import MassFlows
from collector.normalise.screening import Screen
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS, minute_of
from collector.readings.event import AnodeEffect, Laboratory, Production, Weighing
from collector.readings.latest import LatestReadings
from collector.readings.quality import Quality
from collector.store.commit import Commit
from collector.store.outbox import Bounds
from collector.store.store import Store

log = structlog.get_logger()

INBOX_SIZE = 1000
MOST_READINGS = 100_000
"""How many readings are taken in one step, give or take an arrival: what it does on the event loop takes 5 ms then."""
REPORT_EVERY_S = 10.0
CLEAR_EVERY_S = 60.0

LATE_READINGS = "readings came after the minute was closed"
LEFT_BEHIND_NS = 60 * MINUTE_NS
"""So long before inputs are let go of, nothing is booked there any more."""

_SAID = {
    Step.WRAPPED: "counter wrapped",
    Step.SUSPECT: "counter reading not believed",
    Step.REBASED: "counter starts again",
}


@dataclass(slots=True, eq=False)
class Feed:
    """Carries what arrives to the inbox; a full inbox holds the source back."""

    source: Source
    inbox: asyncio.Queue[Arrival]
    heard: bool = field(default=False, init=False)
    """Whether the other side has said anything since the latest start."""

    async def run(self) -> None:
        """Carry until cancelled, or until the source cannot go on."""
        self.heard = False
        async with contextlib.aclosing(self.source.arrivals()) as arrivals:
            async for arrival in arrivals:
                self.heard = self.heard or arrival.is_word
                await self.inbox.put(arrival)


@dataclass(slots=True, eq=False)
class Line:
    """The line between inbox and store. A bug in it ends the process: nothing is skipped silently."""

    plant: Plant
    inbox: asyncio.Queue[Arrival]
    canonical: Canonicaliser
    screen: Screen
    power: LinePower
    masses: MassFlows
    pots: PotWatch
    booking: Booking
    effects: Effects
    closer: Closer
    plantwide: PlantCloser
    encoder: ReadingEncoder
    store: Store
    latest: LatestReadings
    clock: Clock
    instruments: Instruments
    commit_every_s: float
    targets: tuple[str, ...]
    bounds: Bounds
    instance: str
    progress: Callable[[], None]
    _watch: ClockWatch = field(init=False)
    _reported_s: float = field(default=-math.inf, init=False)
    _cleared_s: float = field(default=-math.inf, init=False)
    _refusals: set[Refusal] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        """Look at the clock for the first time."""
        self._watch = ClockWatch(self.clock)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self.step(await self._gather())
            self.progress()

    async def step(self, arrivals: Sequence[Arrival]) -> None:
        """Take some arrivals all the way: normalise, account, encode, commit, acknowledge; then close what is due."""
        live = self._normalised(self._on_time(ReadingBatch.joined(arrival.batch for arrival in arrivals)))
        past = self._normalised(ReadingBatch.joined(arrival.past for arrival in arrivals))
        self.latest.take(live)
        self.pots.take(live)
        batch = ReadingBatch.joined((live, past)) if len(past) else live
        await self._book(batch)
        told = [event for arrival in arrivals for event in arrival.events]
        told += self.effects.seen(batch)
        fresh = await self.store.fresh(told) if told else []
        judged = await self.effects.judge([event for event in fresh if isinstance(event, AnodeEffect)])
        dirty = await self._dirty_by_events([event for event in fresh if isinstance(event, Weighing)], judged.places)
        touched = await self._touched_by([event for event in fresh if isinstance(event, Production | Laboratory)])
        changes = self.booking.take()
        for point, since_ns, until_ns in changes.spans:
            for potline in self.closer.potlines_of(point):
                self._mark(dirty, potline, since_ns, until_ns, LATE_READINGS)
        for place, reason in self.plantwide.marks(
            changes.spans, not_before_ns=self._oldest_ns, reason=LATE_READINGS
        ).items():
            dirty.setdefault(place, reason)
        for incident in changes.incidents:
            log.warning(
                _SAID[incident.step],
                point=self.plant.points[incident.point].name,
                shown=incident.shown,
                before=incident.expected,
            )
            self.instruments.glitches_total += incident.step is Step.SUSPECT
        dead = [letter for arrival in arrivals for letter in arrival.rejected]
        lines = list(judged.lines)
        if time.monotonic() - self._reported_s >= REPORT_EVERY_S:
            self._reported_s = time.monotonic()
            lines.append(await self._own_line())
        standing = self.effects.standing()
        if len(batch) or lines or changes.cells or told or dead or standing:
            await self._commit(
                Commit(
                    self.clock.now_ns(),
                    lines=lines,
                    cells=changes.cells,
                    traces=changes.traces,
                    events=told,
                    dirty=dirty,
                    touched=touched,
                    dead=dead,
                    remembered=standing,
                    encode=partial(self.encoder.encode, batch),
                )
            )
        for arrival in arrivals:
            arrival.acknowledge()
        self._count(batch, len(dead))
        self.instruments.effects_told_by_one_total += await self.effects.compare(self.clock.now_ns())
        await self._close()
        await self._let_go()

    async def drain(self) -> None:
        """Take what is still in the inbox, at an orderly stop."""
        arrivals = []
        while not self.inbox.empty():
            arrivals.append(self.inbox.get_nowait())
        await self.step(arrivals)

    def _normalised(self, batch: ReadingBatch) -> ReadingBatch:
        told = self.screen.screen(self.canonical.canonicalise(batch))
        return self.masses.derive(self.power.derive(told))

    async def _book(self, batch: ReadingBatch) -> None:
        """Book what is new, and put what comes late where it belongs."""
        late = self.booking.book(batch, self.clock.now_ns(), not_before_ns=self._oldest_ns)
        if len(late):
            self.booking.amend(late, *await self.store.around(self.booking.wanted(late)))
        for cause in self.booking.refused.keys() - self._refusals - {Refusal.REPEATED}:
            if self.booking.refused[cause]:
                self._refusals.add(cause)
                count = self.booking.refused[cause]
                log.warning("late readings are not booked, they are counted from now on", why=cause.words, count=count)

    @property
    def _oldest_ns(self) -> int:
        """The time from which on minutes may be stated again: what is let go of now, or soon, is half of its inputs."""
        return self.clock.now_ns() - int(self.bounds.keep_inputs_s * 1e9) + LEFT_BEHIND_NS

    def _on_time(self, batch: ReadingBatch) -> ReadingBatch:
        """Mark the readings around a step of the machine's clock: nobody knows on which side of it they were taken."""
        step_s = self._watch.step_s()
        if not step_s:
            return batch
        self.instruments.clock_steps_total += 1
        log.warning("the machine's clock was set; times before and after do not fit", by_s=round(step_s, 3))
        return ReadingBatch(
            batch.point, batch.time_ns, batch.value, np.minimum(batch.quality, np.uint8(Quality.UNCERTAIN))
        )

    async def _gather(self) -> list[Arrival]:
        """Wait for arrivals, for at most a commit interval, and take what came until then; less if one hurries."""
        arrivals: list[Arrival] = []
        readings = 0
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with an arrival.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.commit_every_s):
                while len(arrivals) < INBOX_SIZE and readings < MOST_READINGS:
                    arrivals.append(await self.inbox.get())
                    readings += len(arrivals[-1].batch)
                    if arrivals[-1].hurries:
                        break
        return arrivals

    async def _close(self) -> None:
        now_ns = self.clock.now_ns()
        closed = await self.closer.step(now_ns)
        if closed is not None:
            marks, touched = self.plantwide.marks_of(closed.records), self.plantwide.touched_by(closed.records)
            await self._commit(replace(closed.commit(now_ns), dirty=marks, touched=touched))
        of_plant = await self.plantwide.step()
        if of_plant is not None:
            await self._commit(of_plant.commit(now_ns))

    async def _let_go(self) -> None:
        if time.monotonic() - self._cleared_s < CLEAR_EVERY_S:
            return
        self._cleared_s = time.monotonic()
        dropped = await self.store.let_go(self.targets, self.bounds, self.clock.now_ns())
        self.instruments.dropped_total += dropped.lines
        if dropped.lines and self.targets:
            log.error("outbox is full or too old, lines dropped", lines=dropped.lines, records=dropped.records)

    async def _own_line(self) -> bytes:
        state = await self.store.outbox_state(self.targets)
        self.instruments.outbox_records, self.instruments.outbox_bytes = state.records, state.size_bytes
        oldest_s = (self.clock.now_ns() - state.oldest_ns) * 1e-9 if state.records else 0.0
        fields = {**self.instruments.stream_fields(), "outbox_oldest_s": oldest_s}
        start = lineprotocol.series("collector", {"plant": self.plant.id, "instance": self.instance})
        line = lineprotocol.line(start, fields, self.clock.now_ns())
        if line is None:
            raise AssertionError("the collector's own counts are always finite")
        return line

    async def _commit(self, commit: Commit) -> None:
        started = time.monotonic()
        await self.store.commit(commit)
        self.instruments.commits_total += 1
        self.instruments.commit_slowest_s = max(self.instruments.commit_slowest_s, time.monotonic() - started)

    async def _dirty_by_events(
        self, weighings: Sequence[Weighing], effects: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], str]:
        """Return the closed minutes that events belong to now, or belonged to before they were corrected."""
        dirty: dict[tuple[str, int], str] = {}
        before = await self.store.minutes_of(event.id for event in weighings) if weighings else []
        for potline, time_ns in [*effects, *before, *((event.potline, event.time_ns) for event in weighings)]:
            if self.closer.since_ns <= time_ns < self._oldest_ns:
                why = "older than [store] keep_inputs; the entry of its minute stands"
                log.error("event is not accounted", potline=potline, time_ns=time_ns, why=why)
            self._mark(dirty, potline, time_ns, time_ns + 1, "an event was told or corrected")
        return dirty

    async def _touched_by(self, told: Sequence[Production | Laboratory]) -> dict[tuple[str, int], str]:
        """Return minutes whose days and months may have other tonnes now: of the books' periods, and of samples."""
        tapping = self.plant.tapping
        if tapping is None or not told:
            return {}
        reach_ns = round(tapping.heights.longest_age_s * 1e9) if tapping.heights is not None else 0
        places = await self.store.minutes_of(event.id for event in told)
        for event in told:
            spread = (0,) if isinstance(event, Production) else (-reach_ns, 0, reach_ns)
            places += [(event.potline, event.time_ns + away) for away in spread]
        touched: dict[tuple[str, int], str] = {}
        for potline, time_ns in places:
            self._mark(touched, potline, time_ns, time_ns + 1, "tonnes were told or corrected")
        return touched

    def _mark(self, dirty: dict[tuple[str, int], str], potline: str, since_ns: int, until_ns: int, reason: str) -> None:
        """Mark the minutes that are closed already, and none from before the accounts or their inputs begin."""
        first_ns = minute_of(max(since_ns, self.closer.since_ns, self._oldest_ns))
        for minute in range(first_ns, min(until_ns, self.closer.closed_until(potline)), MINUTE_NS):
            dirty.setdefault((potline, minute), reason)

    def _count(self, batch: ReadingBatch, rejected: int) -> None:
        self.instruments.readings_total += len(batch)
        self.instruments.readings_bad_total += int((~batch.usable).sum())
        self.instruments.rejected_total += rejected
        self.instruments.late_voltages_total = self.effects.late
        refused = self.booking.refused
        self.instruments.late_booked_total = self.booking.late
        self.instruments.late_repeated_total = refused[Refusal.REPEATED]
        self.instruments.late_refused_total = refused.total() - refused[Refusal.REPEATED]
        self.instruments.late_refused_by_cause = {
            cause.value: count for cause, count in refused.items() if count and cause is not Refusal.REPEATED
        }
