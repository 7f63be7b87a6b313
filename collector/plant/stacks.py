"""What leaves through the stacks: which meters tell concentration, flow and state of the gas of each pollutant."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from collector.plant.meter import POLLUTANTS, Measures, Meter
from collector.readings.quantity import Quantity

MASS_OF: Final = dict(
    zip(
        POLLUTANTS,
        (
            Quantity.HF_MASS,
            Quantity.SO2_MASS,
            Quantity.DUST_MASS,
            Quantity.NO_MASS,
            Quantity.NO2_MASS,
            Quantity.NOX_MASS,
            Quantity.NH3_MASS,
            Quantity.CO_MASS,
        ),
        strict=True,
    )
)
"""The mass flow of each pollutant."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """One pollutant of one stack.

    Attributes
    ----------
    pollutant, mass : Quantity
        Its concentration, and its mass flow.
    meter : Meter
        Tells the concentration, and has the point of the mass flow.
    flow : Meter
        Tells the flow of the stack.
    temperature, pressure, moisture : Meter or None
        Tell the state of the gas; None: it is not measured.
    """

    stack: str
    pollutant: Quantity
    mass: Quantity
    meter: Meter
    flow: Meter
    temperature: Meter | None
    pressure: Meter | None
    moisture: Meter | None


def outlets(meters: Iterable[Meter]) -> tuple[Outlet, ...]:
    """Return the pollutants whose mass can be told: those of stacks whose flow is measured, in the meters' order."""
    by_stack: dict[str, list[Meter]] = {}
    for meter in meters:
        if meter.measures is Measures.STACK:
            by_stack.setdefault(meter.stack, []).append(meter)
    found: list[Outlet] = []
    for stack, here in by_stack.items():
        told: dict[Quantity, Meter] = {}
        for meter in here:
            for quantity in meter.quantities:
                told.setdefault(quantity, meter)
        flow = told.get(Quantity.FLOW)
        if flow is None:
            continue
        state = [told.get(q) for q in (Quantity.GAS_TEMPERATURE, Quantity.GAS_PRESSURE, Quantity.H2O)]
        found += [
            Outlet(stack, pollutant, mass, told[pollutant], flow, *state)
            for pollutant, mass in MASS_OF.items()
            if pollutant in told
        ]
    return tuple(found)


def masses_to_derive(meters: Iterable[Meter]) -> tuple[Outlet, ...]:
    """Return the outlets whose mass flow has to be made of concentration and flow, for no register holds it."""
    return tuple(outlet for outlet in outlets(meters) if outlet.mass not in outlet.meter.quantities)
