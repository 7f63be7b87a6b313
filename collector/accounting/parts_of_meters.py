"""What a meter brings into the account of a potline: its part of the energy, and its lasting errors. Pure."""

from collector.plant.meter import Measures, Meter
from collector.plant.topology import Plant, Potline


def share_of(plant: Plant, potline: Potline, meter: Meter) -> float | None:
    """Return what part of a meter's energy is a potline's own, minute by minute [1]; None: no part of it.

    A service that several potlines share has a fixed part here, as the settings say. Where the metal decides, the part
    is known only after all potlines have closed: it stands in the plant's account.
    """
    if meter.potline is not None:
        return 1.0 if meter.potline == potline.id else None
    if meter.measures is not Measures.AUXILIARY_AC:
        return None
    if plant.has_one_line:
        return 1.0
    return None if meter.allocation is None else dict(meter.allocation.shares).get(potline.id)


def lasting_errors(meter: Meter) -> tuple[tuple[str, float | None], ...]:
    """Return the lasting errors of a meter's energy, each with its relative standard uncertainty [1].

    A line's current transducer is in its charge as well.
    """
    told = meter.accuracy
    if told.whole is not None:
        return ((f"{meter.id}", told.whole),)
    parts = ((f"{meter.id} meter", told.meter), (_current(meter), told.current), (f"{meter.id} voltage", told.voltage))
    return tuple((name, relative) for name, relative in parts if relative is not None) or ((meter.id, None),)


def charge_source(plant: Plant, potline: Potline) -> tuple[str, float | None]:
    """Return the lasting error of a line's charge, with its relative standard uncertainty [1], where that is told."""
    meter = plant.line_meter(potline)
    return ("line current", None) if meter is None else (_current(meter), meter.accuracy.current)


def _current(meter: Meter) -> str:
    return f"{meter.id} current"
