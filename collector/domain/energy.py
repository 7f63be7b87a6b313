"""Specific energy: kWh per tonne of metal, on the DC and on the AC side.

A kWh/t means nothing without its boundary. These functions do the arithmetic; which energy goes in, and so which
boundary the answer has, is the caller's statement.
"""

from collector.domain.constants import ALUMINIUM_KG_PER_KAH
from collector.domain.validity import Amount, fraction, not_negative, positive, within


def dc_kwh_per_t(pot_voltage_v: Amount, *, current_efficiency: Amount | float) -> Amount:
    """DC energy per tonne of metal, from voltage and current efficiency.

    Parameters
    ----------
    pot_voltage_v
        Mean voltage of one pot, weighted with current where the current varies; with its share of the busbars if the
        answer is to include them [V].
    current_efficiency
        Share of the charge that ends in metal, a fraction [-].

    Returns
    -------
    Amount
        DC energy per tonne of metal [kWh/t].

    Raises
    ------
    ValueError
        If the voltage is negative or above 100 V, or the current efficiency is not in (0, 1].

    Notes
    -----
    ``w = 1000 · V / (k · CE)``, about 2979.98 · V / CE. The current cancels: it carries the energy and makes the metal.

    Valid for the mean over an interval. Pots run at 3.8 to 4.3 V and reach some tens of volts in an anode effect; more
    than 100 V is the voltage of a line. From meters, prefer the integral of voltage times current over the metal
    (`specific_energy`): mean voltage times mean current is wrong when the current is modulated.

    References
    ----------
    .. [1] Faraday's law of electrolysis with the constants of `collector.domain.constants`; in the trade 2980 · V/CE.
    .. [2] P. Entner, AlPrg, "Cell Voltage" (peter-entner.com): reference pot of 200 kA, 4.2 V and 95 %.
    """
    within(0, 100, remedy="give volts, and of one pot: divide a line's by its pots", pot_voltage_v=pot_voltage_v)
    fraction(current_efficiency=current_efficiency)
    return 1000 * pot_voltage_v / (ALUMINIUM_KG_PER_KAH * current_efficiency)  # 1000 kg per t


def pot_voltage_from_dc(kwh_per_t: Amount, *, current_efficiency: Amount | float) -> Amount:
    """Pot voltage that a DC energy per tonne implies.

    Parameters
    ----------
    kwh_per_t
        DC energy per tonne of metal [kWh/t].
    current_efficiency
        Share of the charge that ends in metal, a fraction [-].

    Returns
    -------
    Amount
        Mean voltage of one pot, with its share of the busbars if the energy includes them [V].

    Raises
    ------
    ValueError
        If the energy is negative, or the current efficiency is not in (0, 1].

    Notes
    -----
    ``V = w · k · CE / 1000``, the inverse of `dc_kwh_per_t`, with the same validity.

    References
    ----------
    .. [1] Faraday's law of electrolysis with the constants of `collector.domain.constants`.
    .. [2] P. Entner, AlPrg, "Consumptions" (peter-entner.com): 14.0 kWh/kg at 95 % is 4.463 V.
    """
    not_negative(kwh_per_t=kwh_per_t)
    fraction(current_efficiency=current_efficiency)
    return kwh_per_t * ALUMINIUM_KG_PER_KAH * current_efficiency / 1000  # 1000 kg per t


def sample_energy_kwh(voltage_v: Amount, *, current_ka: Amount | float, seconds: Amount | float) -> Amount:
    """DC energy of one sample of voltage and current over the time that it stands for.

    Parameters
    ----------
    voltage_v
        Voltage of the line, or of one pot [V].
    current_ka
        Line current at the same moment [kA].
    seconds
        Time that the sample stands for [s].

    Returns
    -------
    Amount
        Energy of each sample, to be summed by the caller [kWh].

    Raises
    ------
    ValueError
        If the voltage is beyond 5000 V or the current beyond 1000 kA in either direction, or the time is negative.

    Notes
    -----
    ``E = V · I · t / 3600``; V times kA is kW.

    Multiply first, then sum: mean voltage times mean current leaves out how the two move together, which is no small
    thing on a line that follows the grid. Small negative readings of a line that is off count as they are.

    References
    ----------
    .. [1] Definition of electrical energy. Lines in print have at most some 2000 V and 600 kA, hence the ranges.
    """
    within(-5000, 5000, remedy="give volts, 4.2 and not 4200 mV", voltage_v=voltage_v)
    within(-1000, 1000, remedy="give kA, 500 and not 500000 A", current_ka=current_ka)
    not_negative(seconds=seconds)
    return voltage_v * current_ka * seconds / 3600  # s per h


def specific_energy(kwh: Amount, metal_t: Amount | float) -> Amount:
    """Energy per tonne of metal.

    Parameters
    ----------
    kwh
        Energy of the interval, summed over its meters and its parts [kWh].
    metal_t
        Metal of the same interval, summed likewise [t].

    Returns
    -------
    Amount
        Energy per tonne of metal, with the boundary of `kwh` [kWh/t].

    Raises
    ------
    ValueError
        If the energy is negative, or there is no metal.

    Notes
    -----
    ``w = sum of E / sum of m``. Arrays are intervals, divided element by element; nothing is summed here. For a shift
    out of hours, sum both first: the mean of the hours' ratios gives hours with little metal too much weight.

    Valid for any interval whose energy and metal belong together.

    References
    ----------
    .. [1] International Aluminium Institute, "Primary Aluminium Smelting Energy Intensity"
       (international-aluminium.org/statistics/primary-aluminium-smelting-energy-intensity), definitions of AC and DC:
       kWh per tonne of liquid metal tapped, with rectification and the smelter's auxiliaries, or behind the rectifiers.
    """
    not_negative(kwh=kwh)
    positive(metal_t=metal_t)
    return kwh / metal_t


def ac_from_dc(dc_energy: Amount, *, rectifier_efficiency: Amount | float) -> Amount:
    """AC energy that the rectifiers take in to give a DC energy.

    Parameters
    ----------
    dc_energy
        Energy behind the rectifiers [kWh or kWh/t].
    rectifier_efficiency
        DC energy over AC energy of transformers and rectifiers together, a fraction [-].

    Returns
    -------
    Amount
        Energy on the high-voltage side of the transformers, in the unit of `dc_energy` [kWh or kWh/t].

    Raises
    ------
    ValueError
        If the energy is negative, or the efficiency is not in (0, 1].

    Notes
    -----
    ``E_AC = E_DC / efficiency``

    An estimate for lines without AC meters; valid near the load that the efficiency was measured at. Expect 0.98 to
    0.99 (experience, no citation: take the plant's own). The auxiliaries of the potroom are not in it.

    References
    ----------
    .. [1] Definition of efficiency. International Aluminium Institute, page named at `specific_energy`: AC includes
       rectification, DC is behind it. National averages of both differ by more than the rectifiers, because AC
       there includes auxiliaries too: China 2015, 12,875 kWh/t DC and 13,562 kWh/t AC.
    """
    not_negative(dc_energy=dc_energy)
    fraction(rectifier_efficiency=rectifier_efficiency)
    return dc_energy / rectifier_efficiency


def rectifier_loss(*, ac_energy: Amount, dc_energy: Amount | float) -> Amount:
    """Energy lost between the high-voltage side of the transformers and the DC busbar.

    Parameters
    ----------
    ac_energy
        Energy on the high-voltage side [kWh or kWh/t].
    dc_energy
        Energy behind the rectifiers, same interval and same unit [kWh or kWh/t].

    Returns
    -------
    Amount
        Loss, in the unit of the inputs [kWh or kWh/t].

    Raises
    ------
    ValueError
        If one of the energies is negative.

    Notes
    -----
    ``E_loss = E_AC - E_DC``

    The loss is the small difference of two large readings: with 0.2 % on each side, a loss of 1.5 % is known to about
    a fifth of itself. A negative loss is possible as an answer and says that the meters disagree.

    References
    ----------
    .. [1] Conservation of energy; boundaries as for `ac_from_dc`.
    """
    not_negative(ac_energy=ac_energy, dc_energy=dc_energy)
    return ac_energy - dc_energy


def rectifier_efficiency(dc_energy: Amount, *, ac_energy: Amount | float) -> Amount:
    """DC energy over AC energy of transformers and rectifiers together.

    Parameters
    ----------
    dc_energy
        Energy behind the rectifiers [kWh or kWh/t].
    ac_energy
        Energy on the high-voltage side of the transformers, same interval and same unit [kWh or kWh/t].

    Returns
    -------
    Amount
        Efficiency as a fraction [-].

    Raises
    ------
    ValueError
        If the DC energy is negative, or there is no AC energy.

    Notes
    -----
    ``efficiency = E_DC / E_AC``

    The uncertainty of both meters goes into it undiminished: with 0.2 % on each side it is known to 0.3 %. An answer
    above 1 is possible and says that the meters disagree.

    References
    ----------
    .. [1] Definition of efficiency; boundaries as for `ac_from_dc`.
    """
    not_negative(dc_energy=dc_energy)
    positive(ac_energy=ac_energy)
    return dc_energy / ac_energy
