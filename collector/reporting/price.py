"""The tiered price of electricity in the statement of energy, and where a month that is not over will end. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from math import fsum, hypot

import numpy as np

from collector.domain.forecast import needed_kwh_per_t, period_end_kwh_per_t
from collector.domain.forecast_scatter import forecast_standard_uncertainty
from collector.domain.price import (
    Tier,
    band_surcharge,
    overdue_surcharge_cny,
    relieved_surcharge,
    step_end_kwh_per_t,
    surcharge_cny,
    tier_in_force,
    tier_surcharge,
)
from collector.plant.factors import DatedSeries
from collector.plant.rule_tables import BandedPrice, Sourced, SteppedPrice
from collector.reporting.basis import Basis, Day, LineBasis
from collector.reporting.inside import pairs_of
from collector.reporting.statement import Lack, Row, Section

DAY_S = 86400.0
_LAST_DAYS = 7
"""Days whose mean is carried on to the month's end: a week, so that no weekday weighs more than another."""
_LEAST_DAYS = 3
"""Fewer days say next to nothing of their scatter."""
_COMPREHENSIVE = "liquid_comprehensive_ac"
_TITLE = "Tiered price of electricity"


def price(basis: Basis, intensities: Sequence[Row], kwh: Mapping[tuple[str, str], float]) -> tuple[Section, list[Lack]]:
    """Return what the period's consumption costs by the rule that the plant names.

    Parameters
    ----------
    intensities
        The stated specific energies, a row each.
    kwh
        The energy above each of them, by place and boundary [kWh].
    """
    region = basis.plant.price_region
    if region is None:
        return Section(_TITLE, ()), [Lack("tiered price: no price region is configured", "add [price] where one holds")]
    rule = region.rule
    banded, told = basis.rules.banded_prices.get(rule), basis.rules.stepped_prices.get(rule)
    if banded is not None:
        return _by_bands(basis, rule, banded, intensities, kwh)
    if told is None:
        what = f"tiered price: there is no rule {rule}"
        return Section(_TITLE, ()), [Lack(what, "add it to power_price.toml in factors_dir")]
    tier, lacks = _tier(basis, rule, told)
    if tier is None:
        return Section(_TITLE, ()), lacks
    source = f"{told.source} ({told.verified})"
    rows = [Row(f"{rule}: threshold", tier.threshold_kwh_per_t, "kWh/t", source=source)]
    for row in intensities:
        if row.label == told.value.indicator.value and row.unit == "kWh/t":
            rows += _by_steps(basis, rule, told, tier, row, kwh.get((row.where, row.label), 0.0))
    return Section(_TITLE, tuple(rows)), []


def _tier(basis: Basis, rule: str, told: Sourced[SteppedPrice]) -> tuple[Tier | None, list[Lack]]:
    try:
        return tier_in_force(told.value.tiers, basis.day), []
    except LookupError as exc:
        what, _, remedy = str(exc).partition("; ")
        return None, [Lack(f"{rule}: {what}", remedy)]


def _by_steps(basis: Basis, rule: str, told: Sourced[SteppedPrice], tier: Tier, row: Row, kwh: float) -> Iterator[Row]:
    where, source = row.where, f"{told.source} ({told.verified})"
    if row.value is None:
        yield Row(f"{rule}: surcharge", None, "CNY/kWh", where=where, note=row.note)
        return
    before = float(tier_surcharge(row.value, tier))
    after, relief = _relieved(basis, told, before)
    yield Row(f"{rule}: surcharge before relief", before, "CNY/kWh", digits=4, where=where, source=source)
    yield Row(f"{rule}: surcharge", after, "CNY/kWh", digits=4, where=where, note=relief, source=source)
    cny = float(surcharge_cny(kwh, cny_per_kwh=after))
    yield _of_period(f"{rule}: surcharge of the period", cny, row)
    room = float(step_end_kwh_per_t(row.value, tier)) - row.value
    yield Row(f"{rule}: up to the next step", room, "kWh/t", where=where, expanded_95=row.expanded_95)
    overdue = told.value.overdue
    if overdue is not None and cny > 0:
        late = overdue_surcharge_cny(
            cny, days_unpaid=overdue.grace_days + 1, grace_days=overdue.grace_days, multiple=overdue.multiple
        )
        label = f"{rule}: surcharge of the period, unpaid {overdue.grace_days:g} days after its notice"
        yield _of_period(label, float(late), row)


def _of_period(label: str, cny: float, row: Row) -> Row:
    note = "if this period's consumption is what is judged"
    return Row(label, cny, "CNY", digits=0, where=row.where, estimated_pct=row.estimated_pct, note=note)


def _by_bands(
    basis: Basis,
    rule: str,
    banded: Sourced[BandedPrice],
    intensities: Sequence[Row],
    kwh: Mapping[tuple[str, str], float],
) -> tuple[Section, list[Lack]]:
    if not banded.holds_on(basis.day):
        what = f"{rule}: it is not in force on {basis.day}"
        return Section(_TITLE, ()), [Lack(what, "name a rule that is in [price] rule")]
    bands, source = banded.value.bands, f"{banded.source} ({banded.verified})"
    rows = [Row(f"{rule}: free up to", bands.free_to_kwh_per_t, "kWh/t", source=source)]
    for row in intensities:
        if row.label != banded.value.indicator.value or row.unit != "kWh/t":
            continue
        if row.value is None:
            rows.append(Row(f"{rule}: surcharge", None, "CNY/kWh", where=row.where, note=row.note))
            continue
        each = float(band_surcharge(row.value, bands))
        note = "the rule judges the year before; this is by the period's own consumption"
        rows.append(Row(f"{rule}: surcharge", each, "CNY/kWh", digits=4, where=row.where, note=note, source=source))
        cny = float(surcharge_cny(kwh.get((row.where, row.label), 0.0), cny_per_kwh=each))
        rows.append(_of_period(f"{rule}: surcharge of the period", cny, row))
    return Section(_TITLE, tuple(rows)), []


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


def month_end(basis: Basis, intensities: Sequence[Row]) -> Section:
    """Return where a month that is not over will end, if the rest goes as its last days did."""
    title = "End of the month"
    if basis.window.name != "month" or basis.is_over:
        return Section(title, ())
    rows: list[Row] = []
    for line in basis.lines:
        so_far = next(row for row in intensities if (row.where, row.label) == (line.potline.id, _COMPREHENSIVE))
        rows += _line_end(basis, line, so_far)
    remark = "Uncertain by the scatter of the last days, and by the meters where their classes are configured."
    return Section(title, tuple(rows), (remark,) if rows else ())


def _line_end(basis: Basis, line: LineBasis, so_far: Row) -> Iterator[Row]:
    where, pair = line.potline.id, pairs_of(basis, line)[_COMPREHENSIVE]
    last = [day for day in line.days[-_LAST_DAYS:] if day.sums.comprehensive.minutes]
    length_d = fsum(day.known_s for day in last) / DAY_S
    if so_far.value is None or not length_d > 0:
        yield Row(_COMPREHENSIVE, None, "kWh/t", where=where, note=so_far.note or "no day to go by")
        return
    left = (basis.window.length_s - basis.known_s) / DAY_S
    # What lines share by metal is brought to the days as it is in the whole period.
    shared = pair.energy_kwh / line.sums.comprehensive.energy_kwh
    metal_t = pair.energy_kwh / so_far.value
    scale = metal_t / pair.metal_t
    a_day_t = fsum(day.sums.comprehensive.metal_t for day in last) * scale / length_d
    ends = float(
        period_end_kwh_per_t(
            pair.energy_kwh,
            metal_so_far_t=metal_t,
            kwh_per_day=fsum(day.sums.comprehensive.energy_kwh for day in last) * shared / length_d,
            metal_t_per_day=a_day_t,
            days_left=left,
        )
    )
    scatter = _scatter(last, left, metal_t + a_day_t * left, shared=shared, scale=scale)
    sure = None if scatter is None else hypot(scatter, so_far.expanded_95 or 0.0)
    yield Row(
        _COMPREHENSIVE,
        ends,
        "kWh/t",
        where=where,
        estimated_pct=100.0,
        expanded_95=sure,
        uncertainty="" if scatter is not None else f"is not told by fewer than {_LEAST_DAYS} whole days",
        note=f"forecast: {left:.1f} days are left, taken to go as the last {length_d:.1f}",
    )
    yield from _against_the_price(basis, where, ends, sure, metal_t=metal_t, kwh=pair.energy_kwh, day_t=a_day_t)


def _scatter(last: Sequence[Day], left: float, metal_t: float, *, shared: float, scale: float) -> float | None:
    """Return the expanded uncertainty of a forecast by the scatter of whole days [kWh/t]; None of too few."""
    whole = [day.sums.comprehensive for day in last if day.known_s >= DAY_S and day.sums.comprehensive.metal_t > 0]
    if len(whole) < _LEAST_DAYS:
        return None
    energies = np.array([pair.energy_kwh * shared for pair in whole])
    made = np.array([pair.metal_t * scale for pair in whole])
    return 2 * forecast_standard_uncertainty(
        energies, day_metal_t=made, days_left=left, metal_of_whole_period_t=metal_t
    )


def _against_the_price(
    basis: Basis, where: str, ends: float, sure: float | None, *, metal_t: float, kwh: float, day_t: float
) -> Iterator[Row]:
    """Yield what the forecast means for the price: its surcharge, whether a step may be crossed, what is needed."""
    region = basis.plant.price_region
    told = None if region is None else basis.rules.stepped_prices.get(region.rule)
    if region is None or told is None or told.value.indicator.value != _COMPREHENSIVE:
        return
    tier, _ = _tier(basis, region.rule, told)
    if tier is None:
        return
    now = kwh / metal_t
    step_end, margin = float(step_end_kwh_per_t(now, tier)), sure or 0.0
    surcharge = float(tier_surcharge(ends, tier))
    if ends - margin > step_end:
        note = f"the tier is about to be crossed: the month stands at {now:,.1f}, and its step ends at {step_end:,.0f}"
    elif ends + margin > step_end:
        note = f"the tier may be crossed: the month's step ends at {step_end:,.0f} kWh/t"
    else:
        note = f"the month's step ends at {step_end:,.0f} kWh/t"
    yield Row(
        f"{region.rule}: surcharge at the month's end", surcharge, "CNY/kWh", 4, where, estimated_pct=100.0, note=note
    )
    left = (basis.window.length_s - basis.known_s) / DAY_S
    if not day_t * left > 0:
        return
    needed = needed_kwh_per_t(
        kwh,
        metal_so_far_t=metal_t,
        limit_kwh_per_t=tier.threshold_kwh_per_t,
        metal_t_per_day=day_t,
        days_left=left,
    )
    label = f"{region.rule}: most for the days left, to end at the threshold"
    yield Row(label, float(needed), "kWh/t", where=where, estimated_pct=100.0)
