"""Modbus TCP servers that tests script: right, wrong, late, broken off. Written from the specification, by hand."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from waiting import until

from collector.plant.meter import Endpoint, Measures, Meter
from collector.plant.profile import BlockRules, MeterProfile, Register, RegisterType
from collector.readings.point import Point, PointTable
from collector.readings.quantity import Quantity

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked."""

    tid: int
    unit: int
    function: int
    address: int
    count: int

    def pdu(self) -> bytes:
        """Return the right answer: each register holds a number that no other register of the server holds."""
        values = [register(self.unit, self.function, place) for place in range(self.address, self.address + self.count)]
        return struct.pack(f">BB{self.count}H", self.function, 2 * self.count, *values)

    def adu(self, pdu: bytes | None = None, *, tid: int | None = None, unit: int | None = None) -> bytes:
        """Return a frame, by default the right answer."""
        body = self.pdu() if pdu is None else pdu
        head = struct.pack(
            ">HHHB", self.tid if tid is None else tid, 0, len(body) + 1, self.unit if unit is None else unit
        )
        return head + body


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


@dataclass(slots=True)
class ModbusServer:
    """A server with its script and what it saw. ``answer`` may be changed while it runs."""

    answer: Answering = rightly
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["ModbusServer"]:
        """Listen on a free port, the same one if it listened before."""
        server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            for writer in set(self.open):
                writer.transport.abort()
            await server.wait_closed()
            await asyncio.sleep(0)

    async def closed(self) -> None:
        """Wait until no connection is open."""
        await until(lambda: not self.open, within_s=1.0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open.add(writer)
        try:
            while True:
                tid, _, length = struct.unpack(">HHH", await reader.readexactly(6))
                unit, function, address, count = struct.unpack(">BBHH", await reader.readexactly(length))
                request = Request(tid, unit, function, address, count)
                self.requests.append(request)
                task = asyncio.ensure_future(self.answer(request, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.open.discard(writer)
            writer.transport.abort()


@contextlib.asynccontextmanager
async def serving(answer: Answering = rightly) -> AsyncIterator[ModbusServer]:
    """Run a server beside the block."""
    async with ModbusServer(answer).listening() as server:
        yield server


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


def endpoint(port: int, *, timeout_s: float = 0.1, host: str = HOST) -> Endpoint:
    """Return the endpoint of a server."""
    return Endpoint("gateway", host, port, timeout_s)


def meters(port: int, units: Iterable[int], *, every_s: float = 0.05, timeout_s: float = 0.1) -> list[Meter]:
    """Return a meter a unit, named ``m1``, ``m2`` and so on."""
    at = endpoint(port, timeout_s=timeout_s)
    of = profile()
    return [
        Meter(f"m{unit}", Measures.AUXILIARY_AC, None, of, at, unit, every_s, 1000.0, of.registers) for unit in units
    ]


def points(of: Iterable[Meter]) -> PointTable:
    """Return the points of meters."""
    return PointTable(Point(meter.id, each.quantity) for meter in of for each in meter.registers if each.quantity)
