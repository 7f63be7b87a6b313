"""The midpoint of request and answer is the time of a block; a step of the machine's clock is found out and marked."""

import asyncio
import time
from itertools import pairwise

import pytest
from adversarial_modbus import Request, endpoint, serving
from polled_line import QUANTITIES, Line, many_registers, meter
from waiting import until

from collector.acquisition.modbus.connection import ModbusConnection
from collector.clock import SystemClock

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(("before_s", "after_s"), [(0.1, 0.1), (0.18, 0.02), (0.0, 0.2)])
async def test_the_moment_of_the_measurement_lies_within_the_uncertainty_of_its_time(
    before_s: float, after_s: float
) -> None:
    taken: list[int] = []

    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(before_s)
        taken.append(time.time_ns())
        await asyncio.sleep(after_s)
        writer.write(request.adu())

    async with serving(slow) as server, ModbusConnection(endpoint(server.port, timeout_s=2.0), SystemClock()) as link:
        for _ in range(3):
            answer = await link.read(function=4, unit=1, address=10, count=2, whom="m1")
            assert answer.uncertainty_ns >= 99_000_000
            assert abs(answer.time_ns - taken[-1]) <= answer.uncertainty_ns + 5_000_000


async def test_readings_of_a_jittery_device_keep_the_beat_of_their_period_and_never_run_backwards() -> None:
    async def jittery(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.001 * (request.tid * 7 % 40))
        writer.write(request.adu())

    async with serving(jittery) as server:
        line = Line([meter("m1", endpoint(server.port, timeout_s=1.0), 1, many_registers(5), every_s=0.2)])
        async with line.polled():
            await until(lambda: len(line.arrivals) >= 20, within_s=30.0)
    times = line.good_times("m1", QUANTITIES[0])
    steps = [second - first for first, second in pairwise(times)]
    assert min(steps) > 0.1
    # No drift: the beat is kept over all of them, though each answer takes its own time.
    # Ticks that a busy machine has missed are counted by the poller, and are no drift.
    ticks = len(times) - 1 + line.instruments.poll_late_total
    assert (times[-1] - times[0]) / ticks == pytest.approx(0.2, rel=0.05)


class Stepped(SystemClock):
    """A machine whose clock is set while a request is under way."""

    by_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.by_ns


@pytest.mark.parametrize("step_s", [3600, -3600])
async def test_a_clock_that_is_set_during_a_request_puts_no_reading_half_an_hour_off(step_s: int) -> None:
    clock = Stepped()

    async def setting(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        clock.by_ns = step_s * 1_000_000_000
        writer.write(request.adu())

    async with serving(setting) as server, ModbusConnection(endpoint(server.port, timeout_s=2.0), clock) as link:
        answer = await link.read(function=4, unit=1, address=10, count=2, whom="m1")
    assert answer.uncertainty_ns < 1_000_000_000
    assert abs(answer.time_ns - clock.now_ns()) < 5_000_000_000
