"""Readings as columns. All that flows between the rooms is a ReadingBatch; a Reading is one row, for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from collector.readings.quality import USABLE, Quality


class Reading(NamedTuple):
    """One row of a batch, for tests, the command line and logs."""

    point: int
    time_ns: int
    value: float
    quality: int


@dataclass(frozen=True, slots=True, eq=False)
class ReadingBatch:
    """N readings as four columns of equal length.

    Attributes
    ----------
    point : int32 [N]
        Place in the plant's PointTable.
    time_ns : int64 [N]
        UTC time of the measurement, nanoseconds.
    value : float64 [N]
        Value, in the canonical unit once normalised; NaN where there is none.
    quality : uint8 [N]
        OPC DA quality code.
    """

    point: npt.NDArray[np.int32]
    time_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.point)

    @classmethod
    def of(cls, rows: Iterable[Reading | tuple[int, int, float, int]]) -> Self:
        """Gather rows into columns."""
        listed = list(rows)
        points, times, values, qualities = zip(*listed, strict=True) if listed else ((), (), (), ())
        return cls(
            np.array(points, np.int32),
            np.array(times, np.int64),
            np.array(values, np.float64),
            np.array(qualities, np.uint8),
        )

    @classmethod
    def gap(cls, points: Iterable[int], *, time_ns: int, quality: Quality) -> Self:
        """Return a reading without a value for each point: a gap is a reading, too."""
        return cls.of((point, time_ns, float("nan"), int(quality)) for point in points)

    @classmethod
    def joined(cls, batches: Iterable["ReadingBatch"]) -> Self:
        """Put batches one after the other."""
        listed = list(batches)
        if not listed:
            return cls.of(())
        return cls(
            np.concatenate([batch.point for batch in listed]),
            np.concatenate([batch.time_ns for batch in listed]),
            np.concatenate([batch.value for batch in listed]),
            np.concatenate([batch.quality for batch in listed]),
        )

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Where there is a value that may enter the accounts [N]."""
        return (self.quality >= USABLE) & np.isfinite(self.value)

    def select(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Self:
        """Return some of the rows."""
        return type(self)(self.point[rows], self.time_ns[rows], self.value[rows], self.quality[rows])

    def __iter__(self) -> Iterator[Reading]:
        for row in zip(
            self.point.tolist(), self.time_ns.tolist(), self.value.tolist(), self.quality.tolist(), strict=True
        ):
            yield Reading(*row)


NO_READINGS = ReadingBatch.of(())
"""A batch without rows. Batches are never changed, so one is enough."""
