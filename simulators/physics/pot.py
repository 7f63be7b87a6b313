"""The pots of one line: voltage, alumina, temperature, anode-cathode distance, and what is done to them.

All pots are columns of arrays and step together. Nothing is drawn that should arise: an anode effect comes from alumina
that ran out, alumina runs out when a feeder is blocked or a controller has bad luck, and the controllers see nothing of
the pot but its resistance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS
from simulators.physics.alumina import ALUMINA_PER_METAL, Alumina
from simulators.physics.anode_effects import HIGHEST_V, LOWEST_V, USUAL_V, AnodeEffect, AnodeEffects, LowVoltageEffect
from simulators.physics.noise import Drift
from simulators.physics.operations import METAL_CM_PER_S, Operations, PotEvent
from simulators.physics.voltage import BACK_EMF_V, REFERENCE_C, Components, PotVoltage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.physics.operations import Outage

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

__all__ = ["BACK_EMF_V", "HIGHEST_V", "LOWEST_V", "USUAL_V", "AnodeEffect", "PotState", "Pots"]

NOISE_V = 0.008
"""Standard deviation of a quiet pot's voltage over a second [V]."""

ALUMINIUM_KG_PER_KAH = 26.9815384 / (3 * 96485.33212) * 3600
"""Faraday's law for aluminium: molar mass 26.9815384 g/mol, 3 electrons, 96485.33212 C/mol [g/Ah = kg/kAh]."""

ENTHALPY_V = 2.03
"""The part of the voltage that goes into the metal; the rest is heat [V]."""

DEADBAND_V = 0.008
"""Controllers leave the beam alone while the resistance is this near its target, as voltage at nominal current [V]."""

LEAD_S = 950.0
"""Mean time from the blocking of a feeder to the end of the anode effect that it causes [s], measured on the model."""

CYCLE_V = -0.003
"""Resistance that the beam is held at, less the feeding cycle's mean, as voltage [V], measured on the model."""

COOLER_IS_BETTER = 0.001
"""Current efficiency lost for each degree above a pot's usual temperature [1/degC]."""

SHUNT_OHM = 1.2e-7
"""Of the wedges that bridge a pot out of the line [ohm]."""

_TEMPERATURE_S, _GAIN_C = 21_600.0, 60.0
_MOST_EXCESS = 2.0
_REGULATE_EVERY_S = 300.0
_LARGEST_MOVE_V = 0.030
_BLOCKED_FOR_S = 7200.0


@dataclass(frozen=True, slots=True)
class PotState:
    """What the pots look like at the end of a step; each array has the shape (pots,).

    Parameters
    ----------
    operating
        Whether the pot is in the line; else it is bridged out.
    alumina_pct, temperature_c, distance_cm, beam_mm
        Dissolved alumina [%], bath temperature [degC], anode-cathode distance [cm], position of the anode beam [mm].
    overfeeding
        Whether the controller feeds too much at the moment; else it feeds too little.
    shots
        Alumina shots since the feeders were built.
    target_v
        Voltage that the controller aims at, at this current [V].
    """

    operating: Flags
    alumina_pct: Array
    temperature_c: Array
    distance_cm: Array
    beam_mm: Array
    overfeeding: Flags
    shots: Array
    target_v: Array


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
        Mean number of anode effects; they come from feeders that are blocked as often as that takes. One takes about
        twenty minutes to develop, so more than some 50 a day cannot be had.
    current_efficiency
        Mean share of the current that makes metal [1].
    efficiency_deviation
        Standard deviation of the line's current efficiency around it in the long run [1].
    low_voltage_effects_per_pot_day
        Mean number of low-voltage anode effects.
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
        current_a: float,
        voltage_v: float,
        anode_effects_per_pot_day: float,
        current_efficiency: float = 0.935,
        efficiency_deviation: float = 0.0,
        low_voltage_effects_per_pot_day: float = 0.0,
        anode_change_every_s: float | None = None,
        outages: Sequence[Outage] = (),
    ) -> None:
        self._rng = rng
        self._nominal_a = current_a
        spread = rng.standard_normal(count)
        self._target_r_v = (voltage_v - BACK_EMF_V) * (1.0 + 0.02 * (spread - spread.mean()))
        self._voltage = PotVoltage(
            current_a, 1.0 + 0.05 * rng.standard_normal(count), 1.0 + 0.08 * rng.standard_normal(count)
        )
        self.distance_cm: Array = self._voltage.distance_cm(self._target_r_v + BACK_EMF_V)
        self._drift = Drift(rng, count, time_constant_s=7200.0, deviation=0.004 * (voltage_v - BACK_EMF_V))
        self._usual_c = REFERENCE_C + 3.0 * rng.standard_normal(count)
        self.temperature_c: Array = self._usual_c.copy()
        self._usual_heat_v = self._target_r_v + BACK_EMF_V - ENTHALPY_V
        self._since_move_s = rng.uniform(0, _REGULATE_EVERY_S, count)
        efficiency_rng = rng.spawn(1)[0]
        spread = efficiency_rng.standard_normal(count)
        self._usual_efficiency = current_efficiency * (1.0 + 0.004 * (spread - spread.mean()))
        self._wander = Drift(efficiency_rng, 1, time_constant_s=86_400.0, deviation=efficiency_deviation)
        # It begins at the mean, so that a short run is not a bad month.
        self._wander.value[:] = 0.0
        self._kg_per_cm = ALUMINIUM_KG_PER_KAH * current_efficiency * current_a / 3.6e6 / METAL_CM_PER_S
        self.efficiency: Array = self._usual_efficiency
        self.metal_kg: Array = np.zeros(count)
        self.alumina = Alumina(
            rng.spawn(1)[0],
            count,
            nominal_a=current_a,
            nominal_kg_per_s=ALUMINA_PER_METAL * ALUMINIUM_KG_PER_KAH * current_efficiency * current_a / 3.6e6,
        )
        self.effects = AnodeEffects(rng.spawn(1)[0], count)
        self.operations = Operations(rng.spawn(1)[0], count, anode_change_every_s=anode_change_every_s, outages=outages)
        self._luck = rng.spawn(1)[0]
        self._block_every_s = _mean_wait_s(anode_effects_per_pot_day, LEAD_S)
        self._block_in_s = self._wait(self._block_every_s, count)
        self._blocked_s = np.zeros(count)
        self._low_every_s = _mean_wait_s(low_voltage_effects_per_pot_day, 0.0)
        self._low_in_s = self._wait(self._low_every_s, count)
        self.low_voltage: list[LowVoltageEffect] = []
        self.low_voltage_ended: list[LowVoltageEffect] = []
        self.events: list[PotEvent] = []
        self.active: list[AnodeEffect] = []
        self.started: list[AnodeEffect] = []
        self.ended: list[AnodeEffect] = []

    def __len__(self) -> int:
        return len(self.distance_cm)

    @property
    def operating(self) -> Flags:
        """Whether each pot is in the line."""
        return self.operations.operating

    def components(self, current_a: float) -> Components:
        """Return what the pots' voltages would be made of at a current [A], without noise and anode effects."""
        return self._voltage.components(
            current_a,
            temperature_c=self.temperature_c,
            alumina_pct=self.alumina.percent,
            distance_cm=self.distance_cm,
        )

    def state(self, current_a: float) -> PotState:
        """Return what the pots look like now, at a line current [A]."""
        return PotState(
            operating=self.operations.operating,
            alumina_pct=self.alumina.percent,
            temperature_c=self.temperature_c,
            distance_cm=self.distance_cm,
            beam_mm=self.operations.beam_mm.copy(),
            overfeeding=self.alumina.overfeeding.copy(),
            shots=self.alumina.shots,
            target_v=BACK_EMF_V + self._target_r_v * (current_a / self._nominal_a),
        )

    def block(self, pot: int) -> None:
        """Block the feeders of one pot."""
        self.alumina.blocked[pot] = True

    def warm_up(self, seconds: float, dt_s: float) -> None:
        """Let hours go by before the beginning, so that no two pots begin at the same point of their cycles."""
        length_ns = round(dt_s * SECOND_NS)
        for number in range(round(seconds / dt_s)):
            time_ns = number * length_ns
            self._step_pots(self._nominal_a, time_ns, time_ns + length_ns, dt_s, planned=False)
        for effect in self.effects.active:
            self.alumina.percent[effect.pot] = 2.6
        self.effects.forget()
        self.low_voltage, self.low_voltage_ended, self.events = [], [], []
        self.started, self.active, self.ended = [], [], []

    def step(
        self, current_a: float, time_ns: int, dt_s: float, tapped: Mapping[int, float] | None = None
    ) -> NDArray[np.float64]:
        """Go on by one step and return each pot's mean voltage over it [V], shape (pots,).

        ``started``, ``active`` and ``ended`` then hold the anode effects that began in the step, that are still there
        at its end, and that ended in it; ``events`` what else was done to the pots.

        Parameters
        ----------
        current_a
            Mean line current over the step [A].
        time_ns
            Its beginning [UTC ns].
        dt_s
            Its length [s].
        tapped
            Metal that was tapped from pots at its beginning [kg].
        """
        end_ns = time_ns + round(dt_s * SECOND_NS)
        return self._step_pots(current_a, time_ns, end_ns, dt_s, planned=True, tapped=tapped)

    def _step_pots(
        self,
        current_a: float,
        time_ns: int,
        end_ns: int,
        dt_s: float,
        *,
        planned: bool,
        tapped: Mapping[int, float] | None = None,
    ) -> Array:
        load = current_a / self._nominal_a
        operations = self.operations
        self.events = operations.step(end_ns, dt_s, planned=planned)
        for event in self.events:
            self._follow(event)
        if tapped:
            falls_cm = {pot: kg / self._kg_per_cm for pot, kg in tapped.items()}
            self.distance_cm = operations.tapped(falls_cm, self.distance_cm)
            self.alumina.forget(list(tapped))
        operating = operations.operating
        drift_v = self._drift.step(dt_s)
        voltage: Array = self.components(current_a).total + load * (drift_v + operations.extra_v())
        # Noise of a mean over the step, larger where anodes are new or near the metal.
        nearness = np.maximum(0.0, 3.2 - self.distance_cm)
        noise_v = NOISE_V * min(1.0, dt_s**-0.5) * operations.noise_factor() * (1.0 + 2.0 * nearness)
        voltage += load * noise_v * self._rng.standard_normal(len(self))
        if not operating.all():
            voltage[~operating] = np.nan  # until it is known what the others do
        self._upset(voltage, load, time_ns, end_ns, dt_s)
        heat_v = voltage - ENTHALPY_V
        before = voltage.copy()
        target_v = BACK_EMF_V + load * self._target_r_v
        self.effects.step(
            voltage,
            normal_v=target_v,
            alumina_pct=self.alumina.percent,
            load=load,
            time_ns=time_ns,
            end_ns=end_ns,
        )
        if self.effects.active or self.effects.ended:
            heat_v = voltage - ENTHALPY_V
        self.started, self.active, self.ended = self.effects.started, self.effects.active, self.effects.ended
        for pot in self.effects.quenched:
            self.alumina.quench(pot)
        if not operating.all():
            voltage[~operating] = SHUNT_OHM * current_a
            before[~operating] = BACK_EMF_V
            heat_v = np.where(operating, heat_v, 0.0)
        self._warm(heat_v, load, operating, dt_s)
        self._control(before, load, operating, dt_s)
        wander = self._wander.step(dt_s)[0] if planned else 0.0
        self.efficiency = self._usual_efficiency + wander - COOLER_IS_BETTER * (self.temperature_c - self._usual_c)
        per_efficiency_kg = ALUMINIUM_KG_PER_KAH * current_a * dt_s / 3.6e6
        self.metal_kg = np.where(operating, per_efficiency_kg * self.efficiency, 0.0)
        self.alumina.step(ALUMINA_PER_METAL * self.metal_kg, load, operating, dt_s)
        return voltage

    def _follow(self, event: PotEvent) -> None:
        """Let the pots feel what was done to one of them."""
        pot = event.pot
        self.alumina.forget([pot])
        if event.kind == "anode":
            self.temperature_c[pot] -= 3.0
        elif event.kind == "restart":
            self.alumina.percent[pot] = 3.4
            self.alumina.blocked[pot] = False
            self.temperature_c[pot] = self._usual_c[pot] + 10.0

    def _upset(self, voltage: Array, load: float, time_ns: int, end_ns: int, dt_s: float) -> None:
        """Block feeders, and let single anodes lose their contact, as often as asked for."""
        if self._block_every_s is not None:
            self._block_in_s -= dt_s
            for pot in np.flatnonzero(self._block_in_s < 0).tolist():
                self._block_in_s[pot] = np.inf
                self.alumina.blocked[pot] = True
                self._blocked_s[pot] = 0.0
            if self.alumina.blocked.any():
                self._blocked_s = np.where(self.alumina.blocked, self._blocked_s + dt_s, self._blocked_s)
                self.alumina.blocked &= self._blocked_s < _BLOCKED_FOR_S
            # The next one is waited for once this one is over.
            calm = np.flatnonzero(np.isinf(self._block_in_s) & ~self.alumina.blocked)
            if len(calm):
                self._block_in_s[calm] = self._wait(self._block_every_s, len(calm))
        if self._low_every_s is not None:
            self._low_in_s -= dt_s
            for pot in np.flatnonzero(self._low_in_s < 0).tolist():
                self._low_in_s[pot] = float(self._wait(self._low_every_s, 1)[0])
                if load > 0.5 and all(effect.pot != pot for effect in self.low_voltage):
                    length_s = float(self._luck.uniform(60.0, 1200.0))
                    ends_ns = time_ns + round(length_s) * SECOND_NS
                    rise_v = float(self._luck.uniform(0.2, 1.5))
                    self.low_voltage = [*self.low_voltage, LowVoltageEffect(pot, time_ns, ends_ns, rise_v)]
        self.low_voltage_ended = [effect for effect in self.low_voltage if effect.end_ns <= end_ns]
        for effect in self.low_voltage:
            share = (min(effect.end_ns, end_ns) - time_ns) / (end_ns - time_ns)
            voltage[effect.pot] += load * effect.rise_v * share
        if self.low_voltage_ended:
            self.low_voltage = [effect for effect in self.low_voltage if effect.end_ns > end_ns]

    def _wait(self, mean_s: float | None, count: int) -> Array:
        if mean_s is None:
            return np.full(count, np.inf)
        return self._luck.exponential(mean_s, count)

    def _warm(self, heat_v: Array, load: float, operating: Flags, dt_s: float) -> None:
        """Follow the heat that is left over; the frozen ledge at the walls makes that slow."""
        # The heat of an anode effect melts ledge before it warms the bath.
        excess = np.minimum(load * heat_v / self._usual_heat_v - 1.0, _MOST_EXCESS)
        change = (_GAIN_C * excess - (self.temperature_c - self._usual_c)) * (dt_s / _TEMPERATURE_S)
        self.temperature_c = self.temperature_c + np.where(operating, change, 0.0)

    def _control(self, voltage: Array, load: float, operating: Flags, dt_s: float) -> None:
        """Do what pot controllers do: filter the resistance, switch the feeding, move the beam."""
        operations = self.operations
        self.distance_cm = operations.wear(self.distance_cm, load, operating, dt_s)
        if load < 0.3:
            return
        alumina = self.alumina
        watch = operating
        if self.active:
            watch = operating.copy()
            watch[[effect.pot for effect in self.active]] = False
        alumina.observe((voltage - BACK_EMF_V) / load, watch, dt_s)
        self._since_move_s = self._since_move_s + dt_s
        # Only where the alumina is on the flat part of its curve does the resistance tell of the distance.
        flat = np.where(alumina.overfeeding, alumina.phase_s > 1500.0, alumina.phase_s < 1800.0)
        off_v = self._target_r_v + CYCLE_V - alumina.resistance_v
        due = flat & watch & (self._since_move_s > _REGULATE_EVERY_S) & (np.abs(off_v) > DEADBAND_V)
        if not due.any():
            return
        move_v = np.where(due, np.clip(0.8 * off_v, -_LARGEST_MOVE_V, _LARGEST_MOVE_V), 0.0)
        move_cm = move_v / self._voltage.volts_per_cm
        self.distance_cm = self.distance_cm + move_cm
        operations.moved(move_cm)
        alumina.shift(move_v)
        self._since_move_s = np.where(due, 0.0, self._since_move_s)


def _mean_wait_s(per_day: float, lead_s: float) -> float | None:
    """Return the mean time between two upsets [s], None for never, when each takes a while to be over."""
    return None if per_day <= 0 else max(86_400.0 / per_day - lead_s, 60.0)
