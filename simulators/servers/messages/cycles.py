"""Control-cycle statistics: what a pot did in the last five minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulators.instants import SECOND_NS, iso_milliseconds
from simulators.physics.alumina import SHOT_KG
from simulators.servers.messages.message import Message, Sources, json_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulators.physics.potline import LineStep

CYCLE_S = 300
"""Length of a control cycle [s]."""

_ALF3_PER_METAL = 0.016
_J_PER_KWH = 3.6e6


class CycleStatistics:
    """Sums over the control cycle of every pot of a line; all pots of a line end theirs on the full five minutes.

    ``energy_kwh`` is the integral of voltage times current, not the product of the two means.
    """

    def __init__(
        self, prefix: str, pots: Sequence[str], sources_of_pots: Sequence[str], *, sources: Sources, period_s: int
    ) -> None:
        self._topics = [f"{prefix}/pot/{pot}/cycle" for pot in pots]
        self._source_of = sources_of_pots
        self._sources = sources
        self._period_s = period_s
        self._shots: NDArray[np.float64] | None = None
        self._clear()

    def of(self, step: LineStep) -> list[Message]:
        """Take a step in, and give the statistics of all pots if a cycle ends with it."""
        seconds = (step.end_ns - step.time_ns) / SECOND_NS
        voltage_v = step.pot_voltages_v
        if self._shots is None:
            self._shots = step.pots.shots
        self._seconds += seconds
        self._volt_s += voltage_v * seconds
        self._volt2_s += voltage_v * voltage_v * seconds
        self._joule += voltage_v * (step.current_a * seconds)
        self._amp_s += step.current_a * seconds
        np.maximum(self._max_v, voltage_v, out=self._max_v)
        self._metal_kg += step.pot_metal_kg
        for effect in step.started:
            self._effects[effect.pot] += 1
        for effect in (*step.active, *step.ended):
            overlap_ns = min(step.end_ns, effect.end_ns) - max(step.time_ns, effect.start_ns)
            self._effect_s[effect.pot] += max(0, overlap_ns) / SECOND_NS
        if step.end_ns // SECOND_NS % self._period_s:
            return []
        messages = self._messages(step.end_ns, step.pots.shots - self._shots)
        self._shots = step.pots.shots
        self._clear()
        return messages

    def _messages(self, end_ns: int, shots: NDArray[np.float64]) -> list[Message]:
        mean_v = self._volt_s / self._seconds
        std_v = np.sqrt(np.maximum(0.0, self._volt2_s / self._seconds - mean_v * mean_v))
        columns: dict[str, list[Any]] = {
            "pot_voltage_avg_v": np.round(mean_v, 4).tolist(),
            "pot_voltage_max_v": np.round(self._max_v, 3).tolist(),
            "pot_voltage_std_v": np.round(std_v, 4).tolist(),
            "energy_kwh": np.round(self._joule / _J_PER_KWH, 3).tolist(),
            "shots": shots.astype(np.int64).tolist(),
            "alumina_kg": np.round(shots * SHOT_KG, 1).tolist(),
            "alf3_kg": np.round(self._metal_kg * _ALF3_PER_METAL, 2).tolist(),
            "ae_count": self._effects.tolist(),
            "ae_seconds": np.round(self._effect_s, 3).tolist(),
            "noise_avg_mv": np.round(np.minimum(std_v, 0.05) * 1000, 1).tolist(),
        }
        head = {"ts": iso_milliseconds(end_ns), "period_s": round(self._seconds), "q": "good"}
        current_ka = round(self._amp_s / self._seconds / 1000, 3)
        return [
            json_message(
                topic,
                {
                    "v": 1,
                    **self._sources.next(self._source_of[pot]),
                    **head,
                    "m": {
                        "line_current_avg_ka": current_ka,
                        **{name: column[pot] for name, column in columns.items()},
                    },
                },
            )
            for pot, topic in enumerate(self._topics)
        ]

    def _clear(self) -> None:
        count = len(self._topics)
        self._seconds = 0.0
        self._amp_s = 0.0
        self._volt_s = np.zeros(count)
        self._volt2_s = np.zeros(count)
        self._joule = np.zeros(count)
        self._max_v = np.zeros(count)
        self._metal_kg = np.zeros(count)
        self._effects = np.zeros(count, dtype=np.int64)
        self._effect_s = np.zeros(count)
