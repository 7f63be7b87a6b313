"""What every source of readings is: a name, and a loop over what arrives."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from collector.readings.batch import NO_READINGS, ReadingBatch
from collector.readings.event import Event
from collector.readings.outgoing import DeadLetter


def _nothing() -> None:
    """Acknowledge nothing: a polled meter does not wait for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """What came in one go. ``acknowledge`` is called once everything it caused is on disk, on the event loop.

    ``past``: readings whose sender says that it had stored them; they are accounted, and say nothing of the present.
    ``hurries``: the sender is soon to hold back what follows, for want of acknowledgements.
    """

    batch: ReadingBatch
    events: tuple[Event, ...] = ()
    rejected: tuple[DeadLetter, ...] = ()
    acknowledge: Callable[[], None] = field(default=_nothing)
    hurries: bool = False
    past: ReadingBatch = NO_READINGS

    @property
    def is_word(self) -> bool:
        """Whether the other side said anything, good or bad. That a meter is silent is our own word."""
        return bool(self.events or self.rejected or self.batch.usable.any() or self.past.usable.any())


class SourceUnavailable(Exception):
    """The source cannot go on: a socket is dead, a broker refuses. Only the supervisor tries again."""


def raise_if_cancelled() -> None:
    """Raise a cancellation of this task that a library has swallowed.

    Before Python 3.12 ``asyncio.wait_for`` returns as if nothing had been asked where result and cancellation come
    together. A source that went on then would hold up the collector's stop for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Source(Protocol):
    """A source of readings."""

    @property
    def name(self) -> str:
        """The name in logs and on the page."""
        ...

    @property
    def sends_again(self) -> bool:
        """Whether the other side keeps what is not acknowledged. Else what is not taken in is lost."""
        ...

    @property
    def longest_pause_s(self) -> float:
        """The longest wait before it is started again after a failure [s]."""
        ...

    def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield what arrives until cancelled, or raise SourceUnavailable."""
        ...
