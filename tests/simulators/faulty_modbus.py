"""What the tests of simulated Modbus faults share: one meter behind one endpoint, and questions written by hand."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.faults.book import FaultBook
from simulators.faults.catalogue import FaultReader
from simulators.faults.modbus import ModbusFaults
from simulators.physics.meter import Readout
from simulators.plant import Endpoint, Measures, Meter, Plant
from simulators.profile import Profile as Profile_
from simulators.profile import Register, load_profile
from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus.exchange import Timing
from simulators.servers.registers import RegisterMap
from simulators.serving import Serving, Transport
from simulators.tables import Table

PROFILES = Path(__file__).parents[2] / "config" / "profiles"
SECOND = 1_000_000_000


def register(quantity: str, address: int, kind: str, resolution: float = 1.0) -> Register:
    return Register(quantity, address, kind, low_word_first=False, resolution=resolution)


MAP = RegisterMap(
    Profile_(
        "test",
        3,
        {
            one.quantity: one
            for one in (
                register("active_energy_import", 0, "u32"),  # 0-1, Wh
                register("active_power", 2, "f32"),  # 2-3, W
                register("voltage", 5, "u16"),  # 5; 4 is a gap
                register("current", 6, "s16"),
                register("power_factor", 7, "s16", resolution=0.01),
                register("ct_ratio", 8, "u16"),
                register("device_time", 9, "u32"),  # 9-10
                register("dc_energy", 11, "mod10000x2"),  # 11-12
            )
        },
        (),
    )
)
READOUT = Readout(
    {
        "active_power": 1312.5,
        "voltage": 400.0,
        "current": 5.0,
        "power_factor": 0.96,
        "ct_ratio": 400.0,
        "device_time": 1_000_000.0,
    },
    {"active_energy_import": 0x0012_3456, "dc_energy": 123_456.0},
)


def reader(transport: str = "tcp") -> FaultReader:
    meter = Meter("m", Measures.AUXILIARY_AC, "PL1", "test", "e", 1, 1e6)
    plant = Plant(Path("plant.toml"), "", "", "", {}, {"e": Endpoint("e", 502)}, {"m": meter}, None)
    return FaultReader(plant, {"e": Serving(Transport(transport))}, PROFILES, 1)


def book_of(*faults: dict[str, Any], transport: str = "tcp", origin_ns: int = 0) -> FaultBook:
    read = reader(transport)
    rows = [Table(Path("test.toml"), fault, f"faults[{at}]") for at, fault in enumerate(faults)]
    return FaultBook(read.one(row, origin_ns, number=at) for at, row in enumerate(rows, start=1))


def ask(transaction: int, address: int, count: int, unit: int = 1, function: int = 3) -> bytes:
    return bytes((transaction >> 8, transaction & 255, 0, 0, 0, 6, unit, function)) + (
        address.to_bytes(2) + count.to_bytes(2)
    )


@dataclass
class Line:
    """A connection to a server with faults."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "Faulty"

    async def send(self, request: bytes) -> None:
        self.writer.write(request)
        await self.writer.drain()

    async def receive(self, within_s: float = 0.15) -> str:
        """Give everything that comes until it is silent, in hexadecimal digits."""
        received = b""
        try:
            async with asyncio.timeout(within_s):
                while chunk := await self.reader.read(1024):
                    received += chunk
                return received.hex(" ").upper() + " FIN" if received else "FIN"
        except TimeoutError:
            return received.hex(" ").upper()
        except ConnectionResetError:
            return "RST"

    async def exactly(self, count: int) -> str:
        async with asyncio.timeout(30):
            return (await self.reader.readexactly(count)).hex(" ").upper()

    async def answer(self, request: bytes) -> str:
        """Ask, and give the answer; for one whose header tells its length."""
        await self.send(request)
        async with asyncio.timeout(30):
            head = await self.reader.readexactly(6)
            return (head + await self.reader.readexactly(int.from_bytes(head[4:]))).hex(" ").upper()

    async def registers(self, address: int, count: int) -> str:
        """Give the bytes of registers."""
        return (await self.answer(ask(1, address, count)))[9 * 3 :]


class Faulty:
    """A server of one meter with faults; `show` moves its time on."""

    def __init__(self, *faults: dict[str, Any], transport: str = "tcp", timing: Timing | None = None) -> None:
        self.book = book_of(*faults, transport=transport)
        self.faults = ModbusFaults(self.book, {"e": transport})
        self.server = ModbusServer(
            name="e", tampering=self.faults, framing=Transport(transport).framing, timing=timing or Timing()
        )
        self.port = 0
        self.show(READOUT, 0)

    def show(self, readout: Readout, time_s: float, units: Sequence[int] = (1, 2)) -> None:
        self.faults.show({("e", unit): (MAP, readout) for unit in units}, round(time_s * SECOND))
        self.server.show({unit: MAP.image(readout) for unit in units})

    @property
    def hits(self) -> list[int]:
        return [fault.hits for fault in self.book]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Line]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Line(reader, writer, self)
        finally:
            writer.transport.abort()


@asynccontextmanager
async def faulty(*faults: dict[str, Any], transport: str = "tcp", timing: Timing | None = None) -> AsyncIterator[Line]:
    """Serve a meter with faults, and connect to it."""
    made = Faulty(*faults, transport=transport, timing=timing)
    async with made.server.listening("127.0.0.1", 0) as made.port, made.connected() as line:
        yield line


def with_energy(total: float) -> Readout:
    return Readout(READOUT.gauges, {**READOUT.counters, "active_energy_import": total})


def schneider() -> RegisterMap:
    return RegisterMap(load_profile(PROFILES / "schneider-pm5xxx.toml"))
