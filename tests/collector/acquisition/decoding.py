"""Blocks of registers from hexadecimal digits, for tests of the decoder."""

from dataclasses import replace

from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock
from collector.plant.profile import (
    Register,
    RegisterType,
    WordOrder,
)

T = RegisterType
MSW, LSW = WordOrder.MSW_FIRST, WordOrder.LSW_FIRST
FULL = 0xFFFFFFFF


def one(type_: RegisterType, order: WordOrder = MSW, address: int = 7, name: str = "x", **keys: object) -> Register:
    function = 2 if type_ is T.BIT else 3
    register = Register(name, None, function, address, type_, type_.registers, order)
    return replace(register, **keys)  # type: ignore[arg-type]


def block_of(*registers: Register) -> ReadBlock:
    first = min(register.address for register in registers)
    return ReadBlock(registers[0].function, first, max(register.end for register in registers) - first, registers)


def taken(raw: str, *registers: Register, constants: dict[str, float] | None = None) -> list[float]:
    values = MeterValues(registers, constants or {})
    return list(map(float, values.take(block_of(*registers), bytes.fromhex(raw))))


def decoded(raw: str, register: Register, **constants: float) -> float:
    (value,) = taken(raw, register, constants=constants)
    return value
