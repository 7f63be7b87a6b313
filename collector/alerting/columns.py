"""A rule on readings: judged in columns, and one by one only where something may change. Pure.

Of 12,000 readings in a second nearly all say nothing new: what is quiet is right, and what fires is wrong still. These
are told apart in a few operations on whole columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collector.alerting.judge import Phase, Standing, after, held_anew, ns
from collector.plant.alerts import AlertRule, Side
from collector.plant.streams import Place
from collector.readings.batch import ReadingBatch

Series = tuple[tuple[str, str], ...]
"""What a series is known by: its tags without the plant's, sorted."""


def series_of(tags: Mapping[str, str]) -> Series:
    """Return what a series is known by."""
    return tuple(sorted((key, value) for key, value in tags.items() if key != "plant"))


@dataclass(frozen=True, slots=True)
class Change:
    """A step of one alert: where it stands now, the time and the value that brought it there [UTC ns, rule's unit]."""

    rule: AlertRule
    series: Series
    before: Standing
    now: Standing
    time_ns: int
    value: float


class ColumnRule:
    """A rule on a stream of readings.

    Parameters
    ----------
    rule
        The rule.
    places
        Where the readings of each of the plant's points are written.
    kept
        Where series stood, from the store.
    steady_ns
        Present time that no setting of the clock changes [ns]: silence counts from it.
    """

    def __init__(
        self, rule: AlertRule, places: Sequence[Place], kept: Mapping[Series, Standing], *, steady_ns: int
    ) -> None:
        self.rule = rule
        self._place_of = np.full(len(places), -1, np.intp)
        found: dict[Series, int] = {}  # several points may write to one series, as analysers of one stack do
        for point, place in enumerate(places):
            if place.stream == rule.stream and place.field == rule.field and rule.covers(place.tags):
                self._place_of[point] = found.setdefault(series_of(place.tags), len(found))
        self.series = list(found)
        count = len(self.series)
        self._phase = np.zeros(count, np.uint8)
        self._since_ns = np.zeros(count, np.int64)
        self._last_ns = np.zeros(count, np.int64)
        self._heard_ns = np.full(count, steady_ns, np.int64)
        for place_, each in enumerate(self.series):
            if each in kept:
                self._put(place_, kept[each])

    def take(self, batch: ReadingBatch, usable: npt.NDArray[np.bool_], *, steady_ns: int) -> Iterator[Change]:
        """Judge readings in canonical units; yield what changes."""
        place_of = self._place_of[batch.point]
        rows = np.flatnonzero((place_of >= 0) & usable)
        if not len(rows):
            return
        place, time_ns, value = place_of[rows], batch.time_ns[rows], batch.value[rows]
        fresh = time_ns >= self._last_ns[place]
        if not fresh.all():
            place, time_ns, value = place[fresh], time_ns[fresh], value[fresh]
        if (time_ns[1:] < time_ns[:-1]).any():
            order = np.argsort(time_ns, kind="stable")
            place, time_ns, value = place[order], time_ns[order], value[order]
        if self.rule.silent_for_s is not None:
            self._heard_ns[place] = steady_ns
        news = self._is_news(place, time_ns, value)
        found = np.unique(place[news]).tolist() if news.any() else []
        before = {each: self._at(each) for each in found}
        self._last_ns[place] = time_ns  # of several of one series the last one stays
        for each in found:
            mine = np.flatnonzero(place == each)
            yield from self._walk(each, before[each], time_ns[mine].tolist(), value[mine].tolist())

    def _is_news(
        self, place: npt.NDArray[np.intp], time_ns: npt.NDArray[np.int64], value: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.bool_]:
        rule, phase = self.rule, self._phase[place]
        wrong = np.zeros(len(value), np.bool_)
        if rule.side is not None:
            wrong = value > rule.limit if rule.side is Side.ABOVE else value < rule.limit
        if not phase.any():  # all are quiet, as nearly always
            return wrong
        right = np.ones(len(value), np.bool_)
        if rule.side is not None:
            right = value <= rule.resolves_at if rule.side is Side.ABOVE else value >= rule.resolves_at
        held_ns = time_ns - self._since_ns[place]
        found: npt.NDArray[np.bool_] = (
            ((phase == Phase.QUIET) & wrong)
            | ((phase == Phase.PENDING) & (~wrong | (held_ns >= ns(rule.for_s))))
            | ((phase == Phase.FIRING) & right)
            | ((phase == Phase.RESOLVING) & (~right | (held_ns >= ns(rule.resolves_after_s))))
            | (phase == Phase.SILENT)
        )
        return found

    def _walk(self, place: int, now: Standing, times: Sequence[int], values: Sequence[float]) -> Iterator[Change]:
        for time_ns, value in zip(times, values, strict=True):
            for step in after(self.rule, now, time_ns, value):
                if step.phase is not now.phase:
                    yield Change(self.rule, self.series[place], now, step, time_ns, value)
                now = step
        self._put(place, now)

    def silent(self, *, steady_ns: int, now_ns: int) -> Iterator[Change]:
        """Yield the series that have been silent for too long."""
        patience_s = self.rule.silent_for_s
        if patience_s is None:
            return
        silent_ns = steady_ns - self._heard_ns
        waits = (self._phase == Phase.QUIET) | (self._phase == Phase.PENDING)
        for place in np.flatnonzero(waits & (silent_ns >= ns(patience_s))).tolist():
            before = self._at(place)
            now = Standing(Phase.SILENT, now_ns, before.last_ns)
            self._put(place, now)
            yield Change(self.rule, self.series[place], before, now, now_ns, float(silent_ns[place]) * 1e-9)

    def clock_was_set(self, step_ns: int) -> None:
        """Hold anew what was held, and let no series be blind."""
        for place in range(len(self.series)):
            self._put(place, held_anew(self._at(place), step_ns))

    def _at(self, place: int) -> Standing:
        return Standing(Phase(self._phase[place]), int(self._since_ns[place]), int(self._last_ns[place]))

    def _put(self, place: int, standing: Standing) -> None:
        self._phase[place], self._since_ns[place], self._last_ns[place] = standing


def column_rules(
    rules: Iterable[AlertRule],
    places: Sequence[Place],
    kept: Mapping[str, Mapping[Series, Standing]],
    *,
    steady_ns: int,
) -> list[ColumnRule]:
    """Return the rules on readings: those whose field some point of the plant has."""
    fields = {(place.stream, place.field) for place in places}
    return [
        ColumnRule(rule, places, kept.get(rule.name, {}), steady_ns=steady_ns)
        for rule in rules
        if (rule.stream, rule.field) in fields
    ]
