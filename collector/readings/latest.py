"""The latest reading of each point, for the live page."""

import numpy as np

from collector.readings.batch import ReadingBatch


class LatestReadings:
    """Three columns as long as the point table: value, time [ns UTC] and quality of the latest reading."""

    def __init__(self, points: int) -> None:
        self.value = np.full(points, np.nan)
        self.time_ns = np.zeros(points, np.int64)
        self.quality = np.zeros(points, np.uint8)

    def take(self, batch: ReadingBatch) -> None:
        """Take over what is newer than what is known."""
        order = np.argsort(batch.time_ns, kind="stable")
        newer = order[batch.time_ns[order] >= self.time_ns[batch.point[order]]]
        points = batch.point[newer]
        self.value[points] = batch.value[newer]
        self.time_ns[points] = batch.time_ns[newer]
        self.quality[points] = batch.quality[newer]
