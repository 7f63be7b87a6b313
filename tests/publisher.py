"""A fast publisher for tests: MQTT 3.1.1 and 5 at QoS 1, as bytes on a socket, with code of its own.

It keeps a window of messages that the broker has not acknowledged, sends them again on a new connection when one is
lost, and returns when the broker has acknowledged every one. So whatever it was given has come to the broker at least
once, as often as that has died meanwhile.
"""

import math
import os
import select
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

Message = tuple[bytes, bytes]
"""Topic and payload."""

_CONNACK, _PUBLISH_QOS_1, _PUBACK = 0x20, 0x32, 0x40
_LEVELS = {"3.1.1": 4, "5": 5}
_RECEIVE_MAXIMUM = 0x21
# Sizes of the values of the properties that a broker may put into a CONNACK; 0: a text with its length before it.
_SIZES = {0x11: 4, 0x12: 0, 0x13: 2, 0x21: 2, 0x22: 2, 0x24: 1, 0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}
_MOST_AT_ONCE = 500
_WAIT_S = 0.01
_CONNECT_WITHIN_S = 2.0
_PAUSE_S = 0.05


class Refused(Exception):
    """The broker refuses the connection or a message, or says something that is no MQTT."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it: messages that the broker acknowledged, how many were sent again, and the time it took."""

    messages: int
    again: int
    seconds: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


class Publisher:
    """Publishes at QoS 1. ``sent`` counts distinct messages; another thread may read it."""

    def __init__(self, host: str, port: int, *, protocol: str = "3.1.1", window: int = 5000) -> None:
        self._place = (host, port)
        self._protocol = protocol
        self._window = window
        self.sent = 0

    def publish(self, messages: Iterable[Message], *, rate: float = math.inf, within_s: float = 600.0) -> Report:
        """Publish all messages, at a rate at most, and return when the broker has acknowledged every one.

        Raises
        ------
        Refused
            If the broker refuses a connection or a message.
        TimeoutError
            If it takes longer than ``within_s``.
        """
        begin = time.monotonic()
        supply = _Supply(iter(messages), rate)
        first, again = self.sent, 0
        while True:
            try:
                link = _Link(self._place, self._protocol, self._window)
            except OSError:
                self._check(begin, within_s)
                time.sleep(_PAUSE_S)
                continue
            with link:
                try:
                    while not supply.exhausted or link.unacknowledged or supply.again:
                        self._check(begin, within_s)
                        messages = supply.take(min(_MOST_AT_ONCE, link.free))
                        link.write(messages)
                        link.exchange(wait_s=0.0 if messages and link.free else _WAIT_S)
                        self.sent = first + supply.taken
                except OSError:
                    supply.again.extend(link.unacknowledged.values())
                    again += len(link.unacknowledged)
                else:
                    return Report(self.sent - first, again, time.monotonic() - begin)

    def _check(self, begin: float, within_s: float) -> None:
        if time.monotonic() > begin + within_s:
            raise TimeoutError(f"not all of {self.sent} messages were acknowledged within {within_s:g} s")


class _Supply:
    """What is still to be sent: first what a lost connection left open, then new messages as the rate allows."""

    def __init__(self, source: Iterator[Message], rate: float) -> None:
        self.again: deque[Message] = deque()
        self.exhausted = False
        self.taken = 0
        self._source = source
        self._rate = rate
        self._begin = time.monotonic()

    def take(self, most: int) -> list[Message]:
        """Return the next messages, some at a time."""
        found = [self.again.popleft() for _ in range(min(most, len(self.again)))]
        most -= len(found)
        if self._rate < math.inf:
            most = min(most, int((time.monotonic() - self._begin) * self._rate) - self.taken)
        if most > 0 and not self.exhausted:
            fresh = list(islice(self._source, most))
            self.exhausted = len(fresh) < most
            self.taken += len(fresh)
            found += fresh
        return found


class _Link:
    """One connection. Raises OSError when it is lost."""

    def __init__(self, place: tuple[str, int], protocol: str, window: int) -> None:
        self.unacknowledged: dict[int, Message] = {}
        self._five = protocol == "5"
        self._out = b""
        self._rest = b""
        self._identifier = 0
        self._wire = socket.create_connection(place, timeout=_CONNECT_WITHIN_S)
        try:
            self._most = min(window, self._connect(_LEVELS[protocol]), 60_000)
            self._wire.setblocking(False)
        except BaseException:
            self._wire.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.close()

    @property
    def free(self) -> int:
        """How many messages the window still has room for; none while bytes wait to be written."""
        return 0 if self._out else self._most - len(self.unacknowledged)

    def _connect(self, level: int) -> int:
        """Open a session that begins empty, and return how many messages the broker bears unacknowledged."""
        nothing = b"\x00" if self._five else b""
        body = b"\x00\x04MQTT%c\x02\x00\x00%b" % (level, nothing) + _field(b"publisher-" + os.urandom(6).hex().encode())
        self._wire.sendall(b"\x10%b%b" % (_length(len(body)), body))
        answer = b""
        while len(answer) < 2 or len(answer) < 2 + answer[1]:
            data = self._wire.recv(4096)
            if not data:
                raise ConnectionResetError("the broker closed the connection before its CONNACK")
            answer += data
        if answer[0] != _CONNACK or answer[3]:
            raise Refused(f"the broker answers CONNECT with {answer.hex()}")
        return _receive_maximum(answer[5 : 5 + answer[4]]) if self._five else 0xFFFF

    def write(self, messages: list[Message]) -> None:
        """Put messages into the window and among the bytes to be written."""
        packets = [self._out]
        after_identifier = b"\x00" if self._five else b""
        for message in messages:
            topic, payload = message
            self._identifier = identifier = self._identifier % 0xFFFF + 1
            if identifier in self.unacknowledged:
                raise Refused(f"the broker has not acknowledged message {identifier} of a whole round ago")
            self.unacknowledged[identifier] = message
            size = _length(4 + len(topic) + len(after_identifier) + len(payload))
            packets.append(
                b"%c%b%b%b%b%b%b"
                % (
                    _PUBLISH_QOS_1,
                    size,
                    len(topic).to_bytes(2, "big"),
                    topic,
                    identifier.to_bytes(2, "big"),
                    after_identifier,
                    payload,
                )
            )
        self._out = b"".join(packets)

    def exchange(self, *, wait_s: float) -> None:
        """Write what can be written, and take acknowledgements; wait a moment for either."""
        readable, writable, _ = select.select([self._wire], [self._wire] if self._out else [], [], wait_s)
        if writable:
            self._out = self._out[self._wire.send(self._out) :]
        if readable:
            data = self._wire.recv(1 << 16)
            if not data:
                raise ConnectionResetError("the broker closed the connection")
            self._acknowledged(self._rest + data)

    def _acknowledged(self, data: bytes) -> None:
        at = 0
        while len(data) - at >= 2 and len(data) - at >= 2 + data[at + 1]:
            length = data[at + 1]
            if data[at] != _PUBACK or (length > 2 and data[at + 4] >= 0x80):
                raise Refused(f"the broker says {data[at : at + 2 + length].hex()}")
            self.unacknowledged.pop(int.from_bytes(data[at + 2 : at + 4], "big"))
            at += 2 + length
        self._rest = data[at:]


def _length(number: int) -> bytes:
    """Write a length as MQTT does: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _receive_maximum(properties: bytes) -> int:
    at = 0
    while at < len(properties):
        name, at = properties[at], at + 1
        if name not in _SIZES:
            raise Refused(f"the broker's CONNACK has the unknown property {name:#04x}")
        size = _SIZES[name] or 2 + int.from_bytes(properties[at : at + 2], "big")
        if name == _RECEIVE_MAXIMUM:
            return int.from_bytes(properties[at : at + size], "big")
        at += size
    return 0xFFFF
