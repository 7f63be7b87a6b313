"""How each meter is doing on its line: what it answered, what it refuses, how long it takes. For people."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refused:
    """Registers that a device refuses: their names, the reason in words, since when [ns UTC]."""

    registers: tuple[str, ...]
    reason: str
    since_ns: int


@dataclass(slots=True)
class MeterHealth:
    """What is known of one meter's answers. ``error`` is empty while it answers."""

    error: str = ""
    round_trip_s: float | None = None
    answered: int = 0
    """Requests that were answered."""
    silent: int = 0
    """Requests that were not answered in time, or with what cannot be understood."""
    refused: int = 0
    """Requests that were answered with an exception."""
    busy: int = 0
    """Exceptions by which it asked for patience (05, 06)."""
    late: int = 0
    """Rounds that were skipped because the one before was not through."""
    set_aside: tuple[Refused, ...] = ()
    most_registers: int | None = None
    """How many registers a request may hold, where the profile promises more."""
    device: dict[str, str] = field(default_factory=dict)
    """What it says about itself, by register."""
