"""How well a profile fits a device, by a few of its registers. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.acquisition.modbus.anyorder import RawNumber, raw_number
from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.likeness import Kind, worth
from collector.acquisition.modbus.sense import findings
from collector.plant.profile import Encoding, MeterProfile, Register
from collector.readings import units
from collector.readings.quantity import Kind as Behaviour

_KINDS = {
    "frequency": Kind.FREQUENCY,
    "voltage": Kind.VOLTAGE,
    "voltage_ln": Kind.VOLTAGE,
    "voltage_l1n": Kind.VOLTAGE,
    "voltage_l2n": Kind.VOLTAGE,
    "voltage_l3n": Kind.VOLTAGE,
    "power_factor": Kind.POWER_FACTOR,
    "current": Kind.AMOUNT,
    "active_power": Kind.AMOUNT,
}
"""The quantities that tell most, and what they should look like."""
_ANSWERED = 1.5
"""Bits for a request that is answered: most devices refuse what they do not have."""
_SANE_FLOAT = 2.0
"""Bits for a float of a size that a quantity may have: one in eight random ones is."""
CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"
_IMPOSSIBLE = -12.0
_REFUSED = -4.0
_AGREES, _DISAGREES = 7.0, -8.0
_VENDOR, _MODEL = 6.0, 8.0
_LIKELY, _POSSIBLE = 18.0, 6.0
_LEAST_EVIDENCE = 2
_REASONABLE = (1e-4, 1e7)
"""Sizes of gauges in canonical units that something may have."""
_COUNTS = 1e4
"""Counters go so many times as high."""
_WIDE = 6.0
"""The most that a wide whole number is worth [bits]."""
_ALIKE = 5.0


@dataclass(frozen=True, slots=True)
class Fit:
    """A profile, how well it fits in bits and in words, and what speaks for it."""

    profile: MeterProfile
    bits: float
    words: str
    reasons: tuple[str, ...]


def telling(profile: MeterProfile) -> tuple[Register, ...]:
    """Return the registers by which a profile is judged, with those that their values need: what is expected first."""
    by_name = {register.name: register for register in profile.registers}
    wanted = [register.name for register in profile.registers if register.expect]
    wanted += [name for name in _KINDS if name in by_name and by_name[name].quantity is not None]
    wanted += [
        register.name for register in profile.registers if register.quantity is not None and not register.optional
    ]
    for name in wanted:
        wanted += [other for other in by_name[name].needs if other in by_name and other not in wanted]
    return tuple(by_name[name] for name in dict.fromkeys(wanted))


def judge(
    profile: MeterProfile,
    registers: Sequence[Register],
    values: MeterValues,
    raw: Mapping[str, bytes],
    *,
    answered: int,
    refused: int,
    told: Iterable[str],
) -> Fit | None:
    """Return how well a profile fits, None if the device must be another one.

    Parameters
    ----------
    profile : MeterProfile
        The profile.
    registers : sequence of Register
        Those by which it is judged.
    values : MeterValues
        What they show.
    raw : mapping of str to bytes
        The registers that came, by name.
    answered, refused : int
        Requests that were answered, and those that brought nothing.
    told : iterable of str
        What the device says of itself.
    """
    known = [register for register in registers if register.expect and register.name in raw]
    if any(not values.is_expected(register) for register in known):
        return None
    bits, reasons = _ANSWERED * answered + _REFUSED * refused, []
    for register in known:
        bits += _LIKELY
        reasons.append(f"{register.name} is '{values.shown(register)}'")
    evidence = len(known)
    canonical: dict[str, float] = {}
    for register in registers:
        if register.quantity is None or register.name not in raw:
            continue
        value = values.value(register.name)
        if math.isnan(value):
            continue
        value *= units.factor(register.unit, register.quantity.unit)
        canonical[register.name] = value
        more, why = _worth(register, value, raw[register.name])
        bits += more
        evidence += more > 0
        if why:
            reasons.append(why)
    for finding in findings(canonical):
        if finding.what in {"power", "apparent power"} and finding.well is not None:
            bits += _AGREES if finding.well else _DISAGREES
            reasons += [f"P agrees with U, I and PF: {finding.words}"] if finding.well else []
            evidence += finding.well
        elif finding.what in {"voltages to neutral", "kinds of voltage"}:
            bits += _ALIKE if finding.well else -_ALIKE
    more, said = _named(profile, told)
    bits += more
    reasons[:0] = said
    words = _in_words(bits, is_expected=bool(known), evidence=evidence + len(said))
    return None if words is None else Fit(profile, bits, words, tuple(reasons))


def _in_words(bits: float, *, is_expected: bool, evidence: int) -> str | None:
    if is_expected and bits >= _POSSIBLE:
        return CERTAIN
    if evidence < _LEAST_EVIDENCE:
        return None
    if bits >= _LIKELY:
        return LIKELY
    return POSSIBLE if bits >= _POSSIBLE else None


def _worth(register: Register, value: float, raw: bytes) -> tuple[float, str]:
    """Return the bits that a value is worth as what it should be, and the reason if it speaks for the profile."""
    shown = f"{register.name} {value:,.6g} {'' if register.quantity is None else register.quantity.unit}".removesuffix(
        " 1"
    )
    if value == 0.0:
        return 0.0, ""
    kind = _KINDS.get(register.name, Kind.AMOUNT)
    if kind is Kind.AMOUNT:
        return _worth_of_size(register, value, raw, shown)
    step = abs(value) * _relative_step(register, raw)
    bits, _ = worth(kind, value, step, 16 * register.count)
    if bits > -math.inf:
        return min(bits, 14.0), shown
    # Not every supply has a usual voltage; no grid has another frequency, and no power factor is beyond 1.
    return (-2.0, "") if kind is Kind.VOLTAGE and 1 <= value <= 2e5 else (_IMPOSSIBLE, "")


def _worth_of_size(register: Register, value: float, raw: bytes, shown: str) -> tuple[float, str]:
    """Return what a value is worth that may have nearly any size."""
    is_counter = register.quantity is not None and register.quantity.kind is Behaviour.COUNTER
    low, high = _REASONABLE
    if not low <= abs(value) <= high * (_COUNTS if is_counter else 1):
        return _IMPOSSIBLE, ""
    if register.type.encoding is Encoding.FLOAT:
        return _SANE_FLOAT, shown
    if register.count == 1 or register.bits is not None:
        return 0.0, ""
    # Of a wide whole number the high bits are zero, unless it is read in the wrong order.
    number = _number(register, raw)
    if number is None or number.value == 0:
        return 0.0, ""
    bits, _ = worth(Kind.COUNTER if is_counter else Kind.AMOUNT, abs(number.value), 1.0, 16 * register.count)
    return max(min(bits, _WIDE), -_WIDE), shown if bits > 0 else ""


def _number(register: Register, raw: bytes) -> RawNumber | None:
    if register.type.encoding in {Encoding.TEXT, Encoding.BIT, Encoding.ISKRA_POWER_FACTOR}:
        return None
    words = [int.from_bytes(raw[place : place + 2]) for place in range(0, len(raw), 2)]
    number = raw_number(register.type, words, register.word_order, register.byte_order)
    return number if isinstance(number, RawNumber) else None


def _relative_step(register: Register, raw: bytes) -> float:
    """Return the smallest change that the bits of a value can show, as a share of it."""
    number = _number(register, raw)
    return number.step / abs(number.value) if number is not None and number.value else 1e-4


def _named(profile: MeterProfile, told: Iterable[str]) -> tuple[float, list[str]]:
    """Return what the device's own words are worth for a profile."""
    bits, reasons = 0.0, []
    texts = [text.casefold() for text in told if text]
    if any(profile.vendor.casefold() in text for text in texts):
        bits += _VENDOR
        reasons.append(f"it calls itself {profile.vendor}")
    names = [model for model in profile.models if len(model) > 2]
    model = next((name for name in names if any(name.casefold() in text for text in texts)), None)
    if model is not None:
        bits += _MODEL
        reasons.append(f"it calls itself {model}")
    return bits, reasons
