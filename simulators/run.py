"""A running simulation: plant time drives the smelter, and servers show it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from simulators.clock import PlantClock
from simulators.physics.smelter import STEP_NS, Smelter
from simulators.servers.broker import PROTOCOL as BUNDLED_PROTOCOL
from simulators.servers.broker import BrokerUnavailableError, bundled_broker
from simulators.servers.endpoints import Endpoints, EndpointUnavailableError
from simulators.servers.files import FileUnwritableError, TruthFile, announce
from simulators.servers.mqtt_plant import MqttPlant

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from simulators.clock import ClockSpec
    from simulators.scenario import Scenario
    from simulators.servers.broker import BundledBroker
    from simulators.servers.endpoints import Listening

LOOPBACK = "127.0.0.1"

_STEPS_AT_ONCE = 120
_LAST_MESSAGES_S = 0.5


class UnavailableError(Exception):
    """Something outside the configuration is in the way: a taken port, a broker that does not run."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something listens; ``protocol`` is the MQTT version of a broker."""

    host: str
    port: int
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run.

    Parameters
    ----------
    clock
        The anchor of plant time.
    configured_ports
        Whether to listen on the plant file's ports; else on free ones.
    broker
        Host and port of a running broker; None: start the bundled one.
    announce, truth
        Files to write; None: do not.
    """

    clock: ClockSpec
    configured_ports: bool = False
    broker: tuple[str, int] | None = None
    announce: Path | None = None
    truth: Path | None = None


class Simulation:
    """A smelter with its servers and messages.

    Parameters
    ----------
    scenario
        What happens in which plant.
    options
        How to run.
    """

    def __init__(self, scenario: Scenario, options: Options) -> None:
        self._scenario = scenario
        self._options = options
        self._clock = PlantClock(options.clock)
        self._smelter = Smelter(scenario, options.clock.begin_ns)
        self._control = ""
        broker = scenario.plant.broker
        self._mqtt = (
            MqttPlant(scenario, broker.site, clock=self._clock, begin_ns=options.clock.begin_ns) if broker else None
        )
        faults = self._mqtt.faults if self._mqtt else None
        self._endpoints = Endpoints(scenario, options.clock.begin_ns, faults)

    async def run(self, say: Callable[[str], None]) -> None:
        """Run until a signal to end or to interrupt comes; ``say`` takes lines for people.

        Raises
        ------
        UnavailableError
            If a port is taken, a file cannot be written, or the bundled broker does not start or does not stay.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        try:
            async with AsyncExitStack() as stack:
                truth = stack.enter_context(TruthFile(self._options.truth))
                endpoints = await self._endpoints.listen(stack, configured_ports=self._options.configured_ports)
                self._control = await self._endpoints.listen_to_commands(stack)
                brokers, bundled = await self._connect(stack)
                endless = [self._drive(truth, endpoints, brokers, say), _watch(bundled)]
                if self._mqtt:
                    endless.append(self._mqtt.run())
                await _until(stop, *endless)
                truth.append(self._smelter.remaining_minutes())
                await self._send_the_last(say)
        except (FileUnwritableError, EndpointUnavailableError) as exc:
            raise UnavailableError(str(exc)) from exc
        except BrokerUnavailableError as exc:
            raise UnavailableError(str(exc)) from exc
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
        for name, functions in self._endpoints.functions_seen().items():
            say(f"endpoint {name} was asked for Modbus functions {sorted(functions)}")

    async def _connect(self, stack: AsyncExitStack) -> tuple[dict[str, Place], BundledBroker | None]:
        """Begin to publish to the broker that was given, or to the bundled one."""
        broker = self._scenario.plant.broker
        if broker is None or self._mqtt is None:
            return {}, None
        bundled = None
        if self._options.broker is None:
            wanted = broker.port if self._options.configured_ports else 0
            bundled = await stack.enter_async_context(bundled_broker(wanted))
            place = Place(LOOPBACK, bundled.port, BUNDLED_PROTOCOL)
        else:
            place = Place(*self._options.broker, broker.protocol)
        await stack.enter_async_context(self._mqtt.publishing_to(place.host, place.port, place.protocol, bundled))
        return {broker.id: place}, bundled

    async def _drive(
        self, truth: TruthFile, endpoints: dict[str, Listening], brokers: dict[str, Place], say: Callable[[str], None]
    ) -> None:
        """Step along with plant time for ever. What listens is announced once it shows the present."""
        await self._clock.sleep_until(self._smelter.time_ns + STEP_NS)
        await self._catch_up(truth)
        if self._options.announce:
            announce(self._options.announce, self._announcement(endpoints, brokers))
        for line in self._greeting(endpoints, brokers):
            say(line)
        while True:
            await self._clock.sleep_until(self._smelter.time_ns + STEP_NS)
            await self._step_to(self._clock.now_ns(), truth)

    async def _catch_up(self, truth: TruthFile) -> None:
        """Step up to the present of plant time, unless this machine is too slow ever to get there."""
        lag_ns = self._clock.now_ns() - self._smelter.time_ns
        before_ns = lag_ns + 1
        while STEP_NS <= lag_ns < before_ns:
            before_ns = lag_ns
            await self._step_to(self._smelter.time_ns + lag_ns, truth)
            lag_ns = self._clock.now_ns() - self._smelter.time_ns

    async def _step_to(self, now_ns: int, truth: TruthFile) -> None:
        """Do all the steps that end by ``now_ns`` [UTC ns], letting others run now and then."""
        steps = (now_ns - self._smelter.time_ns) // STEP_NS
        while steps > 0:
            for _ in range(min(steps, _STEPS_AT_ONCE)):
                self._step()
            steps -= _STEPS_AT_ONCE
            self._show()
            truth.append(self._smelter.finished_minutes())
            await asyncio.sleep(0)

    def _step(self) -> None:
        done = self._smelter.step()
        if self._mqtt:
            self._mqtt.take(done, self._smelter.readouts)

    def _show(self) -> None:
        """Replace the registers of every endpoint with those of the last step."""
        self._endpoints.show(self._smelter.readouts(), self._smelter.time_ns)

    def _announcement(self, endpoints: dict[str, Listening], brokers: dict[str, Place]) -> dict[str, object]:
        truth = self._options.truth
        return {
            "pid": os.getpid(),
            "clock": self._clock.spec.text,
            "endpoints": {name: place.announced() for name, place in endpoints.items()},
            "transports": {name: place.transport.in_plant_file for name, place in endpoints.items()},
            "control": self._control,
            "brokers": {name: asdict(place) for name, place in brokers.items()},
            "truth": str(truth.absolute()) if truth else None,
        }

    def _greeting(self, endpoints: dict[str, Listening], brokers: dict[str, Place]) -> Iterator[str]:
        yield f"scenario {self._scenario.file.name} of plant {self._scenario.plant.file.name}"
        yield f"clock {self._clock.spec.text}"
        for name, place in endpoints.items():
            yield f"endpoint {name}: {place.spoken()}"
        yield f"control: {self._control}"
        for name, broker in brokers.items():
            yield f"broker {name}: {broker.host}:{broker.port}, MQTT {broker.protocol}"
        if self._options.truth:
            yield f"truth ledger: {self._options.truth}"

    async def _send_the_last(self, say: Callable[[str], None]) -> None:
        publisher = self._mqtt
        if publisher is None:
            return
        publisher.release_all()
        waited_s = 0.0
        while publisher.unsent and waited_s < _LAST_MESSAGES_S:
            await asyncio.sleep(0.02)
            waited_s += 0.02
        say(f"messages: {publisher.acknowledged} sent, {publisher.unsent} unsent, {publisher.dropped} dropped")


async def _until(stop: asyncio.Event, *endless: Coroutine[None, None, None]) -> None:
    """Let endless things go on until told to stop, or until one of them fails."""
    stopping = asyncio.create_task(stop.wait())
    tasks = [asyncio.create_task(thing) for thing in endless]
    done, pending = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if stopping not in done:
        for failed in done:
            failed.result()


async def _watch(bundled: BundledBroker | None) -> None:
    """Fail when the bundled broker ends by itself; without one, wait for ever."""
    if bundled is None:
        await asyncio.Event().wait()
    else:
        raise BrokerUnavailableError(await bundled.ended())
