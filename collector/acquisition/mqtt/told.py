"""Events of the books and of the market: metal tapped per crucible, and factors told for an interval. Pure."""

import math
from collections.abc import Mapping

from collector.acquisition.mqtt.fields import Fields, day_in
from collector.acquisition.mqtt.instants import DAY_NS, NO_EARLIER_NS
from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.acquisition.mqtt.owners import Owners
from collector.domain.electricity import location_based_co2_t
from collector.plant.calendar import Calendar
from collector.plant.event_fields import ENERGY_UNITS, FACTOR_UNITS
from collector.plant.layout import (
    Level,
)
from collector.readings import units
from collector.readings.cell import MINUTE_NS
from collector.readings.event import MetalTapped, ToldFactor

_MOST_RANK = 1 << 48
_ROUNDING_KG = 0.5
"""The masses of pots are told in whole kilogrammes, or rounded to some of their digits [kg]."""

_AHEAD_NS = 366 * DAY_NS
"""No interval begins or ends further ahead than certificates of a year do."""
_LONGEST_NS = 366 * DAY_NS

GRID, RESIDUAL, CERTIFICATES, CONTRACTS = "grid_factor", "residual_factor", "certificates", "contracts."
"""What a factor may be of; that of a contract is followed by its id."""


def read_metal_tapped(
    fields: Fields, owners: Owners, calendar: Calendar, names: Mapping[Level, str], arrived_ns: int
) -> MetalTapped:
    """Return what the books say of a crucible.

    Raises
    ------
    PayloadProblem
        If it cannot be.
    """
    shares = fields.shares("pots")
    pots = [pot for pot, _ in shares]
    line = owners.line_of(pots)
    if (told := fields.text("potline")) is not None or Level.POTLINE in names:
        named = owners.potline(names, told)
        if named != line:
            raise PayloadProblem(Cause.CONTRADICTION, f"its pots are on potline {line}, and it speaks of {named}")
    if len(set(pots)) < len(pots):
        raise PayloadProblem(Cause.CONTRADICTION, "a pot stands in it twice; tell its mass once")
    if any(mass < 0 for _, mass in shares):
        raise PayloadProblem(Cause.CONTRADICTION, "the mass of a pot is negative")
    together, net_kg = math.fsum(mass for _, mass in shares), fields.measure("net")
    if net_kg is not None and abs(net_kg - together) > _ROUNDING_KG * len(shares):
        what = f"its pots have {together:g} kg together, and its net is {net_kg:g} kg"
        raise PayloadProblem(Cause.CONTRADICTION, f"{what}; correct one of them and send it with a higher revision")
    time_ns = fields.time("time", arrived_ns)
    return MetalTapped(
        id=fields.needed_text("id"),
        rank=fields.whole("revision", _MOST_RANK),
        potline=line,
        time_ns=_start_of(fields.needed_text("shift"), calendar, arrived_ns) if time_ns is None else time_ns,
        weighing_id=fields.needed_text("weighing"),
        pots=shares,
        net_kg=together if net_kg is None else net_kg,
    )


def _start_of(shift: str, calendar: Calendar, arrived_ns: int) -> int:
    """Return when a shift like 2026-03-01N begins [ns]; without shifts in the plant file, when its day does."""
    day, name = day_in(shift[:10]), shift[10:].lstrip("-/ ")
    if day is None:
        what = f"the shift '{shift}' does not begin with a day"
        raise PayloadProblem(Cause.WRONG_TYPE, f"{what}; write it like 2026-03-01N, or tell a time")
    known = calendar.shifts.names
    if known and name not in known:
        what = f"'{shift}' names no shift of the plant ({', '.join(known)})"
        raise PayloadProblem(Cause.UNKNOWN_NAME, f"{what}; correct it, or add it to [plant] shifts")
    if day.year < 2000:
        raise PayloadProblem(Cause.IMPOSSIBLE_TIME, f"{day} is before 2000")
    start_ns = calendar.shift_starts(day)[known.index(name)] if known else calendar.day_start(day)
    if start_ns > arrived_ns + DAY_NS:
        raise PayloadProblem(Cause.IMPOSSIBLE_TIME, f"shift '{shift}' begins more than a day after its arrival")
    return start_ns


def read_factor(fields: Fields, arrived_ns: int) -> ToldFactor:
    """Return a factor that is told for an interval, in the unit of the accounts.

    Raises
    ------
    PayloadProblem
        If it cannot be. Whether the plant has such a factor, and whether another one is told of the same time, is
        known where all of them are.
    """
    factor = fields.needed_word("factor")
    if factor not in (GRID, RESIDUAL, CERTIFICATES) and not factor.startswith(CONTRACTS):
        what = f"there is no factor '{factor}'"
        remedy = f"one of: {GRID}, {RESIDUAL}, {CERTIFICATES}, {CONTRACTS}ID; the layout's words may translate it"
        raise PayloadProblem(Cause.UNKNOWN_NAME, f"{what}; {remedy}")
    start_ns, end_ns = _interval(fields, arrived_ns)
    of_energy = factor not in (GRID, RESIDUAL)
    value = _value(fields, factor, ENERGY_UNITS if of_energy else FACTOR_UNITS)
    void = fields.flag("void")
    registry_id = technology = contract = ""
    if factor == CERTIFICATES:
        registry_id, technology = fields.needed_text("registry_id"), fields.needed_word("technology")
        contract = fields.text("contract") or ""
    return ToldFactor(
        id=fields.needed_text("id"),
        rank=fields.whole("revision", _MOST_RANK),
        factor=factor,
        time_ns=start_ns,
        until_ns=end_ns,
        value=None if void else value,
        source=fields.needed_text("source"),
        registry_id=registry_id,
        technology=technology,
        contract=contract,
    )


def _value(fields: Fields, factor: str, known: tuple[str, ...]) -> float:
    value, unit = fields.number("value"), fields.needed_word("unit")
    if unit not in known:
        raise PayloadProblem(Cause.WRONG_UNIT, f"{factor} is told in {unit}; one of: {', '.join(known)}")
    if value < 0:
        raise PayloadProblem(Cause.CONTRADICTION, f"{factor} is {value:g} {unit}, and cannot be negative")
    converted = value * units.factor(unit, known[0])
    if not math.isfinite(converted):
        raise PayloadProblem(Cause.NOT_A_NUMBER, f"{factor} of {value:g} {unit} is larger than any number")
    if known is FACTOR_UNITS:
        try:
            location_based_co2_t(1.0, grid_factor=converted)
        except ValueError as exc:
            raise PayloadProblem(Cause.WRONG_UNIT, f"{factor} is {value:g} {unit}: {exc}") from exc
    return converted


def _interval(fields: Fields, arrived_ns: int) -> tuple[int, int]:
    start_ns, end_ns = fields.time("from", None), fields.time("to", None)
    if start_ns is None or end_ns is None:
        raise PayloadProblem(Cause.MISSING, f"'{'from' if start_ns is None else 'to'}' is missing")
    if end_ns <= start_ns:
        raise PayloadProblem(Cause.CONTRADICTION, "its interval ends before it begins; 'to' is its end, not included")
    if start_ns < NO_EARLIER_NS or end_ns > arrived_ns + _AHEAD_NS or end_ns - start_ns > _LONGEST_NS:
        what = "its interval begins before 2000, is longer than a year, or ends more than a year after its arrival"
        raise PayloadProblem(Cause.IMPOSSIBLE_TIME, what)
    if start_ns % MINUTE_NS or end_ns % MINUTE_NS:
        raise PayloadProblem(Cause.IMPOSSIBLE_TIME, "its interval does not begin and end with whole minutes")
    return start_ns, end_ns
