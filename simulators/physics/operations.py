"""What people and cranes do to pots: anode changes, tapping, beam raising, shutdown and restart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

METAL_CM_PER_S = 2.67 / 86_400
"""How fast the metal of a pot rises at nominal current [cm/s]: by Faraday, over the cathode's area."""

BURN_CM_PER_S = 1.69 / 86_400
"""How fast the anodes burn away at nominal current [cm/s]."""

LOWEST_BEAM_MM, HIGHEST_BEAM_MM = 50.0, 350.0
"""Travel of the anode beam; when it is down, a crew raises it while other clamps hold the anodes [mm]."""

NEW_ANODE_V, NEW_ANODE_S = 0.10, 14_400.0
"""A new anode is cold and takes no current: rise of the pot's voltage and its decay."""

START_UP_V, START_UP_S = 1.0, 86_400.0
"""A pot that begins anew stands higher: rise of its voltage and its decay."""

_TAP_RESIDUE_CM, _TAP_V, _TAP_S = 0.012, 0.06, 150.0
_NEW_NOISE, _NEW_NOISE_S = 1.5, 21_600.0
_SETTLED_V = 1e-5
_STALLS = 40


@dataclass(frozen=True, slots=True)
class Outage:
    """Something that is out of use for a while.

    Parameters
    ----------
    place
        Of the pot in the line, or of the rectifier unit, from 0.
    at_s
        Its beginning, counted from the simulation's [s].
    for_s
        Its length [s].
    """

    place: int
    at_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class PotEvent:
    """Something that was done to a pot.

    Parameters
    ----------
    kind
        ``anode``, ``beam_raise``, ``shutdown`` or ``restart``.
    pot
        The pot's place in the line, from 0.
    time_ns
        When [UTC ns].
    values
        What belongs to it: ``stall`` and ``butt_kg`` of an anode change.
    """

    kind: str
    pot: int
    time_ns: int
    values: Mapping[str, float] = field(default_factory=dict)


class Operations:
    """What is done to the pots of one line, and how long they show it.

    Parameters
    ----------
    rng
        The random stream.
    count
        Number of pots.
    anode_change_every_s
        Time between two anode changes of a pot [s]; None: never.
    outages
        Pots that are bridged out of the line for a time.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        count: int,
        *,
        anode_change_every_s: float | None,
        outages: Sequence[Outage],
    ) -> None:
        self._rng = rng
        self._every_s = anode_change_every_s
        self._change_in_s = np.full(count, np.inf)
        self._new_anode_v = np.zeros(count)
        self._new_noise = np.zeros(count)
        if anode_change_every_s is not None:
            self._change_in_s = rng.uniform(0, anode_change_every_s, count)
        self._stall = rng.integers(0, _STALLS, count)
        self._tap_v = np.zeros(count)
        self._start_up_v = np.zeros(count)
        self.beam_mm: Array = rng.uniform(LOWEST_BEAM_MM, HIGHEST_BEAM_MM, count)
        self._outages = tuple(outages)
        self._elapsed_s = 0.0
        self.operating: Flags = self._wanted(count)

    def step(self, end_ns: int, dt_s: float, *, planned: bool) -> list[PotEvent]:
        """Go on by ``dt_s`` [s] and return what was done at the end of it; ``planned``: outages count their time."""
        events: list[PotEvent] = []
        if planned and self._outages:
            self._elapsed_s += dt_s
            events += self._switch(end_ns)
        for name, decay_s in (("_new_anode_v", NEW_ANODE_S), ("_tap_v", _TAP_S), ("_start_up_v", START_UP_S)):
            values: Array = getattr(self, name)
            if values.any():
                values *= np.exp(-dt_s / decay_s)
                values[values < _SETTLED_V] = 0.0
        self._new_noise *= np.exp(-dt_s / _NEW_NOISE_S)
        if self._every_s is not None:
            self._change_in_s -= dt_s
            events += [self._change(pot, end_ns) for pot in np.flatnonzero(self._change_in_s <= 0).tolist()]
        if self.beam_mm.min() < LOWEST_BEAM_MM:
            for pot in np.flatnonzero(self.beam_mm < LOWEST_BEAM_MM).tolist():
                self.beam_mm[pot] = HIGHEST_BEAM_MM
                events.append(PotEvent("beam_raise", pot, end_ns))
        return events

    def extra_v(self) -> Array:
        """Return what the pots' voltages show of it, at nominal current [V]."""
        return self._new_anode_v + self._tap_v + self._start_up_v

    def noise_factor(self) -> Array:
        """Return how much noisier than usual the pots are [1]."""
        return 1.0 + self._new_noise

    def wear(self, distance_cm: Array, load: float, operating: Flags, dt_s: float) -> Array:
        """Let metal rise and anodes burn; return the distance between them [cm]."""
        change = (BURN_CM_PER_S - METAL_CM_PER_S) * load * dt_s
        return distance_cm + np.where(operating, change, 0.0)

    def moved(self, move_cm: Array) -> None:
        """Take note of beam movements [cm]."""
        self.beam_mm = self.beam_mm + 10.0 * move_cm

    def tapped(self, falls_cm: Mapping[int, float], distance_cm: Array) -> Array:
        """Lower the beams of pots after their falling metal [cm], as well as that goes; return the distance [cm]."""
        moved = distance_cm.copy()
        for pot, fall_cm in falls_cm.items():
            moved[pot] += _TAP_RESIDUE_CM * float(self._rng.standard_normal())
            self.beam_mm[pot] -= 10.0 * fall_cm
            self._tap_v[pot] += _TAP_V
        return moved

    def _change(self, pot: int, end_ns: int) -> PotEvent:
        self._change_in_s[pot] += self._every_s or np.inf
        self._new_anode_v[pot] += NEW_ANODE_V * float(self._rng.uniform(0.5, 1.5))
        self._new_noise[pot] = _NEW_NOISE
        self._stall[pot] = (self._stall[pot] + 11) % _STALLS
        butt_kg = round(float(self._rng.normal(210.0, 15.0)), 1)
        return PotEvent("anode", pot, end_ns, {"stall": float(self._stall[pot]) + 1, "butt_kg": butt_kg})

    def _wanted(self, count: int) -> Flags:
        wanted = np.ones(count, dtype=np.bool_)
        for outage in self._outages:
            if outage.at_s <= self._elapsed_s < outage.at_s + outage.for_s:
                wanted[outage.place] = False
        return wanted

    def _switch(self, end_ns: int) -> list[PotEvent]:
        wanted = self._wanted(len(self.operating))
        events = []
        for pot in np.flatnonzero(wanted != self.operating).tolist():
            if wanted[pot]:
                self._start_up_v[pot] = START_UP_V
            events.append(PotEvent("restart" if wanted[pot] else "shutdown", pot, end_ns))
        self.operating = wanted
        return events
