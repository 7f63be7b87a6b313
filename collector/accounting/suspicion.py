"""Which reading is to blame when balances do not close, or which group, or none. Pure.

The rules are told in `collector.accounting.reconciliation`.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from collector.accounting.reconciliation import Array, Evidence
from collector.accounting.significance import chi_square_tail, normal_tails
from collector.domain.validity import within

_SAME = 1 - 1e-9
"""Likeness of two readings above which they count as one test."""

_MOST_ERRORS = 3
"""So many errors at once are looked for. More can always be explained by too many others."""

_MOST_HYPOTHESES = 200_000
"""Three errors among a hundred readings; a tenth of a second."""

_UNCHECKED = 1e-9
"""Share of a variance, or of the product of two, below which there is nothing left to test."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One error, and where it can be.

    Attributes
    ----------
    places
        Readings that can be the culprit, likeliest first; together they hold the confidence asked for. Where two errors
        explain the readings and neither can be named, all that can be one of the two.
    chances
        Chance of each to be wrong, given that there are no more errors than it takes to explain the readings [-].
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
    places = [place for place in sorted(candidates) if evidence.checked[place, place] > _UNCHECKED]
    if not places or alarm_probability(evidence, places) >= alpha:
        return ()
    for number in range(1, min(_MOST_ERRORS, len(places)) + 1):
        if math.comb(len(places), number) > _MOST_HYPOTHESES:
            break
        hypotheses = np.array(list(combinations(range(len(places)), number)))
        falls = _falls(evidence, places, hypotheses)
        likeliest = [places[k] for k in hypotheses[int(np.argmax(falls))]]
        others = [place for place in places if place not in likeliest]
        if alarm_probability(evidence.without(likeliest), others) >= alpha:
            return _told(evidence, places, hypotheses, falls, confidence)
    # More errors than are looked for: any reading can be one of them.
    everywhere = 1 / len(places)
    return (Suspicion(tuple(places), (everywhere,) * len(places), _largest(evidence, places)),)


def _falls(evidence: Evidence, places: Sequence[int], hypotheses: NDArray[np.int64]) -> Array:
    """Return by how much the sum of squares falls when the readings of each hypothesis are left out together."""
    pull, checked = evidence.pull[places], evidence.checked[np.ix_(places, places)]
    chosen = pull[hypotheses]
    inside = checked[hypotheses[:, :, None], hypotheses[:, None, :]]
    # Two readings that look alike explain together what one explains: a trace of the unit matrix keeps that solvable.
    inside = inside + _UNCHECKED * np.eye(hypotheses.shape[1])
    falls: Array = np.sum(chosen * np.linalg.solve(inside, chosen[..., None])[..., 0], axis=-1)
    return falls


def _told(
    evidence: Evidence, places: Sequence[int], hypotheses: NDArray[np.int64], falls: Array, confidence: float
) -> tuple[Suspicion, ...]:
    """Return who is in nearly every likely hypothesis, each alone, and whoever can be among the rest, as one group."""
    weight = np.exp((falls - falls.max()) / 2)
    chance = _chances(hypotheses, weight, len(places))
    certain = [int(k) for k in np.flatnonzero(chance >= confidence)]
    certain.sort(key=lambda k: (-abs(float(evidence.deviations[places[k]])), k))
    found = [Suspicion((places[k],), (float(chance[k]),), _largest(evidence, [places[k]])) for k in certain]
    if len(certain) == hypotheses.shape[1]:
        return tuple(found)
    with_them = np.ones(len(falls), dtype=np.bool_)
    for k in certain:
        with_them &= np.any(hypotheses == k, axis=1)
    weight = np.where(with_them, weight, 0.0)
    chance = _chances(hypotheses, weight, len(places))
    order = np.argsort(-weight, kind="stable")
    needed = int(np.searchsorted(np.cumsum(weight[order]), confidence * weight.sum())) + 1
    group = set(hypotheses[order[:needed]].ravel().tolist()) - set(certain)
    # What differs by rounding, or by how the constraints were made linear, keeps the order of the readings.
    ranked = sorted(group, key=lambda k: (-round(float(chance[k]), 4), k))
    doubtful = tuple(places[k] for k in ranked)
    return (*found, Suspicion(doubtful, tuple(float(chance[k]) for k in ranked), _largest(evidence, doubtful)))


def _chances(hypotheses: NDArray[np.int64], weight: Array, size: int) -> Array:
    """Return the share of the weight that the hypotheses with each reading in them hold."""
    chance: Array = np.bincount(hypotheses.ravel(), np.repeat(weight, hypotheses.shape[1]), size) / weight.sum()
    return chance


def _largest(evidence: Evidence, places: Sequence[int]) -> float:
    return float(np.max(np.abs(evidence.deviations[list(places)])))


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
    return np.where(seen > _UNCHECKED, standard * distance / np.sqrt(np.maximum(seen, _UNCHECKED)), np.inf)


def _distinct(evidence: Evidence, candidates: Sequence[int]) -> int:
    """Count the candidates whose errors look different from each other: those that look alike are one test."""
    chosen = list(candidates)
    likeness = evidence.likeness()[np.ix_(chosen, chosen)]
    seen = np.diagonal(evidence.checked)[chosen] > _UNCHECKED
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
