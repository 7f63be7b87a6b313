"""Statement of energy: kWh/t by boundary, levels, the tiered price, the month's end, day by day. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from collector.accounting.intensity import boundaries, energy_intensity
from collector.accounting.sums import Pair, Sums
from collector.plant.meter import Measures
from collector.reporting import levels, price, uncertainty
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.coal import coal_lacks, coal_rows
from collector.reporting.inside import lacking, pairs_of
from collector.reporting.statement import PLANT, Lack, Row, Section, Statement

DAY_S = 86400.0
_LAST_DAYS = 7
"""Days whose mean is carried on to the month's end: a week, so that no weekday weighs more than another."""
_COMPREHENSIVE = "liquid_comprehensive_ac"


def energy_statement(basis: Basis) -> Statement:
    """Return the statement of energy of a period."""
    intensity = _intensities(basis)
    missing = [*_not_stated(basis), *_uncertain(intensity.rows)]
    told = levels.levels(basis, intensity.rows)
    ends = price.month_end(basis, intensity.rows)
    tiers, lacks = price.price(basis, intensity.rows, _inside(basis, energy=True))
    targets, unmet = levels.targets(basis, intensity.rows, _inside(basis, energy=False))
    if not basis.rules.energy_levels:
        missing.append(Lack("levels of energy: there is no file of them", "add energy_levels.toml to factors_dir"))
    return basis.statement(
        "energy",
        "Energy of primary aluminium",
        rule="kWh/t by boundary; sums over sums",
        sections=[
            intensity,
            targets,
            told,
            tiers,
            ends,
            _amounts(basis),
            _by_day(basis),
        ],
        missing=[*missing, *unmet, *lacks],
        remarks=[
            "Metal follows from charge and current efficiency (Faraday); it is an estimate until tapping confirms it.",
            "Each kWh/t is the energy of a period over the metal of the same minutes, never a mean of ratios.",
        ],
    )


def pair_row(
    basis: Basis, where: str, boundary: str, pair: Pair, *, lines: int, known_s: float, period: str = ""
) -> Row:
    """Return kWh/t of a boundary, withheld where too little of the time is known.

    Parameters
    ----------
    where
        Potline, or the plant.
    lines
        Over how many potlines the pair was added up: their times add up, too.
    known_s
        How long the period is, as far as it is over [s].
    """
    stated = energy_intensity(pair, length_s=known_s * lines, least_coverage_pct=basis.least_coverage_pct)
    if stated is None:
        return Row(
            boundary, None, "kWh/t", where=where, period=period, coverage_pct=0.0, note="no whole minute is known"
        )
    note = "" if stated.kwh_per_t is not None else f"withheld: less than {basis.least_coverage_pct:g} % is known"
    return Row(
        boundary,
        stated.kwh_per_t,
        "kWh/t",
        where=where,
        period=period,
        coverage_pct=stated.coverage_pct,
        estimated_pct=stated.estimated_pct,
        quality=stated.quality,
        note=note,
    )


def _places(basis: Basis) -> Iterator[tuple[str, Sums, int, LineBasis | None]]:
    for line in basis.lines:
        yield line.potline.id, line.sums, 1, line
    if len(basis.lines) > 1:
        yield PLANT, basis.whole, len(basis.lines), None


def _intensities(basis: Basis) -> Section:
    rows = []
    for where, _, lines, line in _places(basis):
        for boundary, pair in pairs_of(basis, line).items():
            row = pair_row(basis, where, boundary, pair, lines=lines, known_s=basis.known_s)
            if row.value is not None:
                row = _sure(basis, line, boundary, row, pair)
            rows.append(row)
        if line is None or len(basis.lines) == len(basis.plant.potlines) == 1:
            rows += coal_rows(basis, where, rows)
    return Section("Specific energy by boundary", tuple(rows))


def _inside(basis: Basis, *, energy: bool) -> dict[tuple[str, str], float]:
    """Return the energy [kWh] or the metal [t] of each specific energy, by place and boundary."""
    return {
        (where, boundary): pair.energy_kwh if energy else pair.metal_t
        for where, _, _, line in _places(basis)
        for boundary, pair in pairs_of(basis, line).items()
    }


def _sure(basis: Basis, line: LineBasis | None, boundary: str, row: Row, pair: Pair) -> Row:
    if line is None:
        reason = "of several potlines: see each of them"
        return replace(row, uncertainty=reason)
    if boundary not in uncertainty.ROLES:
        return replace(row, uncertainty="is not told of what the casthouse's books say")
    budget = uncertainty.of_energy(basis.plant, line.potline, boundary, line.sums, pair, basis.last_ns)
    reason = uncertainty.why_none(budget)
    return replace(row, expanded_95=None if budget is None else budget.expanded_95, uncertainty=reason)


def _uncertain(rows: tuple[Row, ...]) -> Iterator[Lack]:
    for row in rows:
        if row.uncertainty.startswith("not configured"):
            remedy = "add class or uncertainty to meters, and uncertainty to current_efficiency"
            yield Lack(f"uncertainty of {row.label} of {row.where}: {row.uncertainty}", remedy)


def _not_stated(basis: Basis) -> Iterator[Lack]:
    yield from lacking(basis)
    yield from coal_lacks(basis)
    for line in basis.lines:
        for boundary, pair in pairs_of(basis, line).items():
            if not pair.minutes:
                what = f"{boundary} of {line.potline.id}: no minute is known to its full length"
                yield Lack(what, "see 'potline status' for its meters")


def _amounts(basis: Basis) -> Section:
    rows = []
    for where, sums, _, _ in _places(basis):
        rows += [
            Row("DC energy", sums.dc_kwh / 1000, "MWh", where=where),
            Row("AC energy into the rectifiers", sums.ac_kwh / 1000, "MWh", where=where),
            Row("AC energy of services", sums.auxiliary_kwh / 1000, "MWh", where=where),
            *_parts(basis, where, sums),
            Row("metal (Faraday)", sums.metal_t, "t", digits=3, where=where),
            Row("metal tapped", sums.tapped_t, "t", digits=3, where=where, note="as weighed; not in the ratios"),
            Row("cell-days", sums.cell_days, "d", where=where),
            Row("anode effects", float(sums.anode_effects), "effects", digits=0, where=where),
        ]
    return Section("Amounts of the period", tuple(rows), ("All that is booked, whether or not it enters a ratio.",))


def _parts(basis: Basis, where: str, sums: Sums) -> Iterator[Row]:
    """Yield what is a part of other energies, or is added to them, where the plant tells it."""
    plant = basis.plant
    if any(meter.measures is Measures.STARTUP_AC for meter in plant.meters):
        yield Row("AC energy of starting pots", sums.startup_kwh / 1000, "MWh", where=where, note="in the rectifiers'")
    if any(line.idle_busbar_share is not None for line in plant.potlines):
        yield Row("losses of idle busbars", sums.idle_busbar_kwh / 1000, "MWh", where=where, note="in the rectifiers'")
    if any(line.line_loss_share is not None for line in plant.potlines):
        yield Row("losses before the meters", sums.line_loss_kwh / 1000, "MWh", where=where)


def _by_day(basis: Basis) -> Section:
    rows = []
    for line in basis.lines:
        for day in line.days if len(line.days) > 1 else ():
            for boundary, pair in boundaries(day.sums).items():
                where, known_s = line.potline.id, day.known_s
                rows.append(pair_row(basis, where, boundary, pair, lines=1, known_s=known_s, period=day.label))
            metal = day.sums.metal_t if day.sums.minutes else None
            rows.append(Row("metal", metal, "t", digits=2, where=line.potline.id, period=day.label))
    return Section("Day by day", tuple(rows), by_period=True)
