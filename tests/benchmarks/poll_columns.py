"""A poll of 1,000 gauges from the bytes of the answers to the cells: processor time, without any network.

    .venv/bin/python tests/benchmarks/poll_columns.py --repeat 300

Meters of the example plant, as many as have 1,000 gauges together. Their counters are left out unless ``--counters``
asks for them: ``low`` at 0, ``high`` where registers of 64 bits show more than a float64 tells. One line of JSON: the
least and the median time of a poll [us], and for how many readings. Compare two versions on the same machine, run in
turns: the times themselves say little.
"""

import argparse
import dataclasses
import gc
import json
import statistics
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from example_plant import example_plant

from collector.accounting.booking import Booking
from collector.accounting.rules import rules
from collector.acquisition.modbus.turn import Turn
from collector.normalise.canonical import Canonicaliser
from collector.normalise.derive import LinePower
from collector.normalise.screening import Screen
from collector.plant.meter import Measures, PolledMeter
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.health import MeterHealth
from collector.readings.quantity import Kind

GAUGES = 1000
S = 1_000_000_000


def plant_of(*, counters: bool) -> Plant:
    """Return the example plant with so many more meters that there are 1,000 gauges."""
    plant = example_plant()
    model = next(meter for meter in plant.polled_meters if meter.measures is Measures.RECTIFIER_AC)
    kept = tuple(
        register
        for register in model.registers
        if register.quantity is not None and (counters or register.quantity.kind is Kind.GAUGE)
    )
    gauges = sum(register.quantity is not None and register.quantity.kind is Kind.GAUGE for register in kept)
    measures = Measures.RECTIFIER_AC if counters else Measures.MONITORED
    more = [
        dataclasses.replace(model, id=f"more_{n}", registers=kept, measures=measures)
        for n in range(-(-GAUGES // gauges))
    ]
    return dataclasses.replace(plant, meters=tuple(more))


class Poll:
    """Everything between the answers of all meters and the changed cells."""

    def __init__(self, plant: Plant, word: bytes) -> None:
        self._word = word
        self._turns = [
            Turn(meter, plant.points, MeterHealth(meter.id), number=0, start_s=0.0)
            for meter in plant.meters
            if isinstance(meter, PolledMeter)
        ]
        self._canonical, self._screen, self._power = Canonicaliser(plant), Screen(plant), LinePower(plant)
        self._booking = Booking(rules(plant), {}, {}, longest_gap_s=60.0)
        self.readings = 0

    def once(self, number: int) -> None:
        """Answer every request with numbers, and take them to the cells."""
        time_ns, parts = 1_772_337_600 * S + number * S, []
        for turn in self._turns:
            for round_ in turn.rounds:
                turn.begin(round_, float(number))
                while round_.pending:
                    question = round_.pending.popleft()
                    data = self._word * question.block.count
                    turn.take(round_, question, data, time_ns=time_ns, trip_s=0.01, now_s=float(number), doubt=False)
                parts.append(turn.close(round_, now_s=float(number), now_ns=time_ns))
        batch = self._power.derive(self._screen.screen(self._canonical.canonicalise(ReadingBatch.joined(parts))))
        self._booking.book(batch, time_ns, not_before_ns=0)
        self._booking.take()
        self.readings = len(batch)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=300)
    parser.add_argument("--counters", choices=("none", "low", "high"), default="none")
    options = parser.parse_args()
    poll = Poll(plant_of(counters=options.counters != "none"), b"\x41\x20" if options.counters != "low" else b"\0\0")
    taken = []
    gc.disable()
    for number in range(options.repeat + 20):
        begin = time.process_time()
        poll.once(number)
        taken.append((time.process_time() - begin) * 1e6)
    steady = taken[20:]
    found = {"readings": poll.readings, "least_us": round(min(steady)), "median_us": round(statistics.median(steady))}
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
