"""Counters: from what a register shows to a total that only grows. Pure.

A register wraps, is reset, jumps to zero for one reading, or comes back after a gap. Each has its own sign:

- a drop that makes a small step when the modulus is added is a wrap;
- a drop that lasts is a reset or another meter: counting starts again from there, what lay between is not known;
- a drop that does not last is a glitch: it is not booked;
- a step above what the rated power can deliver is not energy: it is not booked, and if the register stays there,
  counting starts again from there.

Values are in the counter's unit, or in steps of its register (see ``readings.scale``): then they are whole numbers, and
every difference of theirs is exact, however large they are.

A register that the device brings up to date only every few seconds stands and then steps. So a counter may run ahead of
its rated power by what fits into one such period (``slack``), but never more than that over any length of time.
"""

from dataclasses import dataclass
from enum import Enum, auto

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
    ``spent`` is how much of the slack is used up. All in the counter's unit.
    """

    total: float
    shown: float
    time_ns: int
    spent: float = 0.0
    candidate: float = 0.0
    candidate_ns: int = 0
    seen: int = 0


def start(shown: float, time_ns: int) -> Counter:
    """Return a counter at its first reading: nothing is booked yet."""
    return Counter(total=0.0, shown=shown, time_ns=time_ns)


def advance(
    counter: Counter, shown: float, time_ns: int, *, most_per_s: float, modulus: float | None, slack: float
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
        The most that the counter gains in a second.
    modulus : float or None
        The value at which the register starts again from zero.
    slack : float
        How far a reading may run ahead of that, because registers are refreshed seldom and show whole steps.

    Returns
    -------
    Counter, Step
        The counter after the reading, and what the reading was.
    """
    most = most_per_s * (time_ns - counter.time_ns) * 1e-9
    gain = shown - counter.shown
    step = Step.BOOKED
    if gain < 0 and modulus is not None:
        gain, step = gain + modulus, Step.WRAPPED
    if 0 <= gain <= most + slack - counter.spent:
        spent = max(0.0, counter.spent + gain - most)
        return Counter(total=counter.total + gain, shown=shown, time_ns=time_ns, spent=spent), step
    rise = shown - counter.candidate
    follows = counter.seen > 0 and 0 <= rise <= most_per_s * (time_ns - counter.candidate_ns) * 1e-9 + slack
    seen = counter.seen + 1 if follows else 1
    if seen >= CONFIRM:
        return Counter(total=counter.total, shown=shown, time_ns=time_ns), Step.REBASED
    return (
        Counter(counter.total, counter.shown, counter.time_ns, counter.spent, shown, time_ns, seen),
        Step.SUSPECT,
    )


def gain(
    earlier: float,
    earlier_ns: int,
    later: float,
    later_ns: int,
    *,
    most_per_s: float,
    modulus: float | None,
    slack: float,
) -> float | None:
    """Return what a register gained between two readings, whatever was read between them.

    Parameters
    ----------
    earlier, later : float
        The register's values, in the counter's unit.
    earlier_ns, later_ns : int
        Their times.
    most_per_s, modulus, slack
        As for ``advance``.

    Returns
    -------
    float or None
        The gain, over the end of the register where it wrapped; None where no such meter can have gained that.
    """
    found = later - earlier
    if found < 0 and modulus is not None:
        found += modulus
    return found if 0 <= found <= most_per_s * (later_ns - earlier_ns) * 1e-9 + slack else None
