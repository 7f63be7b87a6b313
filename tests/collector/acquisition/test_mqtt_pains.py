"""What other collectors are blamed for: a consumer that stops without a word, or that a bad message stops."""

import asyncio
import time

import pytest
from mqtt_session import StartBroker, subscriber
from potroom import TELEMETRY, publish, telemetry
from tcp_proxy import Proxy, tcp_proxy
from waiting import until

from collector.acquisition.feed import Feed
from collector.acquisition.mqtt.subscriber import MqttSubscriber
from collector.acquisition.source import Arrival, SourceUnavailable
from collector.instruments import Instruments
from collector.supervision.supervisor import keep_running

pytestmark = pytest.mark.asyncio


class Kept:
    """A subscriber that is kept running as the collector keeps it, and whose arrivals are acknowledged."""

    def __init__(self, source: MqttSubscriber) -> None:
        self.values: list[float] = []
        self.states: dict[str, str] = {}
        self._inbox: asyncio.Queue[Arrival] = asyncio.Queue(1000)
        running = keep_running(
            "mqtt:potroom",
            Feed(source, self._inbox, Instruments()).run,
            temporary=SourceUnavailable,
            states=self.states,
            running="running",
            longest_pause_s=1.0,
        )
        self._tasks = [asyncio.create_task(running), asyncio.create_task(self._take())]

    async def _take(self) -> None:
        while True:
            arrival = await self._inbox.get()
            self.values += [row.value for row in arrival.batch]
            arrival.acknowledge()

    async def until(self, value: float, *, within_s: float) -> None:
        await until(lambda: value in self.values, within_s=within_s)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_pain_8_the_mqtt_consumer_stops_silently(mosquitto: StartBroker, protocol: str) -> None:
    """The link is cut, frozen, or the broker restarts and forgets everything: it consumes again within seconds."""
    broker = mosquitto(max_queued_messages=0, max_inflight_messages=0)

    async def cut(proxy: Proxy) -> None:
        proxy.cut()

    async def freeze(proxy: Proxy) -> None:
        proxy.freeze()
        await asyncio.sleep(2.0)
        proxy.thaw()

    async def shut(proxy: Proxy) -> None:
        proxy.accepts = False
        proxy.cut()
        await asyncio.sleep(0.5)
        proxy.accepts = True

    async def restart(proxy: Proxy) -> None:
        del proxy
        await asyncio.to_thread(broker.restart)

    async def kill(proxy: Proxy) -> None:
        del proxy
        broker.kill()
        await asyncio.to_thread(broker.start)

    async with tcp_proxy(broker.port) as proxy:
        source = subscriber(proxy.port, protocol, keepalive_s=1.0)
        kept = Kept(source)
        try:
            troubles = [cut, freeze, shut, restart, kill]
            if protocol == "5":  # the older one differs in what is said, not in when
                troubles += [cut, restart, freeze, kill, shut]
            for number, trouble in enumerate(troubles):
                await until(lambda: source._connection.is_subscribed)
                await publish(broker.port, [(TELEMETRY, telemetry(float(number)))])
                await kept.until(number, within_s=15.0)
                await trouble(proxy)
            await until(lambda: source._connection.is_subscribed)
            await publish(broker.port, [(TELEMETRY, telemetry(99.0))])
            await kept.until(99.0, within_s=15.0)
            assert kept.states == {"mqtt:potroom": "running"}
        finally:
            await kept.end()


async def test_pain_19_messages_that_cannot_be_used_stop_the_consumer(mosquitto: StartBroker) -> None:
    """10,000 malformed messages before a good one, in a window of 100: it arrives, and within seconds."""
    broker = mosquitto(max_queued_messages=0, max_inflight_messages=0)
    source = subscriber(broker.port, max_unacknowledged=100)
    kept = Kept(source)
    try:
        await until(lambda: source._connection.is_subscribed)
        await publish(broker.port, [(TELEMETRY, b"\xff\xfe")] * 10_000 + [(TELEMETRY, telemetry(4.2))])
        started = time.monotonic()
        await kept.until(4.2, within_s=20.0)
        assert time.monotonic() - started < 15.0
        assert sum(source._instruments.rejected_by_cause.values()) == 10_000
    finally:
        await kept.end()
