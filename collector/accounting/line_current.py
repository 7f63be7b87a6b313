"""The readings of a line's current by minutes, so that a pot's voltage has its current whenever it comes. Pure."""

import numpy as np
import numpy.typing as npt

from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS

_HOLDS_NS = MINUTE_NS
"""A line's current is taken to stay as it was for so long after its last reading."""

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_NOTHING: tuple[_Ints, _Floats] = (np.empty(0, np.int64), np.empty(0))


class LineCurrent:
    """The usable readings of one point, by the minute they are in.

    Parameters
    ----------
    point
        The line's current.
    """

    def __init__(self, point: int) -> None:
        self._point = point
        self._told: dict[int, tuple[_Ints, _Floats]] = {}

    def take(self, batch: ReadingBatch) -> set[int]:
        """Note the readings of a batch; return the minutes that they are in [UTC ns]."""
        rows = np.flatnonzero(batch.point == self._point)
        if not len(rows):
            return set()
        told = batch.select(rows)
        told = told.select(told.usable)
        minute = told.time_ns // MINUTE_NS * MINUTE_NS
        touched = set(minute.tolist())
        for start in touched:
            here = minute == start
            self.restore(start, told.time_ns[here], told.value[here])
        return touched

    def restore(self, minute_ns: int, time_ns: _Ints, ka: _Floats) -> None:
        """Add readings of a minute; of two at one time the first counts."""
        if not len(time_ns):
            return
        known_ns, known_ka = self._told.get(minute_ns, _NOTHING)
        times, first = np.unique(np.concatenate((known_ns, time_ns)), return_index=True)
        self._told[minute_ns] = times, np.concatenate((known_ka, ka))[first]

    def of(self, minute_ns: int) -> tuple[_Ints, _Floats]:
        """Return times [UTC ns] and currents [kA] of a minute."""
        return self._told.get(minute_ns, _NOTHING)

    def at(self, time_ns: _Ints) -> _Floats:
        """Return the current at some times [kA]; NaN where no reading is near."""
        near = np.unique(time_ns // MINUTE_NS)
        minutes = np.unique(np.concatenate((near - 1, near, near + 1))) * MINUTE_NS
        told = [self._told[minute] for minute in minutes.tolist() if minute in self._told]
        if not told:
            return np.full(len(time_ns), np.nan)
        known_ns, known_ka = np.concatenate([each[0] for each in told]), np.concatenate([each[1] for each in told])
        after = np.searchsorted(known_ns, time_ns)
        left = known_ns[np.maximum(after - 1, 0)]
        right = known_ns[np.minimum(after, len(known_ns) - 1)]
        far = np.minimum(np.abs(time_ns - left), np.abs(right - time_ns)) > _HOLDS_NS
        start = known_ns[0]
        ka = np.interp((time_ns - start).astype(np.float64), (known_ns - start).astype(np.float64), known_ka)
        return np.where(far, np.nan, ka)

    def let_go(self, before_ns: int) -> None:
        """Forget the minutes that begin before a time."""
        for old in [minute for minute in self._told if minute < before_ns]:
            del self._told[old]
