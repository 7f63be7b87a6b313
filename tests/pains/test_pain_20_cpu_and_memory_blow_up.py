"""Flat memory over tens of thousands of rounds; an idle collector hardly shows among the processes."""

import asyncio
import gc
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from adversarial_modbus import Request, serving
from plant_run import CollectorProcess, simulated_plant
from polled_line import Line, gateway
from waiting import until

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@pytest.mark.asyncio
async def test_memory_stays_flat_over_20_000_rounds_with_answers_refusals_and_silence() -> None:
    """Measured: 3 to 30 KiB of growth over the second half, with one unit silent and one refusing a register."""
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

            await until(lambda: through(10_000), within_s=50.0)
            tracemalloc.start(1)
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            await until(lambda: through(20_000), within_s=50.0)
            gc.collect()
            line.arrivals.clear()
            server.requests.clear()
            after, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    # tracemalloc has seen only what was made since: all of it is growth, or what replaced something.
    assert after - before < 512 * 1024


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has taken [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


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
            time.sleep(6.0)  # started, connected, first minutes closed
            began, cpu, memory = time.monotonic(), cpu_s(pid), resident_mb(pid)
            time.sleep(15.0)
            share = (cpu_s(pid) - cpu) / (time.monotonic() - began)
            growth = resident_mb(pid) - memory
            meters = process.state()["meters"]
        finally:
            process.stop()
    assert share < 0.015
    assert growth < 5.0
    assert memory < 150.0
    assert [meter["quality"] for meter in meters] == [192] * 5
