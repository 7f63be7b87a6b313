"""Flue gas at one reference: concentrations and flows are compared at one temperature, pressure, dryness and oxygen.

China and the European Union refer to dry gas at 0 degrees Celsius and 101.325 kPa, written Nm3; the United States to
dry gas at 20 degrees and the same pressure, written dscm. Potroom gas is air that was sucked in, so limits for it are
stated at the oxygen that it has; the correction for oxygen is for furnaces.
"""

from dataclasses import dataclass
from typing import Final

from collector.domain.constants import (
    FLUORINE_MOLAR_MASS,
    HYDROGEN_FLUORIDE_MOLAR_MASS,
    NORMAL_MOLAR_VOLUME,
    STANDARD_ATMOSPHERE_KPA,
    ZERO_CELSIUS_K,
)
from collector.domain.validity import Amount, not_negative, positive, within


@dataclass(frozen=True, slots=True)
class Reference:
    """Temperature and pressure that a volume of dry gas is stated at.

    Parameters
    ----------
    temperature_c
        Temperature [degC].
    pressure_kpa
        Absolute pressure [kPa].

    Raises
    ------
    ValueError
        If the temperature is not in [0, 30] degC, or the pressure not in [90, 110] kPa.
    """

    temperature_c: float
    pressure_kpa: float

    def __post_init__(self) -> None:
        within(0, 30, remedy="give degrees Celsius, 0 and not 273.15", temperature_c=self.temperature_c)
        within(90, 110, remedy="give kPa, 101.325 and not 1013.25 hPa", pressure_kpa=self.pressure_kpa)


NORMAL: Final = Reference(temperature_c=0.0, pressure_kpa=STANDARD_ATMOSPHERE_KPA)
"""Reference of Chinese and European limits, mg/Nm3; Directive 2010/75/EU, annex VI, part 3, prints it."""

US_STANDARD: Final = Reference(temperature_c=20.0, pressure_kpa=STANDARD_ATMOSPHERE_KPA)
"""Reference of dscm: 40 CFR 60.2, standard conditions, 293 K (68 degF) and 101.3 kPa (29.92 in Hg)."""


def flow_at_reference(
    flow_m3_h: Amount,
    *,
    temperature_c: Amount | float,
    ambient_kpa: Amount | float,
    static_kpa: Amount | float,
    water_fraction: Amount | float,
    reference: Reference,
) -> Amount:
    """Flow of dry gas at a reference, from the flow as it is in the duct.

    Parameters
    ----------
    flow_m3_h
        Flow of wet gas as it is in the duct [m3/h].
    temperature_c
        Temperature of the gas [degC].
    ambient_kpa
        Pressure of the air outside [kPa].
    static_kpa
        Static pressure of the gas against the air outside; below zero before a fan [kPa].
    water_fraction
        Share of water vapour in the wet gas by volume, a fraction; zero if the flow is dry already [-].
    reference
        Temperature and pressure of the answer [degC, kPa].

    Returns
    -------
    Amount
        Flow of dry gas at the reference [m3/h].

    Raises
    ------
    ValueError
        If the flow is negative, the temperature not in [-50, 1500] degC, the pressure outside not in [50, 110] kPa, the
        static pressure not in [-20, 20] kPa, or the share of water not in [0, 0.9].

    Notes
    -----
    ``Q_ref = Q · T_ref / T · (p_a + p_s) / p_ref · (1 - x)`` with absolute temperatures.

    Valid for an ideal gas, which flue gas is to a thousandth.

    References
    ----------
    .. [1] Ideal gas law; Dalton's law for the water vapour.
    """
    not_negative(flow_m3_h=flow_m3_h)
    ratio = _volume_ratio(temperature_c, ambient_kpa, static_kpa, water_fraction, reference)
    return flow_m3_h * ratio


def concentration_at_reference(
    mg_m3: Amount,
    *,
    temperature_c: Amount | float,
    ambient_kpa: Amount | float,
    static_kpa: Amount | float,
    water_fraction: Amount | float,
    reference: Reference,
) -> Amount:
    """Concentration in dry gas at a reference, from the concentration as it is in the duct.

    Parameters
    ----------
    mg_m3
        Concentration in the wet gas as it is in the duct [mg/m3].
    temperature_c
        Temperature of the gas [degC].
    ambient_kpa
        Pressure of the air outside [kPa].
    static_kpa
        Static pressure of the gas against the air outside [kPa].
    water_fraction
        Share of water vapour in the wet gas by volume, a fraction; zero if the analyser measures dry gas [-].
    reference
        Temperature and pressure of the answer [degC, kPa].

    Returns
    -------
    Amount
        Concentration in dry gas at the reference [mg/m3].

    Raises
    ------
    ValueError
        If the concentration is negative, or as for `flow_at_reference`.

    Notes
    -----
    ``C_ref = C · T / T_ref · p_ref / (p_a + p_s) / (1 - x)``: mass stays, volume shrinks.

    Concentration and flow of one gas, both brought to the same reference, give the same mass as both in the duct.

    References
    ----------
    .. [1] As for `flow_at_reference`.
    """
    not_negative(mg_m3=mg_m3)
    ratio = _volume_ratio(temperature_c, ambient_kpa, static_kpa, water_fraction, reference)
    return mg_m3 / ratio


def concentration_between_references(mg_m3: Amount, *, stated_at: Reference, wanted_at: Reference) -> Amount:
    """Concentration in dry gas at another reference.

    Parameters
    ----------
    mg_m3
        Concentration in dry gas [mg/m3].
    stated_at
        Reference of `mg_m3` [degC, kPa].
    wanted_at
        Reference of the answer [degC, kPa].

    Returns
    -------
    Amount
        Concentration in dry gas [mg/m3].

    Raises
    ------
    ValueError
        If the concentration is negative.

    Notes
    -----
    ``C2 = C1 · T1 / T2 · p2 / p1`` with absolute temperatures; from mg/dscm to mg/Nm3 a factor of 1.0732.

    References
    ----------
    .. [1] Ideal gas law. 40 CFR 60.2 and Directive 2010/75/EU for the references.
    """
    not_negative(mg_m3=mg_m3)
    warmth = (stated_at.temperature_c + ZERO_CELSIUS_K) / (wanted_at.temperature_c + ZERO_CELSIUS_K)
    return mg_m3 * (warmth * wanted_at.pressure_kpa / stated_at.pressure_kpa)


def concentration_at_oxygen(
    mg_m3: Amount,
    *,
    oxygen_percent: Amount | float,
    reference_oxygen_percent: Amount | float,
    air_oxygen_percent: Amount | float,
) -> Amount:
    """Concentration at a reference content of oxygen, which takes out the air that dilutes a furnace's gas.

    Parameters
    ----------
    mg_m3
        Concentration in dry gas [mg/m3].
    oxygen_percent
        Oxygen measured in the dry gas [%].
    reference_oxygen_percent
        Oxygen that the limit is stated at [%].
    air_oxygen_percent
        Oxygen of air as the rule counts it: 21 in China and Europe, 20.9 in the United States [%].

    Returns
    -------
    Amount
        Concentration at the reference oxygen [mg/m3].

    Raises
    ------
    ValueError
        If the concentration is negative, the air's oxygen not in [20, 22] %, or one of the others not from 0 to
        below it: gas with the oxygen of air has no answer.

    Notes
    -----
    ``C_ref = C · (O_air - O_ref) / (O_air - O)``

    Valid for combustion gas below 18 % or so; near the oxygen of air it magnifies every error. Not for potroom gas,
    which is air: its limits are stated at the oxygen that it has.

    References
    ----------
    .. [1] Directive 2010/75/EU, annex VI, part 7: formula with 21 %.
    """
    not_negative(mg_m3=mg_m3)
    within(20, 22, remedy="give percent, 21 or 20.9", air_oxygen_percent=air_oxygen_percent)
    within(0, 100, remedy="give percent of dry gas", oxygen_percent=oxygen_percent)
    within(0, 100, remedy="give percent of dry gas", reference_oxygen_percent=reference_oxygen_percent)
    positive(
        air_minus_oxygen_percent=air_oxygen_percent - oxygen_percent,
        air_minus_reference_oxygen_percent=air_oxygen_percent - reference_oxygen_percent,
    )
    return mg_m3 * (air_oxygen_percent - reference_oxygen_percent) / (air_oxygen_percent - oxygen_percent)


def mg_nm3_from_ppmv(ppmv: Amount, *, molar_mass_g: Amount | float) -> Amount:
    """Mass concentration at normal conditions, from parts per million by volume.

    Parameters
    ----------
    ppmv
        Share of the gas by volume, in dry gas [1e-6].
    molar_mass_g
        Molar mass of the gas, 20.0063 for HF, 64.066 for SO2, see `collector.domain.constants` [g/mol].

    Returns
    -------
    Amount
        Concentration at 0 degrees Celsius and 101.325 kPa, dry if `ppmv` is [mg/Nm3].

    Raises
    ------
    ValueError
        If the share is not in [0, 1e6], or the molar mass not in [2, 500] g/mol.

    Notes
    -----
    ``C = x · M / V`` with V = 22.41397 L/mol.

    Valid for dilute gases, whatever the temperature they were measured at: a share by volume has none.

    References
    ----------
    .. [1] Ideal gas law with the constants of `collector.domain.constants`.
    """
    within(0, 1e6, remedy="give parts per million", ppmv=ppmv)
    within(2, 500, remedy="give g/mol, 20.0063 for HF", molar_mass_g=molar_mass_g)
    return ppmv * molar_mass_g / NORMAL_MOLAR_VOLUME


def ppmv_from_mg_nm3(mg_nm3: Amount, *, molar_mass_g: Amount | float) -> Amount:
    """Parts per million by volume, from the mass concentration at normal conditions.

    Parameters
    ----------
    mg_nm3
        Concentration at 0 degrees Celsius and 101.325 kPa [mg/Nm3].
    molar_mass_g
        Molar mass of the gas [g/mol].

    Returns
    -------
    Amount
        Share of the gas by volume [1e-6].

    Raises
    ------
    ValueError
        If the concentration is negative, or the molar mass not in [2, 500] g/mol.

    Notes
    -----
    ``x = C · V / M``, the inverse of `mg_nm3_from_ppmv`.

    References
    ----------
    .. [1] As for `mg_nm3_from_ppmv`.
    """
    not_negative(mg_nm3=mg_nm3)
    within(2, 500, remedy="give g/mol, 20.0063 for HF", molar_mass_g=molar_mass_g)
    return mg_nm3 * NORMAL_MOLAR_VOLUME / molar_mass_g


def fluoride_in_hydrogen_fluoride(hydrogen_fluoride: Amount) -> Amount:
    """Fluoride in HF, for limits that count fluorides as F.

    Parameters
    ----------
    hydrogen_fluoride
        Concentration or mass of HF [any unit of mass].

    Returns
    -------
    Amount
        Fluoride, counted as F, in the same unit [any unit of mass].

    Raises
    ------
    ValueError
        If the HF is negative.

    Notes
    -----
    ``F = M(F) / M(HF) · HF``, 0.9496.

    Gaseous fluoride only: fluoride in dust is measured on filters and added by whoever reports total fluoride.

    References
    ----------
    .. [1] Molar masses of `collector.domain.constants`.
    """
    not_negative(hydrogen_fluoride=hydrogen_fluoride)
    return hydrogen_fluoride * (FLUORINE_MOLAR_MASS / HYDROGEN_FLUORIDE_MOLAR_MASS)


def _volume_ratio(
    temperature_c: Amount | float,
    ambient_kpa: Amount | float,
    static_kpa: Amount | float,
    water_fraction: Amount | float,
    reference: Reference,
) -> Amount | float:
    """Volume of dry gas at the reference over volume of wet gas in the duct [-]."""
    within(-50, 1500, remedy="give degrees Celsius", temperature_c=temperature_c)
    within(50, 110, remedy="give kPa, 101.3 and not 1013 hPa", ambient_kpa=ambient_kpa)
    within(-20, 20, remedy="give kPa against the air outside, -1.2 and not -1200 Pa", static_kpa=static_kpa)
    within(0, 0.9, remedy="give a fraction, 0.02 for 2 %", water_fraction=water_fraction)
    warmth = (reference.temperature_c + ZERO_CELSIUS_K) / (temperature_c + ZERO_CELSIUS_K)
    return warmth * (ambient_kpa + static_kpa) / reference.pressure_kpa * (1 - water_fraction)
