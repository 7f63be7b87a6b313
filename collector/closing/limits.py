"""The stream ``limit``: each of the plant's own limits after each hour or day that its mean is over.

A block of time is judged ten minutes after it has ended, by what the store has of it then. Where a limit begins to be
broken, and where it is kept again, the log tells it once. Statements of compliance judge the same blocks again later,
with what came late, and those over other times; they are what counts.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

import numpy as np
import structlog

from collector.accounting.integrals import Shape, between
from collector.accounting.plant_sums import WHOLE_PLANT
from collector.accounting.rules import accounted
from collector.accounting.windows import Window, window_of
from collector.closing.plant_book import plant_stated
from collector.delivery import lineprotocol
from collector.domain import exceedance
from collector.plant.limits import SPECIFIC, Limit
from collector.plant.meter import Meter
from collector.plant.topology import Plant
from collector.readings.quality import Quality
from collector.readings.quantity import Kind
from collector.store import inputs, ledger
from collector.store.store import Store

log = structlog.get_logger()

WINDOWS = {3600.0: "hour", 86400.0: "day"}
"""The windows of the stream, by the time that a limit's mean is over [s]."""

_AFTER_NS = 600_000_000_000


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over a block of time, in the limit's unit; ``covered``: the share of the block that is measured [1].

    ``meter`` is empty for a mass per tonne of metal, which is of all meters of a stack, or of all stacks.
    """

    meter: str
    value: float
    covered: float
    quality: int


class LimitCheck:
    """Judges the plant's own limits.

    Parameters
    ----------
    plant, store
        Whose limits, and what was measured.
    longest_gap_s
        A gap up to this long counts as covered [s].
    least_coverage_pct
        A block of which less is measured is withheld: neither kept nor broken [%].
    """

    def __init__(self, plant: Plant, store: Store, *, longest_gap_s: float, least_coverage_pct: float) -> None:
        self._plant, self._store = plant, store
        self._longest_gap_s, self._least = longest_gap_s, least_coverage_pct / 100
        self._until: dict[str, int] = {}
        self._broken: set[tuple[str, str]] = set()

    async def due(self, now_ns: int) -> list[bytes]:
        """Return the lines of the blocks that have been over for ten minutes, each once; after a start the last ones.

        Parameters
        ----------
        now_ns
            Present time [UTC ns].
        """
        lines: list[bytes] = []
        for seconds, name in WINDOWS.items():
            limits = [limit for limit in self._plant.limits if limit.averaged_over_s == seconds]
            if not limits:
                continue
            end_ns = window_of(name, now_ns - _AFTER_NS, self._plant.calendar).start_ns
            if end_ns <= self._until.get(name, 0):
                continue
            self._until[name] = end_ns
            block = window_of(name, end_ns - 1, self._plant.calendar)
            in_force = [limit for limit in limits if limit.in_force(block.start_ns)]
            lines += [line for limit in in_force for line in await self._judged(limit, block)]
        return lines

    async def _judged(self, limit: Limit, block: Window) -> list[bytes]:
        means = await self._store.ask(lambda db: list(self._means(db, limit, block)))
        found = []
        for mean in means:
            withheld = mean.covered < self._least - 1e-9
            outside = None if withheld else self._is_outside(limit, mean)
            if outside is not None:
                self._say(limit, mean, block, outside=outside)
            tags = {
                "plant": self._plant.id,
                "potline": limit.potline,
                "stack": limit.stack,
                "meter": mean.meter,
                "limit": limit.name,
                "quantity": limit.quantity.label,
                "unit": limit.unit,
                "window": block.name,
            }
            fields: dict[str, lineprotocol.Field] = {
                "mean": mean.value,
                "least": limit.least,
                "most": limit.most,
                "of_most_pct": _of_most_pct(limit, mean),
                "outside": None if outside is None else int(outside),
                "coverage_pct": 100 * min(1.0, mean.covered),
                "quality": int(Quality.BAD) if withheld else mean.quality,
            }
            found.append(lineprotocol.line(lineprotocol.series("limit", tags), fields, block.start_ns))
        return [line for line in found if line is not None]

    def _is_outside(self, limit: Limit, mean: Mean) -> bool:
        if limit.most is None:
            return limit.is_broken_by(mean.value)
        one = exceedance.Averages(np.zeros(1), np.array([mean.value]), np.array([mean.covered]))
        verdict = exceedance.judge(one, limit=limit.most, least_covered=self._least)
        return bool(verdict.exceeded[0]) or limit.is_broken_by(mean.value)

    def _means(self, db: sqlite3.Connection, limit: Limit, block: Window) -> Iterator[Mean]:
        if limit.unit == SPECIFIC:
            yield from self._per_tonne(db, limit, block)
            return
        for meter in self._meters(limit):
            name = self._plant.points[self._plant.points.place(meter.id, limit.quantity)].name
            cells = inputs.cells_of(db, name, block.start_ns, block.end_ns)
            amount = between(
                cells,
                block.start_ns,
                block.end_ns,
                shape=Shape.GAUGE,
                longest_gap_s=self._longest_gap_s,
                modulus=None,
            )
            if amount.known_s > 0:
                mean = amount.amount / amount.known_s
                yield Mean(meter.id, mean, amount.covered_s / block.length_s, amount.quality)

    def _meters(self, limit: Limit) -> list[Meter]:
        return [
            meter
            for meter in self._plant.meters
            if limit.quantity in accounted(meter)
            and limit.quantity.kind is not Kind.COUNTER
            and (not limit.stack or meter.stack == limit.stack)
            and (not limit.potline or meter.potline == limit.potline)
        ]

    @staticmethod
    def _per_tonne(db: sqlite3.Connection, limit: Limit, block: Window) -> Iterator[Mean]:
        """Yield the mass of a pollutant per tonne of metal: the sum of hours over the sum of hours."""
        hours = ledger.latest_records(db, WHOLE_PLANT, "hour", block.start_ns, block.end_ns)
        stacks = [plant_stated(record).sums.masses.get(limit.stack or WHOLE_PLANT, {}) for record in hours]
        masses = [masses[limit.quantity.label] for masses in stacks if limit.quantity.label in masses]
        metal_t = fsum(mass.metal_t for mass in masses)
        if metal_t > 0:
            known_s = fsum(mass.covered_s + mass.estimated_s for mass in masses)
            mean = fsum(mass.mass_kg for mass in masses) / metal_t
            yield Mean("", mean, known_s / block.length_s, min(mass.quality for mass in masses))

    def _say(self, limit: Limit, mean: Mean, block: Window, *, outside: bool) -> None:
        key = (limit.name, mean.meter)
        told = {"limit": limit.name, "meter": mean.meter, "mean": mean.value, "unit": limit.unit, "over": block.name}
        if outside and key not in self._broken:
            self._broken.add(key)
            log.warning("limit is not kept", most=limit.most, least=limit.least, source=limit.source, **told)
        elif not outside and key in self._broken:
            self._broken.discard(key)
            log.info("limit is kept again", **told)


def _of_most_pct(limit: Limit, mean: Mean) -> float | None:
    if limit.most is None:
        return None
    # Analysers drift below zero; a share of a limit does not.
    return float(100 * exceedance.share_of_limit(max(0.0, mean.value), limit=limit.most))
