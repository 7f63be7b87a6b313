"""How sure a forecast of a period's specific energy is, from how much its days differ. Pure."""

import numpy as np
from numpy.typing import NDArray

from collector.domain.validity import not_negative, positive


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
