"""From raw numbers to values in the units of their registers: scales, exponents, lines, sums, limits. Pure.

What a value needs may lie in another block, or be read once an hour; so all values of a meter, and its constants, stand
in one array, and each name has its place in it. A need without a value gives a value that is none.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from collector.plant.encodings import BitLayout, Floats, Layout
from collector.plant.profile import BIT_FUNCTIONS, Convention, Linear, Register, Term
from collector.readings import units

_LARGEST_EXPONENT = 60
"""No unit of the world is further from another: a larger power of ten is a broken register."""


class Composition:
    """Works out the values of one block's registers.

    Parameters
    ----------
    registers : sequence of Register
        The registers of the block.
    names : mapping of str to int
        The place of each register of the meter and of each constant in the array of all values.
    units_of : mapping of str to str
        The unit of each register that may be added to another; what has none is in the unit that it is added to.
    """

    def __init__(self, registers: Sequence[Register], names: Mapping[str, int], units_of: Mapping[str, str]) -> None:
        self.places = np.array([names[register.name] for register in registers], np.intp)
        self._maps = [(place, dict(each.map)) for place, each in enumerate(registers) if each.map]
        self._scale = _unless([each.scale for each in registers], 1.0)
        self._offset = _unless([each.offset for each in registers], 0.0)
        by_level: dict[int, list[int]] = {}
        for place, level in enumerate(_levels(registers)):
            by_level.setdefault(level, []).append(place)
        self._stages = [_Stage(registers, by_level[level], names, units_of) for level in sorted(by_level)]

    def compose(self, raw: Floats, values: Floats) -> Floats:
        """Turn raw numbers into values in place; put them into the array of all values, and return them."""
        for place, numbers in self._maps:
            raw[place] = np.nan if np.isnan(raw[place]) else numbers.get(int(raw[place]), np.nan)
        with np.errstate(all="ignore"):
            if self._scale is not None:
                raw *= self._scale
            if self._offset is not None:
                raw += self._offset
            for stage in self._stages:
                stage.work_out(raw, values)
                raw[~np.isfinite(raw)] = np.nan
                values[self.places] = raw
        return raw


class _Stage:
    """The registers of a block that need nothing of each other, only of constants, other blocks and stages before."""

    def __init__(
        self, all_: Sequence[Register], places: Sequence[int], names: Mapping[str, int], units_of: Mapping[str, str]
    ) -> None:
        of = [(place, all_[place]) for place in places]
        factors: dict[tuple[tuple[str, ...], str, int], list[int]] = {}
        for place, each in of:
            if each.scale_by or each.exponent:
                factors.setdefault((each.scale_by, each.exponent, each.exponent_bias), []).append(place)
        self._factors = [
            (np.array(of_factor, np.intp), [names[name] for name in by], names.get(exponent), bias)
            for (by, exponent, bias), of_factor in factors.items()
        ]
        self._lines = [(place, _Line(each.linear, names)) for place, each in of if each.linear is not None]
        leading = [place for place, each in of if each.convention is Convention.SCHNEIDER_4Q]
        self._leading = np.array(leading, np.intp)
        self._sums = [
            (place, names[name], _factor(units_of.get(name, each.unit), each.unit))
            for place, each in of
            for name in each.plus
        ]
        limited = [(place, each.valid) for place, each in of if each.valid is not None]
        self._limited = np.array([place for place, _ in limited], np.intp)
        self._low = np.array([low for _, (low, _) in limited])
        self._high = np.array([high for _, (_, high) in limited])

    def work_out(self, found: Floats, values: Floats) -> None:
        """Turn the raw numbers of the stage's registers into values, by what is known of the others."""
        for place, line in self._lines:
            found[place] = line.at(found[place], values)
        for places, by, exponent, bias in self._factors:
            factor = 1.0 if exponent is None else _power_of_ten(values[exponent] + bias)
            for place in by:
                factor *= float(values[place])
            found[places] *= factor
        if len(self._leading):
            x = found[self._leading]
            found[self._leading] = np.where(x > 1, 2 - x, np.where(x < -1, -2 - x, x))
        for place, other, factor in self._sums:
            found[place] += values[other] * factor
        if len(self._limited):
            x = found[self._limited]
            outside = (x < self._low) | (x > self._high)
            found[self._limited[outside]] = np.nan


class _Line:
    """A straight line through two points whose values may have to be read first."""

    def __init__(self, linear: Linear, names: Mapping[str, int]) -> None:
        self._raw = linear.raw
        self._first, self._second = (_reference(term, names) for term in linear.value)

    def at(self, raw: float, values: Floats) -> float:
        """Return the value for a raw number."""
        low, high = (sign * values[place] if place >= 0 else sign for sign, place in (self._first, self._second))
        start, end = self._raw
        return float(low + (raw - start) * (high - low) / (end - start))


def _reference(term: Term, names: Mapping[str, int]) -> tuple[float, int]:
    """Return a number and -1, or a sign and the place of a name."""
    if not isinstance(term, str):
        return term, -1
    return (-1.0 if term.startswith("-") else 1.0), names[term.removeprefix("-")]


def _power_of_ten(exponent: float) -> float:
    """Return 10 to a power; NaN where the power is no number, or none that a device can mean."""
    return float(10.0**exponent) if abs(exponent) <= _LARGEST_EXPONENT else float("nan")


def _factor(unit: str, to: str) -> float:
    return 1.0 if unit == to else units.factor(unit, to)


def _unless(numbers: list[float], usual: float) -> Floats | None:
    """Return numbers as an array, None if all of them are the usual one."""
    return None if all(number == usual for number in numbers) else np.array(numbers)


def _levels(registers: Sequence[Register]) -> list[int]:
    """Return for each register of a block after how many steps all is known that it needs of the others."""
    needs = {register.name: register.needs for register in registers}
    level = dict.fromkeys(needs, 0)
    for _ in registers:
        before = list(level.values())
        for name, others in needs.items():
            level[name] = max([0, *(level[other] + 1 for other in others if other in level)])
        if list(level.values()) == before:
            break
    return [level[register.name] for register in registers]


def meaning(register: Register, raw: bytes, given: Mapping[str, float], units_of: Mapping[str, str]) -> float | str:
    """Return what the bytes of one register mean, where all that it needs is given; NaN: no value.

    Parameters
    ----------
    register : Register
        The register.
    raw : bytes
        Two bytes for each of its registers, as they come on the wire; of a bit, the lowest of all bits.
    given : mapping of str to float
        The values of all constants and registers that it needs.
    units_of : mapping of str to str
        The units of the registers that are added to it.
    """
    if register.function in BIT_FUNCTIONS:
        layout: Layout | BitLayout = BitLayout([register], register.address, 1)
        raw = raw[-1:]
    else:
        layout = Layout([register], register.address, register.count)
    if register.is_text:
        return layout.texts(raw)[register.name]
    names = {name: place for place, name in enumerate((register.name, *given))}
    values = np.array([np.nan, *given.values()])
    return float(Composition([register], names, units_of).compose(layout.numbers(raw), values)[0])
