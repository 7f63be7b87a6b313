"""One read of one meter, for the person at the panel."""

import math
from dataclasses import dataclass

from collector.acquisition.modbus.connection import EndpointUnreachable, MeterRefused, MeterSilent, ModbusConnection
from collector.acquisition.modbus.decode import BlockDecoder
from collector.acquisition.modbus.plan import plan_scan
from collector.clock import Clock
from collector.plant.meter import Meter


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One register as it was read: address, type, raw registers in hexadecimal, quantity, value with unit."""

    address: int
    type: str
    raw: str
    quantity: str
    value: str


async def read_meter(meter: Meter, clock: Clock) -> tuple[list[RegisterRow], str]:
    """Return what the registers of a meter show, and the first error that came (empty: none)."""
    rules = meter.profile.rules
    rows: list[RegisterRow] = []
    error = ""
    try:
        async with ModbusConnection(meter.endpoint, clock) as connection:
            for block in plan_scan(meter.registers, max_registers=rules.max_registers, max_gap=rules.max_gap):
                try:
                    answer = await connection.read(
                        function=rules.function,
                        unit=meter.unit,
                        address=block.address,
                        count=block.count,
                        whom=meter.id,
                    )
                except (MeterSilent, MeterRefused) as exc:
                    error = error or str(exc)
                    continue
                values = BlockDecoder(block).decode(answer.data)
                for register, value in zip(block.registers, values, strict=True):
                    start = (register.address - block.address) * 2
                    raw = answer.data[start : start + register.type.registers * 2].hex().upper()
                    text = "not available" if math.isnan(value) else f"{value:,.10g} {register.unit}"
                    rows.append(RegisterRow(register.address, register.type.label, raw, register.name, text))
    except EndpointUnreachable as exc:
        error = error or str(exc)
    return rows, error
