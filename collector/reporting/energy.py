"""Statement of energy: kWh/t by boundary, levels, the tiered price, the month's end, day by day. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import fsum

from collector.accounting.intensity import boundaries, energy_intensity
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.period_metal import PeriodMetal
from collector.accounting.sums import Pair, Sums
from collector.domain.forecast import period_end_kwh_per_t
from collector.domain.levels import BEYOND, Indicator, Limits, level_of
from collector.domain.price import relieved_surcharge, surcharge_cny, tier_in_force, tier_surcharge
from collector.plant.factors import DatedSeries
from collector.plant.rule_tables import Sourced, SteppedPrice
from collector.reporting import shares, uncertainty
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.efficiency import efficiency_section
from collector.reporting.statement import PLANT, Lack, Row, Section, Statement

DAY_S = 86400.0
_LAST_DAYS = 7
"""Days whose mean is carried on to the month's end: a week, so that no weekday weighs more than another."""
_COMPREHENSIVE = "liquid_comprehensive_ac"


def energy_statement(basis: Basis) -> Statement:
    """Return the statement of energy of a period."""
    intensity = _intensities(basis)
    missing = [*_not_stated(basis), *_uncertain(intensity.rows)]
    price, lacks = _price(basis)
    levels = _levels(basis)
    efficiency, warnings = efficiency_section(basis)
    if not basis.rules.energy_levels:
        missing.append(Lack("levels of energy: there is no file of them", "add energy_levels.toml to factors_dir"))
    return basis.statement(
        "energy",
        "Energy of primary aluminium",
        rule="kWh/t by boundary; sums over sums",
        sections=[intensity, efficiency, levels, price, _forecast(basis), _amounts(basis), _by_day(basis)],
        missing=[*missing, *lacks],
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

    def row(self, basis: Basis, boundary: str) -> Row:
        pair, known_s = boundaries(self.sums)[boundary], basis.known_s
        return pair_row(basis, self.where, boundary, pair, lines=self.lines, known_s=known_s, metal=self.metal.words)


def _places(basis: Basis) -> Iterator[_Place]:
    for line in basis.lines:
        yield _Place(line.potline.id, line.sums, line.metal, line=line)
    if len(basis.lines) > 1:
        yield _Place(PLANT, basis.whole, basis.metal, len(basis.lines))


def _intensities(basis: Basis) -> Section:
    rows = []
    for place in _places(basis):
        for boundary, pair in boundaries(place.sums).items():
            row = place.row(basis, boundary)
            if row.value is not None:
                row = _sure(basis, place.line, boundary, row, pair)
            rows.append(row)
    return Section("Specific energy by boundary", tuple(rows))


def _sure(basis: Basis, line: LineBasis | None, boundary: str, row: Row, pair: Pair) -> Row:
    if line is None:
        reason = "of several potlines: see each of them"
        return replace(row, uncertainty=reason)
    budget = uncertainty.of_energy(basis.plant, line, boundary, pair, basis.last_ns)
    reason = uncertainty.why_no_metal(line.metal) or uncertainty.why_none(budget)
    return replace(row, expanded_95=None if budget is None else budget.expanded_95, uncertainty=reason)


def _uncertain(rows: tuple[Row, ...]) -> Iterator[Lack]:
    for row in rows:
        if row.uncertainty.startswith("not configured"):
            remedy = "add class or uncertainty to meters, and the uncertainty of weighing or current_efficiency"
            yield Lack(f"uncertainty of {row.label} of {row.where}: {row.uncertainty}", remedy)


def _not_stated(basis: Basis) -> Iterator[Lack]:
    what = "ingot_comprehensive_ac: the energy of casting and the ingots are in no account"
    yield Lack(what, "add a meter with measures = casthouse_ac; see the plant's own weighing of ingots")
    for line in basis.lines:
        for boundary, pair in boundaries(line.sums).items():
            if not pair.minutes:
                what = f"{boundary} of {line.potline.id}: no minute is known to its full length"
                yield Lack(what, "see 'potline status' for its meters")


def _levels(basis: Basis) -> Section:
    rows = []
    for edition, limits_of in basis.rules.energy_levels.items():
        for indicator, told in limits_of.items():
            if not told.holds_on(basis.day) or indicator.value not in boundaries(basis.whole):
                continue
            for place in _places(basis):
                row = place.row(basis, indicator.value)
                rows.append(_level_row(edition, place.where, row.value, indicator, told))
    remarks = ("A level is of the period that the standard means, a year as a rule; of a shorter one it is a sign.",)
    return Section("Levels of specific energy", tuple(rows), remarks if rows else ())


def _level_row(edition: str, where: str, value: float | None, indicator: Indicator, told: Sourced[Limits]) -> Row:
    limits = told.value
    bounds = f"levels 1 to 3: {limits.level_1:,.0f}, {limits.level_2:,.0f}, {limits.level_3:,.0f} {indicator.unit}"
    level = None if value is None else int(level_of(value, limits, indicator=indicator))
    note = f"above all levels; {bounds}" if level == BEYOND else bounds
    label = f"{edition}: level of {indicator.value}"
    reached = None if level is None or level == BEYOND else float(level)
    return Row(label, reached, "level", digits=0, where=where, note=note, source=f"{told.source} ({told.verified})")


def _price(basis: Basis) -> tuple[Section, list[Lack]]:
    title, region = "Tiered price of electricity", basis.plant.price_region
    if region is None:
        return Section(title, ()), [Lack("tiered price: no price region is configured", "add [price] where one holds")]
    rule, told = region.rule, basis.rules.stepped_prices.get(region.rule)
    if told is None:
        what = f"tiered price: there is no rule {rule}"
        return Section(title, ()), [Lack(what, "add it to power_price.toml in factors_dir")]
    try:
        tier = tier_in_force(told.value.tiers, basis.day)
    except LookupError as exc:
        what, _, remedy = str(exc).partition("; ")
        return Section(title, ()), [Lack(f"{rule}: {what}", remedy)]
    source = f"{told.source} ({told.verified})"
    rows = [Row(f"{rule}: threshold", tier.threshold_kwh_per_t, "kWh/t", source=source)]
    for place in _places(basis):
        where, pair = place.where, boundaries(place.sums)[told.value.indicator.value]
        row = place.row(basis, told.value.indicator.value)
        if row.value is None:
            rows.append(Row(f"{rule}: surcharge", None, "CNY/kWh", where=where, note=row.note))
            continue
        before = float(tier_surcharge(row.value, tier))
        after, relief = _relieved(basis, told, before)
        rows += [
            Row(f"{rule}: surcharge before relief", before, "CNY/kWh", digits=4, where=where, source=source),
            Row(f"{rule}: surcharge", after, "CNY/kWh", digits=4, where=where, note=relief, source=source),
            Row(
                f"{rule}: surcharge of the period",
                float(surcharge_cny(pair.energy_kwh, cny_per_kwh=after)),
                "CNY",
                digits=0,
                where=where,
                estimated_pct=row.estimated_pct,
                note="if this period's consumption is what is judged",
            ),
        ]
    return Section(title, tuple(rows)), []


def _relieved(basis: Basis, told: Sourced[SteppedPrice], before: float) -> tuple[float, str]:
    relief, region = told.value.relief, basis.plant.price_region
    share = _at(region.non_hydro_share, basis) if region else None
    weight = _at(region.previous_year_non_hydro_weight, basis) if region else None
    if relief is None or share is None or weight is None:
        return before, "without relief: the share or the region's weight of non-hydro renewables is not configured"
    after = relieved_surcharge(
        before, non_hydro_percent=100 * share, incentive_weight_percent=100 * weight, relief=relief
    )
    return float(after), f"relief for {100 * share:.1f} % non-hydro renewables; weight {100 * weight:.1f} %"


def _at(series: DatedSeries | None, basis: Basis) -> float | None:
    if series is None:
        return None
    try:
        return series.at(basis.window.start_ns).value
    except LookupError:  # not in force yet: the same as not configured for this period
        return None


def _forecast(basis: Basis) -> Section:
    """Return where a month that is not over will end, if the rest goes as its last days did."""
    title = "End of the month"
    if basis.window.name != "month" or basis.is_over:
        return Section(title, ())
    rows = []
    left = (basis.window.length_s - basis.known_s) / DAY_S
    for line in basis.lines:
        pair = line.sums.comprehensive
        last = [day for day in line.days[-_LAST_DAYS:] if day.sums.comprehensive.minutes]
        length_d = fsum(day.known_s for day in last) / DAY_S
        so_far = _Place(line.potline.id, line.sums, line.metal).row(basis, _COMPREHENSIVE)
        if so_far.value is None or not length_d > 0:
            note = so_far.note or "no day to go by"
            rows.append(Row(_COMPREHENSIVE, None, "kWh/t", where=line.potline.id, note=note))
            continue
        ends = period_end_kwh_per_t(
            pair.energy_kwh,
            metal_so_far_t=pair.metal_t,
            kwh_per_day=fsum(day.sums.comprehensive.energy_kwh for day in last) / length_d,
            metal_t_per_day=fsum(day.sums.comprehensive.metal_t for day in last) / length_d,
            days_left=left,
        )
        note = f"forecast: {left:.1f} days are left, taken to go as the last {length_d:.1f}"
        rows.append(Row(_COMPREHENSIVE, ends, "kWh/t", where=line.potline.id, estimated_pct=100.0, note=note))
    return Section(title, tuple(rows))


def _amounts(basis: Basis) -> Section:
    rows = []
    for place in _places(basis):
        where, sums, metal = place.where, place.sums, place.metal
        rows += [
            Row("DC energy", sums.dc_kwh / 1000, "MWh", where=where),
            Row("AC energy into the rectifiers", sums.ac_kwh / 1000, "MWh", where=where),
            Row("AC energy of services", sums.auxiliary_kwh / 1000, "MWh", where=where),
            Row("metal stated", metal.t, "t", digits=3, where=where, note=metal.words),
            Row("metal (Faraday)", metal.faraday_t, "t", digits=3, where=where, note="by charge, current efficiency"),
            Row("metal tapped", sums.tapped_t, "t", digits=3, where=where, note="weighings as they came, unjudged"),
            Row("cell-days", sums.cell_days, "d", where=where),
            Row("anode effects", float(sums.anode_effects), "effects", digits=0, where=where),
        ]
    return Section("Amounts of the period", tuple(rows), ("All that is booked, whether or not it enters a ratio.",))


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
