"""The stack behind a line's fume treatment: how much gas, how warm, and what is still in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.instants import DAY_NS, SECOND_NS
from simulators.physics.noise import Drift

FLOW_NM3H_PER_KA = 17.0
"""Gas drawn from a pot [Nm3/h per kA, dry]: some 6,800 Nm3/h at 400 kA."""

SO2_PER_SULPHUR = 64.066 / 32.065
CAPTURED = 0.985
"""Share of a pot's gas that the hoods catch; the rest leaves through the roof [1]."""

HF_MG_NM3, DUST_MG_NM3 = 0.6, 2.5
"""What the dry scrubber lets through [mg/Nm3]."""


@dataclass(frozen=True, slots=True)
class StackGas:
    """The gas of a stack in one step.

    Parameters
    ----------
    flow_nm3h
        Flow at 0 degC and 101.325 kPa, dry [Nm3/h].
    flow_m3h
        Flow as it is [m3/h].
    temperature_c, pressure_kpa, moisture
        Of the gas [degC], [kPa], [volume share].
    hf_mg_nm3, so2_mg_nm3, dust_mg_nm3
        Concentrations at the conditions of ``flow_nm3h`` [mg/Nm3].
    hf_kg, so2_kg, dust_kg
        Masses that left in the step [kg].
    """

    flow_nm3h: float
    flow_m3h: float
    temperature_c: float
    pressure_kpa: float
    moisture: float
    hf_mg_nm3: float
    so2_mg_nm3: float
    dust_mg_nm3: float
    hf_kg: float
    so2_kg: float
    dust_kg: float


class Stack:
    """One line's stack.

    Parameters
    ----------
    rng
        The random stream.
    pots
        Number of pots.
    nominal_a
        The line's current [A].
    sulphur
        Share of the anodes [1]; all of it that burns becomes SO2, and a dry scrubber does not hold it.
    """

    def __init__(self, rng: np.random.Generator, pots: int, *, nominal_a: float, sulphur: float) -> None:
        self._pots = pots
        self._flow_nm3h = FLOW_NM3H_PER_KA * nominal_a / 1000 * pots
        self._sulphur = sulphur
        self._wander = Drift(rng, 4, time_constant_s=1800.0, deviation=1.0)
        self._open: float = 0.0

    def step(self, *, anode_kg: float, effects: int, opened: int, time_ns: int, dt_s: float) -> StackGas:
        """Go on by ``dt_s`` [s].

        Parameters
        ----------
        anode_kg
            Anode that burnt in the step [kg].
        effects, opened
            Pots in an anode effect, and pots whose hoods were opened in the step.
        time_ns
            The beginning [UTC ns].
        """
        flow, hf, dust, warmth = self._wander.step(dt_s).tolist()
        # Hoods stay open for a quarter of an hour.
        self._open = self._open * float(np.exp(-dt_s / 900.0)) + opened
        unrest = (2.0 * self._open + 4.0 * effects) / self._pots
        flow_nm3h = self._flow_nm3h * (1.0 + 0.02 * flow)
        nm3 = flow_nm3h * dt_s / 3600
        hf_mg = HF_MG_NM3 * float(np.exp(0.25 * hf)) * (1.0 + 5.0 * unrest)
        dust_mg = DUST_MG_NM3 * float(np.exp(0.2 * dust)) * (1.0 + 2.0 * unrest)
        so2_kg = anode_kg * self._sulphur * SO2_PER_SULPHUR * CAPTURED
        of_day = (time_ns % DAY_NS) / SECOND_NS / 86_400
        temperature_c = 85.0 + 5.0 * float(np.sin(2 * np.pi * (of_day - 0.3))) + 1.5 * warmth
        moisture, pressure_kpa = 0.012, 101.1
        return StackGas(
            flow_nm3h=flow_nm3h,
            flow_m3h=flow_nm3h * (273.15 + temperature_c) / 273.15 * 101.325 / pressure_kpa / (1.0 - moisture),
            temperature_c=temperature_c,
            pressure_kpa=pressure_kpa,
            moisture=moisture,
            hf_mg_nm3=hf_mg,
            so2_mg_nm3=1e6 * so2_kg / nm3,
            dust_mg_nm3=dust_mg,
            hf_kg=hf_mg * nm3 * 1e-6,
            so2_kg=so2_kg,
            dust_kg=dust_mg * nm3 * 1e-6,
        )
