"""The whole plant: potlines, rectifiers, feeders and meters, stepped together, second by second."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulators.factors import load_factors
from simulators.instants import SECOND_NS
from simulators.physics.casthouse import CastHouse
from simulators.physics.laboratory import Laboratory
from simulators.physics.meter import AcMeter, DcMeter
from simulators.physics.monitored import MonitoredMeter
from simulators.physics.noise import stream
from simulators.physics.pot import ALUMINIUM_KG_PER_KAH
from simulators.physics.potline import Potline
from simulators.physics.rectifier import Feeders, Grid, Rectifiers
from simulators.physics.stack import Stack
from simulators.physics.supply import Supply
from simulators.physics.truth import Flows, LineFacts, TruthLedger
from simulators.plant import Measures, value_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from simulators.factors import Factors
    from simulators.physics.laboratory import LabReport
    from simulators.physics.meter import Readout
    from simulators.physics.potline import LineStep
    from simulators.physics.supply import Mix
    from simulators.physics.truth import Row
    from simulators.scenario import Scenario

STEP_NS = SECOND_NS
"""One step of the simulation, unless it is told otherwise [ns]."""

RECTIFIER_V, RECTIFIER_POWER_FACTOR = 33_000.0, 0.96
SERVICES_V, SERVICES_POWER_FACTOR = 400.0, 0.86


@dataclass(slots=True)
class _Line:
    """One potline with what feeds it; meter ids are in the order of units and feeders."""

    potline: Potline
    rectifiers: Rectifiers
    feeders: Feeders
    casthouse: CastHouse
    stack: Stack
    laboratory: Laboratory
    anode_per_metal: float
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
    step_ns
        Length of a step [ns], whole milliseconds that divide a minute.

    Attributes
    ----------
    time_ns
        The end of the last step [UTC ns].
    """

    def __init__(self, scenario: Scenario, begin_ns: int, step_ns: int = STEP_NS) -> None:
        self._step_ns = step_ns
        self.time_ns = begin_ns
        day = datetime.fromtimestamp(begin_ns // SECOND_NS, UTC).date()
        self._grid = Grid(stream(scenario.seed, "grid"))
        self._dc_meters: dict[str, DcMeter] = {}
        self._ac_meters: dict[str, AcMeter] = {}
        self._monitored = {
            meter.id: MonitoredMeter(
                scenario.seed,
                meter.id,
                scenario.meters[meter.id],
                rated_w=meter.rated_power,
                begin_s=begin_ns / SECOND_NS,
            )
            for meter in scenario.plant.meters.values()
            if meter.measures == Measures.MONITORED
        }
        self._lines: dict[str, _Line] = {}
        facts: dict[str, LineFacts] = {}
        for name, potline in scenario.plant.potlines.items():
            efficiency = scenario.lines[name].current_efficiency
            if efficiency is None:
                efficiency = value_on(potline.current_efficiency, day)
            factors = load_factors(scenario.factors, scenario.plant, potline, day)
            facts[name] = LineFacts(len(potline.pots), factors)
            self._lines[name] = self._build(scenario, name, efficiency, factors)
        self._ledger = TruthLedger(facts)
        self._supply = Supply(scenario.seed, scenario.supply, next(iter(facts.values())).factors.grid)

    def step(self) -> dict[str, LineStep]:
        """Go on by one step and return what each potline did in it."""
        dt_s = self._step_ns / SECOND_NS
        self._grid.step(dt_s)
        mix = self._supply.mix(self.time_ns)
        done = {name: self._step_line(line, mix, dt_s) for name, line in self._lines.items()}
        loads_w = {name: flows.ac_w + flows.auxiliary_w + flows.casting_w for name, (_, flows) in done.items()}
        load_w = sum(loads_w.values())
        captive = self._supply.captive_w(load_w) / load_w if load_w > 0 else 0.0
        for name, (step, flows) in done.items():
            if captive:
                flows = replace(flows, captive_w=captive * loads_w[name], captive_factor=self._supply.captive_factor)  # noqa: PLW2901
            self._ledger.add(name, step, flows)
        self.time_ns += self._step_ns
        return {name: step for name, (step, _) in done.items()}

    def pending_reports(self, line: str) -> tuple[LabReport, ...]:
        """Return what the laboratory has found about a potline's samples and not said yet, the earliest first."""
        return self._lines[line].laboratory.pending

    def readouts(self) -> dict[str, Readout]:
        """Return what each meter shows now."""
        meters: dict[str, DcMeter | AcMeter | MonitoredMeter] = {
            **self._dc_meters,
            **self._ac_meters,
            **self._monitored,
        }
        time_s = self.time_ns / SECOND_NS
        return {name: meter.readout(time_s) for name, meter in meters.items()}

    def finished_minutes(self) -> Iterator[Row]:
        """Give out the truth of the minutes that are over, once each, in order."""
        return self._ledger.finished(self.time_ns)

    def remaining_minutes(self) -> Iterator[Row]:
        """End the simulation: give out the truth that is left, the last minute as far as it went."""
        running = {name: line.potline.pots.active for name, line in self._lines.items()}
        return self._ledger.close(running)

    def _build(self, scenario: Scenario, name: str, efficiency: float, factors: Factors) -> _Line:
        behaviour = scenario.lines[name]
        meters: dict[Measures, list[str]] = {measures: [] for measures in Measures}
        for meter in scenario.plant.meters.values():
            if meter.potline != name or meter.measures == Measures.MONITORED:
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
        potline = scenario.plant.potlines[name]
        pots = len(potline.pots)
        nominal_v = behaviour.pot_voltage_v * pots + behaviour.busbar_ohm * behaviour.line_current_a
        tapped_kg_per_s = ALUMINIUM_KG_PER_KAH * efficiency * behaviour.line_current_a * pots / 3.6e6
        return _Line(
            potline=Potline(scenario.seed, name, pots, behaviour, efficiency),
            # A line without AC meters has a rectifier all the same.
            rectifiers=Rectifiers(
                stream(scenario.seed, f"{name} rectifiers"),
                behaviour.rectifier_units or max(1, len(rectifiers)),
                behaviour.rectifier_efficiency,
                nominal_w=nominal_v * behaviour.line_current_a,
                outages=behaviour.rectifier_outages,
            ),
            feeders=Feeders(
                stream(scenario.seed, f"{name} feeders"),
                [scenario.feeders[meter] for meter in feeders],
                [scenario.feeder_loads[meter] for meter in feeders],
            ),
            # One cast in six hours of the line's metal.
            casthouse=CastHouse(pots, batch_kg=tapped_kg_per_s * 21_600),
            stack=Stack(
                stream(scenario.seed, f"{name} stack"),
                pots,
                nominal_a=behaviour.line_current_a,
                sulphur=potline.anode_sulphur,
            ),
            laboratory=Laboratory(
                stream(scenario.seed, f"{name} laboratory"), pots, every_s=behaviour.bath_sample_every_s
            ),
            anode_per_metal=factors.net_anode_consumption,
            dc_meters=meters[Measures.LINE_DC],
            rectifier_meters=rectifiers,
            feeder_meters=feeders,
        )

    def _step_line(self, line: _Line, mix: Mix, dt_s: float) -> tuple[LineStep, Flows]:
        able = line.rectifiers.step(dt_s)
        electrolysis = line.potline.step(self.time_ns, dt_s, able)
        rectifiers_w = line.rectifiers.ac_w(electrolysis.dc_w)
        feeders_w = line.feeders.step(dt_s)
        casting = line.casthouse.step(sum(weighing.true_kg for weighing in electrolysis.weighings), dt_s)
        anode_kg = line.anode_per_metal * float(electrolysis.pot_metal_kg.sum())
        stack = line.stack.step(
            anode_kg=anode_kg,
            effects=len(electrolysis.active),
            opened=len(electrolysis.events) + 2 * len(electrolysis.weighings),
            time_ns=self.time_ns,
            dt_s=dt_s,
        )
        step = replace(
            electrolysis,
            laboratory=line.laboratory.step(electrolysis.pots, electrolysis.end_ns, dt_s),
            casting=casting,
            stack=stack,
            anode_kg=anode_kg,
            mix=mix,
            rectifiers_in_use=line.rectifiers.in_use,
        )
        meters_w = dict.fromkeys(line.dc_meters, step.dc_w)
        meters_w |= zip(line.rectifier_meters, _shared_out(rectifiers_w, len(line.rectifier_meters)), strict=True)
        meters_w |= zip(line.feeder_meters, feeders_w.tolist(), strict=True)
        for meter in line.dc_meters:
            self._dc_meters[meter].step(step.voltage_v, step.current_a, dt_s)
        for meter in (*line.rectifier_meters, *line.feeder_meters):
            self._ac_meters[meter].step(meters_w[meter], self._grid.voltage_factor, self._grid.frequency_hz, dt_s)
        flows = Flows(
            ac_w=float(rectifiers_w.sum()),
            rectifier_loss_w=float(line.rectifiers.loss_w.sum()),
            auxiliary_w=float(feeders_w.sum()),
            casting_w=casting.power_w,
            captive_w=0.0,
            captive_factor=0.0,
            meters_w=meters_w,
        )
        return step, flows


def _shared_out(units_w: NDArray[np.float64], meters: int) -> list[float]:
    """Put units behind meters, the first behind the first and in turn from there; return each meter's power [W]."""
    return [float(units_w[place::meters].sum()) for place in range(meters)]
