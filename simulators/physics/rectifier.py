"""What stands between the grid and the plant: the grid's voltage and frequency, rectifiers, auxiliary feeders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.noise import Drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Grid:
    """The high-voltage grid."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._voltage = Drift(rng, 1, time_constant_s=900.0, deviation=0.008)
        self._frequency = Drift(rng, 1, time_constant_s=60.0, deviation=0.015)
        self.voltage_factor = 1.0
        self.frequency_hz = 50.0

    def step(self, dt_s: float) -> None:
        """Go on by ``dt_s`` [s]."""
        self.voltage_factor = 1.0 + float(self._voltage.step(dt_s)[0])
        self.frequency_hz = 50.0 + float(self._frequency.step(dt_s)[0])


class Rectifiers:
    """Rectifier units that share a line's DC power, none quite as good as the next.

    Parameters
    ----------
    rng
        The random stream.
    units
        Number of units, at least 1.
    efficiency
        Mean efficiency [1].
    """

    def __init__(self, rng: np.random.Generator, units: int, efficiency: float) -> None:
        share = 1.0 + 0.03 * rng.standard_normal(units)
        self._share = share / share.sum()
        self._efficiency = np.minimum(efficiency + rng.uniform(-0.001, 0.001, units), 1.0)

    def ac_w(self, dc_w: float) -> NDArray[np.float64]:
        """Return the AC power that each unit takes for the line's DC power [W], shape (units,)."""
        taken: NDArray[np.float64] = dc_w * self._share / self._efficiency
        return taken


class Feeders:
    """Auxiliary feeders, each with a load that wanders slowly.

    Parameters
    ----------
    rng
        The random stream.
    loads_w
        Mean loads [W].
    """

    def __init__(self, rng: np.random.Generator, loads_w: Sequence[float]) -> None:
        self._loads_w = np.asarray(loads_w, dtype=np.float64)
        self._drift = Drift(rng, len(loads_w), time_constant_s=1200.0, deviation=0.04)

    def step(self, dt_s: float) -> NDArray[np.float64]:
        """Go on by ``dt_s`` [s] and return the mean loads over it [W], shape (feeders,)."""
        taken: NDArray[np.float64] = self._loads_w * (1.0 + self._drift.step(dt_s))
        return taken
