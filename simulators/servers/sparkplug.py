"""A Sparkplug B edge node: births, data, deaths and rebirths, decided without a connection.

An edge node speaks for devices that share its connection. Its life follows the Sparkplug 3.0 specification: the last
will is its NDEATH with the number of the session (``bdSeq``); every connection begins with NBIRTH and a DBIRTH for each
device; NBIRTH and everything after it carries ``seq``, 0 to 255 and again. What is measured while there is no
connection is stored, and told after the next birth as historical.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.servers.messages.message import Message
from simulators.servers.mqtt import Session
from simulators.servers.sparkplug_wire import DataType, Metric, Payload, PayloadError, Value, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

REBIRTH = "Node Control/Rebirth"
BIRTH_NUMBER = "bdSeq"
GOOD, BAD, STALE = 192, 0, 500
"""Values of the property ``Quality``."""

MOST_STORED = 100_000
"""Changes that a node stores while it has no connection."""

_NUMBERS = 256
_MS_NS = 1_000_000
_ALIASES_PER_DEVICE = 64


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric that a node or a device announces in its birth; ``unit`` empty: it has none."""

    name: str
    datatype: DataType
    unit: str = ""


@dataclass(slots=True)
class _Present:
    """A metric with its present value, None: unknown, and the value's time."""

    spec: MetricSpec
    alias: int
    value: Value | None = None
    time_ms: int | None = None
    quality: int = GOOD


@dataclass(slots=True)
class _Unit:
    """The metrics of a device, or of the node itself."""

    metrics: dict[str, _Present] = field(default_factory=dict)
    alive: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """New values of some metrics of a device (None: of the node), measured at one time [UTC ns].

    A metric of lower quality than good says so in its properties. Late values, such as the laboratory's, are
    historical, because what they tell is the past.
    """

    device: str | None
    time_ns: int
    values: Mapping[str, Value | None]
    historical: bool = False
    quality: int = GOOD


class EdgeNode(Session):
    """One edge node with its devices.

    Parameters
    ----------
    group, name
        Segments of its topics.
    node_metrics
        What it measures itself.
    devices
        What each of its devices measures.
    now_ns
        Tells the time [UTC ns].
    """

    def __init__(
        self,
        group: str,
        name: str,
        *,
        node_metrics: Sequence[MetricSpec],
        devices: Mapping[str, Sequence[MetricSpec]],
        now_ns: Callable[[], int],
    ) -> None:
        self._group = group
        self._name = name
        self._now_ns = now_ns
        self._node = _unit((MetricSpec(REBIRTH, DataType.BOOLEAN), *node_metrics), 0)
        self._node.metrics[REBIRTH].value = False
        self._devices = {
            device: _unit(specs, (place + 1) * _ALIASES_PER_DEVICE)
            for place, (device, specs) in enumerate(devices.items())
        }
        self._stored: deque[Change] = deque(maxlen=MOST_STORED)
        self._birth_number = -1
        self._seq = 0
        self._born = False
        self.filters = (f"spBv1.0/{group}/NCMD/{name}",)

    def will(self) -> Message:
        """Return the NDEATH of the connection that is about to be made."""
        self._birth_number = (self._birth_number + 1) % _NUMBERS
        return self._death()

    def hello(self) -> list[Message]:
        """Return the births of a new connection, and what was measured while there was none."""
        births = self._births()
        self._born = True
        stored = [self._data(change, historical=True) for change in self._stored]
        self._stored.clear()
        return births + stored

    def farewell(self) -> list[Message]:
        """Return the NDEATH that an orderly end says itself."""
        self._born = False
        return [self._death()]

    def lost(self) -> None:
        """Begin to store."""
        self._born = False

    def hear(self, topic: str, payload: bytes) -> list[Message]:
        """Obey a command to be born again; the session stays the same."""
        del topic
        try:
            metrics = decode(payload).metrics
        except PayloadError:
            return []
        alias = self._node.metrics[REBIRTH].alias
        wanted = any((metric.name == REBIRTH or metric.alias == alias) and metric.value for metric in metrics)
        return self._births() if wanted else []

    def change(self, change: Change) -> list[Message]:
        """Take new values in, and give the message that tells them; without a connection they are stored."""
        unit = self._node if change.device is None else self._devices[change.device]
        if not change.historical:
            for name, value in change.values.items():
                present = unit.metrics[name]
                present.value, present.time_ms = value, change.time_ns // _MS_NS
                present.quality = change.quality
        if not unit.alive:
            return []
        if not self._born:
            self._stored.append(change)
            return []
        return [self._data(change, historical=change.historical)]

    def device_dies(self, device: str) -> list[Message]:
        """Lose a device."""
        self._devices[device].alive = False
        if not self._born:
            return []
        return [self._message("DDEATH", device, Payload(self._now_ms(), (), self._next()))]

    def device_returns(self, device: str) -> list[Message]:
        """Find a device again."""
        self._devices[device].alive = True
        return [self._birth(device)] if self._born else []

    def _births(self) -> list[Message]:
        self._seq = _NUMBERS - 1
        birth_number = Metric(self._birth_number, DataType.INT64, name=BIRTH_NUMBER, timestamp_ms=self._now_ms())
        metrics = [birth_number, *_announced(self._node, self._now_ms())]
        births = [self._message("NBIRTH", None, Payload(self._now_ms(), metrics, self._next()))]
        births.extend(self._birth(device) for device, unit in self._devices.items() if unit.alive)
        return births

    def _birth(self, device: str) -> Message:
        metrics = list(_announced(self._devices[device], self._now_ms()))
        return self._message("DBIRTH", device, Payload(self._now_ms(), metrics, self._next()))

    def _death(self) -> Message:
        payload = Payload(None, [Metric(self._birth_number, DataType.INT64, name=BIRTH_NUMBER)])
        return self._message("NDEATH", None, payload, qos=1)

    def _data(self, change: Change, *, historical: bool) -> Message:
        unit = self._node if change.device is None else self._devices[change.device]
        time_ms = change.time_ns // _MS_NS
        properties: dict[str, Value] = {} if change.quality == GOOD else {"Quality": change.quality}
        metrics = [
            Metric(
                value,
                unit.metrics[name].spec.datatype,
                alias=unit.metrics[name].alias,
                timestamp_ms=time_ms,
                historical=historical,
                properties=properties,
            )
            for name, value in change.values.items()
        ]
        kind = "NDATA" if change.device is None else "DDATA"
        sent_ms = self._now_ms() if historical else time_ms
        return self._message(kind, change.device, Payload(sent_ms, metrics, self._next()))

    def _message(self, kind: str, device: str | None, payload: Payload, *, qos: int = 0) -> Message:
        topic = f"spBv1.0/{self._group}/{kind}/{self._name}" + (f"/{device}" if device else "")
        return Message(topic, encode(payload), qos=qos)

    def _next(self) -> int:
        self._seq = (self._seq + 1) % _NUMBERS
        return self._seq

    def _now_ms(self) -> int:
        return self._now_ns() // _MS_NS


def _unit(specs: Sequence[MetricSpec], first_alias: int) -> _Unit:
    return _Unit({spec.name: _Present(spec, first_alias + place) for place, spec in enumerate(specs)})


def _announced(unit: _Unit, now_ms: int) -> Iterator[Metric]:
    for name, present in unit.metrics.items():
        properties: dict[str, Value] = {"Quality": present.quality}
        if present.spec.unit:
            properties["engUnit"] = present.spec.unit
        yield Metric(
            present.value,
            present.spec.datatype,
            name=name,
            alias=present.alias,
            timestamp_ms=now_ms if present.time_ms is None else present.time_ms,
            properties=properties,
        )
