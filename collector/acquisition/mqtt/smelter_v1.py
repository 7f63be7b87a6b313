"""The layout smelter/v1 as a reader of messages. Pure."""

import msgspec

from collector.acquisition.mqtt import payload as payloads
from collector.acquisition.mqtt import topics
from collector.acquisition.mqtt.message import Cause, PayloadProblem, Publication, Subscription, Told
from collector.acquisition.mqtt.payload import PayloadReader
from collector.plant.meter import Broker


class SmelterReader:
    """Reads the messages of pot controllers and crucible scales."""

    will: Publication | None = None

    def __init__(self, broker: Broker, reader: PayloadReader) -> None:
        self._broker = broker
        self._reader = reader

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What to subscribe to."""
        return tuple(Subscription(topic, self._broker.qos) for topic in topics.subscriptions(self._broker.site))

    def connected(self, now_ns: int) -> tuple[Publication, ...]:
        """Return nothing: these senders are not spoken to."""
        del now_ns
        return ()

    def read(self, topic: str, payload: bytes, *, arrived_ns: int, retained: bool) -> Told:
        """Return what a message says.

        Raises
        ------
        PayloadProblem
            If it cannot be used.
        """
        del retained
        address = topics.parse(topic, self._broker.site)
        if address is None:
            raise PayloadProblem(Cause.UNKNOWN_TOPIC, "the topic is none of the layout smelter/v1")
        try:
            found = self._reader.read(address, payload, arrived_ns=arrived_ns)
        except payloads.PayloadProblem as exc:
            raise PayloadProblem(_cause(exc), str(exc)) from exc
        return Told(list(found)) if isinstance(found, list) else Told([], events=(found,))

    def lost(self, now_ns: int) -> Told:
        """Return nothing: each message stands for itself."""
        del now_ns
        return Told([])

    def due(self, now_ns: int) -> tuple[Publication, ...]:
        """Return nothing: these senders are not spoken to."""
        del now_ns
        return ()


def _cause(problem: payloads.PayloadProblem) -> Cause:
    match problem.__cause__:
        case UnicodeDecodeError():
            return Cause.NOT_UTF8
        case msgspec.ValidationError():
            return Cause.WRONG_TYPE
        case None:
            return Cause.UNKNOWN_NAME if "not in the plant file" in str(problem) else Cause.CONTRADICTION
        case _:
            return Cause.NOT_JSON
