"""Pollutants of the stacks and the roof: mass from concentration and flow, and mass per tonne of metal.

A stack has an analyser; the roof of a potroom is sampled by hand. A figure for the whole house needs both, and a figure
of the stack alone says so.
"""

from collector.domain.constants import KG_PER_MG_OF_LB_PER_TON, SULPHUR_DIOXIDE_MOLAR_MASS, SULPHUR_MOLAR_MASS
from collector.domain.validity import Amount, not_negative, percent, positive, within


def emitted_kg(mg_m3: Amount, *, flow_m3_h: Amount | float, hours: Amount | float) -> Amount:
    """Mass of a pollutant that one outlet emits.

    Parameters
    ----------
    mg_m3
        Concentration, mean over the interval weighted with flow [mg/m3].
    flow_m3_h
        Flow at the same reference: both dry and normal, or both as in the duct [m3/h].
    hours
        Length of the interval [h].

    Returns
    -------
    Amount
        Mass, to be summed over intervals and outlets by the caller [kg].

    Raises
    ------
    ValueError
        If an input is negative.

    Notes
    -----
    ``m = C · Q · t / 10^6``

    Valid for short intervals: multiply sample by sample, then sum. Concentration and flow move together when fans or
    dampers move, and the product of their means leaves that out.

    References
    ----------
    .. [1] 40 CFR 60.195: mass flow as the product of concentration and dry standard flow.
    """
    not_negative(mg_m3=mg_m3, flow_m3_h=flow_m3_h, hours=hours)
    return mg_m3 * flow_m3_h * hours / 1e6  # mg per kg


def specific_emission_kg_per_t(mass_kg: Amount, *, metal_t: Amount | float) -> Amount:
    """Mass of a pollutant per tonne of metal.

    Parameters
    ----------
    mass_kg
        Mass of the interval, summed over all outlets that the figure is for, see `emitted_kg` [kg].
    metal_t
        Metal of the same interval [t].

    Returns
    -------
    Amount
        Specific emission, of stacks alone or of stacks and roof as `mass_kg` is [kg/t].

    Raises
    ------
    ValueError
        If the mass is negative, or there is no metal.

    Notes
    -----
    ``Ep = sum of (C · Q) / (P · 10^6)`` with C in mg/m3, Q in m3/h and P in t/h: sums over sums.

    Limits of this kind (kg/t, lb/ton) count the stack and the roof. Without the roof the figure is a part of it.

    References
    ----------
    .. [1] 40 CFR 60.195 (fluoride emission of a potroom group, primary and secondary outlets).
    """
    not_negative(mass_kg=mass_kg)
    positive(metal_t=metal_t)
    return mass_kg / metal_t


def after_capture_kg(mass_kg: Amount, *, capture: Amount | float) -> Amount:
    """Mass that leaves a scrubber or a hood.

    Parameters
    ----------
    mass_kg
        Mass that enters [kg].
    capture
        Share that is held back, a fraction [-].

    Returns
    -------
    Amount
        Mass that is not held back [kg].

    Raises
    ------
    ValueError
        If the mass is negative, or the share is not in [0, 1].

    Notes
    -----
    ``m · (1 - c)``

    Valid with a capture that was measured on the plant. Suppliers and plants state 99 to 99.6 % for HF in dry
    scrubbers, which do not hold back SO2.

    References
    ----------
    .. [1] Conservation of mass. Salco, "Potroom" (en.salcocomplex.com/potroom), 99.6 %; aluminiumdeutschland.de, 99 %.
    """
    not_negative(mass_kg=mass_kg)
    within(0, 1, remedy="give a fraction, 0.996 for 99.6 %", capture=capture)
    return mass_kg * (1 - capture)


def anode_so2_kg(metal_t: Amount, *, net_anode_consumption: Amount | float, sulphur_percent: Amount | float) -> Amount:
    """SO2 from the sulphur of the anodes, by mass balance.

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    net_anode_consumption
        Mass of baked anode used up per mass of metal, butts subtracted [t/t].
    sulphur_percent
        Sulphur in the baked anode, by mass [%].

    Returns
    -------
    Amount
        SO2 before any scrubber [kg].

    Raises
    ------
    ValueError
        If the metal is negative, the consumption is not in [0, 1] t/t, or sulphur is above 0 and below 0.1 %, which is
        taken for a fraction.

    Notes
    -----
    ``m = 1000 · P · NAC · S / 100 · M(SO2) / M(S)``, 1.998 kg of SO2 for each kg of sulphur.

    An upper bound: some sulphur leaves as COS, or stays in dust and bath. Sulphur of the fluoride and of the
    alumina is not in it.

    References
    ----------
    .. [1] Stoichiometry with the molar masses of `collector.domain.constants`.
    """
    not_negative(metal_t=metal_t)
    within(0, 1, remedy="give t per t of metal, 0.42 for 420 kg/t", net_anode_consumption=net_anode_consumption)
    percent(least=0.1, sulphur_percent=sulphur_percent)
    so2_per_sulphur = SULPHUR_DIOXIDE_MOLAR_MASS / SULPHUR_MOLAR_MASS
    return 1000 * metal_t * net_anode_consumption * sulphur_percent / 100 * so2_per_sulphur  # 1000 kg per t


def kg_per_mg_from_lb_per_ton(lb_per_ton: Amount) -> Amount:
    """Specific emission in kilograms per megagram, from pounds per short ton.

    Parameters
    ----------
    lb_per_ton
        Specific emission [lb/short ton].

    Returns
    -------
    Amount
        The same in metric units [kg/Mg, which is kg/t].

    Raises
    ------
    ValueError
        If the emission is negative.

    Notes
    -----
    ``1 lb/ton = 0.5 kg/Mg``, exactly: a short ton is 2000 lb.

    References
    ----------
    .. [1] 40 CFR 63.843 prints both: 0.95 kg/Mg (1.9 lb/ton).
    """
    not_negative(lb_per_ton=lb_per_ton)
    return lb_per_ton * KG_PER_MG_OF_LB_PER_TON


def lb_per_ton_from_kg_per_mg(kg_per_mg: Amount) -> Amount:
    """Specific emission in pounds per short ton, from kilograms per megagram.

    Parameters
    ----------
    kg_per_mg
        Specific emission [kg/Mg, which is kg/t].

    Returns
    -------
    Amount
        The same in pounds and short tons [lb/short ton].

    Raises
    ------
    ValueError
        If the emission is negative.

    Notes
    -----
    ``1 kg/Mg = 2 lb/ton``, the inverse of `kg_per_mg_from_lb_per_ton`.

    References
    ----------
    .. [1] As for `kg_per_mg_from_lb_per_ton`.
    """
    not_negative(kg_per_mg=kg_per_mg)
    return kg_per_mg / KG_PER_MG_OF_LB_PER_TON
