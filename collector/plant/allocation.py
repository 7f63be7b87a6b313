"""How the energy of something that serves several potlines is shared between them. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allocation:
    """Fixed shares of potlines, which add up to 1; none: by the metal that each made."""

    shares: tuple[tuple[str, float], ...] = ()

    @property
    def is_by_metal(self) -> bool:
        """Whether the metal decides."""
        return not self.shares

    def shared(self, kwh: float, metal_t: Mapping[str, float]) -> dict[str, float]:
        """Return each potline's part of an energy; the parts add up to the energy.

        Parameters
        ----------
        kwh
            The energy of an interval [kWh].
        metal_t
            The metal of each potline in the same interval [t]; with fixed shares it does not count.

        Raises
        ------
        ValueError
            If metal decides and there is none, or a negative amount: the energy stays with the plant then.
        """
        weights = dict(metal_t) if self.is_by_metal else dict(self.shares)
        whole = math.fsum(weights.values())
        if not whole > 0 or any(weight < 0 for weight in weights.values()):
            what = "share an energy by metal: no potline made any, or one a negative amount"
            raise ValueError(f"{what}; take a longer interval, or give fixed shares")
        parts = {name: kwh * weight / whole for name, weight in weights.items()}
        *_, last = parts
        # What rounding leaves goes to the last one, so that nothing appears or is lost.
        parts[last] += kwh - math.fsum(parts.values())
        return parts
