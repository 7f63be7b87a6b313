"""The order of a node's messages, by their numbers from 0 to 255 and again from 0. Pure.

A message that comes before the one it should follow is kept for a while, because the other may only have been
overtaken. When the wait is over, what is missing is lost.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum

from collector.acquisition.mqtt.sparkplug_wire import Message

NUMBERS = 256
_REMEMBERED = 512
"""Messages by which one that comes twice is known: two rounds of numbers."""


class Place(Enum):
    """Where a message stands."""

    DUE = "due"
    EARLY = "early"
    LATE = "late"
    """It was given up already."""


@dataclass(slots=True, eq=False)  # not frozen, which costs time for each message of a flood
class Arrived:
    """A message of a node: where it came from, its bytes, what they hold, and when it came [ns]."""

    kind: str
    device: str
    topic: str
    raw: bytes
    payload: Message
    arrived_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A message that waits, and which number was expected when it came."""

    message: Arrived
    expected: int | None


class Sequence:
    """Which message is the next, and which wait for those before them. ``expected`` None: any may be the next."""

    def __init__(self, wait_ns: int) -> None:
        self._wait_ns = wait_ns
        self._held: dict[int, _Held] = {}
        self._given_up: set[int] = set()
        self._recent: OrderedDict[int, None] = OrderedDict()
        self._last_ms = 0
        self.expected: int | None = None

    @property
    def deadline_ns(self) -> int | None:
        """Until when those that are missing are waited for [ns], None if none is."""
        if not self._held:
            return None
        return min(held.message.arrived_ns for held in self._held.values()) + self._wait_ns

    def is_repeated(self, raw: bytes) -> bool:
        """Tell whether these very bytes came before; a number stands in them, so no two messages are alike."""
        seen = hash(raw)
        if seen in self._recent:
            return True
        self._recent[seen] = None
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return False

    def begin(self, number: int, sent_ms: int) -> list[Arrived]:
        """Begin anew after a birth with this number. Return what waited and was sent before the birth: it is lost."""
        old = [held.message for held in self._held.values() if held.message.payload.timestamp < sent_ms]
        self._held = {at: held for at, held in self._held.items() if held.message.payload.timestamp >= sent_ms}
        self._given_up.clear()
        self._last_ms = sent_ms
        self.expected = (number + 1) % NUMBERS
        return old

    def forget(self) -> list[Arrived]:
        """Forget where the node was. Return what waited."""
        old = [held.message for held in self._held.values()]
        self._held.clear()
        self._given_up.clear()
        self._last_ms = 0
        self.expected = None
        return old

    def sent_before(self, number: int, sent_ms: int) -> list[Arrived]:
        """Return what waits for a message that is due, though it was sent before it, in that order, and take it out.

        Then the node began its numbers anew, and nothing has come of that but what waits: the one expected has come by
        chance only. What was sent before the last one in order is a straggler, and tells nothing.
        """
        if self.expected != number or not self._held:
            return []
        earlier = [
            at
            for at, held in self._held.items()
            if self._last_ms <= held.message.payload.timestamp <= sent_ms
            and (held.message.payload.timestamp < sent_ms or self._distance(at) >= NUMBERS // 2)
        ]
        found = [self._held.pop(at).message for at in earlier]
        return sorted(found, key=lambda message: (message.payload.timestamp, message.payload.seq))

    def place(self, number: int, sent_ms: int) -> Place:
        """Return where a message with this number stands; one that is due is the next no more."""
        if self.expected is None or number == self.expected:
            self._given_up.discard(number)
            self._last_ms = sent_ms
            self.expected = (number + 1) % NUMBERS
            return Place.DUE
        return Place.LATE if number in self._given_up else Place.EARLY

    def hold(self, number: int, message: Arrived) -> None:
        """Let a message wait for those before it."""
        self._held.setdefault(number, _Held(message, self.expected))

    def ready(self) -> list[Arrived]:
        """Return the messages that waited and whose turn it is."""
        found: list[Arrived] = []
        while self.expected in self._held:
            found.append(self._held.pop(self.expected).message)
            self._last_ms = found[-1].payload.timestamp
            self._given_up.discard(self.expected)
            self.expected = (self.expected + 1) % NUMBERS
        return found

    def give_up(self) -> Arrived | None:
        """Wait no more for what is missing before the first message that waits.

        Returns
        -------
        Arrived or None
            None: what is missing is lost, and that message is the next. A message: it was a straggler itself, from far
            behind what came in order all the while; nothing is lost but it.
        """
        first = min(self._held, key=self._distance)
        distance = self._distance(first)
        if distance >= NUMBERS // 2 and self._held[first].expected != self.expected:
            return self._held.pop(first).message
        start = first - distance
        self._given_up.update(number % NUMBERS for number in range(start, first))
        self.expected = first
        return None

    def _distance(self, number: int) -> int:
        return (number - (self.expected or 0)) % NUMBERS
