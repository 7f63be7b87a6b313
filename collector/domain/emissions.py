"""Total of a line's emissions and the intensity; the parts come from `carbon`, `anode_effect`, `electricity`, `fuels`.

Pitch volatiles of anode baking are not in this total.
"""

from collector.domain.validity import Amount, not_negative, positive


def total_co2e_t(
    *,
    anode_co2_t: Amount,
    pfc_co2e_t: Amount | float,
    electricity_co2_t: Amount | float,
    fuel_co2_t: Amount | float,
) -> Amount:
    """Emissions of anodes, perfluorocarbons, electricity and fuels together.

    Parameters
    ----------
    anode_co2_t
        CO2 from anodes [t CO2].
    pfc_co2e_t
        Perfluorocarbons as CO2 equivalent [t CO2e].
    electricity_co2_t
        CO2 of electricity; zero for a total of direct emissions [t CO2].
    fuel_co2_t
        CO2 of fuels and of the scrubbers' soda ash; zero for a total without them [t CO2].

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
    ``E = E_anode + E_PFC + E_electricity + E_fuel``; CO2 counts as itself, its warming potential is 1.

    Valid for parts of one interval and one set of warming potentials. The sum is the electrolysis, its electricity
    and what is burnt, not the footprint of the product: alumina, anode making and casting are outside.

    References
    ----------
    .. [1] WRI and WBCSD, GHG Protocol Corporate Standard, chapter 4: scope 1 (all parts but electricity) and scope 2.
    """
    not_negative(
        anode_co2_t=anode_co2_t, pfc_co2e_t=pfc_co2e_t, electricity_co2_t=electricity_co2_t, fuel_co2_t=fuel_co2_t
    )
    return anode_co2_t + pfc_co2e_t + electricity_co2_t + fuel_co2_t


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
