"""Flat memory over thousands of rounds; an idle collector hardly shows among the processes.

`make check-deep` goes through twenty times as many rounds.
"""

import asyncio
import ctypes
import gc
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from adversarial_modbus import Request, serving
from draws import DEPTH, drawn
from plant_run import CollectorProcess, simulated_plant
from polled_line import Line, gateway
from waiting import until

WARM, WATCHED = 2_000, drawn(4_000)
"""Rounds until all that is made once has been made, and rounds in which nothing may grow."""
LEAK = 50
"""What a round must not leave behind [bytes]."""


@pytest.mark.asyncio
async def test_memory_stays_flat_over_4_000_rounds_with_answers_refusals_and_silence() -> None:
    """Measured: 39 kB of growth, with one unit silent and one refusing a register."""
    rounds = 0

    async def mixed(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.unit == 2 and request.address <= 2 < request.address + request.count:
            writer.write(request.adu(bytes([0x80 | request.function, 2])))
        elif request.unit != 3:
            writer.write(request.adu())

    async with serving(mixed) as server:
        line = Line(gateway(server.port, range(1, 11), every_s=0.005, timeout_s=0.5))
        async with line.polled():

            def through(count: int) -> bool:
                nonlocal rounds
                rounds += len(line.arrivals)
                line.arrivals.clear()
                server.requests.clear()
                return rounds >= count

            await until(lambda: through(WARM), within_s=60.0)
            tracemalloc.start(1)
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            await until(lambda: through(WARM + WATCHED), within_s=60.0 * DEPTH)
            gc.collect()
            line.arrivals.clear()
            server.requests.clear()
            after, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    # tracemalloc has seen only what was made since: all of it is growth, or what replaced something.
    assert after - before < LEAK * WATCHED


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has taken [s], exactly: in /proc it comes in ticks of 10 ms."""
    clock = ctypes.c_int()
    failed = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    assert not failed, os.strerror(failed)
    return time.clock_gettime(clock.value)


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds [MB]."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_the_example_plant_in_real_time_takes_less_than_a_hundredth_of_a_core_and_its_memory_is_flat(
    tmp_path: Path,
) -> None:
    """Measured: 0.6 % of a core for five meters and forty pots, 95 MB, 0.1 MB of growth; asserted with some room."""
    with simulated_plant(tmp_path, "steady.toml", broker=None, speed=1) as simulation:
        process = CollectorProcess("idle", tmp_path, simulation)
        process.start()
        try:
            assert process.process is not None
            pid = process.process.pid
            time.sleep(4.0)  # started and connected
            began, cpu, memory = time.monotonic(), cpu_s(pid), resident_mb(pid)
            time.sleep(8.0)
            share = (cpu_s(pid) - cpu) / (time.monotonic() - began)
            growth = resident_mb(pid) - memory
            meters = process.state()["meters"]
        finally:
            process.stop()
    assert share < 0.015
    assert growth < 5.0
    assert memory < 150.0
    assert [meter["quality"] for meter in meters] == [192] * 5
