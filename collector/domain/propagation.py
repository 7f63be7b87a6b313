"""How uncertainties combine: figures that carry the effect of every source of error, so that what is shared cancels.

A figure is its value and, for each independent source (the class error of one transducer, the noise of one meter, a
factor), the change of the value when that source is off by one standard deviation. Adding figures adds the effects of
the same source with their signs; dividing one figure by another subtracts them. So the current transducer that is in
the energy and in the metal of a kWh/t is counted once, and with the right sign, without a table of correlations.

Invariants
----------
* Sources of different names are independent; the same name is the same error.
* The variance of a figure is the sum of the squares of its effects.
* First order only: valid for relative uncertainties of a few per cent.

References
----------
.. [1] JCGM 100:2008 (GUM), 5.1.2 (law of propagation), 5.2.2 and F.1.2.3 (correlation through shared quantities).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collector.domain.uncertainty import COVERAGE_95
from collector.domain.validity import not_negative, positive, within


class Figure(NamedTuple):
    """A value and what moves it.

    ``effects``: change of the value for one standard deviation of each source [unit of the value].
    """

    value: float
    effects: dict[str, float]

    @property
    def standard(self) -> float:
        """Standard uncertainty [unit of the value]."""
        return float(np.sqrt(sum(effect**2 for effect in self.effects.values())))

    @property
    def expanded_95(self) -> float:
        """Expanded uncertainty with k = 2 [unit of the value]."""
        return COVERAGE_95 * self.standard

    @property
    def shares(self) -> tuple[tuple[str, float], ...]:
        """Share of each source in the variance, largest first; empty for a value that is exact [-]."""
        variance = sum(effect**2 for effect in self.effects.values())
        if variance == 0:
            return ()
        found = [(source, effect**2 / variance) for source, effect in self.effects.items() if effect]
        return tuple(sorted(found, key=lambda one: (-one[1], one[0])))


def exact(value: float) -> Figure:
    """Return a value that is known without error, such as a count or a conventional factor."""
    return Figure(value, {})


def added(*figures: Figure) -> Figure:
    """Return the sum of figures; effects of the same source add up with their signs.

    References
    ----------
    .. [1] GUM 5.2.2: fully correlated parts add linearly, independent parts in quadrature.
    """
    effects: dict[str, float] = {}
    for figure in figures:
        for source, effect in figure.effects.items():
            effects[source] = effects.get(source, 0.0) + effect
    return Figure(sum(figure.value for figure in figures), effects)


def scaled(figure: Figure, factor: float) -> Figure:
    """Return a figure times an exact factor [unit of the factor times that of the figure]."""
    return Figure(figure.value * factor, {source: effect * factor for source, effect in figure.effects.items()})


def multiplied(one: Figure, other: Figure) -> Figure:
    """Return the product of two figures, with sensitivity coefficients ``other`` and ``one``.

    References
    ----------
    .. [1] GUM 5.1.3 and 5.2.2.
    """
    return Figure(
        one.value * other.value,
        added(scaled(one, other.value), scaled(other, one.value)).effects,
    )


def divided(numerator: Figure, denominator: Figure) -> Figure:
    """Return the quotient of two figures, with sensitivity coefficients ``1/b`` and ``-a/b²``.

    Raises
    ------
    ValueError
        If the denominator is zero or less.

    References
    ----------
    .. [1] GUM 5.1.3 and 5.2.2.
    """
    positive(denominator=denominator.value)
    quotient = numerator.value / denominator.value
    moved = added(scaled(numerator, 1 / denominator.value), scaled(denominator, -quotient / denominator.value))
    return Figure(quotient, moved.effects)


def correlated_sum(standard: NDArray[np.float64]) -> float:
    """Return the uncertainty of a sum whose parts share one error: readings of one meter over time.

    Parameters
    ----------
    standard
        Standard uncertainties of the parts [any unit].

    Raises
    ------
    ValueError
        If one is negative.

    Notes
    -----
    ``u = sum of u_i``

    References
    ----------
    .. [1] GUM 5.2.2, note 1.
    """
    not_negative(standard=standard)
    return float(np.sum(standard))


def independent_sum(standard: NDArray[np.float64]) -> float:
    """Return the uncertainty of a sum whose parts have nothing in common: noise over time, different meters.

    Parameters
    ----------
    standard
        Standard uncertainties of the parts [any unit].

    Raises
    ------
    ValueError
        If one is negative.

    Notes
    -----
    ``u² = sum of u_i²``

    References
    ----------
    .. [1] GUM 5.1.2, equation 10.
    """
    not_negative(standard=standard)
    return float(np.sqrt(np.sum(standard**2)))


def linear_sum(
    standard: NDArray[np.float64], *, sensitivity: NDArray[np.float64], correlation: NDArray[np.float64]
) -> float:
    """Return the uncertainty of a weighted sum with any correlation between its parts.

    Parameters
    ----------
    standard
        Standard uncertainties of the n parts [any unit].
    sensitivity
        Sensitivity coefficients of the n parts [unit of the sum over unit of the part].
    correlation
        Matrix of correlations, n by n, ones on its diagonal [-].

    Raises
    ------
    ValueError
        If an uncertainty is negative, a correlation is not in [-1, 1], the matrix is not symmetric with ones on its
        diagonal, or contradicts itself (three quantities that are all opposites of each other).

    Notes
    -----
    ``u² = sum over i, j of c_i c_j u_i u_j r_ij``

    References
    ----------
    .. [1] GUM 5.2.2, equation 16.
    """
    not_negative(standard=standard)
    within(-1, 1, remedy="give coefficients of correlation", correlation=correlation)
    if not (np.allclose(correlation, correlation.T) and np.allclose(np.diag(correlation), 1)):
        raise ValueError(
            "correlation is not symmetric with ones on its diagonal. Remedy: give r_ij once for both orders of i and j."
        )
    if np.linalg.eigvalsh(correlation)[0] < -1e-9:
        raise ValueError(
            "correlation contradicts itself: some sum would have a negative variance. Remedy: check the signs; two "
            "quantities that both follow a third follow each other."
        )
    moved = standard * sensitivity
    return float(np.sqrt(max(0.0, float(moved @ correlation @ moved))))


def ratio_of_sums(numerators: tuple[Figure, ...], denominators: tuple[Figure, ...]) -> Figure:
    """Return the sum of the numerators over the sum of the denominators; shared sources are counted once.

    Raises
    ------
    ValueError
        If the denominators add up to zero or less.

    Notes
    -----
    ``R = sum of a_i / sum of b_i``. A mean of the single ratios has another value and another uncertainty.

    References
    ----------
    .. [1] GUM 5.1.3 and F.1.2.3.
    """
    return divided(added(*numerators), added(*denominators))
