"""Traces: the readings that a minute's cell is made of, kept where more of them may still come."""

from dataclasses import dataclass, field

from collector.readings.cell import Cell, rescaled
from collector.readings.scale import Scale

Raw = tuple[int, float, int]
"""Time [ns UTC], value and quality of a reading."""


@dataclass(slots=True)
class Trace:
    """What is known of one point in one minute beyond its cell.

    Attributes
    ----------
    core : Cell or None
        A part of which only the sum is known any more: nothing can be put between its first and its last reading.
    raw : list of tuple
        The readings before and after it, in order of time.
    stored : bool
        Whether the store has, or is to have, this trace.
    scale : Scale or None
        What the readings of a counter are counted in; None: in the quantity's unit.
    """

    core: Cell | None = None
    raw: list[Raw] = field(default_factory=list)
    stored: bool = False
    scale: Scale | None = None

    def at(self, scale: Scale | None) -> "Trace":
        """Return the trace counted in another scale; the same where it is counted so already."""
        if self.scale == scale and (self.core is None or self.core.scale == scale):
            return self
        raw = [(time_ns, rescaled(value, self.scale, scale), quality) for time_ns, value, quality in self.raw]
        return Trace(None if self.core is None else self.core.at(scale), raw, self.stored, scale)

    def spans(self, cell: Cell) -> bool:
        """Tell whether the trace goes as far as a cell: then nothing was added to the cell since."""
        firsts = [self.raw[0][0]] if self.raw else []
        lasts = [self.raw[-1][0]] if self.raw else []
        if self.core is not None:
            firsts.append(self.core.first_ns)
            lasts.append(self.core.last_ns)
        return bool(firsts) and min(firsts) == cell.first_ns and max(lasts) == cell.last_ns

    def holds(self, time_ns: int) -> bool:
        """Tell whether a time lies strictly inside what is known as a sum only."""
        return self.core is not None and self.core.first_ns < time_ns < self.core.last_ns

    def times(self) -> set[int]:
        """Return the times of all readings that are known one by one [ns]."""
        ends = () if self.core is None else (self.core.first_ns, self.core.last_ns)
        return {*ends, *(time_ns for time_ns, _, _ in self.raw)}
