"""What the page says of each meter: its last values, how old and how good they are, and how it does on its line."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.instruments import Instruments
from collector.page.live import Live
from collector.page.times import iso
from collector.plant.meter import Meter, PolledMeter
from collector.plant.topology import Plant
from collector.readings.health import MeterHealth
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity


@dataclass(frozen=True, slots=True)
class _Known:
    """A meter, what never changes of it, and of each quantity its label and unit, and its place."""

    meter: Meter
    fixed: Mapping[str, Any]
    values: Sequence[tuple[str, str]]
    places: Sequence[int]


class Meters:
    """The meters of a plant: what does not change of them is made once."""

    def __init__(self, plant: Plant) -> None:
        shared: dict[tuple[Quantity, ...], tuple[tuple[str, str], ...]] = {}  # thousands of meters show the same
        self._known: list[_Known] = []
        for meter in plant.meters:
            of_meter = plant.points.of(meter.id)
            quantities = tuple(of_meter)
            if quantities not in shared:
                shared[quantities] = tuple((quantity.label, quantity.unit) for quantity in quantities)
            places = array("q", of_meter.values())
            self._known.append(_Known(meter, _fixed(meter), shared[quantities], places))

    def shown(self, live: Live, instruments: Instruments) -> Iterator[dict[str, Any]]:
        """Yield what is known of each meter, in the order of the plant."""
        for known in self._known:
            yield _meter(known, live, instruments.meters.get(known.meter.id, _UNHEARD))


def fresh_s(meter: Meter) -> float:
    """Return how old a meter's value may be to be shown as live [s]: some polls may fail."""
    return 3 * meter.every_s + 30.0


_UNHEARD = MeterHealth()
"""Of a meter that nobody has polled yet, or that speaks by itself."""


def _fixed(meter: Meter) -> Mapping[str, Any]:
    return {
        "id": meter.id,
        "potline": meter.potline,
        "measures": meter.measures.value,
        "profile": meter.profile.name if isinstance(meter, PolledMeter) else "mqtt",
        "every_s": meter.every_s,
        "endpoint": meter.place,
    }


def _meter(known: _Known, live: Live, health: MeterHealth) -> dict[str, Any]:
    place_of = {label: place for (label, _), place in zip(known.values, known.places, strict=True)}
    read = {label: age_s for label, place in place_of.items() if (age_s := live.age_s(place)) is not None}
    # A register that the device does not have says nothing about the others; it is told by its name.
    aside = {name for each in health.set_aside for name in each.registers}
    told = place_of.keys() - aside or place_of.keys()
    qualities = [live.quality[place_of[label]] for label in told if label in read]
    worst = Quality(min(qualities)) if qualities else Quality.BAD_NOT_CONNECTED
    within_s = fresh_s(known.meter)
    return {
        **known.fixed,
        "quality": int(worst),
        "quality_words": worst.words if qualities else "not read yet",
        "age_s": min(read.values(), default=None),
        "values": {
            label: {"value": live.value(place, within_s=within_s), "unit": unit}
            for (label, unit), place in zip(known.values, known.places, strict=True)
        },
        **_on_its_line(health),
    }


def _on_its_line(health: MeterHealth) -> dict[str, Any]:
    """Return how a meter is doing on its line."""
    return {
        "error": health.error,
        "round_trip_s": health.round_trip_s,
        "answered": health.answered,
        "silent": health.silent,
        "refused": health.refused,
        "busy": health.busy,
        "late": health.late,
        "most_registers": health.most_registers,
        "device": dict(health.device),
        "set_aside": [
            {"registers": each.registers, "reason": each.reason, "since": iso(each.since_ns)}
            for each in health.set_aside
        ],
    }
