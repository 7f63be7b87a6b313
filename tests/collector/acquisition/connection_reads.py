"""A connection to a server of the tests, read in one line."""

import os
import struct
from dataclasses import replace
from pathlib import Path

from adversarial_modbus import PATIENT_S, endpoint, register
from patient import PatientlyOpened

from collector.acquisition.modbus.connection import (
    Answer,
    ModbusConnection,
)
from collector.clock import SystemClock
from collector.plant.meter import Transport


def expected(address: int, count: int = 2, *, unit: int = 1, function: int = 4) -> bytes:
    return struct.pack(f">{count}H", *(register(unit, function, place) for place in range(address, address + count)))


async def read(
    connection: ModbusConnection, address: int = 10, count: int = 2, *, unit: int = 1, patience_s: float | None = None
) -> Answer:
    return await connection.read(function=4, unit=unit, address=address, count=count, whom="m1", patience_s=patience_s)


def at(
    port: int,
    *,
    timeout_s: float = PATIENT_S,
    host: str = "127.0.0.1",
    lenient: bool = False,
    transport: Transport = Transport.MODBUS_TCP,
) -> ModbusConnection:
    asked = endpoint(port, timeout_s=timeout_s, host=host)
    asked = replace(asked, transport=transport, lenient_transaction_id=lenient)
    return PatientlyOpened(asked, SystemClock())


def sockets() -> int:
    """Count the sockets that this process holds open."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            count += os.readlink(descriptor).startswith("socket:")  # noqa: PTH115 - not a path
        except FileNotFoundError:
            continue
    return count
