"""The composition root: the only room that sees every other. From a configuration to a running collector."""

import asyncio
import contextlib
import gc
import socket
import time
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

import structlog

from collector.accounting.booking import Booking
from collector.accounting.production import PotWatch
from collector.accounting.rules import rules
from collector.acquisition import security
from collector.acquisition.feed import Feed
from collector.acquisition.source import Arrival, Source, SourceUnavailable
from collector.clock import Clock, StandingClock, SystemClock
from collector.closing import opening
from collector.closing.told import ToldFactors
from collector.counter_check import CounterCheck
from collector.delivery.influx import InfluxSink
from collector.delivery.lineprotocol import ReadingEncoder
from collector.delivery.sink import Delivery, SinkUnavailable
from collector.effects import Effects
from collector.instruments import Instruments
from collector.normalise.canonical import Canonicaliser
from collector.normalise.derive import LinePower
from collector.normalise.mass_flow import MassFlows
from collector.normalise.screening import Screen
from collector.page.server import PageServer
from collector.page.state import PageState
from collector.pipeline import INBOX_SIZE, Line
from collector.plant.topology import Plant
from collector.pot_minutes import PotMinutes
from collector.readings.latest import LatestReadings
from collector.readings.outgoing import DropCause
from collector.reloading import Reloads
from collector.running import Running
from collector.settings import Configuration, DeliveryTarget, InfluxKind
from collector.sources import letters_again, read_letters_with, reread, sources
from collector.store import again
from collector.store.inputs import factors_told
from collector.store.outbox import Bounds
from collector.store.schema import StoreUnwritable
from collector.store.store import Store
from collector.supervision.control import ControlSocket
from collector.supervision.notify import notify
from collector.supervision.supervisor import keep_running

log = structlog.get_logger()

_STALLED_S = 30.0


@dataclass(slots=True)
class _Progress:
    """When the line last went round; the watchdog and ``/healthz`` live on it."""

    last_s: float
    fed_s: float = 0.0

    def made(self) -> None:
        """Note that the line went round, and tell systemd."""
        self.last_s = time.monotonic()
        if self.last_s - self.fed_s > 1.0:
            self.fed_s = self.last_s
            notify("WATCHDOG=1")

    def healthy(self) -> bool:
        """Tell whether the line goes round."""
        return time.monotonic() - self.last_s < _STALLED_S


@dataclass(slots=True)
class _Works:
    """Makes what runs in a collector."""

    clock: Clock
    store: Store
    instruments: Instruments
    progress: _Progress
    latest: LatestReadings

    def sources(self, configuration: Configuration, only: frozenset[str] | None) -> list[Source]:
        """Return the sources, or those of some names."""
        if only is None:
            return sources(configuration, self.clock, self.instruments)
        return sources(configuration, self.clock, self.instruments, only)

    def reread(self, source: Source, configuration: Configuration) -> None:
        """Let a source go on with what its messages mean now."""
        reread(source, configuration, self.clock)

    async def line(self, configuration: Configuration, before: Line | None) -> Line:
        """Return a line that goes on where the store ends, with the inbox of the one before it."""
        if before is not None:
            self.latest = self.latest.of(len(configuration.plant.points))
        inbox = asyncio.Queue[Arrival](INBOX_SIZE) if before is None else before.inbox
        return await _line(configuration, self.clock, self.store, self.latest, self.instruments, self.progress, inbox)

    def fed(self, feed: Feed) -> Coroutine[Any, Any, None]:
        """Carry from a source to the inbox, for ever."""
        return _fed(feed, self.instruments)

    def delivered(self, target: DeliveryTarget) -> Coroutine[Any, Any, None]:
        """Feed a database from the outbox, for ever."""
        return _delivered(target, self.store, self.clock, self.instruments)


async def run(
    configuration: Configuration, clock: Clock, *, stop: asyncio.Event, reloads: Reloads | None = None
) -> None:
    """Run the collector until ``stop`` is set, then bring everything that arrived to disk.

    ``reloads`` tells when to read the settings again; None: they stay as they are.

    Raises
    ------
    StoreError, PageUnavailable
        If store or page cannot be opened.
    ExceptionGroup
        If something failed that must not fail.
    """
    plant = configuration.plant
    instruments = Instruments()
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store(configuration.store.path, plant.points))
        for said in store.done_at_opening:
            log.error("store mended", what=said)
        instruments.log_lost_total = int(store.log_lost)
        if store.lost_records:
            instruments.dropped_record(DropCause.DAMAGED, store.lost_records)
        latest = LatestReadings(len(plant.points))
        progress = _Progress(time.monotonic())
        works = _Works(clock, store, instruments, progress, latest)
        line = await works.line(configuration, None)
        state = PageState(
            plant,
            store.path,
            latest,
            clock=clock,
            instruments=instruments,
            least_coverage_pct=configuration.accounting.least_coverage_pct,
            merged=line.effects.merged,
        )
        page = await stack.enter_async_context(
            PageServer(
                state.document,
                progress.healthy,
                degraded=lambda: instruments.line_waits,
                host=configuration.page.host,
                port=configuration.page.port,
            )
        )
        log.info("page", address=page.address)
        async with asyncio.TaskGroup() as group:
            running = Running(group, works, configuration, line, store, instruments, stop)
            letters = letters_again(configuration, store, clock)
            again_read = Feed(letters, line.inbox, instruments)
            running.also_feed(again_read, _read_again(again_read))
            running.start()
            # What is here now stays. Else the garbage collector walks all of it again and again, for 70 ms each time.
            gc.freeze()
            stack.callback(gc.unfreeze)

            def show(now: Configuration) -> None:
                read_letters_with(letters, now, clock)
                state.show(
                    now.plant,
                    works.latest,
                    least_coverage_pct=now.accounting.least_coverage_pct,
                    merged=running.line.effects.merged,
                )
                gc.freeze()

            async with contextlib.AsyncExitStack() as asked:
                if reloads is not None:
                    await asked.enter_async_context(ControlSocket(store.path, reloads.ask))
                notify("READY=1")
                log.info("running", plant=plant.id, meters=len(plant.meters), databases=len(configuration.targets))
                await (stop.wait() if reloads is None else reloads.serve(running, show))
                notify("STOPPING=1")
                log.info("stopping")
            await running.end()
        log.info("stopped")


async def read_letters(configuration: Configuration) -> None:
    """Read the dead letters again that were asked for, and state again what follows, without a running collector.

    Time stands still for it: no minute is closed that the collector, when it runs, may still hear of.

    Raises
    ------
    StoreError
        If the store cannot be opened; StoreBusy if a collector works on it.
    """
    clock = StandingClock(SystemClock().now_ns())
    async with Store(configuration.store.path, configuration.plant.points) as store:
        await store.note_pause(clock.now_ns())
        latest = LatestReadings(len(configuration.plant.points))
        inbox = asyncio.Queue[Arrival](INBOX_SIZE)
        line = await _line(configuration, clock, store, latest, Instruments(), _Progress(time.monotonic()), inbox)
        async with contextlib.aclosing(letters_again(configuration, store, clock).asked_for()) as arrivals:
            async for arrival in arrivals:
                await line.step([arrival])
        while await store.ask(again.is_anything_marked):
            await line.step([])


class _Parts:
    """The parts of a line that follow from the plant alone."""

    def __init__(self, plant: Plant) -> None:
        self.booked = rules(plant)
        self.canonical = Canonicaliser(plant)
        self.screen = Screen(plant)
        self.power = LinePower(plant)
        self.masses = MassFlows(plant)
        self.encoder = ReadingEncoder(plant)


async def _line(
    configuration: Configuration,
    clock: Clock,
    store: Store,
    latest: LatestReadings,
    instruments: Instruments,
    progress: _Progress,
    inbox: asyncio.Queue[Arrival],
) -> Line:
    plant, accounting, kept = configuration.plant, configuration.accounting, configuration.store
    effects = await Effects.opened(plant, store, opening.rules_of_effects(configuration), clock.now_ns())
    parts = await asyncio.to_thread(_Parts, plant)  # for thousands of meters that takes a while
    booked = parts.booked
    last = await store.last_cells(booked)
    pots = PotWatch(plant)
    told = ToldFactors(plant, await store.ask(factors_told))
    as_told = replace(configuration, plant=told.plant)
    closer = opening.closer(as_told, store, pots, instruments)
    await closer.open(clock.now_ns())
    plantwide = opening.plant_closer(as_told, store, closer, instruments)
    await plantwide.open(clock.now_ns())
    return Line(
        plant=plant,
        inbox=inbox,
        canonical=parts.canonical,
        screen=parts.screen,
        power=parts.power,
        masses=parts.masses,
        pots=await PotMinutes.opened(plant, pots, store, instruments, clock.now_ns()),
        booking=Booking(booked, last, await store.last_traces(last), longest_gap_s=accounting.longest_gap_s),
        effects=effects,
        counters=await CounterCheck.opened(plant, store, opening.rules_of_effects(configuration), clock.now_ns()),
        closer=closer,
        plantwide=plantwide,
        told=told,
        encoder=parts.encoder,
        store=store,
        latest=latest,
        clock=clock,
        instruments=instruments,
        commit_every_s=kept.commit_every_s,
        targets=tuple(target.name for target in configuration.targets),
        bounds=Bounds(
            kept.outbox_max_bytes,
            kept.outbox_max_age_s,
            kept.keep_inputs_s,
            kept.keep_minutes_s,
            when_full=kept.when_full,
            keep_delivered_s=kept.keep_delivered_s,
        ),
        instance=socket.gethostname(),
        progress=progress.made,
    )


async def _fed(feed: Feed, instruments: Instruments) -> None:
    source = feed.source
    await keep_running(
        source.name,
        feed.run,
        temporary=SourceUnavailable,
        states=instruments.source_states,
        running="running",
        longest_pause_s=source.longest_pause_s,
        did_well=lambda: feed.heard,
    )


async def _read_again(feed: Feed) -> None:
    """Read dead letters again. What fails in it fails in the store, and a disk that takes nothing is waited for."""

    async def read() -> None:
        try:
            await feed.run()
        except StoreUnwritable as exc:  # what was read cannot be noted for now, and will be read again
            raise SourceUnavailable(str(exc)) from exc

    source = feed.source
    await keep_running(
        source.name,
        read,
        temporary=SourceUnavailable,
        states={},
        running="reading",
        longest_pause_s=source.longest_pause_s,
        did_well=lambda: feed.heard,
    )


async def _delivered(target: DeliveryTarget, store: Store, clock: Clock, instruments: Instruments) -> None:
    working: list[Delivery] = []

    async def deliver() -> None:
        working.clear()
        async with InfluxSink(
            name=target.name,
            url=target.url,
            version=1 if target.kind is InfluxKind.INFLUXDB1 else 2,
            org=target.org,
            bucket=target.bucket,
            create=target.create,
            username=target.username,
            secret_file=target.secret_file,
            timeout_s=target.timeout_s,
            tls=lambda: security.context(target.tls),
            server_name=target.tls.server_name,
            proxy=target.proxy,
        ) as sink:
            delivery = Delivery(
                target.name,
                sink,
                store,
                most_bytes=target.max_body_bytes,
                clock=clock,
                instruments=instruments,
                backlog_rate=float(target.backlog_rate),
            )
            working.append(delivery)
            try:
                await delivery.run()
            except StoreUnwritable as exc:  # what it has taken cannot be noted for now, and will be sent again
                raise SinkUnavailable(str(exc)) from exc

    await keep_running(
        target.name,
        deliver,
        temporary=SinkUnavailable,
        states=instruments.target_states,
        running="delivering",
        did_well=lambda: any(delivery.has_delivered for delivery in working),
    )
