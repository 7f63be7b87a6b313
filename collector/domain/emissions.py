"""CO2 of anodes and of electricity, their total with the perfluorocarbons, and the intensity.

Fuels, pitch volatiles of anode baking and soda ash of the scrubbers are not in this module, and so not in the total.
"""

from collector.domain.constants import CO2_PER_CARBON
from collector.domain.validity import Amount, not_negative, percent, positive, within


def prebake_anode_co2_t(
    metal_t: Amount,
    *,
    net_anode_consumption: Amount | float,
    sulphur_percent: Amount | float,
    ash_percent: Amount | float,
) -> Amount:
    """CO2 from prebaked anodes in electrolysis.

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    net_anode_consumption
        Mass of baked anode used up per mass of metal, butts subtracted; as weighed, sulphur and ash included [t/t].
    sulphur_percent
        Sulphur in the baked anode, by mass [%].
    ash_percent
        Ash in the baked anode, by mass [%].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If the metal is negative; the consumption is not in [0, 1] t/t; sulphur is above 0 and below 0.1 %, or ash is
        above 0 and below 0.05 %, which are taken for fractions; or the two together exceed 100 %.

    Notes
    -----
    ``E = m · NAC · (100 - S - Ash) / 100 · 44/12``

    Valid for prebake cells, with all carbon counted as CO2. The reaction alone needs 0.334 t of carbon per t of metal
    at a current efficiency of 1; plants use about 0.39 to 0.44 t/t of anode net. Rules offer 2 % sulphur and 0.4 % ash
    where there is no assay. A consumption that is given as pure carbon has sulphur and ash subtracted already: give
    zero for both then, so that they are not subtracted twice.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 3, chapter 4, equation 4.21 (tiers 2 and 3).
    .. [2] 40 CFR 98.63 (e), equation F-5, and table F-2 (2.0 % sulphur, 0.4 % ash).
    """
    not_negative(metal_t=metal_t)
    within(0, 1, remedy="give t per t of metal, 0.42 for 420 kg/t", net_anode_consumption=net_anode_consumption)
    percent(least=0.1, sulphur_percent=sulphur_percent)
    percent(least=0.05, ash_percent=ash_percent)
    within(0, 100, remedy="check both assays", sulphur_and_ash_percent=sulphur_percent + ash_percent)
    return metal_t * net_anode_consumption * (100 - sulphur_percent - ash_percent) / 100 * CO2_PER_CARBON


def location_based_co2_t(kwh: Amount, *, grid_factor: Amount | float) -> Amount:
    """CO2 of electricity, by the factor of the grid it is taken from.

    Parameters
    ----------
    kwh
        Electricity taken in the interval [kWh].
    grid_factor
        Mean emission factor of the grid it is taken from, for the time it is taken [kg CO2/kWh, which is t CO2/MWh].

    Returns
    -------
    Amount
        CO2 [t CO2]; t CO2e if the factor counts the other gases too.

    Raises
    ------
    ValueError
        If the energy is negative, or the factor is not in [0, 3] kg/kWh.

    Notes
    -----
    ``E = kWh · EF / 1000``

    Valid for electricity from a grid. Contracts and certificates change the market-based figure and never this one.
    Factors reach from almost 0 (water power) to about 1.1 kg/kWh (coal).

    References
    ----------
    .. [1] WRI and WBCSD, GHG Protocol Scope 2 Guidance (2015), chapter 4, location-based method.
    """
    not_negative(kwh=kwh)
    within(0, 3, remedy="give kg CO2 per kWh, 0.53 and not 530 g/kWh", grid_factor=grid_factor)
    return kwh * grid_factor / 1000  # kg per t


def total_co2e_t(*, anode_co2_t: Amount, pfc_co2e_t: Amount | float, electricity_co2_t: Amount | float) -> Amount:
    """Emissions of anodes, perfluorocarbons and electricity together.

    Parameters
    ----------
    anode_co2_t
        CO2 from anodes [t CO2].
    pfc_co2e_t
        Perfluorocarbons as CO2 equivalent [t CO2e].
    electricity_co2_t
        CO2 of electricity; zero for a total of direct emissions [t CO2].

    Returns
    -------
    Amount
        Total [t CO2e].

    Raises
    ------
    ValueError
        If a part is negative.

    Notes
    -----
    ``E = E_anode + E_PFC + E_electricity``; CO2 counts as itself, its warming potential is 1.

    Valid for parts of one interval and one set of warming potentials. The sum is the electrolysis and its electricity,
    not the footprint of the product: alumina, anode making, fuels and casting are outside.

    References
    ----------
    .. [1] WRI and WBCSD, GHG Protocol Corporate Standard, chapter 4: scope 1 (the first two parts) and scope 2.
    """
    not_negative(anode_co2_t=anode_co2_t, pfc_co2e_t=pfc_co2e_t, electricity_co2_t=electricity_co2_t)
    return anode_co2_t + pfc_co2e_t + electricity_co2_t


def emissions_intensity(co2e_t: Amount, metal_t: Amount | float) -> Amount:
    """Emissions per tonne of metal.

    Parameters
    ----------
    co2e_t
        Emissions of the interval, summed over its parts [t CO2e].
    metal_t
        Metal of the same interval, summed likewise [t].

    Returns
    -------
    Amount
        Intensity [t CO2e/t].

    Raises
    ------
    ValueError
        If the emissions are negative, or there is no metal.

    Notes
    -----
    ``e = sum of E / sum of m``. Arrays are intervals, divided element by element; nothing is summed here.

    Valid for any interval whose emissions and metal belong together. With tier 1 factors of IPCC 2006, anodes alone are
    1.6 t CO2/t in prebake lines.

    References
    ----------
    .. [1] (EU) 2025/2547, annex III, section B: attributed emissions over the activity level.
    """
    not_negative(co2e_t=co2e_t)
    positive(metal_t=metal_t)
    return co2e_t / metal_t
