"""Topics: which to subscribe to, and what a topic says about its message. Pure."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a message is about."""

    POT_TELEMETRY = "pot telemetry"
    ANODE_EFFECT = "anode effect"
    WEIGHING = "weighing"


@dataclass(frozen=True, slots=True)
class Address:
    """What a topic says. ``potline`` and ``pot`` are empty where the topic has none."""

    kind: Kind
    potline: str = ""
    pot: str = ""


def subscriptions(site: str) -> tuple[str, ...]:
    """Return the topic filters for a site."""
    root = f"smelter/v1/{site}"
    return (
        f"{root}/potline/+/pot/+/telemetry",
        f"{root}/potline/+/pot/+/event/ae",
        f"{root}/crane/+/weighing",
    )


def parse(topic: str, site: str) -> Address | None:
    """Return what a topic is about, or None if it is none of ours."""
    match topic.split("/"):
        case ["smelter", "v1", at, "potline", potline, "pot", pot, "telemetry"] if at == site:
            return Address(Kind.POT_TELEMETRY, potline, pot)
        case ["smelter", "v1", at, "potline", potline, "pot", pot, "event", "ae"] if at == site:
            return Address(Kind.ANODE_EFFECT, potline, pot)
        case ["smelter", "v1", at, "crane", _, "weighing"] if at == site:
            return Address(Kind.WEIGHING)
        case _:
            return None
