"""How readings make a cell: put together in order of time, alone or in parts. Pure."""

import math
from dataclasses import dataclass, replace

from collector.accounting import counters
from collector.accounting.integrals import Shape
from collector.readings.cell import Cell, minute_of
from collector.readings.scale import Scale
from collector.readings.trace import Trace


@dataclass(frozen=True, slots=True)
class Rule:
    """How one point is booked. For a counter: the most it gains in a second, modulus, and slack (see counters).

    With a ``scale`` it is booked in steps; ``in_steps`` gives the same rule so, and that is the one that cells need.
    """

    shape: Shape
    most_per_s: float = 0.0
    modulus: float | None = None
    slack: float = 0.0
    scale: Scale | None = None
    counts_steps: bool = False
    """Whether the numbers above are in steps, and not in the quantity's unit."""

    def in_steps(self) -> "Rule":
        """Return the rule with everything in steps of its scale; the same where it has none, or is so already.

        The slack has a millionth of a step more: what was a whole number of steps before it was divided stays one.
        """
        if self.scale is None or self.counts_steps:
            return self
        modulus = self.scale.modulus
        if modulus is None and self.modulus is not None:
            modulus = self.scale.modulus_of(self.modulus)
        step = self.scale.step
        return replace(
            self,
            most_per_s=self.most_per_s / step,
            modulus=modulus,
            slack=self.slack / step + 1e-6 if math.isfinite(self.slack) else self.slack,
            scale=Scale(step, modulus),
            counts_steps=True,
        )

    def steps(self, value: float) -> float:
        """Return a reading as it is booked: in steps, where the rule has a scale."""
        return value if self.scale is None else self.scale.steps(value)

    def worth(self, booked: float) -> float:
        """Return what is booked in the quantity's unit."""
        return booked if self.scale is None else self.scale.worth(booked)

    def joins(self, earlier: float, earlier_ns: int, later: float, later_ns: int) -> bool:
        """Tell whether a line may be drawn from one reading to a later one: always, but for a counter's leap."""
        if self.shape is Shape.GAUGE:
            return True
        gained = counters.gain(
            earlier,
            earlier_ns,
            later,
            later_ns,
            most_per_s=self.most_per_s,
            modulus=self.modulus,
            slack=self.slack,
        )
        return gained is not None


def single(time_ns: int, value: float, quality: int, *, joined: bool, scale: Scale | None = None) -> Cell:
    """Return the cell of one reading; with a scale, ``value`` is in steps."""
    return Cell(
        minute_ns=minute_of(time_ns),
        first_ns=time_ns,
        first=value,
        last_ns=time_ns,
        last=value,
        integral=0.0 if scale is None else 0,  # a float would round what is added to it
        bridged_s=0.0,
        unknown_s=0.0,
        joined=joined,
        quality=quality,
        scale=scale,
    )


def lengthen(cell: Cell, later: Cell, rule: Rule, *, known: bool, longest_gap_s: float) -> None:
    """Put a later part of the same minute to a cell; ``known`` is False where nothing is known of what lies between."""
    step_s = (later.first_ns - cell.last_ns) * 1e-9
    rise = later.first - cell.last
    if rule.shape is Shape.GAUGE:
        cell.integral += (cell.last + later.first) / 2 * step_s
    elif not known:
        cell.integral -= rise
    elif rise < 0 and rule.modulus is not None:
        cell.integral += rule.modulus
    if not known:
        cell.unknown_s += step_s
    elif later.first_ns - cell.last_ns > longest_gap_s * 1e9:
        cell.bridged_s += step_s
    cell.integral += later.integral
    cell.bridged_s += later.bridged_s
    cell.unknown_s += later.unknown_s
    cell.last_ns, cell.last = later.last_ns, later.last
    cell.quality = min(cell.quality, later.quality)


def made_of(trace: Trace, rule: Rule, *, joined: bool, longest_gap_s: float) -> Cell:
    """Return the cell of a minute's readings.

    Raises
    ------
    ValueError
        If there are none.
    """
    parts = [single(*reading, joined=True, scale=rule.scale) for reading in trace.raw]
    if trace.core is not None:
        parts.append(trace.core)
        parts.sort(key=lambda part: part.first_ns)
    if not parts:
        raise ValueError("a cell is made of readings; give at least one")
    cell = replace(parts[0], joined=joined)
    for part in parts[1:]:
        known = rule.joins(cell.last, cell.last_ns, part.first, part.first_ns)
        lengthen(cell, part, rule, known=known, longest_gap_s=longest_gap_s)
    return cell
