"""The truth ledger: what really happened in each minute of each potline. It is the oracle of the end-to-end tests."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.instants import MINUTE_NS, SECOND_NS, iso_seconds
from simulators.physics.potline import ALUMINIUM_KG_PER_KAH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulators.factors import Factors
    from simulators.physics.pot import AnodeEffect
    from simulators.physics.potline import LineStep

CO2_PER_CARBON = 44 / 12
"""t CO2 per t of burnt carbon, as in the IPCC's equations."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What the ledger must know of a potline to turn charge into metal and emissions."""

    pots: int
    current_efficiency: float
    factors: Factors


@dataclass(slots=True)
class _Minute:
    """Sums over one minute of one potline."""

    seconds: float = 0.0
    ac_wh: float = 0.0
    auxiliary_wh: float = 0.0
    dc_wh: float = 0.0
    charge_ah: float = 0.0
    tapped_kg: float = 0.0
    effects: int = 0
    effects_s: float = 0.0
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

    def add(self, line: str, step: LineStep, *, ac_w: float, auxiliary_w: float, meters_w: Mapping[str, float]) -> None:
        """Book one step of one potline.

        Parameters
        ----------
        line
            The potline's id.
        step
            What the line did.
        ac_w
            AC power of all its rectifiers [W].
        auxiliary_w
            AC power of all its auxiliary feeders [W].
        meters_w
            True mean power through each of its meters [W].
        """
        minute = self._minute(line, step.time_ns)
        seconds = (step.end_ns - step.time_ns) / SECOND_NS
        hours = seconds / 3600
        minute.seconds += seconds
        minute.dc_wh += step.dc_wh
        minute.charge_ah += step.charge_ah
        minute.ac_wh += ac_w * hours
        minute.auxiliary_wh += auxiliary_w * hours
        for meter, power_w in meters_w.items():
            minute.meters_wh[meter] = minute.meters_wh.get(meter, 0.0) + power_w * hours
        minute.tapped_kg += sum(weighing.true_kg for weighing in step.weighings)
        minute.effects += len(step.started)
        minute.running += len(step.started)
        for effect in step.ended:
            self._book(line, effect, effect.duration_s)

    def finished(self, now_ns: int) -> Iterator[Row]:
        """Give out the minutes that are over at ``now_ns`` [UTC ns] and whose anode effects are over, oldest first."""
        while self._open:
            start_ns, lines = self._open[0]
            if start_ns + MINUTE_NS > now_ns or any(minute.running for minute in lines.values()):
                return
            self._open.popleft()
            yield from (self._row(start_ns, name, minute) for name, minute in lines.items())

    def close(self, now_ns: int, running: Mapping[str, list[AnodeEffect]]) -> Iterator[Row]:
        """Give out everything that is left, with the running anode effects of each potline ended at ``now_ns``."""
        for line, effects in running.items():
            for effect in effects:
                self._book(line, effect, (now_ns - effect.start_ns) / SECOND_NS)
        while self._open:
            start_ns, lines = self._open.popleft()
            yield from (self._row(start_ns, name, minute) for name, minute in lines.items())

    def _book(self, line: str, effect: AnodeEffect, seconds: float) -> None:
        minute = self._minute(line, effect.start_ns)
        minute.running -= 1
        minute.effects_s += seconds

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
        charge_kah = minute.charge_ah / 1000
        ac_kwh = minute.ac_wh / 1000
        metal_t = ALUMINIUM_KG_PER_KAH * facts.current_efficiency * charge_kah * facts.pots / 1000
        # Slope times anode-effect minutes times the metal that one pot makes in a day at this minute's rate.
        days = minute.seconds / 86400
        metal_per_pot_day_t = metal_t / (facts.pots * days)
        cf4_kg = factors.slope * minute.effects_s / 60 * metal_per_pot_day_t
        c2f6_kg = factors.c2f6_per_cf4 * cf4_kg
        return {
            "minute": iso_seconds(start_ns),
            "potline": line,
            "seconds": minute.seconds,
            "ac_kwh": ac_kwh,
            "auxiliary_kwh": minute.auxiliary_wh / 1000,
            "dc_kwh": minute.dc_wh / 1000,
            "charge_kah": charge_kah,
            "metal_t": metal_t,
            "pots": facts.pots,
            "ae_count": minute.effects,
            "ae_s": minute.effects_s,
            "tapped_t": minute.tapped_kg / 1000,
            "cf4_kg": cf4_kg,
            "c2f6_kg": c2f6_kg,
            "pfc_t_co2e": (cf4_kg * factors.gwp_cf4 + c2f6_kg * factors.gwp_c2f6) / 1000,
            "anode_t_co2e": factors.net_anode_consumption * metal_t * factors.anode_carbon * CO2_PER_CARBON,
            "electricity_t_co2e": ac_kwh * factors.grid / 1000,
            "meters": {meter: energy_wh / 1000 for meter, energy_wh in minute.meters_wh.items()},
        }
