"""Pots in series: their voltage at a given line current, and their anode effects.

V_pot = E + R·I + noise, with the back electromotive force E of 1.65 V that pot controllers assume, and a resistance
that differs from pot to pot and drifts. In an anode effect a pot stands at 15 to 50 V for 0.3 to 3 minutes instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS
from simulators.physics.noise import Drift

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACK_EMF_V = 1.65
NOISE_V = 0.008
SHORTEST_S, MEDIAN_S, LONGEST_S = 18.0, 75.0, 180.0
LOWEST_V, USUAL_V, HIGHEST_V = 15.0, 25.0, 50.0
_MILLISECOND_NS = 1_000_000


@dataclass(slots=True)
class AnodeEffect:
    """An anode effect of one pot.

    Parameters
    ----------
    pot
        The pot's place in the line, from 0.
    start_ns, end_ns
        When it begins and ends [UTC ns, whole ms].
    level_v
        The voltage it hovers around [V].
    normal_v
        The pot's voltage before it [V].
    max_v
        The highest voltage so far [V].
    volt_seconds
        Voltage integrated since the start [V s].
    """

    pot: int
    start_ns: int
    end_ns: int
    level_v: float
    normal_v: float
    max_v: float = 0.0
    volt_seconds: float = 0.0

    @property
    def duration_s(self) -> float:
        """The whole duration [s]."""
        return (self.end_ns - self.start_ns) / SECOND_NS


class Pots:
    """The pots of one line.

    Parameters
    ----------
    rng
        The random stream.
    count
        Number of pots.
    current_a
        The current at which the pots stand at ``voltage_v`` in the mean [A].
    voltage_v
        Mean pot voltage [V].
    anode_effects_per_pot_day
        Mean number of anode effects.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        count: int,
        *,
        current_a: float,
        voltage_v: float,
        anode_effects_per_pot_day: float,
    ) -> None:
        self._rng = rng
        spread = 1.0 + 0.02 * rng.standard_normal(count)
        # Scaled to its own mean, so that the scenario's voltage is met by a short line as well.
        self._resistance_ohm = (voltage_v - BACK_EMF_V) / current_a * spread / spread.mean()
        self._drift = Drift(rng, count, time_constant_s=7200.0, deviation=0.004)
        self._effects_rng = rng.spawn(1)[0]
        self._effects_per_s = anode_effects_per_pot_day / 86400.0
        self._least_current_a = 0.5 * current_a
        self.active: list[AnodeEffect] = []
        self.started: list[AnodeEffect] = []
        self.ended: list[AnodeEffect] = []

    def __len__(self) -> int:
        return len(self._resistance_ohm)

    def step(self, current_a: float, time_ns: int, dt_s: float) -> NDArray[np.float64]:
        """Go on by one step and return each pot's mean voltage over it [V], shape (pots,).

        ``started``, ``active`` and ``ended`` then hold the anode effects that began in the step, that are still there
        at its end, and that ended in it.
        """
        resistance = self._resistance_ohm * (1.0 + self._drift.step(dt_s))
        noise = NOISE_V * self._rng.standard_normal(len(self))
        voltage: NDArray[np.float64] = BACK_EMF_V + resistance * current_a + noise
        self.started = self._begin(current_a, voltage, time_ns, dt_s)
        # A new list each time: the last step's is with somebody.
        self.active = [*self.active, *self.started]
        end_ns = time_ns + round(dt_s * SECOND_NS)
        for effect in self.active:
            self._raise_voltage(effect, voltage, time_ns, end_ns)
        self.ended = [effect for effect in self.active if effect.end_ns <= end_ns]
        if self.ended:
            self.active = [effect for effect in self.active if effect.end_ns > end_ns]
        return voltage

    def _begin(self, current_a: float, voltage: NDArray[np.float64], time_ns: int, dt_s: float) -> list[AnodeEffect]:
        # Drawn in every step, so that what happens to one pot does not shift the others' luck.
        luck = self._effects_rng.random(len(self))
        if current_a < self._least_current_a:
            return []
        begun: list[AnodeEffect] = []
        for pot in np.flatnonzero(luck < self._effects_per_s * dt_s):
            duration_s = float(np.clip(self._effects_rng.lognormal(np.log(MEDIAN_S), 0.5), SHORTEST_S, LONGEST_S))
            level_v = float(self._effects_rng.triangular(LOWEST_V, USUAL_V, HIGHEST_V))
            start_ns = time_ns + int(self._effects_rng.random() * dt_s * 1000) * _MILLISECOND_NS
            if any(effect.pot == pot for effect in self.active):
                continue
            end_ns = start_ns + round(duration_s * 1000) * _MILLISECOND_NS
            begun.append(AnodeEffect(int(pot), start_ns, end_ns, level_v, normal_v=float(voltage[pot])))
        return begun

    def _raise_voltage(self, effect: AnodeEffect, voltage: NDArray[np.float64], time_ns: int, end_ns: int) -> None:
        seconds = (min(effect.end_ns, end_ns) - max(effect.start_ns, time_ns)) / SECOND_NS
        level_v = effect.level_v * (1.0 + 0.08 * self._effects_rng.standard_normal())
        level_v = min(max(level_v, LOWEST_V), HIGHEST_V)
        effect.max_v = max(effect.max_v, level_v)
        effect.volt_seconds += level_v * seconds
        share = seconds * SECOND_NS / (end_ns - time_ns)
        voltage[effect.pot] += share * (level_v - voltage[effect.pot])
