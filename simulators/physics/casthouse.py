"""The cast house of a line: crucibles go into a holding furnace, and from time to time it is cast into ingots."""

from __future__ import annotations

from dataclasses import dataclass

MELT_LOSS = 0.008
"""Metal that burns and goes into dross [1]."""

KWH_PER_T = 45.0
"""Electricity of casting: stirring, saws, cooling water [kWh per t cast]."""

STANDING_W_PER_POT = 500.0
"""Lights, fans and hydraulics of the cast house for each pot of the line [W]."""

_CAST_S = 7200.0


@dataclass(frozen=True, slots=True)
class Casting:
    """What the cast house did in one step.

    Parameters
    ----------
    cast_kg
        Metal cast [kg].
    lost_kg
        Metal that became dross [kg].
    power_w
        Its electric power [W].
    furnace_kg
        Metal in the furnace at the end [kg].
    """

    cast_kg: float
    lost_kg: float
    power_w: float
    furnace_kg: float


class CastHouse:
    """A holding furnace and its casting machine.

    Parameters
    ----------
    pots
        Of the line that it serves.
    batch_kg
        Metal of one cast [kg].
    """

    def __init__(self, pots: int, *, batch_kg: float) -> None:
        self._standing_w = STANDING_W_PER_POT * pots
        self._batch_kg = batch_kg
        self._left_kg = 0.0
        self.furnace_kg = 0.5 * batch_kg

    def step(self, tapped_kg: float, dt_s: float) -> Casting:
        """Take tapped metal in [kg], cast when the furnace is full, and go on by ``dt_s`` [s]."""
        lost_kg = MELT_LOSS * tapped_kg
        self.furnace_kg += tapped_kg - lost_kg
        if self._left_kg <= 0.0 and self.furnace_kg >= self._batch_kg:
            self._left_kg = self._batch_kg
        cast_kg = min(self._left_kg, self._batch_kg / _CAST_S * dt_s)
        self._left_kg -= cast_kg
        self.furnace_kg -= cast_kg
        power_w = self._standing_w + KWH_PER_T * cast_kg / dt_s * 3600
        return Casting(cast_kg, lost_kg, power_w, self.furnace_kg)
