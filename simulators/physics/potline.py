"""A potline: one current through all its pots, the DC power that takes, and the metal that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.instants import SECOND_NS
from simulators.physics.noise import Drift, stream
from simulators.physics.pot import Pots
from simulators.physics.tapping import Tapping

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from simulators.physics.pot import AnodeEffect
    from simulators.physics.tapping import Weighing
    from simulators.scenario import LineBehaviour, Modulation

ALUMINIUM_KG_PER_KAH = 26.9815384 / (3 * 96485.33212) * 3600
"""Faraday's law for aluminium: molar mass 26.9815384 g/mol, 3 electrons, 96485.33212 C/mol [g/Ah = kg/kAh]."""

RAMP_PER_S = 0.005
"""How fast rectifiers follow a new setpoint, as a share of the nominal current [1/s]."""


class LineCurrent:
    """The current that the rectifiers hold: setpoint, planned modulation, and a small unrest around it."""

    def __init__(self, rng: np.random.Generator, behaviour: LineBehaviour) -> None:
        self._nominal_a = behaviour.line_current_a
        self._modulation = behaviour.modulation
        self._unrest = Drift(rng, 1, time_constant_s=30.0, deviation=behaviour.current_deviation)
        self._elapsed_s = 0.0
        self._factor = self._wanted()

    def step(self, dt_s: float) -> float:
        """Go on by ``dt_s`` [s] and return the mean current over it [A]."""
        ramp = RAMP_PER_S * dt_s
        self._factor += min(max(self._wanted() - self._factor, -ramp), ramp)
        self._elapsed_s += dt_s
        return max(0.0, self._nominal_a * self._factor * (1.0 + float(self._unrest.step(dt_s)[0])))

    def _wanted(self) -> float:
        return next((entry.factor for entry in self._modulation if _holds(entry, self._elapsed_s)), 1.0)


def _holds(modulation: Modulation, elapsed_s: float) -> bool:
    since_s = elapsed_s - modulation.at_s
    if since_s < 0:
        return False
    return (since_s % modulation.every_s if modulation.every_s else since_s) < modulation.for_s


@dataclass(frozen=True, slots=True)
class LineStep:
    """What a potline did in one step.

    Parameters
    ----------
    time_ns, end_ns
        Beginning and end of the step [UTC ns].
    current_a, voltage_v
        Means of line current [A] and line voltage [V].
    dc_w
        DC power [W].
    dc_wh, charge_ah
        DC energy [Wh] and charge [Ah] of the step.
    metal_kg
        Metal made by each pot [kg].
    pot_voltages_v
        Mean voltage of each pot [V], shape (pots,).
    started, active, ended
        Anode effects that began in the step, that stand at its end, that ended in it.
    weighings
        Crucibles weighed at its end.
    """

    time_ns: int
    end_ns: int
    current_a: float
    voltage_v: float
    dc_w: float
    dc_wh: float
    charge_ah: float
    metal_kg: float
    pot_voltages_v: NDArray[np.float64]
    started: list[AnodeEffect]
    active: list[AnodeEffect]
    ended: list[AnodeEffect]
    weighings: list[Weighing]


class Potline:
    """A potline.

    Parameters
    ----------
    seed
        Of the scenario.
    name
        The potline's id.
    pots
        Number of pots, all operating.
    behaviour
        How it runs.
    current_efficiency
        Share of the current that makes metal [1].
    """

    def __init__(self, seed: int, name: str, pots: int, behaviour: LineBehaviour, current_efficiency: float) -> None:
        self._busbar_ohm = behaviour.busbar_ohm
        self._kg_per_ah = ALUMINIUM_KG_PER_KAH / 1000 * current_efficiency
        self._current = LineCurrent(stream(seed, f"{name} current"), behaviour)
        self.pots = Pots(
            stream(seed, f"{name} pots"),
            pots,
            current_a=behaviour.line_current_a,
            voltage_v=behaviour.pot_voltage_v,
            anode_effects_per_pot_day=behaviour.anode_effects_per_pot_day,
        )
        self.tapping = Tapping(
            stream(seed, f"{name} tapping"),
            pots,
            every_s=behaviour.tap_every_s,
            metal_kg_per_s=self._kg_per_ah * behaviour.line_current_a / 3600,
        )

    def step(self, time_ns: int, dt_s: float) -> LineStep:
        """Go on from ``time_ns`` [UTC ns] by ``dt_s`` [s]."""
        end_ns = time_ns + round(dt_s * SECOND_NS)
        current_a = self._current.step(dt_s)
        pot_voltages_v = self.pots.step(current_a, time_ns, dt_s)
        voltage_v = float(pot_voltages_v.sum()) + self._busbar_ohm * current_a
        dc_w = voltage_v * current_a
        charge_ah = current_a * dt_s / 3600
        metal_kg = self._kg_per_ah * charge_ah
        return LineStep(
            time_ns=time_ns,
            end_ns=end_ns,
            current_a=current_a,
            voltage_v=voltage_v,
            dc_w=dc_w,
            dc_wh=dc_w * dt_s / 3600,
            charge_ah=charge_ah,
            metal_kg=metal_kg,
            pot_voltages_v=pot_voltages_v,
            started=self.pots.started,
            active=self.pots.active,
            ended=self.pots.ended,
            weighings=self.tapping.step(metal_kg, end_ns, dt_s),
        )
