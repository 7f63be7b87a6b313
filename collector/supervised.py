"""What runs under the supervisor: sources, dead letters read again, databases, the word of alerts to a broker."""

from typing import TYPE_CHECKING

from collector.acquisition import security
from collector.acquisition.feed import Feed
from collector.acquisition.source import SourceUnavailable
from collector.clock import Clock
from collector.delivery.influx import InfluxSink
from collector.delivery.sink import Delivery, SinkUnavailable
from collector.instruments import Instruments
from collector.settings import DeliveryTarget, InfluxKind
from collector.store.schema import StoreUnwritable
from collector.store.store import Store
from collector.supervision.supervisor import keep_running

if TYPE_CHECKING:
    from collector.alerting.telling import AlertTeller


async def fed(feed: Feed, instruments: Instruments) -> None:
    """Carry from a source to the inbox, for ever."""
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


async def read_again(feed: Feed) -> None:
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


async def told(teller: "AlertTeller", instruments: Instruments) -> None:
    """Tell a broker of alerts, for ever."""
    await keep_running(
        teller.name,
        teller.run,
        temporary=SourceUnavailable,
        states=instruments.source_states,
        running="running",
        longest_pause_s=5.0,
        did_well=lambda: teller.has_told,
    )


async def delivered(target: DeliveryTarget, store: Store, clock: Clock, instruments: Instruments) -> None:
    """Feed a database from the outbox, for ever."""
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
                requests=target.requests,
                backlog_rate=float(target.backlog_rate),
                streams=target.streams,
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
