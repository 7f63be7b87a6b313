"""Statement of compliance: the plant's limits and those of rules, what exceeded them, when and how long. Pure.

Only what is measured is judged; a block of time of which too little is known is withheld, and says neither.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.domain import exceedance
from collector.plant.limits import SPECIFIC, Limit
from collector.plant.rule_tables import LimitRule, PollutantLimit, Sourced
from collector.readings.quantity import Quantity
from collector.reporting.basis import Averages, Basis
from collector.reporting.bounds import MEASURED_AS, Bound, bounds_of, chosen, why_not
from collector.reporting.statement import PLANT, Lack, Row, Section, Statement

_MOST_SHOWN = 200
"""Exceedances that are listed of one limit; more are counted."""


def compliance_statement(basis: Basis) -> Statement:
    """Return the statement of compliance of a period."""
    verdicts: list[Row] = []
    exceeded: list[Row] = []
    missing: list[Lack] = []
    for bound in bounds_of(basis.plant, basis.rules):
        if not basis.has_in_force(bound.limit):
            continue
        known = basis.averages.get(bound.key, ())
        if not known:
            missing.append(_not_judged(bound.limit))
        for averages in known:
            if not averages.starts_ns and bound.is_normal:
                missing.append(_no_reference(bound.limit, averages))
                continue
            rows, found = _judged(basis, bound, averages)
            verdicts += rows
            exceeded += found
    missing += _rules_not_judged(basis)
    if not basis.plant.limits:
        missing.append(Lack("limits: none is configured for the plant", "add [limits.NAME] from your permit"))
    of_rules = Section(
        "Limits of rules",
        tuple(_of_rules(basis)),
        ("Limits of dry gas at 0 degC and 101.325 kPa. Those that [limit_rules] names are judged above.",),
    )
    if not basis.rules.emission_limits:
        missing.append(Lack("limits of rules: there is no file of them", "add emission_limits.toml to factors_dir"))
        of_rules = Section(of_rules.title, ())
    return basis.statement(
        "compliance",
        "Compliance with limits",
        rule=f"a block of time counts from {basis.least_coverage_pct:g} % coverage on",
        sections=[
            Section("Limits that were judged", tuple(verdicts)),
            Section("Exceedances", tuple(exceeded)),
            of_rules,
        ],
        missing=missing,
        remarks=[
            "The plant's own limits are judged as analysers tell; those of rules by dry gas at normal conditions.",
            "A value on the limit meets it. A withheld block is neither met nor exceeded.",
        ],
    )


@dataclass(frozen=True, slots=True)
class _Exceedance:
    """Blocks outside a limit, one right after the other: the places of the first and the last, and its times [ns]."""

    first: int
    last: int
    start_ns: int
    end_ns: int


def _judged(basis: Basis, bound: Bound, averages: Averages) -> tuple[list[Row], list[Row]]:
    """Return what a limit says of a meter, and when it was exceeded."""
    limit = bound.limit
    means, covered = np.array(averages.means), np.array(averages.covered)
    least = basis.least_coverage_pct / 100
    withheld = covered < least - 1e-9
    outside = np.zeros(len(means), np.bool_)
    if limit.most is not None:
        starts = np.array(averages.starts_ns, np.float64) / 1e9
        verdict = exceedance.judge(exceedance.Averages(starts, means, covered), limit=limit.most, least_covered=least)
        outside |= verdict.exceeded
    if limit.least is not None:
        outside |= ~withheld & (means < limit.least)
    blocks = bound.blocks(basis.window.start_ns, basis.last_ns + 1, basis.plant.calendar)
    ends = dict(blocks)
    expected = len(blocks)
    known = int(np.count_nonzero(~withheld))
    where, name = limit.stack or limit.potline or PLANT, f"{limit.name} ({averages.quantity.label})"
    bounds = _bounds(limit)
    note = "; ".join(part for part in (bounds, averages.reference, bound.note) if part)
    found = _exceedances(np.flatnonzero(outside), averages.starts_ns, ends)
    hours = sum(each.end_ns - each.start_ns for each in found) / 3.6e12
    share = min(100.0, 100 * known / expected) if expected else 0.0
    rows = [
        Row(
            f"{name}: blocks outside",
            float(np.count_nonzero(outside)) if known else None,
            "blocks",
            0,
            where,
            coverage_pct=share,
            note=note if known else f"withheld: no block is known enough; {note}",
            source=limit.source,
        ),
        Row(f"{name}: blocks judged", float(known), "blocks", 0, where, coverage_pct=share),
        Row(f"{name}: blocks withheld", float(max(expected, len(means)) - known), "blocks", 0, where),
        Row(f"{name}: exceedances", float(len(found)) if known else None, "exceedances", 0, where),
        Row(f"{name}: time outside", hours if known else None, "h", 2, where),
    ]
    rows += _extremes(name, limit, means[~withheld], where)
    return rows, list(_listed(basis, bound, averages, found, f"{averages.meter}; {bounds}"))


def _extremes(name: str, limit: Limit, judged: NDArray[np.float64], where: str) -> Iterator[Row]:
    if not len(judged):
        return
    yield Row(f"{name}: greatest mean", float(judged.max()), limit.unit, 2, where)
    yield Row(f"{name}: least mean", float(judged.min()), limit.unit, 2, where)
    if limit.most is not None:
        share = float(exceedance.share_of_limit(max(0.0, float(judged.max())), limit=limit.most))
        yield Row(f"{name}: greatest mean over the limit", 100 * share, "%", 1, where)


def _exceedances(places: NDArray[np.int64], starts_ns: Sequence[int], ends_ns: dict[int, int]) -> list[_Exceedance]:
    """Return the blocks outside, those that follow each other as one."""
    found: list[_Exceedance] = []
    for place in map(int, places):
        start_ns = starts_ns[place]
        end_ns = ends_ns[start_ns]
        if found and found[-1].end_ns == start_ns:
            found[-1] = _Exceedance(found[-1].first, place, found[-1].start_ns, end_ns)
        else:
            found.append(_Exceedance(place, place, start_ns, end_ns))
    return found


def _listed(basis: Basis, bound: Bound, averages: Averages, found: Sequence[_Exceedance], note: str) -> Iterator[Row]:
    """Yield the greatest excess and the length of each exceedance, at the time of its beginning."""
    limit, where = bound.limit, bound.limit.stack or bound.limit.potline or PLANT
    name = f"{limit.name} ({averages.quantity.label})"
    for each in found[:_MOST_SHOWN]:
        begins, ends = (
            basis.plant.calendar.local(time_ns).isoformat(sep=" ", timespec="minutes")
            for time_ns in (each.start_ns, each.end_ns)
        )
        means = averages.means[each.first : each.last + 1]
        is_above = limit.most is not None and max(means) > limit.most
        covered = min(averages.covered[each.first : each.last + 1])
        yield Row(
            f"{name}: outside, {'greatest' if is_above else 'least'} mean",
            float(max(means) if is_above else min(means)),
            limit.unit,
            2,
            where,
            period=begins,
            coverage_pct=100 * min(1.0, covered),
            note=note,
        )
        hours = (each.end_ns - each.start_ns) / 3.6e12
        yield Row(f"{name}: outside, length", hours, "h", 2, where, period=begins, note=f"until {ends}")
    if len(found) > _MOST_SHOWN:
        more = float(len(found) - _MOST_SHOWN)
        yield Row(f"{name}: further exceedances", more, "exceedances", 0, where, note="state a shorter period")


def _no_reference(limit: Limit, averages: Averages) -> Lack:
    what = f"{limit.name}: {limit.quantity.label} of {limit.stack} is not judged: {averages.reference}"
    remedy = f"add conditions to [meters.{averages.meter}], and temperature, absolute pressure and moisture of the gas"
    return Lack(what, remedy)


def _rules_not_judged(basis: Basis) -> Iterator[Lack]:
    for choice in basis.plant.limit_rules:
        told = basis.rules.emission_limits.get(choice.rule)
        for limit in chosen(choice, told) if told is not None else ():
            why = why_not(choice, limit)
            if why:
                what = f"{choice.rule}: {limit.pollutant} ({limit.outlets}) is not judged: {why}"
                yield Lack(what, "judge it by what a laboratory reports")


def _bounds(limit: Limit) -> str:
    hours = limit.averaged_over_s / 3600
    over = f"{hours:g} h" if hours >= 1 else f"{limit.averaged_over_s / 60:g} min"
    parts = [
        f"least {limit.least:g}" if limit.least is not None else "",
        f"most {limit.most:g}" if limit.most is not None else "",
    ]
    return f"{', '.join(part for part in parts if part)} {limit.unit}, mean over {over}"


def _not_judged(limit: Limit) -> Lack:
    place = limit.stack or limit.potline or "the plant"
    what = f"{limit.name}: {limit.quantity.label} of {place} is not judged"
    if limit.unit == SPECIFIC:
        return Lack(f"{what}: no mass of it is in the accounts", "measure concentration and flow of each stack")
    if limit.quantity in {Quantity.POT_VOLTAGE, Quantity.POT_RESISTANCE, Quantity.POT_NOISE, Quantity.BATH_TEMPERATURE}:
        return Lack(f"{what}: values of single pots are not kept", "ask the database for the stream 'pot'")
    return Lack(f"{what}: it is not measured, or its inputs are no longer kept", "see 'potline status' and keep_inputs")


def _of_rules(basis: Basis) -> Iterator[Row]:
    measured = {
        quantity for stack in basis.plant.stacks for m in basis.plant.stack_meters(stack) for quantity in m.quantities
    }
    for name, told in basis.rules.emission_limits.items():
        in_force = [choice for choice in basis.plant.limit_rules if choice.rule == name]
        for limit in told.value.limits:
            is_judged = any(limit in chosen(choice, told) and not why_not(choice, limit) for choice in in_force)
            yield _rule_row(name, told, limit, measured, is_judged=is_judged)


def _rule_row(
    name: str, told: Sourced[LimitRule], limit: PollutantLimit, measured: set[Quantity], *, is_judged: bool
) -> Row:
    said = [f"{limit.outlets}"]
    said += [f"cells {', '.join(limit.cells)}"] if limit.cells else []
    said += [f"{limit.plants} plants"] if limit.plants else []
    said.append(f"mean over a {limit.averaging}" if limit.averaging else "the source names no averaging time")
    quantity = MEASURED_AS.get(limit.pollutant)
    if is_judged:
        said.append("judged above")
    elif quantity is None:
        said.append("not measured: analysers see gaseous HF alone")
    elif quantity not in measured:
        said.append("not measured")
    elif not limit.averaging:
        said.append(f"not judged: name {name} and the averaging time of your permit in [limit_rules]")
    else:
        said.append(f"not judged: name {name} in [limit_rules], if it holds for the plant")
    if not told.value.is_law:
        said.append("a draft, for comparison only")
    source = f"{told.source} ({told.verified})"
    return Row(f"{name}: {limit.pollutant}", limit.limit, limit.unit, 2, note="; ".join(said), source=source)
