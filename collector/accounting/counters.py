"""Counters: from what a register shows to a total that only grows. Pure.

A register wraps, is reset, jumps to zero for one reading, or comes back after a gap. Each has its own sign:

- a drop that makes a small step when the modulus is added is a wrap;
- a drop that lasts is a reset or another meter: counting starts again from there, what lay between is not known;
- a drop that does not last is a glitch: it is not booked;
- a step above what the rated power can deliver is not energy: it is not booked, and if the register stays there,
  counting starts again from there.
"""

from dataclasses import dataclass
from enum import Enum, auto

MARGIN = 1.2
"""A meter may carry this much more than its rated power for a while."""

CONFIRM = 3
"""A new level of the register is believed after this many readings in a row."""


class Step(Enum):
    """What a reading of a counter turned out to be."""

    BOOKED = auto()
    WRAPPED = auto()
    SUSPECT = auto()
    REBASED = auto()


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter as far as it was read.

    ``total`` grows with every booking; ``shown`` is the last believed value of the register, ``time_ns`` its time.
    ``candidate`` is a level that the register jumped to and that is not believed yet, seen ``seen`` times.
    All in the counter's unit.
    """

    total: float
    shown: float
    time_ns: int
    candidate: float = 0.0
    candidate_ns: int = 0
    seen: int = 0


def start(shown: float, time_ns: int) -> Counter:
    """Return a counter at its first reading: nothing is booked yet."""
    return Counter(total=0.0, shown=shown, time_ns=time_ns)


def advance(
    counter: Counter, shown: float, time_ns: int, *, most_per_s: float, modulus: float | None, resolution: float
) -> tuple[Counter, Step]:
    """Take the next reading of a counter.

    Parameters
    ----------
    counter : Counter
        The counter so far.
    shown : float
        The register's value, in the counter's unit.
    time_ns : int
        Its time, later than the counter's.
    most_per_s : float
        What the counter gains in a second at rated power.
    modulus : float or None
        The value at which the register starts again from zero.
    resolution : float
        The register's step: a counter that shows whole kWh may gain one in no time.

    Returns
    -------
    Counter, Step
        The counter after the reading, and what the reading was.
    """
    if _plausible(shown - counter.shown, time_ns - counter.time_ns, most_per_s, resolution):
        return _booked(counter, shown - counter.shown, shown, time_ns), Step.BOOKED
    if modulus is not None and shown < counter.shown:
        across = shown + modulus - counter.shown
        if _plausible(across, time_ns - counter.time_ns, most_per_s, resolution):
            return _booked(counter, across, shown, time_ns), Step.WRAPPED
    follows = counter.seen > 0 and _plausible(
        shown - counter.candidate, time_ns - counter.candidate_ns, most_per_s, resolution
    )
    seen = counter.seen + 1 if follows else 1
    if seen >= CONFIRM:
        return Counter(total=counter.total, shown=shown, time_ns=time_ns), Step.REBASED
    return (
        Counter(counter.total, counter.shown, counter.time_ns, candidate=shown, candidate_ns=time_ns, seen=seen),
        Step.SUSPECT,
    )


def _plausible(gain: float, elapsed_ns: int, most_per_s: float, resolution: float) -> bool:
    return 0 <= gain <= most_per_s * MARGIN * elapsed_ns * 1e-9 + 2 * resolution


def _booked(counter: Counter, gain: float, shown: float, time_ns: int) -> Counter:
    return Counter(total=counter.total + gain, shown=shown, time_ns=time_ns)
