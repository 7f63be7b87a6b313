"""Sparkplug and other messages at one broker: each goes to the reader that knows it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from collector.acquisition.mqtt.message import MessageReader, Publication, Subscription, Told
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch

if TYPE_CHECKING:
    from collector.acquisition.mqtt.sparkplug import SparkplugReader


class BesideSparkplug:
    """Reads Sparkplug's topics with one reader, and all the others with another."""

    def __init__(self, sparkplug: "SparkplugReader", others: MessageReader) -> None:
        self._sparkplug = sparkplug
        self._others = others

    def take_up(self, plant: Plant, meters: Mapping[str, str], others: MessageReader, now_ns: int) -> "BesideSparkplug":
        """Return a reader with other pots and meters, and another reader for the other topics.

        Nodes and devices go on with what their births have told; nobody would tell it again.
        """
        self._sparkplug.take_up(plant, meters, now_ns)
        return BesideSparkplug(self._sparkplug, others)

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Those of both."""
        return (*self._sparkplug.subscriptions, *self._others.subscriptions)

    @property
    def will(self) -> Publication | None:
        """The primary host's, if there is one: nodes wait for it."""
        return self._sparkplug.will or self._others.will

    def connected(self, now_ns: int) -> tuple[Publication, ...]:
        """Return what both publish."""
        return (*self._sparkplug.connected(now_ns), *self._others.connected(now_ns))

    def read(self, topic: str, payload: bytes, *, arrived_ns: int, retained: bool) -> Told:
        """Return what a message says.

        Raises
        ------
        PayloadProblem
            If it cannot be used.
        """
        reader = self._sparkplug if self._sparkplug.takes(topic) else self._others
        return reader.read(topic, payload, arrived_ns=arrived_ns, retained=retained)

    def lost(self, now_ns: int) -> Told:
        """Return what is stale of both."""
        return _both(self._sparkplug.lost(now_ns), self._others.lost(now_ns))

    def due(self, now_ns: int) -> Told:
        """Return what time has brought about at both."""
        return _both(self._sparkplug.due(now_ns), self._others.due(now_ns))


def _both(one: Told, other: Told) -> Told:
    return Told(
        one.readings + other.readings,
        batch=_joined(one.batch, other.batch),
        events=one.events + other.events,
        publications=one.publications + other.publications,
        refused=one.refused + other.refused,
        past=_joined(one.past, other.past),
    )


def _joined(*batches: ReadingBatch | None) -> ReadingBatch | None:
    there = [batch for batch in batches if batch is not None]
    return ReadingBatch.joined(there) if there else None
