"""Statement of compliance: the plant's limits, what exceeded them and when, and the limits of the rules. Pure.

Only what is measured is judged; a block of time of which too little is known is withheld, and says neither.
"""

from collections.abc import Iterator

import numpy as np

from collector.domain import exceedance
from collector.plant.limits import SPECIFIC, Limit
from collector.plant.rule_tables import LimitRule, PollutantLimit, Sourced
from collector.readings.quantity import Quantity
from collector.reporting.basis import Averages, Basis
from collector.reporting.statement import PLANT, Lack, Row, Section, Statement

_MOST_SHOWN = 200
"""Blocks that are listed of one limit; more are counted."""
_MEASURED_AS = {"so2": Quantity.SO2, "particulate": Quantity.DUST, "hf": Quantity.HF}
_AVERAGED = {"hour": 3600.0}


def compliance_statement(basis: Basis) -> Statement:
    """Return the statement of compliance of a period."""
    verdicts, blocks, missing = [], [], []
    for limit in basis.plant.limits:
        if not basis.has_in_force(limit):
            continue
        known = basis.averages.get(limit.name, ())
        if not known:
            missing.append(_not_judged(limit))
        for averages in known:
            rows, exceeded = _judged(basis, limit, averages)
            verdicts += rows
            blocks += exceeded
    if not basis.plant.limits:
        missing.append(Lack("limits: none is configured for the plant", "add [limits.NAME] from your permit"))
    of_rules = Section(
        "Limits of rules",
        tuple(_of_rules(basis)),
        ("Limits of dry gas at 0 degC and 101.325 kPa; measured values are judged by the plant's own limits above.",),
    )
    if not basis.rules.emission_limits:
        missing.append(Lack("limits of rules: there is no file of them", "add emission_limits.toml to factors_dir"))
        of_rules = Section(of_rules.title, ())
    return basis.statement(
        "compliance",
        "Compliance with limits",
        rule=f"a block of time counts from {basis.least_coverage_pct:g} % coverage on",
        sections=[
            Section("Limits of the plant", tuple(verdicts)),
            Section("Blocks outside their limit", tuple(blocks)),
            of_rules,
        ],
        missing=missing,
        remarks=[
            "Concentrations are judged as analysers tell them; reference conditions are set in the analysers.",
            "A value on the limit meets it. A withheld block is neither met nor exceeded.",
        ],
    )


def _judged(basis: Basis, limit: Limit, averages: Averages) -> tuple[list[Row], list[Row]]:
    """Return what a limit says of a meter, and the blocks that lie outside it."""
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
    expected = max(1, _blocks_in_force(basis, limit))
    known = int(np.count_nonzero(~withheld))
    where = limit.stack or limit.potline or PLANT
    name = f"{limit.name} ({averages.quantity.label})"
    bounds = _bounds(limit)
    rows = [
        Row(
            f"{name}: blocks outside",
            float(np.count_nonzero(outside)),
            "blocks",
            0,
            where,
            note=bounds,
            source=limit.source,
        ),
        Row(
            f"{name}: blocks judged", float(known), "blocks", 0, where, coverage_pct=min(100.0, 100 * known / expected)
        ),
        Row(f"{name}: blocks withheld", float(max(expected, len(means)) - known), "blocks", 0, where),
    ]
    judged = means[~withheld]
    if len(judged):
        rows += [
            Row(f"{name}: greatest mean", float(judged.max()), limit.unit, 2, where),
            Row(f"{name}: least mean", float(judged.min()), limit.unit, 2, where),
        ]
        if limit.most is not None:
            share = float(exceedance.share_of_limit(max(0.0, float(judged.max())), limit=limit.most))
            rows.append(Row(f"{name}: greatest mean over the limit", 100 * share, "%", 1, where))
    places = np.flatnonzero(outside)
    blocks = [
        Row(
            name,
            float(means[place]),
            limit.unit,
            2,
            where,
            period=basis.plant.calendar.local(averages.starts_ns[place]).isoformat(sep=" ", timespec="minutes"),
            coverage_pct=100 * min(1.0, float(covered[place])),
            note=f"{averages.meter}; {bounds}",
        )
        for place in places[:_MOST_SHOWN]
    ]
    if len(places) > _MOST_SHOWN:
        more = float(len(places) - _MOST_SHOWN)
        blocks.append(Row(f"{name}: further blocks outside", more, "blocks", 0, where, note="state a shorter period"))
    return rows, blocks


def _blocks_in_force(basis: Basis, limit: Limit) -> int:
    """Return how many whole blocks of the period begin while a limit holds."""
    length_ns = round(limit.averaged_over_s * 1e9)
    starts = range(basis.window.start_ns, basis.last_ns + 2 - length_ns, length_ns)
    return sum(limit.in_force(start) for start in starts)


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
        return Lack(f"{what}: no mass of it is in the accounts", "judge it by the mass that a laboratory reports")
    if limit.quantity in {Quantity.POT_VOLTAGE, Quantity.POT_RESISTANCE, Quantity.POT_NOISE, Quantity.BATH_TEMPERATURE}:
        return Lack(f"{what}: values of single pots are not kept", "ask the database for the stream 'pot'")
    return Lack(f"{what}: it is not measured, or its inputs are no longer kept", "see 'potline status' and keep_inputs")


def _of_rules(basis: Basis) -> Iterator[Row]:
    measured = {
        quantity for stack in basis.plant.stacks for m in basis.plant.stack_meters(stack) for quantity in m.quantities
    }
    for name, told in basis.rules.emission_limits.items():
        for limit in told.value.limits:
            yield _rule_row(name, told, limit, measured)


def _rule_row(name: str, told: Sourced[LimitRule], limit: PollutantLimit, measured: set[Quantity]) -> Row:
    said = [f"{limit.outlets}"]
    said += [f"cells {', '.join(limit.cells)}"] if limit.cells else []
    said += [f"{limit.plants} plants"] if limit.plants else []
    said.append(f"mean over a {limit.averaging}" if limit.averaging else "the source names no averaging time")
    quantity = _MEASURED_AS.get(limit.pollutant)
    if quantity is None:
        said.append("not measured: analysers see gaseous HF alone")
    elif quantity not in measured:
        said.append("not measured")
    elif not limit.averaging:
        said.append("not judged: take the averaging time of your permit into [limits.NAME]")
    if not told.value.is_law:
        said.append("a draft, for comparison only")
    source = f"{told.source} ({told.verified})"
    return Row(f"{name}: {limit.pollutant}", limit.limit, limit.unit, 2, note="; ".join(said), source=source)
