"""Meters, the endpoints through which they are reached, and brokers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from collector.plant.profile import MeterProfile, Register
from collector.readings.quantity import Quantity


class Measures(Enum):
    """What a meter measures, in the words of the accounts."""

    LINE_DC = "line_dc"
    RECTIFIER_AC = "rectifier_ac"
    AUXILIARY_AC = "auxiliary_ac"


NEEDED = {
    Measures.LINE_DC: (Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE),
    Measures.RECTIFIER_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.AUXILIARY_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
}
"""What the accounts need of a meter: its profile must offer these quantities."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Modbus TCP connection. ``timeout_s`` is for one request."""

    id: str
    host: str
    port: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter behind an endpoint. ``rated_power_kw`` bounds what its counter may gain in a time.

    ``registers`` are those that are polled, ``constants`` the values of all constants of the profile.
    """

    id: str
    measures: Measures
    potline: str | None
    profile: MeterProfile
    endpoint: Endpoint
    unit: int
    every_s: float
    rated_power_kw: float
    registers: tuple[Register, ...] = ()
    constants: Mapping[str, float] = field(default_factory=dict)
    base: int = 0


@dataclass(frozen=True, slots=True)
class Broker:
    """An MQTT broker and the session that the collector keeps there."""

    id: str
    host: str
    port: int
    protocol: str
    site: str
    client_id: str
    session_expiry_s: float
    max_unacknowledged: int
    username: str | None
    password_file: Path | None
