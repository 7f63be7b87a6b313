"""The wire: one Modbus TCP connection. The only importer of pymodbus.

Reads only: this file has no call that writes to a device. pymodbus keeps one request outstanding a connection and
skips answers with another transaction id or unit. Its own reconnecting is off: only the supervisor tries again.
What pymodbus lets pass is looked at here: an answer to another function, or without a transaction id, is no answer.
"""

import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.pdu import DecodePDU, ModbusPDU

from collector.acquisition.source import raise_if_cancelled
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
GATEWAY_TARGET_SILENT = 11
_HINTS = {
    1: "check 'function' in the profile",
    2: "check the address in the profile: it is 0-based",
    3: "lower 'max_registers' in the profile",
    10: "the gateway does not know this unit; check the unit id",
    11: "the gateway does not reach this unit; check its address and cable",
}


# A late answer may come in one piece with the next one. pymodbus' own buffer is too small for two, and drops both.
_BUFFER_BYTES = 4096
# pymodbus closes the connection after some silent requests, also to the meters that do answer: the poller decides.
_NEVER = 1 << 62


class EndpointUnreachable(Exception):
    """No connection, or it was lost."""


class MeterSilent(Exception):
    """Connected, but no valid answer came in time."""


class MeterGarbled(MeterSilent):
    """Something came, but no answer to what was asked."""


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


class _Decoder(DecodePDU):
    """Makes an empty answer of one that cannot be understood.

    pymodbus raises over it inside the event loop, which closes the connection, also to all other meters behind it.
    """

    def decode(self, frame: bytes) -> ModbusPDU:
        """Return what the frame says; an answer of function 0 if its lengths contradict each other."""
        pdu = super().decode(frame)
        if pdu is None:
            return ModbusPDU()
        size = 2 * len(pdu.registers)
        return pdu if pdu.isError() or (len(frame) == 2 + size and frame[1] == size) else ModbusPDU()


class ModbusConnection:
    """A connection to an endpoint, shared by all meters behind it."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._client = AsyncModbusTcpClient(
            endpoint.host, port=endpoint.port, timeout=endpoint.timeout_s, retries=0, reconnect_delay=0
        )
        self._client.set_max_no_responses(_NEVER)
        self._client.ctx.framer.decoder = _Decoder(is_server=False)
        self._client.ctx.max_buffer_size = _BUFFER_BYTES

    async def __aenter__(self) -> Self:
        """Connect.

        Raises
        ------
        EndpointUnreachable
            If nobody answers there.
        """
        endpoint = self._endpoint
        place = f"connect to {endpoint.host} port {endpoint.port} ({endpoint.id})"
        try:
            connected = await self._client.connect()
            raise_if_cancelled()
        except UnicodeError as exc:
            raise EndpointUnreachable(f"{place}: this can be no host's name; check 'host'") from exc
        except BaseException:
            self._client.close()
            raise
        if not connected:
            self._client.close()
            message = f"{place}: refused or no answer"
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
        asked_s = self._clock.steady_s()
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
            raise MeterGarbled(f"{place}: the answer cannot be understood: {exc}") from exc
        # By the steady clock: UTC may be set while we wait.
        half_ns = round((self._clock.steady_s() - asked_s) * 0.5e9)
        time_ns = self._clock.now_ns() - half_ns
        raise_if_cancelled()
        answers = response.function_code & 0x7F == function and response.dev_id == unit
        if not answers or not response.transaction_id:
            raise MeterGarbled(f"{place}: what came cannot be understood, or answers another request")
        if response.isError():
            code = int(response.exception_code)
            meaning = EXCEPTIONS.get(code, "unknown to the Modbus specification")
            raise MeterRefused(
                f"{place}: exception {code:02X}, {meaning}; {_HINTS.get(code, 'look at the device')}", code
            )
        if len(response.registers) != count:
            raise MeterGarbled(f"{place}: {len(response.registers)} registers came")
        data = struct.pack(f">{count}H", *response.registers)
        return Answer(data, time_ns, half_ns)
