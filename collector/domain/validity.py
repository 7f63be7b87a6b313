"""The ranges in which inputs are valid, and the sentence with which an input outside is refused.

Each check takes inputs as keywords, so that the message names the argument as the caller wrote it, and the element of
an array. NaN and infinity are outside every range: a gap in the data is a reading of bad quality, and is left out
before a formula sees it. A plain number that is in its range is told by a comparison: the live accounts check some
hundred a minute of each potline, a restated month millions.
"""

from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

_INFINITY = float("inf")

Amount = TypeVar("Amount", float, NDArray[np.float64])
"""A number or a float64 array; what goes in as the one comes out as the one."""

Value: TypeAlias = float | NDArray[np.float64]
"""A number or a float64 array, where a formula accepts either beside its first argument."""


def not_negative(**inputs: Value) -> None:
    """Refuse inputs below zero.

    Parameters
    ----------
    **inputs
        Masses, charges, energies, times, coefficients [any unit].

    Raises
    ------
    ValueError
        If an element is negative, NaN or infinite.
    """
    remedy = "correct the sign where the value arises, and leave out what is not a good reading"
    for name, value in inputs.items():
        if isinstance(value, float) and 0 <= value < _INFINITY:
            continue
        number = np.asarray(value, dtype=np.float64)
        _refuse(name, number, number >= 0, "must be zero or more and finite", remedy)


def positive(**inputs: Value) -> None:
    """Refuse denominators that are zero or less.

    Parameters
    ----------
    **inputs
        Quantities that a formula divides by [any unit].

    Raises
    ------
    ValueError
        If an element is zero, negative, NaN or infinite.
    """
    remedy = "withhold the figure until the interval has some, or take a longer interval"
    for name, value in inputs.items():
        if isinstance(value, float) and 0 < value < _INFINITY:
            continue
        number = np.asarray(value, dtype=np.float64)
        _refuse(name, number, number > 0, "must be greater than zero and finite, for it is divided by", remedy)


def fraction(**inputs: Value) -> None:
    """Refuse efficiencies outside (0, 1].

    Parameters
    ----------
    **inputs
        Efficiencies as fractions [-].

    Raises
    ------
    ValueError
        If an element is zero or less, above 1, NaN or infinite.
    """
    remedy = "give a fraction, 0.95 for 95 %"
    for name, value in inputs.items():
        if isinstance(value, float) and 0 < value <= 1:
            continue
        number = np.asarray(value, dtype=np.float64)
        _refuse(name, number, (number > 0) & (number <= 1), "must be above 0 and at most 1", remedy)


def within(low: float, high: float, /, *, remedy: str, **inputs: Value) -> None:
    """Refuse inputs outside a closed range.

    Parameters
    ----------
    low, high
        Least and greatest valid value [unit of the inputs]; infinity for an open end.
    remedy
        What to do about an input outside, most often the unit that it was probably given in.
    **inputs
        The inputs [any unit].

    Raises
    ------
    ValueError
        If an element is below `low`, above `high`, NaN or infinite.
    """
    for name, value in inputs.items():
        if isinstance(value, float) and low <= value <= high and abs(value) < _INFINITY:
            continue
        number = np.asarray(value, dtype=np.float64)
        _refuse(name, number, (number >= low) & (number <= high), f"must be from {low:g} to {high:g}", remedy)


def part_of(whole: Value, /, *, remedy: str, **inputs: Value) -> None:
    """Refuse parts that are greater than the whole they are taken from.

    Parameters
    ----------
    whole
        The whole; its own check has been made [unit of the inputs].
    remedy
        What to do about a part that is greater.
    **inputs
        The parts, each by itself [any unit].

    Raises
    ------
    ValueError
        If an element is negative, above the whole by more than a rounding, NaN or infinite.
    """
    most = np.asarray(whole, dtype=np.float64) * (1 + 1e-12)  # a sum of parts may exceed the whole in its last digits
    for name, value in inputs.items():
        number = np.asarray(value, dtype=np.float64)
        number, limit = np.broadcast_arrays(number, most)
        rule = "must be zero or more and at most the whole it is a part of"
        _refuse(name, number, (number >= 0) & (number <= limit), rule, remedy)


def percent(*, least: float, **inputs: Value) -> None:
    """Refuse percentages that are surely fractions, and those that are no percentages at all.

    Parameters
    ----------
    least
        Nothing above zero and below this is believed to be a percentage [%].
    **inputs
        Percentages; zero is valid [%].

    Raises
    ------
    ValueError
        If an element is negative, above zero but below `least`, above 100, NaN or infinite.
    """
    for name, value in inputs.items():
        if isinstance(value, float) and (value == 0 or least <= value <= 100):
            continue
        number = np.asarray(value, dtype=np.float64)
        accepted = (number == 0) | ((number >= least) & (number <= 100))
        rule = f"must be 0 or from {least:g} to 100, for it is a percentage"
        _refuse(name, number, accepted, rule, "give percent, 2 for 2 %, not the fraction 0.02")


def _refuse(name: str, number: NDArray[np.float64], accepted: NDArray[np.bool_], rule: str, remedy: str) -> None:
    refused = np.argwhere(~(accepted & np.isfinite(number)))
    if len(refused) == 0:
        return
    index = tuple(int(i) for i in refused[0])
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    raise ValueError(f"{place} is {number[index]:g}: {rule}. Remedy: {remedy}.")
