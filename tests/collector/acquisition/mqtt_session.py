"""A subscriber at work, as tests see it: what arrives is taken in the background, and acknowledged if wanted."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from example_plant import ClockByHand, example_plant
from potroom import NOW_NS, SITE
from servers import Mosquitto

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.framing import LARGEST_MESSAGE
from collector.acquisition.mqtt.message import MessageReader
from collector.acquisition.mqtt.subscriber import MqttSubscriber
from collector.acquisition.source import Arrival, SourceUnavailable
from collector.instruments import Instruments
from collector.plant.meter import Broker
from collector.readings.event import Event

StartBroker = Callable[..., Mosquitto]
PLANT = example_plant()
BROKER = Broker("potroom", "127.0.0.1", 1883, "5", SITE, "potline-test", 3600.0, 2000, None, None)


def subscriber(
    port: int,
    protocol: str = "5",
    *,
    reader: Callable[[Broker], MessageReader] | None = None,
    instruments: Instruments | None = None,
    **more: Any,  # noqa: ANN401 - fields of the broker
) -> MqttSubscriber:
    """Return a subscriber that listens to the potroom; keywords are fields of its broker."""
    broker = replace(BROKER, port=port, protocol=protocol, **more)
    reads = (reader or smelter_reader)(broker)
    return MqttSubscriber(broker, reads, clock=ClockByHand(NOW_NS), instruments=instruments or Instruments())


def smelter_reader(broker: Broker) -> MessageReader:
    """Return what reads pots and scales of the example plant, in messages as large as a session lets through."""
    layouts = [replace(layout, largest=LARGEST_MESSAGE) for layout in PLANT.layouts_of(broker)]
    return LayoutReader(PLANT, layouts, broker=broker.id, site=broker.site, qos=broker.qos, longest_tare_age_s=8 * 3600)


class Session:
    """One run of a subscriber. What it yields is taken in the background, and acknowledged if that is wanted."""

    def __init__(self, of: MqttSubscriber, *, acknowledge: bool) -> None:
        self.arrivals: list[Arrival] = []
        self._of = of
        self._acknowledge = acknowledge
        self._task = asyncio.create_task(self._take())

    async def _take(self) -> None:
        async with aclosing(self._of.arrivals()) as arrivals:
            async for arrival in arrivals:
                self.arrivals.append(arrival)
                if self._acknowledge:
                    arrival.acknowledge()

    @property
    def values(self) -> list[float]:
        return [row.value for arrival in self.arrivals for row in arrival.batch]

    @property
    def events(self) -> list[Event]:
        return [event for arrival in self.arrivals for event in arrival.events]

    @property
    def rejected(self) -> list[str]:
        return [letter.reason for arrival in self.arrivals for letter in arrival.rejected]

    async def until(self, done: Callable[[], bool], *, within_s: float = 30.0) -> None:
        async with asyncio.timeout(within_s):
            while not done():
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.005)

    @property
    def stands(self) -> bool:
        """Whether the run goes on."""
        return not self._task.done()

    def acknowledge_from_now_on(self) -> None:
        """Acknowledge what came, and what comes."""
        self._acknowledge = True
        for arrival in self.arrivals:
            arrival.acknowledge()

    async def subscribed(self) -> None:
        """Wait until the subscriptions stand."""
        await self.until(lambda: self._of._connection.is_subscribed)

    async def ended(self, within_s: float = 30.0) -> str:
        """Wait for the end that the subscriber takes by itself, and return why."""
        with pytest.raises(SourceUnavailable) as caught:
            await asyncio.wait_for(asyncio.shield(self._task), within_s)
        return str(caught.value)

    async def leave(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, SourceUnavailable):
            await self._task


@contextlib.asynccontextmanager
async def session(of: MqttSubscriber, *, acknowledge: bool = True) -> AsyncIterator[Session]:
    run = Session(of, acknowledge=acknowledge)
    try:
        yield run
    finally:
        await run.leave()
        gc.collect()


async def make_session(of: MqttSubscriber) -> None:
    """Connect once, so that the broker keeps messages from now on."""
    async with session(of) as run:
        await run.subscribed()
