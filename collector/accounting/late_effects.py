"""Anode effects found late: in voltages that come when the readings after them were looked at already. Pure.

Where a pot was not heard for longer than readings are joined over, and was at rest before and after, the gap is
remembered. Voltages that come later and belong into it are put in order, and the gap is gone through again as a whole
whenever more of them come: what is told of an effect then takes the place of what was told before, and an effect that
further readings show to be another one is taken back.

What is not exact, and who says so
----------------------------------
* Voltages for a pot that was in effect at an edge of the gap, or whose voltage there is not known (its last effect was
  ended by silence, or by a restart), that fall between readings that were joined, or whose gap is no longer remembered
  (a restart, or many gaps since) change nothing. They are counted as late, with their pot.
* An effect in a gap that lies within the merging gap of one that was told outside it is an effect of its own: the time
  in effect is exact, and the number of effects is one more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from collector.accounting.excursions import EffectRules, PotCurve
from collector.accounting.reference import RestVoltage
from collector.readings.event import AnodeEffect

OTHERWISE = "readings that came later tell otherwise"
TOGETHER = "too many pots of the line rose together"

_MOST_GAPS = 16
_MOST_READINGS = 100_000
"""Of one gap: a day at one a second, 1.6 MB. More are counted as late."""

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LatePot:
    """What has to be known of a pot: its names, thresholds [V], and up to which voltage it is no pot at rest [V]."""

    potline: str
    pot: str
    above_v: float
    below_v: float
    rest_from_v: float
    too_many: int


@dataclass(slots=True)
class _Gap:
    """Time [UTC ns] and voltage [V] before and after, what came later in order of time, and what was told of it."""

    before: tuple[int, float]
    after: tuple[int, float]
    time_ns: _Ints = field(default_factory=lambda: np.empty(0, np.int64))
    volts: _Floats = field(default_factory=lambda: np.empty(0))
    told: dict[str, AnodeEffect] = field(default_factory=dict)
    is_high: bool = False

    def has(self, time_ns: int) -> bool:
        """Tell whether there is a reading of a time already."""
        place = int(np.searchsorted(self.time_ns, time_ns))
        return place < len(self.time_ns) and int(self.time_ns[place]) == time_ns

    def add(self, readings: Mapping[int, float]) -> None:
        """Put readings in their places, of whose times there is none yet."""
        times_ns = np.concatenate((self.time_ns, np.fromiter(readings, np.int64, len(readings))))
        volts = np.concatenate((self.volts, np.fromiter(readings.values(), np.float64, len(readings))))
        order = np.argsort(times_ns, kind="stable")
        self.time_ns, self.volts = times_ns[order], volts[order]


class LateEffects:
    """The gaps of all pots, and what is found in them.

    Parameters
    ----------
    pots
        All pots, by their column.
    rules
        How effects are found.
    """

    def __init__(self, pots: Iterable[LatePot], rules: EffectRules) -> None:
        self._pots = list(pots)
        self._rules = rules
        self._gaps: dict[int, list[_Gap]] = {}

    def gap(self, column: int, before: tuple[int, float], after: tuple[int, float]) -> None:
        """Note a gap between two readings of a pot, each with its time [UTC ns] and voltage [V]; NaN: not known."""
        pot = self._pots[column]
        if not (before[1] <= pot.below_v and after[1] <= pot.below_v):
            return
        gaps = self._gaps.setdefault(column, [])
        gaps.append(_Gap(before, after))
        del gaps[:-_MOST_GAPS]

    def take(self, rows: Iterable[tuple[int, int, float]]) -> tuple[list[AnodeEffect], list[int]]:
        """Take late readings (column, time [UTC ns], voltage [V]).

        Returns
        -------
        tuple
            What there is to tell, and the columns of the readings that belong into no gap, one for each.
        """
        came: dict[int, tuple[int, _Gap, dict[int, float]]] = {}
        nowhere: list[int] = []
        for column, time_ns, volts in rows:
            gap = self._of(column, time_ns)
            if gap is None:
                nowhere.append(column)
                continue
            _, _, fresh = came.setdefault(id(gap), (column, gap, {}))
            if len(gap.time_ns) + len(fresh) >= _MOST_READINGS or time_ns in fresh or gap.has(time_ns):
                nowhere.append(column)
            else:
                fresh[time_ns] = volts
        touched: list[tuple[int, _Gap]] = []
        for column, gap, fresh in came.values():
            if fresh:
                gap.add(fresh)
                gap.is_high = gap.is_high or max(fresh.values()) > self._pots[column].above_v
                touched += [(column, gap)] if gap.is_high else []
        found = [(column, gap, self._through(column, gap)) for column, gap in touched]
        return [event for column, gap, effects in found for event in self._news(column, gap, effects, found)], nowhere

    def _of(self, column: int, time_ns: int) -> _Gap | None:
        return next((gap for gap in self._gaps.get(column, ()) if gap.before[0] < time_ns < gap.after[0]), None)

    def _through(self, column: int, gap: _Gap) -> dict[str, AnodeEffect]:
        """Go through a gap from before it to after it; return each effect as it is told last."""
        pot = self._pots[column]
        curve = PotCurve(pot.potline, pot.pot, above_v=pot.above_v, below_v=pot.below_v, rules=self._rules)
        rest = RestVoltage(np.array([pot.rest_from_v]))
        rest.take_one(0, *gap.before)
        before: tuple[int, float] | None = gap.before
        told: dict[str, AnodeEffect] = {}
        for time_ns, volts in [*zip(gap.time_ns.tolist(), gap.volts.tolist(), strict=True), gap.after]:
            settled = curve.settle(time_ns)
            reference_v = rest.mean_v(0, time_ns) if volts > pot.above_v else None
            for event in [*settled, *curve.take(None if settled else before, time_ns, volts, reference_v)]:
                told[event.id] = event
            if not curve.burning:
                rest.take_one(0, time_ns, volts)
            before = time_ns, volts
        return told

    def _news(
        self,
        column: int,
        gap: _Gap,
        effects: dict[str, AnodeEffect],
        found: list[tuple[int, _Gap, dict[str, AnodeEffect]]],
    ) -> list[AnodeEffect]:
        """Return what is new against what was told of a gap, each with a higher rank than before."""
        news = []
        for id_, known in gap.told.items():
            if id_ not in effects and known.refused is None:
                news.append(replace(known, rank=known.rank + 1, refused=OTHERWISE, corrected=True))
        for id_, effect in effects.items():
            refused = TOGETHER if self._together(column, effect, found) else None
            known_ = gap.told.get(id_)
            rank = effect.rank if known_ is None else known_.rank
            here = replace(effect, rank=rank, refused=refused, corrected=known_ is not None and known_.corrected)
            if known_ is None:
                news.append(here)
            elif here != known_:
                news.append(replace(here, rank=max(rank + 1, effect.rank), corrected=True))
        gap.told |= {event.id: event for event in news}
        return news

    def _together(
        self, column: int, effect: AnodeEffect, found: list[tuple[int, _Gap, dict[str, AnodeEffect]]]
    ) -> bool:
        """Tell whether too many pots of the line were in effect at a time: what rises together is the measurement."""
        line = self._pots[column].potline
        over = {
            other
            for other, _, effects in found
            if self._pots[other].potline == line
            for each in effects.values()
            if each.time_ns < (effect.until_ns or effect.time_ns) and effect.time_ns < (each.until_ns or each.time_ns)
        }
        return len(over | {column}) >= self._pots[column].too_many
