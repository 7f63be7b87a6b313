"""What a subscriber was given and what it acknowledged, read from the bytes between it and the broker (QoS 1)."""

import json
import threading
from collections.abc import Callable

from tcp_proxy import Way

from simulators.servers.mqtt_wire import PUBACK, PUBLISH, PacketReader, heard

Message = tuple[str, bytes]


class Acknowledgements:
    """Messages that one session acknowledged so far, over all its connections."""

    def __init__(self, protocol: str) -> None:
        self.given = 0
        self._protocol = protocol
        self._messages: list[Message] = []
        self._lock = threading.Lock()
        self._then: Callable[[], None] | None = None
        self._left = 0

    def tap(self) -> "_Connection":
        """Listen to one more connection."""
        return _Connection(self, self._protocol)

    def acknowledged(self, message: Message) -> None:
        """Note a message as acknowledged."""
        with self._lock:
            self._messages.append(message)
            self._left -= 1
            then = None
            if self._left <= 0:
                then, self._then = self._then, None
        if then is not None:
            then()

    def at_the(self, number: int, then: Callable[[], None]) -> None:
        """Have something done at the very instant of an acknowledgement, 1 for the next, on the proxy's thread."""
        with self._lock:
            self._left, self._then = number, then

    def so_far(self) -> list[Message]:
        """Return topic and payload of every message that was acknowledged, each as often as it was."""
        with self._lock:
            return list(self._messages)


class _Connection:
    """One connection, as a tap of the proxy. An acknowledgement is noted before it is passed on to the broker."""

    def __init__(self, session: Acknowledgements, protocol: str) -> None:
        self._session = session
        self._protocol = protocol
        self._packets = {way: PacketReader() for way in Way}
        self._open: dict[int, Message] = {}

    def heard(self, way: Way, data: bytes) -> None:
        for first, body in self._packets[way].feed(data):
            if way is Way.DOWN and first & 0xF0 == PUBLISH:
                message = heard(first, body, self._protocol)
                if message.identifier:
                    self._open[message.identifier] = (message.topic, message.payload)
                    self._session.given += 1
            elif way is Way.UP and first & 0xF0 == PUBACK:
                self._session.acknowledged(self._open.pop(int.from_bytes(body[:2], "big")))


def payload(message: Message) -> dict[str, object]:
    """Return what a message says."""
    found: dict[str, object] = json.loads(message[1])
    return found
