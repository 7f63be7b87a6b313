"""What the metrics of Sparkplug nodes are called, and what they mean."""

from dataclasses import dataclass
from enum import Enum

from collector.readings.quantity import Quantity

NAMESPACE = "spBv1.0"
"""The first word of every topic of Sparkplug B."""


class EventField(Enum):
    """What a metric tells of an event, where it is no quantity that is streamed."""

    EFFECT_ID = "anode_effect.id"
    EFFECT_START = "anode_effect.start"
    EFFECT_DURATION = "anode_effect.duration"
    EFFECT_MAX_VOLTAGE = "anode_effect.max_voltage"
    EFFECT_OVERVOLTAGE = "anode_effect.overvoltage"
    EFFECT_COUNT = "anode_effect.count"
    """How many there have been: a counter, by which effects that were never told are found out."""
    EFFECT_SECONDS = "anode_effect.seconds"
    """How long all of them were together: a counter, too."""
    WEIGHING_ID = "weighing.id"
    WEIGHING_NET = "weighing.net"


TEXTS = frozenset({EventField.EFFECT_ID, EventField.WEIGHING_ID})
TIMES = frozenset({EventField.EFFECT_START})
COUNTS = frozenset({EventField.EFFECT_COUNT})

FIELD_UNITS: dict[EventField, dict[str, float]] = {
    EventField.EFFECT_DURATION: {"ms": 1e-3, "s": 1.0, "min": 60.0},
    EventField.EFFECT_SECONDS: {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0},
    EventField.EFFECT_MAX_VOLTAGE: {"mV": 1e-3, "V": 1.0},
    EventField.EFFECT_OVERVOLTAGE: {"V.s": 1.0, "mV.day": 86.4, "mV.d": 86.4},
    EventField.WEIGHING_NET: {"kg": 1.0, "t": 1e3},
}
"""The units of each field that has one, with the factor to the unit of the event."""


@dataclass(frozen=True, slots=True)
class MetricMeaning:
    """What a metric of this name means. ``unit`` counts where a birth says none; empty where there is none to say."""

    name: str
    tells: Quantity | EventField
    unit: str
