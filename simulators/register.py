"""One register of a map: where it is, how its bytes are to be read, and what they then mean."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from simulators.quantities import QUANTITIES, UNITS
from simulators.tables import DURATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.tables import Table

TYPES: Mapping[str, tuple[str, int]] = {
    "u16": (">H", 1),
    "s16": (">h", 1),
    "u32": (">I", 2),
    "s32": (">i", 2),
    "u48": ("", 3),
    "s48": ("", 3),
    "u64": (">Q", 4),
    "s64": (">q", 4),
    "f32": (">f", 2),
    "f64": (">d", 4),
    "bcd16": ("", 1),
    "bcd32": ("", 2),
    "bcd48": ("", 3),
    "bcd64": ("", 4),
    "mod10000x2": ("", 2),
    "mod10000x3": ("", 3),
    "mod10000x4": ("", 4),
    "iskra_t5": ("", 2),
    "iskra_t6": ("", 2),
    "iskra_t7": ("", 2),
    "string": ("", 0),
    "bit": ("", 1),
}
"""Each type's shape for ``struct`` and its number of registers (a string says its own, a bit takes one bit)."""

WORD_ORDERS = ("msw_first", "lsw_first")
BYTE_ORDERS = ("big", "little")
BIT_FUNCTIONS = frozenset({1, 2})

_UNSIGNED = ("u16", "u32", "u48", "u64")


class Convention(StrEnum):
    """How a power factor tells its quadrant."""

    PLAIN = "plain"
    SCHNEIDER_4Q = "schneider_4q"


@dataclass(frozen=True, slots=True)
class Sentinel:
    """Bits that mean 'no value', the high word first; only those of the mask count."""

    bits: int
    mask: int


@dataclass(frozen=True, slots=True)
class Linear:
    """Two raw numbers and their values: numbers in the register's unit, or names (with ``-`` for the negative)."""

    raw: tuple[float, float]
    value: tuple[float | str, float | str]


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a register map.

    ``value = (raw x resolution + offset) x product(scale_by) x 10^(exponent + exponent_bias) + plus``, in base units.

    Parameters
    ----------
    quantity
        A key of ``QUANTITIES``; of an information register any name.
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
    function
        The function that reads it, 1 to 4.
    length
        Registers of a string.
    bytes_swapped
        Whether the low byte of each register comes first.
    bits
        The lowest bit and the number of bits of a part of an integer; None: all of it.
    unit_size
        The register's unit in base units.
    scale_by, exponent, exponent_bias, linear, plus
        As in the formula; names of information registers, of constants, or (``plus``) of other registers.
    numbers
        What raw integers stand for, where they are no numbers themselves.
    labels, flags
        What raw integers (or bits) mean in words.
    sentinels
        Marks of 'no value', the usual one first.
    information
        Whether it is no quantity.
    expect
        Texts or numbers of which an information register shows one.
    one_character
        Whether a string has one character a register.
    """

    quantity: str
    address: int
    type: str
    low_word_first: bool
    resolution: float
    offset: float = 0.0
    wraps_at: int | None = None
    function: int = 3
    length: int = 0
    bytes_swapped: bool = False
    bits: tuple[int, int] | None = None
    unit_size: float = 1.0
    scale_by: tuple[str, ...] = ()
    exponent: str = ""
    exponent_bias: int = 0
    linear: Linear | None = None
    plus: tuple[str, ...] = ()
    numbers: tuple[tuple[int, float], ...] = ()
    labels: tuple[tuple[int, str], ...] = ()
    flags: bool = False
    convention: Convention = Convention.PLAIN
    sentinels: tuple[Sentinel, ...] = ()
    information: bool = False
    expect: tuple[str | float, ...] = ()
    one_character: bool = False

    @property
    def width(self) -> int:
        """The number of 16-bit registers; of a bit, one bit."""
        return self.length or TYPES[self.type][1]

    @property
    def bounds(self) -> tuple[str, ...]:
        """The names in its linear form, without their signs."""
        return tuple(term.lstrip("-") for term in self.linear.value if isinstance(term, str)) if self.linear else ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of everything that its value depends on."""
        return (*self.scale_by, *((self.exponent,) if self.exponent else ()), *self.bounds, *self.plus)


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds for a map's registers that say nothing else; ``first`` is the address of the first register."""

    function: int
    first: int
    low_word_first: bool
    bytes_swapped: bool
    sentinels: Mapping[str, tuple[Sentinel, ...]]


def choice(table: Table, key: str, default: str, known: tuple[str, ...]) -> str:
    """Return a text that is one of those known."""
    value = table.text(key, default)
    if value not in known:
        raise table.error(key, f"is {value!r}", f"use one of {', '.join(known)}")
    return value


def unit_size(table: Table, quantity: str | None) -> Decimal:
    """Return the size of a table's ``unit`` in base units; that of an information register may be any."""
    if quantity is None:
        unit = table.text("unit", "1")
        return UNITS[unit][1] if unit in UNITS else Decimal(1)
    unit = table.text("unit")
    dimension = QUANTITIES[quantity]
    if unit not in UNITS or UNITS[unit][0] != dimension:
        fitting = ", ".join(name for name, (of, _) in UNITS.items() if of == dimension)
        raise table.error("unit", f"is {unit!r}, not a unit of {quantity}", f"use one of {fitting}")
    return UNITS[unit][1]


def read_register(name: str, table: Table, usual: Usual) -> Register:
    """Read one ``[registers.NAME]``."""
    information = table.flag("info", default=False)
    if not information and name not in QUANTITIES:
        remedy = f"use one of {', '.join(QUANTITIES)}, or say info = true"
        raise table.error("", "is not a quantity that is simulated", remedy)
    kind = table.text("type")
    if kind not in TYPES:
        raise table.error("type", f"is {kind!r}", f"use one of {', '.join(TYPES)}")
    function = table.whole("function", usual.function, low=1, high=4)
    if (function in BIT_FUNCTIONS) != (kind == "bit"):
        raise table.error("type", f"is {kind!r}, and function {function} reads it", "functions 1 and 2 read bits only")
    length = table.whole("length", low=1, high=125) if kind == "string" else 0
    unit = Decimal(1) if kind == "string" else unit_size(table, None if information else name)
    scale = Decimal(str(table.number("scale", 1.0)))
    if not scale:
        raise table.error("scale", "is 0", "give the worth of one raw step")
    _read_others(table)
    register = Register(
        quantity=name,
        address=_address(table, usual.first, length or TYPES[kind][1]),
        type=kind,
        low_word_first=choice(table, "word_order", WORD_ORDERS[usual.low_word_first], WORD_ORDERS) == "lsw_first",
        # Decimals keep 0.1 kWh at exactly 100 Wh, so that a counter's floor falls where the meter's does.
        resolution=float(scale * unit),
        offset=float(Decimal(str(table.number("offset", 0.0))) * unit),
        wraps_at=table.whole("wraps_at", low=1, high=2**64) if "wraps_at" in table else None,
        function=function,
        length=length,
        bytes_swapped=choice(table, "byte_order", BYTE_ORDERS[usual.bytes_swapped], BYTE_ORDERS) == "little",
        bits=_bits(table, kind),
        unit_size=float(unit),
        scale_by=_texts(table, "scale_by"),
        exponent=table.text("exponent", ""),
        exponent_bias=table.whole("exponent_bias", 0, low=-20, high=20),
        linear=_linear(table),
        plus=_texts(table, "plus"),
        numbers=_numbers(table),
        labels=_labels(table),
        flags=table.flag("flags", default=False),
        convention=Convention(choice(table, "convention", Convention.PLAIN, tuple(Convention))),
        sentinels=read_sentinels(table, "sentinels") if "sentinels" in table else usual.sentinels.get(kind, ()),
        information=information,
        expect=_expect(table),
        one_character=choice(table, "characters", "two", ("two", "one")) == "one",
    )
    table.refuse_unknown_keys()
    return register


def _read_others(table: Table) -> None:
    """Check what concerns only those who read the meter."""
    table.flag("optional", default=False)
    table.text("unverified", "")
    table.text("unit", "")
    table.quantity("every", DURATION, "1s", low=0, high=86_400)
    if "valid" in table and len(table.numbers("valid")) != 2:
        raise table.error("valid", f"is {list(table.numbers('valid'))!r}", "write [lowest, highest]")


def _address(table: Table, first: int, width: int) -> int:
    return table.whole("address", low=first, high=first + 65536 - width) - first


def _texts(table: Table, key: str) -> tuple[str, ...]:
    return table.texts(key) if key in table else ()


def _bits(table: Table, kind: str) -> tuple[int, int] | None:
    if "bits" not in table:
        return None
    bits = table.numbers("bits")
    if kind not in _UNSIGNED or len(bits) != 2:
        raise table.error("bits", f"is {list(bits)!r} of {kind}", "write [lowest bit, number of bits] of u16 to u64")
    lowest, count = int(bits[0]), int(bits[1])
    if lowest < 0 or count < 1 or lowest + count > 16 * TYPES[kind][1]:
        raise table.error("bits", f"is {list(bits)!r}, beyond {kind}", "correct the bits or the type")
    return lowest, count


def _linear(table: Table) -> Linear | None:
    if "linear" not in table:
        return None
    part = table.table("linear")
    raw, value = part.numbers("raw"), part.terms("value")
    if len(raw) != 2 or len(value) != 2 or raw[0] == raw[1]:
        raise table.error("linear", "is no line", 'write { raw = [0, 9999], value = ["-p_max", "p_max"] }')
    return Linear((raw[0], raw[1]), (value[0], value[1]))


def _raw_key(part: Table, key: str) -> int:
    try:
        return int(key, 0)
    except ValueError as exc:
        raise part.error(key, "is not a whole number", "write what the register holds, in quotation marks") from exc


def _numbers(table: Table) -> tuple[tuple[int, float], ...]:
    part = table.table("map", required=False)
    return tuple((_raw_key(part, key), part.number(key)) for key in part.keys())  # noqa: SIM118 -- a Table is no dict


def _labels(table: Table) -> tuple[tuple[int, str], ...]:
    part = table.table("labels", required=False)
    return tuple((_raw_key(part, key), part.text(key)) for key in part.keys())  # noqa: SIM118 -- a Table is no dict


def _expect(table: Table) -> tuple[str | float, ...]:
    return table.terms("expect") if "expect" in table else ()


def read_sentinels(table: Table, key: str) -> tuple[Sentinel, ...]:
    """Read marks of 'no value', each ``"0xBITS"`` or ``"0xBITS/0xMASK"``."""
    sentinels = []
    for text in table.texts(key):
        bits, _, mask = text.partition("/")
        try:
            sentinels.append(Sentinel(int(bits, 16), int(mask, 16) if mask else -1))
        except ValueError as exc:
            raise table.error(key, f"holds {text!r}", 'write "0xBITS" or "0xBITS/0xMASK"') from exc
    return tuple(sentinels)
