"""Metal in the pots, its tapping by crucible, and the crane's scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEEL_KG = 10_000.0
"""Metal that stays in a pot after tapping [kg]."""

SCALE_STEP_KG = 5
"""Resolution of the crane's scale [kg]."""

POTS_PER_CRUCIBLE = 2


@dataclass(frozen=True, slots=True)
class Weighing:
    """A crucible on the crane's scale.

    Parameters
    ----------
    time_ns, zeroed_ns
        When it was weighed, and when it was weighed empty [UTC ns].
    pots
        Places of the tapped pots in the line, from 0.
    true_kg
        The metal in it [kg].
    gross_kg, tare_kg
        What the scale shows, full and empty [kg].
    """

    time_ns: int
    zeroed_ns: int
    crucible: int
    pots: tuple[int, ...]
    true_kg: float
    gross_kg: int
    tare_kg: int


class Tapping:
    """Pots that gather metal and are tapped one crucible after the other, evenly over the tapping interval.

    Parameters
    ----------
    rng
        The random stream.
    pots
        Number of pots.
    every_s
        Time between two tappings of a pot [s].
    metal_kg_per_s
        Metal made by one pot at nominal current [kg/s]: what the pots hold at the beginning follows from it.
    scale_error
        Largest error of the crane's scale [1]; it is drawn once.

    Attributes
    ----------
    metal_kg
        What the pots hold [kg], shape (pots,).
    taken_kg
        What was tapped from each pot at the end of the last step [kg], by its place.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        pots: int,
        *,
        every_s: float,
        metal_kg_per_s: float,
        scale_error: float = 0.001,
    ) -> None:
        self._rng = rng
        self._every_s = every_s
        self._crucibles = [
            tuple(range(first, min(first + POTS_PER_CRUCIBLE, pots))) for first in range(0, pots, POTS_PER_CRUCIBLE)
        ]
        self._next_s = (np.arange(len(self._crucibles)) + 0.5) / len(self._crucibles) * every_s
        gathered_s = every_s - np.repeat(self._next_s, POTS_PER_CRUCIBLE)[:pots]
        self.metal_kg = HEEL_KG + metal_kg_per_s * gathered_s
        self._scale_gain = 1.0 + rng.uniform(-scale_error, scale_error)
        self._elapsed_s = 0.0
        self.taken_kg: dict[int, float] = {}

    def step(self, made_kg: float | NDArray[np.float64], end_ns: int, dt_s: float) -> list[Weighing]:
        """Add the metal that each pot made [kg] and return the crucibles weighed at the step's end."""
        self.taken_kg = {}
        self.metal_kg += made_kg
        self._elapsed_s += dt_s
        due = np.flatnonzero(self._next_s <= self._elapsed_s)
        self._next_s[due] += self._every_s
        return [self._tap(int(crucible), end_ns) for crucible in due]

    def _tap(self, crucible: int, end_ns: int) -> Weighing:
        pots = self._crucibles[crucible]
        true_kg = 0.0
        for pot in pots:
            # Crews stop the siphon by eye; what stays behind comes with the next tapping.
            tapped_kg = max(0.0, float(self.metal_kg[pot]) - HEEL_KG + 20.0 * self._rng.standard_normal())
            self.metal_kg[pot] -= tapped_kg
            self.taken_kg[pot] = tapped_kg
            true_kg += tapped_kg
        tare_kg = 7360.0 + 40.0 * self._rng.standard_normal()
        return Weighing(
            time_ns=end_ns,
            zeroed_ns=end_ns - 720 * SECOND_NS,
            crucible=crucible % 12 + 1,
            pots=pots,
            true_kg=true_kg,
            gross_kg=self._scale(tare_kg + true_kg),
            tare_kg=self._scale(tare_kg),
        )

    def _scale(self, mass_kg: float) -> int:
        shown = mass_kg * self._scale_gain + 2.0 * self._rng.standard_normal()
        return round(shown / SCALE_STEP_KG) * SCALE_STEP_KG
