"""100 restarts of gateways, refused, reset, farewell and half-open in turn: back within two periods, and nothing grows.

The poller tries an endpoint that is away again after at most a period, but never more often than once a second: 'two
periods' is asserted at a period of a second, and at shorter ones it would be more of them. Fifty gateways with two
meters each are restarted side by side, twice each, under the real poller and the real supervisor.

Nobody hears that a link is half-open: it is noticed by silence, after two polls. So these gateways are away for that
long, and the two periods count from their return, as for the others.

Measured on two cores that others used as well: back after 1.6 s at the worst; the second restart of all leaves no
socket, no task, and 70 kB behind (of which the last error of each of the 100 meters is a part).
"""

import asyncio
import contextlib
import gc
import os
import random
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from adversarial_modbus import HOST, ModbusServer, Request, endpoint, register, reset, serving
from example_plant import ClockByHand
from metronome import Metronome
from polled_line import Line, many_registers, meter
from waiting import until

from collector.acquisition.modbus.poller import ModbusPoller
from collector.acquisition.source import SourceUnavailable
from collector.readings.quality import Quality

pytestmark = pytest.mark.asyncio

GATEWAYS, RESTARTS = 50, 2
PERIOD_S = 1.0
AWAY_S = 0.5
UNNOTICED_S = 2 * PERIOD_S + 0.6
WAYS = ("refused", "reset", "farewell", "half-open")


class Gateway:
    """A gateway that is restarted in every way. ``returned``: when [ns UTC], and after what."""

    def __init__(self, number: int) -> None:
        self.name = f"e{number}"
        self.server = ModbusServer(self._answer)
        self.returned: list[tuple[int, str]] = []
        self._draw = random.Random(number)
        self._ways = [WAYS[(number + 2 * turn) % len(WAYS)] for turn in range(RESTARTS)]
        self._way = ""
        self._mute: set[asyncio.StreamWriter] = set()
        self._answered: set[int] = set()
        self._listening: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, always on the same port."""
        self._listening = await asyncio.start_server(self.server._serve, HOST, self.server.port)
        self.server.port = self._listening.sockets[0].getsockname()[1]

    def stop(self, *, quietly: bool = False) -> None:
        """Listen no more, and break all connections off, unless nobody is to hear of it."""
        assert self._listening is not None
        self._listening.close()
        if not quietly:
            self.server.drop()

    async def restart(self, times: int) -> None:
        """Go away and come back, some times."""
        for _ in range(times):
            await asyncio.sleep(self._draw.uniform(0.0, PERIOD_S))
            self._way = self._ways.pop()
            await self._go_away()
            self.returned.append((time.time_ns(), self._way))
            self._way = ""
            self._answered.clear()
            await until(lambda: len(self._answered) == 2)

    async def _go_away(self) -> None:
        if self._way in {"refused", "half-open"}:
            silently = self._way == "half-open"
            if silently:
                self._mute |= self.server.open
            self.stop(quietly=silently)
            await asyncio.sleep(UNNOTICED_S if silently else AWAY_S)
            self._mute &= self.server.open
            await self.start()
        else:
            for writer in set(self.server.open):
                self._end(writer)
            await asyncio.sleep(AWAY_S)

    def _end(self, writer: asyncio.StreamWriter) -> None:
        reset(writer) if self._way == "reset" else writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if writer in self._mute:
            return
        if self._way:
            self._end(writer)
            return
        writer.write(request.adu())
        self._answered.add(request.unit)


class Stock(NamedTuple):
    """How many sockets and tasks there are, and how much Python has allocated [bytes]."""

    sockets: int
    tasks: int
    memory: int


def sockets() -> int:
    """Count the sockets that this process holds open."""

    def targets() -> Iterator[str]:
        for descriptor in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield os.readlink(descriptor)  # noqa: PTH115 - not a path

    return sum(target.startswith("socket:") for target in targets())


def memory() -> int:
    """Return how much Python has allocated [bytes]."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def back_after_s(line: Line, gateway: Gateway, returned_ns: int) -> float:
    """Return when all values of both meters were read again after a return [s]."""
    first: dict[int, int] = {}
    for row in (row for arrival in line.arrivals for row in arrival.batch):
        is_its = line.points[row.point].owner.startswith(f"{gateway.name}_")
        if is_its and row.quality == Quality.GOOD and row.time_ns > returned_ns:
            first[row.point] = min(row.time_ns, first.get(row.point, row.time_ns))
    assert len(first) == 6
    return (max(first.values()) - returned_ns) * 1e-9


def every_value_is_right(line: Line) -> None:
    for row in (row for arrival in line.arrivals for row in arrival.batch):
        if row.quality == Quality.GOOD:
            unit = int(line.points[row.point].owner[-1])
            assert row.value == register(unit, 4, row.point % 3)
        else:
            assert row.quality in {Quality.BAD_COMM_FAILURE, Quality.BAD_NOT_CONNECTED}


async def test_every_restart_is_over_within_two_periods_and_100_leave_nothing_behind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # As in the running collector; and what is logged here is kept until the end of the test.
    caplog.set_level("CRITICAL", "pymodbus.logging")
    gateways = [Gateway(number) for number in range(GATEWAYS)]
    for gateway in gateways:
        await gateway.start()
    line = Line(
        [
            meter(
                f"{gateway.name}_{unit}",
                replace(endpoint(gateway.server.port, timeout_s=0.3), id=gateway.name),
                unit,
                many_registers(3),
                every_s=PERIOD_S,
            )
            for gateway in gateways
            for unit in (1, 2)
        ]
    )
    backs: list[tuple[float, str]] = []

    def take_stock() -> Stock:
        """Return it when all is connected, and what was read is thrown away."""
        every_value_is_right(line)
        for gateway in gateways:
            backs.extend((back_after_s(line, gateway, at_ns), way) for at_ns, way in gateway.returned)
            gateway.returned.clear()
            gateway.server.requests.clear()
        line.arrivals.clear()
        return Stock(sockets(), len(asyncio.all_tasks()), memory())

    metronome = Metronome()
    beating = asyncio.create_task(metronome.run())
    tracemalloc.start()
    try:
        async with line.polled():
            await asyncio.gather(*(gateway.restart(1) for gateway in gateways))
            await asyncio.sleep(PERIOD_S)  # what was answered last is on its way through the poller
            before = take_stock()
            await asyncio.gather(*(gateway.restart(RESTARTS - 1) for gateway in gateways))
            await asyncio.sleep(PERIOD_S)
            after = take_stock()
    finally:
        tracemalloc.stop()
        beating.cancel()
        for gateway in gateways:
            gateway.stop()
            await gateway.server.closed()
            gateway.server.check()

    assert len(backs) == 100
    assert {way: sum(each == way for _, each in backs) for way in WAYS} == dict.fromkeys(WAYS, 25)
    slowest = {way: max(back for back, each in backs if each == way) for way in WAYS}
    # A hundred meters and fifty gateways in one process: where the loop itself is late by more than 0.1 s,
    # the machine is so busy that some of them wait for their turn again and again.
    busy_s = 2 * metronome.latest_s if metronome.latest_s < 0.1 else 3.0
    assert max(slowest.values()) < 2 * PERIOD_S + busy_s, (metronome.latest_s, slowest)
    assert statistics.median(back for back, _ in backs) < PERIOD_S + busy_s
    assert (before.sockets, before.tasks) == (after.sockets, after.tasks)
    assert after.memory - before.memory < 120_000


async def test_a_gateway_that_heard_none_of_its_meters_for_a_while_is_back_within_two_periods() -> None:
    """As when its serial side was unplugged. Nobody is there who could suffer from asking often.

    Plant time, by hand: 40 s of silence, then answers. With the pauses that a single silent meter is given, 20 s more
    would pass until the next question.
    """
    deaf = False

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if not deaf:
            writer.write(request.adu())

    async with serving(answer) as server:
        clock = ClockByHand(time.time_ns())
        at = endpoint(server.port, timeout_s=0.03)
        line = Line([meter(f"m{unit}", at, unit, many_registers(3), every_s=PERIOD_S) for unit in (1, 2)])
        poller = ModbusPoller(at, line.meters, points=line.points, clock=clock, instruments=line.instruments, phase=0.0)

        async def poll(seconds: float) -> None:
            until_s = clock.steady_s() + seconds
            while clock.steady_s() < until_s:
                try:
                    async with contextlib.aclosing(poller.arrivals()) as arrivals:
                        async for arrival in arrivals:
                            line.arrivals.append(arrival)
                            if clock.steady_s() >= until_s:
                                break
                except SourceUnavailable:
                    await clock.sleep(1.0)  # the longest pause of the supervisor

        await poll(5.0)
        assert len(line.good_times("m2")) >= 4
        deaf = True
        await poll(40.0)
        asked = len(server.requests)
        deaf = False
        returned_s = clock.steady_s()
        await poll(2 * PERIOD_S + 0.1)
    every_value_is_right(line)
    for owner in ("m1", "m2"):
        assert line.good_times(owner)[-1] > returned_s
    assert asked < 2 * 40  # and not more often than when they answer
