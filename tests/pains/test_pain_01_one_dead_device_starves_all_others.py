"""One of twenty is black-holed, behind a gateway or while connecting: the others lose no sample and keep their beat."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from adversarial_modbus import HOST, Request, endpoint, serving
from metronome import Metronome
from polled_line import Line, gateway, many_registers, meter

from collector.readings.quality import Quality

pytestmark = pytest.mark.asyncio

SECONDS = 6
MEASUREMENTS = 6
QUIET_S = 0.05
"""On a machine that nobody else uses, the loop is late by some 10 ms at most."""


async def judged(
    measured: Callable[[], Awaitable[tuple[Line, Metronome]]], judge: Callable[[Line, Metronome], None]
) -> None:
    """Measure and judge, and measure again where it was the machine that was late: on that, no beat can be kept."""
    for left in reversed(range(MEASUREMENTS)):
        line, metronome = await measured()
        try:
            judge(line, metronome)
        except AssertionError:
            if not left or metronome.latest_s < QUIET_S:
                raise
        else:
            return


async def watched(line: Line, seconds: float, *, beside: Line | None = None) -> Metronome:
    """Poll for some time, and return how late the loop was: by itself, and in a sound line ``beside`` this one."""
    metronome = Metronome()
    beating = asyncio.create_task(metronome.run())
    try:
        async with line.polled(), beside.polled() if beside is not None else contextlib.nullcontext():
            await asyncio.sleep(seconds)
    finally:
        beating.cancel()
    if beside is not None:
        for sound in beside.meters:
            times = pairwise(beside.good_times(sound.id))
            late_s = max((abs(second - first - 1.0) for first, second in times), default=0.0)
            metronome.latest_s = max(metronome.latest_s, late_s)
    return metronome


def on_the_beat(line: Line, owners: list[str], metronome: Metronome, *, seconds: int, settling: int = 0) -> None:
    """No meter may miss a second, and every step is within a tenth of the period, but for what the machine costs.

    ``settling``: so many steps of each meter may be off, until the line knows how slow a unit is.
    """
    off: list[float] = []
    for owner in owners:
        times = line.good_times(owner)
        assert len(times) >= seconds - 1, owner
        assert not line.readings(owner, lambda row: row.quality != Quality.GOOD), owner
        own = sorted(abs(second - first - 1.0) for first, second in pairwise(times))
        off += own[: len(own) - settling]
    assert max(off) < 0.1 + 2 * metronome.latest_s, (metronome.latest_s, sorted(off))


@pytest.mark.parametrize("dead_from_s", [0.0, 2.5])
async def test_a_unit_that_is_silent_behind_a_gateway_costs_19_siblings_no_sample_and_no_beat(
    dead_from_s: float,
) -> None:
    started = 0.0

    async def unit_7_dies(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.002)
        if request.unit != 7 or time.monotonic() - started < dead_from_s:
            writer.write(request.adu())

    async def all_live(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.002)
        writer.write(request.adu())

    async def measured() -> tuple[Line, Metronome]:
        nonlocal started
        started = time.monotonic()
        async with serving(unit_7_dies) as server, serving(all_live) as sound:
            line = Line(gateway(server.port, range(1, 21), every_s=1.0, timeout_s=1.0))
            beside = Line(gateway(sound.port, range(1, 21), every_s=1.0, timeout_s=1.0))
            metronome = await watched(line, SECONDS + 0.5, beside=beside)
            assert server.connections == 1
        return line, metronome

    def judge(line: Line, metronome: Metronome) -> None:
        on_the_beat(line, [f"m{unit}" for unit in range(1, 21) if unit != 7], metronome, seconds=SECONDS)
        assert line.instruments.poll_late_total == 0
        assert "no answer" in line.instruments.meters["m7"].error
        assert {row.quality for row in line.readings("m7")} - {Quality.GOOD} == {Quality.BAD_COMM_FAILURE}

    await judged(measured, judge)


async def test_a_host_that_swallows_connections_costs_19_others_no_sample_and_no_beat() -> None:
    async def measured() -> tuple[Line, Metronome]:
        with socket.socket() as hole, socket.socket() as first, socket.socket() as second:
            # A queue that is full drops what knocks, as a cable that is cut does.
            hole.bind((HOST, 0))
            hole.listen(0)
            for knocking in (first, second):
                knocking.setblocking(False)
                knocking.connect_ex(hole.getsockname())
            async with serving() as server:
                meters = [
                    meter(
                        f"m{number}",
                        endpoint(hole.getsockname()[1] if number == 7 else server.port, timeout_s=1.0),
                        number,
                        many_registers(5),
                        every_s=1.0,
                    )
                    for number in range(1, 21)
                ]
                for number, each in enumerate(meters):
                    object.__setattr__(each.endpoint, "id", f"e{number}")
                line = Line(meters)
                return line, await watched(line, SECONDS + 0.5)

    def judge(line: Line, metronome: Metronome) -> None:
        on_the_beat(line, [f"m{number}" for number in range(1, 21) if number != 7], metronome, seconds=SECONDS)
        assert line.good_times("m7") == []
        assert "connect to" in line.instruments.meters["m7"].error

    await judged(measured, judge)


async def test_a_unit_that_becomes_slow_is_waited_for_when_nobody_else_needs_the_line() -> None:
    """Unit 3 takes 0.4 s, far longer than the others do: it is late, and not lost."""

    async def unit_3_is_slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4 if request.unit == 3 else 0.002)
        writer.write(request.adu())

    async def measured() -> tuple[Line, Metronome]:
        async with serving(unit_3_is_slow) as server:
            line = Line(gateway(server.port, range(1, 6), every_s=1.0, timeout_s=1.0))
            return line, await watched(line, 6.5)

    def judge(line: Line, metronome: Metronome) -> None:
        on_the_beat(line, ["m1", "m2", "m4", "m5"], metronome, seconds=6, settling=1)
        assert len(line.good_times("m3")) >= 5

    await judged(measured, judge)
