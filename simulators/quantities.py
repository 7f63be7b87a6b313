"""What a simulated meter can show: quantities by name, their dimensions and their units."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Dimension(StrEnum):
    """What kind of quantity a register holds; its base unit is the value."""

    VOLTAGE = "V"
    CURRENT = "A"
    POWER = "W"
    REACTIVE_POWER = "var"
    APPARENT_POWER = "VA"
    ENERGY = "Wh"
    REACTIVE_ENERGY = "varh"
    APPARENT_ENERGY = "VAh"
    CHARGE = "Ah"
    FREQUENCY = "Hz"
    RATIO = "1"
    TIME = "s"
    TEMPERATURE = "degC"
    CONCENTRATION = "mg/m3"
    FLOW = "m3/h"
    VOLUME = "m3"
    VELOCITY = "m/s"
    PRESSURE = "bar"
    MASS = "kg"


_D = Dimension

POWERS = frozenset({_D.POWER, _D.REACTIVE_POWER, _D.APPARENT_POWER})
ENERGIES = frozenset({_D.ENERGY, _D.REACTIVE_ENERGY, _D.APPARENT_ENERGY})


def _units() -> Mapping[str, tuple[Dimension, Decimal]]:
    prefixes = {"": Decimal(1), "k": Decimal(1000), "M": Decimal(1_000_000)}
    units = {
        prefix + base: (base, size)
        for base in (_D.VOLTAGE, _D.CURRENT, *POWERS, *ENERGIES, _D.CHARGE)
        for prefix, size in prefixes.items()
    }
    return {name: (Dimension(base), size) for name, (base, size) in units.items()} | {
        "Hz": (_D.FREQUENCY, Decimal(1)),
        "1": (_D.RATIO, Decimal(1)),
        "%": (_D.RATIO, Decimal("0.01")),
        "s": (_D.TIME, Decimal(1)),
        "min": (_D.TIME, Decimal(60)),
        "h": (_D.TIME, Decimal(3600)),
        "degC": (_D.TEMPERATURE, Decimal(1)),
        "mg/m3": (_D.CONCENTRATION, Decimal(1)),
        "m3/h": (_D.FLOW, Decimal(1)),
        "m3": (_D.VOLUME, Decimal(1)),
        "m/s": (_D.VELOCITY, Decimal(1)),
        "bar": (_D.PRESSURE, Decimal(1)),
        "mbar": (_D.PRESSURE, Decimal("0.001")),
        "kg": (_D.MASS, Decimal(1)),
        "t": (_D.MASS, Decimal(1000)),
    }


UNITS: Mapping[str, tuple[Dimension, Decimal]] = _units()
"""Each unit's dimension and its size in base units."""


def _named(stems: Iterable[str], ends: Iterable[str]) -> list[str]:
    return [stem + end for stem, end in product(stems, ends)]


_PHASES = ("_l1", "_l2", "_l3")
_TARIFFS = ("_t1", "_t2")

_BY_DIMENSION: Mapping[Dimension, Iterable[str]] = {
    _D.VOLTAGE: (
        *("voltage", "voltage_ln", "voltage_l1n", "voltage_l2n", "voltage_l3n"),
        *("voltage_l1l2", "voltage_l2l3", "voltage_l3l1", "dc_voltage", "line_voltage"),
    ),
    _D.CURRENT: (*_named(["current"], ("", *_PHASES, "_n", "_g", "_sum")), "dc_current", "line_current"),
    _D.POWER: (
        *_named(["active_power"], ("", *_PHASES)),
        *_named(["demand_active"], ("", "_max", "_min")),
        "dc_power",
    ),
    _D.REACTIVE_POWER: _named(["reactive_power"], ("", *_PHASES)),
    _D.APPARENT_POWER: _named(["apparent_power"], ("", *_PHASES)),
    _D.RATIO: (
        *_named(["power_factor"], ("", *_PHASES)),
        *_named(["cosphi", "thd_u", "thd_i"], _PHASES),
        *("co2", "h2o", "o2"),
        # What a meter's plate says; not a measurement.
        *("ct_ratio", "vt_ratio", "serial_number"),
    ),
    _D.FREQUENCY: ("frequency",),
    _D.ENERGY: (
        *_named(["active_energy_import", "active_energy_export"], ("", *_PHASES, *_TARIFFS)),
        *_named(["active_energy_net"], ("", *_PHASES)),
        *("active_energy_total", "active_energy_sum", "active_energy_import_partial"),
        *_named(["dc_energy"], ("", "_export", "_net", "_total")),
    ),
    _D.REACTIVE_ENERGY: (
        *_named(["reactive_energy_import", "reactive_energy_export"], ("", *_TARIFFS)),
        *_named(["reactive_energy"], ("_total", "_sum")),
    ),
    _D.APPARENT_ENERGY: _named([f"apparent_energy_{way}" for way in ("import", "export", "total")], ("", *_TARIFFS)),
    _D.CHARGE: _named(["dc_charge"], ("", "_export", "_net", "_total")),
    _D.TEMPERATURE: ("device_temperature", "gas_temperature", "process_temperature"),
    _D.TIME: ("operating_hours", "device_time"),
    _D.CONCENTRATION: ("so2", "hf", "dust", "no", "no2", "nox", "nh3", "co", "ch4"),
    _D.FLOW: ("flow", "reverse_flow"),
    _D.VOLUME: ("volume", "reverse_volume"),
    _D.VELOCITY: ("velocity", "reverse_velocity"),
    _D.PRESSURE: ("gas_pressure",),
    _D.MASS: ("gross_weight", "net_weight"),
}

QUANTITIES: Mapping[str, Dimension] = {name: dimension for dimension, names in _BY_DIMENSION.items() for name in names}
"""Each quantity that a simulated meter can show; ``voltage`` is line to line, ``device_time`` counts from 1970."""

COUNTERS = frozenset(
    name
    for name, dimension in QUANTITIES.items()
    if dimension in {*ENERGIES, _D.CHARGE, _D.VOLUME} and not name.startswith(("active_energy_net", "dc_energy_net"))
    if name != "dc_charge_net"
)
"""Quantities that only grow."""
