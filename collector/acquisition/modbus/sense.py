"""Whether the values of one meter agree with each other and with the grid: the rule by which a map is accepted. Pure.

Nearly every mistake in a map (an address off by one, a wrong order, type or scale, a ratio left out) breaks one of
these. Values are in canonical units, by the name of their quantity.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Known = Mapping[str, float]

_FREQUENCIES_HZ = (50.0, 60.0)
_POWER_TOLERANCE = 0.05
_ENERGY_TOLERANCE = 0.02
_TOO_COARSE = 0.2
"""A counter's step beyond this share of what was counted proves nothing."""
_IDLE_KW = 1e-3
COUNTERS = {
    "active_energy_import": "active_power",
    "active_energy_total": "active_power",
    "active_energy_sum": "active_power",
    "dc_energy": "dc",
}
"""Counters, and the power that they count. ``dc`` is the power of a line or a branch."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is well (None: it cannot be told), and what was found, in words."""

    what: str
    well: bool | None
    words: str

    @property
    def verdict(self) -> str:
        """The finding in words."""
        return f"{ {True: 'ok', False: 'doubtful', None: 'not told'}[self.well] }: {self.words}"


@dataclass(frozen=True, slots=True)
class Count:
    """A counter looked at twice.

    Attributes
    ----------
    name : str
        The counter's quantity.
    gained_kwh, step_kwh : float
        By how much it grew, and the smallest amount it can grow by.
    seconds : float
        The time between the two looks [s].
    power_kw : sequence of float
        The power, several times meanwhile.
    refresh_s : float
        The device brings the counter up to date at least this often [s].
    """

    name: str
    gained_kwh: float
    step_kwh: float
    seconds: float
    power_kw: Sequence[float]
    refresh_s: float


def findings(known: Known) -> tuple[Finding, ...]:
    """Return what can be told from one look at a meter."""
    known = {name: value for name, value in known.items() if math.isfinite(value)}
    return tuple(
        finding
        for look in (_frequency, _power_factor, _phases, _voltages, _power, _apparent_power, _dc_power)
        for finding in look(known)
    )


def dc_power_kw(known: Known) -> float | None:
    """Return the power of a line or a branch from voltage and current [kW], None where one of them is missing."""
    if "line_voltage" in known and "line_current" in known:
        return known["line_voltage"] * known["line_current"]
    if "dc_voltage" in known and "dc_current" in known:
        return known["dc_voltage"] * known["dc_current"] / 1e3
    return None


def counted(count: Count) -> Finding:
    """Return whether a counter grows as fast as the power says."""
    what = f"slope of {count.name}"
    powers = [power for power in count.power_kw if math.isfinite(power)]
    if not powers or count.seconds <= 0:
        return Finding(what, None, "there is no power to compare it with")
    power = sum(powers) / len(powers)
    expected = power * count.seconds / 3600
    if abs(power) < _IDLE_KW:
        well = abs(count.gained_kwh) <= count.step_kwh
        return Finding(what, well, f"{count.gained_kwh:,.6g} kWh in {count.seconds:.0f} s at no power")
    blur = (2 * count.step_kwh + abs(power) * min(count.refresh_s, count.seconds) / 3600) / abs(expected)
    slope = count.gained_kwh * 3600 / count.seconds
    apart = f"{slope / power - 1:+.1%} in {count.seconds:.0f} s"
    told = f"{slope:,.6g} kW by the counter, {power:,.6g} kW by the power, {apart}"
    off = abs(slope / power - 1)
    if off <= _ENERGY_TOLERANCE:
        return Finding(what, True, told)
    if off > _ENERGY_TOLERANCE + blur:
        return Finding(what, False, f"{told}; check scale and unit of both, and the ratios of the transformers")
    longer_s = (2 * count.step_kwh * 3600 / abs(power) + count.refresh_s) / _ENERGY_TOLERANCE
    how = "within what the counter resolves" if blur <= _TOO_COARSE else "too short for this counter"
    return Finding(what, True if blur <= _TOO_COARSE else None, f"{told}: {how}; --watch {longer_s:.0f}s tells more")


def _frequency(known: Known) -> Iterator[Finding]:
    if "frequency" in known:
        value = known["frequency"]
        well = any(abs(value - nominal) <= 1 for nominal in _FREQUENCIES_HZ)
        words = f"{value:,.6g} Hz"
        yield Finding(
            "frequency", well, words if well else f"{words}, and not 50 or 60 Hz: check address, type and order"
        )


def _power_factor(known: Known) -> Iterator[Finding]:
    wrong = {
        name: value
        for name, value in known.items()
        if name.startswith(("power_factor", "cosphi")) and abs(value) > 1.0001
    }
    for name, value in wrong.items():
        yield Finding(name, False, f"{value:,.6g} is beyond 1: check type, order and scale")


def _phases(known: Known) -> Iterator[Finding]:
    for names in (("voltage_l1n", "voltage_l2n", "voltage_l3n"), ("voltage_l1l2", "voltage_l2l3", "voltage_l3l1")):
        values = [known[name] for name in names if name in known]
        if len(values) == 3 and max(values) > 0:
            spread = (max(values) - min(values)) / max(values)
            shown = ", ".join(f"{value:,.6g}" for value in values)
            words = (
                f"{shown} V"
                if spread <= 0.1
                else f"{shown} V are {spread:.0%} apart: a phase is missing, or a type is wrong"
            )
            what = "voltages to neutral" if names[0].endswith("n") else "voltages between phases"
            yield Finding(what, spread <= 0.1, words)


def _voltages(known: Known) -> Iterator[Finding]:
    to_neutral, between = _mean(known, _TO_NEUTRAL), _mean(known, _BETWEEN)
    if to_neutral and between and to_neutral > 0:
        ratio = between / to_neutral
        well = abs(ratio / math.sqrt(3) - 1) <= 0.03
        words = f"{between:,.6g} V between phases is {ratio:.3f} times {to_neutral:,.6g} V to neutral"
        yield Finding("kinds of voltage", well, words if well else f"{words}, and 1.732 is expected")


_TO_NEUTRAL = (("voltage_ln",), ("voltage_l1n", "voltage_l2n", "voltage_l3n"))
_BETWEEN = (("voltage_l1l2", "voltage_l2l3", "voltage_l3l1"),)


def _mean(known: Known, choices: Sequence[Sequence[str]]) -> float | None:
    for names in choices:
        if all(name in known for name in names):
            return sum(known[name] for name in names) / len(names)
    return None


def _power(known: Known) -> Iterator[Finding]:
    """Compare the power with what voltages, currents and power factors make of it."""
    if "active_power" not in known:
        return
    power = known["active_power"]
    made = list(_made(known))
    if not made:
        return
    best, formula, is_bound = min(made, key=lambda entry: abs(entry[0] - abs(power)))
    if max(best, abs(power)) < _IDLE_KW:
        yield Finding("power", None, "there is no load, so nothing can be compared")
        return
    told = f"{power:,.6g} kW, and {formula} makes {best:,.6g} kW"
    if is_bound:
        well = abs(power) <= best * (1 + _POWER_TOLERANCE)
        words = f"{power:,.6g} kW of the {best:,.6g} kVA that {formula} makes"
        yield Finding("power", well, words if well else f"{words}: check scales and transformer ratios")
        return
    off = abs(abs(power) - best) / max(best, abs(power))
    words = f"{told} ({off:.1%} apart)"
    yield Finding(
        "power", off < _POWER_TOLERANCE, words if off < _POWER_TOLERANCE else f"{words}: {_remedy(power, best)}"
    )


def _made(known: Known) -> Iterator[tuple[float, str, bool]]:
    """Yield powers [kW] that can be computed, their formula, and whether they are an upper bound only."""
    by_phase = [(f"voltage_l{n}n", f"current_l{n}", f"power_factor_l{n}") for n in (1, 2, 3)]
    if all(name in known for names in by_phase for name in names):
        total = sum(known[u] * known[i] * abs(known[pf]) for u, i, pf in by_phase) / 1e3
        yield total, "the sum of U x I x PF", False
        return
    current = _mean(known, (("current",), ("current_l1", "current_l2", "current_l3")))
    if current is None:
        return
    factor = abs(known["power_factor"]) if "power_factor" in known else None
    voltages = [(_mean(known, _TO_NEUTRAL), 3.0, "3"), (_mean(known, _BETWEEN), math.sqrt(3), "1.732")]
    if "voltage" in known:  # to neutral or between phases, as the meter has it
        voltages += [(known["voltage"], math.sqrt(3), "1.732"), (known["voltage"], 3.0, "3")]
    for voltage, times, shown in voltages:
        if voltage is not None:
            most = voltage * current * times / 1e3
            if factor is None:
                yield most, f"{shown} x U x I", True
            else:
                yield most * factor, f"{shown} x U x I x PF", False


def _remedy(power: float, made: float) -> str:
    if power and made > 0:
        tens = math.log10(made / abs(power))
        if abs(tens) > 0.9 and abs(tens - round(tens)) < 0.03:
            return f"a factor of {10 ** abs(round(tens)):g}: check scale and unit of both"
    return "check scales and transformer ratios"


def _apparent_power(known: Known) -> Iterator[Finding]:
    if not all(name in known for name in ("active_power", "reactive_power", "apparent_power")):
        return
    apparent = known["apparent_power"]
    made = math.hypot(known["active_power"], known["reactive_power"])
    if max(apparent, made) < _IDLE_KW:
        return
    off = apparent / made - 1 if made else math.inf
    words = f"{apparent:,.6g} kVA, and P and Q make {made:,.6g} kVA ({off:+.1%})"
    if abs(off) <= _POWER_TOLERANCE:
        yield Finding("apparent power", True, words)
    elif 0 < off <= 0.25:
        yield Finding("apparent power", True, f"{words}: as rectifiers make it, whose harmonics are in S only")
    else:
        yield Finding("apparent power", False, f"{words}: check scale and unit of the three")


def _dc_power(known: Known) -> Iterator[Finding]:
    made = dc_power_kw(known)
    told = known["dc_power"] * 1e3 if "dc_power" in known else known.get("active_power")
    if made is None or told is None or "frequency" in known:
        return
    size = max(abs(made), abs(told))
    if size < _IDLE_KW:
        yield Finding("power", None, "there is no load, so nothing can be compared")
        return
    off = abs(made - told) / size
    words = f"{told:,.6g} kW, and U x I makes {made:,.6g} kW ({off:.1%} apart)"
    yield Finding(
        "power", off < _POWER_TOLERANCE, words if off < _POWER_TOLERANCE else f"{words}: {_remedy(told, made)}"
    )
