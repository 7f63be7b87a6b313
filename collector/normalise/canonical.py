"""Registers' values to canonical units: one factor a point, and for counters in whole steps what a step is worth."""

import numpy as np
import numpy.typing as npt

from collector.plant.steps import scale_of
from collector.plant.topology import Plant
from collector.readings import units
from collector.readings.batch import ReadingBatch
from collector.readings.scale import TOLD_BY_VALUE, Counted, Scale, ratio, unwrapped

_WHOLE = 2.0**53
"""Up to here a float64 holds every whole number."""
_ROUNDED = 2.0**-50
"""By so much of itself a value may be off after some roundings: four units in the last place."""


class Canonicaliser:
    """Turns values from the units of their registers into canonical ones. What comes over MQTT has them already.

    Of a polled counter that counts whole steps, the value is the float64 nearest to what its steps are worth: products
    of factors, each of them rounded, would miss it by the last place or two.
    """

    def __init__(self, plant: Plant) -> None:
        self._factor = np.ones(len(plant.points))
        self._is_counted = np.zeros(len(plant.points), np.bool_)
        self._scales: dict[int, Scale] = {}
        self._step = np.ones(len(plant.points))
        self._above, self._below = np.ones(len(plant.points)), np.ones(len(plant.points))
        for meter in plant.polled_meters:
            for register in meter.registers:
                if register.quantity is None:
                    continue
                place = plant.points.place(meter.id, register.quantity)
                self._factor[place] = units.factor(register.unit, register.quantity.unit)
                scale = scale_of(register, meter.constants)
                if scale is not None:
                    above, below = ratio(scale.step)
                    self._scales[place], self._step[place] = scale, scale.step
                    self._is_counted[place] = max(above, below) <= _WHOLE
                    self._above[place], self._below[place] = float(above), float(below)
        self._counts_any = bool(self._scales)

    def canonicalise(self, batch: ReadingBatch) -> ReadingBatch:
        """Return the batch in canonical units."""
        value = batch.value * self._factor[batch.point]
        if self._counts_any:
            rows = np.flatnonzero(self._is_counted[batch.point])
            if len(rows):
                value[rows] = self._nearest(batch.point[rows], value[rows])
        if batch.count is not None:
            self._put_counted(batch, value)
        return ReadingBatch(batch.point, batch.time_ns, value, batch.quality, batch.count)

    def _nearest(self, point: npt.NDArray[np.int32], value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return what the whole number of steps is worth that each value stands for, where a float64 tells it."""
        with np.errstate(invalid="ignore"):
            counted = value / self._step[point]
            steps = np.rint(counted)
            above = steps * self._above[point]
            told = (np.abs(steps) < TOLD_BY_VALUE) & (np.abs(above) <= _WHOLE)
            told &= np.abs(counted - steps) <= np.abs(steps) * _ROUNDED
            return np.where(told, above / self._below[point], value)

    def _put_counted(self, batch: ReadingBatch, value: npt.NDArray[np.float64]) -> None:
        """Put in what the counted steps are worth."""
        counts = batch.count
        if counts is None:
            return
        for row in np.flatnonzero(counts).tolist():
            counted = unwrapped(float(value[row]), int(counts[row]))
            scale = self._scales.get(int(batch.point[row]))
            if scale is not None and isinstance(counted, Counted):
                value[row] = scale.worth(counted.steps)
