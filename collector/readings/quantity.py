"""The quantities that flow through the line, each with its one canonical unit and its field in the streams."""

# ruff: noqa: PIE796 - every definition is an object of its own, and so no alias of one that looks alike

import difflib
from dataclasses import dataclass
from enum import Enum
from functools import cached_property


class Kind(Enum):
    """How a quantity behaves in time."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True, eq=False)  # two quantities may look alike and are two
class QuantityDefinition:
    """Canonical unit, kind, and the stream it is written to. ``field`` is empty where the name tells it."""

    unit: str
    kind: Kind
    measurement: str
    field: str


_SUFFIX = {
    "1": "",
    "%": "_pct",
    "Hz": "_hz",
    "V": "_v",
    "A": "_a",
    "kW": "_kw",
    "kvar": "_kvar",
    "kVA": "_kva",
    "kWh": "_kwh",
    "kvarh": "_kvarh",
    "kVAh": "_kvah",
    "kAh": "_kah",
    "degC": "_c",
    "h": "_h",
    "mg/m3": "_mg_m3",
    "m3/h": "_m3_h",
    "m3": "_m3",
    "m/s": "_m_s",
    "bar": "_bar",
    "t": "_t",
    "kg/h": "_kg_h",
}
"""How a field's name ends, for each unit of a meter's quantities."""

_Pair = tuple[QuantityDefinition, QuantityDefinition]
_Three = tuple[QuantityDefinition, QuantityDefinition, QuantityDefinition]


def _gauge(unit: str, measurement: str = "meter", field: str = "") -> QuantityDefinition:
    return QuantityDefinition(unit, Kind.GAUGE, measurement, field)


def _gauges(unit: str) -> _Three:
    """Return one for each phase."""
    return _gauge(unit), _gauge(unit), _gauge(unit)


def _counter(unit: str) -> QuantityDefinition:
    return QuantityDefinition(unit, Kind.COUNTER, "meter", "")


def _counters(unit: str) -> _Three:
    """Return one for each phase."""
    return _counter(unit), _counter(unit), _counter(unit)


def _tariffs(unit: str) -> _Pair:
    """Return one counter for each of two tariffs."""
    return _counter(unit), _counter(unit)


class Quantity(Enum):
    """Every quantity by its name. A register in a profile carries one of these names.

    Without a suffix a quantity is the meter's own total or mean over the phases. Import is towards the plant. Of
    energy, SUM is import plus export as the meter adds them, NET is import minus export, TOTAL is where it does not
    tell them apart.
    """

    # Alternating current.
    ACTIVE_POWER = _gauge("kW")
    ACTIVE_ENERGY_IMPORT = _counter("kWh")
    VOLTAGE = _gauge("V")
    CURRENT = _gauge("A")
    POWER_FACTOR = _gauge("1")
    FREQUENCY = _gauge("Hz")

    VOLTAGE_LN = _gauge("V")
    VOLTAGE_L1N, VOLTAGE_L2N, VOLTAGE_L3N = _gauges("V")
    VOLTAGE_L1L2, VOLTAGE_L2L3, VOLTAGE_L3L1 = _gauges("V")
    CURRENT_L1, CURRENT_L2, CURRENT_L3 = _gauges("A")
    CURRENT_N = _gauge("A")
    CURRENT_G = _gauge("A")
    CURRENT_SUM = _gauge("A")
    ACTIVE_POWER_L1, ACTIVE_POWER_L2, ACTIVE_POWER_L3 = _gauges("kW")
    DEMAND_ACTIVE = _gauge("kW")
    DEMAND_ACTIVE_MAX = _gauge("kW")
    DEMAND_ACTIVE_MIN = _gauge("kW")
    REACTIVE_POWER = _gauge("kvar")
    REACTIVE_POWER_L1, REACTIVE_POWER_L2, REACTIVE_POWER_L3 = _gauges("kvar")
    APPARENT_POWER = _gauge("kVA")
    APPARENT_POWER_L1, APPARENT_POWER_L2, APPARENT_POWER_L3 = _gauges("kVA")
    POWER_FACTOR_L1, POWER_FACTOR_L2, POWER_FACTOR_L3 = _gauges("1")
    COSPHI_L1, COSPHI_L2, COSPHI_L3 = _gauges("1")
    THD_U_L1, THD_U_L2, THD_U_L3 = _gauges("%")
    THD_I_L1, THD_I_L2, THD_I_L3 = _gauges("%")

    ACTIVE_ENERGY_EXPORT = _counter("kWh")
    ACTIVE_ENERGY_TOTAL = _counter("kWh")
    ACTIVE_ENERGY_SUM = _counter("kWh")
    ACTIVE_ENERGY_NET = _gauge("kWh")
    ACTIVE_ENERGY_IMPORT_L1, ACTIVE_ENERGY_IMPORT_L2, ACTIVE_ENERGY_IMPORT_L3 = _counters("kWh")
    ACTIVE_ENERGY_EXPORT_L1, ACTIVE_ENERGY_EXPORT_L2, ACTIVE_ENERGY_EXPORT_L3 = _counters("kWh")
    ACTIVE_ENERGY_NET_L1, ACTIVE_ENERGY_NET_L2, ACTIVE_ENERGY_NET_L3 = _gauges("kWh")
    ACTIVE_ENERGY_IMPORT_T1, ACTIVE_ENERGY_IMPORT_T2 = _tariffs("kWh")
    ACTIVE_ENERGY_EXPORT_T1, ACTIVE_ENERGY_EXPORT_T2 = _tariffs("kWh")
    ACTIVE_ENERGY_IMPORT_PARTIAL = _counter("kWh")
    REACTIVE_ENERGY_IMPORT = _counter("kvarh")
    REACTIVE_ENERGY_EXPORT = _counter("kvarh")
    REACTIVE_ENERGY_TOTAL = _counter("kvarh")
    REACTIVE_ENERGY_SUM = _counter("kvarh")
    REACTIVE_ENERGY_IMPORT_T1, REACTIVE_ENERGY_IMPORT_T2 = _tariffs("kvarh")
    REACTIVE_ENERGY_EXPORT_T1, REACTIVE_ENERGY_EXPORT_T2 = _tariffs("kvarh")
    APPARENT_ENERGY_IMPORT = _counter("kVAh")
    APPARENT_ENERGY_EXPORT = _counter("kVAh")
    APPARENT_ENERGY_TOTAL = _counter("kVAh")
    APPARENT_ENERGY_IMPORT_T1, APPARENT_ENERGY_IMPORT_T2 = _tariffs("kVAh")
    APPARENT_ENERGY_EXPORT_T1, APPARENT_ENERGY_EXPORT_T2 = _tariffs("kVAh")
    APPARENT_ENERGY_TOTAL_T1, APPARENT_ENERGY_TOTAL_T2 = _tariffs("kVAh")

    # Direct current of a branch.
    DC_VOLTAGE = _gauge("V")
    DC_CURRENT = _gauge("A")
    DC_ENERGY = _counter("kWh")
    DC_ENERGY_EXPORT = _counter("kWh")
    DC_ENERGY_NET = _gauge("kWh")
    DC_ENERGY_TOTAL = _counter("kWh")
    DC_CHARGE = _counter("kAh")
    DC_CHARGE_EXPORT = _counter("kAh")
    DC_CHARGE_NET = _gauge("kAh")
    DC_CHARGE_TOTAL = _counter("kAh")

    # Flue gas, gases and liquids in pipes, scales.
    SO2 = _gauge("mg/m3")
    HF = _gauge("mg/m3")
    DUST = _gauge("mg/m3")
    NO = _gauge("mg/m3")
    NO2 = _gauge("mg/m3")
    NOX = _gauge("mg/m3")
    NH3 = _gauge("mg/m3")
    CO = _gauge("mg/m3")
    CH4 = _gauge("mg/m3")
    HF_MASS = _gauge("kg/h", field="hf_kg_h")
    SO2_MASS = _gauge("kg/h", field="so2_kg_h")
    DUST_MASS = _gauge("kg/h", field="dust_kg_h")
    NO_MASS = _gauge("kg/h", field="no_kg_h")
    NO2_MASS = _gauge("kg/h", field="no2_kg_h")
    NOX_MASS = _gauge("kg/h", field="nox_kg_h")
    NH3_MASS = _gauge("kg/h", field="nh3_kg_h")
    CO_MASS = _gauge("kg/h", field="co_kg_h")
    CO2 = _gauge("%")
    H2O = _gauge("%")
    O2 = _gauge("%")
    FLOW = _gauge("m3/h")
    REVERSE_FLOW = _gauge("m3/h")
    VOLUME = _counter("m3")
    REVERSE_VOLUME = _counter("m3")
    VELOCITY = _gauge("m/s")
    REVERSE_VELOCITY = _gauge("m/s")
    GAS_PRESSURE = _gauge("bar")
    GAS_TEMPERATURE = _gauge("degC")
    PROCESS_TEMPERATURE = _gauge("degC")
    GROSS_WEIGHT = _gauge("t")
    NET_WEIGHT = _gauge("t")

    # The device itself.
    DEVICE_TEMPERATURE = _gauge("degC")
    OPERATING_HOURS = _counter("h")

    # The line and its pots.
    LINE_CURRENT = _gauge("kA", "potline", "line_current_ka")
    LINE_VOLTAGE = _gauge("V", "potline", "line_voltage_v")
    DC_POWER = _gauge("MW", "potline", "dc_power_mw")
    POT_VOLTAGE = _gauge("V", "pot", "voltage_v")
    POT_RESISTANCE = _gauge("uOhm", "pot", "resistance_uohm")
    POT_NOISE = _gauge("mV", "pot", "noise_mv")
    BATH_TEMPERATURE = _gauge("degC", "pot", "bath_temperature_c")

    @cached_property
    def label(self) -> str:
        """The name as it stands in files: lower case. One text, however many values are shown under it."""
        return self.name.lower()

    @property
    def unit(self) -> str:
        """The canonical unit."""
        return self.value.unit

    @property
    def kind(self) -> Kind:
        """Gauge or counter."""
        return self.value.kind

    @property
    def measurement(self) -> str:
        """The stream it is written to."""
        return self.value.measurement

    @cached_property
    def field(self) -> str:
        """Its field in that stream."""
        return self.value.field or self.label + _SUFFIX[self.unit]

    @classmethod
    def known(cls, label: str) -> "Quantity | None":
        """Return the quantity of that name, None if there is none."""
        return _BY_LABEL.get(label)

    @classmethod
    def named(cls, label: str) -> "Quantity":
        """Return the quantity of that name.

        Raises
        ------
        ValueError
            If there is none.
        """
        quantity = _BY_LABEL.get(label)
        if quantity is None:
            near = difflib.get_close_matches(label.lower(), _BY_LABEL, n=1)
            remedy = f"did you mean '{near[0]}'?" if near else "config/profiles/_blueprint.toml lists them all"
            raise ValueError(f"'{label}' is no quantity; {remedy}")
        return quantity


_BY_LABEL = {quantity.label: quantity for quantity in Quantity}
