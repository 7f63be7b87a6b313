"""Random numbers: one stream for each part of the plant, and values that wander."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of one part of the plant: another part's draws do not disturb it."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


class Drift:
    """Values that wander around 0 and come back: an Ornstein-Uhlenbeck process, stepped exactly.

    Parameters
    ----------
    rng
        The random stream.
    size
        How many independent values.
    time_constant_s
        After how long the past is forgotten to 1/e [s].
    deviation
        Standard deviation in the long run, in the value's own unit.
    """

    def __init__(self, rng: np.random.Generator, size: int, *, time_constant_s: float, deviation: float) -> None:
        self._rng = rng
        self._time_constant_s = time_constant_s
        self._deviation = deviation
        self.value: NDArray[np.float64] = deviation * rng.standard_normal(size)

    def step(self, dt_s: float) -> NDArray[np.float64]:
        """Go on by ``dt_s`` [s] and return the values, shape (size,)."""
        keep = math.exp(-dt_s / self._time_constant_s)
        shake = self._deviation * math.sqrt(1.0 - keep * keep)
        self.value = keep * self.value + shake * self._rng.standard_normal(len(self.value))
        return self.value
