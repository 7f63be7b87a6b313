"""Counters in whole steps as the store writes them: text, for a number of steps may have more than 64 bits.

``step modulus number ...``, where the modulus is ``-`` for a register that does not start again. A number without a
point is whole; another one was told by something that does not count whole steps, and reads back to the same bits.

The columns beside the counts hold the nearest float64 of each number. Where one says something else, somebody has
changed it, and it counts: so an entry that follows from changed inputs is found out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from collector.readings.cell import Cell, rescaled
from collector.readings.scale import Scale
from collector.readings.trace import Raw, Trace


def of_cell(cell: Cell) -> str | None:
    """Return the counts of a cell; None where it has none."""
    return None if cell.scale is None else _written(cell.scale, (cell.first, cell.last, cell.integral))


def of_trace(trace: Trace) -> str | None:
    """Return the counts of a trace's readings; None where it has none."""
    return None if trace.scale is None else _written(trace.scale, (value for _, value, _ in trace.raw))


def raw_values(trace: Trace) -> Sequence[Raw]:
    """Return the readings of a trace in the quantity's unit."""
    if trace.scale is None:
        return trace.raw
    return [(time_ns, rescaled(value, trace.scale, None), quality) for time_ns, value, quality in trace.raw]


def counted(cell: Cell, counts: str) -> Cell:
    """Return a cell with its counts."""
    scale, numbers = _read(counts)
    columns = cell.first, cell.last, cell.integral
    first, last, integral = (_agreed(scale, *each) for each in zip(numbers, columns, strict=True))
    return replace(cell, first=first, last=last, integral=integral, joined=bool(cell.joined), scale=scale)


def counted_trace(trace: Trace, counts: str) -> Trace:
    """Return a trace with the counts of its readings."""
    scale, numbers = _read(counts)
    raw = [
        (time_ns, _agreed(scale, number, column), quality)
        for (time_ns, column, quality), number in zip(trace.raw, numbers, strict=True)
    ]
    return replace(trace, raw=raw, scale=scale)


def _agreed(scale: Scale, number: float, column: float) -> float:
    return number if scale.worth(number) == column else scale.steps(column)


def _written(scale: Scale, numbers: Iterable[float]) -> str:
    modulus = "-" if scale.modulus is None else str(scale.modulus)
    return " ".join((repr(scale.step), modulus, *map(repr, numbers)))


def _read(text: str) -> tuple[Scale, list[float]]:
    step, modulus, *numbers = text.split(" ")
    return _scale(step, modulus), [_number(number) for number in numbers]


@lru_cache(maxsize=4096)
def _scale(step: str, modulus: str) -> Scale:
    """Return a scale, the same one for all cells of a point."""
    return Scale(float(step), None if modulus == "-" else int(modulus))


def _number(text: str) -> float:
    return int(text) if text.removeprefix("-").isdecimal() else float(text)
