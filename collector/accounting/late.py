"""Readings that come late: where they belong, and what they change there. Pure.

A gateway that was cut off sends what it stored: hours, in any order. A gauge's reading is put between those of its
minute, or makes the minute's cell. A counter's must fit its neighbours in time, as if it had come between them:

- on an unbroken line it lies within what the meter can have gained from the one before and to the one after;
- where the line is broken (a reset, another meter) it belongs to the side from which or to which it can be reached;
- else it is not booked, and an incident.

What a minute is made of is kept with it (``Trace``), so the order of arrival makes no difference, but for one thing: a
new level of a register (a reset, another meter) is believed after some readings in a row, and those before that are not
booked. That must be so: one reading at another level is a glitch or a new meter, and only what follows tells which.
Nobody keeps it until then, for most are glitches. Told once more, or late, when the level is known, it is booked; from
there on any order gives the same cells. In no order is more booked than the meters counted. Of a minute that was
filled live and is over for a while, only the cell is known: a reading inside it can be put nowhere, and is counted.
"""

from bisect import bisect_left, insort
from collections import Counter as Counts
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from collector.accounting.cells import Rule, made_of
from collector.accounting.integrals import Shape
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS, Cell, minute_of
from collector.readings.trace import Raw, Trace

_APART_NS = 60 * MINUTE_NS
"""Late readings of one point that lie further apart than this are looked up apart."""


class Refusal(Enum):
    """Why a late reading was not booked. The value is the end of its counter's name."""

    REPEATED = "repeated"
    """A reading of that point and time is booked already: after a restart a broker sends some again."""
    INSIDE = "inside"
    """It lies between readings of which only the sum is kept."""
    SUSPECT = "suspect"
    """A counter cannot have shown that between what it showed before and after."""
    TOO_OLD = "too_old"
    """The inputs of that time are let go of, or soon will be."""

    @property
    def words(self) -> str:
        """The cause in words, for the log."""
        return _WORDS[self]


_WORDS = {
    Refusal.REPEATED: "booked already",
    Refusal.INSIDE: "they lie within minutes whose readings are not kept one by one any more",
    Refusal.SUSPECT: "the counter cannot have shown that between what it showed before and after",
    Refusal.TOO_OLD: "they are older than [store] keep_inputs",
}


class Stretch(NamedTuple):
    """From a minute's start to a minute's end [ns]: where late readings of a point lie."""

    point: int
    start_ns: int
    end_ns: int


class Span(NamedTuple):
    """Between these times [ns] the accounts of a point are not what they were."""

    point: int
    since_ns: int
    until_ns: int


def stretches(late: ReadingBatch) -> list[Stretch]:
    """Return where late readings lie; they are in order of points and times."""
    cuts = (np.diff(late.point) != 0) | (np.diff(late.time_ns) > _APART_NS)
    edges = [0, *(np.flatnonzero(cuts) + 1).tolist(), len(late)]
    return [
        Stretch(
            int(late.point[start]),
            minute_of(int(late.time_ns[start])),
            minute_of(int(late.time_ns[end - 1])) + MINUTE_NS,
        )
        for start, end in pairwise(edges)
        if end > start
    ]


class _Anchor(NamedTuple):
    """A part of a line with nothing to be put into it: a reading, or readings of which only the sum is known."""

    first_ns: int
    first: float
    last_ns: int
    last: float


class Amendment:
    """Puts late readings of one point where they belong.

    Attributes
    ----------
    cells : dict
        The cells around the readings, by minute: those that are to be changed, and the nearest before and after.
    changed : set of int
        The minutes whose cells changed or are new.
    spans : list of tuple
        Between which times the line is another now [ns].
    refused : Counter
        What was not booked, by the cause.
    suspect : tuple or None
        Time, value, and the value before it, of the first reading that a counter cannot have shown.
    """

    def __init__(self, rule: Rule, cells: dict[int, Cell], longest_gap_s: float) -> None:
        self._rule = rule
        self._longest_gap_s = longest_gap_s
        self.cells = cells
        self._minutes = sorted(cells)
        self.changed: set[int] = set()
        self.spans: list[tuple[int, int]] = []
        self.refused: Counts[Refusal] = Counts()
        self.suspect: tuple[int, float, float] | None = None

    @property
    def last(self) -> Cell:
        """The cell of the last minute."""
        return self.cells[self._minutes[-1]]

    def put(self, minute_ns: int, trace: Trace, readings: Sequence[Raw]) -> int:
        """Put readings into their minute, and return how many were booked. Minutes come in order of time.

        Parameters
        ----------
        minute_ns : int
            The minute.
        trace : Trace
            What it is made of so far; those that are booked are added.
        readings : sequence of tuple
            Time [ns], value and quality of each, in order of time.
        """
        at = bisect_left(self._minutes, minute_ns)
        old = self.cells.get(minute_ns)
        behind = at if old is None else at + 1
        before = self.cells[self._minutes[at - 1]] if at else None
        after = self.cells[self._minutes[behind]] if behind < len(self._minutes) else None
        fresh = self._fresh(trace, readings)
        if self._rule.shape is Shape.COUNTER:
            fresh = self._believed(fresh, trace, before, after)
        if not fresh:
            return 0
        trace.raw = sorted([*trace.raw, *fresh])
        cell = made_of(trace, self._rule, joined=True, longest_gap_s=self._longest_gap_s)
        is_first = old is None or cell.first_ns != old.first_ns
        is_last = old is None or cell.last_ns != old.last_ns
        since_ns, until_ns = minute_ns, minute_ns + MINUTE_NS
        if old is None:
            insort(self._minutes, minute_ns)
        elif not is_first:
            cell.joined = old.joined
        if is_first and before is not None:
            cell.joined = self._rule.joins(before.last, before.last_ns, cell.first, cell.first_ns)
            since_ns = before.last_ns
        if is_last and after is not None:
            joined = self._rule.joins(cell.last, cell.last_ns, after.first, after.first_ns)
            if joined != after.joined:
                after.joined = joined
                self.changed.add(after.minute_ns)
            until_ns = max(until_ns, after.first_ns)
        self.cells[minute_ns] = cell
        self.changed.add(minute_ns)
        if self.spans and since_ns <= self.spans[-1][1]:
            since_ns, known_until_ns = self.spans.pop()
            until_ns = max(until_ns, known_until_ns)
        self.spans.append((since_ns, until_ns))
        return len(fresh)

    def _fresh(self, trace: Trace, readings: Sequence[Raw]) -> list[Raw]:
        """Return the readings that are not booked already and have a place."""
        known = trace.times()
        found = []
        for reading in readings:
            time_ns = reading[0]
            if time_ns in known:
                self.refused[Refusal.REPEATED] += 1
            elif trace.holds(time_ns):
                self.refused[Refusal.INSIDE] += 1
            else:
                known.add(time_ns)
                found.append(reading)
        return found

    def _believed(self, readings: Sequence[Raw], trace: Trace, before: Cell | None, after: Cell | None) -> list[Raw]:
        """Return the readings that a register can have shown, each beside those that are believed before it."""
        around = [before] if before is not None else []
        around += [trace.core] if trace.core is not None else []
        around += [after] if after is not None else []
        line = [_Anchor(cell.first_ns, cell.first, cell.last_ns, cell.last) for cell in around]
        line += [_Anchor(time_ns, value, time_ns, value) for time_ns, value, _ in trace.raw]
        line.sort()
        found = []
        place = 0
        for reading in readings:
            time_ns, value, _ = reading
            here = _Anchor(time_ns, value, time_ns, value)
            while place < len(line) and line[place].first_ns < time_ns:
                place += 1
            left = line[place - 1] if place else None
            right = line[place] if place < len(line) else None
            if self._fits(left, here, right):
                line.insert(place, here)
                found.append(reading)
                continue
            self.refused[Refusal.SUSPECT] += 1
            if self.suspect is None:
                self.suspect = (time_ns, value, value if left is None else left.last)
        return found

    def _fits(self, left: _Anchor | None, here: _Anchor, right: _Anchor | None) -> bool:
        from_left = left is None or self._joins(left, here)
        to_right = right is None or self._joins(here, right)
        unbroken = left is not None and right is not None and self._joins(left, right)
        return (from_left and to_right) if unbroken else (from_left or to_right)

    def _joins(self, earlier: _Anchor, later: _Anchor) -> bool:
        return self._rule.joins(earlier.last, earlier.last_ns, later.first, later.first_ns)
