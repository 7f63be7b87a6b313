"""The composition root: the only room that sees every other. From a configuration to a running collector."""

import asyncio
import contextlib
import gc
import socket
import time
from dataclasses import dataclass, replace

import structlog

from collector.accounting.booking import Booking
from collector.accounting.production import PotWatch
from collector.accounting.rules import rules
from collector.acquisition import security
from collector.acquisition.feed import Feed
from collector.acquisition.modbus.poller import ModbusPoller
from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import MessageReader
from collector.acquisition.mqtt.readers import BesideSparkplug
from collector.acquisition.mqtt.sparkplug import SparkplugReader
from collector.acquisition.mqtt.subscriber import MqttSubscriber
from collector.acquisition.source import Arrival, Source, SourceUnavailable
from collector.alerting.alerts import Alerts
from collector.alerting.telling import AlertTeller
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
from collector.page.metrics import Metrics
from collector.page.server import PageServer
from collector.page.state import PageState
from collector.pipeline import INBOX_SIZE, LEFT_BEHIND_NS, Line
from collector.plant.division import Part
from collector.plant.meter import Broker
from collector.pot_minutes import PotMinutes
from collector.readings.latest import LatestReadings
from collector.readings.outgoing import DropCause
from collector.rereading import LettersAgain
from collector.settings import Configuration, DeliveryTarget, InfluxKind
from collector.store import again
from collector.store.inputs import factors_told
from collector.store.outbox import Bounds
from collector.store.schema import StoreUnwritable
from collector.store.store import Store
from collector.supervision.notify import notify
from collector.supervision.supervisor import keep_running

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


def instance(part: Part | None) -> str:
    """Return what the collector is called in its own stream: by its machine, and its part where it has one."""
    return socket.gethostname() if part is None else f"{socket.gethostname()}/{part.name}"


def sources(configuration: Configuration, clock: Clock, instruments: Instruments) -> list[Source]:
    """Return the sources of a plant: one an endpoint, one a broker."""
    plant = configuration.plant
    found: list[Source] = []
    polled = [
        (endpoint, [m for m in plant.polled_meters if m.endpoint.id == endpoint.id]) for endpoint in plant.endpoints
    ]
    polled = [(endpoint, meters) for endpoint, meters in polled if meters]
    for number, (endpoint, meters) in enumerate(polled):
        phase = number / len(polled)
        found.append(
            ModbusPoller(endpoint, meters, points=plant.points, clock=clock, instruments=instruments, phase=phase)
        )
    found += [
        MqttSubscriber(broker, _reader(broker, configuration, clock, instruments), clock=clock, instruments=instruments)
        for broker in plant.brokers
    ]
    return found


def _declared(broker: Broker, configuration: Configuration) -> LayoutReader:
    """Return what reads the messages of a broker that have a layout."""
    plant = configuration.plant
    return LayoutReader(
        plant,
        plant.layouts_of(broker),
        broker=broker.id,
        site=broker.site,
        qos=broker.qos,
        longest_tare_age_s=configuration.accounting.longest_tare_age_s,
    )


def letters_again(configuration: Configuration, store: Store, clock: Clock) -> LettersAgain:
    """Return what reads dead letters again, with the layouts of the brokers as they are configured now."""
    readers = {f"mqtt:{broker.id}": _declared(broker, configuration) for broker in configuration.plant.brokers}
    keep_ns = int(configuration.store.keep_inputs_s * 1e9) - LEFT_BEHIND_NS
    return LettersAgain(store, readers, lambda: clock.now_ns() - keep_ns)


def _reader(broker: Broker, configuration: Configuration, clock: Clock, instruments: Instruments) -> MessageReader:
    """Return what reads the messages of a broker."""
    plant = configuration.plant
    declared = _declared(broker, configuration)
    if broker.sparkplug is None:
        return declared
    heard = {meter.address: meter.id for meter in plant.heard_meters if meter.broker == broker.id}
    sparkplug = SparkplugReader(
        broker.sparkplug, plant, meters=heard, now_ns=clock.now_ns, counts=instruments.sparkplug
    )
    return BesideSparkplug(sparkplug, declared)


async def run(configuration: Configuration, clock: Clock, *, stop: asyncio.Event) -> None:
    """Run the collector until ``stop`` is set, then bring everything that arrived to disk.

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
        line = await _line(configuration, clock, store, latest, instruments, progress)
        state = PageState(
            plant,
            store.path,
            latest,
            clock=clock,
            instruments=instruments,
            least_coverage_pct=configuration.accounting.least_coverage_pct,
            merged=line.effects.merged,
            rules=configuration.rules,
        )
        page = await stack.enter_async_context(
            PageServer(
                state.document,
                progress.healthy,
                degraded=lambda: instruments.line_waits,
                unready=lambda: progress.unready,
                troubles=lambda: _troubles(instruments),
                look=state.look,
                metrics=Metrics(instruments, clock).served,
                host=configuration.page.host,
                port=configuration.page.port,
                token_file=configuration.page.token_file,
                certificate=configuration.page.certificate,
            )
        )
        log.info("page", address=page.address)
        async with asyncio.TaskGroup() as group:
            feeds = [Feed(source, line.inbox, instruments) for source in sources(configuration, clock, instruments)]
            feeding = [group.create_task(_fed(feed, instruments), name=feed.source.name) for feed in feeds]
            again_read = Feed(letters_again(configuration, store, clock), line.inbox, instruments)
            feeding.append(group.create_task(_read_again(again_read), name=again_read.source.name))
            feeds.append(again_read)
            working = group.create_task(line.run(), name="line")
            delivering = [
                group.create_task(_delivered(target, store, clock, instruments), name=target.name)
                for target in configuration.targets
            ]
            if configuration.alert_topic is not None:
                teller = AlertTeller(line.alerts, configuration.alert_topic, store, clock)
                delivering.append(group.create_task(_told(teller, instruments), name=teller.name))
            # What is here now stays. Else the garbage collector walks all of it again and again, for 70 ms each time.
            gc.freeze()
            stack.callback(gc.unfreeze)
            progress.unready = ""
            notify("READY=1")
            log.info("running", plant=plant.id, meters=len(plant.meters), databases=len(configuration.targets))
            await stop.wait()
            progress.unready = "it stops"
            notify("STOPPING=1")
            log.info("stopping")
            for task in feeding:
                task.cancel()
            await asyncio.wait(feeding)
            line.stop([arrival for feed in feeds for arrival in feed.held])
            await asyncio.wait([working])
            for task in delivering:
                task.cancel()
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
        line = await _line(
            configuration, clock, store, latest, Instruments(), _Progress(time.monotonic()), judges_alerts=False
        )
        async with contextlib.aclosing(letters_again(configuration, store, clock).asked_for()) as arrivals:
            async for arrival in arrivals:
                await line.step([arrival])
        while await store.ask(again.is_anything_marked):
            await line.step([])


async def _line(
    configuration: Configuration,
    clock: Clock,
    store: Store,
    latest: LatestReadings,
    instruments: Instruments,
    progress: _Progress,
    *,
    judges_alerts: bool = True,
) -> Line:
    plant, accounting, kept = configuration.plant, configuration.accounting, configuration.store
    effects = await Effects.opened(plant, store, opening.rules_of_effects(configuration), clock.now_ns())
    booked = rules(plant)
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
        inbox=asyncio.Queue[Arrival](INBOX_SIZE),
        canonical=Canonicaliser(plant),
        screen=Screen(plant),
        power=LinePower(plant),
        masses=MassFlows(plant),
        pots=await PotMinutes.opened(plant, pots, store, instruments, clock.now_ns()),
        booking=Booking(booked, last, await store.last_traces(last), longest_gap_s=accounting.longest_gap_s),
        effects=effects,
        counters=await CounterCheck.opened(plant, store, opening.rules_of_effects(configuration), clock.now_ns()),
        limits=opening.limit_check(configuration, store),
        alerts=await Alerts.opened(
            plant,
            configuration.alerts,
            store,
            clock,
            is_told=configuration.alert_topic is not None,
            judges=judges_alerts,
        ),
        closer=closer,
        plantwide=plantwide,
        told=told,
        encoder=ReadingEncoder(plant),
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
        instance=instance(configuration.part),
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


async def _told(teller: AlertTeller, instruments: Instruments) -> None:
    await keep_running(
        teller.name,
        teller.run,
        temporary=SourceUnavailable,
        states=instruments.source_states,
        running="running",
        longest_pause_s=5.0,
        did_well=lambda: teller.has_told,
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
