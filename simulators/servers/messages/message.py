"""One MQTT message, the numbers that sources give theirs, and messages that come late."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import msgspec

from simulators.instants import iso_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

Thing = TypeVar("Thing")


class Message(NamedTuple):
    """One MQTT message, ready to be sent.

    Parameters
    ----------
    topic, payload
        What is said, and where.
    retain
        Whether the broker keeps it for those who come later.
    qos
        0 or 1.
    dup
        Whether it has been sent before, as far as its sender knows.
    """

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1
    dup: bool = False


def json_message(topic: str, body: Mapping[str, object], *, retain: bool = False) -> Message:
    """Write a body as JSON."""
    return Message(topic, msgspec.json.encode(body), retain=retain)


class Sources:
    """Counts the messages of each source."""

    def __init__(self) -> None:
        self._seq: dict[str, int] = {}

    def next(self, source: str) -> dict[str, object]:
        """Return the keys that name a source and number its message."""
        return {"src": source, "seq": self.number(source)}

    def number(self, source: str) -> int:
        """Return the number of a source's next message, from 1."""
        self._seq[source] = number = self._seq.get(source, 0) + 1
        return number


class Later(Generic[Thing]):
    """Things that wait for their hour of plant time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Thing]] = []
        self._count = 0

    def at(self, due_ns: int, thing: Thing) -> None:
        """Keep a thing until ``due_ns`` [UTC ns]."""
        self._count += 1
        heapq.heappush(self._waiting, (due_ns, self._count, thing))

    def due(self, now_ns: int) -> list[Thing]:
        """Give out what is due at ``now_ns`` [UTC ns], the earliest first."""
        found = []
        while self._waiting and self._waiting[0][0] <= now_ns:
            found.append(heapq.heappop(self._waiting)[2])
        return found


def compact(time_ns: int) -> str:
    """Write a time as it stands in ids: ``20260301T041902.400Z``."""
    return iso_milliseconds(time_ns).replace("-", "").replace(":", "")
