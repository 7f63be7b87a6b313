"""Values of a factor that are told for intervals of time, while the plant runs. Pure.

Invariants: no two values of one series overlap; of a time of which nothing is told, nothing is made up: what counts
there is said by ``Untold``.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Untold(Enum):
    """What counts at a time of which nothing is told, though it should be."""

    ESTIMATE = "estimate"
    """What the plant file says, and that is marked as estimated."""
    WITHHOLD = "withhold"
    """Nothing: what depends on it is not stated."""


class Withheld(LookupError):
    """Nothing is told of a time, and the plant wants nothing to stand in for it."""


@dataclass(frozen=True, slots=True)
class ToldValue:
    """A value of an interval. ``id`` and ``revision`` name the message that told it: all of them are kept."""

    id: str
    revision: int
    start_ns: int
    end_ns: int
    value: float
    source: str

    @property
    def version(self) -> str:
        """The revision in words: with the id it names what was told, once and for all."""
        return f"revision {self.revision}"

    @property
    def name(self) -> str:
        """Id and revision."""
        return f"{self.id} {self.version}"


@dataclass(frozen=True, slots=True)
class ToldValues:
    """Values by interval, earliest first.

    Raises
    ------
    ValueError
        If two overlap or they are not in order.
    """

    rows: tuple[ToldValue, ...] = ()
    _starts: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    _ends: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    _values: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for before, after in zip(self.rows, self.rows[1:], strict=False):
            if after.start_ns < before.end_ns:
                raise ValueError(f"{before.name} and {after.name} tell of one time; withdraw one of them")
        object.__setattr__(self, "_starts", np.array([row.start_ns for row in self.rows], np.int64))
        object.__setattr__(self, "_ends", np.array([row.end_ns for row in self.rows], np.int64))
        object.__setattr__(self, "_values", np.array([row.value for row in self.rows], np.float64))

    def at(self, time_ns: int) -> ToldValue | None:
        """Return what is told of a time; None where nothing is."""
        place = bisect_right(self._starts, time_ns) - 1
        return self.rows[place] if place >= 0 and time_ns < self.rows[place].end_ns else None

    def over(self, times_ns: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the value at each time and its place among the rows; NaN and -1 where nothing is told."""
        if not self.rows:
            return np.full(len(times_ns), np.nan), np.full(len(times_ns), -1, np.int64)
        place = np.searchsorted(self._starts, times_ns, side="right") - 1
        known = (place >= 0) & (times_ns < self._ends[place])
        return np.where(known, self._values[place], np.nan), np.where(known, place, -1)

    def within(self, start_ns: int, end_ns: int) -> tuple[ToldValue, ...]:
        """Return the values that have a part in an interval."""
        first = max(0, bisect_right(self._starts, start_ns) - 1)
        last = bisect_right(self._starts, end_ns)
        return tuple(row for row in self.rows[first:last] if row.start_ns < end_ns and start_ns < row.end_ns)

    def between(self, start_ns: int, end_ns: int) -> float:
        """Return the amount of an interval; a value that lies in it in part counts in proportion to its time."""
        found = self.within(start_ns, end_ns)
        return sum(
            row.value * (min(row.end_ns, end_ns) - max(row.start_ns, start_ns)) / (row.end_ns - row.start_ns)
            for row in found
        )

    def gaps(self, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
        """Return the times of an interval of which nothing is told, each with its end, earliest first."""
        found, at_ns = [], start_ns
        for row in self.within(start_ns, end_ns):
            if row.start_ns > at_ns:
                found.append((at_ns, row.start_ns))
            at_ns = max(at_ns, row.end_ns)
        if at_ns < end_ns:
            found.append((at_ns, end_ns))
        return found
