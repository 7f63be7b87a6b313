"""Anode effects out of the voltages of all pots. Pure.

Almost always nothing happens: then a batch is a few passes over its columns. Only the readings of pots that are above
their threshold, or come above it, are looked at one by one, in the order of their times.

Readings of a pot must come in the order of their times; within a batch they are put into it. A reading that is not
later than one of the same pot in an earlier batch is late: what it can still tell is found by
`collector.accounting.late_effects`, and else it is counted and changes nothing. Readings of bad quality, and voltages
above what a pot can have, are no readings: they leave a gap.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from collector.accounting.effect_counting import until_ns
from collector.accounting.excursions import EffectRules, PotCurve
from collector.accounting.late_effects import TOGETHER, LateEffects, LatePot
from collector.accounting.reference import RestVoltage
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.event import AnodeEffect, EffectOrigin
from collector.readings.quality import USABLE
from collector.readings.quantity import Quantity

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_NEVER_NS = np.iinfo(np.int64).min
_FEWEST_TOGETHER = 3


class VoltageWatch:
    """Watches the voltages of all pots.

    Parameters
    ----------
    plant : Plant
        The pots, and the thresholds of their lines.
    rules : EffectRules
        How effects are found.
    known : iterable of AnodeEffect
        What was told before a restart; the last effect of each pot that its voltage showed is gone on with.

    Attributes
    ----------
    late : int
        Readings that came too late to be looked at.
    late_pots : dict of str and int
        How many of them each pot told.
    heard_ns : int
        The latest time of any reading so far [UTC ns], 0 before the first one.
    """

    def __init__(self, plant: Plant, rules: EffectRules, known: Iterable[AnodeEffect] = ()) -> None:
        self.late = 0
        self.late_pots: dict[str, int] = {}
        self.heard_ns = 0
        self._rules = rules
        self._column = np.full(len(plant.points), -1, np.int64)
        self._curves: list[PotCurve] = []
        lines, above_v, rest_from_v = [], [], []
        pots: dict[str, int] = {}
        for number, line in enumerate(plant.potlines):
            for pot in line.pots:
                pots[pot] = len(self._curves)
                self._column[plant.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE)] = len(self._curves)
                curve = PotCurve(line.id, pot, above_v=line.effect_above_v, below_v=line.effect_below_v, rules=rules)
                self._curves.append(curve)
                lines.append(number)
                above_v.append(line.effect_above_v)
                rest_from_v.append(line.pot_out_below_v)
        self._line_of = lines
        self._burning: list[set[int]] = [set() for _ in plant.potlines]
        # Those of them that were not taken back.
        self._believed: list[set[int]] = [set() for _ in plant.potlines]
        self._too_many = [max(_FEWEST_TOGETHER, int(rules.together * len(line.pots)) + 1) for line in plant.potlines]
        self._names = [pot for line in plant.potlines for pot in line.pots]
        self._longest_gap_ns = round(rules.longest_gap_s * 1e9)
        self._lately = LateEffects(
            (
                LatePot(line.id, pot, line.effect_above_v, line.effect_below_v, line.pot_out_below_v, too_many)
                for line, too_many in zip(plant.potlines, self._too_many, strict=True)
                for pot in line.pots
            ),
            rules,
        )
        self._above_v = np.array(above_v)
        self._rest = RestVoltage(np.array(rest_from_v))
        self._last_ns = np.full(len(self._curves), _NEVER_NS, np.int64)
        self._last_v = np.full(len(self._curves), np.nan)
        self._special = np.zeros(len(self._curves), np.bool_)
        self._restore(known, pots)

    def _restore(self, known: Iterable[AnodeEffect], pots: dict[str, int]) -> None:
        mine = [effect for effect in known if effect.origin is EffectOrigin.VOLTAGE and effect.pot in pots]
        latest = {pots[effect.pot]: effect for effect in sorted(mine, key=_age)}
        for column, effect in latest.items():
            self._curves[column].restore(effect)
            self._last_ns[column] = until_ns(effect)
            if effect.last_v is not None:
                self._last_v[column] = effect.last_v
                self._burning[self._line_of[column]].add(column)
                self._believed[self._line_of[column]].add(column)

    def take(self, batch: ReadingBatch) -> list[AnodeEffect]:
        """Take the pot voltages of a batch, and return what there is to tell of anode effects, in order of time."""
        column = self._column[batch.point]
        limit_v = self._rules.sensor_limit_v
        # Not a number compares false.
        mine = (column >= 0) & (batch.quality >= USABLE) & (np.abs(batch.value) <= limit_v)
        time_ns, value = batch.time_ns, batch.value
        if not mine.all():
            column, time_ns, value = column[mine], time_ns[mine], value[mine]
        if not len(column):
            return []
        if not _in_order(column, time_ns, len(self._curves)):
            order = np.lexsort((time_ns, column))
            column, time_ns, value = column[order], time_ns[order], value[order]
        self.heard_ns = max(self.heard_ns, int(time_ns.max()))
        column, time_ns, value, late = self._without_late(column, time_ns, value)
        return [*self._in_time(column, time_ns, value), *late]

    def _in_time(self, column: _Ints, time_ns: _Ints, value: _Floats) -> list[AnodeEffect]:
        self._note_gaps(column, time_ns, value)
        high = value > self._above_v[column]
        burning = [pot for pots in self._burning for pot in pots]
        if not burning and not high.any():
            self._pass(column, time_ns, value)
            return []
        self._special[burning] = True
        self._special[column[high]] = True
        special = self._special[column]
        self._special[:] = False
        self._pass(column[~special], time_ns[~special], value[~special])
        return self._look(column[special], time_ns[special], value[special])

    def standing(self) -> list[AnodeEffect]:
        """Return the effects that are going on as they stand after the last readings: what a restart needs to know."""
        found = (self._curves[pot].standing() for pots in self._burning for pot in sorted(pots))
        return [effect for effect in found if effect is not None]

    def settle(self, now_ns: int) -> list[AnodeEffect]:
        """End the effects of pots of which nothing was heard for longer than the merging gap."""
        burning = sorted(pot for pots in self._burning for pot in pots)
        return [event for pot in burning for event in self._settle(pot, now_ns)]

    def _settle(self, pot: int, now_ns: int) -> list[AnodeEffect]:
        told = self._curves[pot].settle(now_ns)
        if not self._curves[pot].burning:
            self._forget(pot)
            # What comes next is not joined to it: it is as if it were the first reading.
            self._last_v[pot] = np.nan
        return told

    def _forget(self, pot: int) -> None:
        line = self._line_of[pot]
        self._burning[line].discard(pot)
        self._believed[line].discard(pot)

    def _note_gaps(self, column: _Ints, time_ns: _Ints, value: _Floats) -> None:
        """Note where a pot was not heard for a while, for what may still come of it."""
        rows = np.flatnonzero(time_ns - self._longest_gap_ns > self._last_ns[column])
        if not len(rows):
            return
        order = np.lexsort((time_ns, column))
        column, time_ns, value = column[order], time_ns[order], value[order]
        first = np.concatenate(([True], column[1:] != column[:-1]))
        before_ns = np.where(first, self._last_ns[column], np.roll(time_ns, 1))
        before_v = np.where(first, self._last_v[column], np.roll(value, 1))
        gaps = (before_ns != _NEVER_NS) & (time_ns - self._longest_gap_ns > before_ns)
        for row in np.flatnonzero(gaps).tolist():
            before, after = (int(before_ns[row]), float(before_v[row])), (int(time_ns[row]), float(value[row]))
            self._lately.gap(int(column[row]), before, after)

    def _without_late(
        self, column: _Ints, time_ns: _Ints, value: _Floats
    ) -> tuple[_Ints, _Ints, _Floats, list[AnodeEffect]]:
        """Return the readings that are not late, and what the late ones tell."""
        fresh = time_ns > self._last_ns[column]
        # Of two readings of one pot with one time the first counts.
        fresh[1:] &= (column[1:] != column[:-1]) | (time_ns[1:] != time_ns[:-1])
        if fresh.all():
            return column, time_ns, value, []
        told, nowhere = self._lately.take(
            zip(column[~fresh].tolist(), time_ns[~fresh].tolist(), value[~fresh].tolist(), strict=True)
        )
        self.late += len(nowhere)
        for pot in nowhere:
            self.late_pots[self._names[pot]] = self.late_pots.get(self._names[pot], 0) + 1
        return column[fresh], time_ns[fresh], value[fresh], told

    def _pass(self, column: _Ints, time_ns: _Ints, value: _Floats) -> None:
        """Note readings of pots at rest. Of several of one pot the last one stays: they are in order."""
        self._rest.take(column, time_ns, value)
        self._last_ns[column] = time_ns
        self._last_v[column] = value

    def _look(self, columns: _Ints, times_ns: _Ints, values: _Floats) -> list[AnodeEffect]:
        told: list[AnodeEffect] = []
        order = np.lexsort((columns, times_ns))
        rows = zip(columns[order].tolist(), times_ns[order].tolist(), values[order].tolist(), strict=True)
        for pot, time_ns, value in rows:
            curve, line = self._curves[pot], self._line_of[pot]
            if curve.burning:
                told += self._settle(pot, time_ns)
            was_burning = curve.burning
            last_ns, last_v = int(self._last_ns[pot]), float(self._last_v[pot])
            before = (last_ns, last_v) if last_v == last_v else None  # noqa: PLR0124 - not a number: not known
            reference_v = self._rest.mean_v(pot, time_ns) if value > self._above_v[pot] else None
            told += curve.take(before, time_ns, value, reference_v)
            self._last_ns[pot], self._last_v[pot] = time_ns, value
            if curve.burning:
                self._burning[line].add(pot)
                # Where it was above already, the others were counted when they rose.
                if not was_burning:
                    self._believed[line].add(pot)
                    told += self._together(line, time_ns)
            else:
                self._forget(pot)
                self._rest.take_one(pot, time_ns, value)
        return told

    def _together(self, line: int, time_ns: int) -> list[AnodeEffect]:
        """Take back the excursions of a line where too many pots are above the threshold at once.

        Half of a line in effect would need several times the voltage that its rectifiers have: the current would be
        gone. What rises together is the measurement.
        """
        if len(self._burning[line]) < self._too_many[line]:
            return []
        oldest_ns = time_ns - round(self._rules.longest_gap_s * 1e9)
        burning = np.fromiter(self._burning[line], np.int64)
        if np.count_nonzero(self._last_ns[burning] >= oldest_ns) < self._too_many[line]:
            return []
        heard = [pot for pot in sorted(self._believed[line]) if self._last_ns[pot] >= oldest_ns]
        self._believed[line] -= set(heard)
        return [event for pot in heard for event in self._curves[pot].void(time_ns, TOGETHER)]


def _age(effect: AnodeEffect) -> tuple[int, int, int]:
    return effect.time_ns, effect.rank, until_ns(effect)


def _in_order(column: _Ints, time_ns: _Ints, pots: int) -> bool:
    """Tell whether the readings of each pot are in order of time, without sorting where that is easily seen."""
    later = time_ns[1:] >= time_ns[:-1]
    if later.all():
        return True
    # Messages with many samples: each pot in one piece, in order.
    same = column[1:] == column[:-1]
    if not (later | ~same).all():
        return False
    first = np.concatenate(([True], ~same))
    return int(np.bincount(column[first], minlength=pots).max()) == 1
