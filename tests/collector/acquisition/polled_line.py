"""Meters of many registers on one line, polled by the real poller under the real supervisor."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from adversarial_modbus import endpoint, profile

from collector.acquisition.modbus.poller import ModbusPoller
from collector.acquisition.source import Arrival, SourceUnavailable
from collector.clock import SystemClock
from collector.instruments import Instruments
from collector.plant.meter import Endpoint, Measures, PolledMeter
from collector.plant.profile import BlockRules, Register, RegisterType
from collector.readings.batch import Reading
from collector.readings.point import Point, PointTable
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.supervision.supervisor import keep_running

QUANTITIES = tuple(Quantity)


def many_registers(count: int, *, function: int = 4) -> tuple[Register, ...]:
    """Return registers 0, 1, 2 … of one word each, each for a quantity of its own."""
    return tuple(
        Register(quantity.label, quantity, function, address, RegisterType.U16, 1, unit=quantity.unit)
        for address, quantity in enumerate(QUANTITIES[:count])
    )


def meter(
    name: str,
    at: Endpoint,
    unit: int,
    registers: Sequence[Register],
    *,
    every_s: float,
    rules: BlockRules | None = None,
) -> PolledMeter:
    """Return a meter of such registers."""
    of = replace(profile(), registers=tuple(registers), rules=rules or BlockRules(function=registers[0].function))
    return PolledMeter(name, Measures.AUXILIARY_AC, None, every_s, 1000.0, of, at, unit, of.registers)


@dataclass(slots=True)
class Line:
    """Pollers under their supervisors, and every reading that they yielded."""

    meters: list[PolledMeter]
    points: PointTable = field(init=False)
    instruments: Instruments = field(default_factory=Instruments)
    arrivals: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out the points."""
        self.points = PointTable(
            Point(meter.id, each.quantity) for meter in self.meters for each in meter.registers if each.quantity
        )

    @contextlib.asynccontextmanager
    async def polled(self) -> AsyncIterator["Line"]:
        """Poll while the block runs."""
        tasks = []
        for number, at in enumerate({meter.endpoint.id: meter.endpoint for meter in self.meters}.values()):
            behind = [meter for meter in self.meters if meter.endpoint.id == at.id]
            poller = ModbusPoller(
                at,
                behind,
                points=self.points,
                clock=SystemClock(),
                instruments=self.instruments,
                phase=number / len(self.meters),
            )
            tasks.append(asyncio.create_task(self._run(poller)))
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, poller: ModbusPoller) -> None:
        async def take() -> None:
            async with contextlib.aclosing(poller.arrivals()) as arrivals:
                async for arrival in arrivals:
                    self.arrivals.append(arrival)

        await keep_running(
            poller.name,
            take,
            temporary=SourceUnavailable,
            states=self.instruments.source_states,
            running="running",
            longest_pause_s=poller.longest_pause_s,
        )

    def readings(self, owner: str, where: Callable[[Reading], bool] = lambda _: True) -> list[Reading]:
        """Return the readings of one meter."""
        return [
            row
            for arrival in self.arrivals
            for row in arrival.batch
            if self.points[row.point].owner == owner and where(row)
        ]

    def good_times(self, owner: str, quantity: Quantity = QUANTITIES[0]) -> list[float]:
        """Return when a point of a meter was read well [s]."""
        place = self.points.place(owner, quantity)
        return [
            row.time_ns * 1e-9 for row in self.readings(owner) if row.point == place and row.quality == Quality.GOOD
        ]


def gateway(
    port: int, units: Iterable[int], *, every_s: float, timeout_s: float, registers: int = 5
) -> list[PolledMeter]:
    """Return meters of a few registers behind one endpoint, named ``m1``, ``m2`` …."""
    at = endpoint(port, timeout_s=timeout_s)
    return [meter(f"m{unit}", at, unit, many_registers(registers), every_s=every_s) for unit in units]
