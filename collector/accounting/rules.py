"""Which points of a plant are booked, and how: counters where there are any, else integrals. Pure."""

from collections.abc import Mapping

from collector.accounting.cells import Rule
from collector.accounting.integrals import Shape
from collector.plant.materials import COUNTED
from collector.plant.meter import STACK_QUANTITIES, HeardMeter, Measures, Meter, PolledMeter
from collector.plant.profile import Linear, Register
from collector.plant.stacks import outlets
from collector.plant.steps import scale_of
from collector.plant.topology import Plant
from collector.readings import units
from collector.readings.quantity import Kind, Quantity
from collector.readings.scale import Scale, finest

OVERLOAD = 1.2
"""A meter may carry this much more than its rated power for a while."""

LARGEST_CURRENT_KA = 800.0
"""No potline carries more: the bound of a charge counter."""

LONGEST_STEP_S = 60.0
"""A counter of which nobody here knows how coarse it is: at rated power it is taken to step this often."""


def rules(plant: Plant) -> dict[int, Rule]:
    """Return how each accounted point is booked: counters of energy and charge, else integrals of power and current.

    The mass flows of stacks are booked as their integrals. The counter of a fuel is booked, too, though its meter is
    only monitored otherwise; and so is that of the direct current behind a single rectifier group.
    """
    found: dict[int, Rule] = {}
    behind = {name for potline in plant.potlines for name in potline.group_dc}
    for meter in plant.meters:
        places = plant.points.of(meter.id)
        for quantity in accounted(meter):
            place = places[quantity]
            if quantity.kind is Kind.COUNTER:
                most = LARGEST_CURRENT_KA if quantity is Quantity.DC_CHARGE else meter.rated_power_kw * OVERLOAD
                found[place] = _counter_rule(meter, quantity, most)
            else:
                found[place] = Rule(Shape.GAUGE)
    for outlet in outlets(plant.meters):
        found[plant.points.place(outlet.meter.id, outlet.mass)] = Rule(Shape.GAUGE)
    for meter in plant.meters:
        if meter.id in behind:
            place = plant.points.place(meter.id, Quantity.DC_ENERGY)
            found[place] = _counter_rule(meter, Quantity.DC_ENERGY, meter.rated_power_kw * OVERLOAD)
    for fuel in plant.materials.fuels:
        for meter in plant.meters:
            if meter.id == fuel.meter and fuel.most_per_hour is not None:
                counted = next(q for q in COUNTED if q in meter.quantities and q.unit == fuel.unit)
                found[plant.points.place(meter.id, counted)] = _counter_rule(meter, counted, fuel.most_per_hour)
    return found


def accounted(meter: Meter) -> list[Quantity]:
    """Return the quantities of a meter that are booked: none of one that is only monitored.

    Of a stack, concentrations, flow and the state of the gas are booked as their means.
    """
    offered = set(meter.quantities)
    if meter.measures is Measures.MONITORED:
        return []
    if meter.measures is Measures.STACK:
        return [quantity for quantity in STACK_QUANTITIES if quantity in offered]
    if meter.measures is not Measures.LINE_DC:
        return [Quantity.ACTIVE_ENERGY_IMPORT]
    return [
        Quantity.DC_ENERGY if Quantity.DC_ENERGY in offered else Quantity.DC_POWER,
        *([Quantity.DC_CHARGE] if Quantity.DC_CHARGE in offered else []),
        Quantity.LINE_CURRENT,
    ]


def _counter_rule(meter: Meter, quantity: Quantity, most: float) -> Rule:
    """Return the rule of a counter that gains at most so much in an hour."""
    modulus, slack = None, most / 3600 * LONGEST_STEP_S
    scale: Scale | None = None
    if isinstance(meter, PolledMeter):
        register = next(r for r in meter.registers if r.quantity is quantity)
        raw_step = step(register, meter.constants)
        scale = scale_of(register, meter.constants)
        if raw_step is not None:
            worth = raw_step * units.factor(register.unit, quantity.unit)
            # Where counters are added, the sum drops by the span of the one that wraps: there is no one modulus.
            modulus = None if register.wraps_at is None or register.plus else register.wraps_at * worth
            slack = 2 * worth
        slack += most / 3600 * meter.profile.counter_refresh_s
    elif isinstance(meter, HeardMeter):
        modulus = meter.wraps_at.get(quantity)
        scale = finest(quantity)
    return Rule(Shape.COUNTER, most_per_s=most / 3600, modulus=modulus, slack=slack, scale=scale)


def step(register: Register, constants: Mapping[str, float]) -> float | None:
    """Return what one raw step is worth in the unit of the register; None where another register tells it."""
    if register.map:
        return None
    worth = _slope(register.linear, constants) if register.linear else register.scale
    for name in register.scale_by:
        worth = None if worth is None or name not in constants else worth * constants[name]
    if register.exponent:
        exponent = constants.get(register.exponent)
        worth = None if worth is None or exponent is None else worth * 10 ** (exponent + register.exponent_bias)
    return None if worth is None else abs(worth)


def _slope(linear: Linear, constants: Mapping[str, float]) -> float | None:
    if any(name not in constants for name in linear.names):
        return None
    low, high = (
        term if not isinstance(term, str) else constants[term.removeprefix("-")] * (-1 if term.startswith("-") else 1)
        for term in linear.value
    )
    return (high - low) / (linear.raw[1] - linear.raw[0])
