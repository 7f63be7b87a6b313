"""Quantities that follow from others of the same instant: power of a line from its voltage and current.

It must be made here, reading by reading: under modulation the mean voltage times the mean current is not the power.
"""

import numpy as np

from collector.plant.meter import Measures
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quantity import Quantity


class LinePower:
    """Adds the direct-current power of each line whose meter has no register for it."""

    def __init__(self, plant: Plant) -> None:
        self._lines = [
            (places[Quantity.LINE_CURRENT], places[Quantity.LINE_VOLTAGE], places[Quantity.DC_POWER])
            for meter in plant.meters
            if meter.measures is Measures.LINE_DC
            for places in [plant.points.of(meter.id)]
            if Quantity.DC_POWER not in meter.quantities
        ]

    def derive(self, batch: ReadingBatch) -> ReadingBatch:
        """Return the batch with a power [MW] for each pair of line current [kA] and line voltage [V] of one time."""
        parts = [batch]
        for current, voltage, power in self._lines:
            amps, volts = batch.select(batch.point == current), batch.select(batch.point == voltage)
            if not len(amps) or not len(volts):
                continue
            time_ns, at_amps, at_volts = np.intersect1d(amps.time_ns, volts.time_ns, return_indices=True)
            parts.append(
                ReadingBatch(
                    np.full(len(time_ns), power, np.int32),
                    time_ns,
                    amps.value[at_amps] * volts.value[at_volts] * 1e-3,
                    np.minimum(amps.quality[at_amps], volts.quality[at_volts]),
                )
            )
        return ReadingBatch.joined(parts) if len(parts) > 1 else batch
