"""Meters that no account needs: feeders of workshops, single branches, gas and flow, each with a curve of its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulators.physics.meter import Face, gains_of
from simulators.physics.noise import stream

if TYPE_CHECKING:
    from simulators.meter_scenario import MeterBehaviour
    from simulators.physics.meter import Readout

AC_V, POWER_FACTOR, DC_V, GRID_HZ = 400.0, 0.86, 600.0, 50.0
_SHARE, _SWING, _PERIOD_S = 0.5, 0.05, 3600.0
_SQRT_3 = math.sqrt(3.0)


class MonitoredMeter:
    """A meter whose load is a curve of time: half its rating, five per cent more or less within an hour.

    What it shows at a time follows from that time alone, so hundreds of them cost nothing until they are asked.
    It shows the same power as alternating and as direct current, and so fits every profile.

    Parameters
    ----------
    rated_w
        The meter's rated power [W].
    begin_s
        When its counters are at their beginnings [s since 1970].
    """

    def __init__(self, seed: int, meter: str, behaviour: MeterBehaviour, *, rated_w: float, begin_s: float) -> None:
        gains = gains_of(seed, meter, behaviour.accuracy_class)
        self._power_w = _SHARE * rated_w * gains.power
        self._phase = float(stream(seed, f"monitored {meter}").uniform(0, math.tau))
        self._begin_s = begin_s
        self._refresh_s = behaviour.display.refresh_s
        used_wh = float(math.floor(self._power_w * gains.history_h))
        self._energy_wh = used_wh if behaviour.energy_start_wh is None else behaviour.energy_start_wh
        self._charge_ah = used_wh / DC_V if behaviour.charge_start_ah is None else behaviour.charge_start_ah
        current_a = rated_w / min(_SQRT_3 * AC_V * POWER_FACTOR, DC_V)
        self._face = Face(behaviour.display, power_w=rated_w, voltage_v=max(AC_V, DC_V), current_a=current_a)

    def readout(self, time_s: float) -> Readout:
        """Return what the meter shows at a plant time [s since 1970]."""
        turned = self._phase + math.tau * time_s / _PERIOD_S
        power_w = self._power_w * (1.0 + _SWING * math.sin(turned))
        gauges = {
            "voltage": AC_V,
            "current": power_w / (_SQRT_3 * AC_V * POWER_FACTOR),
            "active_power": power_w,
            "power_factor": POWER_FACTOR,
            "frequency": GRID_HZ,
            "line_voltage": DC_V,
            "line_current": power_w / DC_V,
            "dc_power": power_w,
        }
        energy_wh = self._counted_wh(time_s)
        totals = {
            "active_energy_import": self._energy_wh + energy_wh,
            "dc_energy": self._energy_wh + energy_wh,
            "dc_charge": self._charge_ah + energy_wh / DC_V,
        }
        return self._face.readout(gauges, totals, time_s)

    def _counted_wh(self, time_s: float) -> float:
        """Return the integral of the load since the beginning, as of the last refresh [Wh]."""
        run_s = time_s - self._begin_s
        if self._refresh_s:
            run_s -= run_s % self._refresh_s
        turn = math.tau / _PERIOD_S
        first = self._phase + turn * self._begin_s
        swung_s = _SWING / turn * (math.cos(first) - math.cos(first + turn * run_s))
        return self._power_w * (run_s + swung_s) / 3600
