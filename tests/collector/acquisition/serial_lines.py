"""Lines without transaction ids behind an adversarial server, for tests of the connection."""

import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from adversarial_modbus import (
    ASCII,
    HOST,
    RTU,
    Answering,
    ModbusServer,
    register,
    rightly,
)
from patient import PatientlyOpened

from collector.acquisition.modbus.connection import (
    Answer,
    ModbusConnection,
)
from collector.clock import SystemClock
from collector.plant.meter import Endpoint, Transport

TIMEOUT_S = 0.15
"""The time-out where no answer is to come [s]; ``patient`` makes it long for those that are."""
LINES = [Transport.RTU_OVER_TCP, Transport.ASCII_OVER_TCP, Transport.MODBUS_RTU, Transport.MODBUS_ASCII]
on_each_line = pytest.mark.parametrize("transport", LINES, ids=lambda transport: transport.value)


@dataclass
class Line:
    """A server, and the way to it."""

    server: ModbusServer
    endpoint: Endpoint
    connections: list[ModbusConnection] = field(default_factory=list)

    def connection(self) -> ModbusConnection:
        return PatientlyOpened(self.endpoint, SystemClock())


@contextlib.asynccontextmanager
async def line(transport: Transport, answer: Answering = rightly, **settings: Any) -> AsyncIterator[Line]:  # noqa: ANN401 - those of an endpoint
    """Run a server at the end of a line."""
    server = ModbusServer(answer, framing=ASCII if transport.is_ascii else RTU)
    timeout_s = settings.pop("timeout_s", TIMEOUT_S)
    options = {"data_bits": 8, "parity": "none", **settings}
    if transport.is_serial:
        async with server.on_a_line() as device:
            yield Line(server, Endpoint("e", transport, "", 0, timeout_s, device, **options))
        return
    async with server.listening():
        yield Line(server, Endpoint("e", transport, HOST, server.port, timeout_s, **settings))


def expected(address: int, count: int = 2, *, unit: int = 1, function: int = 4) -> bytes:
    return struct.pack(f">{count}H", *(register(unit, function, place) for place in range(address, address + count)))


async def read(
    connection: ModbusConnection,
    address: int = 10,
    count: int = 2,
    *,
    unit: int = 1,
    function: int = 4,
    patience_s: float | None = None,
) -> Answer:
    return await connection.read(
        function=function, unit=unit, address=address, count=count, whom="m1", patience_s=patience_s
    )


async def opened(at: Line) -> None:
    async with at.connection():
        pass


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
