"""Perfluorocarbons of anode effects: CF4 and C2F6, and their CO2 equivalent.

Two methods lead to CF4: the slope method from the time in anode effect, the overvoltage method from the voltage during
it. They are alternatives for the same gas and are never added. Coefficients differ between editions of the rules
(IPCC 2006, its 2019 refinement, the European rules) and between cell technologies; they are arguments.

Emissions below the detection threshold of anode effects (low-voltage emissions) escape both methods.

References
----------
.. [1] Commission Implementing Regulation (EU) 2025/2547, annex II, section B.7, equations 20 to 24.
.. [2] Commission Regulation (EU) No 601/2012, annex IV, section 8.B, calculation methods A (slope) and B (overvoltage).
.. [3] 40 CFR 98.63 (b), equations F-2 (slope), F-3 (overvoltage) and F-4 (C2F6).
.. [4] IAI and WRI, GHG Protocol workbook for the aluminium sector, worksheet 8, "PFC Emissions - Slope or Overvoltage
   Method", with the coefficients of IPCC 2006, volume 3, chapter 4, tier 2.
"""

from collector.domain.validity import Amount, not_negative, positive, within


def anode_effect_minutes_per_cell_day(ae_seconds: Amount, cell_days: Amount | float) -> Amount:
    """Anode-effect minutes per cell-day (AEM).

    Parameters
    ----------
    ae_seconds
        Time in anode effect, summed over all pots and all anode effects of the interval [s].
    cell_days
        Pots in operation times days, over the same interval; pots in start-up left out as the plant's rules say [d].

    Returns
    -------
    Amount
        Anode-effect minutes per cell-day [min/d].

    Raises
    ------
    ValueError
        If the time is negative, or there are no cell-days.

    Notes
    -----
    ``AEM = t / 60 / cell-days``, which equals anode effects per cell-day times their mean duration in minutes.

    Valid when start and end of an anode effect are judged by one threshold of voltage (a setting of the plant, commonly
    8 V), the same that the slope coefficient was measured with. The rules form AEM over a month or a year; over an hour
    it is a rate, and jumps.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, section B.7: AEM as frequency times mean duration.
    """
    not_negative(ae_seconds=ae_seconds)
    positive(cell_days=cell_days)
    return ae_seconds / 60 / cell_days  # 60 s per min


def slope_cf4_kg(metal_t: Amount, *, ae_minutes_per_cell_day: Amount | float, slope: Amount | float) -> Amount:
    """CF4 by the slope method.

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    ae_minutes_per_cell_day
        Anode-effect minutes per cell-day of the interval, see `anode_effect_minutes_per_cell_day` [min/d].
    slope
        Slope coefficient of the cell technology [(kg CF4/t Al)/(min/d)].

    Returns
    -------
    Amount
        CF4 [kg].

    Raises
    ------
    ValueError
        If an input is negative.

    Notes
    -----
    ``CF4 = slope · AEM · m``

    Valid for anode effects that the control system detects and ends, and for the technology and the edition that the
    slope belongs to. Proportionality holds as a mean over many anode effects, not for a single one.

    References
    ----------
    .. [1] 40 CFR 98.63, equation F-2; (EU) 601/2012, annex IV, section 8.B, method A; (EU) 2025/2547, annex II,
       section B.7 (in tonnes, hence divided by 1000 there).
    """
    not_negative(metal_t=metal_t, ae_minutes_per_cell_day=ae_minutes_per_cell_day, slope=slope)
    return metal_t * ae_minutes_per_cell_day * slope


def overvoltage_cf4_kg(
    metal_t: Amount,
    *,
    overvoltage_mv: Amount | float,
    overvoltage_coefficient: Amount | float,
    current_efficiency_percent: Amount | float,
) -> Amount:
    """CF4 by the overvoltage method.

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    overvoltage_mv
        Anode-effect overvoltage per pot: voltage above target during anode effects, integrated over time and divided by
        the whole time of data [mV].
    overvoltage_coefficient
        Overvoltage coefficient of the cell technology [(kg CF4/t Al)/mV, for a current efficiency in %].
    current_efficiency_percent
        Current efficiency in percent: 95 and not 0.95 [%].

    Returns
    -------
    Amount
        CF4 [kg].

    Raises
    ------
    ValueError
        If mass, overvoltage or coefficient are negative, or the current efficiency is not in [10, 100] %: what is
        lower is a fraction, or no current efficiency of a pot that makes metal.

    Notes
    -----
    ``CF4 = OVC · AEO / CE · m`` with CE in percent. With CE as a fraction the answer is a hundred times too high.

    Valid for lines whose control system integrates the overvoltage (the Pechiney family), with the coefficient of their
    technology. Rules print coefficients for centre-worked and side-worked prebake only.

    References
    ----------
    .. [1] (EU) 601/2012, annex IV, section 8.B, method B, where current efficiency has the unit [%]; (EU) 2025/2547,
       annex II, equation 24.
    .. [2] IAI and WRI workbook, worksheet 8: 1000 t, 5 mV, 95 % and 1.16 give 61.0526 kg CF4.
    """
    not_negative(metal_t=metal_t, overvoltage_mv=overvoltage_mv, overvoltage_coefficient=overvoltage_coefficient)
    within(
        10,
        100,
        remedy="the overvoltage method takes percent, 95 for 95 %: multiply a fraction by 100",
        current_efficiency_percent=current_efficiency_percent,
    )
    return metal_t * overvoltage_mv * overvoltage_coefficient / current_efficiency_percent


def ratio_c2f6_kg(cf4_kg: Amount, *, c2f6_per_cf4: Amount | float) -> Amount:
    """C2F6 that comes with CF4, by the ratio of their masses.

    Parameters
    ----------
    cf4_kg
        CF4 [kg].
    c2f6_per_cf4
        Ratio of the masses, of the cell technology and of the same method as `cf4_kg` [kg/kg].

    Returns
    -------
    Amount
        C2F6 [kg].

    Raises
    ------
    ValueError
        If the mass is negative, or the ratio is not in [0, 1].

    Notes
    -----
    ``C2F6 = F · CF4``

    Valid for the technology and edition that the ratio belongs to; printed ratios lie between 0.05 and 0.28. Some rules
    print one ratio for the slope method and another for the overvoltage method.

    References
    ----------
    .. [1] 40 CFR 98.63, equation F-4; (EU) 601/2012, annex IV, section 8.B.
    """
    not_negative(cf4_kg=cf4_kg)
    within(0, 1, remedy="give kg of C2F6 for one kg of CF4, 0.121 for 12.1 %", c2f6_per_cf4=c2f6_per_cf4)
    return cf4_kg * c2f6_per_cf4


def pfc_co2e_t(cf4_kg: Amount, c2f6_kg: Amount | float, *, gwp_cf4: float, gwp_c2f6: float) -> Amount:
    """CO2 equivalent of CF4 and C2F6.

    Parameters
    ----------
    cf4_kg
        CF4 [kg].
    c2f6_kg
        C2F6 [kg].
    gwp_cf4
        Global warming potential of CF4 over 100 years [t CO2e/t].
    gwp_c2f6
        Global warming potential of C2F6 over 100 years, of the same assessment report [t CO2e/t].

    Returns
    -------
    Amount
        CO2 equivalent of both gases [t CO2e].

    Raises
    ------
    ValueError
        If a mass is negative, or a warming potential is not in [1000, 100000].

    Notes
    -----
    ``E = (CF4 · GWP1 + C2F6 · GWP2) / 1000``. The gases are added: C2F6 is a fraction of CF4 and must not be multiplied
    with it.

    Valid with any one set of warming potentials. Assessment reports of the IPCC print 5700 to 7390 for CF4 and 9200 to
    12400 for C2F6; about a tenth of the answer depends on the choice, so the masses are what is kept.

    References
    ----------
    .. [1] (EU) 2025/2547, annex II, section B.7 (sum over both gases) and section G (warming potentials of the fifth
       assessment report).
    .. [2] IAI and WRI workbook, worksheet 8 (warming potentials of the second assessment report).
    """
    not_negative(cf4_kg=cf4_kg, c2f6_kg=c2f6_kg)
    within(1000, 100_000, remedy="give t CO2e per t of gas, 6630 and not 6.63", gwp_cf4=gwp_cf4, gwp_c2f6=gwp_c2f6)
    return (cf4_kg * gwp_cf4 + c2f6_kg * gwp_c2f6) / 1000  # kg per t
