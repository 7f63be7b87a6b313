"""Yardsticks: the least that a client can do with a load, which is to decode it and drop it.

    python tests/benchmarks/bare_loops.py mqtt --port 1883
    python tests/benchmarks/bare_loops.py modbus --ports 5020,5021 --meters 17 --period 1

Clients of the kind that anybody would write first: gmqtt at QoS 1, which acknowledges by itself, with msgspec; pymodbus
with struct, one connection a gateway. Prints ``ready``, works until a line comes on standard input, and prints
as a line of JSON what it took and the processor time for it.
"""

import argparse
import asyncio
import json
import struct
import sys
import time

import gmqtt
import msgspec
from pymodbus.client import AsyncModbusTcpClient

_WORDS = 124


class Dropped:
    """How many messages and bytes, or requests and values, were decoded since the first one."""

    def __init__(self) -> None:
        self.count = 0
        self._cpu_s = self._begin_s = 0.0

    def add(self) -> None:
        """Count one; with the first one begins the time."""
        if not self.count:
            self._cpu_s, self._begin_s = time.process_time(), time.monotonic()
        self.count += 1

    def told(self) -> dict[str, float]:
        """Return the count, and processor and real time since the first one [s]."""
        return {
            "count": self.count,
            "cpu_s": time.process_time() - self._cpu_s,
            "wall_s": time.monotonic() - self._begin_s,
        }


def say(found: dict[str, float]) -> None:
    """Print as a line of JSON."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


async def told_to_stop() -> None:
    """Say that it works, and wait for a line on standard input."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    await commands.readline()


async def mqtt(port: int) -> None:
    """Hear everything of a broker."""
    dropped, decode = Dropped(), msgspec.json.Decoder().decode
    subscribed = asyncio.Event()

    def heard(_client: object, _topic: str, payload: bytes, _qos: int, _properties: object) -> int:
        decode(payload)
        dropped.add()
        return 0

    client = gmqtt.Client("bare", clean_session=True, receive_maximum=20_000)
    client.on_message = heard
    client.on_subscribe = lambda *_: subscribed.set()
    await client.connect("127.0.0.1", port)
    client.subscribe("smelter/v1/#", qos=1)
    await subscribed.wait()
    await told_to_stop()
    say(dropped.told())
    await client.disconnect()


async def modbus(ports: list[int], meters: int, period_s: float) -> None:
    """Read meters, one after the other at each gateway, again with each period."""
    dropped, unpack = Dropped(), struct.Struct(f">{_WORDS // 2}f").unpack
    pack = struct.Struct(f">{_WORDS}H").pack

    async def poll(client: AsyncModbusTcpClient, phase: float) -> None:
        due = time.monotonic() + phase * period_s
        while True:
            await asyncio.sleep(due - time.monotonic())
            for unit in range(1, meters + 1):
                answer = await client.read_holding_registers(0, count=_WORDS, device_id=unit)
                unpack(pack(*answer.registers))
                dropped.add()
            due = max(due + period_s, time.monotonic())

    clients = [AsyncModbusTcpClient("127.0.0.1", port=port) for port in ports]
    for client in clients:
        await client.connect()
    tasks = [asyncio.create_task(poll(client, place / len(clients))) for place, client in enumerate(clients)]
    await told_to_stop()
    say(dropped.told())
    # pymodbus may keep a cancellation to itself: without its connection a task ends in any case.
    for client in clients:
        client.close()
    for task in tasks:
        task.cancel()
    done, _ = await asyncio.wait(tasks, timeout=2.0)
    for task in done:
        if not task.cancelled():
            task.exception()


def main() -> None:
    """Work until told to stop, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = options.add_subparsers(dest="kind", required=True)
    kinds.add_parser("mqtt").add_argument("--port", type=int, required=True)
    polling = kinds.add_parser("modbus")
    polling.add_argument("--ports", required=True)
    polling.add_argument("--meters", type=int, required=True)
    polling.add_argument("--period", type=float, default=1.0)
    asked = options.parse_args()
    if asked.kind == "mqtt":
        asyncio.run(mqtt(asked.port))
    else:
        asyncio.run(modbus([int(port) for port in asked.ports.split(",")], asked.meters, asked.period))


if __name__ == "__main__":
    main()
