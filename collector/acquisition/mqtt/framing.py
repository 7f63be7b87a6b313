"""Where packets begin and end in what a broker sends. Pure: bytes in, packets out, and never more held than allowed."""

from typing import NamedTuple

PUBLISH = 0x30
LARGEST_MESSAGE = 1024 * 1024
"""How large a message may be [bytes]. Of larger ones, the beginning is handed on, so that it can be looked at."""

# More than the longest topic and 64 KiB of payload.
_KEPT_OF_LARGER = 160 * 1024
# The four bytes of a length hold at most 28 bits.
_MOST_LENGTH_BYTES = 4


class MalformedPacket(Exception):
    """What came is no MQTT."""


class Packet(NamedTuple):
    """A packet: its first byte, and what follows the length. ``size`` is more than its length where it was cut."""

    command: int
    body: bytes
    size: int


class Framing:
    """Cuts what comes into packets. Of a message larger than ``largest``, only the first ``kept`` bytes are held."""

    def __init__(self, *, largest: int = LARGEST_MESSAGE, kept: int = _KEPT_OF_LARGER) -> None:
        self._largest = largest
        self._kept = kept
        self._data = b""
        self._at = 0
        self._skip = 0

    def feed(self, data: bytes) -> None:
        """Take what came."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        self._data = self._data[self._at :] + data
        self._at = 0

    def next(self) -> Packet | None:
        """Return the next packet, or None until more has come.

        Raises
        ------
        MalformedPacket
            If this is no MQTT, or a packet is larger than allowed that is no message.
        """
        data, at = self._data, self._at
        end = len(data)
        start = at + 2
        if start > end:
            return None
        length = data[at + 1]
        if length & 0x80:
            length &= 0x7F
            for place in range(1, _MOST_LENGTH_BYTES):
                if start >= end:
                    return None
                digit = data[start]
                start += 1
                length |= (digit & 0x7F) << 7 * place
                if not digit & 0x80:
                    break
            else:
                raise MalformedPacket("a length of more than four bytes")
        if length > self._largest:
            return self._cut(data[at], start, length)
        stop = start + length
        if stop > end:
            return None
        self._at = stop
        return Packet(data[at], data[start:stop], length)

    def _cut(self, command: int, start: int, length: int) -> Packet | None:
        if command & 0xF0 != PUBLISH:
            raise MalformedPacket(f"a packet of {length} bytes that is no message")
        if len(self._data) - start < self._kept:
            return None
        body = self._data[start : start + self._kept]
        beyond = min(length, len(self._data) - start)
        self._skip = length - beyond
        self._at = start + beyond
        return Packet(command, body, length)
