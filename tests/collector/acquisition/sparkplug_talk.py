"""A Sparkplug node that says what a test wants, and a host that remembers what came of it.

Payloads are written by the simulator's own encoder, which knows nothing of the collector's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from example_plant import example_plant

from collector.acquisition.mqtt.message import Cause, PayloadProblem, Publication, Refused, Told
from collector.acquisition.mqtt.sparkplug import SparkplugReader
from collector.plant.meter import Sparkplug
from collector.plant.topology import Plant
from collector.readings.event import Event
from collector.readings.quantity import Quantity
from collector.settings.metrics import read_metrics
from simulators.servers.sparkplug_wire import DataType, Metric, Payload, Value, encode

NOON_MS = 1_772_366_400_000
"""2026-03-01 12:00 UTC."""
MS = 1_000_000
METRICS = read_metrics(Path(__file__).parents[3] / "config" / "layouts" / "sparkplug-pots.toml")

VOLTAGE = ("Pot/Voltage", 1, DataType.DOUBLE, "V")
NOISE = ("Pot/Noise", 2, DataType.FLOAT, "mV")
RESISTANCE = ("Pot/Resistance", 3, DataType.DOUBLE, "uOhm")
Spec = tuple[str, int, DataType, str]


def settings(**changes: object) -> Sparkplug:
    """Return the settings of a host that hears one group and may ask for births."""
    usual: dict[str, object] = {"groups": ("example",), "allow_rebirth": True, "metrics": METRICS}
    return Sparkplug(**(usual | changes))  # type: ignore[arg-type]


@dataclass
class Message:
    """Bytes with their topic."""

    topic: str
    payload: bytes


@dataclass
class Talker:
    """A node with its numbers. ``now_ms`` is its clock."""

    name: str = "PL1-S1"
    group: str = "example"
    session: int = 7
    seq: int = 255
    now_ms: int = NOON_MS
    extra: list[Metric] = field(default_factory=list)

    def nbirth(self, *metrics: Metric) -> Message:
        self.seq = 255
        number = Metric(self.session, DataType.INT64, name="bdSeq", timestamp_ms=self.now_ms)
        rebirth = Metric(False, DataType.BOOLEAN, name="Node Control/Rebirth", alias=0, timestamp_ms=self.now_ms)
        return self.message("NBIRTH", "", [number, rebirth, *metrics])

    def dbirth(
        self,
        device: str,
        values: Mapping[Spec, Value | None],
        *,
        at_ms: int | None = None,
        properties: Mapping[str, Value] | None = None,
    ) -> Message:
        metrics = [
            Metric(
                value,
                datatype,
                name=name,
                alias=alias,
                timestamp_ms=self.now_ms if at_ms is None else at_ms,
                properties={"Quality": 192, **({"engUnit": unit} if unit else {}), **(properties or {})},
            )
            for (name, alias, datatype, unit), value in values.items()
        ]
        return self.message("DBIRTH", device, metrics)

    def ddata(
        self,
        device: str,
        values: Mapping[Spec, Value | None],
        *,
        at_ms: int | None = None,
        historical: bool = False,
        properties: Mapping[str, Value] | None = None,
    ) -> Message:
        metrics = [
            Metric(
                value,
                datatype,
                alias=alias,
                timestamp_ms=self.now_ms if at_ms is None else at_ms,
                historical=historical,
                properties=properties or {},
            )
            for (_, alias, datatype, _), value in values.items()
        ]
        return self.message("DDATA", device, metrics)

    def ddeath(self, device: str) -> Message:
        return self.message("DDEATH", device, [])

    def ndeath(self, session: int | None = None) -> Message:
        number = Metric(self.session if session is None else session, DataType.INT64, name="bdSeq")
        return Message(f"spBv1.0/{self.group}/NDEATH/{self.name}", encode(Payload(None, [number])))

    def message(self, kind: str, device: str, metrics: Sequence[Metric]) -> Message:
        self.seq = (self.seq + 1) % 256
        topic = f"spBv1.0/{self.group}/{kind}/{self.name}" + (f"/{device}" if device else "")
        return Message(topic, encode(Payload(self.now_ms, list(metrics), self.seq)))

    def skip(self) -> None:
        """Lose a message on the way."""
        self.seq = (self.seq + 1) % 256


class Host:
    """A reader with a clock by hand, and all that it told."""

    def __init__(self, plant: Plant | None = None, meters: Mapping[str, str] | None = None, **changes: object) -> None:
        self.now_ms = NOON_MS
        self.plant = plant or example_plant()
        self.reader = SparkplugReader(
            settings(**changes), self.plant, meters=meters or {}, now_ns=lambda: self.now_ms * MS
        )
        self.rows: list[tuple[int, int, float, int]] = []
        self.past: list[tuple[int, int, float, int]] = []
        self.events: list[Event] = []
        self.refused: list[Refused] = []
        self.published: list[Publication] = []
        self.published_ms: list[int] = []
        self.unseen: list[Publication] = []

    def hear(self, *messages: Message, retained: bool = False) -> None:
        for message in messages:
            try:
                told = self.reader.read(message.topic, message.payload, arrived_ns=self.now_ms * MS, retained=retained)
            except PayloadProblem as exc:
                self.refused.append(Refused(message.topic, message.payload, exc))
            else:
                self.keep(told)

    def keep(self, told: Told) -> None:
        self.rows += told.readings
        self.rows += told.past or ()
        self.past += told.past or ()
        self.events += told.events
        self.refused += told.refused
        self._publish(told.publications)

    def wait(self, ms: int) -> list[Publication]:
        """Let time pass, and return what was published since the last wait."""
        until = self.now_ms + ms
        while self.now_ms < until:
            self.now_ms = min(self.now_ms + 250, until)
            self.keep(self.reader.due(self.now_ms * MS))
        found, self.unseen = self.unseen, []
        return found

    def _publish(self, publications: Sequence[Publication]) -> None:
        self.published += publications
        self.published_ms += [self.now_ms - NOON_MS] * len(publications)
        self.unseen += publications

    def values(self, quantity: Quantity, pot: str = "1001") -> list[float]:
        """Return the values that were told of a quantity of a pot, NaN for those without."""
        return [value for _, value, _ in self.readings(quantity, pot)]

    def readings(self, quantity: Quantity, pot: str = "1001") -> list[tuple[int, float, int]]:
        """Return time [ms], value and quality of each reading of a quantity of a pot."""
        place = self.plant.points.place(f"pot:{pot}", quantity)
        return [(time_ns // MS, value, quality) for point, time_ns, value, quality in self.rows if point == place]

    def causes(self) -> list[Cause]:
        """Return why messages were refused."""
        return [refused.problem.cause for refused in self.refused]
