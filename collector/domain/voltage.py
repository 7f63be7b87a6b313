"""Voltages of the line and of its pots: do they add up, and what resistance does a pot show.

The rectifiers' voltage and the pots' voltages are measured by different instruments. Their difference is the drop of
the busbars between them, small and steady; when it moves, one of the instruments does.
"""

from collector.domain.validity import Amount, not_negative, positive, within


def external_voltage_v(line_voltage_v: Amount, *, pots_voltage_v: Amount | float) -> Amount:
    """Voltage of the line that is in no pot.

    Parameters
    ----------
    line_voltage_v
        Voltage behind the rectifiers [V].
    pots_voltage_v
        Voltages of all pots in the line, short-circuited ones included, summed at the same moment [V].

    Returns
    -------
    Amount
        Drop along busbars and crossovers [V].

    Raises
    ------
    ValueError
        If one of the voltages is negative.

    Notes
    -----
    ``V_ext = V_line - sum of V_pot``

    Valid when no pot is missing from the sum and the drops between neighbouring pots are not counted in both. A
    negative answer is possible and says that the instruments disagree.

    References
    ----------
    .. [1] Kirchhoff's voltage law.
    """
    not_negative(line_voltage_v=line_voltage_v, pots_voltage_v=pots_voltage_v)
    return line_voltage_v - pots_voltage_v


def external_voltage_percent(line_voltage_v: Amount, *, pots_voltage_v: Amount | float) -> Amount:
    """Share of the line's voltage that is in no pot, the check of one instrument against the others.

    Parameters
    ----------
    line_voltage_v
        Voltage behind the rectifiers [V].
    pots_voltage_v
        Voltages of all pots in the line, summed at the same moment [V].

    Returns
    -------
    Amount
        Share of busbars and crossovers in the line's voltage [%].

    Raises
    ------
    ValueError
        If the line has no voltage, or the pots' sum is negative.

    Notes
    -----
    ``p = 100 · (V_line - sum of V_pot) / V_line``

    Valid for a line under load. What is normal is the plant's own: take it from a month in which all was well, and look
    at departures from it.

    References
    ----------
    .. [1] Kirchhoff's voltage law.
    """
    positive(line_voltage_v=line_voltage_v)
    not_negative(pots_voltage_v=pots_voltage_v)
    return 100 * (line_voltage_v - pots_voltage_v) / line_voltage_v


def pseudo_resistance_uohm(pot_voltage_v: Amount, *, back_emf_v: Amount | float, current_ka: Amount | float) -> Amount:
    """Pseudo-resistance of a pot: what its controller steers by, since it hardly moves with the current.

    Parameters
    ----------
    pot_voltage_v
        Voltage of one pot [V].
    back_emf_v
        Voltage at which a straight line through voltage and current meets zero current; a setting of the controller
        [V].
    current_ka
        Line current at the same moment [kA].

    Returns
    -------
    Amount
        Pseudo-resistance [microohm].

    Raises
    ------
    ValueError
        If the pot voltage is not in [0, 100] V, the back-EMF not in [0, 5] V, or there is no current.

    Notes
    -----
    ``R = 1000 · (V - E) / I``; a volt per kiloampere is a thousand microohm.

    Valid near the current that the back-EMF was fitted at. Below the back-EMF the answer is negative: the pot is
    short-circuited, or the line is off.

    References
    ----------
    .. [1] Definition, after Ohm's law, as pot controllers use it.
    """
    within(0, 100, remedy="give volts, and of one pot: divide a line's by its pots", pot_voltage_v=pot_voltage_v)
    within(0, 5, remedy="give volts of one pot", back_emf_v=back_emf_v)
    positive(current_ka=current_ka)
    return 1000 * (pot_voltage_v - back_emf_v) / current_ka


def pot_voltage_at_current_v(
    resistance_uohm: Amount, *, back_emf_v: Amount | float, current_ka: Amount | float
) -> Amount:
    """Voltage that a pot of a pseudo-resistance has at a current.

    Parameters
    ----------
    resistance_uohm
        Pseudo-resistance of the pot [microohm].
    back_emf_v
        The back-EMF that the pseudo-resistance was made with [V].
    current_ka
        Line current [kA].

    Returns
    -------
    Amount
        Voltage of the pot [V].

    Raises
    ------
    ValueError
        If the resistance or the current is negative, or the back-EMF is not in [0, 5] V.

    Notes
    -----
    ``V = E + R · I / 1000``, the inverse of `pseudo_resistance_uohm`. With the reference current of the line it is the
    normalised voltage, by which pots are compared while the current is modulated.

    References
    ----------
    .. [1] As for `pseudo_resistance_uohm`.
    """
    not_negative(resistance_uohm=resistance_uohm, current_ka=current_ka)
    within(0, 5, remedy="give volts of one pot", back_emf_v=back_emf_v)
    return back_emf_v + resistance_uohm * current_ka / 1000
