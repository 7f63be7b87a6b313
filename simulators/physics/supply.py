"""Where the electricity comes from: the plant's own power station, and a grid whose mix changes by the hour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.instants import HOUR_NS
from simulators.physics.noise import stream

if TYPE_CHECKING:
    from simulators.scenario import SupplyBehaviour


@dataclass(frozen=True, slots=True)
class Mix:
    """The grid's electricity in one hour.

    Parameters
    ----------
    renewable_share
        Share of renewable generation [1].
    factor
        Emission factor [t/MWh = kg/kWh].
    """

    renewable_share: float
    factor: float


class Supply:
    """The plant's electricity.

    The mix of an hour depends on nothing but the seed and the hour, so that every run agrees about it. Renewables are
    highest at noon; what is not renewable has the same factor always, and the mean over a day without clouds is the
    factor that was given.

    Parameters
    ----------
    seed
        Of the scenario.
    behaviour
        Of the grid and of the plant's own power station.
    factor
        Mean emission factor of the grid [kg/kWh].
    """

    def __init__(self, seed: int, behaviour: SupplyBehaviour, factor: float) -> None:
        self._seed = seed
        self._behaviour = behaviour
        self._factor = factor
        self._hours: dict[int, Mix] = {}

    def mix(self, time_ns: int) -> Mix:
        """Return the grid's mix in the hour of a time [UTC ns]."""
        hour = time_ns // HOUR_NS
        known = self._hours.get(hour)
        if known is None:
            known = self._mix(hour)
            # Yesterday is over.
            self._hours = {past: mix for past, mix in self._hours.items() if past > hour - 24} | {hour: known}
        return known

    def captive_w(self, load_w: float) -> float:
        """Return how much of the plant's load [W] its own power station carries [W]."""
        return min(load_w, self._behaviour.captive_w)

    @property
    def captive_factor(self) -> float:
        """Emission factor of the plant's own power station [kg/kWh]."""
        return self._behaviour.captive_factor

    def _mix(self, hour: int) -> Mix:
        mean, swing = self._behaviour.renewable_share, self._behaviour.renewable_swing
        if swing == 0.0:
            return Mix(mean, self._factor)
        of_day = (hour + self._behaviour.utc_offset_h + 0.5) % 24
        # A half sine from 6 to 18 h, its own mean taken off.
        sun = max(0.0, math.sin(math.pi * (of_day - 6) / 12)) - 1 / math.pi
        wind = 0.15 * float(stream(self._seed, f"mix {hour}").standard_normal())
        share = min(max(mean + swing * (sun + wind), 0.0), 0.99)
        return Mix(share, self._factor * (1.0 - share) / (1.0 - mean))
