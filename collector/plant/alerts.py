"""Alert rules as they are configured, and where alerts are told over MQTT. Frozen, no parsing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from collector.plant.meter import Broker


class Side(StrEnum):
    """On which side of its limit a value is wrong."""

    ABOVE = "above"
    BELOW = "below"


class Severity(StrEnum):
    """How much it matters: the tag of the alert, and the level of the log."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule on one field of a stream. Each series of the stream that it covers has an alert of its own.

    Attributes
    ----------
    where : mapping
        Which series it covers: by tag, the values that it may have. A tag that is not here may have any.
    side : Side or None
        None: no value is wrong, the rule is on silence only.
    limit, resolves_at : float
        Beyond ``limit`` the value is wrong, at ``resolves_at`` or better it is right again [unit].
    unit : str
        Of both, empty for plain numbers.
    for_s, resolves_after_s : float
        How long the value must be wrong before the alert fires, and right before it is resolved [s].
    silent_for_s : float or None
        After so long without a usable value the alert fires [s].
    text : str
        What is said when the value is wrong, with {placeholders}; empty: a sentence made of the rule.
    """

    name: str
    stream: str
    field: str
    where: Mapping[str, tuple[str, ...]]
    side: Side | None
    limit: float
    resolves_at: float
    unit: str
    for_s: float = 0.0
    resolves_after_s: float = 0.0
    silent_for_s: float | None = None
    severity: Severity = Severity.WARNING
    text: str = ""

    def covers(self, tags: Mapping[str, str]) -> bool:
        """Tell whether a series is one of its."""
        return all(tags.get(key, "") in values for key, values in self.where.items())


@dataclass(frozen=True, slots=True)
class AlertTopic:
    """Where alerts are told over MQTT: the broker, and the topic with {placeholders}."""

    broker: Broker
    topic: str
