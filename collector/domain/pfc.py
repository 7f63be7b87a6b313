"""Perfluorocarbons by other ways than anode effects: measured in the stack, by default factors, at low voltage.

The slope and the overvoltage method are in `anode_effect`. Which method holds for a line, and what may be added to it,
is in `pfc_account`.
"""

from collector.domain.validity import Amount, fraction, not_negative, positive, within


def stack_to_total_kg(stack_kg: Amount, *, collection_efficiency: Amount | float) -> Amount:
    """Whole emission of a gas, from what was measured in the duct or stack.

    Parameters
    ----------
    stack_kg
        Gas that went through the duct or stack in the interval, as measured [kg].
    collection_efficiency
        Share of the pots' gas that the ducts collect, measured, a fraction [-].

    Returns
    -------
    Amount
        Gas emitted through ducts and roof [kg].

    Raises
    ------
    ValueError
        If the mass is negative, or the efficiency is not in (0, 1].

    Notes
    -----
    ``total = duct / efficiency``

    Valid with a collection efficiency that was measured for the same pots. The measurement holds emissions of low
    voltage too, so that no such term is added to it.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, equation 20.
    """
    not_negative(stack_kg=stack_kg)
    fraction(collection_efficiency=collection_efficiency)
    return stack_kg / collection_efficiency


def default_gas_kg(metal_t: Amount, *, gas_kg_per_t: Amount | float) -> Amount:
    """One gas by a default factor per tonne of metal (tier 1, or the default of a guideline).

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    gas_kg_per_t
        Default factor of the gas and the cell technology: kilograms of gas, not of CO2 equivalent [kg/t].

    Returns
    -------
    Amount
        Gas [kg].

    Raises
    ------
    ValueError
        If the metal is negative, or the factor is not in [0, 10] kg/t.

    Notes
    -----
    ``G = m · EF``

    Valid where nothing is known of the anode effects. Printed defaults reach from 0.034 to 1.6 kg CF4 per t.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 3, chapter 4, table 4.15 (tier 1).
    """
    not_negative(metal_t=metal_t)
    remedy = "give kg of the gas per t of metal, 0.4 and neither 400 g/t nor CO2 equivalent"
    within(0, 10, remedy=remedy, gas_kg_per_t=gas_kg_per_t)
    return metal_t * gas_kg_per_t


def low_voltage_cf4_kg(metal_t: Amount, *, cf4_kg_per_t: Amount | float) -> Amount:
    """CF4 emitted below the detection threshold of anode effects.

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    cf4_kg_per_t
        CF4 of low-voltage anode effects per metal, of the plant's own measurement or of a rule that it names [kg/t].

    Returns
    -------
    Amount
        CF4 [kg].

    Raises
    ------
    ValueError
        If the metal is negative, or the factor is not in [0, 10] kg/t.

    Notes
    -----
    ``CF4 = m · EF``; C2F6 is not counted below the threshold.

    Valid beside a method for anode effects above the threshold whose edition counts the two apart (`pfc_account` holds
    to that). Local effects at part of the anodes never lift the voltage of the pot to the threshold, so that counters
    of anode effects miss them.

    References
    ----------
    .. [1] 2019 Refinement to the 2006 IPCC Guidelines, volume 3, chapter 4: total as the sum of high-voltage and
       low-voltage anode effects. Its default factors were not seen, so none is offered.
    """
    not_negative(metal_t=metal_t)
    within(0, 10, remedy="give kg of CF4 per t of metal", cf4_kg_per_t=cf4_kg_per_t)
    return metal_t * cf4_kg_per_t


def measured_slope(cf4_kg: Amount, *, metal_t: Amount | float, ae_minutes_per_cell_day: Amount | float) -> Amount:
    """Slope coefficient of a plant, from a measurement campaign (tier 3).

    Parameters
    ----------
    cf4_kg
        CF4 that the anode effects of the campaign emitted, through ducts and roof [kg].
    metal_t
        Metal made in the campaign [t].
    ae_minutes_per_cell_day
        Anode-effect minutes per cell-day of the campaign [min/d].

    Returns
    -------
    Amount
        Slope coefficient [(kg CF4/t Al)/(min/d)].

    Raises
    ------
    ValueError
        If the gas is negative, or there is no metal or no time in anode effect.

    Notes
    -----
    ``slope = CF4 / (m · AEM)``, the inverse of the slope method.

    Valid with emissions of low voltage taken off the measurement before, else they scale with the anode effects from
    then on. The European rule wants the coefficient known to 15 %, and measured anew every three years.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, section B.7.
    """
    not_negative(cf4_kg=cf4_kg)
    positive(metal_t=metal_t, ae_minutes_per_cell_day=ae_minutes_per_cell_day)
    return cf4_kg / metal_t / ae_minutes_per_cell_day
