"""What a connection has asked a broker to send: what stands, what is not answered yet, and since when."""

from collections.abc import Iterable

from collector.acquisition.mqtt.client import Client
from collector.acquisition.mqtt.message import Subscription


class Asking:
    """The subscriptions of one connection, by topic."""

    def __init__(self) -> None:
        self._standing: dict[str, Subscription] | None = None
        self._open: dict[int, Subscription] = {}
        self.since_s = 0.0
        """When something was asked for last, by the event loop's time [s]."""

    @property
    def unanswered(self) -> str:
        """The topic of a subscription that the broker has not answered yet; empty: it has answered all."""
        return next((each.topic for each in self._open.values()), "")

    def for_all(self, client: Client, wanted: Iterable[Subscription], now_s: float) -> None:
        """Ask for what is wanted and does not stand, end what is not wanted any more, and leave the others alone."""
        before, self._standing = self._standing or {}, {each.topic: each for each in wanted}
        for topic, subscription in self._standing.items():
            if before.get(topic) != subscription:
                self._open[client.subscribe(subscription)] = subscription
        for topic in before.keys() - self._standing.keys():
            client.unsubscribe(topic)
        self.since_s = now_s

    @property
    def has_begun(self) -> bool:
        """Whether anything was asked for on this connection."""
        return self._standing is not None

    def answered(self, packet_id: int) -> Subscription | None:
        """Return what an answer is about, if it was asked for."""
        return self._open.pop(packet_id, None)
