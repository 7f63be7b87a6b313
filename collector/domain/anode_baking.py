"""CO2 that the baking of anodes sets free beside its fuel: volatiles of the pitch, and coke of the packing."""

from collector.domain.constants import CO2_PER_CARBON
from collector.domain.validity import Amount, not_negative, percent, within


def pitch_volatiles_co2_t(
    green_anode_t: Amount,
    *,
    hydrogen_percent: Amount | float,
    baked_anode_t: Amount | float,
    waste_tar_t: Amount | float,
) -> Amount:
    """CO2 from volatiles of the pitch that burn in the baking furnace.

    Parameters
    ----------
    green_anode_t
        Green anodes put into the furnace in the interval [t].
    hydrogen_percent
        Hydrogen in the green anodes, by mass [%].
    baked_anode_t
        Baked anodes taken out of the furnace, of the same charge [t].
    waste_tar_t
        Tar collected and not burnt, as a mass and not as a ratio; zero where none is [t].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If a mass is negative, or the hydrogen is above 0 and below 0.05 %, which is taken for a fraction.

    Notes
    -----
    ``E = (GA - H / 100 · GA - BA - WT) · 44/12``

    Valid for masses that belong together: stocks in the furnace that grow make the loss too small, even negative, and
    the answer says so. Rules offer 0.5 % hydrogen, and for Riedhammer furnaces a tar of 0.005 · GA.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 3, chapter 4, equation 4.22.
    .. [2] 40 CFR 98.63 and table F-2, where hydrogen and tar are masses; other texts print both as ratios, hence the
       unit in the name.
    """
    not_negative(green_anode_t=green_anode_t, baked_anode_t=baked_anode_t, waste_tar_t=waste_tar_t)
    percent(least=0.05, hydrogen_percent=hydrogen_percent)
    return (green_anode_t * (1 - hydrogen_percent / 100) - baked_anode_t - waste_tar_t) * CO2_PER_CARBON


def packing_coke_co2_t(
    baked_anode_t: Amount,
    *,
    coke_per_baked_anode: Amount | float,
    sulphur_percent: Amount | float,
    ash_percent: Amount | float,
) -> Amount:
    """CO2 from the coke that anodes are packed in while they are baked.

    Parameters
    ----------
    baked_anode_t
        Baked anodes made in the interval [t].
    coke_per_baked_anode
        Packing coke burnt per mass of baked anode [t/t].
    sulphur_percent
        Sulphur in the packing coke, by mass [%].
    ash_percent
        Ash in the packing coke, by mass [%].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If the mass is negative; the coke is not in [0, 0.5] t/t; sulphur is above 0 and below 0.1 %, or ash is above 0
        and below 0.05 %, which are taken for fractions; or the two together exceed 100 %.

    Notes
    -----
    ``E = PCC · BA · (100 - S - Ash) / 100 · 44/12``

    Valid for all baking furnaces that pack anodes in coke. Rules offer 0.015 t of coke per t of baked anode.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 3, chapter 4, equation 4.23.
    .. [2] 40 CFR 98.63 and table F-2 (0.015 t/t).
    """
    not_negative(baked_anode_t=baked_anode_t)
    within(0, 0.5, remedy="give t per t of baked anode, 0.015 for 15 kg/t", coke_per_baked_anode=coke_per_baked_anode)
    percent(least=0.1, sulphur_percent=sulphur_percent)
    percent(least=0.05, ash_percent=ash_percent)
    within(0, 100, remedy="check both assays", sulphur_and_ash_percent=sulphur_percent + ash_percent)
    return baked_anode_t * coke_per_baked_anode * (100 - sulphur_percent - ash_percent) / 100 * CO2_PER_CARBON
