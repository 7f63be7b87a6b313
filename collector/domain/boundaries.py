"""kWh per tonne by boundary: what goes into the energy, and which metal stands below it.

Four boundaries, each around the one before: behind the rectifiers (`collector.domain.energy`), the rectifiers (liquid
AC), the potroom's services (liquid comprehensive AC), the cast house (ingot comprehensive AC).

The names follow the indicators of GB 21346-2022. The text of its formulas (sections 6.2.1 and 6.2.2, changed against
the edition of 2013) was not at hand: each function states its own boundary, and whoever reports by the standard
compares it with the text first. The parts are therefore arguments, one by one, and a plant that has to count
differently gives other parts.
"""

from typing import Final

from collector.domain.validity import Amount, not_negative, part_of, positive, within

STANDARD_COAL_GJ_PER_KG: Final = 7000 * 4.1868e-6
"""Heat of a kilogram of standard coal: 7000 kcal by its definition, with 4.1868 kJ/kcal [GJ/kgce]."""


def liquid_ac_kwh(
    rectifier_ac_kwh: Amount,
    *,
    startup_kwh: Amount | float,
    busbar_loss_kwh: Amount | float,
) -> Amount:
    """Energy inside the boundary liquid AC: the rectifiers, for pots that make metal.

    Parameters
    ----------
    rectifier_ac_kwh
        AC energy into the rectifier transformers, on their high-voltage side, of all pots in the line [kWh].
    startup_kwh
        Part of it that went into pots in bake-out and start-up [kWh].
    busbar_loss_kwh
        Part of it lost in the busbars around pots that are cut out [kWh].

    Returns
    -------
    Amount
        Energy of the boundary [kWh].

    Raises
    ------
    ValueError
        If an energy is negative, or the two parts together exceed the whole.

    Notes
    -----
    ``E = E_rectifiers - E_startup - E_busbars``

    Valid when the parts were measured inside what the rectifiers took in. Services of the potroom are not in it.

    References
    ----------
    .. [1] GB 21346-2022, section 6.2.1 by title; text of the formula not seen.
    """
    not_negative(rectifier_ac_kwh=rectifier_ac_kwh, startup_kwh=startup_kwh, busbar_loss_kwh=busbar_loss_kwh)
    part_of(
        rectifier_ac_kwh,
        remedy="give both in kWh of the same interval as rectifier_ac_kwh",
        startup_and_busbar_loss_kwh=startup_kwh + busbar_loss_kwh,
    )
    return rectifier_ac_kwh - startup_kwh - busbar_loss_kwh


def liquid_ac_kwh_per_t(
    rectifier_ac_kwh: Amount,
    *,
    startup_kwh: Amount | float,
    busbar_loss_kwh: Amount | float,
    liquid_metal_t: Amount | float,
) -> Amount:
    """Specific energy with the boundary liquid AC.

    Parameters
    ----------
    rectifier_ac_kwh
        AC energy into the rectifier transformers, on their high-voltage side, of all pots in the line [kWh].
    startup_kwh
        Part of it that went into pots in bake-out and start-up [kWh].
    busbar_loss_kwh
        Part of it lost in the busbars around pots that are cut out [kWh].
    liquid_metal_t
        Liquid metal of the same interval [t].

    Returns
    -------
    Amount
        AC energy per tonne of liquid metal [kWh/t].

    Raises
    ------
    ValueError
        As for `liquid_ac_kwh`, or if there is no metal.

    Notes
    -----
    ``w = (E_rectifiers - E_startup - E_busbars) / m_liquid``

    Sums over sums: for a month, give the month's energies and the month's metal.

    References
    ----------
    .. [1] As for `liquid_ac_kwh`.
    """
    energy_kwh = liquid_ac_kwh(rectifier_ac_kwh, startup_kwh=startup_kwh, busbar_loss_kwh=busbar_loss_kwh)
    positive(liquid_metal_t=liquid_metal_t)
    return energy_kwh / liquid_metal_t


def liquid_comprehensive_ac_kwh(
    rectifier_ac_kwh: Amount,
    *,
    potroom_services_kwh: Amount | float,
    line_losses_kwh: Amount | float,
    desulphurisation_kwh: Amount | float,
) -> Amount:
    """Energy inside the boundary liquid comprehensive AC: the rectifiers and the potroom's services.

    Parameters
    ----------
    rectifier_ac_kwh
        AC energy into the rectifier transformers, on their high-voltage side, of all pots in the line [kWh].
    potroom_services_kwh
        AC energy of the potroom's services: gas treatment, compressed air, cranes, alumina handling, cooling, light;
        without desulphurisation [kWh].
    line_losses_kwh
        Losses of transformers and lines up to the meters of the above that the plant has to carry [kWh].
    desulphurisation_kwh
        AC energy of the desulphurisation of the pots' gas [kWh]. Zero leaves it out, as the tiered price does.

    Returns
    -------
    Amount
        Energy of the boundary [kWh].

    Raises
    ------
    ValueError
        If an energy is negative.

    Notes
    -----
    ``E = E_rectifiers + E_services + E_losses + E_desulphurisation``

    The energy into the rectifiers enters whole: starting pots and the busbars of idle ones belong to this boundary.
    Valid when no part is counted twice, such as services that are fed from the rectifiers' bus.

    With desulphurisation in it, over the metal tapped, it is what the International Aluminium Institute calls AC.

    References
    ----------
    .. [1] GB 21346-2022, section 6.2.2 by title; text of the formula not seen.
    .. [2] International Aluminium Institute, "Primary Aluminium Smelting Energy Intensity": AC includes the smelter's
       normal auxiliaries and pollution control, up to tapped liquid metal, without casting and carbon plants.
    .. [3] NDRC price 2021 No. 1239: the thresholds of the tiered price leave out the power of desulphurisation.
    """
    not_negative(
        rectifier_ac_kwh=rectifier_ac_kwh,
        potroom_services_kwh=potroom_services_kwh,
        line_losses_kwh=line_losses_kwh,
        desulphurisation_kwh=desulphurisation_kwh,
    )
    return rectifier_ac_kwh + potroom_services_kwh + line_losses_kwh + desulphurisation_kwh


def liquid_comprehensive_ac_kwh_per_t(
    rectifier_ac_kwh: Amount,
    *,
    potroom_services_kwh: Amount | float,
    line_losses_kwh: Amount | float,
    desulphurisation_kwh: Amount | float,
    liquid_metal_t: Amount | float,
) -> Amount:
    """Specific energy with the boundary liquid comprehensive AC.

    Parameters
    ----------
    rectifier_ac_kwh
        AC energy into the rectifier transformers, on their high-voltage side, of all pots in the line [kWh].
    potroom_services_kwh
        AC energy of the potroom's services: gas treatment, compressed air, cranes, alumina handling, cooling, light;
        without desulphurisation [kWh].
    line_losses_kwh
        Losses of transformers and lines up to the meters of the above that the plant has to carry [kWh].
    desulphurisation_kwh
        AC energy of the desulphurisation of the pots' gas [kWh]. Zero leaves it out, as the tiered price does.
    liquid_metal_t
        Liquid metal of the same interval [t].

    Returns
    -------
    Amount
        AC energy per tonne of liquid metal [kWh/t].

    Raises
    ------
    ValueError
        As for `liquid_comprehensive_ac_kwh`, or if there is no metal.

    Notes
    -----
    ``w = (E_rectifiers + E_services + E_losses + E_desulphurisation) / m_liquid``

    Sums over sums, as for `liquid_ac_kwh_per_t`.

    References
    ----------
    .. [1] As for `liquid_comprehensive_ac_kwh`.
    """
    energy_kwh = liquid_comprehensive_ac_kwh(
        rectifier_ac_kwh,
        potroom_services_kwh=potroom_services_kwh,
        line_losses_kwh=line_losses_kwh,
        desulphurisation_kwh=desulphurisation_kwh,
    )
    positive(liquid_metal_t=liquid_metal_t)
    return energy_kwh / liquid_metal_t


def ingot_comprehensive_ac_kwh(
    liquid_kwh_per_t: Amount,
    *,
    liquid_cast_t: Amount | float,
    casting_kwh: Amount | float,
) -> Amount:
    """Energy inside the boundary ingot comprehensive AC: the liquid metal that was cast, and its casting.

    Parameters
    ----------
    liquid_kwh_per_t
        Specific energy with the boundary liquid comprehensive AC, of the same interval [kWh/t].
    liquid_cast_t
        Liquid metal that went into the cast house [t].
    casting_kwh
        AC energy of the cast house [kWh].

    Returns
    -------
    Amount
        Energy of the boundary [kWh].

    Raises
    ------
    ValueError
        If an input is negative.

    Notes
    -----
    ``E = w_liquid · m_cast + E_casting``

    The liquid metal carries its energy into the cast house, also what burns or goes into dross there: it is missing
    from the ingots that the energy is divided by. Metal that is sold liquid takes its share along and is left out.
    Valid when nothing but the line's metal is cast; scrap and bought metal would need energies of their own.

    References
    ----------
    .. [1] GB 21346-2022, table of section 4 by title of the indicator; text of the formula not seen.
    """
    not_negative(liquid_kwh_per_t=liquid_kwh_per_t, liquid_cast_t=liquid_cast_t, casting_kwh=casting_kwh)
    return liquid_kwh_per_t * liquid_cast_t + casting_kwh


def ingot_comprehensive_ac_kwh_per_t(
    liquid_kwh_per_t: Amount,
    *,
    liquid_cast_t: Amount | float,
    casting_kwh: Amount | float,
    ingot_t: Amount | float,
) -> Amount:
    """Specific energy with the boundary ingot comprehensive AC.

    Parameters
    ----------
    liquid_kwh_per_t
        Specific energy with the boundary liquid comprehensive AC, of the same interval [kWh/t].
    liquid_cast_t
        Liquid metal that went into the cast house [t].
    casting_kwh
        AC energy of the cast house [kWh].
    ingot_t
        Ingots cast of it [t].

    Returns
    -------
    Amount
        AC energy per tonne of ingot [kWh/t].

    Raises
    ------
    ValueError
        As for `ingot_comprehensive_ac_kwh`, or if there are no ingots.

    Notes
    -----
    ``w = (w_liquid · m_cast + E_casting) / m_ingot``

    When all liquid metal is cast, this is the sum of all energies over the ingots. The limits for ingots lie 50 kWh/t
    above those for liquid metal.

    References
    ----------
    .. [1] As for `ingot_comprehensive_ac_kwh`.
    """
    energy_kwh = ingot_comprehensive_ac_kwh(liquid_kwh_per_t, liquid_cast_t=liquid_cast_t, casting_kwh=casting_kwh)
    positive(ingot_t=ingot_t)
    return energy_kwh / ingot_t


def ingot_comprehensive_kgce_per_t(
    ingot_ac_kwh: Amount,
    *,
    kgce_per_kwh: Amount | float,
    fuels_kgce: Amount | float,
    ingot_t: Amount | float,
) -> Amount:
    """Comprehensive unit energy of ingots, in kilograms of standard coal equivalent.

    Parameters
    ----------
    ingot_ac_kwh
        Energy with the boundary ingot comprehensive AC, see `ingot_comprehensive_ac_kwh` [kWh].
    kgce_per_kwh
        Standard coal equivalent of electricity that the rule set prescribes [kgce/kWh].
    fuels_kgce
        Fuels of the same boundary, each already converted to standard coal equivalent [kgce].
    ingot_t
        Ingots of the same interval [t].

    Returns
    -------
    Amount
        Energy per tonne of ingot [kgce/t].

    Raises
    ------
    ValueError
        If an input is negative, the equivalent is not in [0, 1] kgce/kWh, or there are no ingots.

    Notes
    -----
    ``e = (E · f + B) / m_ingot``

    Valid with the equivalent of electricity by its energy content, 0.1229 kgce/kWh; the fuel that a power station burns
    for it makes another indicator. Electricity alone at 13,350 kWh/t is 1641 kgce/t, so the limits of GB 21346-2022 for
    this indicator leave a few tens for fuels.

    References
    ----------
    .. [1] GB 21346-2022, table of section 4 by title of the indicator; text of the formula not seen.
    .. [2] GB/T 2589-2020, equivalent of electricity as quoted in secondary text.
    """
    not_negative(ingot_ac_kwh=ingot_ac_kwh, fuels_kgce=fuels_kgce)
    within(0, 1, remedy="give kgce for one kWh, 0.1229 and not 1.229 t per 10,000 kWh", kgce_per_kwh=kgce_per_kwh)
    positive(ingot_t=ingot_t)
    return (ingot_ac_kwh * kgce_per_kwh + fuels_kgce) / ingot_t
