"""Statement of energy: kWh/t by boundary, levels, the tiered price, the month's end, day by day. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from collector.accounting.intensity import boundaries, energy_intensity
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.period_metal import PeriodMetal
from collector.accounting.sums import Pair, Sums
from collector.plant.meter import Measures
from collector.reporting import levels, price, shares, uncertainty
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.coal import coal_lacks, coal_rows
from collector.reporting.efficiency import efficiency_section
from collector.reporting.inside import INGOT, lacking, pairs_of
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
    efficiency, warnings = efficiency_section(basis)
    if not basis.rules.energy_levels:
        missing.append(Lack("levels of energy: there is no file of them", "add energy_levels.toml to factors_dir"))
    return basis.statement(
        "energy",
        "Energy of primary aluminium",
        rule="kWh/t by boundary; sums over sums",
        sections=[intensity, targets, efficiency, told, tiers, ends, _amounts(basis), _by_day(basis)],
        missing=[*missing, *unmet, *lacks],
        remarks=[
            *warnings,
            shares.metal_remark(basis.metal),
            "Each kWh/t is the energy of a period over the metal of the same minutes, never a mean of ratios.",
        ],
    )


def pair_row(
    basis: Basis, where: str, boundary: str, pair: Pair, *, lines: int, known_s: float, metal: str, period: str = ""
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
    metal
        On what the metal of the pair stands, in words.
    """
    stated = energy_intensity(pair, length_s=known_s * lines, least_coverage_pct=basis.least_coverage_pct)
    if stated is None:
        return Row(
            boundary, None, "kWh/t", where=where, period=period, coverage_pct=0.0, note="no whole minute is known"
        )
    note = f"withheld: less than {basis.least_coverage_pct:g} % is known"
    if stated.kwh_per_t is not None:
        note = f"metal: {metal}"
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


@dataclass(frozen=True, slots=True)
class _Place:
    """A potline, or all of them: ``lines`` is how many, ``line`` None where they are several."""

    where: str
    sums: Sums
    metal: PeriodMetal
    lines: int = 1
    line: LineBasis | None = None

    def row(self, basis: Basis, boundary: str, pair: Pair) -> Row:
        words = "ingots cast" if boundary == INGOT else self.metal.words
        return pair_row(basis, self.where, boundary, pair, lines=self.lines, known_s=basis.known_s, metal=words)


def _places(basis: Basis) -> Iterator[_Place]:
    for line in basis.lines:
        yield _Place(line.potline.id, line.sums, line.metal, line=line)
    if len(basis.lines) > 1:
        yield _Place(PLANT, basis.whole, basis.metal, len(basis.lines))


def _intensities(basis: Basis) -> Section:
    rows = []
    for place in _places(basis):
        for boundary, pair in pairs_of(basis, place.line).items():
            row = place.row(basis, boundary, pair)
            if row.value is not None:
                row = _sure(basis, place.line, boundary, row, pair)
            rows.append(row)
        if place.line is None or len(basis.lines) == len(basis.plant.potlines) == 1:
            rows += coal_rows(basis, place.where, rows)
    return Section("Specific energy by boundary", tuple(rows))


def _inside(basis: Basis, *, energy: bool) -> dict[tuple[str, str], float]:
    """Return the energy [kWh] or the metal [t] of each specific energy, by place and boundary."""
    return {
        (place.where, boundary): pair.energy_kwh if energy else pair.metal_t
        for place in _places(basis)
        for boundary, pair in pairs_of(basis, place.line).items()
    }


def _sure(basis: Basis, line: LineBasis | None, boundary: str, row: Row, pair: Pair) -> Row:
    if line is None:
        reason = "of several potlines: see each of them"
        return replace(row, uncertainty=reason)
    if boundary not in uncertainty.ROLES:
        return replace(row, uncertainty="is not told of what the casthouse's books say")
    budget = uncertainty.of_energy(basis.plant, line, boundary, pair, basis.last_ns)
    reason = uncertainty.why_no_metal(line.metal) or uncertainty.why_none(budget)
    return replace(row, expanded_95=None if budget is None else budget.expanded_95, uncertainty=reason)


def _uncertain(rows: tuple[Row, ...]) -> Iterator[Lack]:
    for row in rows:
        if row.uncertainty.startswith("not configured"):
            remedy = "add class or uncertainty to meters, and the uncertainty of weighing or current_efficiency"
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
    for place in _places(basis):
        where, sums, metal = place.where, place.sums, place.metal
        rows += [
            Row("DC energy", sums.dc_kwh / 1000, "MWh", where=where),
            Row("AC energy into the rectifiers", sums.ac_kwh / 1000, "MWh", where=where),
            Row("AC energy of services", sums.auxiliary_kwh / 1000, "MWh", where=where),
            *_parts(basis, where, sums),
            Row("metal stated", metal.t, "t", digits=3, where=where, note=metal.words),
            Row("metal (Faraday)", metal.faraday_t, "t", digits=3, where=where, note="by charge, current efficiency"),
            Row("metal tapped", sums.tapped_t, "t", digits=3, where=where, note="weighings as they came, unjudged"),
            Row("cell-days", sums.cell_days, "d", where=where),
            Row("anode effects", float(sums.anode_effects), "effects", digits=0, where=where),
        ]
        if sums.startup_cell_days > 0:
            apart = "in no frequency and no slope"
            rows += [
                Row("cell-days in start-up", sums.startup_cell_days, "d", where=where, note=apart),
                Row("anode effects in start-up", float(sums.startup_effects), "effects", digits=0, where=where),
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
    rows, remarks = [], []
    for line in basis.lines:
        where, days = line.potline.id, line.days if len(line.days) > 1 else ()
        for day in days:
            words, known_s = day.metal_basis.value, day.known_s
            rows += [
                pair_row(basis, where, boundary, pair, lines=1, known_s=known_s, metal=words, period=day.label)
                for boundary, pair in boundaries(day.sums).items()
            ]
            metal = day.sums.metal_t if day.sums.minutes else None
            rows.append(Row("metal", metal, "t", digits=2, where=where, period=day.label, note=words))
        weighed = [day.label for day in days if day.metal_basis is not MetalBasis.FARADAY]
        if weighed or (days and line.metal.basis is not MetalBasis.FARADAY):
            told = f"{len(weighed)} of {len(days)} days of {where} are stated by weight"
            rest = ", the others by charge (Faraday)" if len(weighed) < len(days) else ""
            remarks.append(f"{told}{rest}; days need not add up to a period that was weighed as a whole.")
    return Section("Day by day", tuple(rows), tuple(remarks), by_period=True)
