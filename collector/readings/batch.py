"""Readings as columns. All that flows between the rooms is a ReadingBatch; a Reading is one row, for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from collector.readings.quality import USABLE, Quality
from collector.readings.scale import column_of, unwrapped


class Reading(NamedTuple):
    """One row of a batch, for tests, the command line and logs."""

    point: int
    time_ns: int
    value: float
    quality: int


@dataclass(frozen=True, slots=True, eq=False)
class ReadingBatch:
    """N readings as four columns of equal length, and a fifth where counters need it.

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
    count : int64 [N] or None
        Of counters whose steps a float64 does not tell: how many, modulo 2**64, with the sign of the value (see
        ``scale``). 0 where the value says it all, None where all of them do.
    """

    point: npt.NDArray[np.int32]
    time_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    count: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.point)

    @classmethod
    def of(cls, rows: Iterable[Reading | tuple[int, int, float, int]]) -> Self:
        """Gather rows into columns."""
        listed = list(rows)
        points, times, values, qualities = zip(*listed, strict=True) if listed else ((), (), (), ())
        value = np.array(values, np.float64)
        return cls(
            np.array(points, np.int32),
            np.array(times, np.int64),
            value,
            np.array(qualities, np.uint8),
            column_of(values, value),
        )

    @classmethod
    def gap(cls, points: Iterable[int], *, time_ns: int, quality: Quality) -> Self:
        """Return a reading without a value for each point: a gap is a reading, too."""
        point = np.array(list(points), np.int32)
        size = len(point)
        return cls(
            point, np.full(size, time_ns, np.int64), np.full(size, np.nan), np.full(size, int(quality), np.uint8)
        )

    @staticmethod
    def joined(batches: Iterable["ReadingBatch"]) -> "ReadingBatch":
        """Put batches one after the other."""
        listed = list(batches)
        if len(listed) == 1:
            return listed[0]
        if not listed:
            return ReadingBatch.of(())
        return ReadingBatch(
            np.concatenate([batch.point for batch in listed]),
            np.concatenate([batch.time_ns for batch in listed]),
            np.concatenate([batch.value for batch in listed]),
            np.concatenate([batch.quality for batch in listed]),
            None
            if all(batch.count is None for batch in listed)
            else np.concatenate([np.zeros(len(b), np.int64) if b.count is None else b.count for b in listed]),
        )

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Where there is a value that may enter the accounts [N]."""
        return (self.quality >= USABLE) & np.isfinite(self.value)

    def select(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Self:
        """Return some of the rows."""
        count = None if self.count is None else self.count[rows]
        return type(self)(self.point[rows], self.time_ns[rows], self.value[rows], self.quality[rows], count)

    def values(self) -> list[float]:
        """Return the values one by one; those of counters with their steps where they need them."""
        values: list[float] = self.value.tolist()
        if self.count is None:
            return values
        return [unwrapped(value, count) for value, count in zip(values, self.count.tolist(), strict=True)]

    def __iter__(self) -> Iterator[Reading]:
        for row in zip(self.point.tolist(), self.time_ns.tolist(), self.values(), self.quality.tolist(), strict=True):
            yield Reading(*row)


NO_READINGS = ReadingBatch.of(())
"""A batch without rows. Batches are never changed, so one is enough."""
