"""Which reading is to blame when balances do not close, or which group, or none. Pure.

The rules are told in `collector.accounting.reconciliation`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from collector.accounting.reconciliation import Array, Evidence
from collector.accounting.significance import chi_square_tail, normal_tails
from collector.domain.validity import within

_SAME = 1 - 1e-9
"""Likeness of two readings above which they count as one test."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One error, and where it can be.

    Attributes
    ----------
    places
        Readings that can be the culprit, likeliest first; together they hold the confidence asked for.
    chances
        Chance of each, given that exactly one reading is wrong [-].
    deviation
        Deviation of the likeliest, in standard deviations [-].
    """

    places: tuple[int, ...]
    chances: tuple[float, ...]
    deviation: float

    @property
    def named(self) -> int | None:
        """The culprit, if there is only one possibility."""
        return self.places[0] if len(self.places) == 1 else None


def alarm_probability(evidence: Evidence, candidates: Sequence[int]) -> float:
    """Return how likely it is that sound readings look at least this bad, at one window.

    Twice the smaller of two probabilities: of the sum of squares, and of the largest deviation among the candidates.

    Parameters
    ----------
    evidence
        Of a single window.
    candidates
        Places of the readings that can be wrong.
    """
    if evidence.degrees == 0:
        return 1.0
    together = chi_square_tail(float(evidence.chi_square), degrees=evidence.degrees)
    deviations = np.abs(evidence.deviations[list(candidates)])
    if not deviations.any():
        return together
    alone = normal_tails(float(deviations.max()), tests=_distinct(evidence, candidates))
    return min(1.0, 2 * min(together, alone))


def suspicions(
    evidence: Evidence, candidates: Collection[int], *, alpha: float, confidence: float
) -> tuple[Suspicion, ...]:
    """Return the errors in the readings of one window, the clearest first; empty if all is well.

    Parameters
    ----------
    evidence
        Of a single window, no reading left out.
    candidates
        Places of the readings that can be wrong; parameters such as an efficiency are not among them.
    alpha
        Most false alarms that are accepted, as a share of windows [-].
    confidence
        Chance above which a reading is named [-].

    Raises
    ------
    ValueError
        If alpha is not in [1e-9, 0.5], or the confidence not in [0.5, 0.999999].
    """
    within(1e-9, 0.5, remedy="give a share of windows, 0.01 for one in a hundred", alpha=alpha)
    within(0.5, 0.999999, remedy="give a chance, 0.95 for 95 %", confidence=confidence)
    found: list[Suspicion] = []
    remaining = sorted(candidates)
    while remaining and alarm_probability(evidence, remaining) < alpha:
        seen = np.abs(evidence.deviations[remaining])
        if not seen.any():
            break
        weight = np.exp((seen**2 - seen.max() ** 2) / 2) * (seen > 0)
        chance = weight / weight.sum()
        # What differs by rounding, or by how the constraints were made linear, keeps the order of the readings.
        order = sorted(range(len(remaining)), key=lambda k: (-round(float(chance[k]), 4), k))
        total, size = 0.0, 0
        while total < confidence:
            total += float(chance[order[size]])
            size += 1
        group = [remaining[k] for k in order[:size]]
        found.append(Suspicion(tuple(group), tuple(float(chance[k]) for k in order[:size]), float(seen.max())))
        evidence = evidence.without(group)
        remaining = [place for place in remaining if place not in group]
    return tuple(found)


def least_error_found(evidence: Evidence, standard: Array, *, alpha: float, power: float, tests: int) -> Array:
    """Return the smallest error of each reading that raises an alarm with a given probability.

    Parameters
    ----------
    evidence
        Of any window: only the layout and the uncertainties matter.
    standard
        Standard uncertainties of the readings [their units].
    alpha
        Accepted share of false alarms [-].
    power
        Probability with which the error is to be found [-].
    tests
        Number of readings that are tested [-].

    Returns
    -------
    Array
        Least error of each reading [its unit]; infinite where nothing checks it.

    Notes
    -----
    ``b = u (z_alpha + z_power) / sqrt(M)`` with M the share of the reading's variance that the others check.
    """
    seen = np.diagonal(evidence.checked, axis1=-2, axis2=-1)
    distance = _quantile_of_two_tails(alpha / 2, tests) + _quantile_of_one_tail(1 - power)
    return np.where(seen > 1e-9, standard * distance / np.sqrt(np.maximum(seen, 1e-9)), np.inf)


def _distinct(evidence: Evidence, candidates: Sequence[int]) -> int:
    """Count the candidates whose errors look different from each other: those that look alike are one test."""
    chosen = list(candidates)
    likeness = evidence.likeness()[np.ix_(chosen, chosen)]
    seen = np.diagonal(evidence.checked)[chosen] > 1e-9
    earlier_twin = np.triu(likeness > _SAME, k=1)[seen][:, seen].any(axis=0)
    return max(1, int(np.count_nonzero(~earlier_twin)))


def _quantile_of_two_tails(alpha: float, tests: int) -> float:
    low, high = 0.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if normal_tails(middle, tests=tests) > alpha else (low, middle)
    return high


def _quantile_of_one_tail(tail: float) -> float:
    return NormalDist().inv_cdf(1 - tail)
