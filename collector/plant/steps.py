"""Registers that count whole steps: what a step is worth, and the whole number that an answer holds. Pure."""

import math
from collections.abc import Mapping
from fractions import Fraction

from collector.plant.profile import ByteOrder, Convention, Encoding, Register, RegisterType, WordOrder
from collector.readings import units
from collector.readings.quantity import Kind
from collector.readings.scale import TOLD_BY_VALUE, Scale

_LARGEST_EXPONENT = 60
"""As for the values themselves: a larger power of ten is a broken register."""


def signed_step(register: Register, constants: Mapping[str, float]) -> Fraction | None:
    """Return what one raw step of a counter is worth in its quantity's unit, as the decimals are written.

    Parameters
    ----------
    register : Register
        The register.
    constants : mapping of str to float
        The values of the meter's constants.

    Returns
    -------
    Fraction or None
        Below zero where the register counts the other way. None where the value is no whole number of steps that are
        known beforehand: of a float, of a sum, beside an offset, or where another register tells the scale.
    """
    quantity = register.quantity
    if quantity is None or quantity.kind is not Kind.COUNTER or not _is_whole(register):
        return None
    power = 0.0
    if register.exponent:
        power = constants.get(register.exponent, math.nan) + register.exponent_bias
    factors = [register.scale, units.factor(register.unit, quantity.unit)]
    factors += [constants.get(name, math.nan) for name in register.scale_by]
    if not all(math.isfinite(factor) and factor for factor in factors) or not power.is_integer():
        return None
    step = Fraction(10) ** int(power) if abs(power) <= _LARGEST_EXPONENT else Fraction(0)
    for factor in factors:
        step *= Fraction(repr(float(factor)))
    return step or None


def _is_whole(register: Register) -> bool:
    """Tell whether a register's value is its whole number times something."""
    if not register.type.is_integer or register.type is RegisterType.BIT:
        return False
    differs = register.map or register.plus or register.linear is not None or register.offset
    return not differs and register.convention is Convention.PLAIN


def scale_of(register: Register, constants: Mapping[str, float]) -> Scale | None:
    """Return how a counter's register counts; None as for ``signed_step``."""
    step = signed_step(register, constants)
    if step is None:
        return None
    wraps = register.wraps_at is not None and register.wraps_at == int(register.wraps_at)
    return Scale(float(abs(step)), int(register.wraps_at) if wraps and register.wraps_at is not None else None)


def needs_count(register: Register) -> bool:
    """Tell whether a register has values that a float64 does not tell from their neighbours."""
    span = register.raw_span
    return register.type.is_integer and span is not None and span > TOLD_BY_VALUE


def whole_number(register: Register, data: bytes) -> int:
    """Return the raw whole number of a register, exactly.

    Parameters
    ----------
    register : Register
        Of a type of whole numbers.
    data : bytes
        Its own registers as they came, two bytes each.

    Raises
    ------
    ValueError
        If there are more or fewer bytes than it has, or its type is none of whole numbers.
    """
    if len(data) != register.count * 2:
        raise ValueError(f"{len(data)} bytes came for the {register.count} registers of {register.name}")
    words = [data[place : place + 2] for place in range(0, len(data), 2)]
    if register.byte_order is ByteOrder.LITTLE:
        words = [word[::-1] for word in words]
    if register.word_order is WordOrder.LSW_FIRST:
        words.reverse()
    bits = b"".join(words)
    match register.type.encoding:
        case Encoding.UNSIGNED | Encoding.SIGNED as encoding:
            number = int.from_bytes(bits, signed=encoding is Encoding.SIGNED)
        case Encoding.BCD:
            number = int(bits.hex())
        case Encoding.DECIMAL:
            number = 0
            for word in words:
                number = number * 10_000 + int.from_bytes(word)
        case _:
            raise ValueError(f"{register.name} is {register.type.label}, and no whole number; read its value")
    if register.bits is not None:
        low, count = register.bits
        number = (number >> low) & ((1 << count) - 1)
    return number
