"""How much a number looks like what the meters of a smelter show. Pure.

The measure is bits: how many it would take to come upon such a value by chance, less those that it takes to say what it
is. Random bits are worth nothing, 50.02 Hz in a float more than ten.
"""

import math
from enum import Enum

from collector.acquisition.modbus.anyorder import RawNumber

FREQUENCIES_HZ = {50.0: 0.7, 60.0: 0.3}
NOMINAL_V = (
    *(57.7, 63.5, 100.0, 110.0, 115.0, 120.0, 127.0, 220.0, 230.0, 240.0, 277.0, 380.0, 400.0, 415.0, 480.0, 500.0),
    *(690.0, 1000.0, 3300.0, 3464.0, 5774.0, 6000.0, 6600.0, 10000.0, 11000.0, 20000.0, 22000.0, 33000.0, 35000.0),
)
"""Of smelters' supplies: between lines, to neutral, and behind transformers [V]."""
_LEAST, _MOST = 0.05, 2e9
"""Currents and powers, in whatever unit."""
_COUNTER_FROM, _COUNTER_TO = 1e7, 1e12
_FASTEST_COUNTER = 5e5
"""Of 1.8 GW in Wh [1/s]."""
_OF_TWO = 2.0**20
_SMOOTH, _ROUND, _ROUND_IN_BINARY = 0.7, 0.06, 0.02
"""Shares of values with all the digits that their type holds, with one, two ... five digits, and with so many bits."""


class Kind(Enum):
    """What a number may be, and the bits that it costs to say so."""

    FREQUENCY = ("frequency", -3.5)
    VOLTAGE = ("voltage", -2.0)
    POWER_FACTOR = ("power factor", -3.3)
    AMOUNT = ("amount", -1.8)
    COUNTER = ("counter", -2.7)
    ZERO = ("zero", -3.3)
    TEXT = ("text", -3.0)

    def __init__(self, label: str, bits: float) -> None:
        self.label = label
        self.bits = bits


def worth(kind: Kind, value: float, step: float, width: int) -> tuple[float, str]:
    """Return the bits that a number of ``width`` bits is worth as one of a kind, and why, in words."""
    density, why = _density(kind, value, step)
    if density <= 0.0:
        return -math.inf, why
    mass = density if kind is Kind.ZERO else _mass(density, value, step)
    return width + kind.bits + math.log2(mass), why


def worth_of_change(kind: Kind, first: RawNumber, second: RawNumber, scale: float, seconds: float) -> tuple[float, str]:
    """Return what a second look is worth, and what it showed, in words."""
    change, size = (second.value - first.value) * scale, abs(first.value) * scale
    if change == 0.0:
        return 0.0, ""
    if kind is Kind.COUNTER:
        if change < 0:
            return -20.0, f"fell by {-change:,.6g}, as no counter does"
        told = f"grew by {change:,.6g} in {seconds:g} s"
        rate = change / scale / max(seconds, 1.0)
        if rate > _FASTEST_COUNTER or change > 0.01 * size + 10 * first.step * scale:
            return -15.0, f"{told}: too fast for a counter"
        return 8.0 - math.log2(1.0 + rate) / 2, told  # the faster, the more likely it is the wrong order
    relative = abs(change) / max(size, first.step * scale)
    told = f"{second.value * scale:,.6g} after {seconds:g} s"
    for limit, bits, how in ((0.01, 4.0, "steady"), (0.05, 2.0, "steady"), (0.3, 0.0, "moves"), (1.0, -5.0, "jumps")):
        if relative <= limit:
            return bits, f"{how}: {told}"
    return -12.0, f"jumps: {told}"


def alike(first: RawNumber | str, second: RawNumber | str) -> bool:
    """Tell whether two neighbours look like the same thing on two phases."""
    if isinstance(first, str) or isinstance(second, str):
        return False
    if first.whole and abs(first.value) >= _OF_TWO:  # the high word alone makes them alike, whatever stands below it
        return False
    return abs(first.value) > 100 * first.step and abs(second.value / first.value - 1) <= 0.05


def _mass(density: float, value: float, step: float) -> float:
    """Return the probability of a value: the density over its step, or over the last digit of a rounded one."""
    smooth, rounded = density * step, 0.0
    for digits in range(1, 6):
        if abs(float(f"{value:.{digits}g}") - value) <= step / 2:
            rounded = _ROUND * density * 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
            break
    # Rounded in binary: what a converter of few bits gives in a float.
    mantissa, exponent = math.frexp(value)
    bits = int(abs(mantissa) * 2.0**53)
    binary = _ROUND_IN_BINARY * density * 2.0 ** (exponent - 53) * (bits & -bits)
    return min(1.0, max(_SMOOTH * smooth, rounded, binary))


def _density(kind: Kind, value: float, step: float) -> tuple[float, str]:  # noqa: PLR0911 - one for each kind
    """Return how probable numbers near a value are, per unit of it, and what the value is in words."""
    size = abs(value)
    match kind:
        case Kind.ZERO if value == 0.0:
            return 1.0, "zero, which is so in every order"
        case Kind.FREQUENCY if step <= 0.1:
            return _frequency(value)
        case Kind.VOLTAGE if step <= 0.01 * size:
            return _voltage(value)
        case Kind.POWER_FACTOR if step <= 0.01 and 0 < size <= 1:
            return (1.5 if value > 0.5 else 1 / 6), "could be a power factor"
        case Kind.AMOUNT if _LEAST <= size <= _MOST:
            what = "a current or a power" if size < _COUNTER_FROM else "a counter, or a power in W"
            return (0.85 if value > 0 else 0.15) / (size * math.log(_MOST / _LEAST)), f"could be {what}"
        case Kind.COUNTER if 1 <= value <= _COUNTER_TO:
            return 1 / (value * math.log(_COUNTER_TO)), "could be a counter"
        case _:
            return 0.0, ""


def _frequency(value: float) -> tuple[float, str]:
    for nominal, share in FREQUENCIES_HZ.items():
        away = abs(value - nominal)
        if away <= 1.0:
            return share * (1.8 if away <= 0.25 else 0.05), f"{nominal:g} Hz line frequency"
    return 0.0, ""


def _voltage(value: float) -> tuple[float, str]:
    near = [nominal for nominal in NOMINAL_V if abs(value / nominal - 1) <= 0.1]
    if not near:
        return 0.0, ""
    nearest = min(near, key=lambda nominal: abs(value - nominal))
    return sum(4.5 / nominal for nominal in near) / len(
        NOMINAL_V
    ), f"could be {nearest:,.10g} V {value / nearest - 1:+.1%}"
