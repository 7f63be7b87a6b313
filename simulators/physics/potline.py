"""A potline: one current through all its pots, the DC power that takes, and the metal that it makes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS
from simulators.physics.noise import Drift, stream
from simulators.physics.pot import ALUMINIUM_KG_PER_KAH, Pots
from simulators.physics.tapping import Tapping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.physics.anode_effects import AnodeEffect, LowVoltageEffect
    from simulators.physics.casthouse import Casting
    from simulators.physics.laboratory import LabReport
    from simulators.physics.operations import PotEvent
    from simulators.physics.pot import PotState
    from simulators.physics.stack import StackGas
    from simulators.physics.supply import Mix
    from simulators.physics.tapping import Weighing
    from simulators.scenario import LineBehaviour, Modulation

WARM_UP_S, WARM_UP_STEP_S = 10_800.0, 10.0
"""What goes by before the beginning, so that no two pots begin at the same point of their cycles."""

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

    def step(self, dt_s: float, able: float = math.inf) -> float:
        """Go on by ``dt_s`` [s] and return the mean current over it [A].

        ``able`` is the largest factor of the nominal current that the rectifiers can carry [1].
        """
        ramp = RAMP_PER_S * dt_s
        self._factor += min(max(self._wanted() - self._factor, -ramp), ramp)
        # A unit that trips takes its current along at once.
        self._factor = min(self._factor, able)
        self._elapsed_s += dt_s
        return max(0.0, self._nominal_a * self._factor * (1.0 + float(self._unrest.step(dt_s)[0])))

    def _wanted(self) -> float:
        return next((entry.factor for entry in self._modulation if _holds(entry, self._elapsed_s)), 1.0)


def _holds(modulation: Modulation, elapsed_s: float) -> bool:
    since_s = elapsed_s - modulation.at_s
    if since_s < 0:
        return False
    return (since_s % modulation.every_s if modulation.every_s else since_s) < modulation.for_s


def _nothing() -> NDArray[np.float64]:
    return np.zeros(0)


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
        Metal made, mean of all the line's pots [kg].
    pot_voltages_v
        Mean voltage of each pot [V], shape (pots,).
    started, active, ended
        Anode effects that began in the step, that stand at its end, that ended in it.
    weighings
        Crucibles weighed at its end.
    pots
        What the pots look like at its end.
    pot_metal_kg
        Metal made by each pot [kg], shape (pots,).
    pot_efficiency
        Share of the current that made metal in each pot [1], shape (pots,).
    busbar_v
        Voltage of everything between the pots [V].
    events
        Anode changes, beam raisings, shutdowns and restarts.
    low_voltage, low_voltage_ended
        Low-voltage anode effects that stand at its end, that ended in it.
    laboratory
        Reports that the laboratory gave out in it.
    casting
        What the cast house did.
    stack
        The gas in the stack.
    anode_kg
        Anode that burnt [kg].
    mix
        The grid's electricity.
    rectifiers_in_use
        Which rectifier units carry the line.
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
    pots: PotState
    pot_metal_kg: NDArray[np.float64] = field(default_factory=_nothing)
    pot_efficiency: NDArray[np.float64] = field(default_factory=_nothing)
    busbar_v: float = 0.0
    events: list[PotEvent] = field(default_factory=list)
    low_voltage: list[LowVoltageEffect] = field(default_factory=list)
    low_voltage_ended: list[LowVoltageEffect] = field(default_factory=list)
    laboratory: list[LabReport] = field(default_factory=list)
    casting: Casting | None = None
    stack: StackGas | None = None
    anode_kg: float = 0.0
    mix: Mix | None = None
    rectifiers_in_use: NDArray[np.bool_] | None = None


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
        self._current = LineCurrent(stream(seed, f"{name} current"), behaviour)
        self.pots = Pots(
            stream(seed, f"{name} pots"),
            pots,
            current_a=behaviour.line_current_a,
            voltage_v=behaviour.pot_voltage_v,
            anode_effects_per_pot_day=behaviour.anode_effects_per_pot_day,
            current_efficiency=current_efficiency,
            efficiency_deviation=behaviour.current_efficiency_deviation,
            low_voltage_effects_per_pot_day=behaviour.low_voltage_effects_per_pot_day,
            anode_change_every_s=behaviour.anode_change_every_s,
            outages=behaviour.pot_outages,
        )
        self.pots.warm_up(WARM_UP_S, WARM_UP_STEP_S)
        self._blocks = sorted(behaviour.feeder_blocks, key=lambda block: block.at_s)
        self._elapsed_s = 0.0
        self.tapping = Tapping(
            stream(seed, f"{name} tapping"),
            pots,
            every_s=behaviour.tap_every_s,
            metal_kg_per_s=ALUMINIUM_KG_PER_KAH / 1000 * current_efficiency * behaviour.line_current_a / 3600,
            scale_error=behaviour.scale_error,
        )

    def step(self, time_ns: int, dt_s: float, able: float = math.inf) -> LineStep:
        """Go on from ``time_ns`` [UTC ns] by ``dt_s`` [s], with rectifiers ``able`` to carry so much of the current."""
        end_ns = time_ns + round(dt_s * SECOND_NS)
        while self._blocks and self._blocks[0].at_s <= self._elapsed_s:
            self.pots.block(self._blocks.pop(0).place)
        self._elapsed_s += dt_s
        current_a = self._current.step(dt_s, able)
        pots = self.pots
        pot_voltages_v = pots.step(current_a, time_ns, dt_s, self.tapping.taken_kg)
        busbar_v = self._busbar_ohm * current_a
        voltage_v = float(pot_voltages_v.sum()) + busbar_v
        dc_w = voltage_v * current_a
        return LineStep(
            time_ns=time_ns,
            end_ns=end_ns,
            current_a=current_a,
            voltage_v=voltage_v,
            dc_w=dc_w,
            dc_wh=dc_w * dt_s / 3600,
            charge_ah=current_a * dt_s / 3600,
            metal_kg=float(pots.metal_kg.mean()),
            pot_voltages_v=pot_voltages_v,
            started=pots.started,
            active=pots.active,
            ended=pots.ended,
            weighings=self.tapping.step(pots.metal_kg, end_ns, dt_s),
            pot_metal_kg=pots.metal_kg,
            pot_efficiency=pots.efficiency,
            busbar_v=busbar_v,
            pots=pots.state(current_a),
            events=pots.events,
            low_voltage=pots.low_voltage,
            low_voltage_ended=pots.low_voltage_ended,
        )
