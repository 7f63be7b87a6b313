"""The live side of the accounts: readings in, changed cells out. No I/O; the caller keeps the cells.

It holds the last cell of every accounted point, which is all it needs to go on after a restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from collector.accounting import counters
from collector.accounting.counters import Counter, Step
from collector.accounting.integrals import Shape
from collector.readings.batch import ReadingBatch
from collector.readings.cell import Cell, minute_of


@dataclass(frozen=True, slots=True)
class Rule:
    """How one point is booked. For a counter: the most it gains in a second, modulus, and slack (see counters)."""

    shape: Shape
    most_per_s: float = 0.0
    modulus: float | None = None
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that a counter did and that an auditor will ask about."""

    point: int
    time_ns: int
    step: Step
    shown: float
    expected: float


class Booking:
    """Books readings into cells.

    ``changed`` holds the cells to be written since the last ``take``, by point and minute; ``reached`` the points whose
    line now goes on past an earlier reading, with that reading's time: closed minutes from there on change.
    """

    def __init__(self, rules: Mapping[int, Rule], last_cells: Mapping[int, Cell], *, longest_gap_s: float) -> None:
        self._rules = rules
        self._longest_gap_s = longest_gap_s
        self._cells = dict(last_cells)
        self._counters = {
            point: Counter(total=cell.last, shown=cell.shown, time_ns=cell.last_ns)
            for point, cell in last_cells.items()
            if rules[point].shape is Shape.COUNTER
        }
        self._accounted = np.array(sorted(rules), np.int32)
        self.changed: dict[tuple[int, int], Cell] = {}
        self.reached: dict[int, int] = {}
        self.incidents: list[Incident] = []
        self.late = 0

    def book(self, batch: ReadingBatch) -> None:
        """Book the usable readings of accounted points, in order of their times."""
        rows = np.flatnonzero(np.isin(batch.point, self._accounted) & batch.usable)
        if not len(rows):
            return
        order = rows[np.lexsort((batch.time_ns[rows], batch.point[rows]))]
        for point, time_ns, value, quality in batch.select(order):
            cell = self._cells.get(point)
            if cell is not None and time_ns <= cell.last_ns:
                self.late += 1
                continue
            rule = self._rules[point]
            if rule.shape is Shape.COUNTER:
                counter, step = self._count(point, rule, value, time_ns)
                if step is Step.SUSPECT:
                    continue
                reading = _Booked(time_ns, counter.total, counter.shown, quality, known=step is not Step.REBASED)
            else:
                reading = _Booked(time_ns, value, 0.0, quality, known=True)
            self._put(point, cell, reading, rule.shape)

    def take(self) -> tuple[dict[tuple[int, int], Cell], dict[int, int], list[Incident]]:
        """Return what changed since the last time, and forget it."""
        taken = self.changed, self.reached, self.incidents
        self.changed, self.reached, self.incidents = {}, {}, []
        return taken

    def _count(self, point: int, rule: Rule, shown: float, time_ns: int) -> tuple[Counter, Step]:
        counter = self._counters.get(point)
        if counter is None:
            counter = self._counters[point] = counters.start(shown, time_ns)
            return counter, Step.BOOKED
        after, step = counters.advance(
            counter,
            shown,
            time_ns,
            most_per_s=rule.most_per_s,
            modulus=rule.modulus,
            slack=rule.slack,
        )
        if step is not Step.BOOKED and (step is not Step.SUSPECT or after.seen == 1):
            self.incidents.append(Incident(point, time_ns, step, shown, counter.shown))
        self._counters[point] = after
        return after, step

    def _put(self, point: int, cell: Cell | None, reading: "_Booked", shape: Shape) -> None:
        minute = minute_of(reading.time_ns)
        if cell is None or cell.minute_ns != minute:
            if cell is not None:
                self.reached[point] = min(self.reached.get(point, cell.last_ns), cell.last_ns)
            time_ns, value = reading.time_ns, reading.value
            cell = Cell(
                minute_ns=minute,
                first_ns=time_ns,
                first=value,
                last_ns=time_ns,
                last=value,
                integral=0.0,
                bridged_s=0.0,
                unknown_s=0.0,
                joined=reading.known,
                shown=reading.shown,
                quality=reading.quality,
            )
            self._cells[point] = cell
        else:
            step_s = (reading.time_ns - cell.last_ns) * 1e-9
            if shape is Shape.GAUGE:
                cell.integral += (cell.last + reading.value) / 2 * step_s
            if not reading.known:
                cell.unknown_s += step_s
            elif step_s > self._longest_gap_s:
                cell.bridged_s += step_s
            cell.last_ns, cell.last, cell.shown = reading.time_ns, reading.value, reading.shown
            cell.quality = min(cell.quality, reading.quality)
        self.changed[point, minute] = cell


@dataclass(frozen=True, slots=True)
class _Booked:
    """A reading as it goes into a cell. ``known``: False where the time since the one before is not known."""

    time_ns: int
    value: float
    shown: float
    quality: int
    known: bool
