"""The latest reading of each point, for the live page."""

import numpy as np

from collector.readings.batch import ReadingBatch


class LatestReadings:
    """Three columns as long as the point table: value, time [ns UTC] and quality of the latest reading."""

    def __init__(self, points: int) -> None:
        self.value = np.full(points, np.nan)
        self.time_ns = np.zeros(points, np.int64)
        self.quality = np.zeros(points, np.uint8)

    def of(self, points: int) -> "LatestReadings":
        """Return the same in columns that are longer, for a table with more points."""
        found = LatestReadings(points)
        known = len(self.value)
        found.value[:known], found.time_ns[:known], found.quality[:known] = self.value, self.time_ns, self.quality
        return found

    def take(self, batch: ReadingBatch) -> None:
        """Take over what is newer than what is known."""
        if not len(batch):
            return
        newest_ns = self.time_ns.copy()
        np.maximum.at(newest_ns, batch.point, batch.time_ns)
        rows = np.flatnonzero(batch.time_ns == newest_ns[batch.point])
        # Of several at one time, the last one stays.
        points = batch.point[rows]
        self.value[points] = batch.value[rows]
        self.time_ns = newest_ns
        self.quality[points] = batch.quality[rows]
