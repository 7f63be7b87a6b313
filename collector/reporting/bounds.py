"""What measurements of a period are judged by: the plant's own limits, and those of the rules that hold there. Pure.

A rule's limit on a concentration is one for each stack; one on the mass per tonne of metal is of the plant.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from collector.accounting.windows import DAY_NS, Window, window_of, windows_between
from collector.plant.calendar import Calendar
from collector.plant.limits import SPECIFIC, Limit, RuleInForce
from collector.plant.rule_tables import LimitRule, PollutantLimit, RuleTables, Sourced
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity

MEASURED_AS = {"so2": Quantity.SO2, "particulate": Quantity.DUST, "hf": Quantity.HF}
"""What analysers measure of the pollutants that rules name. Total fluoride is more than the gaseous HF they see."""

_SECONDS = {"hour": 3600.0, "day": 86400.0, "month": 30 * 86400.0, "year": 365 * 86400.0}
_CALENDAR = {3600.0: "hour", 86400.0: "day"}


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit as it is judged.

    Attributes
    ----------
    limit : Limit
        The plant's own, or one that a rule's was made into; its name is told.
    window : str
        The windows of the calendar that its means are of; empty: blocks of its averaging time from the first midnight.
    is_normal : bool
        It is put on dry gas at 0 degC and 101.325 kPa; else on what the analyser tells.
    note : str
        What the reader must know of it.
    """

    limit: Limit
    window: str = ""
    is_normal: bool = False
    note: str = ""

    @property
    def key(self) -> str:
        """Its name, with its stack where a rule's limit is one of each stack."""
        return f"{self.limit.name} at {self.limit.stack}" if self.is_normal else self.limit.name

    def blocks(self, start_ns: int, end_ns: int, calendar: Calendar) -> list[tuple[int, int]]:
        """Return the whole blocks of a period that begin while it holds: beginning and end of each [ns]."""
        if self.window:
            found = _windows(self.window, start_ns, end_ns, calendar)
        else:
            length_ns = round(self.limit.averaged_over_s * 1e9)
            first_ns = start_ns
            if length_ns < DAY_NS:  # on the same times whenever a statement begins
                day_ns = window_of("day", start_ns, calendar).start_ns
                first_ns = day_ns - (day_ns - start_ns) // length_ns * length_ns
            found = [(time_ns, time_ns + length_ns) for time_ns in range(first_ns, end_ns - length_ns + 1, length_ns)]
        return [block for block in found if self.limit.in_force(block[0])]


def bounds_of(plant: Plant, rules: RuleTables) -> list[Bound]:
    """Return all that is judged: the plant's own limits first."""
    own = [Bound(limit, _CALENDAR.get(limit.averaged_over_s, "")) for limit in plant.limits]
    return own + [
        bound
        for choice in plant.limit_rules
        if choice.rule in rules.emission_limits
        for limit in chosen(choice, rules.emission_limits[choice.rule])
        for bound in _bounds(plant, choice, rules.emission_limits[choice.rule], limit)
    ]


def chosen(choice: RuleInForce, told: Sourced[LimitRule]) -> list[PollutantLimit]:
    """Return the limits of a rule that hold for the plant's cells and age."""
    return [
        limit
        for limit in told.value.limits
        if limit.plants in {"", choice.plants} and (not limit.cells or choice.cells in limit.cells)
    ]


def why_not(choice: RuleInForce, limit: PollutantLimit) -> str:
    """Return why a limit of a rule cannot be judged by what a plant can measure; empty where it can."""
    if limit.outlets == "boundary":
        return "the air at the fence is not measured"
    if limit.pollutant not in MEASURED_AS:
        return "analysers see gaseous HF alone, and it is put on all fluoride"
    if not limit.averaging and choice.averaged_over_s is None:
        return "neither the rule nor the settings name the time of its mean"
    return ""


def _bounds(plant: Plant, choice: RuleInForce, told: Sourced[LimitRule], limit: PollutantLimit) -> Iterator[Bound]:
    if why_not(choice, limit):
        return
    over_s = _SECONDS[limit.averaging] if limit.averaging else choice.averaged_over_s or 0.0
    window = limit.averaging if limit.averaging in {"hour", "day", "month"} else _CALENDAR.get(over_s, "")
    judged = Limit(
        name=f"{choice.rule}: {limit.pollutant}",
        quantity=MEASURED_AS[limit.pollutant],
        unit=limit.unit,
        averaged_over_s=over_s,
        valid_from_ns=choice.valid_from_ns,
        source=f"{told.source} ({told.verified}); {choice.source}",
        most=limit.limit,
        valid_to_ns=choice.valid_to_ns,
    )
    note = "" if told.value.is_law else "a draft, for comparison only"
    if limit.unit == SPECIFIC:
        roof = "of the stacks alone: the roof is not measured" if limit.outlets == "potroom" else ""
        yield Bound(judged, window, note="; ".join(part for part in (roof, note) if part))
        return
    for stack in plant.stacks:
        yield Bound(replace(judged, stack=stack), window, is_normal=True, note=note)


def _windows(name: str, start_ns: int, end_ns: int, calendar: Calendar) -> list[tuple[int, int]]:
    found: list[Window] = list(windows_between(name, start_ns, end_ns, calendar))
    return [(each.start_ns, each.end_ns) for each in found if start_ns <= each.start_ns and each.end_ns <= end_ns]
