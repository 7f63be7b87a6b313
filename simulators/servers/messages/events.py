"""Events of pots: anode effects told at their start, on the way and at their end, and the operations on a pot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS, iso_milliseconds
from simulators.physics.anode_effects import AnodeEffect
from simulators.physics.noise import stream
from simulators.servers.messages.message import Later, Message, Sources, compact, json_message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.mqtt_scenario import Corrections
    from simulators.physics.anode_effects import LowVoltageEffect
    from simulators.physics.operations import PotEvent
    from simulators.physics.potline import LineStep

AE_THRESHOLD_V = 8.0
LVAE_THRESHOLD_V = 0.2
"""Rise above the target from which controllers speak of a low-voltage anode effect [V]."""

_WRONG_S = 12.0
_LEAST_MOVE_MM = 0.05


class AnodeEffectMessages:
    """Anode effects of a line; one id each, and the last message of an id holds.

    Parameters
    ----------
    update_every_s
        Time between two messages on the way [s]; 0: none.
    corrections
        A corrected effect first ends some seconds too late, and its correction tells the truth.
    """

    def __init__(
        self,
        prefix: str,
        potline: str,
        pots: Sequence[str],
        sources_of_pots: Sequence[str],
        *,
        sources: Sources,
        update_every_s: float,
        corrections: Corrections,
        seed: int,
    ) -> None:
        self._prefix = prefix
        self._potline = potline
        self._pots = pots
        self._source_of = sources_of_pots
        self._sources = sources
        self._update_every_ns = round(update_every_s * SECOND_NS)
        self._corrections = corrections
        self._rng = stream(seed, f"{potline} event corrections")
        self._later: Later[AnodeEffect] = Later()

    def of(self, step: LineStep) -> list[Message]:
        """Take a step in, and give what there is to say at its end."""
        messages = [self._message(effect, "start", {}) for effect in step.started]
        if self._update_every_ns:
            for effect in step.active:
                lasted = (step.end_ns - effect.start_ns) // self._update_every_ns
                if lasted > (step.time_ns - effect.start_ns) // self._update_every_ns and lasted > 0:
                    lasted_s = (step.end_ns - effect.start_ns) / SECOND_NS
                    so_far = {"v_max": round(effect.max_v, 2), "lasted_s": round(lasted_s, 3)}
                    messages.append(self._message(effect, "update", so_far))
        messages.extend(self._end(effect) for effect in step.ended)
        for effect in self._later.due(step.end_ns):
            right = self._facts(effect, effect.duration_s) | {"reason": "the controller missed the end"}
            messages.append(self._message(effect, "correct", right))
        messages.extend(self._low_voltage(step))
        return messages

    def _low_voltage(self, step: LineStep) -> Iterator[Message]:
        for low in (*step.low_voltage, *step.low_voltage_ended):
            if step.time_ns <= low.start_ns < step.end_ns:
                yield self._message(low, "start", {})
        for low in step.low_voltage_ended:
            level_v = float(step.pots.target_v[low.pot]) + low.rise_v
            facts = {
                "end": iso_milliseconds(low.end_ns),
                "duration_s": round(low.duration_s, 3),
                "v_max": round(level_v, 2),
                "v_avg": round(level_v, 2),
                "overvoltage_mv_day": round(low.rise_v * low.duration_s / 86.4, 2),
                "extinguish": "none",
            }
            yield self._message(low, "end", facts)

    def _end(self, effect: AnodeEffect) -> Message:
        facts = self._facts(effect, effect.duration_s)
        if self._corrections.share and self._rng.random() < self._corrections.share:
            self._later.at(effect.end_ns + round(self._corrections.after_s * SECOND_NS), effect)
            facts = self._facts(effect, effect.duration_s + _WRONG_S)
        return self._message(effect, "end", facts)

    def _facts(self, effect: AnodeEffect, duration_s: float) -> dict[str, object]:
        mean_v = effect.volt_seconds / effect.duration_s
        return {
            "end": iso_milliseconds(effect.start_ns + round(duration_s * SECOND_NS)),
            "duration_s": round(duration_s, 3),
            "v_max": round(effect.max_v, 2),
            "v_avg": round(mean_v, 2),
            # A wrong end takes the mean voltage along.
            "overvoltage_mv_day": round(effect.overvoltage_vs / effect.duration_s * duration_s / 86.4, 2),
            "extinguish": effect.extinguish,
        }

    def _message(self, effect: AnodeEffect | LowVoltageEffect, phase: str, facts: Mapping[str, object]) -> Message:
        pot = self._pots[effect.pot]
        high = isinstance(effect, AnodeEffect)
        head = {
            "v": 1,
            "id": f"{'AE' if high else 'LVAE'}-{self._potline}-{pot}-{compact(effect.start_ns)}",
            **self._sources.next(self._source_of[effect.pot]),
            "kind": "ae" if high else "lvae",
            "phase": phase,
            "pot": pot,
            "start": iso_milliseconds(effect.start_ns),
            "threshold_v": AE_THRESHOLD_V if high else LVAE_THRESHOLD_V,
            "q": "good",
        }
        return json_message(f"{self._prefix}/pot/{pot}/event/ae", {**head, **facts})


@dataclass(frozen=True, slots=True)
class Feed:
    """Alumina through one feeder: ``mode`` under, over, base or track; ``trigger`` timer, resistance or operator."""

    feeder: int
    shots: int
    kg: float
    mode: str
    trigger: str = "timer"


@dataclass(frozen=True, slots=True)
class AnodeChange:
    """One anode taken out and a new one set: ``reason`` scheduled, spike or burnoff."""

    position: str
    butt_kg: float
    new_anode_id: str
    reason: str
    stall_no: int
    action: str = "change"


@dataclass(frozen=True, slots=True)
class Beam:
    """A movement of the anode beam [mm, up is positive]: ``cause`` resistance, tapping or manual."""

    move_mm: float
    cause: str


@dataclass(frozen=True, slots=True)
class Addition:
    """Something put into the bath: ``material`` AlF3, CaF2, soda, bath, cryolite or crushed_bath."""

    material: str
    kg: float
    operator: str


@dataclass(frozen=True, slots=True)
class ControlMode:
    """Another mode of control, with the target voltage [V] of the new one."""

    before: str
    after: str
    target_v: float


@dataclass(frozen=True, slots=True)
class Restart:
    """A pot put into the line again: ``cause`` relining, power or tapout."""

    cause: str


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A pot taken out of the line: ``cause`` as for a restart."""

    cause: str


@dataclass(frozen=True, slots=True)
class Tap:
    """Metal taken from a pot, between two times [UTC ns]."""

    order_id: str
    start_ns: int
    end_ns: int
    target_kg: int
    crucible: str
    crane: str


Operation = Feed | AnodeChange | Beam | Addition | ControlMode | Restart | Shutdown | Tap

_KINDS: dict[type, tuple[str, str]] = {
    Feed: ("FD", "feed"),
    AnodeChange: ("AN", "anode"),
    Beam: ("BM", "beam"),
    Addition: ("AD", "addition"),
    ControlMode: ("CM", "control_mode"),
    Restart: ("RS", "restart"),
    Shutdown: ("RS", "shutdown"),
    Tap: ("TAP", "tap"),
}


class OperationMessages:
    """What is done to the pots of a line; each event has an id of its own that says the same in every run."""

    def __init__(self, prefix: str, potline: str, pots: Sequence[str]) -> None:
        self._prefix = prefix
        self._potline = potline
        self._pots = pots

    def message(self, pot: int, time_ns: int, operation: Operation) -> Message:
        """Tell of one operation on the pot at a place of the line, at a time [UTC ns]."""
        short, kind = _KINDS[type(operation)]
        name = self._pots[pot]
        body: dict[str, object] = {
            "v": 1,
            "id": f"{short}-{self._potline}-{name}-{compact(time_ns)}",
            "kind": kind,
            "pot": name,
        }
        if isinstance(operation, Tap):
            body |= {
                "order_id": operation.order_id,
                "ts_start": iso_milliseconds(operation.start_ns),
                "ts_end": iso_milliseconds(operation.end_ns),
                "target_kg": operation.target_kg,
                "crucible": operation.crucible,
                "crane": operation.crane,
            }
        elif isinstance(operation, ControlMode):
            body |= {"ts": iso_milliseconds(time_ns), "from": operation.before, "to": operation.after}
            body["target_v"] = operation.target_v
        else:
            body["ts"] = iso_milliseconds(time_ns)
            body |= asdict(operation)
        return json_message(f"{self._prefix}/pot/{name}/event/{kind}", body)


class PotOperations:
    """Finds in the steps of a line what was done to its pots: anodes, beams, outages."""

    def __init__(self) -> None:
        self._beam_mm: NDArray[np.float64] | None = None
        self._tapped: set[int] = set()

    def of(self, step: LineStep) -> list[tuple[int, Operation]]:
        """Take a step in, and give by the pot's place what was done in it."""
        found = [(event.pot, operation) for event in step.events for operation in self._what(event, step)]
        raised = {event.pot for event in step.events if event.kind == "beam_raise"}
        beam_mm = step.pots.beam_mm
        if self._beam_mm is not None:
            moves_mm = beam_mm - self._beam_mm
            for pot in np.flatnonzero(np.abs(moves_mm) >= _LEAST_MOVE_MM).tolist():
                cause = "manual" if pot in raised else "tapping" if pot in self._tapped else "resistance"
                found.append((pot, Beam(round(float(moves_mm[pot]), 1), cause)))
        self._beam_mm = beam_mm
        # The beam follows the metal in the step after the tapping.
        self._tapped = {pot for weighing in step.weighings for pot in weighing.pots}
        return found

    @staticmethod
    def _what(event: PotEvent, step: LineStep) -> Sequence[Operation]:
        target_v = round(float(step.pots.target_v[event.pot]), 3)
        match event.kind:
            case "anode":
                stall = round(event.values["stall"])
                number = f"CB-{event.pot + 1:04}{stall:02}-{compact(event.time_ns)[:8]}"
                return [AnodeChange(f"A{stall:02}", event.values["butt_kg"], number, "scheduled", stall)]
            case "shutdown":
                return [Shutdown("relining"), ControlMode("auto", "off", 0.0)]
            case "restart":
                return [Restart("relining"), ControlMode("off", "auto", target_v)]
        return []
