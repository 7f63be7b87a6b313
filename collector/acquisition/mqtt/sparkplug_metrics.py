"""The metrics of one Sparkplug device, or of a node itself: what its birth says of them, and what its data mean. Pure.

This is where time goes when a node tells what it stored for hours: the loop over the metrics of a message looks at a
field only where it must.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from collector.acquisition.mqtt import sparkplug_wire as wire
from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.acquisition.mqtt.sparkplug_wire import DataType, Message, Value
from collector.plant.sparkplug import COUNTS, FIELD_UNITS, TEXTS, TIMES, EventField, MetricMeaning
from collector.readings import units
from collector.readings.point import PointTable
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.readings.scale import Scale, converted, finest

MS_NS = 1_000_000
NO_EARLIER_MS = 946_684_800_000
"""2000-01-01: what is stamped before comes from a clock that was never set."""
EARLY_MS = 60_000
"""A clock may be ahead of ours by so much."""

_NOTHING = float("nan")
_GOOD = int(Quality.GOOD)
_STALE = 500
_SPELLINGS = {"°C": "degC", "C": "degC", "µOhm": "uOhm", "µΩ": "uOhm", "μΩ": "uOhm", "μOhm": "uOhm", "Ω": "Ohm", "": ""}

Row = tuple[int, int, float, int]
"""Point, time [ns], value, quality."""
Fields = dict[EventField, Value]
Told = dict[tuple[int, bool], Fields]
"""What a message tells of events, by time [ms] and whether it is of the past."""


class Found(NamedTuple):
    """What the metrics of a message mean: readings, those that the sender had stored, events, and what is no use."""

    rows: list[Row]
    past: list[Row]
    told: Told
    problems: list[PayloadProblem]


@dataclass(slots=True, eq=False)
class Channel:
    """A metric as its birth announced it. One that is not read has neither a point nor a field."""

    name: str
    datatype: DataType
    point: int = -1
    field: EventField | None = None
    factor: float = 1.0
    unit: str = ""
    scale: Scale | None = None
    """Of a counter: its steps."""
    quick: "attrgetter[float] | None" = None
    """Takes the value out of the field where its type stands; None for those that need more thought."""

    def retire(self) -> None:
        """Read it no more."""
        self.point, self.field = -1, None


@dataclass(slots=True, eq=False)
class Live:
    """What is known of each point of the plant by what is told live: its latest time, and since when it is stale."""

    last_ns: dict[int, int] = field(default_factory=dict)
    stale_ns: dict[int, int] = field(default_factory=dict)
    tellers: dict[int, "Metrics"] = field(default_factory=dict)
    """Who was born last with each point: a pot may be handed over from one node to another."""

    def grow_stale(
        self, teller: "Metrics", now_ns: int, quality: Quality, points: Collection[int] | None = None
    ) -> list[Row]:
        """Mark the points of a device stale, by default all that it tells.

        One that never was live, or is stale already, has nothing to lose.
        """
        rows = []
        for point in teller.points if points is None else points:
            last_ns = self.last_ns.get(point)
            if last_ns is None or point in self.stale_ns or self.tellers.get(point) is not teller:
                continue
            time_ns = max(now_ns, last_ns + 1)
            self.stale_ns[point] = self.last_ns[point] = time_ns
            rows.append((point, time_ns, _NOTHING, int(quality)))
        return rows


class Metrics:
    """All metrics of a device or a node.

    Attributes
    ----------
    trusted : bool
        Whether aliases stand for what the last birth said. Names always do.
    points : tuple of int
        The points that it is told to fill.
    unread : int
        Metrics of the last birth that hold what is never read: data sets, files, templates.
    """

    def __init__(self, owner: str | None, meanings: Mapping[bytes, MetricMeaning], points: PointTable) -> None:
        self._owner = owner
        self._meanings = meanings
        self._table = points
        self._by_name: dict[bytes, Channel] = {}
        self._by_alias: dict[int, Channel] = {}
        self.trusted = False
        self.points: tuple[int, ...] = ()
        self.unread = 0

    def learn(self, birth: Message) -> list[PayloadProblem]:
        """Take in what a birth announces, and nothing of what was known before."""
        self._by_name, self._by_alias, self.unread = {}, {}, 0
        problems: list[PayloadProblem] = []
        for metric in birth.metrics:
            if not metric.name:
                problems.append(PayloadProblem(Cause.MISSING, "a metric has no name"))
                continue
            channel = Channel(metric.name.decode(errors="replace"), DataType.known(metric.datatype))
            self.unread += channel.datatype in {DataType.DATASET, DataType.FILE, DataType.TEMPLATE}
            try:
                self._give_meaning(channel, metric)
            except PayloadProblem as exc:
                channel.retire()
                problems.append(PayloadProblem(exc.cause, f"{channel.name}: {exc}"))
            self._by_name[metric.name] = channel
            if metric.HasField("alias"):
                other = self._by_alias.setdefault(metric.alias, channel)
                if other is not channel:
                    text = f"alias {metric.alias} stands for {other.name} and for {channel.name}"
                    problems.append(PayloadProblem(Cause.CONTRADICTION, text))
                    self._by_alias[metric.alias] = Channel("", DataType.UNKNOWN)
        self.points = tuple({channel.point for channel in self._by_name.values() if channel.point >= 0})
        self.trusted = True
        return problems

    def _give_meaning(self, channel: Channel, metric: Message) -> None:
        meaning = self._meanings.get(metric.name)
        if meaning is None or self._owner is None:
            return
        if isinstance(meaning.tells, Quantity):
            point = self._table.find(self._owner, meaning.tells)
            if point is None:
                return
            if channel.datatype not in wire.NUMBERS:
                cause = Cause.NUMBER_AS_TEXT if channel.datatype in wire.TEXTS else Cause.WRONG_TYPE
                raise PayloadProblem(cause, f"is of type {channel.datatype.name.title()}; a number is needed")
            channel.point = point
        else:
            _check_type(meaning.tells, channel.datatype)
            channel.field = meaning.tells
        said = wire.properties_of(metric).get(wire.ENGINEERING_UNIT, b"")
        self._convert_from(channel, meaning, said)
        if channel.datatype in wire.FLOATS and channel.scale is None:
            channel.quick = attrgetter("double_value" if channel.datatype is DataType.DOUBLE else "float_value")

    @staticmethod
    def _convert_from(channel: Channel, meaning: MetricMeaning, said: Value) -> None:
        """Set the factor for a unit; none was said where it is empty."""
        written = wire.text(said) if isinstance(said, bytes) else str(said)
        channel.unit = unit = _SPELLINGS.get(written.strip(), written.strip()) or meaning.unit
        if isinstance(meaning.tells, Quantity):
            try:
                channel.factor = units.factor(unit, meaning.tells.unit)
                channel.scale = finest(meaning.tells)
            except ValueError as exc:
                raise PayloadProblem(Cause.WRONG_UNIT, str(exc)) from exc
            return
        known = FIELD_UNITS.get(meaning.tells)
        if known is None:
            return
        if unit not in known:
            raise PayloadProblem(Cause.WRONG_UNIT, f"'{unit}' is no unit for it; one of: {', '.join(known)}")
        channel.factor = known[unit]

    def birth_values(self, birth: Message, arrived_ns: int, live: Live) -> Found:
        """Return the present values that a birth repeats.

        They may be older than the mark by which a point became stale, and are in force again all the same: then they
        count from the birth on. Nothing is said of what never had a live value, such as those of the laboratory.
        """
        rows: list[Row] = []
        past: list[Row] = []
        told: Told = {}
        problems: list[PayloadProblem] = []
        live.tellers |= dict.fromkeys(self.points, self)
        for metric in birth.metrics:
            channel = self._by_name.get(metric.name)
            if channel is None:
                continue
            if metric.is_null and (channel.point < 0 or channel.point not in live.last_ns):
                continue
            try:
                row = self._told_by(channel, metric, birth.timestamp, arrived_ns, told)
            except PayloadProblem as exc:
                problems.append(PayloadProblem(exc.cause, f"{channel.name}: {exc}"))
                continue
            if row is None:
                continue
            point, time_ns, value, quality = row
            stale_ns = live.stale_ns.pop(point, None)
            if stale_ns is not None and time_ns <= stale_ns:
                time_ns = max(birth.timestamp * MS_NS, stale_ns + 1)
            if metric.is_historical:
                past.append((point, time_ns, value, quality))
                continue
            live.last_ns[point] = max(time_ns, live.last_ns.get(point, 0))
            rows.append((point, time_ns, value, quality))
        return Found(rows, past, told, problems)

    def data_values(  # noqa: C901, PLR0912, PLR0915 - the loop of a flood: one step a field, no call that can be spared
        self, payload: Message, arrived_ns: int, live: Live
    ) -> Found:
        """Return what data mean."""
        rows: list[Row] = []
        past: list[Row] = []
        told: Told = {}
        problems: list[PayloadProblem] = []
        by_name, by_alias = self._by_name, self._by_alias if self.trusted else {}
        last_ns, stale_ns = live.last_ns, live.stale_ns
        sent_ms = payload.timestamp
        latest_ms = arrived_ns // MS_NS + EARLY_MS
        unknown = 0
        for metric in payload.metrics:
            name = metric.name
            if name:
                channel = by_name.get(name)
            else:
                alias = metric.alias
                channel = by_alias.get(alias)
                if not alias and channel is not None and not metric.HasField("alias"):
                    channel = None
            if channel is None:
                unknown += 1
                continue
            point = channel.point
            if point < 0 and channel.field is None:
                continue
            quick = channel.quick
            if point >= 0 and quick is not None and not metric.is_null and not metric.HasField("properties"):
                value = quick(metric)
                stamp_ms = metric.timestamp or sent_ms
                # 0 stands for no value, too; a value times 0 is not 0 where it is no number.
                if value and value * 0.0 == 0.0 and NO_EARLIER_MS <= stamp_ms <= latest_ms:
                    time_ns = stamp_ms * MS_NS
                    if metric.is_historical:
                        past.append((point, time_ns, value * channel.factor, _GOOD))
                        continue
                    rows.append((point, time_ns, value * channel.factor, _GOOD))
                    if time_ns > last_ns.get(point, 0):
                        last_ns[point] = time_ns
                    if stale_ns:
                        stale_ns.pop(point, None)
                    continue
            try:
                row = self._told_by(channel, metric, sent_ms, arrived_ns, told)
            except PayloadProblem as exc:
                problems.append(PayloadProblem(exc.cause, f"{channel.name}: {exc}"))
                continue
            if row is not None and metric.is_historical:
                past.append(row)
            elif row is not None:
                rows.append(row)
                last_ns[row[0]] = max(row[1], last_ns.get(row[0], 0))
                stale_ns.pop(row[0], None)
        if unknown:
            why = "that no birth has announced" if self.trusted else "that are in doubt until the next birth"
            text = f"{unknown} of {len(payload.metrics)} metrics have names or aliases {why}"
            problems.append(PayloadProblem(Cause.OUT_OF_SEQUENCE, text))
        return Found(rows, past, told, problems)

    def _told_by(self, channel: Channel, metric: Message, sent_ms: int, arrived_ns: int, told: Told) -> Row | None:
        """Return the reading of a metric, or put what it tells of an event to the rest."""
        if channel.point < 0 and channel.field is None:
            return None
        stamp_ms, quality = metric.timestamp or sent_ms, Quality.GOOD
        if metric.HasField("properties"):
            quality = self._by_properties(channel, metric)
        if not NO_EARLIER_MS <= stamp_ms <= arrived_ns // MS_NS + EARLY_MS:
            if metric.is_historical:
                raise PayloadProblem(Cause.IMPOSSIBLE_TIME, f"{stamp_ms} ms is no time of the past; nobody knows when")
            # The sender's clock cannot be trusted: the time of arrival is the best there is, and marked as such.
            stamp_ms, quality = arrived_ns // MS_NS, min(quality, Quality.UNCERTAIN)
        found = wire.value_of(metric, channel.datatype)
        if channel.field is not None:
            if found is not None and quality >= Quality.UNCERTAIN:
                fields = told.setdefault((stamp_ms, metric.is_historical), {})
                fields[channel.field] = _field_value(channel, found)
            return None
        if channel.point < 0:
            return None
        value = _NOTHING if found is None else float(found)
        if not math.isfinite(value):
            quality = min(quality, Quality.BAD_SENSOR_FAILURE)
        elif quality < Quality.UNCERTAIN:
            value = _NOTHING
        # A whole number of 64 bits must not be rounded before it is converted.
        exact = found if isinstance(found, int) and not math.isnan(value) else value
        return channel.point, stamp_ms * MS_NS, converted(exact, channel.factor, channel.scale), int(quality)

    def _by_properties(self, channel: Channel, metric: Message) -> Quality:
        """Return the quality that a metric gives itself; a unit that it gives counts from now on."""
        said = wire.properties_of(metric)
        unit = said.get(wire.ENGINEERING_UNIT)
        if isinstance(unit, bytes) and unit.decode(errors="replace") != channel.unit:
            try:
                self._convert_from(channel, self._meanings[channel.name.encode()], unit)
            except PayloadProblem:
                channel.retire()
                raise
        code = said.get(wire.QUALITY)
        if code is None:
            return Quality.GOOD
        if code == _STALE:
            return Quality.BAD_NOT_CONNECTED
        # The other codes are those of OPC: the two highest bits of a byte say good, uncertain or bad.
        if not isinstance(code, int) or not 0 <= code <= 255:
            return Quality.BAD
        return {0xC0: Quality.GOOD, 0x40: Quality.UNCERTAIN}.get(code & 0xC0, Quality.BAD)


def _check_type(field_: EventField, datatype: DataType) -> None:
    if field_ in TEXTS:
        fits = datatype in wire.TEXTS
    elif field_ in TIMES:
        fits = datatype in {DataType.DATETIME, DataType.INT64, DataType.UINT64}
    elif field_ in COUNTS:
        fits = datatype in wire.WHOLE
    else:
        fits = datatype in wire.NUMBERS
    if not fits:
        raise PayloadProblem(Cause.WRONG_TYPE, f"is of type {datatype.name.title()}, which {field_.value} cannot be")


def _field_value(channel: Channel, found: Value) -> Value:
    if isinstance(found, bytes):
        return found
    if channel.field in FIELD_UNITS:
        value = float(found) * channel.factor
        if not math.isfinite(value):
            raise PayloadProblem(Cause.NOT_A_NUMBER, "is no number")
        return value
    return found
