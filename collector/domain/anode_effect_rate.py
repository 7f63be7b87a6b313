"""How often pots are in anode effect, for how long and at what voltage: the activity that the methods start from."""

import numpy as np

from collector.domain.validity import Amount, not_negative, positive


def cell_days_after_start_up(
    pot_days: Amount, *, days_since_start: Amount | float, start_up_days: Amount | float
) -> Amount:
    """Cell-days that count: time of a pot in operation, its start-up left out.

    Parameters
    ----------
    pot_days
        Time that the pot was in operation in the interval; an element a pot [d].
    days_since_start
        How long the pot had been in operation when the interval began, zero for one that started in it [d].
    start_up_days
        Length of the start-up that the plant's procedure leaves out; zero to leave out nothing [d].

    Returns
    -------
    Amount
        Cell-days of the pot; those of a line are the sum [d].

    Raises
    ------
    ValueError
        If a time is negative.

    Notes
    -----
    ``n = max(0, t - max(0, start-up - age))``

    Valid for one start of the pot in the interval at most. Anode effects of the start-up are to be left out with its
    days, or both are to be kept. The length is the plant's own: one smelter's monitoring plan has 14 days.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, section B.7: anode effects per cell-day of pots in operation.
    """
    not_negative(pot_days=pot_days, days_since_start=days_since_start, start_up_days=start_up_days)
    left_out = np.maximum(0.0, start_up_days - days_since_start)
    counted: Amount = np.maximum(0.0, pot_days - left_out)
    return counted


def anode_effects_per_cell_day(anode_effects: Amount, cell_days: Amount | float) -> Amount:
    """Frequency of anode effects (AEF).

    Parameters
    ----------
    anode_effects
        Anode effects of all pots in the interval [-].
    cell_days
        Cell-days of the same pots and interval [d].

    Returns
    -------
    Amount
        Anode effects per cell-day [1/d].

    Raises
    ------
    ValueError
        If the number is negative, or there are no cell-days.

    Notes
    -----
    ``AEF = n / cell-days``

    Valid when one threshold of voltage says what an anode effect is, and when a pot that falls back below it and
    crosses it again within one event is counted once, as the control system does.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, section B.7: frequency of anode effects.
    """
    not_negative(anode_effects=anode_effects)
    positive(cell_days=cell_days)
    return anode_effects / cell_days


def mean_anode_effect_minutes(ae_seconds: Amount, anode_effects: Amount | float) -> Amount:
    """Mean duration of an anode effect (AED).

    Parameters
    ----------
    ae_seconds
        Time in anode effect, summed over all pots and all anode effects of the interval [s].
    anode_effects
        Number of these anode effects [-].

    Returns
    -------
    Amount
        Mean duration [min].

    Raises
    ------
    ValueError
        If the time is negative, or there were no anode effects: an interval without any has no mean duration.

    Notes
    -----
    ``AED = t / 60 / n``

    Valid as a sum over a sum. The mean of the lines' means is another number.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, section B.7: mean duration of anode effects.
    """
    not_negative(ae_seconds=ae_seconds)
    positive(anode_effects=anode_effects)
    return ae_seconds / 60 / anode_effects  # 60 s per min


def ae_minutes_from_frequency(anode_effects_per_cell_day: Amount, *, mean_minutes: Amount | float) -> Amount:
    """Anode-effect minutes per cell-day (AEM), from frequency and mean duration.

    Parameters
    ----------
    anode_effects_per_cell_day
        Frequency of anode effects [1/d].
    mean_minutes
        Mean duration of the same anode effects [min].

    Returns
    -------
    Amount
        Anode-effect minutes per cell-day [min/d].

    Raises
    ------
    ValueError
        If an input is negative.

    Notes
    -----
    ``AEM = AEF · AED``

    Valid for frequency and duration of the same pots, interval and threshold. Of two lines, add up seconds and
    cell-days first: the product of two means is not the mean of the products.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, section B.7, below equation 21.
    """
    not_negative(anode_effects_per_cell_day=anode_effects_per_cell_day, mean_minutes=mean_minutes)
    return anode_effects_per_cell_day * mean_minutes


def anode_effect_overvoltage_mv(overvoltage_volt_seconds: Amount, *, data_seconds: Amount | float) -> Amount:
    """Anode-effect overvoltage (AEO), from its integral.

    Parameters
    ----------
    overvoltage_volt_seconds
        Voltage above the target during anode effects, integrated over time and summed over pots [V s].
    data_seconds
        Whole time that voltages were collected, in anode effect and out of it, summed over the same pots [s].

    Returns
    -------
    Amount
        Anode-effect overvoltage per pot [mV].

    Raises
    ------
    ValueError
        If the integral is negative, or there is no time of data.

    Notes
    -----
    ``AEO = 1000 · integral of (V - V_target) dt during anode effects / whole time``

    Valid for the integral that the coefficient was measured with: some control systems count only what lies above the
    target, others subtract what lies below it.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, equation 24; (EU) 601/2012, annex IV, section 8.B, method B.
    """
    not_negative(overvoltage_volt_seconds=overvoltage_volt_seconds)
    positive(data_seconds=data_seconds)
    return overvoltage_volt_seconds * 1000 / data_seconds  # 1000 mV per V
