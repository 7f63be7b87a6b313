"""Everything else that a meter could show, made from the little that it measures, when somebody asks for it.

A three-phase meter's phases differ by some tenths of a per cent in voltage and current, and not in power. Gases, flows
and weights follow slow curves of plant time, and volumes are those curves' integrals.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulators.quantities import COUNTERS, QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from simulators.physics.meter import Readout

_SQRT_3 = math.sqrt(3.0)
_UNBALANCE = {"l1": 1.002, "l2": 1.0, "l3": 0.998}
"""Each phase's voltage, and the inverse of its current, by the mean."""

_TARIFF_STEP, _TARIFF_T1 = 10e6, 6e6
"""Of every 10 MWh the first 6 are counted under the first tariff: at any time only one of them runs [Wh]."""

_EXPORTED = 12e6
"""What flowed back in the years before, in each kind of energy [Wh, varh, VAh], and no more since."""

_EXPORTED_AH = 1e6
_RESET_AT = 1e9
"""The partial counter was set back when the total was here [Wh]."""

_COMMISSIONED_S = 1_577_836_800.0
"""Since 2020 the process has been running [s since 1970]."""

_DAY_S = 86_400.0

_OWN_COUNTERS = (
    *(f"{kind}_energy_{way}" for kind in ("reactive", "apparent") for way in ("import", "export")),
    *("active_energy_export", "dc_energy_export", "dc_charge_export", "volume", "reverse_volume"),
)
"""Counters that do not follow from other counters of the same kind."""


def value_of(readout: Readout, name: str) -> float:
    """Return what a meter shows of a quantity, in base units; 0 where it measures nothing of that kind."""
    if name in readout.gauges:
        return readout.gauges[name]
    if name in readout.counters:
        return readout.counters[name]
    formula = _FORMULAS.get(name)
    return formula(readout) if formula else 0.0


def completed(readout: Readout, names: Collection[str], named: Collection[str] = ()) -> Readout:
    """Return the readout with these quantities written out, as far as something may go wrong with each by itself.

    Counters that are sums, differences and shares of others stay out, and so keep following them, unless ``named``.
    """
    gauges = {name: value_of(readout, name) for name in names if name in QUANTITIES and name not in COUNTERS}
    counters = {name: value_of(readout, name) for name in (*_OWN_COUNTERS, *named) if name in COUNTERS}
    return readout.but({**readout.gauges, **gauges}, {**counters, **readout.counters})


def _times(name: str, factor: float) -> Callable[[Readout], float]:
    return lambda readout: factor * value_of(readout, name)


def _sum(*names: str) -> Callable[[Readout], float]:
    return lambda readout: sum(value_of(readout, name) for name in names)


def _difference(one: str, other: str) -> Callable[[Readout], float]:
    return lambda readout: value_of(readout, one) - value_of(readout, other)


def _always(value: float) -> Callable[[Readout], float]:
    return lambda readout: value  # noqa: ARG005 -- as every formula


def _curve(mean: float, swing: float, period_s: float = _DAY_S) -> Callable[[Readout], float]:
    return lambda readout: mean + swing * math.sin(math.tau * readout.time_s / period_s)


def _volume(mean_per_h: float, swing_per_h: float) -> Callable[[Readout], float]:
    """Integrate the curve of a flow since the commissioning, which was at the beginning of a day."""

    def total(readout: Readout) -> float:
        turns = math.tau * readout.time_s / _DAY_S
        swung = swing_per_h * _DAY_S / math.tau * (1.0 - math.cos(turns))
        return (mean_per_h * max(0.0, readout.time_s - _COMMISSIONED_S) + swung) / 3600

    return total


def _reactive(name: str) -> Callable[[Readout], float]:
    return lambda readout: value_of(readout, name) * math.sqrt(max(0.0, 1.0 / _factor(readout) ** 2 - 1.0))


def _apparent(name: str) -> Callable[[Readout], float]:
    return lambda readout: value_of(readout, name) / _factor(readout)


def _factor(readout: Readout) -> float:
    """Return the power factor, decoded if it tells its quadrant; of a meter without one, 1."""
    factor = abs(value_of(readout, "power_factor"))
    return (2.0 - factor if 1.0 < factor < 2.0 else min(factor, 1.0)) or 1.0


def _first_tariff(name: str) -> Callable[[Readout], float]:
    def counted(readout: Readout) -> float:
        steps, rest = divmod(value_of(readout, name), _TARIFF_STEP)
        return steps * _TARIFF_T1 + min(rest, _TARIFF_T1)

    return counted


def _partial(readout: Readout) -> float:
    return max(0.0, value_of(readout, "active_energy_import") - _RESET_AT)


def _phases() -> dict[str, Callable[[Readout], float]]:
    formulas: dict[str, Callable[[Readout], float]] = {}
    for phase, voltage in _UNBALANCE.items():
        formulas |= {
            f"voltage_{phase}n": _times("voltage_ln", voltage),
            f"current_{phase}": _times("current", 1.0 / voltage),
            f"power_factor_{phase}": _times("power_factor", 1.0),
            f"cosphi_{phase}": _times("power_factor", 1.0),
        }
        for power in ("active_power", "reactive_power", "apparent_power"):
            formulas[f"{power}_{phase}"] = _times(power, 1 / 3)
        for energy in ("active_energy_import", "active_energy_export", "active_energy_net"):
            formulas[f"{energy}_{phase}"] = _times(energy, 1 / 3)
    for one, other in (("l1", "l2"), ("l2", "l3"), ("l3", "l1")):
        mean = (_UNBALANCE[one] + _UNBALANCE[other]) / 2
        formulas[f"voltage_{one}{other}"] = _times("voltage", mean)
    for place, phase in enumerate(_UNBALANCE):
        formulas[f"thd_u_{phase}"] = _always(0.015 + 0.001 * place)
        formulas[f"thd_i_{phase}"] = _always(0.041 + 0.001 * place)
    return formulas


def _energies() -> dict[str, Callable[[Readout], float]]:
    formulas: dict[str, Callable[[Readout], float]] = {"active_energy_import_partial": _partial}
    for kind in ("active", "reactive", "apparent"):
        imported, exported = f"{kind}_energy_import", f"{kind}_energy_export"
        formulas |= {
            exported: _always(_EXPORTED),
            f"{kind}_energy_total": _sum(imported, exported),
            f"{kind}_energy_sum": _sum(imported, exported),
            f"{kind}_energy_net": _difference(imported, exported),
        }
        for name in (imported, exported, f"{kind}_energy_total"):
            formulas |= {f"{name}_t1": _first_tariff(name), f"{name}_t2": _difference(name, f"{name}_t1")}
    formulas["reactive_energy_import"] = _reactive("active_energy_import")
    formulas["apparent_energy_import"] = _apparent("active_energy_import")
    for kind, exported_before in (("dc_energy", _EXPORTED), ("dc_charge", _EXPORTED_AH)):
        formulas |= {
            f"{kind}_export": _always(exported_before),
            f"{kind}_net": _difference(kind, f"{kind}_export"),
            f"{kind}_total": _sum(kind, f"{kind}_export"),
        }
    return formulas


def _process() -> dict[str, Callable[[Readout], float]]:
    """Return what is measured around the pots: [degC], [mg/m3], shares [1], [m3/h], [m3], [m/s], [bar] and [kg]."""
    return {
        "device_temperature": _curve(35.0, 2.0),
        "process_temperature": _curve(35.5, 1.0),
        "gas_temperature": _curve(95.0, 8.0),
        "so2": _curve(120.0, 20.0),
        "hf": _curve(0.8, 0.2),
        "dust": _curve(3.0, 0.5),
        "no": _curve(12.0, 2.0),
        "no2": _curve(1.5, 0.3),
        "nox": _curve(20.0, 3.0),
        "nh3": _curve(0.4, 0.1),
        "co": _curve(90.0, 10.0),
        "ch4": _curve(2.0, 0.4),
        "co2": _curve(0.012, 0.001),
        "h2o": _curve(0.021, 0.004),
        "o2": _curve(0.198, 0.002),
        "flow": _curve(1200.0, 150.0),
        "reverse_flow": _always(0.0),
        "volume": _volume(1200.0, 150.0),
        "reverse_volume": _always(40.0),
        "velocity": _curve(9.6, 1.2),
        "reverse_velocity": _always(0.0),
        "gas_pressure": _curve(1.013, 0.004),
        "gross_weight": _curve(12_300.0, 50.0, 3600.0),
        "net_weight": _curve(4_900.0, 50.0, 3600.0),
        "operating_hours": lambda readout: max(0.0, readout.time_s - _COMMISSIONED_S),
        "device_time": lambda readout: readout.time_s,
    }


_FORMULAS: Mapping[str, Callable[[Readout], float]] = {
    "voltage_ln": _times("voltage", 1 / _SQRT_3),
    "current_sum": _sum("current_l1", "current_l2", "current_l3"),
    "current_n": _times("current", 0.01),
    "current_g": _times("current", 0.001),
    "demand_active": _times("active_power", 1.0),
    "demand_active_max": _times("active_power", 1.05),
    "demand_active_min": _times("active_power", 0.95),
    "reactive_power": _reactive("active_power"),
    "apparent_power": _apparent("active_power"),
    "dc_voltage": _times("line_voltage", 1.0),
    "dc_current": _times("line_current", 1.0),
    **_phases(),
    **_energies(),
    **_process(),
}
"""How each quantity follows from others."""
