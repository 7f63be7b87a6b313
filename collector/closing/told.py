"""Factors that are told while the plant runs: what a plant is with them, and which minutes each of them touches.

What was told is kept in the store like any event: all revisions of it, of which the highest counts. Two of one factor
that tell of the same time cannot both count; the one that comes later is refused, unless it replaces the other by its
id. What is refused goes to the dead letters with the reason, and nothing is stated by it.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

import msgspec

from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.contracts import Certificates, Contract, Technology
from collector.plant.factors import FactorSeries
from collector.plant.told import ToldValue, ToldValues
from collector.plant.topology import Plant
from collector.readings.event import ToldFactor
from collector.readings.outgoing import DeadLetter

GRID, RESIDUAL, CERTIFICATES, CONTRACTS = "grid_factor", "residual_factor", "certificates", "contracts."

APART = "none"
"""Stands for the contract of certificates that are about none."""

WHY = "a factor was told or corrected"

Times = tuple[int, int]
"""From when until when [UTC ns]."""


_Thing = tuple[str, str, str]


@dataclass(slots=True)
class Judged:
    """What follows from factors that were told.

    Attributes
    ----------
    refused : list of ToldFactor and str
        What cannot be, and why.
    minutes : list of Times
        Whose minutes are to be stated again: the grid's factor stands in them.
    windows : list of Times
        Whose windows of the plant as a whole are to be stated again.
    """

    refused: list[tuple[ToldFactor, str]] = field(default_factory=list)
    minutes: list[Times] = field(default_factory=list)
    windows: list[Times] = field(default_factory=list)

    def dead(self, time_ns: int) -> list[DeadLetter]:
        """Return what is refused as dead letters."""
        return [
            DeadLetter(time_ns, "told factors", event.id, msgspec.json.encode(asdict(event)), why)
            for event, why in self.refused
        ]


class ToldFactors:
    """The factors that count now, and the plant with them.

    Parameters
    ----------
    plant
        As it is configured.
    known
        What the store has, each as its highest rank tells it.
    """

    def __init__(self, plant: Plant, known: Iterable[ToldFactor]) -> None:
        self._plant = plant
        self._told: dict[str, ToldFactor] = {}
        self._of_one: dict[_Thing, _Intervals] = {}
        for event in known:
            self._take(event)

    @property
    def plant(self) -> Plant:
        """The plant with what was told of it."""
        return as_told(self._plant, self._told.values())

    def judge(self, fresh: Sequence[ToldFactor]) -> Judged:
        """Take factors in that tell something new, in the order in which they came."""
        judged = Judged()
        for event in fresh:
            why = why_not(self._plant, event, self._beside(event))
            if why is not None:
                judged.refused.append((event, why))
                continue
            before = self._told.get(event.id)
            self._take(event)
            for each in (event,) if before is None else (before, event):
                judged.windows.append((each.time_ns, each.until_ns))
                if each.factor == GRID:
                    judged.minutes.append((each.time_ns, each.until_ns))
        return judged

    def _take(self, event: ToldFactor) -> None:
        before = self._told.get(event.id)
        if before is not None and before.value is not None:
            self._of_one[_thing(before)].discard(before)
        self._told[event.id] = event
        if event.value is not None:
            self._of_one.setdefault(_thing(event), _Intervals()).add(event)

    def _beside(self, event: ToldFactor) -> str | None:
        """Return the id of another word on the same thing and some of the same time; None where there is none."""
        listed = self._of_one.get(_thing(event))
        return None if listed is None else listed.beside(event)


class _Intervals:
    """Words on one thing by their beginning: no two of them tell of the same time, so two neighbours are all to see."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, str]] = []

    def add(self, event: ToldFactor) -> None:
        insort(self._rows, (event.time_ns, event.until_ns, event.id))

    def discard(self, event: ToldFactor) -> None:
        row = (event.time_ns, event.until_ns, event.id)
        place = bisect_left(self._rows, row)
        if self._rows[place : place + 1] == [row]:
            del self._rows[place]

    def beside(self, event: ToldFactor) -> str | None:
        """Return the id of another one with a part in an interval."""
        place = max(0, bisect_left(self._rows, (event.time_ns,)) - 2)  # one before it may be its own last revision
        for start_ns, end_ns, id_ in self._rows[place:]:
            if start_ns >= event.until_ns:
                break
            if end_ns > event.time_ns and id_ != event.id:
                return id_
        return None


def why_not(plant: Plant, event: ToldFactor, beside: str | None) -> str | None:
    """Return why a factor that is told cannot be taken, with the remedy; None if it can.

    ``beside``: the id of another one that tells of the same thing and time.
    """
    why = _unknown(plant, event)
    if why is not None or event.value is None:
        return why
    if beside is not None:
        what = f"{event.factor} is told of a time of which {beside} tells already"
        return f"{what}; send it as a higher revision of {beside}, or withdraw that one first"
    return _counted_twice(plant, event) if event.factor == CERTIFICATES else None


def _unknown(plant: Plant, event: ToldFactor) -> str | None:
    """Return why a plant has no use for a factor."""
    series = {GRID: plant.grid_factor, RESIDUAL: plant.residual_factor}
    if event.factor in series:
        one = series[event.factor]
        if one is None:
            return f"{event.factor} is not configured; add it to [emissions], with {event.factor}_untold"
        remedy = f'add {event.factor}_untold = "estimate" or "withhold" to [emissions]'
        return None if one.untold is not None else f"{event.factor} is not one that is told; {remedy}"
    if event.factor == CERTIFICATES:
        told = plant.portfolio.certificates_told
        return None if told else "certificates are not told here; write told = true in [certificates]"
    name = event.factor.removeprefix(CONTRACTS)
    contract = next((each for each in plant.portfolio.contracts if each.name == name), None)
    if contract is None:
        return f"there is no contract '{name}'; add [contracts.{name}], or correct the name"
    if contract.untold is None:
        return f'contract {name} is not one that is told; add untold = "estimate" or "withhold" to it'
    return None


def _thing(event: ToldFactor) -> _Thing:
    """Return what a factor tells of. Certificates of several registry ids may cover one time."""
    return event.factor, event.registry_id, event.technology


def _counted_twice(plant: Plant, event: ToldFactor) -> str | None:
    """Return why certificates are not counted: a contract, or the sheet of certificates, counts them already."""
    if event.contract not in {"", APART}:
        what = f"it is about the energy of contract {event.contract}, which counts it already"
        return f"{what}; tell no such certificates"
    for contract in plant.portfolio.contracts if not event.contract else ():
        over = contract.valid_to_ns is not None and contract.valid_to_ns <= event.time_ns
        alike = contract.certificate and contract.technology.value == event.technology
        if alike and contract.valid_from_ns < event.until_ns and not over:
            what = f"it may be about the energy of contract {contract.name}, which has certificate = true"
            return f'{what}; tell the contract, or contract = "{APART}" where they were bought apart'
    for sheet in plant.portfolio.certificates:
        alike = (sheet.registry_id, sheet.technology.value) == (event.registry_id, event.technology)
        if alike and sheet.mwh.known_ns(event.time_ns, event.until_ns):
            what = f"{sheet.mwh.name} tells {event.registry_id} of the same time"
            return f"{what}; a certificate is cancelled once: keep one of both"
    return None


def as_told(plant: Plant, known: Iterable[ToldFactor]) -> Plant:
    """Return a plant with the factors that were told. What its settings no longer want is left out."""
    by_factor: dict[str, list[ToldFactor]] = {}
    for event in sorted(known, key=lambda each: (each.time_ns, each.id)):
        if event.value is not None and _unknown(plant, event) is None:
            by_factor.setdefault(event.factor, []).append(event)
    if not by_factor:
        return plant
    portfolio = plant.portfolio
    return replace(
        plant,
        grid_factor=_with(plant.grid_factor, by_factor.get(GRID, [])),
        residual_factor=plant.residual_factor and _with(plant.residual_factor, by_factor.get(RESIDUAL, [])),
        portfolio=replace(
            portfolio,
            contracts=tuple(_delivering(each, by_factor) for each in portfolio.contracts),
            certificates=(*portfolio.certificates, *map(_certificates, by_factor.get(CERTIFICATES, []))),
        ),
    )


def _with(series: FactorSeries, told: Sequence[ToldFactor]) -> FactorSeries:
    return replace(series, told=_values(told)) if told else series


def _delivering(contract: Contract, by_factor: dict[str, list[ToldFactor]]) -> Contract:
    told = by_factor.get(CONTRACTS + contract.name, [])
    return replace(contract, told=_values(told)) if told else contract


def _values(told: Sequence[ToldFactor]) -> ToldValues:
    return ToldValues(
        tuple(
            ToldValue(each.id, each.rank, each.time_ns, each.until_ns, each.value, each.source)
            for each in told
            if each.value is not None
        )
    )


def _certificates(event: ToldFactor) -> Certificates:
    mwh = (event.value or 0.0) / 1000
    amounts = ToldAmounts(event.id, (Amount(event.time_ns, event.until_ns, mwh, f"{event.id} revision {event.rank}"),))
    return Certificates(event.registry_id, Technology(event.technology), amounts)


def used_in(plant: Plant, start_ns: int, end_ns: int) -> tuple[str, ...]:
    """Return what was told of an interval and is used in it: ids and revisions, in order."""
    values = [plant.grid_factor.told]
    values += [plant.residual_factor.told] if plant.residual_factor is not None else []
    values += [contract.told for contract in plant.portfolio.contracts]
    named = {each.name for listed in values for each in listed.within(start_ns, end_ns)}
    if plant.portfolio.certificates_told:
        for each in plant.portfolio.certificates:
            named |= {row.source for row in each.mwh.rows if row.start_ns < end_ns and start_ns < row.end_ns}
    return tuple(sorted(named))
