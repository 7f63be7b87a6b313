"""Where a month will end, from what it has used and made so far and from how the last days went.

Both figures are sums over sums: the days to come are put beside the days that were as energy and metal, not as a ratio.
"""

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
