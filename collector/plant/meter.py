"""Meters, the endpoints through which they are reached, and brokers."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from collector.plant.accuracy import Accuracy
from collector.plant.allocation import Allocation
from collector.plant.contracts import Technology
from collector.plant.profile import BlockRules, MeterProfile, Register
from collector.plant.sparkplug import MetricMeaning
from collector.readings.quantity import Quantity


class Measures(Enum):
    """What a meter measures, in the words of the accounts."""

    LINE_DC = "line_dc"
    RECTIFIER_AC = "rectifier_ac"
    AUXILIARY_AC = "auxiliary_ac"
    """Services of the potrooms."""
    STARTUP_AC = "startup_ac"
    """Pots that are baked or started, where that is measured apart."""
    DESULPHURISATION_AC = "desulphurisation_ac"
    CASTHOUSE_AC = "casthouse_ac"
    INCOMER_AC = "incomer_ac"
    """All that comes into the plant: for the balance, and for shares of the whole."""
    GENERATION = "generation"
    """The plant's own power stations, as what they feed into the plant."""
    STACK = "stack"
    """Concentrations and flow of flue gas."""
    MONITORED = "monitored"
    """Written to the streams, and in no account."""


NEEDED = {
    Measures.LINE_DC: (Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE),
    Measures.RECTIFIER_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.AUXILIARY_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.STARTUP_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.DESULPHURISATION_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.CASTHOUSE_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.INCOMER_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.GENERATION: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.STACK: (),
    Measures.MONITORED: (),
}
"""What the accounts need of a meter: its profile must offer these quantities. A stack's may be spread over several."""

POLLUTANTS = (
    Quantity.HF,
    Quantity.SO2,
    Quantity.DUST,
    Quantity.NO,
    Quantity.NO2,
    Quantity.NOX,
    Quantity.NH3,
    Quantity.CO,
)
"""Concentrations whose masses are booked."""

STACK_QUANTITIES = (
    *POLLUTANTS,
    Quantity.FLOW,
    Quantity.O2,
    Quantity.H2O,
    Quantity.GAS_TEMPERATURE,
    Quantity.GAS_PRESSURE,
)
"""What the accounts take from the meters of a stack: masses, and the state of the gas that they refer to."""


class GasConditions(Enum):
    """What a stack meter's concentrations and flow refer to."""

    DUCT = "duct"
    """The wet gas as it is in the duct."""
    NORMAL_DRY = "normal_dry"
    """Dry gas at 0 degC and 101.325 kPa: mg/Nm3 and Nm3/h."""


class Transport(Enum):
    """How questions and answers travel to an endpoint and back."""

    MODBUS_TCP = "modbus_tcp"
    MODBUS_TLS = "modbus_tls"
    RTU_OVER_TCP = "rtu_over_tcp"
    ASCII_OVER_TCP = "ascii_over_tcp"
    MODBUS_RTU = "modbus_rtu"
    MODBUS_ASCII = "modbus_ascii"

    @property
    def is_serial(self) -> bool:
        """Whether it is a serial line of this machine; the others are reached over the network."""
        return self in {Transport.MODBUS_RTU, Transport.MODBUS_ASCII}

    @property
    def is_ascii(self) -> bool:
        """Whether frames are written as text."""
        return self in {Transport.ASCII_OVER_TCP, Transport.MODBUS_ASCII}

    @property
    def has_transaction_ids(self) -> bool:
        """Whether an answer says to which question it belongs."""
        return self in {Transport.MODBUS_TCP, Transport.MODBUS_TLS}


@dataclass(frozen=True, slots=True)
class Tls:
    """What both sides of a TLS connection prove themselves with. An empty ``server_name`` is the host's.

    Without ``ca_file``, the authorities that this machine trusts are believed.
    """

    ca_file: Path | None
    certificate_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Modbus connection: a host and its port, or a serial line. ``timeout_s`` is for one request.

    ``lenient_transaction_id`` is for gateways that do not give a question's id back: what they send is treated as if
    it had none.
    """

    id: str
    transport: Transport
    host: str
    port: int
    timeout_s: float
    device: str = ""
    baud: int = 19200
    parity: str = "even"
    stop_bits: int = 1
    data_bits: int = 8
    pause_after_connect_s: float = 0.0
    pause_between_s: float = 0.0
    lenient_transaction_id: bool = False
    tls: Tls | None = None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        if self.transport.is_serial:
            return f"{self.device} at {self.baud} {self.data_bits}{self.parity[0].upper()}{self.stop_bits}"
        return f"{self.host} port {self.port}"

    @property
    def has_transaction_ids(self) -> bool:
        """Whether an answer can be relied on to say to which question it belongs."""
        return self.transport.has_transaction_ids and not self.lenient_transaction_id


@dataclass(frozen=True, slots=True)
class Meter(ABC):
    """One meter, as the accounts know it; how its values come here is told by ``PolledMeter`` and ``HeardMeter``.

    Attributes
    ----------
    every_s : float
        How often it is asked, or is expected to speak [s].
    rated_power_kw : float
        Bounds what its counter may gain in a time; infinite where nobody gave it, which only one without energy may be.
    accuracy : Accuracy
        How sure its values are.
    stack : str
        Whose flue gas it measures; empty: none's.
    conditions : GasConditions
        What its concentrations and its flow refer to; None: nobody said so.
    technology : Technology
        Of its own generation; None: it measures none.
    allocation : Allocation
        How its energy is shared between potlines; None: it is one potline's, or nobody's.
    """

    id: str
    measures: Measures
    potline: str | None
    every_s: float
    rated_power_kw: float
    accuracy: Accuracy = field(default=Accuracy(), kw_only=True)
    stack: str = field(default="", kw_only=True)
    conditions: GasConditions | None = field(default=None, kw_only=True)
    technology: Technology | None = field(default=None, kw_only=True)
    allocation: Allocation | None = field(default=None, kw_only=True)

    @property
    def relative_standard_uncertainty(self) -> float | None:
        """That of its energy, a fraction [1]; None where it is not configured."""
        return self.accuracy.relative_standard_uncertainty

    @property
    @abstractmethod
    def quantities(self) -> tuple[Quantity, ...]:
        """What it tells."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it is, for people."""


@dataclass(frozen=True, slots=True)
class PolledMeter(Meter):
    """A meter behind a Modbus endpoint.

    Attributes
    ----------
    registers : tuple of Register
        What is polled, at the addresses of this device.
    constants : mapping
        A number for each constant of the profile.
    base : int
        How much higher than in the profile this device's addresses are.
    """

    profile: MeterProfile
    endpoint: Endpoint
    unit: int
    registers: tuple[Register, ...]
    constants: Mapping[str, float] = field(default_factory=dict, hash=False)
    base: int = 0

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What its registers hold."""
        return tuple(register.quantity for register in self.registers if register.quantity is not None)

    @property
    def place(self) -> str:
        """Its endpoint and unit."""
        return f"{self.endpoint.place} unit {self.unit}"

    @property
    def rules(self) -> BlockRules:
        """How this device allows its registers to be asked for."""
        return self.profile.rules.moved(self.base)


@dataclass(frozen=True, slots=True)
class HeardMeter(Meter):
    """A meter that speaks by itself over MQTT: a broker, what the messages call it, and what is taken from them.

    Attributes
    ----------
    wraps_at : mapping
        The value at which a counter starts again from zero, in the quantity's unit. Those that are not in it never do.
    """

    broker: str
    address: str
    told: tuple[Quantity, ...]
    wraps_at: Mapping[Quantity, float] = field(default_factory=dict, hash=False)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is taken from its messages."""
        return self.told

    @property
    def place(self) -> str:
        """Its broker and address."""
        return f"{self.address} at broker {self.broker}"


def polled(profile: MeterProfile, also: Collection[str] = (), *, base: int = 0) -> tuple[Register, ...]:
    """Return what is polled of a device, in the order of its profile.

    Parameters
    ----------
    profile
        The register map.
    also
        Names of optional quantities that are wanted, too.
    base
        How much higher the device's addresses are.

    Returns
    -------
    tuple of Register
        The wanted quantities, all registers that their values depend on, and those by which the device is known.
    """
    by_name = {register.name: register for register in profile.registers}
    wanted = {register.name for register in profile.registers if _is_wanted(register, also)}
    followed = list(wanted)
    while followed:
        needed = {name for name in by_name[followed.pop()].needs if name in by_name} - wanted
        wanted |= needed
        followed += needed
    return tuple(register.moved(base) for register in profile.registers if register.name in wanted)


def paced(endpoint: Endpoint, meters: Iterable[PolledMeter]) -> Endpoint:
    """Return the endpoint with the pauses that it, or any of the meters behind it, needs."""
    profiles = [meter.profile for meter in meters]
    return replace(
        endpoint,
        pause_after_connect_s=max(endpoint.pause_after_connect_s, *(each.pause_after_connect_s for each in profiles)),
        pause_between_s=max(endpoint.pause_between_s, *(each.pause_between_s for each in profiles)),
    )


def fits(name: str, pattern: str) -> bool:
    """Tell whether a name is what a pattern says, in which ``*`` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def _is_wanted(register: Register, also: Collection[str]) -> bool:
    asked_for = register.quantity is not None and (not register.optional or register.name in also)
    return asked_for or bool(register.expect)


@dataclass(frozen=True, slots=True)
class Sparkplug:
    """What the collector does as a Sparkplug B host application. ``reorder_s``: how long a missing message is awaited.

    Commands are never sent; a rebirth is asked for where ``allow_rebirth`` says so. ``metrics``: what is read.
    """

    groups: tuple[str, ...]
    host_id: str = ""
    primary: bool = False
    allow_rebirth: bool = False
    reorder_s: float = 2.0
    metrics: tuple[MetricMeaning, ...] = ()


@dataclass(frozen=True, slots=True)
class Broker:
    """An MQTT broker and the session that the collector keeps there.

    Attributes
    ----------
    max_unacknowledged : int
        How many messages may be open: taken, and not yet on disk.
    layouts : tuple of str
        Names of the files that say which messages there are and what they mean.
    share : str
        The group that shares the subscriptions; empty: this collector gets every message.
    status_topic : str
        Where the collector says whether it is there; empty: nowhere.
    others : tuple of str and int
        Further hosts and ports of the same broker, a cluster with one memory of sessions: tried in turn.
    """

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
    layouts: tuple[str, ...] = ("smelter-v1",)
    share: str = ""
    qos: int = 1
    tls: Tls | None = None
    status_topic: str = ""
    keepalive_s: float = 30.0
    sparkplug: Sparkplug | None = None
    others: tuple[tuple[str, int], ...] = ()

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.host} port {self.port} ({self.id})"

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """All hosts and ports that it is reached at, in the order of the settings."""
        return ((self.host, self.port), *self.others)

    def at(self, place: int) -> "Broker":
        """Return the broker as it is reached at one of its addresses, counted round and round."""
        host, port = self.addresses[place % len(self.addresses)]
        return self if (host, port) == (self.host, self.port) else replace(self, host=host, port=port, others=())
