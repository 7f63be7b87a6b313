"""Registers' values to canonical units: one factor a point."""

import numpy as np

from collector.plant.topology import Plant
from collector.readings import units
from collector.readings.batch import ReadingBatch


class Canonicaliser:
    """Turns values from the units of their registers into canonical ones. What comes over MQTT has them already."""

    def __init__(self, plant: Plant) -> None:
        self._factor = np.ones(len(plant.points))
        for meter in plant.polled_meters:
            for register in meter.registers:
                if register.quantity is not None:
                    place = plant.points.place(meter.id, register.quantity)
                    self._factor[place] = units.factor(register.unit, register.quantity.unit)

    def canonicalise(self, batch: ReadingBatch) -> ReadingBatch:
        """Return the batch in canonical units."""
        return ReadingBatch(batch.point, batch.time_ns, batch.value * self._factor[batch.point], batch.quality)
