"""Readings out of messages that were parsed as they are: the long way, which says what is wrong with a message.

``quick`` takes the short way for messages as they should be. Both come to the same readings.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from collector.acquisition.mqtt import payload
from collector.acquisition.mqtt.instants import settled
from collector.acquisition.mqtt.message import Cause, PayloadProblem, Told
from collector.acquisition.mqtt.owners import NotOurs, Owners, Places
from collector.acquisition.mqtt.paths import NOTHING, found
from collector.acquisition.mqtt.times import NEVER, Instants, instant, instants
from collector.acquisition.mqtt.topics import MOST_ONE_BY_ONE
from collector.plant.layout import Choice, Level, MessageLayout, Path, Tells, TimeFormat, Value, dotted
from collector.readings.batch import ReadingBatch
from collector.readings.quality import USABLE, Quality
from collector.readings.scale import column_of, converted, finest

_NAN = float("nan")
_END_NS = 1 << 63


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What a sample says of its values: the number (None: null) and the quality of each that is there."""

    places: Places
    told: list[tuple[int, float | None, int]]


class SampleReader:
    """Reads the samples of one declaration."""

    def __init__(self, layout: MessageLayout, owners: Owners) -> None:
        self.layout = layout
        self._owners = owners
        self._places: dict[str, Places] = {}
        self._tables = tuple({(value.path[:-1], value.path[-1]) for value in layout.values if value.path})

    def places(self, owner: str) -> Places:
        """Return the points of a pot or meter."""
        if owner not in self._places:
            self._places[owner] = self._owners.places(owner, self.layout.values)
        return self._places[owner]

    def owner(self, names: Mapping[Level, str], told: str | None = None) -> str:
        """Return whose the values are.

        Raises
        ------
        NotOurs
            If the plant does not have it, and need not.
        PayloadProblem
            If the plant does not have it, or topic and payload contradict each other.
        """
        try:
            if self.layout.of_pots:
                return f"pot:{self._owners.pot(names, told)}"
            return self._owners.meter(self._owners.address_of(self.layout, names, told))
        except PayloadProblem as exc:
            of_others = not self.layout.of_pots and len(self._owners.told_by(self.layout)) > MOST_ONE_BY_ONE
            if exc.cause is Cause.UNKNOWN_NAME and (of_others or not self.layout.unknown):
                raise NotOurs from exc
            raise

    def number(self, value: float, names: Mapping[Level, str], arrived_ns: int, *, retained: bool) -> Told:
        """Return the reading of a message that is one number."""
        quality = Quality.UNCERTAIN if retained else Quality.GOOD
        wanted = zip(self.layout.values, self.places(self.owner(names)), strict=True)
        return Told(
            [
                (place, arrived_ns, converted(value, each.factor, finest(each.quantity)), int(quality))
                for each, place in wanted
                if place is not None and names.get(Level.QUANTITY, each.name) == each.name
            ]
        )

    def read(self, message: object, names: Mapping[Level, str], arrived_ns: int, *, retained: bool) -> Told:
        """Return the readings of a message.

        Raises
        ------
        PayloadProblem
            If it is not what was declared.
        """
        read = self._columns if self.layout.columns else self._rows
        told = read(message, names, arrived_ns, retained=retained)
        return told.of_the_past() if self._is_historical(message) else told

    def _rows(self, message: object, names: Mapping[Level, str], arrived_ns: int, *, retained: bool) -> Told:
        taken: list[_Numbers] = []
        times: list[int] = []
        unset = False
        samples = elements(message, self.layout)
        self._check_tables(samples)
        for sample in samples:
            try:
                places = self.places(self.owner(names, self._named(sample, message)))
            except NotOurs:
                continue
            time_ns, unset = self._time(sample, message, arrived_ns), unset or self._unset(sample, message)
            quality = self._quality(_inner(sample, message, self._quality_path))
            if retained and self.layout.time is None:
                quality = min(quality, Quality.UNCERTAIN)
            taken.append(_Numbers(places, list(self._numbers(sample, message, names, quality))))
            times.append(time_ns if 0 <= time_ns < _END_NS else NEVER)
        if not taken:
            return Told([])
        time, doubtful = settled(np.array(times, np.int64), arrived_ns, unset=unset)
        self._refuse_lost(message, doubtful=bool(doubtful.any()))
        return Told(
            [
                (place, int(time[row]), *_true(value, min(quality, Quality.UNCERTAIN) if doubtful[row] else quality))
                for row, numbers in enumerate(taken)
                for at, value, quality in numbers.told
                if (place := numbers.places[at]) is not None
            ]
        )

    def _columns(self, message: object, names: Mapping[Level, str], arrived_ns: int, *, retained: bool) -> Told:
        del retained  # columns have times
        stamp = self.layout.time
        if stamp is None:
            raise AssertionError("columns have times: their layout was checked")
        (table,) = samples = elements(message, self.layout)
        self._check_tables(samples)
        places = self.places(self.owner(names, self._named(table, message)))
        times = self._array(found(table, stamp.path), stamp.path)
        try:
            time = instants(times, stamp.format)
        except ValueError as exc:
            raise PayloadProblem(Cause.WRONG_TYPE, f"{dotted(stamp.path)}: one {exc}") from exc
        said = _inner(table, message, self._quality_path)
        each = said if isinstance(said, list) else [said] * len(times)
        self._same_length(each, times, self._quality_path)
        qualities = [self._quality(word) for word in each]
        parts = []
        for value, place in zip(self.layout.values, places, strict=True):
            column = found(table, value.path)
            if column is NOTHING or column is None:
                continue
            self._check_unit(value, table, message)
            numbers = self._array(column, value.path)
            self._same_length(numbers, times, value.path)
            at = dotted(value.path)
            read = [payload.number(number, f"{at}[{row}]") for row, number in enumerate(numbers)]
            own = self._own_qualities(value, table, len(times))
            if place is not None:
                scale = finest(value.quantity)
                if scale is not None:
                    read = [
                        None if n is None else converted(said if type(said) is int else n, value.factor, scale)
                        for said, n in zip(numbers, read, strict=True)
                    ]
                factor = value.factor if scale is None else 1.0
                parts.append((place, factor, read, [min(q, o) for q, o in zip(qualities, own, strict=True)]))
        if not times:
            return Told([])
        time, doubtful = settled(time, arrived_ns, unset=self._unset(table, message))
        self._refuse_lost(message, doubtful=bool(doubtful.any()))
        return Told([], ReadingBatch.joined(column_batch(*part, time, doubtful) for part in parts))

    @property
    def _quality_path(self) -> Path | None:
        return None if self.layout.quality is None else self.layout.quality.path

    def _named(self, sample: object, message: object) -> str | None:
        path = self.layout.pot_of or self.layout.meter_of
        return None if path is None else payload.text(_inner(sample, message, path), dotted(path))

    def _time(self, sample: object, message: object, arrived_ns: int) -> int:
        stamp = self.layout.time
        if stamp is None:
            return arrived_ns
        value = _inner(sample, message, stamp.path)
        if value is NOTHING or value is None:
            raise PayloadProblem(Cause.MISSING, f"{dotted(stamp.path)}, the time, is missing")
        try:
            return instant(value, stamp.format)
        except ValueError as exc:
            raise PayloadProblem(_cause_of_time(value, stamp.format), f"{dotted(stamp.path)} {exc}") from exc

    def _unset(self, sample: object, message: object) -> bool:
        clock = self.layout.clock_unset
        return clock is not None and payload.is_one_of(_inner(sample, message, clock.path), clock.among)

    def _refuse_lost(self, message: object, *, doubtful: bool) -> None:
        """Refuse what is not live and has no time that can be believed: it would look as if it were of now."""
        if doubtful and self._is_historical(message):
            raise PayloadProblem(Cause.IMPOSSIBLE_TIME, "is historical, and its time cannot be believed")

    def _is_historical(self, message: object) -> bool:
        path = self.layout.historical
        return path is not None and payload.flag(found(message, path), dotted(path))

    def _quality(self, said: object) -> int:
        rule = self.layout.quality
        if rule is None:
            return int(Quality.GOOD)
        if said is NOTHING or said is None:
            return int(rule.default)
        word = payload.word(said)
        if word is None or word not in rule.meaning:
            at, known = dotted(rule.path or ()), ", ".join(rule.meaning)
            what = f"{at} is {payload.shown(said)}, which is no word for a quality here; one of: {known}"
            raise PayloadProblem(Cause.UNKNOWN_WORD, what)
        return int(rule.meaning[word])

    def _own_qualities(self, value: Value, table: object, count: int) -> Sequence[int]:
        said = NOTHING if value.quality_path is None else found(table, value.quality_path)
        if not isinstance(said, list):
            return [self._of_value(said)] * count
        self._same_length(said, range(count), value.quality_path)
        return [self._of_value(word) for word in said]

    def _of_value(self, said: object) -> int:
        return int(Quality.GOOD) if said is NOTHING or said is None else self._quality(said)

    def _numbers(
        self, sample: object, message: object, names: Mapping[Level, str], quality: int
    ) -> Iterator[tuple[int, float | None, int]]:
        for at, value in enumerate(self.layout.values):
            if names.get(Level.QUANTITY, value.name) != value.name:
                continue
            said = found(sample, value.path)
            if said is NOTHING:
                continue
            self._check_unit(value, sample, message)
            number = payload.number(said, dotted(value.path))
            own = quality
            if value.quality_path is not None:
                own = min(quality, self._of_value(found(sample, value.quality_path)))
            if number is not None or own < USABLE:
                if number is not None:
                    exact = said if type(said) is int else number
                    number = converted(exact, value.factor, finest(value.quantity))
                yield at, number, own

    def _check_tables(self, samples: Sequence[object]) -> None:
        """Refuse a message that has nothing of what was declared, not even the tables in which it should stand."""
        there = False
        for around, key in self._tables:
            for sample in samples:
                table = found(sample, around)
                if isinstance(table, dict) or (isinstance(table, list) and key.isdecimal()):
                    there = True
                elif table is not NOTHING and table is not None:
                    what = f"{dotted(around)} is {payload.shown(table)}, and no table"
                    raise PayloadProblem(Cause.WRONG_TYPE, what)
        if samples and not there and self.layout.tells is Tells.READINGS:
            tables = ", ".join(dict.fromkeys(dotted(value.path[:-1] or value.path) for value in self.layout.values))
            raise PayloadProblem(Cause.MISSING, f"{tables}: nothing of that is there")

    def _check_unit(self, value: Value, sample: object, message: object) -> None:
        path = value.unit_path
        if path is None:
            return
        said = payload.text(_inner(sample, message, path), dotted(path))
        if said is not None and said != value.unit and said not in value.spellings:
            what = f"{dotted(path)} is '{said}', and {dotted(value.path)} is declared in {value.unit}"
            raise PayloadProblem(Cause.WRONG_UNIT, what)

    @staticmethod
    def _array(value: object, path: Path) -> list[Any]:
        if not isinstance(value, list):
            gone = value is NOTHING or value is None
            what = "is missing" if gone else f"is {payload.shown(value)}, and no array"
            raise PayloadProblem(Cause.MISSING if gone else Cause.WRONG_TYPE, f"{dotted(path)} {what}")
        return value

    @staticmethod
    def _same_length(column: Sequence[object], times: Sequence[object], path: Path | None) -> None:
        if len(column) != len(times):
            what = f"{dotted(path or ())} has {len(column)} elements, and there are {len(times)} times"
            raise PayloadProblem(Cause.CONTRADICTION, what)


def column_batch(
    place: int,
    factor: float,
    numbers: list[float | None],
    qualities: list[int],
    time: Instants,
    doubtful: npt.NDArray[np.bool_],
) -> ReadingBatch:
    """Return the readings of one column: null is none, unless its quality says why there is no value."""
    value = np.array(numbers, np.float64) * factor
    count = column_of([_NAN if number is None else number for number in numbers], value)
    quality = np.array(qualities, np.uint8)
    quality = np.where(doubtful, np.minimum(quality, np.uint8(Quality.UNCERTAIN)), quality)
    usable = quality >= USABLE
    batch = ReadingBatch(
        np.full(len(value), place, np.int32), time, np.where(usable, value, _NAN), quality.astype(np.uint8), count
    )
    there = ~np.isnan(value) | ~usable
    return batch if there.all() else batch.select(there)


def elements(message: object, layout: MessageLayout) -> Sequence[object]:
    """Return the samples of a message.

    Raises
    ------
    PayloadProblem
        If there is no array where it should be.
    """
    if layout.samples is None:
        return [message]
    table = found(message, layout.samples)
    if layout.columns:
        return [table]
    if not isinstance(table, list):
        gone = table is NOTHING or table is None
        what = "is missing" if gone else f"is {payload.shown(table)}, and no array"
        raise PayloadProblem(Cause.MISSING if gone else Cause.WRONG_TYPE, f"{dotted(layout.samples)} {what}")
    return table


def check_version(message: object, version: Choice | None) -> None:
    """Refuse a message of a version that nobody has declared."""
    if version is None:
        return
    said, at = found(message, version.path), dotted(version.path)
    if said is NOTHING or said is None:
        raise PayloadProblem(Cause.MISSING, f"{at}, the version, is missing")
    if not payload.is_one_of(said, version.among):
        known = ", ".join(map(payload.shown, version.among))
        raise PayloadProblem(Cause.UNKNOWN_VERSION, f"{at} is {payload.shown(said)}; declared is {known}")


def _true(value: float | None, quality: int) -> tuple[float, int]:
    return (_NAN if value is None or quality < USABLE else value), int(quality)


def _inner(sample: object, message: object, path: Path | None) -> Any:  # noqa: ANN401 - whatever a message holds
    """Return what a sample says, or else the message around it."""
    if path is None:
        return NOTHING
    value = found(sample, path)
    return found(message, path) if value is NOTHING and sample is not message else value


def _cause_of_time(value: object, form: TimeFormat) -> Cause:
    written_number = isinstance(value, str) and re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", value.strip())
    return Cause.NUMBER_AS_TEXT if written_number and form is not TimeFormat.RFC3339 else Cause.WRONG_TYPE
