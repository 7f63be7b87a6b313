"""Where a month will end, from what it has used and made so far and from how the last days went.

Both figures are sums over sums: the days to come are put beside the days that were as energy and metal, not as a ratio.
"""

import numpy as np
from numpy.typing import NDArray

from collector.domain.validity import Amount, not_negative, positive


def period_end_kwh_per_t(
    kwh_so_far: Amount,
    *,
    metal_so_far_t: Amount | float,
    kwh_per_day: Amount | float,
    metal_t_per_day: Amount | float,
    days_left: Amount | float,
) -> Amount:
    """Specific energy that a period ends with, if the days left go as the last ones did.

    Parameters
    ----------
    kwh_so_far
        Energy of the period up to now, inside the boundary that is asked for [kWh].
    metal_so_far_t
        Metal of the same days [t].
    kwh_per_day
        Energy a day, mean over the last days [kWh/d].
    metal_t_per_day
        Metal a day, mean over the same last days [t/d].
    days_left
        Days to the end of the period, begun days as parts [d].

    Returns
    -------
    Amount
        Specific energy of the whole period [kWh/t].

    Raises
    ------
    ValueError
        If an input is negative, or the whole period has no metal.

    Notes
    -----
    ``w = (E + e · d) / (M + m · d)``

    Valid while the line goes on as in the last days: start-ups, cut-outs and modulation that are planned are not in it.
    At the end of the period it is the period's own figure.

    References
    ----------
    .. [1] Definition of specific energy, see `collector.domain.energy.specific_energy`; rates carried on unchanged.
    """
    not_negative(
        kwh_so_far=kwh_so_far,
        metal_so_far_t=metal_so_far_t,
        kwh_per_day=kwh_per_day,
        metal_t_per_day=metal_t_per_day,
        days_left=days_left,
    )
    metal_t = metal_so_far_t + metal_t_per_day * days_left
    positive(metal_of_whole_period_t=metal_t)
    return (kwh_so_far + kwh_per_day * days_left) / metal_t


def needed_kwh_per_t(
    kwh_so_far: Amount,
    *,
    metal_so_far_t: Amount | float,
    limit_kwh_per_t: Amount | float,
    metal_t_per_day: Amount | float,
    days_left: Amount | float,
) -> Amount:
    """Specific energy that the days left may have at most, for the period to end at a limit.

    Parameters
    ----------
    kwh_so_far
        Energy of the period up to now, inside the boundary of the limit [kWh].
    metal_so_far_t
        Metal of the same days [t].
    limit_kwh_per_t
        Specific energy that the whole period shall not exceed [kWh/t].
    metal_t_per_day
        Metal a day that is expected of the days left [t/d].
    days_left
        Days to the end of the period [d].

    Returns
    -------
    Amount
        Greatest specific energy of the days left [kWh/t].

    Raises
    ------
    ValueError
        If an input is negative, or the days left make no metal.

    Notes
    -----
    ``w = (T · (M + m · d) - E) / (m · d)``, the inverse of `period_end_kwh_per_t`.

    An answer below what the pots can do, or below zero, says that the limit is out of reach.

    References
    ----------
    .. [1] As for `period_end_kwh_per_t`.
    """
    not_negative(
        kwh_so_far=kwh_so_far,
        metal_so_far_t=metal_so_far_t,
        limit_kwh_per_t=limit_kwh_per_t,
        metal_t_per_day=metal_t_per_day,
        days_left=days_left,
    )
    metal_left_t = metal_t_per_day * days_left
    positive(metal_of_days_left_t=metal_left_t)
    return (limit_kwh_per_t * (metal_so_far_t + metal_left_t) - kwh_so_far) / metal_left_t


def forecast_standard_uncertainty(
    day_kwh: NDArray[np.float64],
    *,
    day_metal_t: NDArray[np.float64],
    days_left: float,
    metal_of_whole_period_t: float,
) -> float:
    """Return the standard uncertainty of `period_end_kwh_per_t`, from how much the last days differ.

    Parameters
    ----------
    day_kwh
        Energy of each of the last days [kWh].
    day_metal_t
        Metal of the same days [t].
    days_left
        Days to the end of the period [d].
    metal_of_whole_period_t
        Metal of the period as it is forecast [t].

    Returns
    -------
    float
        Of the specific energy of the whole period, one standard deviation [kWh/t].

    Raises
    ------
    ValueError
        If an input is negative, days are fewer than two or not as many in both, or there is no metal.

    Notes
    -----
    ``r_i = E_i - w · m_i``, ``s² = sum of r_i² / (n - 1)``, ``u = s · sqrt(d + d² / n) / M``

    w is the ratio of the sums of the last days. The days to come are taken to scatter about it as the last did, each by
    itself: d of them by s² each, and by the uncertainty of w, s²/n a day, which all of them share. A change that is
    planned, or one that has begun, is not in it; neither is the uncertainty of the meters.

    References
    ----------
    .. [1] Propagation of independent errors, JCGM 100:2008, 5.1.2, with the sample variance of 4.2.2 for the days.
    """
    not_negative(day_kwh=day_kwh, day_metal_t=day_metal_t, days_left=days_left)
    positive(metal_of_whole_period_t=metal_of_whole_period_t, metal_of_last_days_t=float(np.sum(day_metal_t)))
    count = len(day_kwh)
    if count < 2 or count != len(day_metal_t):
        raise ValueError(
            f"{count} days of energy and {len(day_metal_t)} of metal tell no scatter. "
            "Remedy: give both of the same days, two at least."
        )
    rest = day_kwh - np.sum(day_kwh) / np.sum(day_metal_t) * day_metal_t
    of_a_day = np.sqrt(np.sum(rest**2) / (count - 1))
    return float(of_a_day * np.sqrt(days_left + days_left**2 / count) / metal_of_whole_period_t)
