"""What the reaction itself needs and gives, 2 Al2O3 + 3 C -> 4 Al + 3 CO2: the floor under what a plant uses."""

from collector.domain.constants import ALUMINIUM_MOLAR_MASS, CARBON_MOLAR_MASS, OXYGEN_MOLAR_MASS
from collector.domain.validity import Amount, not_negative


def theoretical_carbon_kg(metal_kg: Amount) -> Amount:
    """Carbon that the reaction needs for a mass of metal.

    Parameters
    ----------
    metal_kg
        Metal made [kg].

    Returns
    -------
    Amount
        Carbon [kg].

    Raises
    ------
    ValueError
        If the metal is negative.

    Notes
    -----
    ``C = 3 M(C) / (4 M(Al)) · m``, 0.3339 kg/kg.

    A floor, valid at a current efficiency of 1 and with all gas as CO2. Metal that burns back and anodes that burn in
    air bring plants to about 0.4 kg/kg.

    References
    ----------
    .. [1] 2 Al2O3 + 3 C -> 4 Al + 3 CO2 with the molar masses of `collector.domain.constants`.
    """
    not_negative(metal_kg=metal_kg)
    return metal_kg * (3 * CARBON_MOLAR_MASS / (4 * ALUMINIUM_MOLAR_MASS))


def theoretical_alumina_kg(metal_kg: Amount) -> Amount:
    """Alumina that the reaction needs for a mass of metal.

    Parameters
    ----------
    metal_kg
        Metal made [kg].

    Returns
    -------
    Amount
        Pure, dry Al2O3 [kg].

    Raises
    ------
    ValueError
        If the metal is negative.

    Notes
    -----
    ``A = M(Al2O3) / (2 M(Al)) · m``, 1.8894 kg/kg.

    A floor: smelter-grade alumina has moisture, soda and dust losses on top. It holds at any current efficiency, since
    metal that burns back becomes alumina again.

    References
    ----------
    .. [1] 2 Al2O3 + 3 C -> 4 Al + 3 CO2 with the molar masses of `collector.domain.constants`.
    """
    not_negative(metal_kg=metal_kg)
    return metal_kg * ((2 * ALUMINIUM_MOLAR_MASS + 3 * OXYGEN_MOLAR_MASS) / (2 * ALUMINIUM_MOLAR_MASS))


def theoretical_co2_kg(metal_kg: Amount) -> Amount:
    """CO2 that the reaction gives with a mass of metal.

    Parameters
    ----------
    metal_kg
        Metal made [kg].

    Returns
    -------
    Amount
        CO2 [kg].

    Raises
    ------
    ValueError
        If the metal is negative.

    Notes
    -----
    ``E = 3 M(CO2) / (4 M(Al)) · m``, 1.2233 kg/kg.

    A floor, valid at a current efficiency of 1; what an inventory reports is made of the carbon really used.

    References
    ----------
    .. [1] 2 Al2O3 + 3 C -> 4 Al + 3 CO2 with the molar masses of `collector.domain.constants`.
    """
    not_negative(metal_kg=metal_kg)
    co2_molar_mass = CARBON_MOLAR_MASS + 2 * OXYGEN_MOLAR_MASS
    return metal_kg * (3 * co2_molar_mass / (4 * ALUMINIUM_MOLAR_MASS))
