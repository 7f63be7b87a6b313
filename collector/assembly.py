"""The composition root: the only room that sees every other. From a configuration to a running collector."""

import asyncio
import contextlib
import gc
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from collector.acquisition.feed import Feed
from collector.acquisition.source import Arrival, Source
from collector.beginning import line_on
from collector.clock import Clock, StandingClock, SystemClock
from collector.instruments import Instruments
from collector.page.metrics import Metrics
from collector.page.server import PageServer
from collector.page.state import PageState
from collector.pipeline import INBOX_SIZE, Line
from collector.readings.latest import LatestReadings
from collector.readings.outgoing import DropCause
from collector.reloading import Reloads
from collector.running import Running
from collector.settings import Configuration, DeliveryTarget
from collector.sources import letters_again, read_letters_with, reread, sources
from collector.store import again
from collector.store.store import Store
from collector.supervised import delivered, fed, read_again, told
from collector.supervision.control import ControlSocket
from collector.supervision.notify import notify

log = structlog.get_logger()

_STALLED_S = 30.0


@dataclass(slots=True)
class _Progress:
    """When the line last went round; the watchdog and ``/healthz`` live on it."""

    last_s: float
    fed_s: float = 0.0
    unready: str = "it starts"
    """Why the collector does not work yet, or no longer; empty while it does."""

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
    newest: Line | None = None

    def firing(self) -> list[dict[str, Any]]:
        """Return the alerts that fire."""
        return [] if self.newest is None else self.newest.alerts.firing()

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
        self.newest = await line_on(
            configuration, self.clock, self.store, self.latest, self.instruments, self.progress.made, inbox
        )
        return self.newest

    def fed(self, feed: Feed) -> Coroutine[Any, Any, None]:
        """Carry from a source to the inbox, for ever."""
        return fed(feed, self.instruments)

    def delivered(self, target: DeliveryTarget) -> Coroutine[Any, Any, None]:
        """Feed a database from the outbox, for ever."""
        return delivered(target, self.store, self.clock, self.instruments)

    def told(self, configuration: Configuration, line: Line) -> Coroutine[Any, Any, None] | None:
        """Tell a broker of a line's alerts, for ever; None: nobody is to be told."""
        if configuration.alert_topic is None:
            return None
        from collector.alerting.telling import AlertTeller  # noqa: PLC0415 - MQTT: only where a broker is to be told

        return told(AlertTeller(line.alerts, configuration.alert_topic, self.store, self.clock), self.instruments)


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
            rules=configuration.rules,
            alerts=works.firing,
        )
        page = await stack.enter_async_context(
            PageServer(
                state.document,
                progress.healthy,
                degraded=lambda: instruments.line_waits,
                unready=lambda: progress.unready,
                troubles=lambda: _troubles(instruments),
                look=state.look,
                metrics=Metrics(instruments, clock, works.firing).served,
                host=configuration.page.host,
                port=configuration.page.port,
                token_file=configuration.page.token_file,
                certificate=configuration.page.certificate,
            )
        )
        log.info("page", address=page.address)
        async with asyncio.TaskGroup() as group:
            running = Running(group, works, configuration, line, store, instruments, stop)
            letters = letters_again(configuration, store, clock)
            again_read = Feed(letters, line.inbox, instruments)
            running.also_feed(again_read, read_again(again_read))
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
                    rules=now.rules,
                )
                gc.freeze()

            async with contextlib.AsyncExitStack() as asked:
                if reloads is not None:
                    await asked.enter_async_context(ControlSocket(store.path, reloads.ask))
                progress.unready = ""
                notify("READY=1")
                log.info("running", plant=plant.id, meters=len(plant.meters), databases=len(configuration.targets))
                await (stop.wait() if reloads is None else reloads.serve(running, show))
                progress.unready = "it stops"
                notify("STOPPING=1")
                log.info("stopping")
            await running.end()
        log.info("stopped")


def _troubles(instruments: Instruments) -> list[str]:
    """Return what is not as it should be while the collector works: sources and databases that are waited for."""
    sources_down = [
        f"source {name}: {words}" for name, words in instruments.source_states.items() if words != "running"
    ]
    down = [f"database {name}: {words}" for name, words in instruments.target_states.items() if words != "delivering"]
    return sources_down + down


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
        progress = _Progress(time.monotonic())
        line = await line_on(
            configuration, clock, store, latest, Instruments(), progress.made, inbox, judges_alerts=False
        )
        async with contextlib.aclosing(letters_again(configuration, store, clock).asked_for()) as arrivals:
            async for arrival in arrivals:
                await line.step([arrival])
        while await store.ask(again.is_anything_marked):
            await line.step([])
