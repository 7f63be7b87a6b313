"""The voltage of pots at rest, above which the overvoltage of an anode effect counts. Pure.

It is the mean of the readings in the block of five minutes that an effect begins in and the one before: what the
controllers' target is for, which nobody tells. Sums are kept of tenths of a millivolt, as whole numbers, so that they
do not depend on how the readings were parted into batches.
"""

import numpy as np
import numpy.typing as npt

BLOCK_NS = 300_000_000_000
_PER_V = 1e4

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


class RestVoltage:
    """Running means of the voltage of pots at rest.

    Parameters
    ----------
    least_v : float64 [pots]
        Voltages below are those of a line that stands or a pot that is bridged: they are left out [V].
    """

    def __init__(self, least_v: _Floats) -> None:
        size = len(least_v)
        self._least_v = least_v
        self._block = np.full(size, -1, np.int64)
        # Of the present block and of the one before it.
        self._sum = np.zeros((2, size))
        self._count = np.zeros((2, size))

    def take(self, column: _Ints, time_ns: _Ints, value: _Floats) -> None:
        """Add readings, none of which is in effect."""
        if not len(column):
            return
        first, last = int(time_ns.min()) // BLOCK_NS, int(time_ns.max()) // BLOCK_NS
        if first == last:
            self._add(first, column, value)
            return
        block = time_ns // BLOCK_NS
        for each in np.unique(block).tolist():
            here = block == each
            self._add(each, column[here], value[here])

    def take_one(self, pot: int, time_ns: int, value: float) -> None:
        """Add one reading."""
        if value < self._least_v[pot]:
            return
        block = time_ns // BLOCK_NS
        if block != self._block[pot]:
            self._move(block, np.array([pot]))
        self._count[0, pot] += 1.0
        self._sum[0, pot] += round(value * _PER_V)

    def mean_v(self, pot: int, time_ns: int) -> float | None:
        """Return the mean voltage of a pot just before a time [V], or None if nothing is known of it."""
        age = time_ns // BLOCK_NS - int(self._block[pot])
        if self._block[pot] < 0 or age > 1:
            return None
        blocks = 1 if age else 2
        count = float(self._count[:blocks, pot].sum())
        return float(self._sum[:blocks, pot].sum()) / count / _PER_V if count else None

    def _add(self, block: int, column: _Ints, value: _Floats) -> None:
        size = len(self._block)
        rest = value >= self._least_v[column]
        if not rest.all():
            column, value = column[rest], value[rest]
        count = np.bincount(column, minlength=size)
        moves = np.flatnonzero((count > 0) & (self._block != block))
        if len(moves):
            self._move(block, moves)
        self._count[0] += count
        self._sum[0] += np.bincount(column, weights=np.rint(value * _PER_V), minlength=size)

    def _move(self, block: int, pots: npt.NDArray[np.intp]) -> None:
        """Begin another block for some pots."""
        follows = pots[self._block[pots] == block - 1]
        self._sum[1, pots] = self._count[1, pots] = 0.0
        self._sum[1, follows], self._count[1, follows] = self._sum[0, follows], self._count[0, follows]
        self._sum[0, pots] = self._count[0, pots] = 0.0
        self._block[pots] = block
