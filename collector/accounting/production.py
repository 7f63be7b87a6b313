"""Pots in operation and their energy, from what their controllers tell. Pure but for its own running sums."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collector.accounting.line_current import LineCurrent
from collector.plant.topology import Plant, Potline
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.pots import PotMinute, PotsInputs, digest_of
from collector.readings.quantity import Quantity

CARRIES_CURRENT_KA = 10.0
"""Below this mean current a line stands, and the voltage of a pot says nothing about it."""

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Bits = npt.NDArray[np.uint64]

_KEPT_NS = 10 * MINUTE_NS
"""Minutes are remembered for so long after they were asked for: what comes a little late still counts."""

_MOST_MINUTES = 1440
"""More are never remembered: after a stop a broker tells as much at once, all of it before a minute is closed."""

_NEVER_NS = np.iinfo(np.int64).min


@dataclass(slots=True, eq=False)
class _Minute:
    """Sums over the voltages of each pot of the plant, as in ``PotMinute``."""

    sums: _Floats
    heard: _Bits


class PotWatch:
    """Mean voltage and energy of every pot, minute by minute.

    A pot that is bridged out of the line shows almost no voltage while the others carry current. A pot that says
    nothing counts as in operation, as the plant file has it: silence is no evidence. The energy of a pot is the mean of
    its voltages, each times the line's current at its time (a straight line between readings of the current), over the
    minute; that of a line is only told for a minute in which all of its pots were heard.

    A voltage that is not later than another one of its pot is late. It counts in its minute unless the pot was heard in
    the same second already: then it is taken for a repetition, for brokers and gateways tell things twice.

    Attributes
    ----------
    late : int
        Voltages that came late and were added to their minutes.
    repeated : int
        Voltages that came late, of a second in which their pot was heard already; not added.
    without_current : int
        Voltages at whose time the line's current was not known: they are in the count of pots, and in no energy.
    """

    def __init__(self, plant: Plant) -> None:
        self.late = self.repeated = self.without_current = 0
        self._lines = {potline.id: potline for potline in plant.potlines}
        self._place = np.full(len(plant.points), -1, np.int64)
        self._columns: dict[str, slice] = {}
        self._currents: dict[str, LineCurrent] = {}
        column = 0
        for potline in plant.potlines:
            first = column
            for pot in potline.pots:
                self._place[plant.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE)] = column
                column += 1
            self._columns[potline.id] = slice(first, column)
            meter = plant.line_meter(potline)
            if meter is not None:
                self._currents[potline.id] = LineCurrent(plant.points.place(meter.id, Quantity.LINE_CURRENT))
        self._size = column
        self._is_voltage = self._place >= 0
        self._pots = {id_: digest_of(potline.pots) for id_, potline in self._lines.items()}
        self._minutes: dict[int, _Minute] = {}
        self._last_ns = np.full(column, _NEVER_NS, np.int64)
        self._asked: dict[str, int] = dict.fromkeys(self._columns, -1)
        self._changed: set[tuple[str, int]] = set()

    def unknown(self, batch: ReadingBatch) -> list[tuple[str, int]]:
        """Return lines and minutes [UTC ns] that a batch speaks of and that are not in memory, with their neighbours.

        What the store has of them belongs into ``restore`` before the batch is taken.
        """
        voltages = batch.select(np.flatnonzero(self._is_voltage[batch.point]))
        if not len(voltages):
            return []
        spoken = np.unique(voltages.time_ns // MINUTE_NS)
        if all(minute * MINUTE_NS in self._minutes for minute in spoken.tolist()):
            return []
        around = np.unique(np.concatenate((spoken - 1, spoken, spoken + 1))) * MINUTE_NS
        new = [minute for minute in around.tolist() if minute not in self._minutes]
        return [(potline, minute) for minute in new for potline in self._columns]

    def restore(self, kept: Mapping[tuple[str, int], PotMinute]) -> None:
        """Put back what the store has of some lines and minutes [UTC ns], none of which is in memory."""
        for (potline, minute), told in kept.items():
            if potline not in self._columns or told.pots != self._pots[potline]:
                continue  # of other pots than those of today
            here, columns = self._minute(minute), self._columns[potline]
            here.sums[:, columns] = told.volts, told.count, told.power_kw, told.known
            here.heard[columns] = told.heard
            heard = told.count > 0
            latest = np.where(heard, minute + _last_second(told.heard) * 10**9, _NEVER_NS)
            self._last_ns[columns] = np.maximum(self._last_ns[columns], latest)
            if potline in self._currents:
                self._currents[potline].restore(minute, told.time_ns, told.current_ka)

    def take(self, batch: ReadingBatch) -> None:
        """Add the usable pot voltages of a batch, and note the currents in it."""
        for potline, current in self._currents.items():
            self._changed |= {(potline, minute) for minute in current.take(batch)}
        rows = np.flatnonzero(self._is_voltage[batch.point])
        if not len(rows):
            return
        voltages = batch.select(rows)
        usable = voltages.usable
        if not usable.all():
            voltages = voltages.select(usable)
        column, time_ns, volts = self._place[voltages.point], voltages.time_ns, voltages.value
        fresh = self._fresh(column, time_ns)
        if not fresh.all():
            column, time_ns, volts = column[fresh], time_ns[fresh], volts[fresh]
        if len(column):
            self._add(column, time_ns, volts)

    def _fresh(self, column: _Ints, time_ns: _Ints) -> npt.NDArray[np.bool_]:
        """Tell which voltages are not repetitions, and count the late ones."""
        late = time_ns <= self._last_ns[column]
        fresh = np.ones(len(column), np.bool_)
        for row in np.flatnonzero(late).tolist():
            minute = self._minutes.get(int(time_ns[row]) // MINUTE_NS * MINUTE_NS)
            if minute is not None and minute.heard[column[row]] & _second(time_ns[row : row + 1])[0]:
                fresh[row] = False
        self.late += int(np.count_nonzero(late & fresh))
        self.repeated += int(np.count_nonzero(~fresh))
        return fresh

    def _add(self, column: _Ints, time_ns: _Ints, volts: _Floats) -> None:
        np.maximum.at(self._last_ns, column, time_ns)
        power_kw = volts * self._current_ka(column, time_ns)
        self.without_current += int(np.count_nonzero(np.isnan(power_kw)))
        second = _second(time_ns)
        of_minute = time_ns // MINUTE_NS
        for number in np.unique(of_minute).tolist():
            here = of_minute == number
            minute = self._minute(number * MINUTE_NS)
            known = here & ~np.isnan(power_kw)
            minute.sums[0] += np.bincount(column[here], volts[here], self._size)
            minute.sums[1] += np.bincount(column[here], minlength=self._size)
            minute.sums[2] += np.bincount(column[known], power_kw[known], self._size)
            minute.sums[3] += np.bincount(column[known], minlength=self._size)
            np.bitwise_or.at(minute.heard, column[here], second[here])
            spoke = np.bincount(column[here], minlength=self._size) > 0
            self._changed |= {
                (potline, number * MINUTE_NS) for potline, columns in self._columns.items() if spoke[columns].any()
            }

    def changes(self) -> list[tuple[str, int, PotMinute]]:
        """Return the minutes that have changed since the last time, by line and start [UTC ns]: what is to be kept."""
        taken, self._changed = self._changed, set()
        found = [(potline, minute, self._of(potline, minute)) for potline, minute in sorted(taken)]
        for old in sorted(self._minutes)[:-_MOST_MINUTES]:
            del self._minutes[old]
        return found

    def inputs(self, potline: Potline, minute_ns: int, *, line_current_ka: float | None) -> PotsInputs:
        """Return what the pots told in a minute, given the line's mean current then (None: not known)."""
        self._let_go(potline, minute_ns)
        return inputs_of(self._of(potline.id, minute_ns), potline, line_current_ka=line_current_ka)

    def operating(self, potline: Potline, minute_ns: int, *, line_current_ka: float | None) -> int:
        """Return the pots in operation in a minute, given the line's mean current then (None: not known)."""
        return self.inputs(potline, minute_ns, line_current_ka=line_current_ka).operating

    def _minute(self, minute_ns: int) -> _Minute:
        found = self._minutes.get(minute_ns)
        if found is None:
            found = self._minutes[minute_ns] = _Minute(np.zeros((4, self._size)), np.zeros(self._size, np.uint64))
        return found

    def _of(self, potline: str, minute_ns: int) -> PotMinute:
        columns, minute = self._columns[potline], self._minutes.get(minute_ns)
        size = columns.stop - columns.start
        sums = np.zeros((4, size)) if minute is None else minute.sums[:, columns].copy()
        heard = np.zeros(size, np.uint64) if minute is None else minute.heard[columns].copy()
        told = PotMinute(
            self._pots[potline], sums[0], sums[2], sums[1].astype(np.int64), sums[3].astype(np.int64), heard
        )
        if potline not in self._currents:
            return told
        time_ns, ka = self._currents[potline].of(minute_ns)
        return PotMinute(told.pots, told.volts, told.power_kw, told.count, told.known, told.heard, time_ns, ka)

    def _current_ka(self, column: _Ints, time_ns: _Ints) -> _Floats:
        """Return the current of each pot's line at a time [kA]; NaN where it is not known."""
        found = np.full(len(column), np.nan)
        for potline, current in self._currents.items():
            columns = self._columns[potline]
            rows = np.flatnonzero((column >= columns.start) & (column < columns.stop))
            if len(rows):
                found[rows] = current.at(time_ns[rows])
        return found

    def _let_go(self, potline: Potline, minute_ns: int) -> None:
        """Forget the minutes that all potlines have asked for, a while ago."""
        if minute_ns <= self._asked[potline.id]:
            return
        self._asked[potline.id] = minute_ns
        self.let_go(min(self._asked.values()) - _KEPT_NS)

    def let_go(self, oldest_ns: int) -> None:
        """Forget the minutes that begin before a time [UTC ns]."""
        for old in [minute for minute in self._minutes if minute < oldest_ns]:
            del self._minutes[old]
        for current in self._currents.values():
            current.let_go(oldest_ns)


def inputs_of(told: PotMinute, potline: Potline, *, line_current_ka: float | None) -> PotsInputs:
    """Return pots in operation and their energy in a minute, given the line's mean current then (None: not known)."""
    out = 0
    if line_current_ka is not None and line_current_ka >= CARRIES_CURRENT_KA:
        out = told.out(potline.pot_out_below_v)
        if out == len(potline.pots):
            # Current flows through pots. Where none shows a voltage the line stands, and what its meter seems to say
            # was shared over a gap that was longer than the stop: it is the charge of pots that are in operation.
            out = 0
    return PotsInputs(len(potline.pots) - out, told.kwh())


def _second(time_ns: _Ints) -> _Bits:
    """Return the bit of the second of its minute that each time lies in."""
    return np.left_shift(np.uint64(1), (time_ns % MINUTE_NS // 10**9).astype(np.uint64))


def _last_second(heard: _Bits) -> _Ints:
    """Return the end of the last second that is set [s]; 0 where none is."""
    found = np.zeros(len(heard), np.int64)
    for second in range(60):
        found[(heard >> np.uint64(second)) & np.uint64(1) == 1] = second + 1
    return found
