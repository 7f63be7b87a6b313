"""The straight line: inbox, normalise, account, encode, one commit, acknowledge. Read this file first.

Everything that a batch causes goes to the store in one transaction, and only then is the broker told that its messages
were taken. So a crash at any instant loses nothing that was acknowledged and books nothing twice.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import structlog

from collector.accounting.booking import Booking
from collector.accounting.counters import Step
from collector.accounting.late import Refusal
from collector.acquisition.source import Arrival
from collector.alerting.alerts import Alerts
from collector.clock import Clock, ClockWatch
from collector.closing.closer import Closer
from collector.closing.limits import LimitCheck
from collector.closing.patience import Patience
from collector.closing.plant_closer import PlantCloser
from collector.closing.told import WHY, Judged, ToldFactors
from collector.counter_check import CounterCheck
from collector.delivery.lineprotocol import ReadingEncoder
from collector.effects import Effects
from collector.instruments import Instruments, process_fields
from collector.normalise.canonical import Canonicaliser
from collector.normalise.derive import LinePower
from collector.normalise.mass_flow import MassFlows
from collector.normalise.screening import Screen
from collector.own_lines import own_lines
from collector.plant.topology import Plant
from collector.pot_minutes import PotMinutes
from collector.readings.batch import NO_READINGS, ReadingBatch
from collector.readings.cell import MINUTE_NS, minute_of
from collector.readings.event import (
    AnodeEffect,
    EffectCounters,
    Laboratory,
    MetalTapped,
    Production,
    ToldFactor,
    Weighing,
)
from collector.readings.latest import LatestReadings
from collector.readings.quality import Quality
from collector.store.commit import Commit
from collector.store.inputs import books_about
from collector.store.outbox import Bounds
from collector.store.room import Room
from collector.store.store import Store

log = structlog.get_logger()

INBOX_SIZE = 1000
MOST_READINGS = 100_000
"""How many readings are taken in one step, give or take an arrival: what it does on the event loop takes 5 ms then."""
REPORT_EVERY_S = 10.0

LATE_READINGS = "readings came after the minute was closed"
LEFT_BEHIND_NS = 60 * MINUTE_NS
"""So long before inputs are let go of, nothing is booked there any more."""

_SAID = {
    Step.WRAPPED: "counter wrapped",
    Step.SUSPECT: "counter reading not believed",
    Step.REBASED: "counter starts again",
}


@dataclass(slots=True, eq=False)
class Line:
    """The line between inbox and store. A bug in it ends the process: nothing is skipped silently."""

    plant: Plant
    inbox: asyncio.Queue[Arrival]
    canonical: Canonicaliser
    screen: Screen
    power: LinePower
    masses: MassFlows
    pots: PotMinutes
    booking: Booking
    effects: Effects
    counters: CounterCheck
    limits: LimitCheck
    alerts: Alerts
    closer: Closer
    plantwide: PlantCloser
    told: ToldFactors
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
    _patience: Patience = field(default_factory=Patience, init=False)
    _reported_s: float = field(default=-math.inf, init=False)
    _room: Room = field(init=False)
    _refusals: set[Refusal] = field(default_factory=set, init=False)
    _is_last: bool = field(default=False, init=False)
    _held: list[Arrival] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Look at the clock for the first time."""
        self._watch = ClockWatch(self.clock)
        self._room = Room(
            self.store,
            targets=self.targets,
            bounds=self.bounds,
            clock=self.clock,
            instruments=self.instruments,
            progress=self.progress,
        )

    async def run(self) -> None:
        """Work until told to stop, and then until all that arrived is on disk.

        Raises
        ------
        StoreUnwritable
            If the disk takes nothing when it is told to stop: nobody waits then. Nothing of it was acknowledged.
        """
        await self._room.open()
        while not self._is_last:
            await self._room.wait()
            await self.step(await self._gather())
            self.progress()
        # Counted once: after a change of the settings the sources go on, and what they bring is for the next line.
        self._held[:0] = [self.inbox.get_nowait() for _ in range(self.inbox.qsize())]
        while self._held:
            await self.step(self._rest())

    def stop(self, held: Sequence[Arrival]) -> None:
        """Take what has arrived, and what a full inbox ``held`` back, and then end. Nothing may arrive any more.

        Not by a cancellation: that would throw away what was gathered for the next commit, up to a second of readings.
        """
        self._room.end_waiting()
        self.give_way(held)

    def give_way(self, held: Sequence[Arrival]) -> None:
        """Take what has arrived by now, and what sources had that are no more, and then end: another line goes on."""
        self._is_last = True
        self._held.extend(held)
        with contextlib.suppress(asyncio.QueueFull):  # who gathers is awake then
            self.inbox.put_nowait(Arrival(NO_READINGS, hurries=True))

    def go_on_from(self, before: "Line") -> None:
        """Take over what a line before this one has counted, and what it remembers of flows: none of it is on disk."""
        self.booking.late, self.booking.refused = before.booking.late, before.booking.refused
        self.effects.go_on_from(before.effects)
        self.pots.go_on_from(before.pots)
        self.masses.go_on_from(before.masses)
        self._refusals = before._refusals  # noqa: SLF001 - another line

    async def step(self, arrivals: Sequence[Arrival]) -> None:
        """Take some arrivals all the way: normalise, account, encode, commit, acknowledge; then close what is due."""
        live = self._normalised(self._on_time(self._known(arrival.batch for arrival in arrivals)))
        past = self._normalised(self._known(arrival.past for arrival in arrivals))
        self.latest.take(live)
        batch = ReadingBatch.joined((live, past)) if len(past) else live
        of_pots = await self.pots.take(batch, self.clock.now_ns())
        await self._book(batch)
        told = [event for arrival in arrivals for event in arrival.events]
        told += self.effects.seen(batch)
        fresh = await self.store.fresh(told) if told else []
        factors = self.told.judge([event for event in fresh if isinstance(event, ToldFactor)])
        refused = {id(event) for event, _ in factors.refused}
        told = [event for event in told if not (isinstance(event, ToldFactor) and id(event) in refused)]
        judged = await self.effects.judge([event for event in fresh if isinstance(event, AnodeEffect)])
        dirty = await self._dirty_by_events([event for event in fresh if isinstance(event, Weighing)], judged.places)
        of_metal = [event for event in fresh if not isinstance(event, AnodeEffect | ToldFactor | EffectCounters)]
        touched = await self._touched_by(of_metal)
        self._mark_factors(factors, dirty, touched)
        changes = self.booking.take()
        for point, since_ns, until_ns in changes.spans:
            for potline in self.closer.potlines_of(point):
                self._mark(dirty, potline, since_ns, until_ns, LATE_READINGS)
        for potline, minute_ns, _ in of_pots:
            self._mark(dirty, potline, minute_ns, minute_ns + 1, LATE_READINGS)
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
        dead += factors.dead(self.clock.now_ns())
        lines = list(judged.lines)
        if time.monotonic() - self._reported_s >= REPORT_EVERY_S:
            self._reported_s = time.monotonic()
            lines += await self._own_lines()
        found = await self.counters.due(self.clock.now_ns())
        lines += [*found.lines, *await self.limits.due(self.clock.now_ns())]
        alerts = self.alerts.judge(live, lines)
        lines += alerts.lines
        standing = {**self.effects.standing(), **found.remembered, **self._room.remembered(), **alerts.remembered}
        if len(batch) or lines or changes.cells or told or dead or standing:
            await self._room.commit(
                Commit(
                    self.clock.now_ns(),
                    lines=lines,
                    cells=changes.cells,
                    traces=changes.traces,
                    pot_minutes=of_pots,
                    events=told,
                    dirty=dirty,
                    touched=touched,
                    dead=dead,
                    remembered=standing,
                    encode=partial(self.encoder.rendered, batch),
                )
            )
        self.alerts.committed()
        for arrival in arrivals:
            arrival.acknowledge()
        if factors.windows:
            plant = self.told.plant
            self.closer.as_told(plant)
            self.plantwide.as_told(plant)
        self._count(batch, len(dead))
        self.instruments.effects_told_by_one_total += await self.effects.compare(self.clock.now_ns())
        await self._close(more_came=bool(dirty))
        await self._room.let_go()

    def _rest(self) -> list[Arrival]:
        """Return what was in the inbox, and then what had no room in it; no more than one step takes."""
        rest: list[Arrival] = []
        readings = 0
        while self._held and len(rest) < INBOX_SIZE and readings < MOST_READINGS:
            rest.append(self._held.pop(0))
            readings += len(rest[-1].batch)
        return rest

    def _known(self, batches: Iterable[ReadingBatch]) -> ReadingBatch:
        """Join batches, without what was under way of points that the plant has no longer."""
        batch = ReadingBatch.joined(batches)
        if not self.plant.points.unused:
            return batch
        return batch.select(np.flatnonzero(~np.isin(batch.point, list(self.plant.points.unused))))

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
        quality = np.minimum(batch.quality, np.uint8(Quality.UNCERTAIN))
        return ReadingBatch(batch.point, batch.time_ns, batch.value, quality, batch.count)

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

    async def _close(self, *, more_came: bool) -> None:
        now_ns = self.clock.now_ns()
        waits = self._patience.waits(now_ns, more_came=more_came)
        closed = await self.closer.step(now_ns, waits=waits)
        if closed is not None:
            marks, touched = self.plantwide.marks_of(closed.records), self.plantwide.touched_by_tonnes(closed.records)
            await self._commit_closed(replace(closed.commit(now_ns), dirty=marks, touched=touched))
        of_plant = await self.plantwide.step(waits=waits)
        if of_plant is not None:
            await self._commit_closed(of_plant.commit(now_ns))

    async def _commit_closed(self, commit: Commit) -> None:
        alerts = self.alerts.judge(NO_READINGS, commit.lines)
        lines, remembered = [*commit.lines, *alerts.lines], {**commit.remembered, **alerts.remembered}
        await self._room.commit(replace(commit, lines=lines, remembered=remembered))
        self.alerts.committed()

    async def _own_lines(self) -> list[bytes]:
        state = await self._room.state()
        self.instruments.look_at_meters()
        alert, process = self._room.alert(state), await asyncio.to_thread(process_fields)
        tags = {"plant": self.plant.id, "instance": self.instance}
        return own_lines(tags, self.instruments, process, state.oldest_ns, alert, self.clock.now_ns())

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

    def _mark_factors(
        self, factors: Judged, dirty: dict[tuple[str, int], str], touched: dict[tuple[str, int], str]
    ) -> None:
        """Mark what was stated without factors that are told now: minutes of the grid's, windows of the others."""
        for event, why in factors.refused:
            log.warning("told factor is not taken", id=event.id, factor=event.factor, reason=why)
        for since_ns, until_ns in factors.minutes:
            for potline in self.plant.potlines:
                self._mark(dirty, potline.id, since_ns, until_ns, WHY)
        oldest_ns = self.clock.now_ns() - int(self.bounds.keep_minutes_s * 1e9) + LEFT_BEHIND_NS
        for place, why in self.plantwide.touched_by(factors.windows, not_before_ns=oldest_ns).items():
            touched.setdefault(place, why)

    async def _touched_by(
        self, told: Sequence[Production | Laboratory | MetalTapped | Weighing]
    ) -> dict[tuple[str, int], str]:
        """Return minutes whose days and months may have other tonnes now.

        Those of the books' periods, of samples, and of crucibles for which the books stood in until they were weighed.
        """
        tapping = self.plant.tapping
        if tapping is None or not told:
            return {}
        reach_ns = round(tapping.heights.longest_age_s * 1e9) if tapping.heights is not None else 0
        weighed = [event for event in told if isinstance(event, Weighing)]
        places = await self.store.minutes_of(event.id for event in told if not isinstance(event, Weighing))
        places += await self.store.ask(lambda db: books_about(db, weighed)) if weighed else []
        for event in told:
            if isinstance(event, Weighing):  # its own minute is accounted again
                continue
            spread = (-reach_ns, 0, reach_ns) if isinstance(event, Laboratory) else (0,)
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
