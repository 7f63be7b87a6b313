"""A hundred gateways of a thousand registers each, polled every second by one process.

    .venv/bin/python tests/benchmarks/modbus_gateways.py --gateways 100 --seconds 30

The gateways run in a process of their own and answer at once. What is told: the share of a core that the polling takes,
its peak memory, and how late each answer is against its tick, as the collector itself keeps time.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import struct
import sys
import time
from math import inf
from multiprocessing.connection import Connection

import numpy as np

from collector.acquisition.modbus.poller import ModbusPoller
from collector.acquisition.source import Arrival
from collector.clock import SystemClock
from collector.instruments import Instruments
from collector.plant.meter import Endpoint, Measures, PolledMeter, Transport
from collector.plant.profile import BlockRules, MeterProfile, Register, RegisterType
from collector.readings.point import Point, PointTable
from collector.readings.quantity import Quantity

METERS, VALUES, PERIOD_S = 8, 62, 1.0


class Gateway(asyncio.Protocol):
    """Answers every read with the same registers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.wire = transport
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while len(self.rest) >= 12:
            question, self.rest = self.rest[:12], self.rest[12:]
            count = int.from_bytes(question[10:12])
            words = struct.pack(">f", 230.5) * (count // 2)
            head = question[:4] + (3 + len(words)).to_bytes(2) + question[6:8] + bytes([len(words)])
            self.wire.write(head + words)


def serve(ports: Connection, gateways: int) -> None:
    """Serve on free ports until killed."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Gateway, "127.0.0.1", 0) for _ in range(gateways)]
        ports.send([server.sockets[0].getsockname()[1] for server in servers])
        await asyncio.Event().wait()

    asyncio.run(run())


def profile() -> MeterProfile:
    """Return a map of 62 floats in 124 registers."""
    registers = tuple(
        Register(quantity.label, quantity, 3, 2 * place, RegisterType.F32, 2, unit=quantity.unit)
        for place, quantity in enumerate(list(Quantity)[:VALUES])
    )
    return MeterProfile(
        name="bench", title="", vendor="", models=(), confidence="design", sources=(), firmware="", notes=(),
        rules=BlockRules(), sunspec_model=None, counter_refresh_s=1.0, pause_between_s=0.0, pause_after_connect_s=0.0,
        registers=registers, constants=(), test_vectors=(),
    )  # fmt: skip


def gateway(number: int, port: int) -> Endpoint:
    """Return a gateway's endpoint."""
    return Endpoint(f"g{number}", Transport.MODBUS_TCP, "127.0.0.1", port, 1.0)


async def poll(ports: list[int], seconds: float) -> dict[str, float]:
    """Poll and return what was seen."""
    of = profile()
    meters = [
        PolledMeter(f"g{g}m{m}", Measures.MONITORED, None, PERIOD_S, inf, of, gateway(g, port), m + 1, of.registers)
        for g, port in enumerate(ports) for m in range(METERS)
    ]  # fmt: skip
    points = PointTable(Point(meter.id, r.quantity) for meter in meters for r in meter.registers if r.quantity)
    instruments = Instruments()
    arrivals: list[Arrival] = []
    pollers = [
        ModbusPoller(
            meters[g * METERS].endpoint, meters[g * METERS : (g + 1) * METERS], points=points, clock=SystemClock(),
            instruments=instruments, phase=g / len(ports),
        )
        for g in range(len(ports))
    ]  # fmt: skip

    async def take(poller: ModbusPoller) -> None:
        async for arrival in poller.arrivals():
            arrivals.append(arrival)  # noqa: PERF401 - it never ends

    tasks = [asyncio.create_task(take(poller)) for poller in pollers]
    await asyncio.sleep(2.0)  # connections and first rounds
    arrivals.clear()
    instruments.poll_late_total = 0
    cpu, began = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    cpu, wall = time.process_time() - cpu, time.monotonic() - began
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    first = np.array([a.batch.point[0] for a in arrivals]) // VALUES
    times = np.array([a.batch.time_ns[0] for a in arrivals]) * 1e-9
    late: list[float] = []
    for meter in range(len(meters)):
        own = times[first == meter]
        phase = own - np.round((own - own[0]) / PERIOD_S) * PERIOD_S
        late += list(phase - phase.min())
    values = sum(int(a.batch.usable.sum()) for a in arrivals)
    return {
        "gateways": len(ports),
        "values_per_s": values / wall,
        "requests_per_s": len(arrivals) / wall,
        "core_share": cpu / wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "skipped": instruments.poll_late_total,
        "late_p50_ms": float(np.percentile(late, 50)) * 1000,
        "late_p99_ms": float(np.percentile(late, 99)) * 1000,
        "late_max_ms": max(late) * 1000,
    }


def main() -> None:
    """Run it and print one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--gateways", type=int, default=100)
    options.add_argument("--seconds", type=float, default=20.0)
    chosen = options.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, chosen.gateways), daemon=True)
    server.start()
    try:
        sys.stdout.write(json.dumps(asyncio.run(poll(ours.recv(), chosen.seconds))) + "\n")
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
