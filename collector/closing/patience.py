"""When to state again what is marked: at once, but not after each batch of a flood of late readings.

A gateway that was cut off for hours tells what it stored in many batches, and each of them may change every minute of
the gap. The first one is stated again at once. What follows is, when no more come for the moment, or a minute is over.
Marks are kept in the store, so nothing is lost by waiting.
"""

from dataclasses import dataclass

LONGEST_NS = 60_000_000_000
"""So long marks wait at most while more of them come: a closing pass of a minute."""


@dataclass(slots=True)
class Patience:
    """Whether marks are left to wait. ``stated_ns``: when some were stated again although more came [ns UTC]."""

    stated_ns: int | None = None

    def waits(self, now_ns: int, *, more_came: bool) -> bool:
        """Tell whether to wait for more, given whether any marks came in this step.

        A clock that is set back ends the wait: nobody knows then how long it has been.
        """
        if not more_came:
            return False
        if self.stated_ns is not None and 0 <= now_ns - self.stated_ns < LONGEST_NS:
            return True
        self.stated_ns = now_ns
        return False
