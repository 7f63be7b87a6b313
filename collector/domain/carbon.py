"""CO2 of carbon that is used up: prebaked anodes, carbon by mass balance, carbonates of the scrubbers.

Editions differ in one factor: the inventory rules print 44/12 t CO2 per t of carbon, the European mass balance 3.664.
Each formula takes the one of its own rule, so that a report agrees with its rule to the last digit.

What burns when anodes are baked is in `anode_baking`, self-baking anodes are in `soderberg`.
"""

from typing import Final

from collector.domain.constants import CO2_PER_CARBON
from collector.domain.validity import Amount, not_negative, percent, within

MASS_BALANCE_CO2_PER_CARBON: Final = 3.664
"""CO2 per carbon in the European mass balance [t CO2/t C]: (EU) 2025/2547, annex II, equation 12."""


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


def net_anode_t(gross_anode_t: Amount, *, loss_percent: Amount | float) -> Amount:
    """Net anode consumption, from the gross consumption and the share that comes back or is lost otherwise.

    Parameters
    ----------
    gross_anode_t
        Baked anodes set into the pots in the interval [t].
    loss_percent
        Share of the gross mass that does not react, butts above all [%].

    Returns
    -------
    Amount
        Anode used up [t].

    Raises
    ------
    ValueError
        If the mass is negative, or the share is above 0 and below 1 %, which is taken for a fraction, or above 100 %.

    Notes
    -----
    ``net = gross · (1 - loss / 100)``

    Valid for an interval that is long against the life of an anode (about a month), or with the change of the anodes
    in the pots corrected for. A plant that weighs its butts knows the share; the Chinese guideline has 15.18 %.

    References
    ----------
    .. [1] China, CETS-AG-04.01-V01-2024, as third parties compute it; the official text was not seen.
    """
    not_negative(gross_anode_t=gross_anode_t)
    percent(least=1, loss_percent=loss_percent)
    return gross_anode_t * (1 - loss_percent / 100)


def anode_co2_t(net_anode_t: Amount, *, sulphur_percent: Amount | float, ash_percent: Amount | float) -> Amount:
    """CO2 from a mass of anode that was used up.

    Parameters
    ----------
    net_anode_t
        Baked anode used up in the interval, as weighed, sulphur and ash included [t].
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
        If the mass is negative; sulphur is above 0 and below 0.1 %, or ash is above 0 and below 0.05 %, which are taken
        for fractions; or the two together exceed 100 %.

    Notes
    -----
    ``E = net · (100 - S - Ash) / 100 · 44/12``

    The same as `prebake_anode_co2_t` with the mass itself instead of metal times specific consumption.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 3, chapter 4, equation 4.21; 40 CFR 98.63 (e), equation F-5.
    """
    not_negative(net_anode_t=net_anode_t)
    percent(least=0.1, sulphur_percent=sulphur_percent)
    percent(least=0.05, ash_percent=ash_percent)
    within(0, 100, remedy="check both assays", sulphur_and_ash_percent=sulphur_percent + ash_percent)
    return net_anode_t * (100 - sulphur_percent - ash_percent) / 100 * CO2_PER_CARBON


def tier1_anode_co2_t(metal_t: Amount, *, co2_per_metal: Amount | float) -> Amount:
    """CO2 of anodes by a default factor per tonne of metal.

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    co2_per_metal
        Default factor of the cell technology [t CO2/t Al].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If the metal is negative, or the factor is not in [1, 3] t/t.

    Notes
    -----
    ``E = m · EF``

    Valid where no anode consumption is known. The reaction alone gives 1.22 t/t at a current efficiency of 1, so a
    factor below 1 is not one of anodes. IPCC 2006 prints 1.6 for prebake and 1.7 for Soderberg.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 3, chapter 4, equation 4.20 and table 4.10 (tier 1).
    """
    not_negative(metal_t=metal_t)
    remedy = "give t CO2 per t of metal, 1.6 and not 1600 kg/t; the reaction alone gives 1.22"
    within(1, 3, remedy=remedy, co2_per_metal=co2_per_metal)
    return metal_t * co2_per_metal


def mass_balance_co2_t(material_t: Amount, *, carbon_content: Amount | float) -> Amount:
    """CO2 of one stream of the European mass balance.

    Parameters
    ----------
    material_t
        Mass of the material that entered the process, or left it, in the interval [t].
    carbon_content
        Carbon in the material as it was weighed; an assay of carbon is taken whole, without sulphur or ash being
        subtracted from it again [t C/t].

    Returns
    -------
    Amount
        CO2 that the carbon of the stream makes [t CO2].

    Raises
    ------
    ValueError
        If the mass is negative, or the content is not in [0, 1] t/t.

    Notes
    -----
    ``Em = f · AD · CC`` with f = 3.664 t CO2/t C

    What leaves the process with its carbon (products, sold tar) is subtracted by whoever adds the streams up, for the
    rule counts it with a minus sign. The factor is 0.073 % below 44/12.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, equation 12.
    """
    not_negative(material_t=material_t)
    within(0, 1, remedy="give t of carbon per t of material, 0.97 for 97 %", carbon_content=carbon_content)
    return material_t * carbon_content * MASS_BALANCE_CO2_PER_CARBON


def carbonate_co2_t(carbonate_t: Amount, *, co2_per_carbonate: Amount | float) -> Amount:
    """CO2 from carbonates that scrub flue gas: soda ash, limestone.

    Parameters
    ----------
    carbonate_t
        Carbonate used up in the interval, as pure carbonate [t].
    co2_per_carbonate
        CO2 that the carbonate sets free [t CO2/t].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If the mass is negative, or the factor is not in [0, 0.6] t/t.

    Notes
    -----
    ``E = m · EF``

    Valid for complete reaction. The molar masses bound the factor: 0.415 for soda ash (Na2CO3), 0.440 for limestone
    (CaCO3), 0.522 for magnesite (MgCO3). Impurities are taken off the mass before.

    References
    ----------
    .. [1] (EU) 2025/2547, section 3.17.2.1: carbonates that clean flue gas are part of the process.
    """
    not_negative(carbonate_t=carbonate_t)
    remedy = "give t CO2 per t of carbonate, 0.415 for soda ash and not 41.5 %"
    within(0, 0.6, remedy=remedy, co2_per_carbonate=co2_per_carbonate)
    return carbonate_t * co2_per_carbonate
