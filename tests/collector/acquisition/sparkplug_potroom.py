"""Simulated Sparkplug nodes, a collector's session and a listener to everything, at a real broker."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace

import aiomqtt
from example_plant import example_plant
from mqtt_session import BROKER, Session, session
from servers import Mosquitto
from sparkplug_talk import settings

from collector.acquisition.mqtt.sparkplug import SparkplugReader
from collector.acquisition.mqtt.subscriber import MqttSubscriber
from collector.instruments import Instruments
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.servers.messages import Message
from simulators.servers.mqtt import Publisher
from simulators.servers.sparkplug import Change, EdgeNode, MetricSpec
from simulators.servers.sparkplug_line import POT_METRICS
from simulators.servers.sparkplug_wire import DataType, Value

PLANT = example_plant()


class RealClock:
    """The machine's clock: nodes and host must agree on the time."""

    speed = 1.0

    def now_ns(self) -> int:
        return time.time_ns()

    def steady_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def node(name: str, *pots: str) -> EdgeNode:
    """Return a node with the controllers of some pots."""
    line = (MetricSpec("Line/Current", DataType.DOUBLE, "kA"),)
    return EdgeNode("example", name, node_metrics=line, devices=dict.fromkeys(pots, POT_METRICS), now_ns=time.time_ns)


def change(edge: EdgeNode, pot: str, values: Mapping[str, Value | None]) -> list[Message]:
    """Return what a node says of new values of a pot, measured now."""
    return edge.change(Change(pot, time.time_ns(), values))


class Collector:
    """What a collector's session has told so far."""

    def __init__(self, run: Session, reader: SparkplugReader, instruments: Instruments) -> None:
        self.run = run
        self.reader = reader
        self.instruments = instruments
        self._plant = PLANT

    def latest(self, pot: str, quantity: Quantity = Quantity.POT_VOLTAGE) -> tuple[float, int]:
        """Return value and quality of the newest reading, NaN and 'bad' before there is one."""
        point = self._plant.points.place(f"pot:{pot}", quantity)
        rows = [row for arrival in self.run.arrivals for row in (*arrival.batch, *arrival.past) if row.point == point]
        newest = max(reversed(rows), key=lambda row: row.time_ns, default=None)  # of one time, the last one told
        return (math.nan, int(Quality.BAD)) if newest is None else (newest.value, newest.quality)

    def values(self, pot: str, quantity: Quantity = Quantity.POT_VOLTAGE) -> set[float]:
        """Return all values that were told."""
        point = self._plant.points.place(f"pot:{pot}", quantity)
        rows = [row for arrival in self.run.arrivals for row in (*arrival.batch, *arrival.past) if row.point == point]
        return {row.value for row in rows if not math.isnan(row.value)}

    async def shows(self, pot: str, value: float) -> None:
        """Wait until a pot's voltage is live and as it should be."""
        await self.run.until(lambda: self.latest(pot) == (value, Quality.GOOD))

    def has_nothing_of(self, pots: Iterable[str]) -> bool:
        """Tell whether the voltages of pots are marked as not connected."""
        return all(self.latest(pot)[1] == Quality.BAD_NOT_CONNECTED for pot in pots)

    async def shows_nothing(self, pots: Iterable[str]) -> None:
        """Wait until the voltages of pots are marked as not connected."""
        await self.run.until(lambda: self.has_nothing_of(pots))


@contextlib.asynccontextmanager
async def collecting(
    broker: Mosquitto, *, reader: SparkplugReader | None = None, **changes: object
) -> AsyncIterator[Collector]:
    """Run a collector's session that reads the nodes of the group 'example'."""
    clock, instruments = RealClock(), Instruments()
    reader = reader or SparkplugReader(settings(**changes), PLANT, meters={}, now_ns=clock.now_ns)
    at = replace(BROKER, host=broker.host, port=broker.port, status_topic="")
    async with session(MqttSubscriber(at, reader, clock=clock, instruments=instruments)) as run:
        await run.subscribed()
        yield Collector(run, reader, instruments)


@contextlib.asynccontextmanager
async def speaking(broker: Mosquitto, edge: EdgeNode) -> AsyncIterator[Publisher]:
    """Connect a node."""
    async with Publisher(broker.host, broker.port, "3.1.1", session=edge) as publisher:
        async with asyncio.timeout(30):
            while not publisher.connected:  # noqa: ASYNC110 - a plain flag
                await asyncio.sleep(0.01)
        yield publisher


@contextlib.asynccontextmanager
async def overhearing(broker: Mosquitto) -> AsyncIterator[Callable[[], set[str]]]:
    """Listen to everything at a broker; give the topics so far that no node published."""
    topics: set[str] = set()

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topics.add(message.topic.value)

    async with aiomqtt.Client(broker.host, broker.port) as client:
        await client.subscribe("#", qos=1)
        task = asyncio.create_task(listen(client))
        try:
            yield lambda: {topic for topic in topics if topic.split("/")[2] not in _OF_NODES}
        finally:
            task.cancel()
            await asyncio.wait({task})


_OF_NODES = {"NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"}
