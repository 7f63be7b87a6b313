"""Charge to metal and back: Faraday's law with a current efficiency.

Current efficiency cannot be measured live. It comes from the metal balance of a closed period, is a dated parameter of
the intervals that follow, and leaves live metal an estimate until tonnage arrives.
"""

from collector.domain.constants import ALUMINIUM_KG_PER_KAH
from collector.domain.validity import Amount, fraction, not_negative, positive


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
