"""The whole plant: potlines, rectifiers, feeders and meters, stepped together, second by second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulators.factors import load_factors
from simulators.instants import SECOND_NS
from simulators.physics.meter import AcMeter, DcMeter
from simulators.physics.noise import stream
from simulators.physics.potline import Potline
from simulators.physics.rectifier import Feeders, Grid, Rectifiers
from simulators.physics.truth import LineFacts, TruthLedger
from simulators.plant import Measures, value_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.physics.meter import Readout
    from simulators.physics.potline import LineStep
    from simulators.physics.truth import Row
    from simulators.scenario import Scenario

STEP_NS = SECOND_NS
"""One step of the simulation [ns]."""

RECTIFIER_V, RECTIFIER_POWER_FACTOR = 33_000.0, 0.96
SERVICES_V, SERVICES_POWER_FACTOR = 400.0, 0.86


@dataclass(slots=True)
class _Line:
    """One potline with what feeds it; meter ids are in the order of units and feeders."""

    potline: Potline
    rectifiers: Rectifiers
    feeders: Feeders
    dc_meters: list[str]
    rectifier_meters: list[str]
    feeder_meters: list[str]


class Smelter:
    """A plant that follows a scenario.

    The values with a date in the plant file (current efficiency, anode consumption) are those of the day on which the
    simulation begins.

    Parameters
    ----------
    scenario
        What happens in which plant.
    begin_ns
        The beginning [UTC ns, whole seconds].

    Attributes
    ----------
    time_ns
        The end of the last step [UTC ns].
    """

    def __init__(self, scenario: Scenario, begin_ns: int) -> None:
        self.time_ns = begin_ns
        day = datetime.fromtimestamp(begin_ns // SECOND_NS, UTC).date()
        self._grid = Grid(stream(scenario.seed, "grid"))
        self._dc_meters: dict[str, DcMeter] = {}
        self._ac_meters: dict[str, AcMeter] = {}
        self._lines: dict[str, _Line] = {}
        facts: dict[str, LineFacts] = {}
        for name, potline in scenario.plant.potlines.items():
            efficiency = scenario.lines[name].current_efficiency
            if efficiency is None:
                efficiency = value_on(potline.current_efficiency, day)
            factors = load_factors(scenario.factors, scenario.plant, potline, day)
            facts[name] = LineFacts(len(potline.pots), efficiency, factors)
            self._lines[name] = self._build(scenario, name, efficiency)
        self._ledger = TruthLedger(facts)

    def step(self) -> dict[str, LineStep]:
        """Go on by one second and return what each potline did in it."""
        dt_s = STEP_NS / SECOND_NS
        self._grid.step(dt_s)
        done = {name: self._step_line(name, line, dt_s) for name, line in self._lines.items()}
        self.time_ns += STEP_NS
        return done

    def readouts(self) -> dict[str, Readout]:
        """Return what each meter shows now."""
        meters: dict[str, DcMeter | AcMeter] = {**self._dc_meters, **self._ac_meters}
        return {name: meter.readout() for name, meter in meters.items()}

    def finished_minutes(self) -> Iterator[Row]:
        """Give out the truth of the minutes that are over, once each, in order."""
        return self._ledger.finished(self.time_ns)

    def remaining_minutes(self) -> Iterator[Row]:
        """End the simulation: give out the truth that is left, the last minute as far as it went."""
        running = {name: line.potline.pots.active for name, line in self._lines.items()}
        return self._ledger.close(self.time_ns, running)

    def _build(self, scenario: Scenario, name: str, efficiency: float) -> _Line:
        behaviour = scenario.lines[name]
        meters: dict[Measures, list[str]] = {measures: [] for measures in Measures}
        for meter in scenario.plant.meters.values():
            if meter.potline != name:
                continue
            meters[meter.measures].append(meter.id)
            if meter.measures == Measures.LINE_DC:
                self._dc_meters[meter.id] = DcMeter(
                    scenario.seed,
                    meter.id,
                    scenario.meters[meter.id],
                    nominal_a=behaviour.line_current_a,
                    rated_w=meter.rated_power,
                )
                continue
            of_rectifier = meter.measures == Measures.RECTIFIER_AC
            self._ac_meters[meter.id] = AcMeter(
                scenario.seed,
                meter.id,
                scenario.meters[meter.id],
                nominal_v=RECTIFIER_V if of_rectifier else SERVICES_V,
                power_factor=RECTIFIER_POWER_FACTOR if of_rectifier else SERVICES_POWER_FACTOR,
                rated_w=meter.rated_power,
            )
        rectifiers = meters[Measures.RECTIFIER_AC]
        feeders = meters[Measures.AUXILIARY_AC]
        pots = len(scenario.plant.potlines[name].pots)
        return _Line(
            potline=Potline(scenario.seed, name, pots, behaviour, efficiency),
            # A line without AC meters has a rectifier all the same.
            rectifiers=Rectifiers(
                stream(scenario.seed, f"{name} rectifiers"), max(1, len(rectifiers)), behaviour.rectifier_efficiency
            ),
            feeders=Feeders(stream(scenario.seed, f"{name} feeders"), [scenario.feeders[meter] for meter in feeders]),
            dc_meters=meters[Measures.LINE_DC],
            rectifier_meters=rectifiers,
            feeder_meters=feeders,
        )

    def _step_line(self, name: str, line: _Line, dt_s: float) -> LineStep:
        step = line.potline.step(self.time_ns, dt_s)
        rectifiers_w = line.rectifiers.ac_w(step.dc_w)
        feeders_w = line.feeders.step(dt_s)
        meters_w = dict.fromkeys(line.dc_meters, step.dc_w)
        meters_w |= zip(line.rectifier_meters, rectifiers_w.tolist(), strict=False)
        meters_w |= zip(line.feeder_meters, feeders_w.tolist(), strict=True)
        for meter in line.dc_meters:
            self._dc_meters[meter].step(step.voltage_v, step.current_a, dt_s)
        for meter in (*line.rectifier_meters, *line.feeder_meters):
            self._ac_meters[meter].step(meters_w[meter], self._grid.voltage_factor, self._grid.frequency_hz, dt_s)
        self._ledger.add(
            name,
            step,
            ac_w=float(rectifiers_w.sum()),
            auxiliary_w=float(feeders_w.sum()),
            meters_w=meters_w,
        )
        return step
