"""CO2 of self-baking (Soderberg) anodes: the paste is baked by the pot, so its binder burns there too."""

from collector.domain.constants import CO2_PER_CARBON
from collector.domain.validity import Amount, not_negative, percent, within


def soderberg_anode_co2_t(
    metal_t: Amount,
    *,
    paste_consumption: Amount | float,
    benzene_soluble_kg_per_t: Amount | float,
    binder_percent: Amount | float,
    pitch_sulphur_percent: Amount | float,
    pitch_ash_percent: Amount | float,
    pitch_hydrogen_percent: Amount | float,
    coke_sulphur_percent: Amount | float,
    coke_ash_percent: Amount | float,
    skimmed_dust_per_metal: Amount | float,
) -> Amount:
    """CO2 from the paste of Soderberg anodes in electrolysis.

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    paste_consumption
        Mass of paste used up per mass of metal [t/t].
    benzene_soluble_kg_per_t
        Benzene-soluble matter that leaves unburnt, per metal: kilograms, and not tonnes [kg/t].
    binder_percent
        Binder (pitch) in the paste, by mass [%].
    pitch_sulphur_percent
        Sulphur in the pitch, by mass [%].
    pitch_ash_percent
        Ash in the pitch, by mass [%].
    pitch_hydrogen_percent
        Hydrogen in the pitch, by mass [%].
    coke_sulphur_percent
        Sulphur in the calcined coke, by mass [%].
    coke_ash_percent
        Ash in the calcined coke, by mass [%].
    skimmed_dust_per_metal
        Carbon in dust skimmed from the pots, per metal [t/t].

    Returns
    -------
    Amount
        CO2 [t CO2].

    Raises
    ------
    ValueError
        If the metal is negative; the paste is not in [0, 1] t/t; the benzene-soluble matter is not 0 to 20 kg/t; the
        dust is not in [0, 0.1] t/t; or a percentage is so small that it is a fraction: binder below 5 %, hydrogen
        below 0.5 %, sulphur below 0.1 %, ash below 0.02 %, each above 0.

    Notes
    -----
    ``E = m · (PC - CSM / 1000 - PC · BC · (Sp + Ap + Hp) - PC · (1 - BC) · (Sc + Ac) - CD) · 44/12`` with the
    percentages as fractions.

    Valid for vertical-stud and horizontal-stud cells. Rules offer CSM 0.5 (vertical) and 4.0 kg/t (horizontal), BC 24 %
    for dry and 27 % for wet paste, Sp 0.6 %, Ap 0.2 %, Hp 3.3 %, Sc 1.9 %, Ac 0.2 % and CD 0.01 t/t.

    References
    ----------
    .. [1] IPCC 2006 Guidelines, volume 3, chapter 4, equation 4.24.
    .. [2] 40 CFR 98.63 and table F-2 (the values named above).
    """
    not_negative(metal_t=metal_t)
    within(0, 1, remedy="give t per t of metal, 0.52 for 520 kg/t", paste_consumption=paste_consumption)
    within(0, 20, remedy="give kg per t of metal", benzene_soluble_kg_per_t=benzene_soluble_kg_per_t)
    within(0, 0.1, remedy="give t per t of metal, 0.01 for 10 kg/t", skimmed_dust_per_metal=skimmed_dust_per_metal)
    percent(least=5, binder_percent=binder_percent)
    percent(least=0.1, pitch_sulphur_percent=pitch_sulphur_percent, coke_sulphur_percent=coke_sulphur_percent)
    percent(least=0.02, pitch_ash_percent=pitch_ash_percent, coke_ash_percent=coke_ash_percent)
    percent(least=0.5, pitch_hydrogen_percent=pitch_hydrogen_percent)
    pitch_impurity = (pitch_sulphur_percent + pitch_ash_percent + pitch_hydrogen_percent) / 100
    coke_impurity = (coke_sulphur_percent + coke_ash_percent) / 100
    pitch = paste_consumption * binder_percent / 100
    coke = paste_consumption * (1 - binder_percent / 100)
    carbon = (
        paste_consumption
        - benzene_soluble_kg_per_t / 1000  # kg per t
        - pitch * pitch_impurity
        - coke * coke_impurity
        - skimmed_dust_per_metal
    )
    return metal_t * carbon * CO2_PER_CARBON
