"""The truth ledger: what really happened in each minute of each potline. It is the oracle of the end-to-end tests."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import MINUTE_NS, SECOND_NS, iso_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from simulators.factors import Factors
    from simulators.physics.anode_effects import AnodeEffect
    from simulators.physics.potline import LineStep

CO2_PER_CARBON = 44 / 12
"""t CO2 per t of burnt carbon, as in the IPCC's equations."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What the ledger must know of a potline to turn metal and anode effects into emissions."""

    pots: int
    factors: Factors


@dataclass(frozen=True, slots=True)
class Flows:
    """The electricity of one potline in one step, as means over it.

    Parameters
    ----------
    ac_w, rectifier_loss_w
        AC power of all its rectifiers, and what of it they lose [W].
    auxiliary_w, casting_w
        AC power of its auxiliary feeders and of its cast house [W].
    captive_w
        What of all that the plant's own power station carries [W].
    captive_factor
        Emission factor of that station [kg/kWh].
    meters_w
        True power through each of its meters [W].
    """

    ac_w: float
    rectifier_loss_w: float
    auxiliary_w: float
    casting_w: float
    captive_w: float
    captive_factor: float
    meters_w: Mapping[str, float]


@dataclass(slots=True)
class _Minute:
    """Sums over one minute of one potline."""

    sums: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    pots_wh: NDArray[np.float64] | float = 0.0
    effects: int = 0
    effects_s: float = 0.0
    overvoltage_vs: float = 0.0
    running: int = 0
    meters_wh: dict[str, float] = field(default_factory=dict)


class TruthLedger:
    """Minutes of every potline, given out in order when they are over and their anode effects too.

    Parameters
    ----------
    lines
        What is to be known of each potline.
    """

    def __init__(self, lines: Mapping[str, LineFacts]) -> None:
        self._lines = lines
        self._open: deque[tuple[int, dict[str, _Minute]]] = deque()

    def add(self, line: str, step: LineStep, flows: Flows) -> None:
        """Book one step of one potline.

        Parameters
        ----------
        line
            The potline's id.
        step
            What the line did.
        flows
            Its electricity.
        """
        minute = self._minute(line, step.time_ns)
        seconds = (step.end_ns - step.time_ns) / SECOND_NS
        hours = seconds / 3600
        sums = minute.sums
        sums["seconds"] += seconds
        sums["dc_wh"] += step.dc_wh
        sums["busbar_wh"] += step.busbar_v * step.current_a * hours
        minute.pots_wh = minute.pots_wh + step.pot_voltages_v * (step.current_a * hours)
        sums["charge_ah"] += step.charge_ah
        for name in ("ac", "rectifier_loss", "auxiliary", "casting", "captive"):
            sums[f"{name}_wh"] += getattr(flows, f"{name}_w") * hours
        for meter, power_w in flows.meters_w.items():
            minute.meters_wh[meter] = minute.meters_wh.get(meter, 0.0) + power_w * hours
        self._add_metal(sums, step, seconds)
        self._add_emissions(sums, step, flows, hours)
        minute.effects += len(step.started)
        minute.running += len(step.started)
        for effect in step.ended:
            self._book(line, effect)

    def _add_metal(self, sums: defaultdict[str, float], step: LineStep, seconds: float) -> None:
        operating = step.pots.operating
        count = int(np.count_nonzero(operating))
        sums["metal_kg"] += float(step.pot_metal_kg.sum())
        sums["pot_s"] += count * seconds
        # What Faraday's law would give without losses, and what the efficiencies of the pots leave of it.
        sums["pot_ah"] += count * step.charge_ah
        sums["efficient_ah"] += float(step.pot_efficiency[operating].sum()) * step.charge_ah
        sums["tapped_kg"] += sum(weighing.true_kg for weighing in step.weighings)
        sums["anode_kg"] += step.anode_kg
        sums["anode_changes"] += sum(event.kind == "anode" for event in step.events)
        if step.casting is not None:
            sums["cast_kg"] += step.casting.cast_kg
            sums["melt_loss_kg"] += step.casting.lost_kg
        for effect in (*step.low_voltage, *step.low_voltage_ended):
            sums["lvae"] += effect.start_ns == step.time_ns
            sums["lvae_s"] += (min(effect.end_ns, step.end_ns) - step.time_ns) / SECOND_NS

    def _add_emissions(self, sums: defaultdict[str, float], step: LineStep, flows: Flows, hours: float) -> None:
        if step.stack is not None:
            sums["stack_nm3"] += step.stack.flow_nm3h * hours
            for gas in ("hf_kg", "so2_kg", "dust_kg"):
                sums[gas] += getattr(step.stack, gas)
        if step.mix is not None:
            grid_wh = (flows.ac_w + flows.auxiliary_w + flows.casting_w - flows.captive_w) * hours
            sums["grid_wh"] += grid_wh
            sums["renewable_wh"] += grid_wh * step.mix.renewable_share
            sums["grid_kg_co2e"] += grid_wh * step.mix.factor / 1000
            sums["captive_kg_co2e"] += flows.captive_w * hours * flows.captive_factor / 1000

    def finished(self, now_ns: int) -> Iterator[Row]:
        """Give out the minutes that are over at ``now_ns`` [UTC ns] and whose anode effects are over, oldest first."""
        while self._open:
            start_ns, lines = self._open[0]
            if start_ns + MINUTE_NS > now_ns or any(minute.running for minute in lines.values()):
                return
            self._open.popleft()
            yield from (self._row(start_ns, name, minute) for name, minute in lines.items())

    def close(self, running: Mapping[str, list[AnodeEffect]]) -> Iterator[Row]:
        """Give out everything that is left, with the running anode effects of each potline as far as they went."""
        for line, effects in running.items():
            for effect in effects:
                self._book(line, effect)
        while self._open:
            start_ns, lines = self._open.popleft()
            yield from (self._row(start_ns, name, minute) for name, minute in lines.items())

    def _book(self, line: str, effect: AnodeEffect) -> None:
        minute = self._minute(line, effect.start_ns)
        minute.running -= 1
        minute.effects_s += effect.duration_s
        minute.overvoltage_vs += effect.overvoltage_vs

    def _minute(self, line: str, time_ns: int) -> _Minute:
        start_ns = time_ns // MINUTE_NS * MINUTE_NS
        for known_ns, lines in reversed(self._open):
            if known_ns == start_ns:
                return lines[line]
        lines = {name: _Minute() for name in self._lines}
        self._open.append((start_ns, lines))
        return lines[line]

    def _row(self, start_ns: int, line: str, minute: _Minute) -> Row:
        facts = self._lines[line]
        factors = facts.factors
        sums = minute.sums
        metal_t = sums["metal_kg"] / 1000
        ac_kwh = sums["ac_wh"] / 1000
        # Slope times anode-effect minutes per cell-day times the metal.
        cell_days = sums["pot_s"] / 86400
        cf4_kg = factors.slope * minute.effects_s / 60 / cell_days * metal_t if cell_days else 0.0
        c2f6_kg = factors.c2f6_per_cf4 * cf4_kg
        pfc_t = (cf4_kg * factors.gwp_cf4 + c2f6_kg * factors.gwp_c2f6) / 1000
        anode_t = factors.net_anode_consumption * metal_t * factors.anode_carbon * CO2_PER_CARBON
        electricity_t = ac_kwh * factors.grid / 1000
        pots_wh = np.broadcast_to(np.asarray(minute.pots_wh, dtype=np.float64), (facts.pots,))
        return {
            "minute": iso_seconds(start_ns),
            "potline": line,
            "seconds": sums["seconds"],
            "ac_kwh": ac_kwh,
            "auxiliary_kwh": sums["auxiliary_wh"] / 1000,
            "dc_kwh": sums["dc_wh"] / 1000,
            "charge_kah": sums["charge_ah"] / 1000,
            "metal_t": metal_t,
            "pots": facts.pots,
            "ae_count": minute.effects,
            "ae_s": minute.effects_s,
            "tapped_t": sums["tapped_kg"] / 1000,
            "cf4_kg": cf4_kg,
            "c2f6_kg": c2f6_kg,
            "pfc_t_co2e": pfc_t,
            "anode_t_co2e": anode_t,
            "electricity_t_co2e": electricity_t,
            "total_t_co2e": pfc_t + anode_t + electricity_t,
            "rectifier_loss_kwh": sums["rectifier_loss_wh"] / 1000,
            "busbar_kwh": sums["busbar_wh"] / 1000,
            "casting_kwh": sums["casting_wh"] / 1000,
            "captive_kwh": sums["captive_wh"] / 1000,
            "grid_kwh": sums["grid_wh"] / 1000,
            "renewable_kwh": sums["renewable_wh"] / 1000,
            "grid_t_co2e": sums["grid_kg_co2e"] / 1000,
            "captive_t_co2e": sums["captive_kg_co2e"] / 1000,
            "pot_days": cell_days,
            "pot_kah": sums["pot_ah"] / 1000,
            "current_efficiency": sums["efficient_ah"] / sums["pot_ah"] if sums["pot_ah"] else None,
            "ae_overvoltage_vs": minute.overvoltage_vs,
            "lvae_count": int(sums["lvae"]),
            "lvae_s": sums["lvae_s"],
            "anode_changes": int(sums["anode_changes"]),
            "anode_t": sums["anode_kg"] / 1000,
            "cast_t": sums["cast_kg"] / 1000,
            "melt_loss_t": sums["melt_loss_kg"] / 1000,
            "stack_nm3": sums["stack_nm3"],
            "hf_kg": sums["hf_kg"],
            "so2_kg": sums["so2_kg"],
            "dust_kg": sums["dust_kg"],
            "meters": {meter: energy_wh / 1000 for meter, energy_wh in minute.meters_wh.items()},
            "pot_kwh": (pots_wh / 1000).tolist(),
        }
