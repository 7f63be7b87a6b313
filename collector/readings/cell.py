"""Cells: what is kept of one point in one minute, as input of the accounts.

A counter's cell holds what the register showed at the first and at the last reading of the minute. A gauge's cell holds
its value at both and the integral between them. A counter with a scale is kept in steps, which are whole numbers of any
size: nothing of it is rounded before it is a difference. Cells of neighbouring minutes join into an unbroken line. A
cell says nothing that depends on the cells before it but ``joined``: so one can be put between two others, or made
again.
"""

from dataclasses import dataclass, replace

from collector.readings.scale import Scale

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
    scale : Scale or None
        What ``first``, ``last`` and ``integral`` are counted in; None: in the quantity's unit.
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
    scale: Scale | None = None

    def at(self, scale: Scale | None) -> "Cell":
        """Return the cell of a counter counted in another scale; the same where it is counted so already."""
        if self.scale == scale:
            return self
        counted = self.first, self.last, self.integral
        first, last, integral = (rescaled(number, self.scale, scale) for number in counted)
        return replace(self, first=first, last=last, integral=integral, scale=scale)


def rescaled(number: float, scale: Scale | None, to: Scale | None) -> float:
    """Return a number of steps, or of the quantity's unit where there is no scale, in another scale."""
    if scale == to:
        return number
    if scale is not None and to is not None and scale.step == to.step:
        return number
    value = number if scale is None else scale.worth(number)
    return value if to is None else to.steps(value)


def minute_of(time_ns: int) -> int:
    """Return the start of the minute that a time lies in [ns]."""
    return time_ns - time_ns % MINUTE_NS
