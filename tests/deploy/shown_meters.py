"""What is read of the meters and pots of the day that dashboards are shown with, made from the simulator's physics."""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from collector.accounting.rules import step
from collector.plant.profile import RegisterType
from collector.plant.topology import Plant
from collector.readings import units
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.physics.meter import Readout
from simulators.physics.potline import LineStep

S = 1_000_000_000
HOUR_NS = 3600 * S
READ_AT_S = (5, 35)
"""Seconds of the minute at which polled meters are read; what comes over MQTT is told at the end of the minute."""

Row = tuple[int, int, float, int]
"""Place of the point, time [ns], value in the register's unit, quality."""

_BASE = {
    Quantity.LINE_CURRENT: "A",
    Quantity.LINE_VOLTAGE: "V",
    Quantity.DC_POWER: "W",
    Quantity.DC_ENERGY: "Wh",
    Quantity.DC_CHARGE: "Ah",
    Quantity.ACTIVE_POWER: "W",
    Quantity.ACTIVE_ENERGY_IMPORT: "Wh",
    Quantity.VOLTAGE: "V",
    Quantity.CURRENT: "A",
    Quantity.FREQUENCY: "Hz",
    Quantity.POWER_FACTOR: "1",
}
"""What is read of polled meters, with the unit in which the simulator has it."""

_OF_POWER = {"dc_power", "dc_energy", "active_power", "active_energy_import"}
_COUNTERS = {"dc_energy", "dc_charge", "active_energy_import"}

_NOISE_OF = 5
"""A pot's noise is the standard deviation of so many minutes' voltages."""
_BACK_EMF_V = 1.65
"""Of a pot without current, as pot controllers take it for the resistance (simulators.servers.messages.telemetry)."""
_SCRUBBER_SHARE = 0.35
"""The desulphurisation's fans take so much of what the fume treatment's take."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a meter for a time [ns].

    ``silent``: each of its readings says that nobody answered. ``kept``: a gateway keeps what it measured and tells it
    half an hour later. ``gain``: it shows so many times the power that there is, and counts it. ``exchanged``: another
    meter stands there at the end, which begins to count at zero.
    """

    meter: str
    start_ns: int
    end_ns: int
    silent: bool = False
    kept: bool = False
    gain: float = 1.0
    exchanged: bool = False


@dataclass(frozen=True, slots=True)
class _Register:
    place: int
    name: str
    factor: float
    step: float | None
    single: bool
    counts: bool


class PolledMeters:
    """Reads the polled meters of a plant twice a minute, with the resolution of their registers."""

    def __init__(self, plant: Plant, troubles: tuple[Trouble, ...]) -> None:
        self._troubles = troubles
        self._before: Mapping[str, Readout] = {}
        self._gained: dict[tuple[str, str], float] = {}
        self._registers = {
            meter.id: [
                _Register(
                    plant.points.place(meter.id, register.quantity),
                    register.quantity.label,
                    units.factor(_BASE[register.quantity], register.unit),
                    step(register, meter.constants) if register.type.is_integer else None,
                    register.type is RegisterType.F32,
                    register.quantity.label in _COUNTERS,
                )
                for register in meter.registers
                if register.quantity in _BASE
            ]
            for meter in plant.polled_meters
        }

    def read(self, start_ns: int, after: Mapping[str, Readout]) -> Iterator[tuple[Trouble | None, Row]]:
        """Give out what is read in a minute of which the end is known, with what is wrong with its meter."""
        before, self._before = self._before, after
        for meter in self._registers if before else ():
            wrong = next(
                (one for one in self._troubles if one.meter == meter and one.start_ns <= start_ns < one.end_ns), None
            )
            for register in self._registers[meter]:
                for second in READ_AT_S:
                    value = self._shown(meter, register, (before[meter], after[meter]), second, wrong)
                    time_ns = start_ns + second * S
                    if wrong is not None and wrong.silent:
                        yield wrong, (register.place, time_ns, math.nan, int(Quality.BAD_COMM_FAILURE))
                    else:
                        yield wrong, (register.place, time_ns, value, int(Quality.GOOD))

    def _shown(
        self, meter: str, register: _Register, readouts: tuple[Readout, Readout], second: int, wrong: Trouble | None
    ) -> float:
        gain = 1.0 if wrong is None else wrong.gain
        if register.counts:
            begin, end = (readout.counters[register.name] for readout in readouts)
            added = self._gained.get((meter, register.name), 0.0)
            over = (end - begin) * (gain - 1) if register.name in _OF_POWER else 0.0
            value = begin + added + (end - begin + over) * second / 60
            if second == READ_AT_S[-1]:
                self._gained[meter, register.name] = -end if wrong is not None and wrong.exchanged else added + over
        else:
            value = readouts[1].gauges[register.name] * (gain if register.name in _OF_POWER else 1.0)
        value *= register.factor
        if register.single:
            return float(np.float32(value))
        return value if register.step is None else value // register.step * register.step


class HeardMeters:
    """What meters of the whole plant say over MQTT at the end of a minute: counters that go on, and gas of stacks."""

    def __init__(self, plant: Plant, office: tuple[int, int]) -> None:
        """``office``: when the meter of the office speaks [ns]."""
        self._office = office
        self._points = plant.points
        self._kwh = dict.fromkeys(("casthouse", "scrubber", "intake", "roof"), 1e6)
        self._stacks = {"PL1": "gas_1", "PL2": "gas_2"}

    def told(self, steps: Mapping[str, LineStep], readouts: Mapping[str, Readout]) -> list[Row]:
        """Return what is told of a step, from what polled meters measured in it."""
        end_ns = next(iter(steps.values())).end_ns
        minutes = (end_ns - next(iter(steps.values())).time_ns) / (60 * S)
        measured = {name: readout.gauges.get("active_power", 0.0) / 1000 for name, readout in readouts.items()}
        kw = {
            "casthouse": sum(line.casting.power_w for line in steps.values() if line.casting is not None) / 1000,
            "scrubber": _SCRUBBER_SHARE * sum(value for name, value in measured.items() if name.startswith("fume")),
            "roof": _sun_kw(end_ns),
        }
        kw["intake"] = sum(measured.values()) + kw["casthouse"] + kw["scrubber"] - kw["roof"]
        rows: list[Row] = []
        for meter, power in kw.items():
            self._kwh[meter] += power * minutes / 60
            rows += self._rows(
                meter, end_ns, {Quantity.ACTIVE_POWER: power, Quantity.ACTIVE_ENERGY_IMPORT: self._kwh[meter]}
            )
        if self._office[0] <= end_ns < self._office[1]:
            rows += self._rows("office", end_ns, {Quantity.REACTIVE_POWER: 12.0})
        for line, step_of in steps.items():
            gas = step_of.stack
            assert gas is not None
            values = {
                Quantity.HF: gas.hf_mg_nm3,
                Quantity.SO2: gas.so2_mg_nm3,
                Quantity.DUST: gas.dust_mg_nm3,
                Quantity.FLOW: gas.flow_nm3h,
                Quantity.GAS_TEMPERATURE: gas.temperature_c,
            }
            rows += self._rows(self._stacks[line], end_ns, values)
        return rows

    def _rows(self, meter: str, time_ns: int, values: Mapping[Quantity, float]) -> Iterator[Row]:
        for quantity, value in values.items():
            yield self._points.place(meter, quantity), time_ns, value, int(Quality.GOOD)


def _sun_kw(time_ns: int) -> float:
    """Return what a roof of 6 MW gives at a local time: half a sine from 6 h to 18 h."""
    hour = (time_ns / HOUR_NS + 8) % 24
    return 6000.0 * max(0.0, math.sin(math.pi * (hour - 6) / 12))


class PotControllers:
    """What the controllers of a line's pots say once a minute."""

    def __init__(self, plant: Plant, potline: str) -> None:
        pots = next(line for line in plant.potlines if line.id == potline).pots
        self._places = {
            quantity: np.array([plant.points.place(f"pot:{pot}", quantity) for pot in pots], np.int32)
            for quantity in (
                Quantity.POT_VOLTAGE,
                Quantity.POT_RESISTANCE,
                Quantity.POT_NOISE,
                Quantity.BATH_TEMPERATURE,
            )
        }
        self._last: deque[np.ndarray[tuple[int], np.dtype[np.float64]]] = deque(maxlen=_NOISE_OF)

    def told(self, line: LineStep) -> ReadingBatch:
        """Return what is told of a step, in the middle of it."""
        self._last.append(line.pot_voltages_v.astype(np.float64))
        flows = line.current_a > 1000.0
        ohm = (line.pot_voltages_v - _BACK_EMF_V) / line.current_a if flows else line.pot_voltages_v * np.nan
        values = {
            Quantity.POT_VOLTAGE: line.pot_voltages_v,
            Quantity.POT_RESISTANCE: ohm * 1e6,
            Quantity.POT_NOISE: np.std(np.stack(self._last), axis=0) * 1000,
            Quantity.BATH_TEMPERATURE: line.pots.temperature_c,
        }
        parts = []
        for quantity, value in values.items():
            places = self._places[quantity]
            told = np.isfinite(value)
            parts.append(
                ReadingBatch(
                    places[told],
                    np.full(int(told.sum()), (line.time_ns + line.end_ns) // 2, np.int64),
                    value[told].astype(np.float64),
                    np.full(int(told.sum()), int(Quality.GOOD), np.uint8),
                )
            )
        return ReadingBatch.joined(parts)
