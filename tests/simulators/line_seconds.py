"""Seconds of a line, made up as a test needs them, and what a message about them says."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.physics.anode_effects import AnodeEffect, LowVoltageEffect
from simulators.physics.operations import PotEvent
from simulators.physics.pot import PotState
from simulators.physics.potline import LineStep
from simulators.physics.tapping import Weighing
from simulators.servers.messages import Message

SECOND = 1_000_000_000
START = 1_795_316_400 * SECOND  # 2026-11-22T03:00:00Z
PREFIX = "smelter/v1/example/potline/PL1"
WEIGHING = Weighing(START + 60 * SECOND, START - 660 * SECOND, 7, (0, 1), 4921.3, 12280, 7360)


def state(count: int, **different: NDArray[Any]) -> PotState:
    """Pots that run quietly, but for what is different."""
    quiet = PotState(
        operating=np.ones(count, dtype=np.bool_),
        alumina_pct=np.full(count, 2.6),
        temperature_c=np.full(count, 960.0),
        distance_cm=np.full(count, 4.5),
        beam_mm=np.full(count, 200.0),
        overfeeding=np.zeros(count, dtype=np.bool_),
        shots=np.full(count, 1000.0),
        target_v=np.full(count, 4.2),
    )
    return replace(quiet, **different)


def step(
    second: int,
    voltages: list[float],
    current_a: float = 361_720.0,
    *,
    started: Sequence[AnodeEffect] = (),
    active: Sequence[AnodeEffect] = (),
    ended: Sequence[AnodeEffect] = (),
    weighings: Sequence[Weighing] = (),
    low_voltage: Sequence[LowVoltageEffect] = (),
    low_voltage_ended: Sequence[LowVoltageEffect] = (),
    events: Sequence[PotEvent] = (),
    made_kg: float = 0.03,
    pots: PotState | None = None,
) -> LineStep:
    return LineStep(
        time_ns=START + second * SECOND,
        end_ns=START + (second + 1) * SECOND,
        current_a=current_a,
        voltage_v=sum(voltages),
        dc_w=sum(voltages) * current_a,
        dc_wh=sum(voltages) * current_a / 3600,
        charge_ah=current_a / 3600,
        metal_kg=0.03,
        pot_voltages_v=np.array(voltages),
        started=list(started),
        active=list(active),
        ended=list(ended),
        weighings=list(weighings),
        pots=pots or state(len(voltages)),
        pot_metal_kg=np.full(len(voltages), made_kg),
        low_voltage=list(low_voltage),
        low_voltage_ended=list(low_voltage_ended),
        events=list(events),
    )


def body(message: Message) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(message.payload)
    return decoded
