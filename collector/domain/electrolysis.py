"""Charge to metal and back: Faraday's law with a current efficiency.

Current efficiency cannot be measured live. It comes from the metal balance of a closed period, is a dated parameter of
the intervals that follow, and leaves live metal an estimate until tonnage arrives.
"""

from collector.domain.constants import ALUMINIUM_KG_PER_KAH
from collector.domain.validity import Amount, fraction, not_negative, positive, within


def sample_charge_kah(current_ka: Amount, *, seconds: Amount | float) -> Amount:
    """Charge of one sample of current over the time that it stands for.

    Parameters
    ----------
    current_ka
        Line current, mean over `seconds` [kA].
    seconds
        Time that the sample stands for [s].

    Returns
    -------
    Amount
        Charge of each sample, to be summed by the caller [kAh].

    Raises
    ------
    ValueError
        If the current is beyond 1000 kA in either direction, or the time is negative.

    Notes
    -----
    ``Q = I · t / 3600``

    Valid while the current is constant over the sample or its mean is meant. A small negative current is the zero
    error of a transducer on a line that is off, and counts as it is: cut off, the errors would no longer cancel.

    References
    ----------
    .. [1] Definition of charge. The largest lines in print run at 600 kA, hence the range.
    """
    within(-1000, 1000, remedy="give kA, 500 and not 500000 A", current_ka=current_ka)
    not_negative(seconds=seconds)
    return current_ka * seconds / 3600  # s per h


def faraday_metal_kg(charge_kah: Amount, *, current_efficiency: Amount | float, pots: Amount | float) -> Amount:
    """Metal that a charge makes in pots in series.

    Parameters
    ----------
    charge_kah
        Line current integrated over the interval [kAh].
    current_efficiency
        Share of the charge that ends in metal, a fraction [-].
    pots
        Pots in series that were in operation; their mean over the interval, which need not be a whole number [-].

    Returns
    -------
    Amount
        Metal made in all pots together [kg].

    Raises
    ------
    ValueError
        If charge or pots are negative, or the current efficiency is not in (0, 1].

    Notes
    -----
    ``m = k · CE · Q · N`` with k = 0.3355727277 kg/kAh.

    Valid for pots that pass the whole line current. A pot that is short-circuited passes it and makes nothing: leave it
    out of `pots`. Current efficiency is a mean over weeks, so the metal of a minute is a share of the month's and no
    measurement of its own.

    References
    ----------
    .. [1] Faraday's law of electrolysis with the constants of `collector.domain.constants`.
    .. [2] P. Entner, AlPrg, "Cell Voltage" (peter-entner.com): reference pot of 200 kA, 4.2 V and 95 %.
    """
    not_negative(charge_kah=charge_kah, pots=pots)
    fraction(current_efficiency=current_efficiency)
    return ALUMINIUM_KG_PER_KAH * charge_kah * current_efficiency * pots


def faraday_metal_t(charge_kah: Amount, *, current_efficiency: Amount | float, pots: Amount | float) -> Amount:
    """Metal that a charge makes in pots in series, in tonnes.

    Parameters
    ----------
    charge_kah
        Line current integrated over the interval [kAh].
    current_efficiency
        Share of the charge that ends in metal, a fraction [-].
    pots
        Pots in series that were in operation; their mean over the interval [-].

    Returns
    -------
    Amount
        Metal made in all pots together [t].

    Raises
    ------
    ValueError
        If charge or pots are negative, or the current efficiency is not in (0, 1].

    Notes
    -----
    ``m = k · CE · Q · N / 1000``. Validity as for `faraday_metal_kg`.

    References
    ----------
    .. [1] As for `faraday_metal_kg`.
    """
    return faraday_metal_kg(charge_kah, current_efficiency=current_efficiency, pots=pots) / 1000  # kg per t


def faraday_charge_kah(metal_kg: Amount, *, current_efficiency: Amount | float, pots: Amount | float) -> Amount:
    """Charge that a mass of metal needs.

    Parameters
    ----------
    metal_kg
        Metal made in all pots together [kg].
    current_efficiency
        Share of the charge that ends in metal, a fraction [-].
    pots
        Pots in series in operation [-].

    Returns
    -------
    Amount
        Charge through the line [kAh].

    Raises
    ------
    ValueError
        If the metal is negative, there are no pots, or the current efficiency is not in (0, 1].

    Notes
    -----
    ``Q = m / (k · CE · N)``, the inverse of `faraday_metal_kg`, with the same validity.

    References
    ----------
    .. [1] As for `faraday_metal_kg`.
    """
    not_negative(metal_kg=metal_kg)
    positive(pots=pots)
    fraction(current_efficiency=current_efficiency)
    return metal_kg / (ALUMINIUM_KG_PER_KAH * current_efficiency * pots)


def current_efficiency_from_metal(metal_t: Amount, *, charge_kah: Amount | float, pots: Amount | float) -> Amount:
    """Metal made over metal that the charge could have made.

    Parameters
    ----------
    metal_t
        Metal made in the period: tapped and weighed, plus the growth of the metal left in the pots [t].
    charge_kah
        Line current integrated over the same period [kAh].
    pots
        Pots in series that were in operation; their mean over the period [-].

    Returns
    -------
    Amount
        Current efficiency as a fraction [-].

    Raises
    ------
    ValueError
        If the metal is negative, or there was no charge or no pot.

    Notes
    -----
    ``CE = 1000 · m / (k · Q · N)``

    Valid over periods that are long beside the tapping cycle, a month as a rule: the metal left in the pots is many
    times a day's production and is known to a few per cent only. An answer above 1 is possible and says that the
    balance does not close.

    References
    ----------
    .. [1] Faraday's law of electrolysis with the constants of `collector.domain.constants`.
    .. [2] Qatalum, "Primary Aluminium" (qatalum.com): 704 pots, 300 kA and 585,000 t/a, which imply 94.2 %.
    """
    not_negative(metal_t=metal_t)
    positive(charge_kah=charge_kah, pots=pots)
    return 1000 * metal_t / (ALUMINIUM_KG_PER_KAH * charge_kah * pots)  # 1000 kg per t


def metal_made_t(tapped_t: Amount, *, pot_metal_start_t: Amount | float, pot_metal_end_t: Amount | float) -> Amount:
    """Metal made in a period: what was tapped, and by how much the metal left in the pots grew.

    Parameters
    ----------
    tapped_t
        Metal tapped and weighed in the period [t].
    pot_metal_start_t
        Metal in the pots of the line at the start of the period [t].
    pot_metal_end_t
        Metal in the same pots at its end [t].

    Returns
    -------
    Amount
        Metal made [t].

    Raises
    ------
    ValueError
        If one of the masses is negative.

    Notes
    -----
    ``m = T + M_end - M_start``

    Valid when both inventories speak of the same pots. Metal poured into a pot at its start-up was not made in it: add
    it to the inventory of the start, and what is drained from a pot that is cut out to `tapped_t`. The inventory is
    many times a day's metal and known to a few per cent only, so the answer means little for less than a month; below
    zero it says that the inventories are wrong.

    References
    ----------
    .. [1] Conservation of mass.
    """
    not_negative(tapped_t=tapped_t, pot_metal_start_t=pot_metal_start_t, pot_metal_end_t=pot_metal_end_t)
    return tapped_t + pot_metal_end_t - pot_metal_start_t


def current_efficiency_from_tapping(
    tapped_t: Amount,
    *,
    pot_metal_start_t: Amount | float,
    pot_metal_end_t: Amount | float,
    charge_kah: Amount | float,
    pots: Amount | float,
) -> Amount:
    """Metal tapped and left in the pots over metal that the charge could have made.

    Parameters
    ----------
    tapped_t
        Metal tapped and weighed in the period [t].
    pot_metal_start_t
        Metal in the pots of the line at the start of the period [t].
    pot_metal_end_t
        Metal in the same pots at its end [t].
    charge_kah
        Line current integrated over the period [kAh].
    pots
        Pots in series that were in operation; their mean over the period [-].

    Returns
    -------
    Amount
        Current efficiency as a fraction [-].

    Raises
    ------
    ValueError
        If a mass is negative, or there was no charge or no pot.

    Notes
    -----
    ``CE = 1000 · (T + M_end - M_start) / (k · Q · N)``

    Validity as for `metal_made_t` and `current_efficiency_from_metal`. An answer outside 0 to 1 is possible and says
    that the balance does not close.

    References
    ----------
    .. [1] Faraday's law of electrolysis with the constants of `collector.domain.constants`; conservation of mass.
    """
    made_t = metal_made_t(tapped_t, pot_metal_start_t=pot_metal_start_t, pot_metal_end_t=pot_metal_end_t)
    positive(charge_kah=charge_kah, pots=pots)
    return 1000 * made_t / (ALUMINIUM_KG_PER_KAH * charge_kah * pots)  # 1000 kg per t
