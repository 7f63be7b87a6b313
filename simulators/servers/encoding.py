"""From a number to the bytes of its registers: the simulator's own encoder, written forward. Pure."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from simulators.profile import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.register import Register


def _limits(kind: str, width: int) -> tuple[int, int]:
    """Return the smallest raw value of an integer type, and the first one beyond the largest."""
    if kind.startswith(("mod", "bcd")):
        return 0, 10_000**width
    if kind == "bit":
        return 0, 2
    return (-(2 ** (16 * width - 1)), 2 ** (16 * width - 1)) if kind.startswith("s") else (0, 2 ** (16 * width))


INTEGER_LIMITS = {
    kind: _limits(kind, width)
    for kind, (_, width) in TYPES.items()
    if not kind.startswith(("f", "iskra")) and kind != "string"
}
"""The smallest raw value of each integer type, and the first one beyond the largest."""

_LARGEST_F32 = 3.4028234663852886e38
_MANTISSAS = {"iskra_t5": (0, 1 << 24), "iskra_t6": (-(1 << 23), 1 << 23)}
_SMALLEST_EXPONENT, _LARGEST_EXPONENT = -4, 127


def limits(register: Register) -> tuple[int, int] | None:
    """Return the smallest raw value of an integer register, and the first one beyond the largest; else None."""
    if register.bits is not None:
        return 0, 1 << register.bits[1]
    return INTEGER_LIMITS.get(register.type)


def raw_number(register: Register, value: float, numbers: Mapping[str, float]) -> float:
    """Return what a register has to hold for a value in base units; ``numbers`` are those that it depends on."""
    if register.linear is not None:
        (raw_low, raw_high), (low, high) = register.linear.raw, terms(register, numbers)
        share = (value / register.unit_size - low) / (high - low) if high != low else 0.0
        # Beyond its full scale the device stops.
        return raw_low + min(max(share, 0.0), 1.0) * (raw_high - raw_low)
    raw = (value / factor(register, numbers) - register.offset) / register.resolution
    if register.numbers:
        return float(min(register.numbers, key=lambda pair: abs(pair[1] - raw))[0])
    return raw


def factor(register: Register, numbers: Mapping[str, float]) -> float:
    """Return the product of a register's factors and its power of ten."""
    product = math.prod(numbers.get(name, 1.0) for name in register.scale_by)
    if not register.exponent:
        return product
    power = round(numbers.get(register.exponent, 0.0)) + register.exponent_bias
    # 10.0 ** -3 is not the nearest number to a thousandth, one by a thousand is.
    return product * 10.0**power if power >= 0 else product / 10.0**-power


def terms(register: Register, numbers: Mapping[str, float]) -> tuple[float, ...]:
    """Return the values of a line's two ends, in the register's unit."""
    return tuple(_term(term, numbers) for term in register.linear.value) if register.linear else ()


def _term(term: float | str, numbers: Mapping[str, float]) -> float:
    if not isinstance(term, str):
        return term
    return -numbers.get(term[1:], 0.0) if term.startswith("-") else numbers.get(term, 0.0)


def whole_gauge(register: Register, raw: float) -> float:
    """Return the raw number that a register shows of a momentary value; an integer stops at its type's limits."""
    known = limits(register)
    return raw if known is None else min(max(round(raw), known[0]), known[1] - 1)


def whole_counter(register: Register, raw: float) -> float:
    """Return the raw number that a counter shows: whole steps, from 0 again at its end; backwards in a negative one."""
    known = limits(register)
    if raw < 0 and known is not None and known[0] < 0:
        return -whole_counter(register, -raw)
    if known is None:
        return raw % register.wraps_at if register.wraps_at else raw
    # A millionth of a step is nothing but the float's own coarseness.
    return math.floor(raw + 1e-6) % (register.wraps_at or known[1])


def pack(register: Register, raw: float) -> bytes:
    """Return a register's bytes for a raw number that fits."""
    shape, width = TYPES[register.type]
    if register.type == "f32":
        raw = min(max(raw, -_LARGEST_F32), _LARGEST_F32)
    if shape:
        packed = struct.pack(shape, raw)
    elif register.type in {"u48", "s48"}:
        packed = int(raw).to_bytes(6, signed=register.type == "s48")
    elif register.type.startswith("bcd"):
        packed = bytes.fromhex(f"{int(raw):0{4 * width}}")
    elif register.type == "iskra_t7":
        packed = _power_factor(raw)
    elif register.type in _MANTISSAS:
        packed = _with_exponent(raw, *_MANTISSAS[register.type])
    else:
        digits = [int(raw) // 10_000**place % 10_000 for place in reversed(range(width))]
        packed = struct.pack(f">{width}H", *digits)
    return ordered(register, packed)


def _with_exponent(value: float, low: int, beyond: int) -> bytes:
    """Return a power of ten in one byte and a number in three: as many decimals as fit, at most four."""
    for exponent in range(_SMALLEST_EXPONENT, _LARGEST_EXPONENT):
        mantissa = round(value * 10.0**-exponent if exponent < 0 else value / 10.0**exponent)
        if low <= mantissa < beyond:
            return exponent.to_bytes(1, signed=True) + (mantissa % (1 << 24)).to_bytes(3)
    return b"\x7f" + (beyond - 1).to_bytes(3)


def _power_factor(value: float) -> bytes:
    """Return the direction (00 import, FF export), the kind of load (00: inductive) and four decimals."""
    return bytes((0xFF if value < 0 else 0, 0)) + min(round(abs(value) * 10_000), 0xFFFF).to_bytes(2)


def packed_text(register: Register, text: str) -> bytes:
    """Return a text's bytes, with zeros behind it; what does not fit is cut off."""
    width = register.width
    letters = text.encode("latin-1", "replace")[: width if register.one_character else 2 * width]
    if register.one_character:
        letters = b"".join(bytes((0, letter)) for letter in letters)
    return ordered(register, letters.ljust(2 * width, b"\x00"))


def not_available(register: Register) -> bytes:
    """Return the bytes for 'there is no value': the map's own mark, or the usual one of the type.

    The usual ones are NaN, the lowest signed and the highest unsigned number.
    """
    width = register.width
    if register.sentinels:
        mark = register.sentinels[0]
        return ordered(register, (mark.bits & mark.mask & ((1 << 16 * width) - 1)).to_bytes(2 * width))
    if register.type.startswith("f"):
        return ordered(register, bytes.fromhex("7FC00000" if width == 2 else "7FF8000000000000"))
    if register.type.startswith("s") and register.type != "string":
        return ordered(register, b"\x80" + bytes(2 * width - 1))
    return b"\xff" * (2 * width)


def ordered(register: Register, packed: bytes) -> bytes:
    """Return bytes, given with the high word and byte first, in the register's own order; undoes itself."""
    if register.bytes_swapped:
        packed = bytes(packed[at ^ 1] for at in range(len(packed)))
    return swapped_words(packed) if register.low_word_first and register.type != "string" else packed


def swapped_words(packed: bytes) -> bytes:
    """Return the words in the opposite order; the bytes in a word stay as they are."""
    return b"".join(packed[at : at + 2] for at in range(len(packed) - 2, -1, -2))


def encode_gauge(register: Register, value: float, numbers: Mapping[str, float] | None = None) -> bytes:
    """Return a register's bytes for a momentary value in base units; an integer stops at its type's limits."""
    return pack(register, whole_gauge(register, raw_number(register, value, numbers or {})))


def encode_counter(register: Register, total: float, numbers: Mapping[str, float] | None = None) -> bytes:
    """Return a register's bytes for a total in base units: whole steps of its resolution, from 0 again at its end."""
    return pack(register, whole_counter(register, raw_number(register, total, numbers or {})))
