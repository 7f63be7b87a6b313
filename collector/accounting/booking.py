"""The live side of the accounts: readings in, changed cells out. No I/O; the caller keeps the cells.

It holds the last cell of every accounted point, which is all it needs to go on after a restart, and for the last
minutes the readings themselves: a reading that comes late may belong between them. What is older it asks the caller
for, see ``late``.
"""

from collections import Counter as Counts
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from collector.accounting import counters
from collector.accounting.cells import Rule, lengthen, single
from collector.accounting.counters import Step
from collector.accounting.integrals import Shape
from collector.accounting.late import Amendment, Refusal, Span, Stretch, stretches
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS, Cell, minute_of
from collector.readings.trace import Trace

KEPT_MINUTES = 5
"""Minutes of each point whose readings are kept one by one in memory: the last ones that have any."""

LIVE_NS = 2 * MINUTE_NS
"""What is older than this when it comes was not told live: others of its time may follow in any order."""

_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that a counter did and that an auditor will ask about."""

    point: int
    time_ns: int
    step: Step
    shown: float
    expected: float


@dataclass(slots=True)
class Changes:
    """What is to be written: cells and traces by point and minute; where the lines of points changed, and incidents."""

    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    traces: dict[tuple[int, int], Trace] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


class Booking:
    """Books readings into cells.

    Parameters
    ----------
    rules : mapping
        How each accounted point is booked.
    last_cells, last_traces : mapping
        The last cell of each point that has one, and the readings of that minute where they are kept.
    longest_gap_s : float
        A gap up to this long counts as covered [s].

    Attributes
    ----------
    late : int
        Readings that were booked although later ones of their point had been before.
    refused : Counter
        Readings that came late and were not booked, by the cause.
    """

    def __init__(
        self,
        rules: Mapping[int, Rule],
        last_cells: Mapping[int, Cell],
        last_traces: Mapping[int, Trace],
        *,
        longest_gap_s: float,
    ) -> None:
        self._rules = {point: rule.in_steps() for point, rule in rules.items()}
        self._longest_gap_s = longest_gap_s
        # What was kept before the register's steps were known, or counted in others, goes on in those of now.
        self._cells = {point: cell.at(self._rules[point].scale) for point, cell in last_cells.items()}
        self._counters = {
            point: counters.start(cell.last, cell.last_ns)
            for point, cell in self._cells.items()
            if rules[point].shape is Shape.COUNTER
        }
        self._recent: dict[int, dict[int, Trace]] = {
            point: {cell.minute_ns: _as_kept(cell, last_traces.get(point), self._rules[point])}
            for point, cell in self._cells.items()
        }
        # One place more than there are points with a rule: whatever lies beyond is looked up there.
        size = max(rules, default=-1) + 2
        self._accounted = np.zeros(size, np.bool_)
        self._accounted[list(rules)] = True
        self._last_ns = np.full(size, _NEVER, np.int64)
        for point, cell in last_cells.items():
            self._last_ns[point] = cell.last_ns
        self._changes = Changes()
        self.late = 0
        self.refused: Counts[Refusal] = Counts()

    def book(self, batch: ReadingBatch, now_ns: int, *, not_before_ns: int) -> ReadingBatch:
        """Book the usable readings of accounted points, in order of their times.

        Parameters
        ----------
        batch : ReadingBatch
            Readings of any points, in any order.
        now_ns : int
            The time [ns UTC]: of what was not told live, the readings are kept.
        not_before_ns : int
            Older minutes stay as they are: their inputs are, or soon will be, let go of [ns UTC].

        Returns
        -------
        ReadingBatch
            Those that come late, of which ``amend`` makes what they are worth.
        """
        rows = np.flatnonzero(self._accounted.take(batch.point, mode="clip"))
        if not len(rows):
            return batch.select(rows)
        found = batch.select(rows)
        found = found.select(found.usable)
        old = found.time_ns < not_before_ns
        if old.any():
            self.refused[Refusal.TOO_OLD] += int(old.sum())
            found = found.select(~old)
        found = found.select(np.lexsort((found.time_ns, found.point)))
        is_late = found.time_ns <= self._last_ns[found.point]
        for point, time_ns, value, quality in found.select(~is_late):
            cell = self._cells.get(point)
            if cell is not None and time_ns <= cell.last_ns:
                self.refused[Refusal.REPEATED] += 1
                continue
            rule, step = self._rules[point], Step.BOOKED
            shown = value if rule.scale is None else rule.scale.steps(value)
            if rule.shape is Shape.COUNTER:
                step = self._count(point, rule, shown, time_ns)
                if step is Step.SUSPECT:
                    continue
            joined = step is not Step.REBASED
            self._put(point, cell, single(time_ns, shown, quality, joined=joined, scale=rule.scale), rule, now_ns)
        return found.select(is_late)

    @staticmethod
    def wanted(late: ReadingBatch) -> list[Stretch]:
        """Return of which points and times ``amend`` needs the cells, with the nearest before and after, and traces."""
        return stretches(late)

    def amend(
        self, late: ReadingBatch, known: Mapping[int, Iterable[Cell]], traces: Mapping[tuple[int, int], Trace]
    ) -> None:
        """Book readings that came late into the minutes that they belong to.

        Parameters
        ----------
        late : ReadingBatch
            What ``book`` returned, in order of points and times.
        known, traces
            What the store has of the stretches that ``wanted`` names.
        """
        uncommitted: dict[int, dict[int, Cell]] = {}
        for (point, minute), cell in self._changes.cells.items():
            uncommitted.setdefault(point, {})[minute] = cell
        for point, of_point in _by_point(late):
            rule = self._rules[point]
            cells = {cell.minute_ns: cell.at(rule.scale) for cell in known.get(point, ())}
            cells |= uncommitted.get(point, {})
            here = self._cells[point]
            amendment = Amendment(rule, cells | {here.minute_ns: here}, self._longest_gap_s)
            for minute, rows in _by_minute(of_point, rule):
                trace = self._trace(point, minute, amendment.cells.get(minute), traces.get((point, minute)))
                booked = amendment.put(minute, trace, rows)
                if booked:
                    # More of them may come.
                    self.late += booked
                    trace.stored = True
                    self._changes.traces[point, minute] = trace
            self._cells[point] = amendment.last
            for minute in amendment.changed:
                self._changes.cells[point, minute] = amendment.cells[minute]
            self._changes.spans += [Span(point, since_ns, until_ns) for since_ns, until_ns in amendment.spans]
            for cause, count in amendment.refused.items():
                self.refused[cause] += count
            if amendment.suspect is not None:
                time_ns, shown, expected = amendment.suspect
                worth = rule.worth(shown), rule.worth(expected)
                self._changes.incidents.append(Incident(point, time_ns, Step.SUSPECT, *worth))

    def take(self) -> Changes:
        """Return what changed since the last time, and forget it."""
        taken, self._changes = self._changes, Changes()
        return taken

    def _trace(self, point: int, minute: int, cell: Cell | None, stored: Trace | None) -> Trace:
        """Return the readings of a minute, as far as anybody has kept them."""
        recent = self._recent.get(point, {}).get(minute)
        if recent is not None:
            return recent
        rule = self._rules[point]
        return Trace(scale=rule.scale) if cell is None else _as_kept(cell, stored, rule)

    def _count(self, point: int, rule: Rule, shown: float, time_ns: int) -> Step:
        counter = self._counters.get(point)
        if counter is None:
            self._counters[point] = counters.start(shown, time_ns)
            return Step.BOOKED
        after, step = counters.advance(
            counter, shown, time_ns, most_per_s=rule.most_per_s, modulus=rule.modulus, slack=rule.slack
        )
        if step is not Step.BOOKED and (step is not Step.SUSPECT or after.seen == 1):
            self._changes.incidents.append(Incident(point, time_ns, step, rule.worth(shown), rule.worth(counter.shown)))
        self._counters[point] = after
        return step

    def _put(self, point: int, cell: Cell | None, reading: Cell, rule: Rule, now_ns: int) -> None:
        minute, time_ns, value = reading.minute_ns, reading.first_ns, reading.first
        recent = self._recent.setdefault(point, {})
        if cell is None or cell.minute_ns != minute:
            if cell is not None:
                self._changes.spans.append(Span(point, cell.last_ns, time_ns))
            self._changes.spans.append(Span(point, minute, minute + MINUTE_NS))
            self._cells[point] = cell = reading
            recent[minute] = Trace(scale=rule.scale)
            if len(recent) > KEPT_MINUTES:
                del recent[min(recent)]
        else:
            if (point, minute) not in self._changes.cells:
                self._changes.spans.append(Span(point, minute, minute + MINUTE_NS))
            lengthen(cell, reading, rule, known=reading.joined, longest_gap_s=self._longest_gap_s)
        trace = recent[minute]
        trace.raw.append((time_ns, value, reading.quality))
        trace.stored = trace.stored or time_ns < now_ns - LIVE_NS
        if trace.stored:
            self._changes.traces[point, minute] = trace
        self._last_ns[point] = time_ns
        self._changes.cells[point, minute] = cell


def _as_kept(cell: Cell, stored: Trace | None, rule: Rule) -> Trace:
    """Return the readings of a cell where they were kept, else that there is no more than the cell."""
    if stored is not None and stored.spans(cell):
        return stored.at(rule.scale)
    return Trace(core=replace(cell), scale=rule.scale)


def _by_point(batch: ReadingBatch) -> Iterable[tuple[int, ReadingBatch]]:
    """Cut a batch that is in order of points."""
    edges = [0, *(np.flatnonzero(np.diff(batch.point)) + 1).tolist(), len(batch)]
    for start, end in pairwise(edges):
        if end > start:
            yield int(batch.point[start]), batch.select(np.arange(start, end))


def _by_minute(batch: ReadingBatch, rule: Rule) -> Iterable[tuple[int, Sequence[tuple[int, float, int]]]]:
    """Cut the readings of a point, in order of time and as they are booked, by their minutes."""
    values = batch.values() if rule.scale is None else map(rule.scale.steps, batch.values())
    rows = list(zip(batch.time_ns.tolist(), values, batch.quality.tolist(), strict=True))
    start = 0
    while start < len(rows):
        minute, end = minute_of(rows[start][0]), start
        while end < len(rows) and rows[end][0] < minute + MINUTE_NS:
            end += 1
        yield minute, rows[start:end]
        start = end
