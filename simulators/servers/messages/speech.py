"""Everything that the gateways of a plant say in JSON: one gateway a potline, and one for what belongs to the site."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS, iso_milliseconds
from simulators.mqtt_scenario import Kind
from simulators.physics.alumina import SHOT_KG
from simulators.servers.messages.cycles import CYCLE_S, CycleStatistics
from simulators.servers.messages.events import AnodeEffectMessages, Feed, OperationMessages, PotOperations
from simulators.servers.messages.grid import GridFactorMessages
from simulators.servers.messages.laboratory import LaboratoryMessages
from simulators.servers.messages.message import Message, Sources, json_message
from simulators.servers.messages.meters import LineMessages, MeterMessages, StackMessages
from simulators.servers.messages.tapping import ProductionMessages, TappingMessages
from simulators.servers.messages.telemetry import PotTelemetry, Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from simulators.physics.meter import Readout
    from simulators.physics.potline import LineStep
    from simulators.scenario import Scenario

Slot = tuple[int, "Callable[[], list[Message]]"]
"""A time [UTC ns], and what makes the messages of that time; slots must be called in their order, once each."""


class LineSpeech:
    """What the gateway of a potline says.

    Parameters
    ----------
    scenario
        What happens in which plant.
    site
        Segment of the topics.
    name
        The potline.
    crane
        The crane of its scale.
    """

    def __init__(self, scenario: Scenario, site: str, name: str, *, crane: str) -> None:
        behaviour = scenario.mqtt
        pots = scenario.plant.potlines[name].pots
        prefix = f"smelter/v1/{site}/potline/{name}"
        meters = [meter for meter in scenario.plant.meters.values() if meter.potline == name]
        sources = Sources()
        seed = scenario.seed
        self._kinds = behaviour.kinds
        self._line_every_s = behaviour.line_every_s
        self._sampling = Sampling(len(pots), every_s=scenario.telemetry_every_s, seed=seed, name=name)
        self._telemetry = PotTelemetry(
            prefix, name, pots, sources=sources, batch=behaviour.batch, form=behaviour.batch_form
        )
        source_of = self._telemetry.source_of
        self._cycles = CycleStatistics(prefix, pots, source_of, sources=sources, period_s=CYCLE_S)
        self._effects = AnodeEffectMessages(
            prefix,
            name,
            pots,
            source_of,
            sources=sources,
            update_every_s=behaviour.effect_updates_every_s,
            corrections=behaviour.corrections,
            seed=seed,
        )
        self._operations = OperationMessages(prefix, name, pots)
        self._done = PotOperations()
        self._shots: NDArray[np.float64] | None = None
        self._laboratory = LaboratoryMessages(prefix, name, pots)
        self._line = LineMessages(site, name, meters, setpoint_a=scenario.lines[name].line_current_a, sources=sources)
        self._tapping = TappingMessages(site, name, pots, crane=crane, errors=behaviour.scale_errors, seed=seed)
        self._production = ProductionMessages(site, name)
        self._status = f"{prefix}/status"

    def of(self, step: LineStep, readouts: Callable[[], Mapping[str, Readout]]) -> tuple[list[Slot], list[Message]]:
        """Take a step in, and give the line's own messages by time, and those of the site at its end."""
        kinds = self._kinds
        sampled = list(self._sampling.of(step))
        slots: list[Slot] = [
            (samples.time_ns, partial(self._telemetry.of, samples)) for samples in sampled if Kind.TELEMETRY in kinds
        ]
        taps, weighings, booked = self._tapping.of(step)
        production = self._production.of(step)
        cycles = self._cycles.of(step) if Kind.CYCLE in kinds else []
        own = [*(self._effects.of(step) if Kind.AE in kinds else ()), *cycles]
        if Kind.FEED in kinds:
            own.extend(self._feeds(step))
        if Kind.OPERATION in kinds:
            own.extend(self._operations.message(pot, step.end_ns, what) for pot, what in self._done.of(step))
        if Kind.TAP in kinds:
            own.extend(taps)
        if Kind.SAMPLE in kinds:
            own.extend(self._laboratory.message(report) for report in step.laboratory)
        own.extend(self._of_the_line(step, readouts))
        if own:
            slots.append((step.end_ns, lambda: own))
        of_site = weighings if Kind.WEIGHING in kinds else []
        return slots, [*of_site, *((*booked, *production) if Kind.MES in kinds else ())]

    def status(self, state: str, time_ns: int | None = None) -> Message | None:
        """Tell whether the gateway is there: retained; without a time it is the last will. None if it never does."""
        if Kind.STATUS not in self._kinds:
            return None
        body = {"v": 1, "state": state} | ({} if time_ns is None else {"ts": iso_milliseconds(time_ns)})
        return json_message(self._status, body, retain=True)

    def _feeds(self, step: LineStep) -> list[Message]:
        total = step.pots.shots
        shots = np.zeros(len(total)) if self._shots is None else total - self._shots
        self._shots = total
        feeder = step.end_ns // SECOND_NS % 4 + 1
        fed = [(pot, int(shots[pot]), "over" if step.pots.overfeeding[pot] else "under") for pot in _places(shots)]
        return [
            self._operations.message(pot, step.end_ns, Feed(feeder, count, round(count * SHOT_KG, 1), mode))
            for pot, count, mode in fed
        ]

    def _of_the_line(self, step: LineStep, readouts: Callable[[], Mapping[str, Readout]]) -> list[Message]:
        self._line.count(step)
        if step.end_ns // SECOND_NS % self._line_every_s:
            return []
        messages = [self._line.line(step, readouts())] if Kind.LINE in self._kinds else []
        if Kind.RECTIFIER in self._kinds:
            messages.extend(self._line.rectifiers(step, readouts()))
        return messages


class SiteSpeech:
    """What the site's own gateway says at a fixed pace: meters and stacks, one stack a potline."""

    def __init__(self, scenario: Scenario, site: str) -> None:
        behaviour = scenario.mqtt
        self._meters_every_s = behaviour.meters_every_s
        self._stacks_every_s = behaviour.stacks_every_s
        self._meters = (
            MeterMessages(site, tuple(scenario.plant.meters.values()), sources=Sources())
            if Kind.METER in behaviour.kinds
            else None
        )
        self._stacks = {
            name: StackMessages(site, f"GTC-{number}")
            for number, name in enumerate(scenario.plant.potlines, start=1)
            if Kind.CEMS in behaviour.kinds
        }
        self._grid = (
            GridFactorMessages(
                site, every_s=behaviour.factors_every_s, corrected_after_s=behaviour.factors_corrected_after_s
            )
            if Kind.FACTOR in behaviour.kinds
            else None
        )

    def of(
        self, time_ns: int, steps: Mapping[str, LineStep], readouts: Callable[[], Mapping[str, Readout]]
    ) -> list[Message]:
        """Take in what the potlines did in a step that ends at a time [UTC ns], and give what is due then."""
        for name, stack in self._stacks.items():
            step = steps.get(name)
            if step and step.stack:
                stack.count(step.stack, (step.end_ns - step.time_ns) / SECOND_NS)
        second = time_ns // SECOND_NS
        messages: list[Message] = [] if self._grid is None else self._grid.of(time_ns)
        if self._meters and second % self._meters_every_s == 0:
            messages.extend(self._meters.of(time_ns, readouts()))
        if second % self._stacks_every_s == 0:
            messages.extend(message for stack in self._stacks.values() for message in stack.of(time_ns))
        return messages


def _places(counts: NDArray[np.float64]) -> list[int]:
    found: list[int] = np.flatnonzero(counts > 0).tolist()
    return found
