"""What stands between the grid and the plant: the grid's voltage and frequency, rectifiers, auxiliary feeders."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from simulators.physics.noise import Drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulators.physics.operations import Outage

SPARE = 1.1
"""What the units can carry with one of them out of use, against the nominal current [1]."""

_ALONE = 1.3

_STANDING, _DIODES, _COPPER = 0.2, 0.5, 0.3
"""Shares of a unit's loss at nominal power."""


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

    Each is sized so that the line keeps its current when one of them is out of use. A unit loses something by merely
    standing under voltage, something in proportion to its load (the diodes) and something with its square (the copper).

    Parameters
    ----------
    rng
        The random stream.
    units
        Number of units, at least 1.
    efficiency
        Mean efficiency when all share the nominal power [1].
    nominal_w
        The line's DC power at its nominal current [W].
    outages
        Units that are out of use for a time.

    Attributes
    ----------
    loss_w
        What the units lost in the last step [W], shape (units,).
    in_use
        Which units are in use.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        units: int,
        efficiency: float,
        *,
        nominal_w: float,
        outages: Sequence[Outage] = (),
    ) -> None:
        share = 1.0 + 0.03 * rng.standard_normal(units)
        self._share = share / share.sum()
        each = np.minimum(efficiency + rng.uniform(-0.001, 0.001, units), 1.0)
        self._nominal_w = nominal_w * self._share
        self._loss_w = self._nominal_w * (1.0 / each - 1.0)
        self._rated = SPARE / (units - 1) if units > 1 else _ALONE
        self._outages = tuple(outages)
        self._elapsed_s = 0.0
        self.in_use: NDArray[np.bool_] = self._wanted()
        self.loss_w: NDArray[np.float64] = np.zeros(units)

    def step(self, dt_s: float) -> float:
        """Go on by ``dt_s`` [s] and return what share of the nominal current the units in use can carry [1]."""
        self._elapsed_s += dt_s
        if self._outages:
            self.in_use = self._wanted()
        return int(np.count_nonzero(self.in_use)) * self._rated

    def ac_w(self, dc_w: float) -> NDArray[np.float64]:
        """Return the AC power that each unit takes for the line's DC power [W], shape (units,)."""
        share = np.where(self.in_use, self._share, 0.0)
        total = float(share.sum())
        given = dc_w * share / total if total else np.zeros_like(share)
        load = given / self._nominal_w
        self.loss_w = self._loss_w * (_STANDING + _DIODES * load + _COPPER * load * load)
        self.loss_w = np.where(self.in_use, self.loss_w, 0.0)
        taken: NDArray[np.float64] = given + self.loss_w
        return taken

    def _wanted(self) -> NDArray[np.bool_]:
        wanted = np.ones(len(self._share), dtype=np.bool_)
        for outage in self._outages:
            if outage.at_s <= self._elapsed_s < outage.at_s + outage.for_s:
                wanted[outage.place] = False
        return wanted


class Load(StrEnum):
    """What hangs on an auxiliary feeder."""

    FANS = "fans"
    """Fume treatment: fans that run day and night."""

    COMPRESSORS = "compressors"
    """Compressed air: machines that load and unload."""

    CRANES = "cranes"
    """Cranes: short lifts, between which little happens."""


class Feeders:
    """Auxiliary feeders, each with a load that wanders slowly and does what its machines do.

    Parameters
    ----------
    rng
        The random stream.
    loads_w
        Mean loads [W].
    kinds
        What hangs on each; None: fans.
    """

    def __init__(self, rng: np.random.Generator, loads_w: Sequence[float], kinds: Sequence[Load] | None = None) -> None:
        self._rng = rng
        self._loads_w = np.asarray(loads_w, dtype=np.float64)
        self._drift = Drift(rng, len(loads_w), time_constant_s=1200.0, deviation=0.04)
        kinds = kinds or [Load.FANS] * len(loads_w)
        # Long-run share of the time that the machines are at work, mean stays at work, and their load at rest.
        duty = {Load.FANS: (1.0, 1.0, 0.0), Load.COMPRESSORS: (0.75, 90.0, 0.7), Load.CRANES: (0.3, 120.0, 0.2)}
        self._busy_share, self._busy_s, self._rest = np.array([duty[kind] for kind in kinds]).reshape(-1, 3).T
        self._busy = rng.random(len(loads_w)) < self._busy_share
        self._restless = bool((self._busy_share < 1.0).any())

    def step(self, dt_s: float) -> NDArray[np.float64]:
        """Go on by ``dt_s`` [s] and return the mean loads over it [W], shape (feeders,)."""
        taken: NDArray[np.float64] = self._loads_w * (1.0 + self._drift.step(dt_s))
        if not self._restless:
            return taken
        share = self._busy_share
        rest_s = self._busy_s * (1.0 - share) / share
        mean_s = np.where(self._busy, self._busy_s, np.maximum(rest_s, 1e-9))
        turns = self._rng.random(len(share)) < 1.0 - np.exp(-dt_s / mean_s)
        self._busy = np.where(share < 1.0, self._busy ^ turns, True)
        mean = share + (1.0 - share) * self._rest
        at_work: NDArray[np.float64] = np.where(self._busy, 1.0, self._rest) / mean
        return at_work * taken
