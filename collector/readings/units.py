"""Units as people write them in files, and their factors to the canonical unit of the same dimension.

The table is short on purpose: a unit that is not in it is a mistake to be reported, not to be guessed.
"""

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its dimension and the factor that turns a value in it into the canonical unit of the dimension."""

    symbol: str
    dimension: str
    factor: float


def _table(*rows: tuple[str, str, float]) -> dict[str, Unit]:
    return {symbol: Unit(symbol, dimension, factor) for symbol, dimension, factor in rows}


UNITS = _table(
    ("W", "power", 1e-3),
    ("kW", "power", 1.0),
    ("MW", "power", 1e3),
    ("var", "reactive_power", 1e-3),
    ("kvar", "reactive_power", 1.0),
    ("Mvar", "reactive_power", 1e3),
    ("VA", "apparent_power", 1e-3),
    ("kVA", "apparent_power", 1.0),
    ("MVA", "apparent_power", 1e3),
    ("Wh", "energy", 1e-3),
    ("kWh", "energy", 1.0),
    ("MWh", "energy", 1e3),
    ("GWh", "energy", 1e6),
    ("varh", "reactive_energy", 1e-3),
    ("kvarh", "reactive_energy", 1.0),
    ("Mvarh", "reactive_energy", 1e3),
    ("VAh", "apparent_energy", 1e-3),
    ("kVAh", "apparent_energy", 1.0),
    ("MVAh", "apparent_energy", 1e3),
    ("Ah", "charge", 1e-3),
    ("kAh", "charge", 1.0),
    ("V", "voltage", 1.0),
    ("mV", "voltage", 1e-3),
    ("kV", "voltage", 1e3),
    ("A", "current", 1.0),
    ("kA", "current", 1e3),
    ("V*s", "voltage_time", 1.0),
    ("mV*d", "voltage_time", 86.4),
    ("uOhm", "resistance", 1.0),
    ("mOhm", "resistance", 1e3),
    ("Hz", "frequency", 1.0),
    ("degC", "temperature", 1.0),
    ("1", "ratio", 1.0),
    ("%", "ratio", 1e-2),
    ("mg/m3", "concentration", 1.0),
    ("m3/h", "flow", 1.0),
    ("kg/h", "mass_flow", 1.0),
    ("g/h", "mass_flow", 1e-3),
    ("m3", "volume", 1.0),
    ("m/s", "velocity", 1.0),
    ("bar", "pressure", 1.0),
    ("mbar", "pressure", 1e-3),
    ("kPa", "pressure", 1e-2),
    ("t", "mass", 1.0),
    ("kg", "mass", 1e-3),
    ("cm", "height", 1.0),
    ("kg/cm", "mass_per_height", 1.0),
    ("kg/kWh", "emission_factor", 1.0),
    ("g/kWh", "emission_factor", 1e-3),
    ("kg/MWh", "emission_factor", 1e-3),
    ("t/MWh", "emission_factor", 1.0),
    ("t/t", "mass_ratio", 1.0),
    ("kg/t", "mass_ratio", 1e-3),
    ("kWh/t", "specific_energy", 1.0),
    ("ns", "time", 1e-9),
    ("us", "time", 1e-6),
    ("ms", "time", 1e-3),
    ("s", "time", 1.0),
    ("min", "time", 60.0),
    ("m", "time", 60.0),
    ("h", "time", 3600.0),
    ("d", "time", 86400.0),
    ("B", "size", 1.0),
    ("KiB", "size", 1024.0),
    ("MiB", "size", 1024.0**2),
    ("GiB", "size", 1024.0**3),
)

_WRITTEN = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\s*([^\s\d.,+-]\S*)|\s+(1))\s*")


def factor(symbol: str, to: str) -> float:
    """Return the factor from one unit to another of the same dimension.

    Raises
    ------
    ValueError
        If either is unknown or their dimensions differ.
    """
    target = _unit(to, "")
    unit = _unit(symbol, target.dimension)
    if unit.dimension != target.dimension:
        message = f"'{symbol}' measures {_words(unit.dimension)}, and {_words(target.dimension)} is needed here"
        raise ValueError(f"{message}; {_choice(target.dimension)}")
    return unit.factor / target.factor


def parse(text: str, to: str) -> float:
    """Read a value with its unit, such as ``"60 MW"`` or ``"1s"``, and return it in the unit ``to``.

    Raises
    ------
    ValueError
        If there is no number, no unit, an unknown unit, a unit of another dimension, or a number beyond all numbers.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a number with a unit; write it like '60 {to}'")
    number, symbol, one = match.groups()
    value = float(number) * factor(symbol or one, to)
    if not math.isfinite(value):
        raise ValueError(f"'{text}' is larger than any number; write it like '60 {to}'")
    return value


def _unit(symbol: str, dimension: str) -> Unit:
    unit = UNITS.get(symbol)
    if unit is None:
        raise ValueError(f"'{symbol}' is no unit that is known here; {_choice(dimension)}")
    return unit


def _choice(dimension: str) -> str:
    """Name the units of a dimension; all of them where it has none."""
    symbols = [unit.symbol for unit in UNITS.values() if unit.dimension == dimension]
    return f"one of: {', '.join(symbols or UNITS)}"


def _words(dimension: str) -> str:
    return dimension.replace("_", " ")
