"""What a session and a reader of messages say to each other. Pure: no network, no file.

A session brings topics and payloads; a reader knows what they mean. Neither needs to know anything else of the other.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple, Protocol

from collector.readings.batch import ReadingBatch
from collector.readings.event import Event

KEPT_OF_A_MESSAGE = 64 * 1024
"""How much is kept of a message that cannot be used [bytes]."""


class Cause(Enum):
    """Why a message could not be used. The value is the name of its counter."""

    UNKNOWN_TOPIC = "unknown_topic"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_PROTOBUF = "not_protobuf"
    WRONG_TYPE = "wrong_type"
    MISSING = "missing"
    NOT_A_NUMBER = "not_a_number"
    """NaN or infinity, where a number should be."""
    NUMBER_AS_TEXT = "number_as_text"
    DECIMAL_COMMA = "decimal_comma"
    UNKNOWN_VERSION = "unknown_version"
    IMPOSSIBLE_TIME = "impossible_time"
    UNKNOWN_NAME = "unknown_name"
    """A pot, a meter or a potline that is not in the plant file."""
    UNKNOWN_WORD = "unknown_word"
    WRONG_UNIT = "wrong_unit"
    CONTRADICTION = "contradiction"
    OUT_OF_SEQUENCE = "out_of_sequence"


class PayloadProblem(ValueError):
    """The message cannot be used; the text says why."""

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause


class Message(NamedTuple):
    """A message as it came.

    ``token`` is for its acknowledgement, 0 where it needs none. ``size`` is that of the payload, more than what is here
    where it was too large. ``arrived_ns`` is when it came [ns UTC].
    """

    topic: str
    payload: bytes
    qos: int
    retained: bool
    token: int
    size: int
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic filter and the quality of service asked for.

    Not ``shareable`` are messages of which each counts with those before it: all must come to one collector.
    """

    topic: str
    qos: int
    shareable: bool = True

    def shared_by(self, group: str) -> "Subscription":
        """Return it as one of a group that shares the messages; an empty name is none."""
        return replace(self, topic=f"$share/{group}/{self.topic}") if group and self.shareable else self


@dataclass(frozen=True, slots=True)
class Publication:
    """A message that is to be sent."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True, slots=True, eq=False)
class Refused:
    """A message, or a part of one, that could not be used, told together with what could."""

    topic: str
    payload: bytes
    problem: PayloadProblem


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What a message said.

    Attributes
    ----------
    readings : list of tuple
        Point, time [ns], value and quality of each.
    batch : ReadingBatch or None
        Readings that are columns already, of messages with many samples.
    past : ReadingBatch or None
        Readings that the sender had stored, and marks so: they say nothing of the present.
    events : tuple of Event
        Anode effects, weighings and the like.
    publications : tuple of Publication
        What is to be sent because of it.
    refused : tuple of Refused
        What could not be used of this message, or of earlier ones that had waited for it.
    """

    readings: list[tuple[int, int, float, int]]
    batch: ReadingBatch | None = None
    events: tuple[Event, ...] = ()
    publications: tuple[Publication, ...] = ()
    refused: tuple[Refused, ...] = ()
    past: ReadingBatch | None = None

    @property
    def says_anything(self) -> bool:
        """Whether there is anything in it besides what is to be sent."""
        return bool(self.readings or self.events or self.refused) or self.batch is not None or self.past is not None

    def of_the_past(self) -> "Told":
        """Return the same with all its readings as ones of the past."""
        if not self.readings and self.batch is None:
            return self
        rows = ReadingBatch.of(self.readings)
        past = rows if self.batch is None else ReadingBatch.joined((rows, self.batch))
        return replace(self, readings=[], batch=None, past=past)


class MessageReader(Protocol):
    """Reads the messages of one broker."""

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What to subscribe to."""
        ...

    @property
    def will(self) -> Publication | None:
        """What the broker is to publish where the connection is lost, or None."""
        ...

    def connected(self, now_ns: int) -> tuple[Publication, ...]:
        """Return what to publish once the subscriptions stand."""
        ...

    def read(self, topic: str, payload: bytes, *, arrived_ns: int, retained: bool) -> Told:
        """Return what a message says.

        Raises
        ------
        PayloadProblem
            If it cannot be used.
        """
        ...

    def lost(self, now_ns: int) -> Told:
        """Return what is stale now that the connection is gone."""
        ...

    def due(self, now_ns: int) -> Told:
        """Return what time has brought about, and what is to be published by now. Called at least every 0.25 s."""
        ...
