"""Counters in whole steps: what a step is worth, and values that a float64 cannot tell from their neighbours.

A register counts steps: of 1 Wh, of 0.01 kWh. A float64 tells whole numbers apart up to 2**53 of them, and registers
have up to 64 bits. So a counter is booked in steps, as a whole number of any size, and becomes energy only as a
difference. A value tells its steps by itself while they are few enough; one beyond that carries them (``Counted``).
"""

import math
import sys
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt

from collector.readings.quantity import Kind, Quantity

TOLD_BY_VALUE = 1 << 50
"""So many steps a float64 tells for sure, after some roundings, too: an eighth of 2**53."""

_MODULO = 1 << 64
_FINEST = {"kWh": 1e-3, "kvarh": 1e-3, "kVAh": 1e-3, "kAh": 1e-3, "t": 1e-3, "m3": 1.0}
"""What a step is worth where no register tells it, by the unit of the quantity: Wh, varh, VAh, Ah, kg, m3."""

_SMALLEST_COUNTED = TOLD_BY_VALUE * 1e-3
"""No value below it carries steps where no register tells what a step is worth."""

_Floats = npt.NDArray[np.float64]
_Counts = npt.NDArray[np.int64]


class Counted(float):
    """A counter's value with its steps: a float64 alone would not tell them."""

    __slots__ = ("steps",)
    steps: int

    def __new__(cls, value: float, steps: int) -> Self:
        """Put both together; ``value`` is the float64 that is nearest to what the steps are worth."""
        made = super().__new__(cls, value)
        made.steps = steps
        return made


@dataclass(frozen=True, slots=True)
class Scale:
    """How a register counts.

    Attributes
    ----------
    step : float
        What a step is worth [the quantity's unit]: exactly the shortest decimal that reads back to this number.
    modulus : int or None
        The number of steps after which it starts again from zero; None where it does not, or nobody knows.
    """

    step: float
    modulus: int | None = None

    def worth(self, steps: float) -> float:
        """Return what steps are worth [the quantity's unit]; of a whole number the nearest float64."""
        if isinstance(steps, int):
            above, below = ratio(self.step)
            return steps * above / below
        return steps * self.step

    def steps(self, value: float) -> float:
        """Return how many steps a value stands for: a whole number where it is worth one, to the last bit."""
        if isinstance(value, Counted):
            return value.steps
        counted = value / self.step
        if not abs(counted) < _MODULO:  # nothing that a register holds: it only has to stay a number
            return counted if math.isfinite(counted) else math.copysign(sys.float_info.max, value)
        count = round(counted)
        return count if self.worth(count) == value else counted

    def modulus_of(self, wraps_at: float) -> int:
        """Return after how many steps a register wraps that does so at a value [the quantity's unit].

        Registers end at a power of two or ten. Where one of them is worth that value, it is meant: above 2**53 steps
        several whole numbers are.
        """
        count = max(1, round(Fraction(repr(wraps_at)) / Fraction(repr(self.step))))
        if count > _MODULO:
            return count
        digits = len(str(count))
        ends = (1 << (count.bit_length() - 1), 1 << count.bit_length(), 10 ** (digits - 1), 10**digits)
        return next((end for end in ends if self.worth(end) == wraps_at), count)


@lru_cache(maxsize=4096)
def ratio(number: float) -> tuple[int, int]:
    """Return the shortest decimal of a number as a ratio of whole numbers: 0.001 is 1/1000."""
    return Fraction(repr(number)).as_integer_ratio()


def finest(quantity: Quantity) -> Scale | None:
    """Return the scale of a counter that is told as a number with a unit; None for what is no such counter."""
    step = _FINEST.get(quantity.unit) if quantity.kind is Kind.COUNTER else None
    return None if step is None else Scale(step)


def converted(number: float, factor: float, scale: Scale | None) -> float:
    """Return a number times a factor, for a counter as the nearest float64, and with its steps where it needs them.

    Parameters
    ----------
    number : float or int
        What was told. Of a whole number nothing must have been rounded before.
    factor : float
        What turns it into the quantity's unit.
    scale : Scale or None
        As ``finest`` returns it; None: it is no counter.
    """
    if scale is None:
        return number * factor
    above, below = ratio(factor)
    try:
        value = number * above / below
    except OverflowError:  # of a whole number with hundreds of digits
        return number * factor
    if type(number) is int and abs(value) >= TOLD_BY_VALUE * scale.step:
        steps = number * Fraction(repr(factor)) / Fraction(repr(scale.step))
        if steps.denominator == 1 and abs(steps) < _MODULO:
            return Counted(value, int(steps))
    return value


def column_of(values: list[float] | tuple[float, ...], column: _Floats) -> _Counts | None:
    """Return the steps of those values that carry them, modulo 2**64, else 0; None where none does."""
    if not (np.abs(column) >= _SMALLEST_COUNTED).any():
        return None
    counts = [wrapped(value.steps) if isinstance(value, Counted) else 0 for value in values]
    return np.array(counts, np.int64) if any(counts) else None


def wrapped(steps: int) -> int:
    """Return steps modulo 2**64, as an int64."""
    return (steps + (_MODULO >> 1)) % _MODULO - (_MODULO >> 1)


def unwrapped(value: float, count: int) -> float:
    """Return a value with its steps, told modulo 2**64: they have its sign. Of 0 it is the value alone."""
    if count == 0:
        return value
    if value >= 0 and count < 0:
        count += _MODULO
    elif value < 0 and count > 0:
        count -= _MODULO
    return Counted(value, count)
