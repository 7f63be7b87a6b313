"""What of the streams may be aggregated by a database, and how. Pure.

A ratio over a longer time is the sum of its numerators over the sum of its denominators; a mean of ratios is another
number. So a database adds numerators and denominators, and the ratio is taken by whoever reads them. Ratios themselves
(kWh/t, shares, power factors, concentrations, resistances) are in none of these lists. Of readings, the mean of what
has one at any moment (power, voltage, current, temperature) is kept with the number of readings that it stands on, and
the last reading of a counter.

The sums go by minutes. What the collector states itself of hours, shifts, days and months is not touched: it is exact,
is stated again when late readings come, and belongs in statements.
"""

from dataclasses import dataclass

from collector.plant.meter import STACK_QUANTITIES
from collector.plant.stacks import MASS_OF
from collector.readings.quantity import Kind, Quantity

LEAST_QUALITY = 64
"""Below it (OPC DA: bad) a ratio was withheld, and its numerator and denominator do not count either."""


@dataclass(frozen=True, slots=True)
class Sums:
    """A stream of the accounts: its minutes are added, numerators and denominator over the same minutes."""

    measurement: str
    tags: tuple[str, ...]
    numerators: tuple[str, ...]
    denominator: str

    @property
    def fields(self) -> tuple[str, ...]:
        """All that is added. A minute counts if it has every one of them."""
        return (*self.numerators, self.denominator)


@dataclass(frozen=True, slots=True)
class Means:
    """A stream of readings: gauges have a mean and a count, counters a last reading."""

    measurement: str
    gauges: tuple[str, ...]
    counters: tuple[str, ...]


SUMS = (
    Sums("energy_intensity", ("plant", "potline", "boundary"), ("energy_kwh",), "metal_t"),
    Sums(
        "emissions_intensity",
        ("plant", "potline", "method", "electricity"),
        ("anode_t_co2e", "pfc_t_co2e", "cf4_kg", "c2f6_kg", "electricity_t_co2e", "total_t_co2e"),
        "metal_t",
    ),
    Sums("pollutant_intensity", ("plant", "stack", "pollutant"), ("mass_kg",), "metal_t"),
    Sums("renewable_share", ("plant", "basis"), ("renewable_kwh",), "total_kwh"),
)

_RATIOS = frozenset({"1", "%", "uOhm", "mg/m3"})
"""Units of what is one quantity over another."""
_EXTREMES = frozenset({Quantity.DEMAND_ACTIVE_MAX, Quantity.DEMAND_ACTIVE_MIN})
_REGISTERS = frozenset({"kWh", "kvarh", "kVAh", "kAh"})
"""Units of registers; those that count both ways are gauges, and have a last reading like the others."""


def _is_gauge(quantity: Quantity) -> bool:
    return quantity.kind is Kind.GAUGE and quantity.unit not in _RATIOS | _REGISTERS and quantity not in _EXTREMES


def _is_register(quantity: Quantity) -> bool:
    return quantity.kind is Kind.COUNTER or quantity.unit in _REGISTERS


def _means(measurement: str, quantities: tuple[Quantity, ...], *more: str) -> Means:
    gauges = {quantity.field for quantity in quantities if _is_gauge(quantity)} | set(more)
    counters = {quantity.field for quantity in quantities if _is_register(quantity)}
    return Means(measurement, tuple(sorted(gauges)), tuple(sorted(counters)))


def _of(*measurements: str) -> tuple[Quantity, ...]:
    return tuple(quantity for quantity in Quantity if quantity.measurement in measurements)


MEANS = (
    # A meter that does not speak for its potline has the potline's quantities in its own stream.
    _means("meter", _of("meter", "potline")),
    _means("potline", _of("potline")),
    _means("pot", _of("pot")),
    # Flow at normal conditions has a field of its own.
    _means("stack", tuple(sorted({*STACK_QUANTITIES, *MASS_OF.values()}, key=lambda q: q.name)), "flow_nm3_h"),
)
