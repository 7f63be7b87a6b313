"""Cells: what is kept of one point in one minute, as input of the accounts.

A counter's cell holds what the register showed at the first and at the last reading of the minute. A gauge's cell holds
its value at both and the integral between them. Cells of neighbouring minutes join into an unbroken line. A cell says
nothing that depends on the cells before it but ``joined``: so one can be put between two others, or made again.
"""

from dataclasses import dataclass

MINUTE_NS = 60_000_000_000


@dataclass(slots=True)
class Cell:
    """One point in one minute.

    Attributes
    ----------
    minute_ns : int
        Start of the minute, UTC [ns].
    first_ns, last_ns : int
        Times of the first and last reading in it.
    first, last : float
        Counter: what the register showed there. Gauge: values there.
    integral : float
        Gauge: integral from first to last [unit * s]. Counter: what is to be added to ``last - first`` where the
        register wrapped or started again between them, else 0.
    bridged_s : float
        How much of the time from first to last lies in gaps that are too long to count as covered [s].
    unknown_s : float
        How much of that time nothing is known of, because a counter started again [s].
    joined : bool
        False where nothing is known from the reading before this minute to the first one in it.
    quality : int
        The worst quality of its readings.
    """

    minute_ns: int
    first_ns: int
    first: float
    last_ns: int
    last: float
    integral: float
    bridged_s: float
    unknown_s: float
    joined: bool
    quality: int


def minute_of(time_ns: int) -> int:
    """Return the start of the minute that a time lies in [ns]."""
    return time_ns - time_ns % MINUTE_NS
