"""Readings that should fulfil balances and do not: what they are at best, and which of them is to blame. Pure.

Constraints are sums of products, ``sum of c · x_a · x_b = 0``, made linear at the readings. The most likely true values
are those that fulfil all constraints with the least sum of squared adjustments, each in units of the reading's standard
uncertainty.

What is tested
--------------
* All readings together: the sum of squared adjustments is chi-square with one degree of freedom per constraint.
* Each reading alone: the deviation that has the greatest power against an error in that reading and no other. Its
  square is by how much the sum of squares falls if the reading is left out.

An alarm is given when either is too unlikely, each at half of the chosen level: so false alarms are at most that level.

Who is named
------------
Single errors compete: the chance of each reading to be the culprit is in proportion to ``exp(z² / 2)``. A reading is
named when its chance is above the confidence asked for. Otherwise the smallest group that holds that much is returned,
and nobody is named: two meters in series with nothing else around them differ, and nothing in the readings says which
is wrong. Where no single error explains the readings, pairs compete in the same way, then three at a time, for two
errors can look like a third meter's. Where more are needed, nobody is named at all.

Invariants
----------
* Adjusted values fulfil every constraint.
* A reading that no constraint checks is neither adjusted nor blamed.
* The order of readings and constraints makes no difference.

References
----------
.. [1] R. S. H. Mah and A. C. Tamhane, "Detection of gross errors in process data", AIChE Journal 28 (1982).
.. [2] C. M. Crowe, "Test of maximum power for detection of gross errors in process constraints", AIChE Journal 35
   (1989); "The maximum-power test for gross errors in the original constraints in data reconciliation", Canadian
   Journal of Chemical Engineering 70 (1992) 1030-1036: the square of the statistic is the fall of the sum of squares.
.. [3] JCGM 100:2008 (GUM), 5.1.2, for the uncertainties of the adjusted values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from collector.domain.validity import positive, within

Array: TypeAlias = NDArray[np.float64]

_ITERATIONS = 3
"""Each step squares what is left: of 2 % after the first 4e-4, after the second 2e-7, after the third nothing."""

_CHECKED = 1e-9
"""A reading with less than this share of its variance checked by the others is not checked at all."""

_DISBELIEF = 1e3
"""A reading that is left out enters with its uncertainty times this: what is left of its weight is a millionth."""

_TOLD = 0.1
"""Share of the variance of a reading left out that the others may leave open; two that only they tell leave a half."""

_DEPENDENT = 1e-10
"""What a constraint of length 1 must have that those before it have not; with less, it follows from them."""


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a constraint: a factor times one reading, or times the product of two."""

    factor: float
    first: str
    second: str | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """Terms that add up to zero where every reading is true."""

    name: str
    terms: tuple[Term, ...]

    @property
    def readings(self) -> frozenset[str]:
        """Names of the readings in it."""
        return frozenset(name for term in self.terms for name in (term.first, term.second) if name is not None)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the constraints say about each reading; the first axes are windows, where there are several.

    Attributes
    ----------
    chi_square
        Sum of squared adjustments [-].
    degrees
        Number of independent constraints [-].
    pull
        For each reading, what the residuals say about an error in it, in standard uncertainties [-].
    checked
        How much of each reading's error the constraints see, and of which others it looks like a part: a projection
        matrix of rank ``degrees`` [-].
    """

    chi_square: Array
    degrees: int
    pull: Array
    checked: Array

    @property
    def deviations(self) -> Array:
        """The deviation of maximum power of each reading: standard normal where nothing is wrong, 0 if unchecked."""
        seen = np.diagonal(self.checked, axis1=-2, axis2=-1)
        return np.where(seen > _CHECKED, self.pull / np.sqrt(np.maximum(seen, _CHECKED)), 0.0)

    def likeness(self) -> Array:
        """Return how alike errors in two readings look, from 0 to 1; pairs with 1 cannot be told apart."""
        seen = np.sqrt(np.maximum(np.diagonal(self.checked, axis1=-2, axis2=-1), _CHECKED))
        alike: Array = np.abs(self.checked) / (seen[..., :, None] * seen[..., None, :])
        return np.minimum(alike, 1.0)

    def of_window(self, window: int) -> "Evidence":
        """Return the evidence of one window of several."""
        return Evidence(self.chi_square[window], self.degrees, self.pull[window], self.checked[window])

    def without(self, places: Sequence[int]) -> "Evidence":
        """Return the evidence of a single window with some readings left out, as if they had not been measured."""
        if not places:
            return self
        chosen = list(places)
        across = self.checked[:, chosen]
        inverse = np.linalg.pinv(self.checked[np.ix_(chosen, chosen)], rcond=_CHECKED, hermitian=True)
        rank = round(float(np.trace(inverse @ self.checked[np.ix_(chosen, chosen)])))
        explained = self.pull[chosen] @ inverse @ self.pull[chosen]
        return Evidence(
            np.maximum(self.chi_square - explained, 0.0),
            self.degrees - rank,
            self.pull - across @ inverse @ self.pull[chosen],
            self.checked - across @ inverse @ across.T,
        )


class Network:
    """Named readings and the constraints between them, laid out once for any number of windows.

    Raises
    ------
    ValueError
        If there is no constraint, one speaks of an unknown reading, or two have the same name.
    """

    def __init__(self, names: Sequence[str], constraints: Sequence[Constraint]) -> None:
        self.names = tuple(names)
        self.constraints = tuple(constraints)
        self.place = {name: place for place, name in enumerate(self.names)}
        if not constraints:
            raise ValueError("no constraint is given. Remedy: reconcile only readings that check each other.")
        if len(self.place) < len(self.names) or len({one.name for one in constraints}) < len(constraints):
            raise ValueError("two readings or two constraints have one name. Remedy: give each a name of its own.")
        terms = [(row, term) for row, one in enumerate(constraints) for term in one.terms]
        spoken_of = {term.first for _, term in terms} | {term.second for _, term in terms if term.second is not None}
        unknown = sorted(spoken_of - self.place.keys())
        if unknown:
            raise ValueError(f"constraints speak of {', '.join(unknown)}. Remedy: give readings for them.")
        one = len(self.names)  # the place of a constant 1 behind the readings
        self._factor = np.array([term.factor for _, term in terms])
        self._first = np.array([self.place[term.first] for _, term in terms])
        self._second = np.array([one if term.second is None else self.place[term.second] for _, term in terms])
        self._row = np.array([row for row, _ in terms])
        self._has_products = any(term.second is not None for _, term in terms)

    def residuals(self, values: Array) -> Array:
        """Return what each constraint is off by [unit of the constraint].

        Parameters
        ----------
        values
            Readings in the order of ``names``, on the last axis [their units].
        """
        extended = np.concatenate([values, np.ones((*values.shape[:-1], 1))], axis=-1)
        products = self._factor * extended[..., self._first] * extended[..., self._second]
        result = np.zeros((*values.shape[:-1], len(self.constraints)))
        np.add.at(np.moveaxis(result, -1, 0), self._row, np.moveaxis(products, -1, 0))
        return result

    def _slopes(self, values: Array) -> Array:
        extended = np.concatenate([values, np.ones((*values.shape[:-1], 1))], axis=-1)
        slopes = np.zeros((len(self.constraints), len(self.names) + 1, *values.shape[:-1]))
        by_first = self._factor * extended[..., self._second]
        by_second = self._factor * extended[..., self._first]
        np.add.at(slopes, (self._row, self._first), np.moveaxis(by_first, -1, 0))
        np.add.at(slopes, (self._row, self._second), np.moveaxis(by_second, -1, 0))
        return np.moveaxis(slopes[:, :-1], (0, 1), (-2, -1))

    def weigh(self, values: Array, standard: Array) -> Evidence:
        """Return what the constraints say about the readings.

        Parameters
        ----------
        values
            Readings in the order of ``names``, on the last axis; windows on those before it [their units].
        standard
            Standard uncertainties, independent of each other, of the same shape [units of the readings].

        Raises
        ------
        ValueError
            If an uncertainty is zero or less, a reading is not finite, or a constraint follows from others.
        """
        within(-np.inf, np.inf, remedy="leave out what is not a good reading", values=values)
        positive(standard=standard)
        pull, seen = self._pull(values, values, standard)
        for _ in range(_ITERATIONS - 1 if self._has_products else 0):
            pull, seen = self._pull(values - standard * pull, values, standard)
        return Evidence(np.sum(pull**2, axis=-1), len(self.constraints), pull, seen @ np.swapaxes(seen, -1, -2))

    def _pull(self, truth: Array, values: Array, standard: Array) -> tuple[Array, Array]:
        """Return the pull on each reading and what the constraints see, made linear at a supposed truth."""
        slopes = self._slopes(truth)
        residual = self.residuals(truth) + (slopes @ (values - truth)[..., None])[..., 0]
        white = slopes * standard[..., None, :]
        size = np.sqrt(np.sum(white**2, axis=-1))
        white /= size[..., None]
        # Orthogonal directions of what the constraints see: squares of very unequal uncertainties would be lost.
        seen, triangle = np.linalg.qr(np.swapaxes(white, -1, -2))
        self._require_independence(triangle)
        along = np.linalg.solve(np.swapaxes(triangle, -1, -2), (residual / size)[..., None])
        return (seen @ along)[..., 0], seen

    def _require_independence(self, triangle: Array) -> None:
        windows = triangle.reshape(-1, *triangle.shape[-2:])
        own = np.abs(np.diagonal(windows, axis1=-2, axis2=-1))
        window, place = np.unravel_index(int(np.argmin(own)), own.shape)
        if own[window, place] > _DEPENDENT:
            if own.shape[-1] == len(self.constraints):
                return
            place = np.intp(own.shape[-1])  # more constraints than readings
        before = windows[window][:place, : place + 1]
        parts = np.abs(np.linalg.lstsq(before[:, :-1], before[:, -1], rcond=None)[0])
        involved = [one.name for one, part in zip(self.constraints, parts, strict=False) if part > _DEPENDENT]
        names = ", ".join([*involved, self.constraints[place].name])
        raise ValueError(f"constraints {names} follow from each other. Remedy: leave one of them out.")

    def adjusted(self, values: Array, standard: Array, *, left_out: Sequence[int]) -> "Adjusted":
        """Return the most likely values of a single window, with some readings taken as not measured.

        Parameters
        ----------
        values, standard
            Readings and their standard uncertainties, as for `weigh` [their units].
        left_out
            Places of readings that are not to be believed.

        Raises
        ------
        ValueError
            As `weigh`.
        """
        chosen = list(left_out)
        believed = standard.copy()
        believed[chosen] *= _DISBELIEF
        evidence = self.weigh(values, believed)
        unseen = 1 - np.diagonal(evidence.checked)
        truth = values - believed * evidence.pull
        spread = believed * np.sqrt(np.maximum(unseen, 0.0))
        for place in chosen:
            if unseen[place] > _TOLD:
                truth[place] = spread[place] = np.nan
        return Adjusted(truth, spread)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Most likely values and their standard uncertainties; NaN where a reading was left out and nothing tells it."""

    values: Array
    standard: Array
