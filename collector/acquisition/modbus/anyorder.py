"""Registers as numbers in any type and order, or why they are none. Pure."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from collector.plant.profile import ByteOrder, Encoding, RegisterType, WordOrder

LARGEST = 1e13
"""No meter shows more, in whatever unit."""
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class RawNumber:
    """A number as the bits say it.

    ``step`` is the distance to the next one that the bits can hold. ``whole``: maps give a scale with it.
    """

    value: float
    step: float
    whole: bool


def raw_number(  # noqa: PLR0911 - one for each encoding
    type_: RegisterType, words: Sequence[int], word_order: WordOrder, byte_order: ByteOrder
) -> RawNumber | str:
    """Return the number of registers, or in words why they are none."""
    ordered = words if word_order is WordOrder.MSW_FIRST else words[::-1]
    parts = [word.to_bytes(2, byte_order.value) for word in ordered]
    data = b"".join(parts)
    match type_.encoding:
        case Encoding.UNSIGNED | Encoding.SIGNED:
            number = int.from_bytes(data, "big", signed=type_.encoding is Encoding.SIGNED)
            return RawNumber(float(number), 1.0, whole=True)
        case Encoding.FLOAT:
            return _float(data)
        case Encoding.BCD:
            digits = data.hex()
            return RawNumber(float(digits), 1.0, whole=True) if digits.isdecimal() else "not decimal digits"
        case Encoding.DECIMAL:
            values = [int.from_bytes(part, "big") for part in parts]
            if max(values) > 9999:
                return "not four decimal digits a register"
            return RawNumber(float("".join(f"{value:04}" for value in values)), 1.0, whole=True)
        case Encoding.ISKRA_UNSIGNED | Encoding.ISKRA_SIGNED:
            exponent = int.from_bytes(data[:1], "big", signed=True)
            mantissa = int.from_bytes(data[1:], "big", signed=type_.encoding is Encoding.ISKRA_SIGNED)
            if not -6 <= exponent <= 6:
                return f"its exponent would be {exponent}"
            return RawNumber(mantissa * 10.0**exponent, 10.0**exponent, whole=False)
        case _:
            raise ValueError(f"{type_.label} is not read as a number here")


def _float(data: bytes) -> RawNumber | str:
    digits, least = (24, 2.0**-126) if len(data) == 4 else (53, 2.0**-1022)
    value: float = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
    size = abs(value)
    if math.isnan(value):
        return "NaN: often a device's 'not available'"
    if size > LARGEST:
        return "too large for a meter"
    if value == 0.0:
        return RawNumber(0.0, least, whole=False)
    if size < least:
        return "a denormal: the bits of something else"
    if size < _SMALLEST:
        return "too small for a meter"
    return RawNumber(value, 2.0 ** (math.frexp(value)[1] - digits), whole=False)
