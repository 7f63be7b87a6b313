"""The quantities that flow through the line, each with its one canonical unit and its field in the streams."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a quantity behaves in time."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class QuantityDefinition:
    """Canonical unit, kind, and the stream and field in which the quantity is written."""

    unit: str
    kind: Kind
    measurement: str
    field: str


def _gauge(unit: str, measurement: str, field: str) -> QuantityDefinition:
    return QuantityDefinition(unit, Kind.GAUGE, measurement, field)


def _counter(unit: str, measurement: str, field: str) -> QuantityDefinition:
    return QuantityDefinition(unit, Kind.COUNTER, measurement, field)


class Quantity(Enum):
    """Every quantity by its name. A register in a profile carries one of these names."""

    ACTIVE_POWER = _gauge("kW", "meter", "active_power_kw")
    ACTIVE_ENERGY_IMPORT = _counter("kWh", "meter", "active_energy_import_kwh")
    VOLTAGE = _gauge("V", "meter", "voltage_v")
    CURRENT = _gauge("A", "meter", "current_a")
    POWER_FACTOR = _gauge("1", "meter", "power_factor")
    FREQUENCY = _gauge("Hz", "meter", "frequency_hz")
    DC_ENERGY = _counter("kWh", "meter", "dc_energy_kwh")
    DC_CHARGE = _counter("kAh", "meter", "dc_charge_kah")
    LINE_CURRENT = _gauge("kA", "potline", "line_current_ka")
    LINE_VOLTAGE = _gauge("V", "potline", "line_voltage_v")
    DC_POWER = _gauge("MW", "potline", "dc_power_mw")
    POT_VOLTAGE = _gauge("V", "pot", "voltage_v")
    POT_RESISTANCE = _gauge("uOhm", "pot", "resistance_uohm")
    POT_NOISE = _gauge("mV", "pot", "noise_mv")
    BATH_TEMPERATURE = _gauge("degC", "pot", "bath_temperature_c")

    @property
    def label(self) -> str:
        """The name as it stands in files: lower case."""
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

    @property
    def field(self) -> str:
        """Its field in that stream."""
        return self.value.field

    @classmethod
    def named(cls, label: str) -> "Quantity":
        """Return the quantity of that name.

        Raises
        ------
        ValueError
            If there is none.
        """
        for quantity in cls:
            if quantity.label == label:
                return quantity
        raise ValueError(f"'{label}' is no quantity; one of: {', '.join(q.label for q in cls)}")
