"""Which points of a plant are booked, and how: counters where there are any, else integrals. Pure."""

import math

from collector.accounting.booking import Rule
from collector.accounting.integrals import Shape
from collector.plant.meter import Measures, Meter
from collector.plant.profile import Register
from collector.plant.topology import Plant
from collector.readings import units
from collector.readings.quantity import Kind, Quantity

OVERLOAD = 1.2
"""A meter may carry this much more than its rated power for a while."""

LARGEST_CURRENT_KA = 800.0
"""No potline carries more: the bound of a charge counter."""


def rules(plant: Plant) -> dict[int, Rule]:
    """Return how each accounted point is booked: counters of energy and charge, else integrals of power and current."""
    found: dict[int, Rule] = {}
    for meter in plant.meters:
        places = plant.points.of(meter.id)
        for quantity in accounted(meter):
            place = places[quantity]
            if quantity.kind is Kind.COUNTER:
                register = next(r for r in meter.registers if r.quantity is quantity)
                found[place] = _counter_rule(meter, register, quantity)
            else:
                found[place] = Rule(Shape.GAUGE)
    return found


def accounted(meter: Meter) -> list[Quantity]:
    """Return the quantities of a meter that are booked: none of one that is only monitored."""
    offered = {register.quantity for register in meter.registers}
    if meter.measures is Measures.MONITORED:
        return []
    if meter.measures is not Measures.LINE_DC:
        return [Quantity.ACTIVE_ENERGY_IMPORT]
    return [
        Quantity.DC_ENERGY if Quantity.DC_ENERGY in offered else Quantity.DC_POWER,
        *([Quantity.DC_CHARGE] if Quantity.DC_CHARGE in offered else []),
        Quantity.LINE_CURRENT,
    ]


def _counter_rule(meter: Meter, register: Register, quantity: Quantity) -> Rule:
    factors = [meter.constants[name] for name in register.scale_by if name in meter.constants]
    gain = abs(math.prod((register.scale, units.factor(register.unit, quantity.unit), *factors)))
    most = LARGEST_CURRENT_KA if quantity is Quantity.DC_CHARGE else meter.rated_power_kw * OVERLOAD
    # Where the device scales its counter itself, or adds several, the end of one is no known step of the value.
    fixed = set(register.needs) <= set(meter.constants)
    return Rule(
        Shape.COUNTER,
        most_per_s=most / 3600,
        modulus=register.wraps_at * gain if fixed and register.wraps_at is not None else None,
        slack=most / 3600 * meter.profile.counter_refresh_s + 2 * gain,
    )
