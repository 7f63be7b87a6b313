"""A potline that speaks Sparkplug: an edge node for the controller of every twenty pots, a device for each pot."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulators.instants import iso_milliseconds
from simulators.physics.noise import stream
from simulators.servers.messages.message import compact
from simulators.servers.messages.telemetry import POTS_PER_SECTION, Sampling
from simulators.servers.sparkplug import Change, EdgeNode, MetricSpec
from simulators.servers.sparkplug_wire import DataType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from simulators.physics.laboratory import LabReport
    from simulators.physics.pot import AnodeEffect
    from simulators.physics.potline import LineStep
    from simulators.physics.tapping import Weighing
    from simulators.scenario import Scenario
    from simulators.servers.messages.message import Message
    from simulators.servers.messages.telemetry import Samples
    from simulators.servers.sparkplug_wire import Value

NODE_METRICS = (MetricSpec("Line/Current", DataType.DOUBLE, "kA"),)
POT_METRICS = (
    MetricSpec("Pot/Voltage", DataType.DOUBLE, "V"),
    MetricSpec("Pot/Resistance", DataType.DOUBLE, "uOhm"),
    MetricSpec("Pot/Noise", DataType.FLOAT, "mV"),
    MetricSpec("Pot/FeedState", DataType.STRING),
    MetricSpec("Pot/Shots", DataType.UINT64, "shots"),
    MetricSpec("Pot/AE/Active", DataType.BOOLEAN),
    MetricSpec("Pot/AE/LastId", DataType.STRING),
    MetricSpec("Pot/AE/LastStart", DataType.DATETIME),
    MetricSpec("Pot/AE/LastDuration", DataType.DOUBLE, "s"),
    MetricSpec("Pot/AE/LastVMax", DataType.FLOAT, "V"),
    MetricSpec("Pot/AE/LastOvervoltage", DataType.DOUBLE, "mV.day"),
    MetricSpec("Pot/AE/Count", DataType.UINT64),
    MetricSpec("Pot/AE/Seconds", DataType.DOUBLE, "s"),
    MetricSpec("Pot/Bath/Temp", DataType.FLOAT, "degC"),
    MetricSpec("Pot/Bath/Superheat", DataType.FLOAT, "degC"),
    MetricSpec("Pot/Bath/ExcessAlF3", DataType.FLOAT, "%"),
    MetricSpec("Pot/Bath/Alumina", DataType.FLOAT, "%"),
    MetricSpec("Pot/Bath/LevelBath", DataType.FLOAT, "cm"),
    MetricSpec("Pot/Bath/LevelMetal", DataType.FLOAT, "cm"),
    MetricSpec("Pot/Tap/LastId", DataType.STRING),
    MetricSpec("Pot/Tap/LastKg", DataType.DOUBLE, "kg"),
    MetricSpec("Pot/Tap/LastCrucible", DataType.STRING),
    MetricSpec("Pot/Control/Mode", DataType.STRING),
)
_LABORATORY = {
    "Pot/Bath/Temp": "bath_temp_c",
    "Pot/Bath/Superheat": "superheat_c",
    "Pot/Bath/ExcessAlF3": "excess_alf3_pct",
    "Pot/Bath/Alumina": "al2o3_pct",
    "Pot/Bath/LevelBath": "bath_height_cm",
    "Pot/Bath/LevelMetal": "metal_height_cm",
}


class SparkplugLine:
    """The edge nodes of a potline.

    Parameters
    ----------
    scenario
        What happens in which plant.
    group
        The site.
    name
        The potline.
    crane
        Of its weighings.
    now_ns
        Tells plant time [UTC ns].

    Attributes
    ----------
    nodes
        The edge nodes by name.
    """

    def __init__(self, scenario: Scenario, group: str, name: str, *, crane: str, now_ns: Callable[[], int]) -> None:
        self._potline = name
        self._pots = pots = scenario.plant.potlines[name].pots
        self._crane = crane
        self._sampling = Sampling(len(pots), every_s=scenario.telemetry_every_s, seed=scenario.seed, name=name)
        self._node_of = [f"{name}-S{place // POTS_PER_SECTION + 1}" for place in range(len(pots))]
        self.nodes = {
            node: EdgeNode(
                group,
                node,
                node_metrics=NODE_METRICS,
                devices={pot: POT_METRICS for pot, at in zip(pots, self._node_of, strict=True) if at == node},
                now_ns=now_ns,
            )
            for node in dict.fromkeys(self._node_of)
        }
        history = stream(scenario.seed, f"{name} anode-effect counters")
        self._effects = history.integers(20, 400, len(pots)).tolist()
        self._effect_s = [float(count) * 80 for count in self._effects]
        self._states: dict[int, tuple[str, bool]] = {}
        self._begun: set[int] = set()

    def of(self, step: LineStep) -> Iterator[tuple[int, str, Callable[[], list[Message]]]]:
        """Take a step in, and give by time and edge node what makes its messages, to be called in this order."""
        for samples in self._sampling.of(step):
            for node, changes in self._sampled(samples).items():
                yield samples.time_ns, node, partial(self._tell, node, changes)
        for pot, change in self._events(step):
            yield step.end_ns, self._node_of[pot], partial(self._tell, self._node_of[pot], [change])

    def _tell(self, node: str, changes: list[Change]) -> list[Message]:
        return [message for change in changes for message in self.nodes[node].change(change)]

    def _sampled(self, samples: Samples) -> dict[str, list[Change]]:
        found: dict[str, list[Change]] = {}
        feeding, control = samples.states.feeding(), samples.states.control()
        for at, pot in enumerate(samples.pots.tolist()):
            node = self._node_of[pot]
            if node not in found:
                current = {"Line/Current": float(samples.current_ka[at])}
                found[node] = [Change(None, samples.time_ns, current)]
            resistance = float(samples.resistance_uohm[at])
            values: dict[str, Value | None] = {
                "Pot/Voltage": float(samples.voltage_v[at]),
                "Pot/Resistance": None if resistance != resistance else resistance,  # noqa: PLR0124 -- NaN
                "Pot/Noise": float(samples.noise_mv[at]),
                "Pot/Shots": int(samples.states.shots[at]),
            }
            effect = bool(samples.states.in_effect[at])
            state = (feeding[at].removesuffix("feed"), effect)
            # Reported by exception, as Sparkplug wants it.
            if self._states.get(pot) != state:
                values["Pot/Control/Mode"] = control[at]
                if pot not in self._states:
                    values["Pot/AE/Count"] = self._effects[pot]
                    values["Pot/AE/Seconds"] = self._effect_s[pot]
                self._states[pot] = state
                values |= {"Pot/FeedState": state[0], "Pot/AE/Active": effect}
            found[node].append(Change(self._pots[pot], samples.time_ns, values))
        return found

    def _events(self, step: LineStep) -> Iterator[tuple[int, Change]]:
        for effect in step.started:
            yield effect.pot, Change(self._pots[effect.pot], step.end_ns, {"Pot/AE/Active": True})
        for effect in step.ended:
            yield effect.pot, self._ended(effect, step.end_ns)
        for weighing in step.weighings:
            yield from self._tapped(weighing)
        for report in step.laboratory:
            if report.kind == "bath":
                yield report.pot, self._reported(report)

    def _ended(self, effect: AnodeEffect, time_ns: int) -> Change:
        pot = effect.pot
        self._effects[pot] += 1
        self._effect_s[pot] += effect.duration_s
        values: dict[str, Value | None] = {
            "Pot/AE/Active": False,
            "Pot/AE/LastId": f"AE-{self._potline}-{self._pots[pot]}-{compact(effect.start_ns)}",
            "Pot/AE/LastStart": effect.start_ns // 1_000_000,
            "Pot/AE/LastDuration": round(effect.duration_s, 3),
            "Pot/AE/LastVMax": round(effect.max_v, 2),
            "Pot/AE/LastOvervoltage": round(effect.overvoltage_vs / 86.4, 2),
            "Pot/AE/Count": self._effects[pot],
            "Pot/AE/Seconds": round(self._effect_s[pot], 3),
        }
        return Change(self._pots[pot], time_ns, values)

    def _tapped(self, weighing: Weighing) -> Iterator[tuple[int, Change]]:
        time = iso_milliseconds(weighing.time_ns)
        number = f"{time[:10].replace('-', '')}-{time[11:19].replace(':', '')}"
        values: dict[str, Value | None] = {
            "Pot/Tap/LastId": f"W-{self._crane}-{number}",
            "Pot/Tap/LastKg": (weighing.gross_kg - weighing.tare_kg) / len(weighing.pots),
            "Pot/Tap/LastCrucible": f"CR-{weighing.crucible:02}",
        }
        for pot in weighing.pots:
            yield pot, Change(self._pots[pot], weighing.time_ns, values)

    def _reported(self, report: LabReport) -> Change:
        """Tell a sample at the time when it was taken: late, and so historical."""
        told: Mapping[str, object] = report.values
        values: dict[str, Value | None] = {}
        for metric, key in _LABORATORY.items():
            value = told.get(key)
            values[metric] = float(value) if isinstance(value, int | float) else None
        return Change(self._pots[report.pot], report.sampled_ns, values, historical=True)
