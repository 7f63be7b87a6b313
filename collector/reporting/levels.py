"""Levels of standards that the energies of a period reach, and how far they are from the plant's targets. Pure.

Both go by what is stated above them: a value that is withheld reaches no level and meets no target.
"""

from collections.abc import Iterator, Mapping, Sequence

from collector.accounting.intensity import emissions_intensity
from collector.domain.levels import BEYOND, Indicator, Limits, excess_kwh, level_of
from collector.plant.factors import DatedSeries, DatedValue
from collector.plant.limits import Boundary
from collector.plant.rule_tables import Sourced
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.statement import Lack, Row, Section

_TARGETS = "Targets"


def levels(basis: Basis, intensities: Sequence[Row]) -> Section:
    """Return the level of each specific energy in each edition that holds on the first day of the period."""
    rows = [
        _level_row(edition, row, indicator, told)
        for edition, limits_of in basis.rules.energy_levels.items()
        for indicator, told in limits_of.items()
        if told.holds_on(basis.day)
        for row in intensities
        if row.label == indicator.value and row.unit == indicator.unit
    ]
    remarks = ("A level is of the period that the standard means, a year as a rule; of a shorter one it is a sign.",)
    return Section("Levels of specific energy", tuple(rows), remarks if rows else ())


def _level_row(edition: str, row: Row, indicator: Indicator, told: Sourced[Limits]) -> Row:
    limits = told.value
    bounds = f"levels 1 to 3: {limits.level_1:,.0f}, {limits.level_2:,.0f}, {limits.level_3:,.0f} {indicator.unit}"
    level = None if row.value is None else int(level_of(row.value, limits, indicator=indicator))
    note = f"above all levels; {bounds}" if level == BEYOND else bounds
    label = f"{edition}: level of {indicator.value}"
    reached = None if level is None or level == BEYOND else float(level)
    return Row(label, reached, "level", digits=0, where=row.where, note=note, source=f"{told.source} ({told.verified})")


def targets(
    basis: Basis, intensities: Sequence[Row], metal_t: Mapping[tuple[str, str], float]
) -> tuple[Section, list[Lack]]:
    """Return how far the period is from what the plant wants to reach.

    Parameters
    ----------
    intensities
        The stated specific energies, a row each.
    metal_t
        The metal below each of them, by place and boundary [t].
    """
    rows: list[Row] = []
    lacks: list[Lack] = []
    for boundary, series in basis.plant.targets.kwh_per_t.items():
        target, lack = _in_force(series, basis, f"kwh_per_t.{boundary.value}")
        lacks += lack
        stated = [row for row in intensities if row.label == boundary.value and row.unit == "kWh/t"]
        if target is None:
            continue
        if not stated:
            what = f"target of {boundary.value}: the boundary is not stated"
            lacks.append(Lack(what, "see what is missing of it"))
        for row in stated:
            rows += _gap(row, target, metal_t.get((row.where, row.label), 0.0), boundary)
    co2e = basis.plant.targets.t_co2e_per_t
    if co2e is not None:
        target, lack = _in_force(co2e, basis, "t_co2e_per_t")
        lacks += lack
        if target is not None:
            for line in basis.lines:
                rows += _emitted(basis, line, target)
    remarks = (
        "A gap above zero is missing to the target. It is within the uncertainty where it is smaller than that.",
    )
    return Section(_TARGETS, tuple(rows), remarks if rows else ()), lacks


def _in_force(series: DatedSeries, basis: Basis, key: str) -> tuple[DatedValue | None, list[Lack]]:
    try:
        return series.at(basis.last_ns), []
    except LookupError:
        first = series.values[0]
        since = basis.plant.calendar.day_of(first.valid_from_ns)
        what = f"target {key}: none is in force, the first holds from {since} on"
        return None, [Lack(what, f"add one with an earlier valid_from to [targets] {key}")]


def _gap(row: Row, target: DatedValue, metal_t: float, boundary: Boundary) -> Iterator[Row]:
    yield Row(f"target of {boundary.value}", target.value, "kWh/t", where=row.where, source=target.source)
    label = f"{boundary.value} above its target"
    if row.value is None:
        yield Row(label, None, "kWh/t", where=row.where, note=row.note)
        return
    gap = row.value - target.value
    yield Row(
        label,
        gap,
        "kWh/t",
        where=row.where,
        estimated_pct=row.estimated_pct,
        expanded_95=row.expanded_95,
        uncertainty=row.uncertainty,
        note=_verdict(gap, row.expanded_95),
    )
    mwh = excess_kwh(row.value * metal_t, metal_t=metal_t, limit_kwh_per_t=target.value) / 1000
    sure = None if row.expanded_95 is None else row.expanded_95 * metal_t / 1000
    yield Row(f"{label}, energy", mwh, "MWh", where=row.where, estimated_pct=row.estimated_pct, expanded_95=sure)


def _verdict(gap: float, expanded_95: float | None) -> str:
    """Return in words what a gap says."""
    met = "met" if gap <= 0 else "missed"
    if expanded_95 is None:
        return f"{met}; whether beyond the uncertainty is not known"
    return f"{met}, {'within' if abs(gap) <= expanded_95 else 'beyond'} the uncertainty"


def _emitted(basis: Basis, line: LineBasis, target: DatedValue) -> Iterator[Row]:
    """Yield how far the emissions of a potline, with location-based electricity, are from the target."""
    where, unit = line.potline.id, "t CO2e/t"
    yield Row("target of emissions", target.value, unit, 3, where, source=target.source)
    emitted_t = metal_t = covered_s = 0.0
    for segment in line.segments:
        if segment.parameters is None:
            continue
        told = emissions_intensity(
            segment.sums, segment.parameters, length_s=basis.known_s, least_coverage_pct=basis.least_coverage_pct
        )
        if told is not None and told.total_t_co2e is not None:
            pair = segment.sums.comprehensive
            emitted_t += told.total_t_co2e
            metal_t += told.metal_t
            covered_s += pair.covered_s + pair.estimated_s
    label = "emissions above their target"
    if 100 * covered_s < (basis.least_coverage_pct - 1e-6) * basis.known_s or not metal_t > 0:
        note = f"withheld: less than {basis.least_coverage_pct:g} % is known, or its parameters are not kept"
        yield Row(label, None, unit, 3, where, note=note)
        return
    gap = emitted_t / metal_t - target.value
    scope = "anodes, perfluorocarbons, electricity by the grid's factor"
    yield Row(label, gap, unit, 3, where, note=f"{_verdict(gap, None)}; {scope}")
    yield Row(f"{label}, mass", gap * metal_t, "t CO2e", 1, where)
