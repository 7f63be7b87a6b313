"""Modbus servers that tests script: right, wrong, late, broken off. Written from the specification, by hand."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
import tty
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import functions_seen
from waiting import until

from collector.plant.meter import Endpoint, Measures, PolledMeter, Transport
from collector.plant.profile import BlockRules, MeterProfile, Register, RegisterType
from collector.readings.point import Point, PointTable
from collector.readings.quantity import Quantity

HOST = "127.0.0.1"


MBAP, RTU, ASCII = "mbap", "rtu", "ascii"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. For device identification, ``address`` is the first object and ``count`` the read code."""

    tid: int
    unit: int
    function: int
    address: int
    count: int
    framing: str = MBAP

    def pdu(self) -> bytes:
        """Return the right answer: each register holds a number that no other register of the server holds."""
        places = range(self.address, self.address + self.count)
        if self.function in {1, 2}:
            return bits(self.function, [bit(self.unit, self.function, place) for place in places])
        values = [register(self.unit, self.function, place) for place in places]
        return struct.pack(f">BB{self.count}H", self.function, 2 * self.count, *values)

    def adu(self, pdu: bytes | None = None, *, tid: int | None = None, unit: int | None = None) -> bytes:
        """Return a frame, by default the right answer."""
        body = self.pdu() if pdu is None else pdu
        unit = self.unit if unit is None else unit
        if self.framing == RTU:
            return rtu(unit, body)
        if self.framing == ASCII:
            return ascii_line(unit, body)
        return struct.pack(">HHHB", self.tid if tid is None else tid, 0, len(body) + 1, unit) + body


def rtu(unit: int, pdu: bytes) -> bytes:
    """Return a frame of RTU, its check sum reckoned bit by bit."""
    crc = 0xFFFF
    for byte in bytes([unit]) + pdu:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return bytes([unit]) + pdu + struct.pack("<H", crc)


def ascii_line(unit: int, pdu: bytes) -> bytes:
    """Return a frame of Modbus ASCII."""
    raw = bytes([unit]) + pdu
    return b":%s%02X\r\n" % (raw.hex().upper().encode(), -sum(raw) & 0xFF)


def bits(function: int, values: list[bool]) -> bytes:
    """Return an answer of bits: the first one lowest in the first byte."""
    number = sum(1 << place for place, value in enumerate(values) if value)
    size = (len(values) + 7) // 8
    return bytes([function, size]) + number.to_bytes(size, "little")


def bit(unit: int, function: int, address: int) -> bool:
    """Return what a coil or a discrete input is."""
    return bool(register(unit, function, address) * 2654435761 & 0x10000)


def register(unit: int, function: int, address: int) -> int:
    """Return what a register holds."""
    return (unit * 8192 + function * 1024 + address) % 65536


Answering = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


async def rightly(request: Request, writer: asyncio.StreamWriter) -> None:
    """Answer as the specification wants it."""
    writer.write(request.adu())


async def never(request: Request, writer: asyncio.StreamWriter) -> None:
    """Say nothing."""


def with_pdu(text: str) -> Answering:
    """Answer anything with these bytes behind the header."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(bytes.fromhex(text)))

    return answer


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off, without a farewell."""
    wire = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class _FarEnd(asyncio.Transport):
    """The far end of a pseudo-terminal."""

    def __init__(self, descriptor: int, reader: asyncio.StreamReader) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._reader = reader
        self._open = True
        asyncio.get_running_loop().add_reader(descriptor, self._came)

    def _came(self) -> None:
        try:
            self._reader.feed_data(os.read(self._descriptor, 4096))
        except OSError:
            self.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._open:
            assert os.write(self._descriptor, data) == len(data)

    def is_closing(self) -> bool:
        return not self._open

    def abort(self) -> None:
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._reader.feed_eof()

    close = abort


@dataclass(slots=True)
class ModbusServer:
    """A server with its script and what it saw. ``answer`` may be changed while it runs."""

    answer: Answering = rightly
    port: int = 0
    framing: str = MBAP
    secured: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["ModbusServer"]:
        """Listen on a free port, the same one if it listened before."""
        server = await asyncio.start_server(self._serve, HOST, self.port, ssl=self.secured)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self._end()
            await server.wait_closed()
            await asyncio.sleep(0)
        self.check()

    @contextlib.asynccontextmanager
    async def on_a_line(self) -> AsyncIterator[str]:
        """Listen at the far end of a serial line, a pseudo-terminal, and yield the device at its near end."""
        far, near = os.openpty()
        tty.setraw(near)
        os.set_blocking(far, False)
        reader = asyncio.StreamReader()
        end = _FarEnd(far, reader)
        writer = asyncio.StreamWriter(end, asyncio.StreamReaderProtocol(reader), None, asyncio.get_running_loop())
        task = asyncio.create_task(self._serve(reader, writer))
        try:
            yield os.ttyname(near)
        finally:
            self._end()
            end.abort()
            await task
            os.close(near)
        self.check()

    def check(self) -> None:
        """Nobody asked for more than to read."""
        assert {request.function for request in self.requests} <= functions_seen.READING

    def drop(self) -> None:
        """Break all connections off."""
        for writer in set(self.open):
            reset(writer)

    async def closed(self) -> None:
        """Wait until no connection is open."""
        await until(lambda: not self.open)

    def unplug(self) -> None:
        """Take the adapter away: both ends of the line are gone."""
        for writer in set(self.open):
            writer.transport.abort()

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.unplug()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        try:
            while True:
                request = await self._request(reader)
                self.requests.append(request)
                task = asyncio.ensure_future(self.answer(request, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.open.discard(writer)
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader) -> Request:
        tid = 0
        if self.framing == MBAP:
            tid, protocol, length = struct.unpack(">HHH", await reader.readexactly(6))
            assert protocol == 0
            body = await reader.readexactly(length)
            functions_seen.saw(body[1])
        elif self.framing == RTU:
            head = await reader.readexactly(2)
            functions_seen.saw(head[1])
            body = head + await reader.readexactly(3 if head[1] == 0x2B else 4)
            assert rtu(body[0], body[1:])[-2:] == await reader.readexactly(2)
        else:
            line = await reader.readuntil(b"\r\n")
            body = bytes.fromhex(line[1:-4].decode())
            functions_seen.saw(body[1])
            assert line == ascii_line(body[0], body[1:])
        if body[1] == 0x2B:
            kind, code, first = body[2:]
            assert kind == 0x0E
            return Request(tid, body[0], 0x2B, first, code, self.framing)
        unit, function, address, count = struct.unpack(">BBHH", body)
        return Request(tid, unit, function, address, count, self.framing)


@contextlib.asynccontextmanager
async def serving(
    answer: Answering = rightly, *, framing: str = MBAP, secured: ssl.SSLContext | None = None
) -> AsyncIterator[ModbusServer]:
    """Run a server beside the block."""
    async with ModbusServer(answer, framing=framing, secured=secured).listening() as server:
        yield server


PATIENT_S = 5.0
"""The time-out where an answer is to come: so long that a busy machine is never taken for a silent device [s]."""
SILENT_S = 0.1
"""The time-out where none is to come [s]."""
PLACES = {Quantity.VOLTAGE: 10, Quantity.CURRENT: 11, Quantity.FREQUENCY: 50}
"""Registers of the test meters: two blocks, 10+2 and 50+1."""


def profile(function: int = 4) -> MeterProfile:
    """Return a register map of three u16 in two blocks."""
    units = {Quantity.VOLTAGE: "V", Quantity.CURRENT: "A", Quantity.FREQUENCY: "Hz"}
    registers = tuple(
        Register(quantity.label, quantity, function, address, RegisterType.U16, 1, unit=units[quantity])
        for quantity, address in PLACES.items()
    )
    return MeterProfile(
        name="three",
        title="Three registers",
        vendor="Maker",
        models=("M1",),
        confidence="design",
        sources=("manual",),
        firmware="",
        notes=(),
        rules=BlockRules(function=function),
        sunspec_model=None,
        counter_refresh_s=1.0,
        pause_between_s=0.0,
        pause_after_connect_s=0.0,
        registers=registers,
        constants=(),
        test_vectors=(),
    )


def endpoint(port: int, *, timeout_s: float = PATIENT_S, host: str = HOST) -> Endpoint:
    """Return the endpoint of a server."""
    return Endpoint("gateway", Transport.MODBUS_TCP, host, port, timeout_s)


def meters(
    port: int, units: Iterable[int], *, every_s: float = 0.05, timeout_s: float = PATIENT_S
) -> list[PolledMeter]:
    """Return a meter a unit, named ``m1``, ``m2`` and so on."""
    at = endpoint(port, timeout_s=timeout_s)
    of = profile()
    return [
        PolledMeter(f"m{unit}", Measures.AUXILIARY_AC, None, every_s, 1000.0, of, at, unit, of.registers)
        for unit in units
    ]


def points(of: Iterable[PolledMeter]) -> PointTable:
    """Return the points of meters."""
    return PointTable(Point(meter.id, each.quantity) for meter in of for each in meter.registers if each.quantity)
