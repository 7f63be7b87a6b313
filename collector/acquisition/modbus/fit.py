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

_KINDS = {
    "frequency": Kind.FREQUENCY,
    "voltage": Kind.VOLTAGE,
    "voltage_ln": Kind.VOLTAGE,
    "voltage_l1n": Kind.VOLTAGE,
    "power_factor": Kind.POWER_FACTOR,
    "active_power": Kind.AMOUNT,
    "current": Kind.AMOUNT,
    "line_voltage": Kind.AMOUNT,
    "line_current": Kind.AMOUNT,
    "dc_voltage": Kind.AMOUNT,
    "dc_current": Kind.AMOUNT,
    "dc_power": Kind.AMOUNT,
}
"""The quantities that tell most, and what they should look like."""
_IMPOSSIBLE = -12.0
_REFUSED = -4.0
_AGREES, _DISAGREES = 7.0, -8.0
_VENDOR, _MODEL = 6.0, 8.0
_LIKELY, _POSSIBLE = 18.0, 6.0
_LEAST_EVIDENCE = 2
_REASONABLE = (1e-4, 1e7)
"""Sizes of gauges in canonical units that something may have."""


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
    for name in wanted:
        wanted += [other for other in by_name[name].needs if other in by_name and other not in wanted]
    return tuple(by_name[name] for name in dict.fromkeys(wanted))


def judge(
    profile: MeterProfile,
    registers: Sequence[Register],
    values: MeterValues,
    raw: Mapping[str, bytes],
    *,
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
    refused : int
        Requests that brought nothing.
    told : iterable of str
        What the device says of itself.
    """
    known = [register for register in registers if register.expect and register.name in raw]
    if any(not values.is_expected(register) for register in known):
        return None
    bits, reasons = _REFUSED * refused, []
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
    more, said = _named(profile, told)
    bits += more
    reasons[:0] = said
    words = _in_words(bits, is_expected=bool(known), evidence=evidence + len(said))
    return None if words is None else Fit(profile, bits, words, tuple(reasons))


def _in_words(bits: float, *, is_expected: bool, evidence: int) -> str | None:
    if is_expected and bits >= _POSSIBLE:
        return "certain"
    if evidence < _LEAST_EVIDENCE:
        return None
    if bits >= _LIKELY:
        return "likely"
    return "possible" if bits >= _POSSIBLE else None


def _worth(register: Register, value: float, raw: bytes) -> tuple[float, str]:
    """Return the bits that a value is worth as what it should be, and the reason if it speaks for the profile."""
    shown = f"{register.name} {value:,.6g} {'' if register.quantity is None else register.quantity.unit}".removesuffix(
        " 1"
    )
    if value == 0.0:
        return 0.0, ""
    kind = _KINDS.get(register.name, Kind.AMOUNT)
    if kind is Kind.AMOUNT:
        low, high = _REASONABLE
        return (0.0, "") if low <= abs(value) <= high else (_IMPOSSIBLE, "")
    step = abs(value) * _relative_step(register, raw)
    bits, _ = worth(kind, value, step, 16 * register.count)
    if bits > -math.inf:
        return min(bits, 14.0), shown
    # Not every supply has a usual voltage; no grid has another frequency, and no power factor is beyond 1.
    return (-2.0, "") if kind is Kind.VOLTAGE and 1 <= value <= 2e5 else (_IMPOSSIBLE, "")


def _relative_step(register: Register, raw: bytes) -> float:
    """Return the smallest change that the bits of a value can show, as a share of it."""
    if register.type.encoding in {Encoding.TEXT, Encoding.BIT, Encoding.ISKRA_POWER_FACTOR}:
        return 1e-4
    words = [int.from_bytes(raw[place : place + 2]) for place in range(0, len(raw), 2)]
    number = raw_number(register.type, words, register.word_order, register.byte_order)
    return number.step / abs(number.value) if isinstance(number, RawNumber) and number.value else 1e-4


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
