"""Standard uncertainties: from limits, certificates, displays and balances to one standard deviation.

Everything here answers one standard deviation, so that answers can be combined. How they combine, and what of it is
shared between two figures, stands in `collector.domain.propagation`; what meters and scales add, in
`collector.domain.metering`.

References
----------
.. [1] JCGM 100:2008, "Guide to the expression of uncertainty in measurement" (GUM), the clauses named below.
"""

from typing import Final

import numpy as np

from collector.domain.validity import Amount, fraction, not_negative, within

COVERAGE_95: Final = 2.0
"""Coverage factor of every expanded uncertainty that is reported as 95 % [-].

Two, not 1.96: most of what goes in are rectangular limits of classes and figures of certificates that are themselves
given with k = 2, so the degrees of freedom and the shape of the result are not known well enough for a third digit.
With two, the convention of the certificates holds from end to end, and a normal result is covered to 95.45 % (GUM 6.3.3
and G.6.6).
"""

COVERAGE_95_NORMAL: Final = 1.959964
"""Coverage factor of exactly 95 % for a normal result [-]; for comparison with statements that use it (GUM table
G.1)."""

SQRT_3: Final = float(np.sqrt(3.0))
"""Half width over standard deviation of a rectangle [-]."""


def rectangular(half_width: Amount) -> Amount:
    """Turn limits, within which every value is equally likely, into a standard uncertainty.

    Parameters
    ----------
    half_width
        Half the distance between the limits [any unit].

    Returns
    -------
    Amount
        Standard uncertainty [unit of the input].

    Raises
    ------
    ValueError
        If the half width is negative.

    Notes
    -----
    ``u = a / sqrt(3)``. Valid where only limits are known. Where values near the middle are likelier it is too large.

    References
    ----------
    .. [1] GUM 4.3.7.
    """
    not_negative(half_width=half_width)
    return half_width / SQRT_3


def resolution(step: Amount) -> Amount:
    """Turn the last digit of a display into the standard uncertainty of one reading.

    Parameters
    ----------
    step
        Smallest step of the display [any unit].

    Returns
    -------
    Amount
        Standard uncertainty of one reading [unit of the input].

    Raises
    ------
    ValueError
        If the step is negative.

    Notes
    -----
    ``u = d / sqrt(12)``, about 0.29 d: limits of half a step on each side. Valid where the display rounds; one that
    cuts off is besides half a step low in the mean.

    References
    ----------
    .. [1] GUM F.2.2.1.
    """
    not_negative(step=step)
    return step / (2 * SQRT_3)


def from_expanded(expanded: Amount, *, coverage_factor: Amount | float) -> Amount:
    """Turn the expanded uncertainty of a certificate back into a standard uncertainty.

    Parameters
    ----------
    expanded
        Expanded uncertainty as printed [any unit].
    coverage_factor
        The k printed beside it [-].

    Returns
    -------
    Amount
        Standard uncertainty [unit of the input].

    Raises
    ------
    ValueError
        If the expanded uncertainty is negative, or the factor is not in [1, 10].

    Notes
    -----
    ``u = U / k``. A certificate that prints no k but a level of confidence of 95 % is read with 1.96.

    References
    ----------
    .. [1] GUM 4.3.3 and 4.3.4.
    """
    not_negative(expanded=expanded)
    within(1, 10, remedy="give the k of the certificate, mostly 2", coverage_factor=coverage_factor)
    return expanded / coverage_factor


def product_relative(relative: Amount, *, other_relative: Amount | float, correlation: Amount | float) -> Amount:
    """Relative standard uncertainty of a product of two quantities.

    Parameters
    ----------
    relative
        Relative standard uncertainty of one factor [-].
    other_relative
        Relative standard uncertainty of the other factor [-].
    correlation
        Correlation of their errors [-]; the negative of it for a quotient.

    Returns
    -------
    Amount
        Relative standard uncertainty of the product [-].

    Raises
    ------
    ValueError
        If a relative uncertainty is not in [0, 1], or the correlation is not in [-1, 1].

    Notes
    -----
    ``u² = u1² + u2² + 2 r u1 u2``. For a quotient the last sign turns. Valid to first order, for relative uncertainties
    of a few per cent.

    References
    ----------
    .. [1] GUM 5.1.6, and 5.2.2 equation 16 with sensitivity coefficients of a product.
    """
    within(0, 1, remedy="give a fraction, 0.002 for 0.2 %", relative=relative, other_relative=other_relative)
    within(-1, 1, remedy="give a coefficient of correlation", correlation=correlation)
    square = np.square(relative) + np.square(other_relative) + 2 * correlation * relative * other_relative
    # Equal and opposite parts leave a rounding error that may lie below zero.
    root: Amount = np.sqrt((square + abs(square)) / 2)
    return root


def current_efficiency_uncertainty(
    current_efficiency: Amount, *, metal_relative: Amount | float, charge_relative: Amount | float
) -> Amount:
    """Uncertainty of a current efficiency that comes from a metal balance.

    Parameters
    ----------
    current_efficiency
        Metal made over metal that the charge could have made, a fraction [-].
    metal_relative
        Relative standard uncertainty of the metal of the period: tapped, and growth in the pots [-].
    charge_relative
        Relative standard uncertainty of the charge of the period [-].

    Returns
    -------
    Amount
        Standard uncertainty, in the unit of the efficiency: 0.005 for half a point [-].

    Raises
    ------
    ValueError
        If the efficiency is not in (0, 1], or a relative uncertainty is not in [0, 0.2].

    Notes
    -----
    ``u = CE · sqrt(u_m² + u_Q²)``: metal over charge, independent of each other. Valid for the period of the balance;
    the efficiency of a shorter time differs from it by more.

    References
    ----------
    .. [1] GUM 5.1.6.
    """
    fraction(current_efficiency=current_efficiency)
    remedy = "give a fraction, 0.005 for 0.5 %"
    within(0, 0.2, remedy=remedy, metal_relative=metal_relative, charge_relative=charge_relative)
    root: Amount = np.sqrt(np.square(current_efficiency) * (np.square(metal_relative) + np.square(charge_relative)))
    return root
