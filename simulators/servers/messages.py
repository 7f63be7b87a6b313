"""What pot controllers and the crane's scale say over MQTT: topics and payloads, decided without a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from simulators.instants import SECOND_NS, iso_milliseconds
from simulators.physics.noise import stream
from simulators.physics.pot import BACK_EMF_V

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulators.physics.pot import AnodeEffect
    from simulators.physics.potline import LineStep
    from simulators.physics.tapping import Weighing

POTS_PER_SECTION = 20
"""Pots that share one controller."""

AE_THRESHOLD_V = 8.0

_SHOT_KG = 1.8
_ALUMINA_PER_METAL = 1.93
_UNDERFEED, _OVERFEED = 0.7, 1.4
# 80 min at 70 % and 60 min at 140 % are 140 min at 100 %.
_UNDERFEED_S, _FEED_CYCLE_S = 4800, 8400
_USUAL_V = 4.0


class Message(NamedTuple):
    """One MQTT message, ready to be sent at QoS 1."""

    topic: str
    payload: bytes


class PotMessages:
    """The controllers of a potline's pots and the scale of its crane: steps in, messages out.

    Parameters
    ----------
    site, potline
        Segments of the topics.
    pots
        Pot numbers, in the order of the line.
    crane
        The crane's name.
    every_s
        Time between two messages of a pot [s]; the pots take turns over it.
    seed
        Of the scenario.
    """

    def __init__(
        self,
        site: str,
        potline: str,
        pots: Sequence[str],
        *,
        crane: str,
        every_s: int,
        seed: int,
    ) -> None:
        rng = stream(seed, f"{potline} controllers")
        count = len(pots)
        prefix = f"smelter/v1/{site}"
        self._potline = potline
        self._pots = tuple(pots)
        self._crane = crane
        self._pot_topics = [f"{prefix}/potline/{potline}/pot/{pot}" for pot in pots]
        self._weighing_topic = f"{prefix}/crane/{crane}/weighing"
        self._sources = [f"potctl-{potline}-S{place // POTS_PER_SECTION + 1}" for place in range(count)]
        self._seq = dict.fromkeys(self._sources, 0)
        self._every_s = every_s
        self._turn = np.arange(count) * every_s // count
        self._sum_v = np.zeros(count)
        self._sum_v2 = np.zeros(count)
        self._sum_a = np.zeros(count)
        self._seconds = np.zeros(count)
        self._feed_phase_s = rng.uniform(0, _FEED_CYCLE_S, count)
        self._shots = rng.integers(500_000, 2_000_000, count).astype(np.float64)

    def of(self, step: LineStep) -> Iterator[Message]:
        """Take a step of the line in, and give the messages that are due at its end."""
        seconds = (step.end_ns - step.time_ns) / SECOND_NS
        departure_v = step.pot_voltages_v - _USUAL_V
        self._sum_v += departure_v * seconds
        self._sum_v2 += departure_v * departure_v * seconds
        self._sum_a += step.current_a * seconds
        self._seconds += seconds
        self._feed_phase_s = (self._feed_phase_s + seconds) % _FEED_CYCLE_S
        under = self._feed_phase_s < _UNDERFEED_S
        self._shots += step.metal_kg * _ALUMINA_PER_METAL / _SHOT_KG * np.where(under, _UNDERFEED, _OVERFEED)
        for effect in step.started:
            yield self._anode_effect(effect, "start")
        for effect in step.ended:
            yield self._anode_effect(effect, "end")
        for weighing in step.weighings:
            yield self._weighing(weighing)
        in_effect = {effect.pot for effect in step.active}
        for pot in np.flatnonzero(self._turn == step.end_ns // SECOND_NS % self._every_s).tolist():
            yield self._telemetry(pot, step.end_ns, in_effect=pot in in_effect, underfed=bool(under[pot]))

    def _telemetry(self, pot: int, time_ns: int, *, in_effect: bool, underfed: bool) -> Message:
        seconds = self._seconds[pot]
        departure_v = self._sum_v[pot] / seconds
        variance = max(0.0, self._sum_v2[pot] / seconds - departure_v * departure_v)
        voltage_v = _USUAL_V + departure_v
        current_ka = self._sum_a[pot] / seconds / 1000
        self._sum_v[pot] = self._sum_v2[pot] = self._sum_a[pot] = self._seconds[pot] = 0.0
        measured: dict[str, object] = {
            "pot_voltage_v": round(float(voltage_v), 4),
            "line_current_ka": round(float(current_ka), 3),
            "noise_mv": round(float(variance**0.5) * 1000, 1),
            "feed_state": "underfeed" if underfed and not in_effect else "overfeed",
            "al2o3_shots_total": int(self._shots[pot]),
            "control": "auto",
            "ae_active": in_effect,
        }
        if current_ka > 1:
            # Without current there is no resistance to speak of; a missing value is a missing key. V/kA are mOhm.
            measured["resistance_uohm"] = round(float((voltage_v - BACK_EMF_V) / current_ka) * 1000, 4)
        body = {
            "v": 1,
            **self._source(pot),
            "ts": iso_milliseconds(time_ns),
            "clk": "sync",
            "q": "good",
            "hist": False,
            "m": measured,
        }
        return Message(f"{self._pot_topics[pot]}/telemetry", msgspec.json.encode(body))

    def _anode_effect(self, effect: AnodeEffect, phase: str) -> Message:
        start = iso_milliseconds(effect.start_ns)
        pot = self._pots[effect.pot]
        body: dict[str, object] = {
            "v": 1,
            "id": f"AE-{self._potline}-{pot}-{start.replace('-', '').replace(':', '')}",
            **self._source(effect.pot),
            "kind": "ae",
            "phase": phase,
            "pot": pot,
            "start": start,
            "threshold_v": AE_THRESHOLD_V,
            "q": "good",
        }
        if phase == "end":
            mean_v = effect.volt_seconds / effect.duration_s
            body |= {
                "end": iso_milliseconds(effect.end_ns),
                "duration_s": round(effect.duration_s, 3),
                "v_max": round(effect.max_v, 2),
                "v_avg": round(mean_v, 2),
                "overvoltage_mv_day": round((mean_v - effect.normal_v) * effect.duration_s / 86.4, 2),
                "extinguish": "auto",
            }
        return Message(f"{self._pot_topics[effect.pot]}/event/ae", msgspec.json.encode(body))

    def _weighing(self, weighing: Weighing) -> Message:
        time = iso_milliseconds(weighing.time_ns)
        # Named by its time: another run of the same minute says the same of the same crucible.
        number = f"{time[:10].replace('-', '')}-{time[11:19].replace(':', '')}"
        body = {
            "v": 1,
            "id": f"W-{self._crane}-{number}",
            "src": f"scale-{self._crane}",
            "ts": time,
            "crucible": f"CR-{weighing.crucible:02}",
            "order_id": f"TO-{number}",
            "pots": [self._pots[pot] for pot in weighing.pots],
            "gross_kg": weighing.gross_kg,
            "tare_kg": weighing.tare_kg,
            "net_kg": weighing.gross_kg - weighing.tare_kg,
            "stable": True,
            "in_motion": False,
            "zeroed_at": iso_milliseconds(weighing.zeroed_ns),
            "resolution_kg": 5,
            "manual": False,
            "void": False,
        }
        return Message(self._weighing_topic, msgspec.json.encode(body))

    def _source(self, pot: int) -> dict[str, object]:
        source = self._sources[pot]
        self._seq[source] += 1
        return {"src": source, "seq": self._seq[source]}
