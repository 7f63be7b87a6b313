"""What a meter's information registers hold: texts, exponents, ratios and whatever else values depend on. Pure.

A scenario may say it, the map may expect it, the plate may tell it. What is left free is chosen so that everything that
depends on it fits its type: the smallest power of ten, the finest of the map's numbers, the smallest full scale.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.physics.derived import value_of
from simulators.quantities import COUNTERS, QUANTITIES, Dimension
from simulators.servers.encoding import limits, raw_number, terms, whole_gauge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulators.physics.meter import Readout
    from simulators.register import Register
    from simulators.servers.layout import Plate

_POWERS_OF_TEN = range(-4, 16)
"""Exponents that are tried: nothing needs to be finer."""

_RATIOS = tuple(10.0**power for power in range(10))
_FULL_SCALES = tuple(sorted(digit * 10.0**power for digit in (1, 2, 5) for power in range(-3, 13)))
_USED = 0.98
"""The share of a type's range that values may use: marks of 'no value' are at its end."""

_TEN_YEARS_H = 87_660.0
_HEADROOM = 1.5
_FULL = {
    Dimension.FREQUENCY: 100.0,
    Dimension.RATIO: 2.0,
    Dimension.TIME: 4e9,
    Dimension.TEMPERATURE: 200.0,
    Dimension.CONCENTRATION: 1000.0,
    Dimension.FLOW: 10_000.0,
    Dimension.VOLUME: 1e9,
    Dimension.VELOCITY: 100.0,
    Dimension.PRESSURE: 10.0,
    Dimension.MASS: 100_000.0,
}


@dataclass(frozen=True, slots=True)
class Setup:
    """How somebody has set up a meter.

    Parameters
    ----------
    constants
        The numbers that the plant file gives for it.
    base
        What the plant file adds to every address.
    information
        What information registers show, by their names; the others show what is usual.
    identification
        Whether it says what it is when asked with function 43/14.
    """

    constants: Mapping[str, float] = field(default_factory=dict)
    base: int = 0
    information: Mapping[str, str | float] = field(default_factory=dict)
    identification: bool = True


def full_scale(name: str, readout: Readout) -> float:
    """Return the largest value of a quantity that a meter may come to show, in base units."""
    rated, dimension = readout.rated, QUANTITIES[name]
    if rated is None:
        return 2.0 * abs(value_of(readout, name)) or 1.0
    if dimension is Dimension.VOLTAGE:
        return _HEADROOM * rated.voltage_v
    if dimension is Dimension.CURRENT:
        return _HEADROOM * (3.0 if name == "current_sum" else 1.0) * rated.current_a
    if dimension is Dimension.CHARGE:
        return _TEN_YEARS_H * rated.current_a
    if dimension in _FULL:
        return _FULL[dimension]
    return (_TEN_YEARS_H if name in COUNTERS or "energy" in name else _HEADROOM) * rated.power_w


def fits(register: Register, full: float, numbers: Mapping[str, float]) -> bool:
    """Whether a register can hold a value of that size, in base units."""
    known = limits(register)
    if known is None:
        return True
    if register.linear is not None:
        return full <= register.unit_size * max(terms(register, numbers))
    beyond = min(known[1], register.wraps_at or known[1])
    return raw_number(register, full, numbers) <= _USED * beyond


class Information:
    """What the information registers of one meter hold.

    Parameters
    ----------
    registers
        The whole map.
    constants
        All of them.
    told
        What the scenario says.
    plate
        What the meter says of itself.
    readout
        What it shows: for ratios, and for the size of everything.

    Attributes
    ----------
    numbers
        Constants and what information registers hold, as whoever reads them understands it.
    """

    def __init__(
        self,
        registers: Mapping[str, Register],
        constants: Mapping[str, float],
        told: Mapping[str, str | float],
        plate: Plate,
        readout: Readout,
    ) -> None:
        self._registers = registers
        self._told = told
        self._plate = plate
        self._readout = readout
        self.numbers: dict[str, float] = dict(constants)
        self._settle()

    def text(self, register: Register) -> str:
        """Return what a text register shows."""
        name = register.quantity
        if name in self._told:
            return str(self._told[name])
        wanted = next((str(one) for one in register.expect), None)
        if wanted is not None:
            return wanted
        for words, text in (
            (("serial",), self._plate.serial),
            (("vendor", "manufacturer"), self._plate.vendor),
            (("firmware", "version", "revision"), self._plate.revision),
            (("model", "type", "product", "name", "device"), self._plate.model),
        ):
            if any(word in name for word in words):
                return text
        return "simulated"

    def value(self, register: Register) -> float:
        """Return what a register of a number shows, in base units."""
        return self.numbers[register.quantity] * register.unit_size

    def _settle(self) -> None:
        mine = [one for one in self._registers.values() if one.information and one.type != "string"]
        free: dict[str, Register] = {}
        for register in mine:
            number = self._fixed(register)
            if number is None:
                free[register.quantity] = register
            self.numbers[register.quantity] = self._shown(register, 1.0 if number is None else number)
        # What is free is neutral until it is chosen.
        self.numbers |= {name: 0.0 for name in free if self._users("exponent", name)}
        for name, register in free.items():
            if exponents := self._users("exponent", name):
                self._choose(
                    register, self._candidates(register, [float(power) for power in _POWERS_OF_TEN]), exponents
                )
        for name, register in free.items():
            if bounded := self._users("bounds", name):
                self._choose(register, self._candidates(register, _FULL_SCALES), bounded)
        for name, register in free.items():
            if scaled := self._users("scale_by", name):
                self._choose(register, self._candidates(register, _RATIOS), scaled)

    def _users(self, way: str, name: str) -> list[Register]:
        """Return the quantities that depend on an information register in a certain way."""
        users = (one for one in self._registers.values() if name in _names(one, way))
        return [one for one in users if one.quantity in QUANTITIES and not one.information]

    def _candidates(self, register: Register, usual: Iterable[float]) -> list[float]:
        """Return the numbers that a register can hold, the finest first."""
        if register.numbers:
            return sorted(number for _, number in register.numbers)
        return [number for number in usual if abs(self._shown(register, number) - number) <= 1e-9 * abs(number)]

    def _choose(self, register: Register, candidates: Sequence[float], users: list[Register]) -> None:
        name = register.quantity
        if all(limits(one) is None for one in users):
            # Floats hold anything: nothing needs to be scaled.
            neutral = 0.0 if self._users("exponent", name) else 1.0
            candidates = sorted(candidates, key=lambda number: abs(number - neutral))
        for number in candidates:
            self.numbers[name] = number
            if all(fits(one, full_scale(one.quantity, self._readout), self.numbers) for one in users):
                return

    def _fixed(self, register: Register) -> float | None:
        """Return what a register holds if somebody says so."""
        name = register.quantity
        said = (*((self._told[name],) if name in self._told else ()), *register.expect)
        if said:
            return float(said[0])
        if name in QUANTITIES:
            return value_of(self._readout, name) / register.unit_size
        if "serial" in name and self._plate.serial.isdigit():
            return float(self._plate.serial)
        if any(self._users(way, name) for way in ("exponent", "bounds", "scale_by")):
            return None
        if register.labels and not register.flags:
            return float(register.labels[0][0])
        return 0.0 if register.flags or register.bits is not None or register.type == "bit" else None

    def _shown(self, register: Register, number: float) -> float:
        """Return what whoever reads a register takes it for, if it should show a number."""
        raw = whole_gauge(register, raw_number(register, number * register.unit_size, self.numbers))
        if register.numbers:
            return dict(register.numbers).get(round(raw), number)
        if register.linear is not None or limits(register) is None:
            return number
        plain = (raw * register.resolution + register.offset) / register.unit_size
        # The inverse of the encoder is its own: a factor of a factor is rare, and then exact.
        return plain if not (register.scale_by or register.exponent) else number


def _names(register: Register, way: str) -> tuple[str, ...]:
    if way == "exponent":
        return (register.exponent,) if register.exponent else ()
    return register.bounds if way == "bounds" else register.scale_by
