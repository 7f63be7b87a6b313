"""MQTT packets as bytes: what a publisher says and hears, for 3.1.1 and 5. Pure, decided without a connection."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.servers.messages import Message

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 0x20, 0x30, 0x40, 0x90, 0xD0, 0xE0
"""First bytes of packets, without their flags."""

PING: Final = b"\xc0\x00"
GOODBYE: Final = b"\xe0\x00"
LEVELS: Final = {"3.1.1": 4, "5": 5}
"""Protocol levels of the versions that are spoken."""

_RECEIVE_MAXIMUM = 0x21
# Properties of a CONNACK by the form of their values, as far as one must step over them to find the receive maximum.
_BYTE_PROPERTIES = frozenset({0x24, 0x25, 0x28, 0x29, 0x2A})
_SHORT_PROPERTIES = frozenset({0x13, 0x21, 0x22})
_LONG_PROPERTIES = frozenset({0x11, 0x27})
_TEXT_PROPERTIES = frozenset({0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F})
_PAIR_PROPERTY = 0x26


class WireError(Exception):
    """The broker says something that is no MQTT, or refuses the connection."""


def variable_length(number: int) -> bytes:
    """Write a length as MQTT does: seven bits a byte, the lowest first."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | 0x80 if number else low)
        if not number:
            return bytes(out)


def text_field(text: str) -> bytes:
    """Write a text with its length before it."""
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def connect(client_id: str, protocol: str, *, keepalive_s: int, will: Message | None) -> bytes:
    """Open a session that begins empty, with a last will if there is one."""
    flags = 0x02
    level = LEVELS[protocol]
    properties = b"\x00" if level == LEVELS["5"] else b""
    body = b"\x00\x04MQTT" + bytes((level,))
    payload = text_field(client_id)
    if will is not None:
        flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        payload += properties + text_field(will.topic) + struct.pack(">H", len(will.payload)) + will.payload
    body += bytes((flags,)) + struct.pack(">H", keepalive_s) + properties + payload
    return b"\x10" + variable_length(len(body)) + body


def subscribe(identifier: int, filters: Sequence[str], protocol: str) -> bytes:
    """Ask for topics at QoS 1."""
    properties = b"\x00" if protocol == "5" else b""
    body = struct.pack(">H", identifier) + properties + b"".join(text_field(one) + b"\x01" for one in filters)
    return b"\x82" + variable_length(len(body)) + body


class Publishes:
    """Writes PUBLISH packets, each topic's bytes made once."""

    def __init__(self, protocol: str) -> None:
        self._after_identifier = b"\x00" if protocol == "5" else b""
        self._topics: dict[str, bytes] = {}

    def packet(self, message: Message, identifier: int) -> bytes:
        """Write a message; the identifier is left out at QoS 0."""
        topic, payload, retain, qos, dup = message
        field = self._topics.get(topic)
        if field is None:
            field = self._topics[topic] = text_field(topic)
        middle = self._after_identifier
        if qos:
            middle = identifier.to_bytes(2, "big") + middle
        length = len(field) + len(middle) + len(payload)
        if length < 0x80:
            size = bytes((length,))
        elif length < 0x4000:
            size = bytes((length & 0x7F | 0x80, length >> 7))
        else:
            size = variable_length(length)
        return b"%c%b%b%b%b" % (PUBLISH | dup << 3 | qos << 1 | retain, size, field, middle, payload)


class PacketReader:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take bytes in, and give the packets that are whole: first byte and body.

        Raises
        ------
        WireError
            If a length has more than four bytes.
        """
        data = self._rest + data
        found = []
        at, end = 0, len(data)
        while end - at >= 2:
            length, begin = data[at + 1], at + 2
            if length & 0x80:
                sized = _length_at(data, at + 1)
                if sized is None:
                    break
                length, begin = sized
            if begin + length > end:
                break
            found.append((data[at], data[begin : begin + length]))
            at = begin + length
        self._rest = data[at:]
        return found


def _length_at(data: bytes, at: int) -> tuple[int, int] | None:
    """Return a length of several bytes and where it ends, or None while it is not whole."""
    length = shift = 0
    for place in range(at, min(at + 4, len(data))):
        length |= (data[place] & 0x7F) << shift
        if not data[place] & 0x80:
            return length, place + 1
        shift += 7
    if len(data) >= at + 4:
        raise WireError("the broker sent a length of more than four bytes")
    return None


@dataclass(frozen=True, slots=True)
class Welcome:
    """A CONNACK that lets one in; ``receive_maximum`` unacknowledged messages are what the broker bears."""

    receive_maximum: int = 65_535


def welcome(body: bytes, protocol: str) -> Welcome:
    """Read a CONNACK.

    Raises
    ------
    WireError
        If the broker refuses.
    """
    if len(body) < 2 or body[1]:
        raise WireError(f"the broker refuses the connection (code {body[1] if len(body) > 1 else 'missing'})")
    if protocol != "5" or len(body) < 3:
        return Welcome()
    sized = _length_at(body, 2)
    if sized is None:
        raise WireError("the broker's answer to CONNECT is cut off")
    length, at = sized
    return Welcome(_receive_maximum(body[at : at + length]))


def _receive_maximum(properties: bytes) -> int:
    at = 0
    while at < len(properties):
        name = properties[at]
        at += 1
        if name == _RECEIVE_MAXIMUM:
            return int.from_bytes(properties[at : at + 2], "big")
        if name in _BYTE_PROPERTIES:
            at += 1
        elif name in _SHORT_PROPERTIES:
            at += 2
        elif name in _LONG_PROPERTIES:
            at += 4
        elif name in _TEXT_PROPERTIES or name == _PAIR_PROPERTY:
            for _ in range(2 if name == _PAIR_PROPERTY else 1):
                at += 2 + int.from_bytes(properties[at : at + 2], "big")
        else:
            raise WireError(f"the broker's answer to CONNECT has the unknown property {name:#04x}")
    return 65_535


@dataclass(frozen=True, slots=True)
class Heard:
    """A PUBLISH that came in; ``identifier`` is 0 at QoS 0."""

    topic: str
    payload: bytes
    identifier: int


def heard(first: int, body: bytes, protocol: str) -> Heard:
    """Read a PUBLISH."""
    at = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:at].decode()
    identifier = 0
    if first & 0x06:
        identifier = int.from_bytes(body[at : at + 2], "big")
        at += 2
    if protocol == "5":
        sized = _length_at(body, at)
        length, at = sized or (0, at)
        at += length
    return Heard(topic, body[at:], identifier)


def acknowledgement(identifier: int) -> bytes:
    """Write a PUBACK."""
    return b"\x40\x02" + identifier.to_bytes(2, "big")
