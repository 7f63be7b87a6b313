"""How much lies between two times, from the cells of a point. Pure.

Between the last reading of one minute and the first of a later one the
line is drawn straight, whatever lies between.
"""

from collections.abc import Sequence
from enum import Enum

import msgspec

from collector.readings.cell import Cell
from collector.readings.scale import Scale


class Shape(Enum):
    """What a cell's numbers are."""

    COUNTER = "counter"
    GAUGE = "gauge"


class Amount(msgspec.Struct, frozen=True):
    """What lies between two times: a counter's gain, or a gauge's integral [unit * s].

    ``covered_s`` is how much of the time is backed by readings close to each other, ``estimated_s`` how much is bridged
    over longer gaps. What is neither has no reading before or none after it: nothing is booked for it.
    """

    amount: float
    covered_s: float
    estimated_s: float
    quality: int

    @property
    def known_s(self) -> float:
        """Time for which something is booked [s]."""
        return self.covered_s + self.estimated_s


NOTHING = Amount(0.0, 0.0, 0.0, 0xC0)


def between(
    cells: Sequence[Cell], start_ns: int, end_ns: int, *, shape: Shape, longest_gap_s: float, modulus: float | None
) -> Amount:
    """Return what lies between two times at the start of minutes.

    Parameters
    ----------
    cells : sequence of Cell
        In order of time: all of the interval, and the nearest one before and after it if there is any.
    start_ns, end_ns : int
        The interval; both at the start of a minute.
    shape : Shape
        Counter or gauge.
    longest_gap_s : float
        A gap up to this long counts as covered.
    modulus : float or None
        The value at which a counter's register starts again from zero; None where it does not, and for a gauge. Cells
        with a scale know their own.
    """
    amount = covered = estimated = 0.0
    # What is counted in whole steps is added up as such, and is rounded once.
    scale: Scale | None = None
    steps: float = 0
    quality = 0xC0
    previous: Cell | None = None
    for cell in cells:
        if cell.scale is not scale and cell.scale != scale:
            amount, steps = amount + (steps if scale is None else scale.worth(steps)), 0
            scale = cell.scale
        if previous is not None and cell.joined:
            part, length_s = _bridge(previous, cell, start_ns, end_ns, shape, modulus)
            if isinstance(part, int):
                steps += part
            else:
                amount += part
            # In ns: 60 s of them times 1e-9 are a little more than 60.
            if cell.first_ns - previous.last_ns <= longest_gap_s * 1e9:
                covered += length_s
            else:
                estimated += length_s
            if length_s:
                quality = min(quality, previous.quality, cell.quality)
        if start_ns <= cell.minute_ns < end_ns:
            if scale is not None:
                steps += cell.last - cell.first + cell.integral
            else:
                amount += cell.last - cell.first + cell.integral if shape is Shape.COUNTER else cell.integral
            inside_s = (cell.last_ns - cell.first_ns) * 1e-9
            covered += inside_s - cell.bridged_s - cell.unknown_s
            estimated += cell.bridged_s
            quality = min(quality, cell.quality)
        previous = cell
    amount += steps if scale is None else scale.worth(steps)
    return Amount(amount, covered, estimated, quality)


def _bridge(
    earlier: Cell, later: Cell, start_ns: int, end_ns: int, shape: Shape, modulus: float | None
) -> tuple[float, float]:
    """Return the part of the straight line between two cells that lies in the interval, and its length [s].

    All of a line between whole numbers of steps is a whole number of the later cell's steps; else it is an amount.
    """
    span = later.first_ns - earlier.last_ns
    left, right = max(start_ns, earlier.last_ns), min(end_ns, later.first_ns)
    if right <= left or span <= 0:
        return 0.0, 0.0
    length_s = (right - left) * 1e-9
    if shape is Shape.COUNTER:
        scale = later.scale
        if scale is not earlier.scale and (scale is None or earlier.scale is None or scale.step != earlier.scale.step):
            earlier, later, scale = earlier.at(None), later.at(None), None
        rise = later.first - earlier.last
        whole = modulus if scale is None else scale.modulus
        if rise < 0 and whole is not None:
            rise += whole
        if left == earlier.last_ns and right == later.first_ns:
            return rise if scale is None or isinstance(rise, int) else scale.worth(rise), length_s
        # The same product for both sides of a boundary, so that neighbouring intervals add up to the whole.
        part = rise * ((right - earlier.last_ns) / span) - rise * ((left - earlier.last_ns) / span)
        return part if scale is None else scale.worth(part), length_s
    middle = ((left - earlier.last_ns) + (right - earlier.last_ns)) / (2 * span)
    return (earlier.last + (later.first - earlier.last) * middle) * length_s, length_s
