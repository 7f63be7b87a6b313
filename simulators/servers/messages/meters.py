"""Potline, rectifiers, generic meters and stacks: what the plant's other gateways say at a fixed pace."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulators.instants import DAY_NS, SECOND_NS, iso_milliseconds
from simulators.plant import Measures
from simulators.servers.messages.message import Message, Sources, json_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.physics.meter import Readout
    from simulators.physics.potline import LineStep
    from simulators.physics.stack import StackGas
    from simulators.plant import Meter

_CALIBRATION_S = 900
_HOUR_S = 3600.0
_W_PER_MW = 1e6


class LineMessages:
    """A line's current, voltage and power, and its rectifier units as their own meters see them."""

    def __init__(
        self, site: str, potline: str, meters: Sequence[Meter], *, setpoint_a: float, sources: Sources
    ) -> None:
        self._prefix = f"smelter/v1/{site}/potline/{potline}"
        self._source = f"rect-{potline}"
        self._units = [meter.id for meter in meters if meter.measures == Measures.RECTIFIER_AC]
        self._dc = next((meter.id for meter in meters if meter.measures == Measures.LINE_DC), None)
        self._setpoint_ka = setpoint_a / 1000
        self._sources = sources
        self._dc_wh = 0.0

    def count(self, step: LineStep) -> None:
        """Take a step in for the total of energy that stands for a meter where there is none."""
        self._dc_wh += step.dc_wh

    def line(self, step: LineStep, readouts: Mapping[str, Readout]) -> Message:
        """Tell of the line at the end of a step."""
        energy_wh = readouts[self._dc].counters["dc_energy"] if self._dc else self._dc_wh
        in_use = step.rectifiers_in_use
        measured: dict[str, object] = {
            "line_current_ka": round(step.current_a / 1000, 3),
            "line_voltage_v": round(step.voltage_v, 2),
            "dc_power_mw": round(step.dc_w / _W_PER_MW, 4),
            "units_in_service": len(self._units) if in_use is None else int(in_use.sum()),
            "current_setpoint_ka": self._setpoint_ka,
            "dc_energy_mwh": round(energy_wh / _W_PER_MW, 3),
        }
        if self._units:
            ac_w = sum(readouts[unit].gauges["active_power"] for unit in self._units)
            measured["ac_power_mw"] = round(ac_w / _W_PER_MW, 4)
        return self._message("line", self._source, step.end_ns, measured)

    def rectifiers(self, step: LineStep, readouts: Mapping[str, Readout]) -> list[Message]:
        """Tell of every rectifier unit at the end of a step."""
        total_w = sum(readouts[unit].gauges["active_power"] for unit in self._units)
        messages = []
        for number, unit in enumerate(self._units, start=1):
            gauges = readouts[unit].gauges
            measured: dict[str, object] = {
                "ac_power_mw": round(gauges["active_power"] / _W_PER_MW, 4),
                "ac_voltage_kv": round(gauges["voltage"] / 1000, 3),
                "ac_current_a": round(gauges["current"], 1),
                "dc_current_ka": round(step.current_a / 1000 * gauges["active_power"] / max(total_w, 1.0), 3),
                "dc_voltage_v": round(step.voltage_v, 2),
            }
            messages.append(
                self._message(f"rectifier/{number}/telemetry", f"{self._source}-{number}", step.end_ns, measured)
            )
        return messages

    def _message(self, topic: str, source: str, time_ns: int, measured: Mapping[str, object]) -> Message:
        head = {"v": 1, **self._sources.next(source), "ts": iso_milliseconds(time_ns), "q": "good"}
        return json_message(f"{self._prefix}/{topic}", head | {"m": measured})


class MeterMessages:
    """The AC meters of a plant: gauges under ``m``, counters under ``c``, nameplate beside them."""

    def __init__(self, site: str, meters: Sequence[Meter], *, sources: Sources) -> None:
        self._prefix = f"smelter/v1/{site}/meter"
        self._meters = [meter.id for meter in meters if meter.measures != Measures.LINE_DC]
        self._sources = sources

    def of(self, time_ns: int, readouts: Mapping[str, Readout]) -> list[Message]:
        """Tell what every meter shows at a time [UTC ns]."""
        return [self._message(number, meter, time_ns, readouts[meter]) for number, meter in enumerate(self._meters)]

    def _message(self, number: int, meter: str, time_ns: int, readout: Readout) -> Message:
        gauges = readout.gauges
        factor = gauges["power_factor"]
        power_kw = gauges["active_power"] / 1000
        body = {
            "v": 1,
            "meter": meter,
            "seq": self._sources.number(meter),
            "ts": iso_milliseconds(time_ns),
            "q": "good",
            "m": {
                "p_kw": round(power_kw, 3),
                "q_kvar": round(power_kw * math.sqrt(1 / factor**2 - 1), 3),
                "u_ll_avg_v": round(gauges["voltage"], 2),
                "i_avg_a": round(gauges["current"], 2),
                "pf": round(factor, 4),
                "f_hz": round(gauges["frequency"], 3),
            },
            "c": {"e_imp_kwh": round(readout.counters["active_energy_import"] / 1000, 3), "e_exp_kwh": 0.0},
            "serial": f"7001{number:04}",
            "fw": "2.1.4",
        }
        return json_message(f"{self._prefix}/{meter}/telemetry", body)


class StackMessages:
    """The emission measurement of a gas treatment centre's stack; calibrated for a quarter of an hour every day.

    While it is calibrated it holds its last values, and says so.
    """

    def __init__(self, site: str, stack: str) -> None:
        self._topic = f"smelter/v1/{site}/cems/{stack}/telemetry"
        self._stack = stack
        self._held: dict[str, object] | None = None
        self._last: StackGas | None = None
        self._clear()

    def count(self, gas: StackGas, seconds: float) -> None:
        """Take the gas of a step in for the next means."""
        self._seconds += seconds
        self._nm3 += gas.flow_nm3h * seconds / _HOUR_S
        self._hf_kg += gas.hf_kg
        self._so2_kg += gas.so2_kg
        self._dust_kg += gas.dust_kg
        self._degree_s += gas.temperature_c * seconds
        self._last = gas

    def of(self, time_ns: int) -> list[Message]:
        """Tell at a time [UTC ns] of the means since the last message; nothing if no gas was seen."""
        gas = self._last
        if gas is None or not self._seconds:
            return []
        calibrating = time_ns % DAY_NS // SECOND_NS < _CALIBRATION_S
        mg_nm3 = 1e6 / self._nm3
        measured: dict[str, object] = {
            "hf_mg_nm3": round(self._hf_kg * mg_nm3, 3),
            "so2_mg_nm3": round(self._so2_kg * mg_nm3, 1),
            "dust_mg_nm3": round(self._dust_kg * mg_nm3, 2),
            "flow_nm3_h": round(self._nm3 / self._seconds * _HOUR_S),
            "temp_c": round(self._degree_s / self._seconds, 1),
            "pressure_kpa": round(gas.pressure_kpa, 2),
            "h2o_pct": round(gas.moisture * 100, 2),
        }
        if calibrating and self._held is not None:
            measured = self._held
        self._held = measured
        body = {
            "v": 1,
            "stack": self._stack,
            "ts": iso_milliseconds(time_ns),
            "q": "hold" if calibrating else "good",
            "state": "calibration" if calibrating else "measuring",
            "avg_s": round(self._seconds),
            "m": measured,
        }
        self._clear()
        return [json_message(self._topic, body)]

    def _clear(self) -> None:
        self._seconds = self._nm3 = self._hf_kg = self._so2_kg = self._dust_kg = self._degree_s = 0.0
