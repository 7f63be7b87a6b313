"""How unlikely a deviation is where nothing is wrong: tails of the normal and of the chi-square distribution. Pure.

References
----------
.. [1] M. Abramowitz and I. Stegun, Handbook of Mathematical Functions (1964), 26.4.4 and 26.4.5: the tail of the
   chi-square distribution for odd and for even degrees of freedom, in closed form.
.. [2] Z. Sidak, Journal of the American Statistical Association 62 (1967) 626-633: the level of each of several tests.
"""

import math

from collector.domain.validity import not_negative, within


def chi_square_tail(chi_square: float, *, degrees: int) -> float:
    """Return the probability of a sum of squares at least this large.

    Parameters
    ----------
    chi_square
        Sum of squares of independent standard normal deviations [-].
    degrees
        How many they are; none gives 1 [-].

    Returns
    -------
    float
        Probability in [0, 1].

    Raises
    ------
    ValueError
        If the sum or the degrees are negative.
    """
    not_negative(chi_square=chi_square, degrees=degrees)
    if degrees == 0:
        return 1.0
    half = chi_square / 2
    if half == 0:
        return 1.0
    # Each term is the one before times half / k; the first is exp(-half) or the tail of a single square.
    tail = math.exp(-half) if degrees % 2 == 0 else math.erfc(math.sqrt(half))
    order = 1.0 if degrees % 2 == 0 else 0.5
    while order < degrees / 2:
        tail += math.exp(order * math.log(half) - half - math.lgamma(order + 1))
        order += 1
    return min(1.0, tail)


def normal_tails(deviation: float, *, tests: int) -> float:
    """Return the probability that the largest of several standard normal deviations is at least this large.

    Parameters
    ----------
    deviation
        Deviation in standard deviations; its sign does not matter [-].
    tests
        How many were looked at [-].

    Returns
    -------
    float
        Probability in [0, 1], for independent deviations; with correlation it is less.

    Raises
    ------
    ValueError
        If there was no test.
    """
    within(1, math.inf, remedy="look at one deviation at least", tests=tests)
    alone = math.erfc(abs(deviation) / math.sqrt(2))
    if alone >= 1:
        return 1.0
    return -math.expm1(tests * math.log1p(-alone))
