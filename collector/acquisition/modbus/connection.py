"""The wire: one Modbus TCP connection. The only importer of pymodbus.

Reads only: this file has no call that writes to a device. pymodbus keeps one request outstanding a connection and
skips answers with another transaction id or unit. Its own reconnecting is off: only the supervisor tries again.
"""

import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException

from collector.clock import Clock
from collector.plant.meter import Endpoint

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge, still working on it",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
_HINTS = {
    1: "check 'function' in the profile",
    2: "check the address in the profile: it is 0-based",
    3: "lower 'max_registers' in the profile",
    10: "the gateway does not know this unit; check the unit id",
    11: "the gateway does not reach this unit; check its address and cable",
}


class EndpointUnreachable(Exception):
    """No connection, or it was lost."""


class MeterSilent(Exception):
    """Connected, but no valid answer came in time."""


class MeterRefused(Exception):
    """The device answered with a Modbus exception."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """Registers as bytes, and the midpoint of request and answer [ns UTC] with its half width as uncertainty [ns]."""

    data: bytes
    time_ns: int
    uncertainty_ns: int


class ModbusConnection:
    """A connection to an endpoint, shared by all meters behind it."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._client = AsyncModbusTcpClient(
            endpoint.host, port=endpoint.port, timeout=endpoint.timeout_s, retries=0, reconnect_delay=0
        )

    async def __aenter__(self) -> Self:
        """Connect.

        Raises
        ------
        EndpointUnreachable
            If nobody answers there.
        """
        endpoint = self._endpoint
        if not await self._client.connect():
            self._client.close()
            message = f"connect to {endpoint.host} port {endpoint.port} ({endpoint.id}): refused or no answer"
            raise EndpointUnreachable(f"{message}; check cable, address and that the device has a free connection")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self._client.close()

    async def read(self, *, function: int, unit: int, address: int, count: int, whom: str) -> Answer:
        """Read registers.

        Parameters
        ----------
        function : int
            3 reads holding registers, 4 reads input registers.
        unit, address, count : int
            Unit id, first register (0-based) and number of registers.
        whom : str
            The meter's name, for the error.

        Raises
        ------
        EndpointUnreachable, MeterSilent, MeterRefused
            With place and hint.
        """
        read = self._client.read_holding_registers if function == 3 else self._client.read_input_registers
        registers = "holding" if function == 3 else "input"
        place = (
            f"read {registers} registers {address}+{count} of {whom} "
            f"({self._endpoint.host} port {self._endpoint.port} unit {unit})"
        )
        asked = self._clock.now_ns()
        try:
            response = await read(address, count=count, device_id=unit)
        except ConnectionException as exc:
            raise EndpointUnreachable(f"{place}: the connection was lost") from exc
        except ModbusIOException as exc:
            if not self._client.connected:
                raise EndpointUnreachable(f"{place}: the connection was lost") from exc
            message = f"{place}: no answer after {self._endpoint.timeout_s:g} s; check the unit id"
            raise MeterSilent(message) from exc
        except ModbusException as exc:
            raise MeterSilent(f"{place}: the answer cannot be understood: {exc}") from exc
        answered = self._clock.now_ns()
        if response.isError():
            code = int(response.exception_code)
            meaning = EXCEPTIONS.get(code, "unknown to the Modbus specification")
            raise MeterRefused(
                f"{place}: exception {code:02X}, {meaning}; {_HINTS.get(code, 'look at the device')}", code
            )
        if len(response.registers) != count:
            raise MeterSilent(f"{place}: {len(response.registers)} registers came")
        data = struct.pack(f">{count}H", *response.registers)
        half = max(0, answered - asked) // 2
        return Answer(data, asked + half, half)
