"""Events: things that happen once, carry an id, and may be told several times and corrected later."""

from dataclasses import dataclass
from enum import Enum


class AnodeEffectKind(Enum):
    """High-voltage anode effect, or low-voltage (propagating) one."""

    HVAE = "hvae"
    LVAE = "lvae"


@dataclass(frozen=True, slots=True)
class AnodeEffect:
    """An anode effect as its pot controller tells it. It is booked to the time of its start.

    ``rank`` orders the messages about one id: the highest one counts, whatever the order of arrival.
    ``duration_s`` is None while it burns.
    """

    id: str
    rank: int
    potline: str
    pot: str
    kind: AnodeEffectKind
    time_ns: int
    duration_s: float | None
    max_v: float | None
    overvoltage_v_s: float | None
    corrected: bool


@dataclass(frozen=True, slots=True)
class Weighing:
    """A crucible weighed after tapping. ``refused`` says why it is kept but not booked; None for a good one."""

    id: str
    rank: int
    potline: str
    pots: tuple[str, ...]
    time_ns: int
    net_kg: float
    refused: str | None


Event = AnodeEffect | Weighing
