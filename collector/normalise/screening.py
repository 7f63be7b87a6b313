"""Readings that cannot be true are marked, not removed: they are written with their quality and not accounted."""

import math

import numpy as np

from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

LIMITS = {
    # Wider than any plant: what is outside is a wrong register or a broken transducer, not a busy line.
    Quantity.LINE_CURRENT: (-10.0, 800.0),
    Quantity.LINE_VOLTAGE: (-100.0, 3000.0),
    Quantity.DC_POWER: (-50.0, 2000.0),
    Quantity.ACTIVE_POWER: (-1e7, 1e7),
    Quantity.POT_VOLTAGE: (-5.0, 100.0),
    Quantity.POWER_FACTOR: (-1.0001, 1.0001),
    Quantity.FREQUENCY: (40.0, 70.0),
    Quantity.BATH_TEMPERATURE: (0.0, 1200.0),
}
"""Smallest and largest value that can be true, in the canonical unit."""

POWER_MARGIN = 1.5
"""Active power above this many times the meter's rated power cannot be true."""


class Screen:
    """Marks values outside what is physically possible with quality 'bad': there is no value to account with."""

    def __init__(self, plant: Plant) -> None:
        self._low = np.full(len(plant.points), -np.inf)
        self._high = np.full(len(plant.points), np.inf)
        for place, point in enumerate(plant.points):
            if point.quantity in LIMITS:
                self._low[place], self._high[place] = LIMITS[point.quantity]
        for meter in plant.meters:
            power = plant.points.find(meter.id, Quantity.ACTIVE_POWER)
            if power is not None and math.isfinite(meter.rated_power_kw):
                bound = meter.rated_power_kw * POWER_MARGIN
                self._low[power], self._high[power] = -bound, bound

    def screen(self, batch: ReadingBatch) -> ReadingBatch:
        """Return the batch with impossible values marked."""
        with np.errstate(invalid="ignore"):
            impossible = (batch.value < self._low[batch.point]) | (batch.value > self._high[batch.point])
        if not impossible.any():
            return batch
        quality = np.where(impossible, np.minimum(batch.quality, np.uint8(Quality.BAD)), batch.quality)
        return ReadingBatch(batch.point, batch.time_ns, batch.value, quality, batch.count)
