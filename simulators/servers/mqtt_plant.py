"""The MQTT side of a plant: gateways with a connection each, what they say at its time, and the faults between."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from simulators.faults.mqtt import MqttFaults, Treatment
from simulators.faults.mqtt_tables import FaultKind
from simulators.instants import SECOND_NS
from simulators.mqtt_scenario import Form
from simulators.servers.messages.speech import LineSpeech, SiteSpeech
from simulators.servers.mqtt import MOST_UNSENT, Publisher, Session
from simulators.servers.sparkplug_line import SparkplugLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from simulators.clock import PlantClock
    from simulators.physics.meter import Readout
    from simulators.physics.potline import LineStep
    from simulators.scenario import Scenario
    from simulators.servers.broker import BundledBroker
    from simulators.servers.messages import Message

SITE = "site"
"""The gateway of what belongs to no potline: scales, books, meters, stacks."""


class _Gateway(Session):
    """The connection of a gateway that tells its status, in JSON."""

    def __init__(self, status: Callable[..., Message | None], now_ns: Callable[[], int]) -> None:
        self._status = status
        self._now_ns = now_ns

    def will(self) -> Message | None:
        return self._status("offline")

    def hello(self) -> list[Message]:
        online = self._status("online", self._now_ns())
        return [online] if online else []

    def farewell(self) -> list[Message]:
        offline = self._status("offline", self._now_ns())
        return [offline] if offline else []


class _Treated(Session):
    """A session whose births and greetings suffer the faults as well."""

    def __init__(self, session: Session, treatment: Treatment, now_ns: Callable[[], int]) -> None:
        self._session = session
        self._treatment = treatment
        self._now_ns = now_ns
        self.filters = session.filters

    def will(self) -> Message | None:
        return self._session.will()

    def hello(self) -> list[Message]:
        return self._treatment.treat(self._session.hello(), self._now_ns())

    def farewell(self) -> Sequence[Message]:
        return self._session.farewell()

    def lost(self) -> None:
        self._session.lost()

    def hear(self, topic: str, payload: bytes) -> list[Message]:
        return self._treatment.treat(self._session.hear(topic, payload), self._now_ns())


class MqttPlant:
    """Everything of a plant that publishes.

    Parameters
    ----------
    scenario
        What happens in which plant; the plant has a broker.
    site
        Segment of the topics.
    clock
        Plant time: what belongs to a part of a second is published in that part of the next one.
    begin_ns
        The beginning of the simulation [UTC ns].

    Attributes
    ----------
    faults
        What goes wrong; to be added to and removed from at any time.
    """

    def __init__(self, scenario: Scenario, site: str, *, clock: PlantClock, begin_ns: int) -> None:
        self.faults = MqttFaults(scenario.mqtt.faults, begin_ns=begin_ns)
        self._clock = clock
        self._lag_ns = SECOND_NS if scenario.telemetry_every_s < 1 else 0
        self._waiting: deque[tuple[int, str, Callable[[], list[Message]]]] = deque()
        self._offered = asyncio.Event()
        self._bundled: BundledBroker | None = None
        self._restarts: set[asyncio.Task[None]] = set()
        self._lines: dict[str, LineSpeech] = {}
        self._sparkplug: dict[str, SparkplugLine] = {}
        sessions: dict[str, Session] = {SITE: Session()}
        for number, name in enumerate(scenario.plant.potlines, start=1):
            crane = f"K{number}"
            line = LineSpeech(scenario, site, name, crane=crane)
            self._lines[name] = line
            if scenario.mqtt.form is Form.SPARKPLUG:
                nodes = SparkplugLine(scenario, site, name, crane=crane, now_ns=clock.now_ns)
                self._sparkplug[name] = nodes
                sessions |= nodes.nodes
            else:
                sessions[f"line {name}"] = _Gateway(line.status, clock.now_ns)
        self._site = SiteSpeech(scenario, site)
        self._treatments = {name: Treatment(self.faults, name) for name in sessions}
        self._sessions = {
            name: _Treated(session, self._treatments[name], clock.now_ns) for name, session in sessions.items()
        }
        self._publishers: dict[str, Publisher] = {}

    @property
    def acknowledged(self) -> int:
        """Messages that the broker has taken."""
        return sum(publisher.acknowledged for publisher in self._publishers.values())

    @property
    def unsent(self) -> int:
        """Messages that the broker has not taken yet."""
        return sum(publisher.unsent for publisher in self._publishers.values())

    @property
    def dropped(self) -> int:
        """Messages that were lost because the broker was away for too long."""
        return sum(publisher.dropped for publisher in self._publishers.values())

    @asynccontextmanager
    async def publishing_to(
        self, host: str, port: int, protocol: str, bundled: BundledBroker | None
    ) -> AsyncIterator[None]:
        """Keep a connection for each gateway; ``bundled`` is the broker that a fault may restart."""
        self._bundled = bundled
        most = max(10_000, MOST_UNSENT // len(self._sessions))
        async with AsyncExitStack() as stack:
            for name, session in self._sessions.items():
                publisher = Publisher(host, port, protocol, most_unsent=most, session=session)
                self._publishers[name] = await stack.enter_async_context(publisher)
            try:
                yield
            finally:
                for task in self._restarts:
                    task.cancel()
                await asyncio.gather(*self._restarts, return_exceptions=True)

    def take(self, steps: Mapping[str, LineStep], readouts: Callable[[], Mapping[str, Readout]]) -> None:
        """Take in what every potline did in a step, and publish what is due."""
        end_ns = 0
        known: dict[str, Readout] = {}

        def shown() -> Mapping[str, Readout]:
            # Asked for only when somebody speaks of meters, and then once.
            if not known:
                known.update(readouts())
            return known

        of_site: list[Message] = []
        for name, step in steps.items():
            end_ns = step.end_ns
            slots, others = self._lines[name].of(step, shown)
            of_site.extend(others)
            nodes = self._sparkplug.get(name)
            if nodes:
                self._waiting.extend(nodes.of(step))
            else:
                self._waiting.extend((due_ns, f"line {name}", make) for due_ns, make in slots)
        of_site.extend(self._site.of(end_ns, steps, shown))
        if of_site:
            self._waiting.append((end_ns, SITE, lambda: of_site))
        if len(steps) > 1 and self._lag_ns:
            self._waiting = deque(sorted(self._waiting, key=lambda slot: slot[0]))
        self._look_for_outages(end_ns)
        self._release(self._clock.now_ns())
        self._offered.set()

    def release_all(self) -> None:
        """Publish what waits for its part of a second."""
        self._release(None)

    async def run(self) -> None:
        """Publish things at their time for ever, or until publishing itself breaks."""
        failing = [asyncio.create_task(publisher.failed()) for publisher in self._publishers.values()]
        speaking = asyncio.create_task(self._speak())
        tasks = {speaking, *failing}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _speak(self) -> None:
        while True:
            if not self._waiting:
                self._offered.clear()
                await self._offered.wait()
                continue
            await self._clock.sleep_until(self._waiting[0][0] + self._lag_ns)
            self._release(self._clock.now_ns())
            await asyncio.sleep(0)

    def _release(self, now_ns: int | None) -> None:
        waiting = self._waiting
        last_ns = 0
        while waiting and (now_ns is None or waiting[0][0] + self._lag_ns <= now_ns):
            last_ns, name, make = waiting.popleft()
            self._publishers[name].offer_all(self._treatments[name].treat(make(), last_ns))
        if last_ns and self.faults.list():
            # What was held back or put off may be due where nobody has spoken.
            for name, treatment in self._treatments.items():
                self._publishers[name].offer_all(treatment.treat((), last_ns))

    def _look_for_outages(self, now_ns: int) -> None:
        for placed in self.faults.begun(FaultKind.SESSION_LOST, now_ns):
            for name, publisher in self._publishers.items():
                if self._treatments[name].unlucky(placed):
                    publisher.break_connection()
        for placed in self.faults.begun(FaultKind.BROKER_RESTART, now_ns):
            if self._bundled and placed.end_ns is not None and self._treatments[SITE].unlucky(placed):
                task = asyncio.create_task(self._restart(self._bundled, placed.end_ns))
                self._restarts.add(task)
                task.add_done_callback(self._restarts.discard)

    async def _restart(self, bundled: BundledBroker, end_ns: int) -> None:
        await bundled.stop()
        await self._clock.sleep_until(end_ns)
        await bundled.start()
