"""Alumina in the bath: point feeders, dissolution, consumption, and the controllers that switch the feeding.

A controller cannot measure alumina. It feeds too little until the pot's resistance rises, which tells that alumina is
getting scarce, then feeds too much for a while: the well-known cycle of 70 % and 140 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

ALUMINA_PER_METAL = 1.8895
"""2 Al2O3 + 3 C -> 4 Al + 3 CO2 [kg/kg]."""

BATH_KG_PER_KA = 20.0
"""Bath of a pot [kg/kA]."""

SHOT_KG = 1.8
UNDERFEED, OVERFEED = 0.7, 1.4
"""Feeding against consumption [1]."""

RISE_V = 0.030
"""Rise of the resistance, as voltage at nominal current, that ends an underfeed [V]."""

OVERFEED_S, LONGEST_UNDERFEED_S = 2700.0, 6000.0
FILTER_S = 150.0
"""Delay of the resistance's filter [s]."""

QUENCH_KG_PER_S, QUENCH_KG = 1.0, 50.0
"""Feeding against an anode effect: speed and dose of a 400 kA pot."""

_DISSOLUTION_S = 120.0
_SHORTEST_UNDERFEED_S = 1500.0
_SATURATION_PCT = 7.5
_SCATTER = 0.03
_LOW_PCT, _HIGH_PCT = 2.55, 3.4
_MEAN_PHASE_S = OVERFEED_S / (OVERFEED_S + 3600.0)


class Alumina:
    """Alumina of the pots of one line and its feeding.

    Parameters
    ----------
    rng
        The random stream.
    count
        Number of pots.
    nominal_a
        Line current that the pots were built for [A].
    nominal_kg_per_s
        Alumina that a pot consumes at nominal current, as its controller believes [kg/s].

    Attributes
    ----------
    percent
        Dissolved alumina [%], shape (pots,).
    overfeeding
        Whether a pot is being fed too much at the moment.
    shots
        Shots of all feeders since they were built.
    blocked
        Whether nothing of what is fed arrives in the bath.
    """

    def __init__(self, rng: np.random.Generator, count: int, *, nominal_a: float, nominal_kg_per_s: float) -> None:
        self._rng = rng
        self._bath_kg = BATH_KG_PER_KA * nominal_a / 1000
        self._size = nominal_a / 400_000.0
        self._nominal_kg_per_s = nominal_kg_per_s
        self.overfeeding: Flags = rng.random(count) < _MEAN_PHASE_S
        luck = rng.random(count)
        self.percent: Array = np.where(
            self.overfeeding, _LOW_PCT + (_HIGH_PCT - _LOW_PCT) * luck, _HIGH_PCT - (_HIGH_PCT - _LOW_PCT) * luck
        )
        self._longest_overfeed_s = OVERFEED_S * rng.uniform(0.9, 1.1, count)
        self.phase_s: Array = luck * np.where(self.overfeeding, self._longest_overfeed_s, 3600.0)
        self._undissolved_kg = np.full(count, nominal_kg_per_s * _DISSOLUTION_S)
        self._due_kg = rng.uniform(0, SHOT_KG, count)
        self._quench_kg = np.zeros(count)
        self.shots: Array = rng.integers(500_000, 2_000_000, count).astype(np.float64)
        self.blocked: Flags = np.zeros(count, dtype=np.bool_)
        self.resistance_v: Array = np.zeros(count)
        self._lowest_v: Array = np.full(count, np.inf)
        self._known = False

    @property
    def dissolved_kg(self) -> Array:
        """Alumina dissolved in each pot's bath [kg]."""
        return self.percent / 100 * self._bath_kg

    @property
    def contained_kg(self) -> Array:
        """Alumina in each pot, dissolved and still to be [kg]."""
        contained: Array = self.dissolved_kg + self._undissolved_kg
        return contained

    def observe(self, resistance_v: Array, watch: Flags, dt_s: float) -> None:
        """Let the controllers see the resistance, as voltage at nominal current [V], of the pots to be watched."""
        if not self._known:
            self.resistance_v, self._known = resistance_v.copy(), True
        gain = 1.0 - np.exp(-dt_s / FILTER_S)
        self.resistance_v = self.resistance_v + np.where(watch, gain * (resistance_v - self.resistance_v), 0.0)
        self._lowest_v = np.minimum(self._lowest_v, self.resistance_v)

    def forget(self, pots: Array | NDArray[np.intp] | list[int]) -> None:
        """Begin anew to look for the lowest resistance of pots whose anodes or metal somebody moved."""
        self._lowest_v[pots] = np.inf

    def shift(self, moved_v: Array) -> None:
        """Take a beam movement of the controllers' own out of what they compare [V]."""
        self.resistance_v = self.resistance_v + moved_v
        self._lowest_v = self._lowest_v + moved_v

    def quench(self, pot: int) -> None:
        """Feed one pot against its anode effect; that breaks the crust open, so nothing stays blocked."""
        self.blocked[pot] = False
        self._quench_kg[pot] = QUENCH_KG * self._size
        self.overfeeding[pot] = True
        self.phase_s[pot] = 0.0

    def step(self, consumed_kg: Array, load: float, fed: Flags, dt_s: float) -> Array:
        """Go on by ``dt_s`` [s] and return what the feeders gave [kg], shape (pots,).

        Parameters
        ----------
        consumed_kg
            What electrolysis took [kg].
        load
            Line current against the nominal one [1]: feeding follows it.
        fed
            Pots that are fed at all.
        """
        if load > 0.3:
            self._switch(dt_s)
        rate = self._nominal_kg_per_s * load * np.where(self.overfeeding, OVERFEED, UNDERFEED)
        self._due_kg = self._due_kg + np.where(fed, rate * dt_s, 0.0)
        if self._quench_kg.any():
            dose = np.minimum(self._quench_kg, QUENCH_KG_PER_S * self._size * dt_s)
            self._quench_kg = self._quench_kg - dose
            self._due_kg = self._due_kg + np.where(fed, dose, 0.0)
        shots = np.floor(self._due_kg / SHOT_KG)
        self._due_kg = self._due_kg - shots * SHOT_KG
        self.shots = self.shots + shots
        given = shots * SHOT_KG * (1.0 + _SCATTER * self._rng.standard_normal(len(shots)))
        given[self.blocked] = 0.0
        heap = self._undissolved_kg + given
        # Near saturation it lies on the bottom as sludge.
        willing = np.minimum((_SATURATION_PCT - self.percent) / 2.0, 1.0)
        dissolved = heap * np.maximum(willing, 0.0) * (1.0 - np.exp(-dt_s / _DISSOLUTION_S))
        self._undissolved_kg = heap - dissolved
        self.percent = np.maximum(self.percent + (dissolved - consumed_kg) * (100 / self._bath_kg), 0.5)
        return given

    def _switch(self, dt_s: float) -> None:
        self.phase_s = self.phase_s + dt_s
        enough = self.overfeeding & (self.phase_s > self._longest_overfeed_s)
        rise_v = self.resistance_v - self._lowest_v
        # A rise soon after the last overfeed has other causes, unless it is steep.
        rises = (rise_v > RISE_V) & ((self.phase_s > _SHORTEST_UNDERFEED_S) | (rise_v > 2 * RISE_V))
        scarce = ~self.overfeeding & (rises | (self.phase_s > LONGEST_UNDERFEED_S))
        switched = enough | scarce
        if switched.any():
            self.overfeeding = self.overfeeding ^ switched
            self.phase_s[switched] = 0.0
            self._lowest_v[switched] = np.inf
