"""What the answers to a block become, worked out once for each block: it is needed many times a second. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from collector.acquisition.modbus.plan import ReadBlock
from collector.plant.profile import Register
from collector.readings.quality import Quality

_MOST_BLOCKS = 500
"""No meter has more requests at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The readings of one block's answers.

    Attributes
    ----------
    rows : intp [readings] or None
        Which of its registers are readings; None: all of them.
    point : int32 [readings]
        Places of their points.
    telling : tuple of Register
        Registers that tell the device.
    is_first : bool
        Whether others need something of it.
    """

    block: ReadBlock
    rows: npt.NDArray[np.intp] | None
    point: npt.NDArray[np.int32]
    telling: tuple[Register, ...]
    is_first: bool


class BlockColumns:
    """The columns of a meter's blocks.

    Parameters
    ----------
    place : mapping of str to int
        The places of the points, by the names of the registers that are readings.
    first : collection of str
        The names of the registers that are read before others.
    """

    def __init__(self, place: Mapping[str, int], first: Collection[str]) -> None:
        self._place, self._first = place, first
        self._known: dict[int, Columns] = {}

    def of(self, block: ReadBlock) -> Columns:
        """Return the columns of a block."""
        found = self._known.get(id(block))  # the block is kept with it, so its id stays its own
        if found is None:
            if len(self._known) >= _MOST_BLOCKS:  # requests were planned anew again and again
                self._known.clear()
            found = self._known[id(block)] = self._worked_out(block)
        return found

    def _worked_out(self, block: ReadBlock) -> Columns:
        rows = [row for row, register in enumerate(block.registers) if register.name in self._place]
        point = np.array([self._place[block.registers[row].name] for row in rows], np.int32)
        point.setflags(write=False)
        return Columns(
            block,
            None if len(rows) == len(block.registers) else np.array(rows, np.intp),
            point,
            tuple(register for register in block.registers if register.expect),
            any(register.name in self._first for register in block.registers),
        )


@lru_cache(maxsize=1024)
def column_of(quality: Quality, size: int) -> npt.NDArray[np.uint8]:
    """Return a column of one quality, the same one for all who ask: columns are never changed."""
    column = np.full(size, quality, np.uint8)
    column.setflags(write=False)
    return column
