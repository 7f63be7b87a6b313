"""Faults of MQTT: what gateways, brokers and Sparkplug nodes do to messages that began whole.

A scenario switches them with the tables of :mod:`simulators.faults.mqtt_tables`. While the simulation runs,
:class:`MqttFaults` takes and gives back the same records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from simulators.faults import mqtt_payloads as damage
from simulators.faults.mqtt_tables import FaultKind
from simulators.instants import SECOND_NS
from simulators.physics.noise import stream
from simulators.servers.messages.message import Later, Message
from simulators.servers.sparkplug_wire import DataType, Metric, Payload, PayloadError, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np

    from simulators.faults.mqtt_tables import MqttFault


@dataclass(frozen=True, slots=True)
class Placed:
    """A fault at its place in plant time; ``end_ns`` None: for ever."""

    id: int
    fault: MqttFault
    begin_ns: int
    end_ns: int | None

    def holds(self, now_ns: int) -> bool:
        """Return whether the fault is there at a time [UTC ns]."""
        return self.begin_ns <= now_ns and (self.end_ns is None or now_ns < self.end_ns)


class MqttFaults:
    """All the faults of a plant's MQTT side; they can be added and removed while it runs.

    Parameters
    ----------
    faults
        Those of the scenario.
    begin_ns
        The beginning of the simulation [UTC ns].
    """

    def __init__(self, faults: Iterable[MqttFault] = (), *, begin_ns: int = 0) -> None:
        self._placed: dict[int, Placed] = {}
        self._begun: set[int] = set()
        self._hits: Counter[int] = Counter()
        self._count = 0
        for fault in faults:
            self.add(fault, from_ns=begin_ns)

    def add(self, fault: MqttFault, *, from_ns: int) -> int:
        """Add a fault whose ``at_s`` counts from a time [UTC ns], and return its number."""
        self._count += 1
        begin_ns = from_ns + round(fault.at_s * SECOND_NS)
        end_ns = None if fault.for_s is None else begin_ns + round(fault.for_s * SECOND_NS)
        self._placed[self._count] = Placed(self._count, fault, begin_ns, end_ns)
        return self._count

    def remove(self, number: int) -> bool:
        """Remove a fault: what it holds back comes as if it had ended. Return whether there was one."""
        return self._placed.pop(number, None) is not None

    def strike(self, number: int) -> None:
        """Count that a fault has struck a message or a connection."""
        self._hits[number] += 1

    def hits(self, number: int) -> int:
        """Return how often a fault has struck."""
        return self._hits[number]

    def list(self) -> tuple[Placed, ...]:
        """Return the faults that there are, in the order in which they were added."""
        return tuple(self._placed.values())

    def active(self, now_ns: int) -> tuple[Placed, ...]:
        """Return the faults that are there at a time [UTC ns]."""
        return tuple(placed for placed in self._placed.values() if placed.holds(now_ns)) if self._placed else ()

    def begun(self, kind: FaultKind, now_ns: int) -> tuple[Placed, ...]:
        """Return the faults of a kind that have begun by a time [UTC ns] and not been returned here before."""
        found = tuple(
            placed
            for placed in self._placed.values()
            if placed.fault.kind is kind and placed.begin_ns <= now_ns and placed.id not in self._begun
        )
        self._begun.update(placed.id for placed in found)
        return found


@dataclass(slots=True)
class _Course:
    """How a fault goes for one publisher."""

    placed: Placed
    rng: np.random.Generator
    held: dict[str, list[Message]] = field(default_factory=dict)


class Treatment:
    """What the faults do to the messages of one publisher.

    Parameters
    ----------
    faults
        The plant's.
    name
        The publisher's: each has its own luck.
    """

    def __init__(self, faults: MqttFaults, name: str) -> None:
        self._faults = faults
        self._name = name
        self._courses: dict[int, _Course] = {}
        self._later: Later[Message] = Later()

    def treat(self, messages: Iterable[Message], now_ns: int) -> list[Message]:
        """Return what becomes of messages at a time [UTC ns], with what had been held back until then before them."""
        active = self._faults.active(now_ns)
        treated = list(messages)
        for placed in active:
            course = self._courses.get(placed.id)
            if course is None:
                rng = stream(placed.fault.seed, f"{placed.fault.kind} {self._name} {placed.id}")
                course = self._courses[placed.id] = _Course(placed, rng)
            treated = self._befall(course, treated, now_ns)
        return [*self._released(active), *self._later.due(now_ns), *treated]

    def unlucky(self, placed: Placed) -> bool:
        """Return whether a fault that befalls connections befalls this one."""
        rng = stream(placed.fault.seed, f"{placed.fault.kind} {self._name} {placed.id}")
        struck = bool(rng.random() < placed.fault.probability)
        if struck:
            self._faults.strike(placed.id)
        return struck

    def _released(self, active: tuple[Placed, ...]) -> list[Message]:
        """Give out what faults hold that are over."""
        if not self._courses:
            return []
        there = {placed.id for placed in active}
        released: list[Message] = []
        for number in [number for number in self._courses if number not in there]:
            course = self._courses.pop(number)
            held = [message for messages in course.held.values() for message in messages]
            if course.placed.fault.kind is FaultKind.HISTORICAL_FLOOD:
                held = _flood(held, course.placed)
            released.extend(held)
        return released

    def _befall(self, course: _Course, messages: list[Message], now_ns: int) -> list[Message]:
        fault = course.placed.fault
        found: list[Message] = []
        for message in messages:
            if not matches(fault.topic, message.topic):
                found.append(message)
                continue
            lucky = fault.probability < 1.0 and course.rng.random() >= fault.probability
            became = self._one(course, message, now_ns, lucky=lucky)
            if became != [message] and not (became and fault.kind in _WITHHOLDING):
                self._faults.strike(course.placed.id)
            found.extend(became)
        return found

    def _one(self, course: _Course, message: Message, now_ns: int, *, lucky: bool) -> list[Message]:
        fault = course.placed.fault
        match fault.kind:
            case FaultKind.OUT_OF_ORDER:
                return _swapped(course, message, lucky=lucky)
            case FaultKind.DATA_BEFORE_BIRTH:
                return _data_first(course, message, lucky=lucky)
            case _ if lucky:
                return [message]
            case FaultKind.HISTORICAL_FLOOD:
                course.held.setdefault("", []).append(message)
                return []
            case FaultKind.LATE_CORRECTION:
                correction = damage.corrected(message)
                if correction is not None:
                    self._later.at(now_ns + round(fault.by_s * SECOND_NS), correction)
                    self._faults.strike(course.placed.id)
                return [message]
            case _:
                return _altered(fault, message, float(course.rng.random()))


_WITHHOLDING = frozenset({FaultKind.OUT_OF_ORDER, FaultKind.DATA_BEFORE_BIRTH})
"""Kinds that strike the message that they hold back, not the one with which it comes."""


def _altered(fault: MqttFault, message: Message, luck: float) -> list[Message]:  # noqa: PLR0911 -- one for each kind
    """Return what becomes of one message that needs no other; ``luck`` says where in it."""
    match fault.kind:
        case FaultKind.DUPLICATE:
            return [message, message._replace(dup=message.qos > 0)]
        case FaultKind.OLD_DEATH:
            death = _old_death(message)
            return [message] if death is None else [message, death]
        case FaultKind.LOST_BIRTH:
            return [] if _sparkplug_type(message) in {"NBIRTH", "DBIRTH"} else [message]
        case FaultKind.STALE_RETAINED:
            return [message._replace(retain=True)]
        case FaultKind.FUTURE_TIME:
            return [damage.shifted(message, fault.by_s)]
        case FaultKind.TRUNCATED:
            return [damage.truncated(message, luck)]
        case FaultKind.NOT_UTF8:
            return [damage.not_utf8(message, luck)]
    change = _CHANGES.get(fault.kind)
    return [change(message) if change else message]


_CHANGES: Mapping[FaultKind, Callable[[Message], Message]] = MappingProxyType(
    {
        FaultKind.COMMA_DECIMALS: damage.with_comma_decimals,
        FaultKind.NUMBERS_AS_STRINGS: damage.with_numbers_as_strings,
        FaultKind.MILLIVOLTS: damage.in_millivolts,
        FaultKind.NO_LEADING_ZEROS: damage.without_leading_zeros,
    }
)


def matches(topic_filter: str, topic: str) -> bool:
    """Return whether an MQTT filter with its ``+`` and ``#`` takes a topic in."""
    if topic_filter == "#":
        return True
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels) or level not in {"+", levels[place]}:
            return False
    return len(wanted) == len(levels)


def _sparkplug_type(message: Message) -> str:
    return message.topic.split("/")[2] if message.topic.startswith("spBv1.0/") else ""


def _source(message: Message) -> str:
    if message.topic.startswith("spBv1.0/"):
        return message.topic.split("/")[3]
    body = damage.body_of(message)
    return message.topic if body is None else str(body.get("src", message.topic))


def _swapped(course: _Course, message: Message, *, lucky: bool) -> list[Message]:
    source = _source(message)
    held = course.held.pop(source, [])
    if held:
        return [message, *held]
    if lucky:
        return [message]
    course.held[source] = [message]
    return []


def _data_first(course: _Course, message: Message, *, lucky: bool) -> list[Message]:
    kind = _sparkplug_type(message)
    device = message.topic.split("/")[-1]
    if kind == "DBIRTH" and not lucky:
        course.held[device] = [message]
        return []
    if kind == "DDATA":
        return [message, *course.held.pop(device, [])]
    return [message]


def _old_death(message: Message) -> Message | None:
    if _sparkplug_type(message) != "NBIRTH":
        return None
    try:
        metrics = decode(message.payload).metrics
    except PayloadError:
        return None
    number = next((metric.value for metric in metrics if metric.name == "bdSeq"), 0)
    before = Metric((int(number or 0) - 1) % 256, DataType.INT64, name="bdSeq")
    topic = message.topic.replace("/NBIRTH/", "/NDEATH/")
    return Message(topic, encode(Payload(None, [before])), qos=1)


def _flood(held: list[Message], placed: Placed) -> list[Message]:
    """Mark what was held back as historical, and go further back in time with the same until there is enough."""
    if not held or placed.end_ns is None:
        return held
    length_s = (placed.end_ns - placed.begin_ns) / SECOND_NS
    flood = [damage.historical(message) for message in held[: placed.fault.count]]
    missing = placed.fault.count - len(flood)
    earlier = [
        damage.shifted(flood[number % len(flood)], -length_s * (number // len(flood) + 1)) for number in range(missing)
    ]
    return earlier + flood
