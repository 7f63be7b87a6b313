"""Statement of energy: kWh/t by boundary, levels, the tiered price, the month's end, day by day. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from math import fsum

from collector.accounting.intensity import boundaries, energy_intensity
from collector.accounting.sums import Pair, Sums
from collector.domain.forecast import period_end_kwh_per_t
from collector.domain.levels import BEYOND, Indicator, Limits, level_of
from collector.domain.price import relieved_surcharge, surcharge_cny, tier_in_force, tier_surcharge
from collector.plant.factors import DatedSeries
from collector.plant.rule_tables import Sourced, SteppedPrice
from collector.reporting import uncertainty
from collector.reporting.basis import Basis, LineBasis
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
    if not basis.rules.energy_levels:
        missing.append(Lack("levels of energy: there is no file of them", "add energy_levels.toml to factors_dir"))
    return basis.statement(
        "energy",
        "Energy of primary aluminium",
        rule="kWh/t by boundary; sums over sums",
        sections=[intensity, levels, price, _forecast(basis), _amounts(basis), _by_day(basis)],
        missing=[*missing, *lacks],
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
    for where, sums, lines, line in _places(basis):
        for boundary, pair in boundaries(sums).items():
            row = pair_row(basis, where, boundary, pair, lines=lines, known_s=basis.known_s)
            if row.value is not None:
                row = _sure(basis, line, boundary, row, pair)
            rows.append(row)
    return Section("Specific energy by boundary", tuple(rows))


def _sure(basis: Basis, line: LineBasis | None, boundary: str, row: Row, pair: Pair) -> Row:
    if line is None:
        reason = "of several potlines: see each of them"
        return replace(row, uncertainty=reason)
    budget = uncertainty.of_energy(basis.plant, line.potline, boundary, line.sums, pair, basis.last_ns)
    reason = uncertainty.why_none(budget)
    return replace(row, expanded_95=None if budget is None else budget.expanded_95, uncertainty=reason)


def _uncertain(rows: tuple[Row, ...]) -> Iterator[Lack]:
    for row in rows:
        if row.uncertainty.startswith("not configured"):
            remedy = "add class or uncertainty to meters, and uncertainty to current_efficiency"
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
            for where, sums, lines, _ in _places(basis):
                pair = boundaries(sums)[indicator.value]
                row = pair_row(basis, where, indicator.value, pair, lines=lines, known_s=basis.known_s)
                rows.append(_level_row(edition, where, row.value, indicator, told))
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
    for where, sums, lines, _ in _places(basis):
        pair = boundaries(sums)[told.value.indicator.value]
        row = pair_row(basis, where, told.value.indicator.value, pair, lines=lines, known_s=basis.known_s)
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
        so_far = pair_row(basis, line.potline.id, _COMPREHENSIVE, pair, lines=1, known_s=basis.known_s)
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
    for where, sums, _, _ in _places(basis):
        rows += [
            Row("DC energy", sums.dc_kwh / 1000, "MWh", where=where),
            Row("AC energy into the rectifiers", sums.ac_kwh / 1000, "MWh", where=where),
            Row("AC energy of services", sums.auxiliary_kwh / 1000, "MWh", where=where),
            Row("metal (Faraday)", sums.metal_t, "t", digits=3, where=where),
            Row("metal tapped", sums.tapped_t, "t", digits=3, where=where, note="as weighed; not in the ratios"),
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
