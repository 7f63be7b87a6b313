"""Register maps from config/profiles: where a meter family keeps which quantity, in which shape, what it refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from simulators.quantities import COUNTERS, QUANTITIES, Dimension
from simulators.register import (
    BYTE_ORDERS,
    TYPES,
    WORD_ORDERS,
    Register,
    Sentinel,
    Usual,
    choice,
    read_register,
    read_sentinels,
    unit_size,
)
from simulators.tables import DURATION, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "COUNTERS",
    "QUANTITIES",
    "TYPES",
    "Dimension",
    "Example",
    "Profile",
    "Reading",
    "Register",
    "Rules",
    "Sentinel",
    "load_profile",
]

FIRST_ADDRESSES = (0, 1, 10_001, 30_001, 40_001, 100_001, 300_001, 400_001)
"""How documents count the first register."""

_SUNSPEC = re.compile(r"sunspec:([0-9]{1,5})")


class Reading(StrEnum):
    """Which requests a device answers."""

    BLOCKS = "blocks"
    ONE_VALUE = "one_value"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a device refuses. Addresses as on the wire.

    Parameters
    ----------
    max_registers
        The most registers of one request.
    max_gap
        So many registers without a meaning, between others, may be read; a longer gap is refused.
    align
        2: requests begin at even addresses and have even counts.
    blocks
        First address and count of what is read whole, in a request of its own.
    holes
        First and last address of what is never read.
    """

    max_registers: int = 125
    max_gap: int = 0
    align: int = 1
    reading: Reading = Reading.BLOCKS
    blocks: tuple[tuple[int, int], ...] = ()
    holes: tuple[tuple[int, int], ...] = ()
    atomic: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """What a register's bytes look like for a known value: a test vector of the profile.

    ``value`` is in base units; ``given`` are the values of constants and information registers that it depends on.
    """

    quantity: str
    raw: bytes
    value: float
    text: str | None = None
    given: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """A meter family's register map.

    Parameters
    ----------
    function
        The function that reads most registers, 1 to 4.
    constants
        Names of the numbers that a plant file gives for a meter, with their defaults (None: it must).
    sunspec
        The SunSpec model from whose header on addresses count; None: they are the wire's.
    """

    name: str
    function: int
    registers: Mapping[str, Register]
    examples: tuple[Example, ...]
    rules: Rules = field(default_factory=Rules)
    constants: Mapping[str, float | None] = field(default_factory=dict)
    sunspec: int | None = None
    title: str = ""
    vendor: str = ""
    models: tuple[str, ...] = ()
    firmware: str = ""


def load_profile(file: Path) -> Profile:
    """Read a register map; the file's name is the profile's name.

    Raises
    ------
    ConfigurationError
        If the file lacks something or names a register that no simulated meter can fill.
    """
    root = Table.read(file)
    modbus = root.table("modbus")
    usual = _usual(root, modbus)
    registers = {name: read_register(name, table, usual) for name, table in root.tables("registers").items()}
    constants = {
        name: table.number("default") if "default" in table else None
        for name, table in root.tables("constants", required=False).items()
    }
    rules = _rules(modbus, usual.first, registers)
    _refuse_overlaps(root, registers, rules.reading)
    _refuse_unknown_names(root, registers, constants)
    profile = Profile(
        name=file.stem,
        function=usual.function,
        registers=registers,
        examples=tuple(_example(table, registers) for table in root.rows("test_vectors")),
        rules=rules,
        constants=constants,
        sunspec=_sunspec(modbus, usual.first),
        title=root.text("title", file.stem),
        vendor=root.text("vendor", ""),
        models=root.texts("models") if "models" in root else (),
        firmware=root.text("firmware", ""),
    )
    modbus.refuse_unknown_keys()
    return profile


def _usual(root: Table, modbus: Table) -> Usual:
    first = modbus.whole("addresses_from", 0)
    if first not in FIRST_ADDRESSES:
        known = ", ".join(str(number) for number in FIRST_ADDRESSES)
        raise modbus.error("addresses_from", f"is {first}", f"use one of {known}")
    marks = root.table("sentinels", required=False)
    for kind in marks.keys():  # noqa: SIM118 -- a Table is no dict
        if kind not in TYPES:
            raise marks.error(kind, "is not a type", f"use one of {', '.join(TYPES)}")
    return Usual(
        function=modbus.whole("function", low=1, high=4),
        first=first,
        low_word_first=choice(modbus, "word_order", "msw_first", WORD_ORDERS) == "lsw_first",
        bytes_swapped=choice(modbus, "byte_order", "big", BYTE_ORDERS) == "little",
        sentinels={kind: read_sentinels(marks, kind) for kind in marks.keys()},  # noqa: SIM118 -- a Table is no dict
    )


def _rules(modbus: Table, first: int, registers: Mapping[str, Register]) -> Rules:
    for key in ("counter_refresh", "pause_between", "pause_after_connect"):
        modbus.quantity(key, DURATION, "0s", low=0, high=86_400)
    atomic = tuple(row.texts("items") for row in modbus.lists("atomic"))
    for place, names in enumerate(atomic):
        for name in names:
            if name not in registers:
                raise modbus.error(f"atomic[{place}]", f"names {name!r}, which the map lacks", "correct the name")
    return Rules(
        max_registers=modbus.whole("max_registers", 125, low=1, high=125),
        max_gap=modbus.whole("max_gap", 0, high=124),
        align=modbus.whole("align", 1, low=1, high=2),
        reading=Reading(choice(modbus, "reading", Reading.BLOCKS, tuple(Reading))),
        blocks=tuple((start - first, count) for start, count in _pairs(modbus, "blocks")),
        holes=tuple((start - first, end - first) for start, end in _pairs(modbus, "holes")),
        atomic=atomic,
    )


def _pairs(modbus: Table, key: str) -> list[tuple[int, int]]:
    pairs = []
    for row in modbus.lists(key):
        numbers = row.numbers("items")
        if len(numbers) != 2 or any(number != int(number) or number < 0 for number in numbers):
            raise row.error("", f"is {list(numbers)!r}", "write two whole numbers")
        pairs.append((int(numbers[0]), int(numbers[1])))
    return pairs


def _sunspec(modbus: Table, first: int) -> int | None:
    if "base" not in modbus:
        return None
    match = _SUNSPEC.fullmatch(modbus.text("base"))
    if match is None or first:
        wrong = f"is {modbus.text('base')!r} with addresses from {first}"
        raise modbus.error("base", wrong, 'write base = "sunspec:203" with addresses from 0')
    return int(match[1])


def _refuse_overlaps(root: Table, registers: Mapping[str, Register], reading: Reading) -> None:
    taken: dict[tuple[int, int], str] = {}
    for name, register in registers.items():
        # Of a device that gives one value at a time, an address is a value's name and no place among others.
        width = 1 if reading is Reading.ONE_VALUE else register.width
        for address in range(register.address, register.address + width):
            other = taken.setdefault((register.function, address), name)
            if other != name and not _share(register, registers[other]):
                raise root.error(f"registers.{name}.address", f"overlaps {other} at {address}", "correct one of them")


def _share(one: Register, other: Register) -> bool:
    """Whether two registers are parts of one integer."""
    same = (one.address, one.type, one.low_word_first, one.bytes_swapped) == (
        *(other.address, other.type, other.low_word_first, other.bytes_swapped),
    )
    return same and one.bits is not None and other.bits is not None


def _refuse_unknown_names(
    root: Table, registers: Mapping[str, Register], constants: Mapping[str, float | None]
) -> None:
    """Complain about what a value is said to depend on, and is not there."""
    for name, register in registers.items():
        for other in register.needs:
            known = other in registers and (other in register.plus or registers[other].information)
            if other == name or not (known or (other in constants and other not in register.plus)):
                wrong = f"depends on {other!r}, which is neither an information register nor a constant"
                raise root.error(f"registers.{name}", wrong, "correct the name, or add it")


def _example(table: Table, registers: Mapping[str, Register]) -> Example:
    quantity = table.text("register")
    if quantity not in registers:
        raise table.error("register", f"names {quantity!r}, which the map lacks", f"use one of {', '.join(registers)}")
    try:
        raw = bytes.fromhex(table.text("raw"))
    except ValueError as exc:
        raise table.error(
            "raw", f"is {table.text('raw')!r}, not hexadecimal digits", "write two digits a byte"
        ) from exc
    given = table.table("with", required=False)
    values = {name: given.number(name) for name in given.keys()}  # noqa: SIM118 -- a Table is no dict
    if "text" in table:
        return Example(quantity, raw, 0.0, table.text("text"), values)
    size = unit_size(table, None if registers[quantity].information else quantity)
    return Example(quantity, raw, float(Decimal(str(table.number("value"))) * size), None, values)
