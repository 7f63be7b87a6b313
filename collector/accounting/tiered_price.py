"""What the tiered price of electricity costs a potline in a month that is not over. Pure.

Consumption, surcharge and forecast are of the month so far: its energy over its metal, never a mean of hours. The tier
is the one in force on the month's first day. Where too little of the month is known, only the threshold is stated.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from collector.accounting.intensity import FARADAY, Metal, boundaries, energy_intensity
from collector.accounting.sums import Sums
from collector.domain import price
from collector.domain.forecast import period_end_kwh_per_t
from collector.domain.forecast_scatter import forecast_standard_uncertainty
from collector.plant.rule_tables import SteppedPrice

_LEAST_DAYS = 3
"""Fewer whole days say next to nothing of their scatter."""

_MINUTES_OF_A_WHOLE_DAY = 1296
"""Nine tenths of its minutes: a day of which less is known stands for no day."""

MINUTES_OF_A_DAY = 1440
"""A forecast carries on the last days; from less than one, it would carry on an hour."""


@dataclass(frozen=True, slots=True)
class GreenShares:
    """Non-hydro renewables in the plant's consumption, and the province's weight of the year before: fractions [1]."""

    non_hydro: float
    weight: float


@dataclass(frozen=True, slots=True)
class MonthSoFar:
    """A month up to the end of a window.

    Attributes
    ----------
    first_day
        The first of the month.
    length_s, days_left
        How much of it is over [s], and how much is to come [d].
    sums
        Of what is over.
    recent
        Of the last days, of the month before as well.
    recent_days
        Each of these days by itself: how much they differ says how sure the forecast is.
    desulphurisation_kwh, recent_desulphurisation_kwh
        What of the energies is desulphurisation's [kWh].
    """

    first_day: date
    length_s: float
    days_left: float
    sums: Sums
    recent: Sums
    desulphurisation_kwh: float = 0.0
    recent_desulphurisation_kwh: float = 0.0
    recent_days: tuple[Sums, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceTier:
    """Where a month stands. Units in the names; None: withheld, because too little is known.

    ``forecast_expanded_95``: of the forecast, by the scatter of the last days, k = 2 [kWh/t].
    ``step_end_kwh_per_t``: above it, the next step begins. ``about_to_cross``: the month may end above it.
    """

    threshold_kwh_per_t: float
    comprehensive_kwh_per_t: float | None
    surcharge_cny_per_kwh: float | None
    surcharge_cny: float | None
    forecast_month_end_kwh_per_t: float | None
    forecast_expanded_95: float | None = None
    step_end_kwh_per_t: float | None = None
    about_to_cross: bool | None = None


def price_tier(
    month: MonthSoFar,
    rule: SteppedPrice,
    green: GreenShares | None,
    *,
    least_coverage_pct: float,
    metal: Metal = FARADAY,
) -> PriceTier:
    """Return where a month stands in the tiered price.

    Parameters
    ----------
    month
        What is known of it.
    rule
        Threshold and steps; of a potline's own boundary.
    green
        Shares that the relief goes by; None: there is none.
    least_coverage_pct
        Share of what is over of the month that must be known [%].
    metal
        How its metal is stated.

    Raises
    ------
    LookupError
        If no tier was in force on the month's first day, or the rule is put on what a potline has not.
    ValueError
        If desulphurisation took more than all there is.
    """
    tier = price.tier_in_force(rule.tiers, month.first_day)
    threshold = float(tier.threshold_kwh_per_t)  # a whole number in a file is no count in the stream
    indicator = rule.indicator.value
    if indicator not in boundaries(month.sums):
        raise LookupError(f"the price rule is put on {indicator}, which a potline has not; name a rule on liquid metal")
    pair, recent = boundaries(month.sums)[indicator], boundaries(month.recent)[indicator]
    stated = energy_intensity(pair, length_s=month.length_s, least_coverage_pct=least_coverage_pct, metal=metal)
    if stated is None or stated.kwh_per_t is None:
        return PriceTier(threshold, None, None, None, None)
    left_out = rule.without_desulphurisation
    kwh = _without(stated.energy_kwh, month.sums, month.desulphurisation_kwh if left_out else 0.0)
    kwh_per_t = kwh / stated.metal_t
    surcharge = price.tier_surcharge(kwh_per_t, tier)
    if green is not None and rule.relief is not None and 100 * green.non_hydro > rule.relief.from_percent:
        surcharge = price.relieved_surcharge(
            surcharge,
            non_hydro_percent=100 * green.non_hydro,
            incentive_weight_percent=100 * green.weight,
            relief=rule.relief,
        )
    forecast = None
    if month.days_left <= 0:
        forecast = kwh_per_t
    elif recent.minutes >= MINUTES_OF_A_DAY:
        days = recent.minutes / MINUTES_OF_A_DAY
        lately = _without(recent.energy_kwh, month.recent, month.recent_desulphurisation_kwh if left_out else 0.0)
        forecast = period_end_kwh_per_t(
            kwh,
            metal_so_far_t=stated.metal_t,
            kwh_per_day=lately / days,
            metal_t_per_day=recent.metal_t * metal.scale / days,
            days_left=month.days_left,
        )
    sure = _expanded_95(month, indicator, stated.metal_t, metal) if forecast is not None else None
    step_end = float(price.step_end_kwh_per_t(kwh_per_t, tier))
    return PriceTier(
        threshold_kwh_per_t=threshold,
        comprehensive_kwh_per_t=kwh_per_t,
        surcharge_cny_per_kwh=float(surcharge),
        surcharge_cny=price.surcharge_cny(kwh, cny_per_kwh=float(surcharge)),
        forecast_month_end_kwh_per_t=forecast,
        forecast_expanded_95=sure,
        step_end_kwh_per_t=step_end,
        about_to_cross=None if forecast is None else forecast + (sure or 0.0) > step_end + 1e-6,
    )


def _expanded_95(month: MonthSoFar, indicator: str, metal_t: float, metal: Metal) -> float | None:
    """Return how sure the forecast is by the scatter of the last whole days [kWh/t]; None of fewer than two."""
    if month.days_left <= 0:
        return 0.0
    pairs = [boundaries(day)[indicator] for day in month.recent_days]
    known = [pair for pair in pairs if pair.minutes >= _MINUTES_OF_A_WHOLE_DAY]
    if len(known) < _LEAST_DAYS:
        return None
    made = np.array([pair.metal_t * metal.scale for pair in known])
    whole_t = metal_t + float(made.mean()) * month.days_left
    energies = np.array([pair.energy_kwh for pair in known])
    return 2 * forecast_standard_uncertainty(
        energies, day_metal_t=made, days_left=month.days_left, metal_of_whole_period_t=whole_t
    )


def _without(kwh: float, sums: Sums, desulphurisation_kwh: float) -> float:
    """Return a pair's energy without desulphurisation, whose share in it is taken to be that in all that is known."""
    whole = sums.ac_kwh + sums.auxiliary_kwh
    if desulphurisation_kwh > whole:
        raise ValueError(
            f"desulphurisation took {desulphurisation_kwh:g} of {whole:g} kWh. Remedy: give only what is in the energy."
        )
    return kwh if desulphurisation_kwh == 0 else kwh * (1 - desulphurisation_kwh / whole)
