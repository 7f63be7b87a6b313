"""Registers' raw values to canonical units: one factor and one offset a point."""

import numpy as np

from collector.plant.topology import Plant
from collector.readings import units
from collector.readings.batch import ReadingBatch


class Canonicaliser:
    """Turns decoded register values into canonical units. Points that no register fills are in them already."""

    def __init__(self, plant: Plant) -> None:
        self._gain = np.ones(len(plant.points))
        self._offset = np.zeros(len(plant.points))
        for meter in plant.meters:
            for register in meter.profile.registers:
                place = plant.points.place(meter.id, register.quantity)
                factor = units.factor(register.unit, register.quantity.unit)
                self._gain[place] = register.scale * factor
                self._offset[place] = register.offset * factor

    def canonicalise(self, batch: ReadingBatch) -> ReadingBatch:
        """Return the batch in canonical units."""
        value = batch.value * self._gain[batch.point] + self._offset[batch.point]
        return ReadingBatch(batch.point, batch.time_ns, value, batch.quality)
