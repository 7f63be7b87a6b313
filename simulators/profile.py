"""Register maps from config/profiles: where a meter family keeps which quantity, and in which shape."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from simulators.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Dimension(StrEnum):
    """What kind of quantity a register holds; its base unit is the value."""

    VOLTAGE = "V"
    CURRENT = "A"
    POWER = "W"
    ENERGY = "Wh"
    CHARGE = "Ah"
    FREQUENCY = "Hz"
    RATIO = "1"
    TIME = "s"


UNITS: Mapping[str, tuple[Dimension, Decimal]] = {
    "V": (Dimension.VOLTAGE, Decimal(1)),
    "A": (Dimension.CURRENT, Decimal(1)),
    "kA": (Dimension.CURRENT, Decimal(1000)),
    "W": (Dimension.POWER, Decimal(1)),
    "kW": (Dimension.POWER, Decimal(1000)),
    "MW": (Dimension.POWER, Decimal(1_000_000)),
    "Wh": (Dimension.ENERGY, Decimal(1)),
    "kWh": (Dimension.ENERGY, Decimal(1000)),
    "MWh": (Dimension.ENERGY, Decimal(1_000_000)),
    "Ah": (Dimension.CHARGE, Decimal(1)),
    "kAh": (Dimension.CHARGE, Decimal(1000)),
    "Hz": (Dimension.FREQUENCY, Decimal(1)),
    "1": (Dimension.RATIO, Decimal(1)),
    "s": (Dimension.TIME, Decimal(1)),
}
"""Each unit's dimension and its size in base units."""

QUANTITIES: Mapping[str, Dimension] = {
    "line_voltage": Dimension.VOLTAGE,
    "line_current": Dimension.CURRENT,
    "dc_power": Dimension.POWER,
    "dc_energy": Dimension.ENERGY,
    "dc_charge": Dimension.CHARGE,
    "voltage": Dimension.VOLTAGE,
    "current": Dimension.CURRENT,
    "active_power": Dimension.POWER,
    "frequency": Dimension.FREQUENCY,
    "power_factor": Dimension.RATIO,
    "active_energy_import": Dimension.ENERGY,
    "ct_ratio": Dimension.RATIO,
    "vt_ratio": Dimension.RATIO,
    "serial_number": Dimension.RATIO,
    "device_time": Dimension.TIME,
}
"""Each quantity that a simulated meter can show; ``voltage`` is line to line, ``device_time`` counts from 1970."""

COUNTERS = frozenset({"dc_energy", "dc_charge", "active_energy_import"})
"""Quantities that only grow."""

TYPES: Mapping[str, tuple[str, int]] = {
    "u16": (">H", 1),
    "s16": (">h", 1),
    "u32": (">I", 2),
    "s32": (">i", 2),
    "u64": (">Q", 4),
    "s64": (">q", 4),
    "f32": (">f", 2),
    "f64": (">d", 4),
    "mod10000x2": ("", 2),
    "mod10000x3": ("", 3),
    "mod10000x4": ("", 4),
}
"""Each type's shape for ``struct`` and its number of registers; without a shape: four decimal digits a register."""

WORD_ORDERS = ("msw_first", "lsw_first")


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a register map.

    Parameters
    ----------
    quantity
        A key of ``QUANTITIES``.
    address
        The first register, counted from 0 as on the wire.
    type
        A key of ``TYPES``.
    low_word_first
        Whether the least significant register comes first.
    resolution
        What one raw step is worth, in the dimension's base unit.
    offset
        The value of raw 0, in the dimension's base unit.
    wraps_at
        Raw counts after which a counter begins at 0 again; None: at the type's end (a float: never).
    """

    quantity: str
    address: int
    type: str
    low_word_first: bool
    resolution: float
    offset: float = 0.0
    wraps_at: int | None = None

    @property
    def width(self) -> int:
        """The number of 16-bit registers."""
        return TYPES[self.type][1]


@dataclass(frozen=True, slots=True)
class Example:
    """What a register's bytes look like for a known value: a test vector of the profile; ``value`` in base units."""

    quantity: str
    raw: bytes
    value: float


@dataclass(frozen=True, slots=True)
class Profile:
    """A meter family's register map; ``function`` is 3 (holding) or 4 (input registers)."""

    name: str
    function: int
    registers: Mapping[str, Register]
    examples: tuple[Example, ...]


def load_profile(file: Path) -> Profile:
    """Read a register map; the file's name is the profile's name.

    Raises
    ------
    ConfigurationError
        If the file lacks something or names a register that no simulated meter can fill.
    """
    root = Table.read(file)
    modbus = root.table("modbus")
    order = _word_order(modbus, "msw_first")
    registers = {name: _register(name, table, order) for name, table in root.tables("registers").items()}
    _refuse_overlaps(root, registers)
    return Profile(
        name=file.stem,
        function=modbus.whole("function", low=3, high=4),
        registers=registers,
        examples=tuple(_example(table, registers) for table in root.rows("test_vectors")),
    )


def _word_order(table: Table, default: str) -> str:
    order = table.text("word_order", default)
    if order not in WORD_ORDERS:
        raise table.error("word_order", f"is {order!r}", f"use one of {', '.join(WORD_ORDERS)}")
    return order


def _unit(table: Table, quantity: str) -> Decimal:
    unit = table.text("unit")
    dimension = QUANTITIES[quantity]
    if unit not in UNITS or UNITS[unit][0] != dimension:
        fitting = ", ".join(name for name, (of, _) in UNITS.items() if of == dimension)
        raise table.error("unit", f"is {unit!r}, not a unit of {quantity}", f"use one of {fitting}")
    return UNITS[unit][1]


def _register(name: str, table: Table, order: str) -> Register:
    if name not in QUANTITIES:
        raise table.error("", "is not a quantity that is simulated", f"use one of {', '.join(QUANTITIES)}")
    kind = table.text("type")
    if kind not in TYPES:
        raise table.error("type", f"is {kind!r}", f"use one of {', '.join(TYPES)}")
    unit = _unit(table, name)
    scale = Decimal(str(table.number("scale", 1.0)))
    if not scale:
        raise table.error("scale", "is 0", "give the worth of one raw step")
    return Register(
        quantity=name,
        address=table.whole("address", high=65536 - TYPES[kind][1]),
        type=kind,
        low_word_first=_word_order(table, order) == "lsw_first",
        # Decimals keep 0.1 kWh at exactly 100 Wh, so that a counter's floor falls where the meter's does.
        resolution=float(scale * unit),
        offset=float(Decimal(str(table.number("offset", 0.0))) * unit),
        wraps_at=table.whole("wraps_at", low=1, high=2**64) if "wraps_at" in table else None,
    )


def _refuse_overlaps(root: Table, registers: Mapping[str, Register]) -> None:
    taken: dict[int, str] = {}
    for name, register in registers.items():
        for address in range(register.address, register.address + register.width):
            other = taken.setdefault(address, name)
            if other != name:
                raise root.error(f"registers.{name}.address", f"overlaps {other} at {address}", "correct one of them")


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
    value = Decimal(str(table.number("value"))) * _unit(table, quantity)
    return Example(quantity, raw, float(value))
