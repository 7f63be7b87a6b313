"""Meters: what they make of the truth.

Each errs by constant gains within its class, and its counters count its own error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.physics.noise import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.display import Display
    from simulators.meter_scenario import MeterBehaviour

CLASS_SHARE = 0.3
"""A healthy meter errs by at most this share of what its class allows."""

_SQRT_3 = math.sqrt(3.0)


@dataclass(frozen=True, slots=True)
class Rated:
    """What a meter is made for, as it shows it: power [W], line-to-line or DC voltage [V], current [A]."""

    power_w: float
    voltage_v: float
    current_a: float


@dataclass(frozen=True, slots=True)
class Readout:
    """What a meter would show now.

    What is not in it, and follows from it, is made by ``derived`` when somebody asks.

    Parameters
    ----------
    gauges
        Momentary values by quantity, in base units (V, A, W, Hz, 1).
    counters
        Totals by quantity, in base units (Wh, Ah).
    absent
        Quantities that the meter has a register for but no value.
    time_s
        Plant time [s since 1970].
    rated
        What the meter is made for; None: unknown.
    blank
        Whether every register is 0, whatever it means.
    """

    gauges: Mapping[str, float]
    counters: Mapping[str, float]
    absent: frozenset[str] = frozenset()
    time_s: float = 0.0
    rated: Rated | None = None
    blank: bool = False

    def but(
        self, gauges: Mapping[str, float], counters: Mapping[str, float], absent: frozenset[str] | None = None
    ) -> Readout:
        """Return a readout of the same meter and time with other values."""
        absent = self.absent if absent is None else absent
        return Readout(gauges, counters, absent, self.time_s, self.rated, self.blank)


class _Counter:
    """A total that is shown as it was at the last refresh."""

    def __init__(self, start: float, refresh_s: float) -> None:
        self._start = start
        self._counted = 0.0
        self._refresh_s = refresh_s
        self._since_s = 0.0
        self._shown = 0.0

    def add(self, amount: float, dt_s: float) -> None:
        self._counted += amount
        self._since_s += dt_s
        if self._since_s >= self._refresh_s:
            self._since_s = self._since_s % self._refresh_s if self._refresh_s else 0.0
            self._shown = self._counted

    @property
    def total(self) -> float:
        # Kept apart until here: a second's energy is lost on a total of many years.
        return self._start + self._shown


class Face:
    """What a meter shows of what it measures; made anew for each second of hundreds of meters, so it is kept short."""

    def __init__(self, display: Display, *, power_w: float, voltage_v: float, current_a: float) -> None:
        self._display = display
        self._plate = dict(display.plate())
        self._absent = frozenset(display.absent)
        self._rated = Rated(
            display.scaled("active_power", power_w),
            display.scaled("voltage", voltage_v),
            display.scaled("current", current_a),
        )

    def readout(self, gauges: Mapping[str, float], counters: Mapping[str, float], time_s: float) -> Readout:
        """Return what the meter shows of primary values and totals."""
        display = self._display
        if display.secondary:
            gauges = {quantity: display.scaled(quantity, value) for quantity, value in gauges.items()}
        totals = {quantity: display.counted(quantity, total) for quantity, total in counters.items()}
        return Readout({**gauges, **self._plate}, totals, self._absent, time_s, self._rated)


@dataclass(slots=True)
class Gains:
    """Factors that are drawn once for a meter."""

    voltage: float
    current: float
    power: float
    history_h: float


def gains_of(seed: int, meter: str, accuracy_class: float) -> Gains:
    """Draw a meter's errors and its age."""
    rng = stream(seed, f"meter {meter}")
    worst = CLASS_SHARE * accuracy_class / 100
    voltage, current, power = 1.0 + rng.uniform(-worst, worst, 3)
    # One to six years of use.
    return Gains(float(voltage), float(current), float(power), history_h=float(rng.uniform(1, 6)) * 8766)


class DcMeter:
    """The transducers and counters on a line's DC bus.

    Power, energy and charge are made from the voltage and the current that it shows.

    Parameters
    ----------
    nominal_a
        The line's nominal current [A]: what the charge counter has seen in its history.
    rated_w
        The meter's rated power [W]; the energy counter has seen half of it.
    """

    def __init__(self, seed: int, meter: str, behaviour: MeterBehaviour, *, nominal_a: float, rated_w: float) -> None:
        self._gains = gains = gains_of(seed, meter, behaviour.accuracy_class)
        energy = behaviour.energy_start_wh
        charge = behaviour.charge_start_ah
        display = behaviour.display
        self._face = Face(display, power_w=rated_w, voltage_v=rated_w / nominal_a, current_a=nominal_a)
        energy = math.floor(0.5 * rated_w * gains.history_h) if energy is None else energy
        charge = math.floor(nominal_a * gains.history_h) if charge is None else charge
        self._energy = _Counter(energy, display.refresh_s)
        self._charge = _Counter(charge, display.refresh_s)
        self._gauges: dict[str, float] = {}

    def step(self, voltage_v: float, current_a: float, dt_s: float) -> None:
        """Measure one step's mean voltage [V] and current [A]."""
        voltage = self._gains.voltage * voltage_v
        current = self._gains.current * current_a
        self._gauges = {"line_voltage": voltage, "line_current": current, "dc_power": voltage * current}
        self._energy.add(voltage * current * dt_s / 3600, dt_s)
        self._charge.add(current * dt_s / 3600, dt_s)

    def readout(self, time_s: float = 0.0) -> Readout:
        """Return what the meter shows at a plant time [s since 1970]."""
        totals = {"dc_energy": self._energy.total, "dc_charge": self._charge.total}
        return self._face.readout(self._gauges, totals, time_s)


class AcMeter:
    """A three-phase meter on a feeder.

    Parameters
    ----------
    nominal_v
        Line-to-line voltage [V].
    power_factor
        Of the load [1].
    rated_w
        The meter's rated power [W]; the energy counter has seen half of it.
    """

    def __init__(
        self, seed: int, meter: str, behaviour: MeterBehaviour, *, nominal_v: float, power_factor: float, rated_w: float
    ) -> None:
        self._gains = gains = gains_of(seed, meter, behaviour.accuracy_class)
        self._nominal_v = nominal_v
        self._power_factor = power_factor
        energy = behaviour.energy_start_wh
        current_a = rated_w / (_SQRT_3 * nominal_v * power_factor)
        self._face = Face(behaviour.display, power_w=rated_w, voltage_v=nominal_v, current_a=current_a)
        energy = math.floor(0.5 * rated_w * gains.history_h) if energy is None else energy
        self._energy = _Counter(energy, behaviour.display.refresh_s)
        self._gauges: dict[str, float] = {}

    def step(self, power_w: float, voltage_factor: float, frequency_hz: float, dt_s: float) -> None:
        """Measure one step's mean active power [W] at the grid's voltage [1] and frequency [Hz]."""
        voltage = self._nominal_v * voltage_factor
        power = self._gains.power * power_w
        self._gauges = {
            "voltage": self._gains.voltage * voltage,
            "current": self._gains.current * power_w / (_SQRT_3 * voltage * self._power_factor),
            "active_power": power,
            "power_factor": self._power_factor,
            "frequency": frequency_hz,
        }
        self._energy.add(power * dt_s / 3600, dt_s)

    def readout(self, time_s: float = 0.0) -> Readout:
        """Return what the meter shows at a plant time [s since 1970]."""
        return self._face.readout(self._gauges, {"active_energy_import": self._energy.total}, time_s)
