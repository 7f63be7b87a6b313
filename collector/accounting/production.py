"""Pots in operation, from what their controllers tell. Pure but for its own running means."""

import numpy as np

from collector.plant.topology import Plant, Potline
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.pots import PotsInputs
from collector.readings.quantity import Quantity

CARRIES_CURRENT_KA = 10.0
"""Below this mean current a line stands, and the voltage of a pot says nothing about it."""

_Whole = np.ndarray[tuple[int], np.dtype[np.int64]]

_CURRENT_HOLDS_NS = MINUTE_NS
"""A line's current is taken to stay as it was for so long after its last reading."""

_KEPT_NS = 10 * MINUTE_NS
"""Minutes are remembered for so long after they were asked for: what comes a little late still counts."""

_MOST_MINUTES = 1440
"""More are never remembered: after a stop a broker tells as much at once, all of it before a minute is closed."""


class PotWatch:
    """Mean voltage and energy of every pot, minute by minute, until the minute is closed.

    A pot that is bridged out of the line shows almost no voltage while the others carry current. A pot that says
    nothing counts as in operation, as the plant file has it: silence is no evidence. The energy of a pot is the mean of
    its voltages, each times the line's current at its time (a straight line between readings of the current), over the
    minute; that of a line is only told for a minute in which all of its pots were heard.
    """

    def __init__(self, plant: Plant) -> None:
        self._place = np.full(len(plant.points), -1, np.int64)
        self._columns: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
        self._currents: list[_Current] = []
        column = 0
        for potline in plant.potlines:
            self._columns[potline.id] = np.arange(column, column + len(potline.pots))
            for pot in potline.pots:
                self._place[plant.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE)] = column
                column += 1
            meter = plant.line_meter(potline)
            if meter is not None:
                point = plant.points.place(meter.id, Quantity.LINE_CURRENT)
                self._currents.append(_Current(point, self._columns[potline.id][0], column))
        self._size = column
        self._is_voltage = self._place >= 0
        self._sums: dict[int, np.ndarray[tuple[int, int], np.dtype[np.float64]]] = {}
        self._asked: dict[str, int] = dict.fromkeys(self._columns, -1)

    def take(self, batch: ReadingBatch) -> None:
        """Add the usable pot voltages of a batch, and note the currents in it."""
        for current in self._currents:
            current.take(batch)
        rows = np.flatnonzero(self._is_voltage[batch.point])
        if not len(rows):
            return
        voltages = batch.select(rows)
        usable = voltages.usable
        if not usable.all():
            voltages = voltages.select(usable)
        column, time_ns, volts = self._place[voltages.point], voltages.time_ns, voltages.value
        power_kw = volts * self._current_ka(column, time_ns)
        minute = time_ns // MINUTE_NS
        while len(minute):
            number = int(minute[0])
            here = minute == number
            sums = self._sums.setdefault(number * MINUTE_NS, np.zeros((4, self._size)))
            known = here & ~np.isnan(power_kw)
            sums[0] += np.bincount(column[here], volts[here], self._size)
            sums[1] += np.bincount(column[here], minlength=self._size)
            sums[2] += np.bincount(column[known], power_kw[known], self._size)
            sums[3] += np.bincount(column[known], minlength=self._size)
            rest = ~here
            column, minute, volts, power_kw = column[rest], minute[rest], volts[rest], power_kw[rest]
        for old in sorted(self._sums)[:-_MOST_MINUTES]:
            del self._sums[old]

    def _current_ka(self, column: _Whole, time_ns: _Whole) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return the current of each pot's line at a time [kA]; NaN where it is not known."""
        found = np.full(len(column), np.nan)
        for current in self._currents:
            rows = np.flatnonzero((column >= current.first) & (column < current.end))
            if len(rows):
                found[rows] = current.at(time_ns[rows])
        return found

    def inputs(self, potline: Potline, minute_ns: int, *, line_current_ka: float | None) -> PotsInputs:
        """Return what the pots told in a minute, given the line's mean current then (None: not known)."""
        sums = self._sums.get(minute_ns)
        kwh = None
        if sums is not None:
            _, _, energy_kw, count = sums[:, self._columns[potline.id]]
            if (count > 0).all():
                kwh = float(np.sum(energy_kw / count)) / 60
        return PotsInputs(self.operating(potline, minute_ns, line_current_ka=line_current_ka), kwh)

    def operating(self, potline: Potline, minute_ns: int, *, line_current_ka: float | None) -> int:
        """Return the pots in operation in a minute, given the line's mean current then (None: not known)."""
        everything = len(potline.pots)
        self._let_go(potline, minute_ns)
        sums = self._sums.get(minute_ns)
        if sums is None or line_current_ka is None or line_current_ka < CARRIES_CURRENT_KA:
            return everything
        volts, count = sums[:2, self._columns[potline.id]]
        heard = count > 0
        out = int(np.count_nonzero(volts[heard] / count[heard] < potline.pot_out_below_v))
        return everything - out

    def _let_go(self, potline: Potline, minute_ns: int) -> None:
        """Forget the minutes that all potlines have asked for, a while ago."""
        if minute_ns <= self._asked[potline.id]:
            return
        self._asked[potline.id] = minute_ns
        oldest_ns = min(self._asked.values()) - _KEPT_NS
        for old in [minute for minute in self._sums if minute < oldest_ns]:
            del self._sums[old]


class _Current:
    """The readings of a line's current in the last minutes, and the columns of its pots: from ``first`` to ``end``."""

    def __init__(self, point: int, first: int, end: int) -> None:
        self.first, self.end = int(first), end
        self._point = point
        self._time_ns = np.empty(0, np.int64)
        self._ka = np.empty(0)

    def take(self, batch: ReadingBatch) -> None:
        """Note the usable readings of a batch."""
        rows = np.flatnonzero(batch.point == self._point)
        if not len(rows):
            return
        told = batch.select(rows)
        told = told.select(told.usable)
        if not len(told):
            return
        time_ns = np.concatenate((self._time_ns, told.time_ns))
        order = np.argsort(time_ns, kind="stable")
        keep = order[time_ns[order] > time_ns[order[-1]] - _KEPT_NS]
        self._ka = np.concatenate((self._ka, told.value))[keep]
        self._time_ns = time_ns[keep]

    def at(self, time_ns: _Whole) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return the current at some times [kA]; NaN where no reading is near."""
        if not len(self._time_ns):
            return np.full(len(time_ns), np.nan)
        near = np.searchsorted(self._time_ns, time_ns)
        before = self._time_ns[np.maximum(near - 1, 0)]
        after = self._time_ns[np.minimum(near, len(self._time_ns) - 1)]
        far = np.minimum(np.abs(time_ns - before), np.abs(after - time_ns)) > _CURRENT_HOLDS_NS
        start = self._time_ns[0]
        ka = np.interp((time_ns - start).astype(np.float64), (self._time_ns - start).astype(np.float64), self._ka)
        return np.where(far, np.nan, ka)
