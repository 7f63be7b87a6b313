"""The tiered price of electricity for aluminium smelters in China: what a kWh/t above the threshold costs.

Two regimes. Since 2022, NDRC price 2021 No. 1239: a threshold that falls over the years, and a surcharge that grows by
steps above it, lowered a little by wind and sun. From 2014 to 2021, three bands. Both judge liquid metal: the first by
liquid comprehensive AC without desulphurisation (`collector.domain.boundaries`), the second by its AC energy.

Thresholds, steps and prices are arguments, because provinces may be stricter. What is judged is the consumption of the
period that the authority names; the 2014 bands judged the year before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from collector.domain.validity import Amount, not_negative, percent, positive, within

_ROUNDING = 9
"""Decimals of a step that are believed. A ratio of sums misses a whole step by 1e-12 and would start the next."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Threshold and steps of the tiered price, in force from a day on.

    Parameters
    ----------
    valid_from
        First day in force.
    threshold_kwh_per_t
        Greatest consumption without surcharge [kWh/t].
    step_kwh_per_t
        Width of a step above it; a started step counts whole [kWh/t].
    cny_per_kwh_per_step
        Surcharge for each step, on every kilowatt-hour of the liquid metal [CNY/kWh].

    Raises
    ------
    ValueError
        If threshold or step are not above zero, or the surcharge is not in [0, 1] CNY/kWh.
    """

    valid_from: date
    threshold_kwh_per_t: float
    step_kwh_per_t: float
    cny_per_kwh_per_step: float

    def __post_init__(self) -> None:
        positive(threshold_kwh_per_t=self.threshold_kwh_per_t, step_kwh_per_t=self.step_kwh_per_t)
        within(0, 1, remedy="give CNY, 0.01 for one fen", cny_per_kwh_per_step=self.cny_per_kwh_per_step)


@dataclass(frozen=True, slots=True)
class GreenRelief:
    """How wind and sun lower the surcharge.

    Parameters
    ----------
    from_percent
        Share of non-hydro renewables in the whole consumption above which the surcharge is lowered [%].
    reduction_per_point
        Part of the surcharge taken off for each percentage point above it, a fraction [1/point].

    Raises
    ------
    ValueError
        If the share is not in [0, 100] %, or the reduction is not in [0, 0.1].
    """

    from_percent: float
    reduction_per_point: float

    def __post_init__(self) -> None:
        within(0, 100, remedy="give percent, 15 for 15 %", from_percent=self.from_percent)
        within(0, 0.1, remedy="give a fraction, 0.01 for 1 %", reduction_per_point=self.reduction_per_point)


@dataclass(frozen=True, slots=True)
class Bands:
    """Surcharges of two bands above a free one, as from 2014 to 2021.

    Parameters
    ----------
    free_to_kwh_per_t
        Greatest consumption without surcharge [kWh/t].
    middle_to_kwh_per_t
        Greatest consumption of the middle band [kWh/t].
    middle_cny_per_kwh
        Surcharge of the middle band, on every kilowatt-hour [CNY/kWh].
    top_cny_per_kwh
        Surcharge above it [CNY/kWh].

    Raises
    ------
    ValueError
        If the first bound is not above zero, the second not above the first, or a surcharge not in [0, 1] CNY/kWh.
    """

    free_to_kwh_per_t: float
    middle_to_kwh_per_t: float
    middle_cny_per_kwh: float
    top_cny_per_kwh: float

    def __post_init__(self) -> None:
        positive(free_to_kwh_per_t=self.free_to_kwh_per_t)
        within(
            self.free_to_kwh_per_t,
            np.inf,
            remedy="give the bounds of the bands in rising order",
            middle_to_kwh_per_t=self.middle_to_kwh_per_t,
        )
        within(
            0,
            1,
            remedy="give CNY, 0.02 for two fen",
            middle_cny_per_kwh=self.middle_cny_per_kwh,
            top_cny_per_kwh=self.top_cny_per_kwh,
        )


def tier_in_force(tiers: Sequence[Tier], day: date) -> Tier:
    """Tier that is in force on a day.

    Parameters
    ----------
    tiers
        Tiers of one regime, in any order.
    day
        The day that is priced, in the plant's time zone.

    Returns
    -------
    Tier
        The latest tier that is not later than the day.

    Raises
    ------
    LookupError
        If none was in force yet: nothing is assumed.

    Notes
    -----
    ``max(valid_from) <= day``

    A tier holds until the next one begins; the rule names no end.

    References
    ----------
    .. [1] NDRC price 2021 No. 1239 in reprints, as for `tier_surcharge`.
    """
    begun = [tier for tier in tiers if tier.valid_from <= day]
    if not begun:
        raise LookupError(f"no price tier is in force on {day}; add one with an earlier valid_from")
    return max(begun, key=lambda tier: tier.valid_from)


def tier_surcharge(kwh_per_t: Amount, tier: Tier) -> Amount:
    """Surcharge of the tiered price before relief.

    Parameters
    ----------
    kwh_per_t
        Liquid comprehensive AC without desulphurisation, of the period that is judged [kWh/t].
    tier
        Threshold and steps in force [kWh/t, CNY/kWh].

    Returns
    -------
    Amount
        Surcharge on each kilowatt-hour of the liquid metal [CNY/kWh].

    Raises
    ------
    ValueError
        If the consumption is negative.

    Notes
    -----
    ``s = p · ceil(max(0, w - T) / d)``: a started step counts whole, and a value equal to the threshold is free.

    Valid for a consumption of the boundary that the rule names. Differences below a billionth of a step are taken for
    rounding.

    References
    ----------
    .. [1] NDRC price 2021 No. 1239 in reprints (100ppi.com, 2021-11-02; lv178.cn; jizihe.com, 2021-11-30): 13,650 kWh/t
       from 2022, 13,450 from 2023, 13,300 from 2025; steps of 20 kWh/t, a part counting as 20; 0.01 CNY/kWh a step.
    """
    not_negative(kwh_per_t=kwh_per_t)
    steps = np.ceil(np.round(np.maximum(0, kwh_per_t - tier.threshold_kwh_per_t) / tier.step_kwh_per_t, _ROUNDING))
    surcharge: Amount = steps * tier.cny_per_kwh_per_step
    return surcharge


def step_end_kwh_per_t(kwh_per_t: Amount, tier: Tier) -> Amount:
    """Greatest consumption with the surcharge that a consumption has.

    Parameters
    ----------
    kwh_per_t
        Consumption, as for `tier_surcharge` [kWh/t].
    tier
        Threshold and steps in force [kWh/t, CNY/kWh].

    Returns
    -------
    Amount
        Above it, the next step begins [kWh/t].

    Raises
    ------
    ValueError
        If the consumption is negative.

    Notes
    -----
    ``w_end = T + d · ceil(max(0, w - T) / d)``

    References
    ----------
    .. [1] As for `tier_surcharge`.
    """
    not_negative(kwh_per_t=kwh_per_t)
    steps = np.ceil(np.round(np.maximum(0, kwh_per_t - tier.threshold_kwh_per_t) / tier.step_kwh_per_t, _ROUNDING))
    end: Amount = tier.threshold_kwh_per_t + steps * tier.step_kwh_per_t
    return end


def relieved_surcharge(
    cny_per_kwh: Amount,
    *,
    non_hydro_percent: Amount | float,
    incentive_weight_percent: Amount | float,
    relief: GreenRelief,
) -> Amount:
    """Surcharge after the relief for wind, sun and other renewables that are not hydro.

    Parameters
    ----------
    cny_per_kwh
        Surcharge before relief [CNY/kWh].
    non_hydro_percent
        Share of non-hydro renewables in the plant's whole consumption [%].
    incentive_weight_percent
        The province's incentive weight for non-hydro renewables of the year before [%].
    relief
        Where the relief begins, and what a point takes off [%, 1/point].

    Returns
    -------
    Amount
        Surcharge after relief [CNY/kWh].

    Raises
    ------
    ValueError
        If the surcharge is negative, or a percentage is no percentage: outside [0, 100], or above 0 and below 0.5.

    Notes
    -----
    ``s · (1 - r · (p - p0))`` if p is above p0 and at least the province's weight, else ``s``.

    Hydro power does not count, however much there is. Points are counted with their decimals; where the authority
    counts whole points only, give the share rounded down.

    References
    ----------
    .. [1] NDRC price 2021 No. 1239 in reprints, as for `tier_surcharge`: above 15 % and not below the province's
       incentive weight, each point more lowers the surcharge by 1 %.
    """
    not_negative(cny_per_kwh=cny_per_kwh)
    percent(least=0.5, non_hydro_percent=non_hydro_percent, incentive_weight_percent=incentive_weight_percent)
    points = np.maximum(0, non_hydro_percent - relief.from_percent) * (non_hydro_percent >= incentive_weight_percent)
    relieved: Amount = cny_per_kwh * (1 - relief.reduction_per_point * points)
    return relieved


def band_surcharge(kwh_per_t: Amount, bands: Bands) -> Amount:
    """Surcharge of the banded price of 2014 to 2021.

    Parameters
    ----------
    kwh_per_t
        AC energy of the liquid metal, of the period that is judged [kWh/t].
    bands
        Bounds and surcharges of the bands [kWh/t, CNY/kWh].

    Returns
    -------
    Amount
        Surcharge on each kilowatt-hour [CNY/kWh].

    Raises
    ------
    ValueError
        If the consumption is negative.

    Notes
    -----
    ``0 if w <= b1, s1 if w <= b2, else s2``

    Valid for restating the years up to 2021.

    References
    ----------
    .. [1] Reuters, "China to impose tiered power pricing for aluminium smelters", 2013-12-23: 13,700 and 13,800 kWh/t,
       0.02 and 0.08 CNY/kWh.
    """
    not_negative(kwh_per_t=kwh_per_t)
    above = kwh_per_t > bands.middle_to_kwh_per_t
    between = (kwh_per_t > bands.free_to_kwh_per_t) & (kwh_per_t <= bands.middle_to_kwh_per_t)
    surcharge: Amount = between * bands.middle_cny_per_kwh + above * bands.top_cny_per_kwh
    return surcharge


def surcharge_cny(kwh: Amount, *, cny_per_kwh: Amount | float) -> Amount:
    """Money that a surcharge costs.

    Parameters
    ----------
    kwh
        Electricity that the surcharge is put on: all that made the liquid metal [kWh].
    cny_per_kwh
        Surcharge after relief [CNY/kWh].

    Returns
    -------
    Amount
        Surcharge [CNY].

    Raises
    ------
    ValueError
        If the electricity is negative, or the surcharge is not in [0, 10] CNY/kWh.

    Notes
    -----
    ``S = s · E``

    The surcharge is put on the whole consumption, not on the part above the threshold.

    References
    ----------
    .. [1] NDRC price 2021 No. 1239 in reprints, as for `tier_surcharge`.
    """
    not_negative(kwh=kwh)
    within(0, 10, remedy="give CNY, 0.01 for one fen", cny_per_kwh=cny_per_kwh)
    return kwh * cny_per_kwh


def overdue_surcharge_cny(
    cny: Amount, *, days_unpaid: Amount | float, grace_days: Amount | float, multiple: Amount | float
) -> Amount:
    """Surcharge that is owed when it was not paid in time.

    Parameters
    ----------
    cny
        Surcharge as it was notified [CNY].
    days_unpaid
        Days since the notice [d].
    grace_days
        Days within which the surcharge has to be paid [d].
    multiple
        By what the surcharge is multiplied afterwards [-].

    Returns
    -------
    Amount
        Surcharge that is owed [CNY].

    Raises
    ------
    ValueError
        If money or days are negative, or the multiple is not in [1, 10].

    Notes
    -----
    ``S · f if t > t0, else S``

    Valid for a notice that was left unpaid as a whole.

    References
    ----------
    .. [1] NDRC price 2021 No. 1239 in reprints, as for `tier_surcharge`, and the notice of Taiyuan that carries it out
       (kchaluminum.com): 90 days, one and a half times.
    """
    not_negative(cny=cny, days_unpaid=days_unpaid, grace_days=grace_days)
    within(1, 10, remedy="give the multiple of the whole surcharge, 1.5 and not 0.5", multiple=multiple)
    return cny * (1 + (multiple - 1) * (days_unpaid > grace_days))
