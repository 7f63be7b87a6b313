"""What every source of readings is: a name, and a loop over what arrives."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from collector.readings.batch import ReadingBatch
from collector.readings.event import Event
from collector.readings.outgoing import DeadLetter


def _nothing() -> None:
    """Acknowledge nothing: a polled meter does not wait for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """What came in one go. ``acknowledge`` is called once everything it caused is on disk, on the event loop."""

    batch: ReadingBatch
    events: tuple[Event, ...] = ()
    rejected: tuple[DeadLetter, ...] = ()
    acknowledge: Callable[[], None] = field(default=_nothing)


class SourceUnavailable(Exception):
    """The source cannot go on: a socket is dead, a broker refuses. Only the supervisor tries again."""


class Source(Protocol):
    """A source of readings."""

    @property
    def name(self) -> str:
        """The name in logs and on the page."""
        ...

    def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield what arrives until cancelled, or raise SourceUnavailable."""
        ...
