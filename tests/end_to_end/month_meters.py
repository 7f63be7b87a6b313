"""What the meters of a simulated month show when they are read: registers of some resolution, and their faults."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from month_plant import WRAPS_AT_KWH

from collector.accounting.rules import step
from collector.plant.profile import RegisterType
from collector.plant.topology import Plant
from collector.readings import units
from collector.readings.cell import MINUTE_NS
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.faults.counters import CounterEvent, Preset, Rollover, ZeroGlitch
from simulators.faults.fault import Fault, When, Where
from simulators.faults.values import Moment, ReadoutEffect
from simulators.physics.meter import Readout

S = 1_000_000_000
HOUR_NS = 60 * MINUTE_NS
READ_AT_S = {"pl1_dc": (2, 32), "rectifier_1": (5, 35), "rectifier_2": (11, 41)}
"""Seconds of the minute at which a meter is read; the services are read at 17 and 47."""

Row = tuple[int, int, float, int]
"""Place of the point, time [ns], value in the register's unit, quality."""


_BASE = {
    Quantity.LINE_CURRENT: "A",
    Quantity.LINE_VOLTAGE: "V",
    Quantity.DC_ENERGY: "Wh",
    Quantity.DC_CHARGE: "Ah",
    Quantity.ACTIVE_ENERGY_IMPORT: "Wh",
}
"""What is read of meters, with the unit in which the simulator has it."""


@dataclass(frozen=True, slots=True)
class _Register:
    """A register that is read: its point, the simulator's name, unit over base unit, worth of one step, float32."""

    place: int
    name: str
    factor: float
    step: float | None
    single: bool


@dataclass
class Stale(ReadoutEffect):
    """A gateway answers once more with what it has had for ten minutes."""

    kind = "stale"
    _had: deque[Readout] = field(default_factory=lambda: deque(maxlen=20), init=False, repr=False)

    def remember(self, readout: Readout) -> None:
        """Keep what the meter showed."""
        self._had.append(readout)

    def change(self, device: tuple[str, int], readout: Readout, quantities: Collection[str]) -> Readout:
        """Show the oldest that is kept."""
        del device, quantities
        return self._had[0] if self._had else readout


@dataclass(frozen=True, slots=True)
class Silence:
    """A meter that is not heard for a time [ns]. ``kept``: a gateway keeps what it measured, and tells it later."""

    meter: str
    start_ns: int
    end_ns: int
    kept: bool = False


def silences(begin_ns: int, days: int) -> list[Silence]:
    """Return the silences of a run: hours within a day, some kept; and ten minutes across the first midnight."""
    found = [
        Silence("fume_treatment", begin_ns + 24 * HOUR_NS - 5 * MINUTE_NS, begin_ns + 24 * HOUR_NS + 5 * MINUTE_NS)
    ]
    for day in range(days):
        start = begin_ns + day * 24 * HOUR_NS
        found += [
            Silence("rectifier_1", start + 3 * HOUR_NS, start + 6 * HOUR_NS),
            Silence("rectifier_2", start + 12 * HOUR_NS, start + 15 * HOUR_NS, kept=True),
            Silence("pl1_dc", start + 17 * HOUR_NS, start + 17 * HOUR_NS + 40 * MINUTE_NS, kept=day % 2 == 0),
        ]
    return found


def faults(begin_ns: int, days: int) -> list[Fault]:
    """Return the faults of a run: zeros and stale answers every day, a wrap, and a meter that is exchanged."""

    def at(hours: float, length_s: float) -> When:
        start = begin_ns + round(hours * HOUR_NS)
        return When(from_ns=start, until_ns=start + round(length_s * S))

    def daily(hours: float, length_s: float) -> When:
        return When(from_ns=begin_ns + round(hours * HOUR_NS), every_ns=24 * HOUR_NS, for_ns=round(length_s * S))

    wrap = Rollover(span=WRAPS_AT_KWH * 1000, before=36e6)
    return [
        # A day's energy of the fans before the end of the register, and a wrap on the second day.
        Fault("wraps", wrap, Where("fume_treatment"), When()),
        Fault("zero", ZeroGlitch(), Where("rectifier_1"), daily(8.0, 30)),
        Fault("zero of the line", ZeroGlitch(), Where("pl1_dc"), daily(10.5, 30)),
        Fault("stale", Stale(), Where("rectifier_2"), daily(20.0, 60)),
        Fault("exchanged", Preset(value=123_000.0), Where("rectifier_2"), at(24.0 * (days // 2) + 9.5, 60)),
    ]


class Meters:
    """Reads the meters of a plant at their seconds of each minute.

    Parameters
    ----------
    plant
        What is read of each meter, in which unit and how coarse.
    troubles
        What goes wrong; ``where.endpoint`` is the meter's name.
    """

    def __init__(self, plant: Plant, troubles: Sequence[Fault]) -> None:
        self._troubles = troubles
        self._begun: set[str] = set()
        self._before: Mapping[str, Readout] = {}
        self._registers = {
            meter.id: [
                _Register(
                    plant.points.place(meter.id, register.quantity),
                    register.quantity.name.lower(),
                    units.factor(_BASE[register.quantity], register.unit),
                    step(register, meter.constants) if register.type.is_integer else None,
                    register.type is RegisterType.F32,
                )
                for register in meter.registers
                if register.quantity in _BASE
            ]
            for meter in plant.polled_meters
        }

    def read(self, start_ns: int, after: Mapping[str, Readout]) -> Iterator[tuple[str, Row]]:
        """Give out what is read in a minute of which the end is known; the first one is not read at all."""
        before, self._before = self._before, after
        for meter in self._registers if before else ():
            for second in READ_AT_S.get(meter, (17, 47)):
                time_ns = start_ns + second * S
                readout = self._wronged(meter, time_ns, _between(before[meter], after[meter], second / 60))
                yield from ((meter, row) for row in self._rows(meter, time_ns, readout))

    def _wronged(self, meter: str, time_ns: int, readout: Readout) -> Readout:
        device = (meter, 0)
        for fault in self._troubles:
            effect = fault.effect
            if fault.where.endpoint != meter or not isinstance(effect, ReadoutEffect):
                continue
            occurrence = fault.when.occurrence(time_ns)
            if occurrence is not None:
                struck = fault.id not in self._begun
                self._begun.add(fault.id)
                effect.observe(device, readout, Moment(time_ns, occurrence, struck))
            elif isinstance(effect, Stale):
                effect.remember(readout)
            stays = isinstance(effect, CounterEvent) and fault.id in self._begun
            if occurrence is not None or stays:
                readout = effect.change(device, readout, {*readout.gauges, *readout.counters})
        return readout

    def _rows(self, meter: str, time_ns: int, readout: Readout) -> Iterator[Row]:
        values = {**readout.gauges, **readout.counters}
        for register in self._registers[meter]:
            value = values[register.name] * register.factor
            if register.single:
                value = float(np.float32(value))
            elif register.step is not None:
                value = value // register.step * register.step
            yield register.place, time_ns, value, int(Quality.GOOD)


def _between(before: Readout, after: Readout, share: float) -> Readout:
    """Return what a meter shows within a minute: the power of the minute is even."""
    counters = {name: total + (after.counters[name] - total) * share for name, total in before.counters.items()}
    return after.but(after.gauges, counters)
