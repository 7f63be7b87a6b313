"""One read of one meter, for the person at the panel."""

from dataclasses import dataclass

from collector.acquisition.modbus.connection import EndpointUnreachable, MeterRefused, MeterSilent, ModbusConnection
from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.clock import Clock
from collector.plant.meter import PolledMeter
from collector.plant.profile import BIT_FUNCTIONS, Register


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One register as it was read: address, type, raw registers in hexadecimal, quantity, value with unit."""

    address: int
    type: str
    raw: str
    quantity: str
    value: str


async def read_meter(meter: PolledMeter, clock: Clock) -> tuple[list[RegisterRow], str]:
    """Return what the registers of a meter show, and the first error that came (empty: none)."""
    registers = tuple(register.moved(meter.base) for register in meter.profile.registers)
    values = MeterValues(registers, meter.constants)
    answers: list[tuple[ReadBlock, bytes]] = []
    error = ""
    try:
        async with ModbusConnection(meter.endpoint, clock) as connection:
            for block in plan_scan(registers, meter.profile.rules.moved(meter.base)):
                try:
                    answer = await connection.read(
                        function=block.function,
                        unit=meter.unit,
                        address=block.address,
                        count=block.count,
                        whom=meter.id,
                    )
                except (MeterSilent, MeterRefused) as exc:
                    error = error or str(exc)
                    continue
                answers.append((block, answer.data))
    except EndpointUnreachable as exc:
        error = error or str(exc)
    for _ in range(2):  # what is needed may have been read after what needs it
        for block, data in answers:
            values.take(block, data)
    rows = [
        RegisterRow(
            register.address,
            register.type.label,
            _raw(block, data, register),
            register.name,
            values.shown(register),
        )
        for block, data in answers
        for register in block.registers
    ]
    return rows, error


def _raw(block: ReadBlock, data: bytes, register: Register) -> str:
    start = register.address - block.address
    if register.function in BIT_FUNCTIONS:
        return str(data[start // 8] >> start % 8 & 1)
    return data[start * 2 : (start + register.count) * 2].hex().upper()
