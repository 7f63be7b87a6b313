"""What the page says of each meter: its last values, how old and how good they are, and how it does on its line."""

from collections.abc import Iterator
from typing import Any

from collector.instruments import Instruments
from collector.page.live import Live
from collector.page.times import iso
from collector.plant.meter import Meter, PolledMeter
from collector.plant.topology import Plant
from collector.readings.health import MeterHealth
from collector.readings.quality import Quality


def meters(plant: Plant, live: Live, instruments: Instruments) -> Iterator[dict[str, Any]]:
    """Yield what is known of each meter, in the order of the plant."""
    for meter in plant.meters:
        yield _meter(plant, meter, live, instruments.meters.get(meter.id, _UNHEARD))


def fresh_s(meter: Meter) -> float:
    """Return how old a meter's value may be to be shown as live [s]: some polls may fail."""
    return 3 * meter.every_s + 30.0


_UNHEARD = MeterHealth()
"""Of a meter that nobody has polled yet, or that speaks by itself."""


def _meter(plant: Plant, meter: Meter, live: Live, health: MeterHealth) -> dict[str, Any]:
    places = plant.points.of(meter.id)
    ages = [age_s for place in places.values() if (age_s := live.age_s(place)) is not None]
    # A register that the device does not have says nothing about the others; it is told by its name.
    aside = {name for each in health.set_aside for name in each.registers}
    told = [place for quantity, place in places.items() if quantity.label not in aside] or list(places.values())
    qualities = [live.quality[place] for place in told if live.age_s(place) is not None]
    worst = Quality(min(qualities)) if qualities else Quality.BAD_NOT_CONNECTED
    within_s = fresh_s(meter)
    return {
        "id": meter.id,
        "potline": meter.potline,
        "measures": meter.measures.value,
        "profile": meter.profile.name if isinstance(meter, PolledMeter) else "mqtt",
        "every_s": meter.every_s,
        "endpoint": meter.place,
        "quality": int(worst),
        "quality_words": worst.words if qualities else "not read yet",
        "age_s": min(ages, default=None),
        "values": {
            quantity.label: {"value": live.value(place, within_s=within_s), "unit": quantity.unit}
            for quantity, place in places.items()
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
