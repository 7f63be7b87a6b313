"""Laboratory and manual samples: taken now, reported hours later, sometimes corrected after that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS, iso_milliseconds
from simulators.physics.noise import Drift, stream
from simulators.servers.messages.message import Later, Message, json_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.mqtt_scenario import Rounds

_DEGREES_PER_PERCENT_ALF3 = 5.0
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Report:
    """One report of one sample: place of the pot, ``bath`` or ``metal``, times [UTC ns], revision, values."""

    pot: int
    kind: str
    sampled_ns: int
    reported_ns: int
    rev: int
    values: Mapping[str, object]


class Laboratory:
    """Bath and metal samples of a line's pots.

    Hot baths are poor in excess fluoride: temperature and chemistry wander together, each pot on its own.
    """

    def __init__(self, prefix: str, potline: str, pots: Sequence[str], *, rounds: Rounds, seed: int) -> None:
        self._prefix = prefix
        self._potline = potline
        self._pots = pots
        self._rounds = rounds
        self._rng = stream(seed, f"{potline} laboratory")
        self._temperature = Drift(self._rng, len(pots), time_constant_s=2 * _DAY_S, deviation=4.0)
        self._iron = self._rng.uniform(600, 1100, len(pots))
        self._next_ns: list[int] | None = None
        self._first_due_ns = 0
        self._later: Later[Report] = Later()

    def of(self, time_ns: int, seconds: float) -> list[Report]:
        """Go on by a step that ends at ``time_ns`` [UTC ns], and give what is reported then."""
        self._temperature.step(seconds)
        every_ns = round(self._rounds.every_s * SECOND_NS)
        if self._next_ns is None:
            count = len(self._pots)
            self._next_ns = [time_ns + every_ns * place // count for place in range(count)]
            self._first_due_ns = time_ns
        if time_ns >= self._first_due_ns:
            for pot, due_ns in enumerate(self._next_ns):
                if due_ns <= time_ns:
                    self._next_ns[pot] += every_ns
                    self._sample(pot, time_ns)
            self._first_due_ns = min(self._next_ns)
        return self._later.due(time_ns)

    def _sample(self, pot: int, time_ns: int) -> None:
        warm = float(self._temperature.value[pot])
        bath: dict[str, object] = {
            "bath_temp_c": round(958 + warm + 1.5 * self._rng.standard_normal(), 1),
            "superheat_c": round(max(1.0, 8.5 + 0.5 * warm), 1),
            "excess_alf3_pct": round(11.2 - warm / _DEGREES_PER_PERCENT_ALF3, 2),
            "al2o3_pct": round(float(np.clip(2.6 + 0.4 * self._rng.standard_normal(), 1.2, 5.0)), 2),
            "caf2_pct": round(5.1 + 0.1 * self._rng.standard_normal(), 2),
            "lif_pct": 0,
            "cr": round(2.21 + 0.01 * warm, 3),
            "bath_height_cm": round(20 + self._rng.standard_normal()),
            "metal_height_cm": round(22 + self._rng.standard_normal()),
        }
        iron = float(self._iron[pot])
        metal: dict[str, object] = {
            "fe_ppm": round(iron + 20 * self._rng.standard_normal()),
            "si_ppm": round(0.5 * iron),
            "ga_ppm": 110,
            "na_ppm": round(60 + 5 * self._rng.standard_normal()),
            "ni_ppm": 8,
            "v_ppm": 90,
        }
        for kind, values, key in (("bath", bath, "bath_temp_c"), ("metal", metal, "fe_ppm")):
            self._report(pot, kind, time_ns, values, key)

    def _report(self, pot: int, kind: str, sampled_ns: int, values: Mapping[str, object], key: str) -> None:
        delay_s = self._rounds.delay_s * float(self._rng.uniform(0.5, 2.0))
        reported_ns = sampled_ns + round(delay_s) * SECOND_NS
        if self._rng.random() >= self._rounds.corrected:
            self._later.at(reported_ns, Report(pot, kind, sampled_ns, reported_ns, 1, values))
            return
        value = values[key]
        # The writing of a tired person: two digits swapped in the first report.
        wrong = dict(values) | {key: value + 27 if isinstance(value, int | float) else value}
        self._later.at(reported_ns, Report(pot, kind, sampled_ns, reported_ns, 1, wrong))
        again_ns = reported_ns + round(delay_s) * SECOND_NS
        self._later.at(again_ns, Report(pot, kind, sampled_ns, again_ns, 2, values))

    def message(self, report: Report) -> Message:
        """Write a report."""
        name = self._pots[report.pot]
        sampled = iso_milliseconds(report.sampled_ns)
        number = f"{sampled[:10].replace('-', '')}-{sampled[11:16].replace(':', '')}"
        body = {
            "v": 1,
            "id": f"{report.kind.upper()}-{self._potline}-{name}-{number}",
            "kind": report.kind,
            "pot": name,
            "sampled_at": sampled,
            "reported_at": iso_milliseconds(report.reported_ns),
            "rev": report.rev,
            "m": report.values,
            "method": "lab_xrd" if report.kind == "bath" else "lab_oes",
            "q": "manual",
        }
        return json_message(f"{self._prefix}/pot/{name}/sample/{report.kind}", body)
