"""The laboratory: samples of bath and metal are taken at one time and known at another, and sometimes corrected."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulators.physics.pot import PotState

CORRECTED = 0.02
"""Share of the reports that a second one corrects later [1]."""

_EARLIEST_S, _LATEST_S = 2 * 3600, 9 * 3600


@dataclass(frozen=True, slots=True, order=True)
class LabReport:
    """What the laboratory says of one sample.

    Parameters
    ----------
    reported_ns
        When it says so [UTC ns].
    sampled_ns
        When the sample was taken [UTC ns].
    pot
        The pot's place in the line, from 0.
    kind
        ``bath`` or ``metal``.
    revision
        From 1; a higher one replaces the lower.
    number
        Of the sample, from 1; with the line and the kind it names the sample.
    values
        ``bath_temp_c``, ``superheat_c``, ``excess_alf3_pct``, ``al2o3_pct``, ``caf2_pct``, ``bath_height_cm``,
        ``metal_height_cm`` of bath; ``fe_ppm``, ``si_ppm`` and so on of metal.
    """

    reported_ns: int
    sampled_ns: int
    pot: int
    kind: str
    revision: int
    number: int
    values: Mapping[str, float] = field(compare=False)


class Laboratory:
    """The laboratory of one line.

    Parameters
    ----------
    rng
        The random stream.
    pots
        Number of pots.
    every_s
        Time between two bath samples of a pot [s]; every second one brings a metal sample with it.
    """

    def __init__(self, rng: np.random.Generator, pots: int, *, every_s: float) -> None:
        self._rng = rng
        self._every_s = every_s
        self._next_s = (np.arange(pots) + 0.5) / pots * every_s
        self._elapsed_s = 0.0
        self._taken = 0
        self._impurities = np.exp(0.3 * rng.standard_normal((pots, 3))) * (800.0, 400.0, 110.0)
        self._alf3 = 11.0 + 1.2 * rng.standard_normal(pots)
        self._pending: list[LabReport] = []

    @property
    def pending(self) -> tuple[LabReport, ...]:
        """Reports that nobody knows yet, the earliest first."""
        return tuple(sorted(self._pending))

    def step(self, state: PotState, end_ns: int, dt_s: float) -> list[LabReport]:
        """Take the samples that are due at the end of the step, and return the reports that have come out by then."""
        self._elapsed_s += dt_s
        if self._next_s.min() <= self._elapsed_s:
            for pot in np.flatnonzero(self._next_s <= self._elapsed_s).tolist():
                self._next_s[pot] += self._every_s
                if state.operating[pot]:
                    for report in self._sample(pot, state, end_ns):
                        heapq.heappush(self._pending, report)
        known = []
        while self._pending and self._pending[0].reported_ns <= end_ns:
            known.append(heapq.heappop(self._pending))
        return known

    def _sample(self, pot: int, state: PotState, end_ns: int) -> Iterator[LabReport]:
        rng = self._rng
        self._taken += 1
        late_ns = int(rng.integers(_EARLIEST_S, _LATEST_S)) * SECOND_NS
        bath = {
            "bath_temp_c": round(float(state.temperature_c[pot]) + 1.5 * float(rng.standard_normal()), 1),
            "superheat_c": round(8.5 + 1.5 * float(rng.standard_normal()), 1),
            "excess_alf3_pct": round(float(self._alf3[pot]) + 0.3 * float(rng.standard_normal()), 2),
            "al2o3_pct": round(float(state.alumina_pct[pot]) + 0.1 * float(rng.standard_normal()), 2),
            "caf2_pct": round(5.1 + 0.1 * float(rng.standard_normal()), 2),
            "bath_height_cm": round(20.0 + float(rng.standard_normal()), 1),
            "metal_height_cm": round(22.0 + 0.7 * float(rng.standard_normal()), 1),
        }
        yield LabReport(end_ns + late_ns, end_ns, pot, "bath", 1, self._taken, bath)
        if rng.random() < CORRECTED:
            again = bath | {"excess_alf3_pct": round(bath["excess_alf3_pct"] + 0.8, 2)}
            later_ns = late_ns + int(rng.integers(3600, 86_400)) * SECOND_NS
            yield LabReport(end_ns + later_ns, end_ns, pot, "bath", 2, self._taken, again)
        if self._taken % 2 == 0:
            iron, silicon, gallium = (self._impurities[pot] * (1.0 + 0.03 * rng.standard_normal(3))).round(0).tolist()
            metal = {"fe_ppm": iron, "si_ppm": silicon, "ga_ppm": gallium}
            yield LabReport(end_ns + late_ns + 3600 * SECOND_NS, end_ns, pot, "metal", 1, self._taken, metal)
