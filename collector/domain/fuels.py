"""CO2 of fuels: by heat and a factor, by heat and carbon, or by amount.

Values for natural gas, heavy oil or coal are arguments. They belong to the delivery, or to the table of the rule set.
"""

import numpy as np

from collector.domain.constants import CO2_PER_CARBON
from collector.domain.validity import Amount, Value, fraction, not_negative, within


def fuel_co2_by_heat_t(
    amount: Amount,
    *,
    net_calorific_value_gj: Amount | float,
    co2_t_per_tj: Amount | float,
    oxidation: Amount | float,
) -> Amount:
    """CO2 of a fuel, by its heat and a factor per heat.

    Parameters
    ----------
    amount
        Fuel burnt in the interval, in the unit that its calorific value is for [t, 1000 Nm3 or 10,000 Nm3].
    net_calorific_value_gj
        Net (lower) calorific value [GJ per unit of amount].
    co2_t_per_tj
        Emission factor [t CO2/TJ].
    oxidation
        Share of the carbon that is oxidised, a fraction [-].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If the amount is negative; the calorific value is not 1 to 1000 GJ; the factor is neither 0 nor 10 to 400 t/TJ;
        or the oxidation is not in (0, 1].

    Notes
    -----
    ``E = FC · NCV / 1000 · EF · OF``

    Valid with a calorific value and a factor that are both net; a factor for gross heat is lower. Zero is the factor of
    fuels that a rule counts as zero, such as biomass.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 2, chapter 2, equation 2.1.
    """
    _heat(amount, net_calorific_value_gj)
    remedy = "give t CO2 per TJ, 56 and neither 0.056 t/GJ nor 56000 kg/TJ"
    within(10, 400, remedy=remedy, co2_t_per_tj=_zero_as(10, co2_t_per_tj))
    fraction(oxidation=oxidation)
    return amount * net_calorific_value_gj / 1000 * co2_t_per_tj * oxidation  # 1000 GJ per TJ


def fuel_co2_by_carbon_t(
    amount: Amount,
    *,
    net_calorific_value_gj: Amount | float,
    carbon_t_per_gj: Amount | float,
    oxidation: Amount | float,
) -> Amount:
    """CO2 of a fuel, by its heat and the carbon per heat.

    Parameters
    ----------
    amount
        Fuel burnt in the interval, in the unit that its calorific value is for [t, 1000 Nm3 or 10,000 Nm3].
    net_calorific_value_gj
        Net (lower) calorific value [GJ per unit of amount].
    carbon_t_per_gj
        Carbon per heat [t C/GJ].
    oxidation
        Share of the carbon that is oxidised, a fraction [-].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If the amount is negative; the calorific value is not 1 to 1000 GJ; the carbon is neither 0 nor 0.005 to
        0.1 t/GJ; or the oxidation is not in (0, 1].

    Notes
    -----
    ``E = FC · NCV · CC · OF · 44/12``

    Valid with a net calorific value, as the Chinese guidelines print it: for gas per 10,000 Nm3 there, which is
    then the unit of the amount, too.

    References
    ----------
    .. [1] China, guidelines for the accounting of greenhouse gases of enterprises: activity (FC · NCV) times factor
       (CC · OF · 44/12).
    """
    _heat(amount, net_calorific_value_gj)
    remedy = "give t of carbon per GJ, 0.0153 and not 15.3 kg/GJ or t/TJ"
    within(0.005, 0.1, remedy=remedy, carbon_t_per_gj=_zero_as(0.005, carbon_t_per_gj))
    fraction(oxidation=oxidation)
    return amount * net_calorific_value_gj * carbon_t_per_gj * oxidation * CO2_PER_CARBON


def fuel_co2_by_amount_t(amount: Amount, *, co2_t_per_unit: Amount | float) -> Amount:
    """CO2 of a fuel, by its amount and a factor per amount.

    Parameters
    ----------
    amount
        Fuel burnt in the interval, in the unit that the factor is for [t, 1000 Nm3 or GJ].
    co2_t_per_unit
        Emission factor, oxidation included [t CO2 per unit of amount].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If the amount is negative, or the factor is not in [0, 10] t per unit.

    Notes
    -----
    ``E = FC · EF``

    Valid for the fuel and the unit that the factor is for, which no check can see.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 2, chapter 2, equation 2.1, with the factor on the amount instead of its heat.
    """
    not_negative(amount=amount)
    within(0, 10, remedy="give t CO2 per t or per 1000 Nm3, 2.0 and not 2000 kg", co2_t_per_unit=co2_t_per_unit)
    return amount * co2_t_per_unit


def _heat(amount: Value, net_calorific_value_gj: Value) -> None:
    not_negative(amount=amount)
    remedy = "give GJ per t or per 1000 Nm3, 38.9 and neither 0.0389 TJ nor 38900 MJ"
    within(1, 1000, remedy=remedy, net_calorific_value_gj=net_calorific_value_gj)


def _zero_as(least: float, factor: Value) -> Value:
    """Let zero pass a check that begins above it: the factor of what a rule counts as zero."""
    number = np.asarray(factor, dtype=np.float64)
    return np.where(number == 0, least, number)
