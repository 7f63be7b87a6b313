"""Pots in operation, from what their controllers tell. Pure but for its own running means."""

import numpy as np

from collector.plant.topology import Plant, Potline
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.pots import PotsInputs
from collector.readings.quantity import Quantity

CARRIES_CURRENT_KA = 10.0
"""Below this mean current a line stands, and the voltage of a pot says nothing about it."""

_KEPT_NS = 10 * MINUTE_NS
"""Minutes are remembered for so long after they were asked for: what comes a little late still counts."""

_MOST_MINUTES = 1440
"""More are never remembered: after a stop a broker tells as much at once, all of it before a minute is closed."""


class PotWatch:
    """Mean voltage of every pot, minute by minute, until the minute is closed.

    A pot that is bridged out of the line shows almost no voltage while the others carry current. A pot that says
    nothing counts as in operation, as the plant file has it: silence is no evidence.
    """

    def __init__(self, plant: Plant) -> None:
        self._place = np.full(len(plant.points), -1, np.int64)
        self._columns: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
        column = 0
        for potline in plant.potlines:
            self._columns[potline.id] = np.arange(column, column + len(potline.pots))
            for pot in potline.pots:
                self._place[plant.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE)] = column
                column += 1
        self._size = column
        self._is_voltage = self._place >= 0
        self._sums: dict[int, np.ndarray[tuple[int, int], np.dtype[np.float64]]] = {}
        self._asked: dict[str, int] = dict.fromkeys(self._columns, -1)

    def take(self, batch: ReadingBatch) -> None:
        """Add the usable pot voltages of a batch."""
        rows = np.flatnonzero(self._is_voltage[batch.point])
        if not len(rows):
            return
        voltages = batch.select(rows)
        usable = voltages.usable
        if not usable.all():
            voltages = voltages.select(usable)
        column, minute = self._place[voltages.point], voltages.time_ns // MINUTE_NS
        while len(minute):
            number = int(minute[0])
            here = minute == number
            sums = self._sums.setdefault(number * MINUTE_NS, np.zeros((2, self._size)))
            sums[0] += np.bincount(column[here], voltages.value[here], self._size)
            sums[1] += np.bincount(column[here], minlength=self._size)
            column, minute, voltages = column[~here], minute[~here], voltages.select(~here)
        for old in sorted(self._sums)[:-_MOST_MINUTES]:
            del self._sums[old]

    def inputs(self, potline: Potline, minute_ns: int, *, line_current_ka: float | None) -> PotsInputs:
        """Return what the pots told in a minute, given the line's mean current then (None: not known)."""
        return PotsInputs(self.operating(potline, minute_ns, line_current_ka=line_current_ka))

    def operating(self, potline: Potline, minute_ns: int, *, line_current_ka: float | None) -> int:
        """Return the pots in operation in a minute, given the line's mean current then (None: not known)."""
        everything = len(potline.pots)
        self._let_go(potline, minute_ns)
        sums = self._sums.get(minute_ns)
        if sums is None or line_current_ka is None or line_current_ka < CARRIES_CURRENT_KA:
            return everything
        volts, count = sums[:, self._columns[potline.id]]
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
