"""How a PDU travels: behind an MBAP header, between a unit id and a CRC, or as text. Pure: bytes in, frames out.

An MBAP header is transaction id, protocol id (0), length of what follows, unit id: seven bytes, high byte first. An RTU
frame is unit id, PDU, CRC, with the CRC's low byte first; it has no length, so one is told from the next by the
function code, and by 3.5 characters of silence where the function code tells nothing.

An ASCII frame is a colon, two hexadecimal digits for each byte of unit id, PDU and LRC, and a line's end.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

LONGEST_PDU = 253
LONGEST_ASCII = 1 + 2 * (1 + LONGEST_PDU + 1) + 2
BITS_PER_CHARACTER = 11
"""Start bit, eight data bits, parity or a second stop bit, stop bit."""

_MBAP = struct.Struct(">HHHB")
_SHORT_REQUESTS = {7, 11, 12, 17}
_FIXED_REQUESTS = {1, 2, 3, 4, 5, 6, 8}


@dataclass(frozen=True, slots=True)
class Frame:
    """One question as it came.

    Parameters
    ----------
    transaction
        The MBAP transaction id; 0 on a serial line.
    unit
        The unit id.
    pdu
        Function code and what follows it, at least one byte.
    raw
        All its bytes.
    """

    transaction: int
    unit: int
    pdu: bytes
    raw: bytes


class Framing(Protocol):
    """Finds frames in a stream of bytes, and makes them.

    Attributes
    ----------
    broken
        Whether the stream makes no sense any more: there is no way to find the next frame.
    waiting
        Whether the beginning of a frame is there.
    serial
        Whether frames are those of a serial line: no transaction id, a CRC, silence for units that are not there.
    silence_s
        Nothing for so long ends what has been received of a frame [s].
    """

    broken: bool
    serial: bool
    silence_s: float

    @property
    def waiting(self) -> bool:
        """Whether the beginning of a frame is there."""

    def feed(self, received: bytes) -> list[Frame]:
        """Take bytes and return the frames that are complete."""

    def silence(self) -> list[Frame]:
        """Take note that nothing has come for a while, and return the frame that this has ended, if any."""

    def pack(self, transaction: int, unit: int, pdu: bytes) -> bytes:
        """Return the bytes of a frame."""


class MbapFraming:
    """Modbus TCP, with or without TLS around it."""

    serial = False
    silence_s = 0.0

    def __init__(self) -> None:
        self.broken = False
        self._buffer = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether the beginning of a frame is there."""
        return bool(self._buffer)

    def feed(self, received: bytes) -> list[Frame]:
        """Take bytes and return the frames that are complete."""
        self._buffer += received
        frames = []
        while len(self._buffer) >= _MBAP.size and not self.broken:
            transaction, protocol, length, unit = _MBAP.unpack_from(self._buffer)
            if protocol != 0 or not 2 <= length <= LONGEST_PDU + 1:
                self.broken = True
                break
            end = 6 + length
            if len(self._buffer) < end:
                break
            raw = bytes(self._buffer[:end])
            del self._buffer[:end]
            frames.append(Frame(transaction, unit, raw[_MBAP.size :], raw))
        return frames

    def silence(self) -> list[Frame]:
        """Return nothing: a header says how long its frame is."""
        return []

    def pack(self, transaction: int, unit: int, pdu: bytes) -> bytes:
        """Return header and PDU."""
        return _MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu


class RtuFraming:
    """A serial line's frames, on a pseudo-terminal or carried over TCP without a header.

    A frame with a wrong CRC is given up together with all that follows it without a silence, as a meter does.
    """

    serial = True
    # Neither TCP nor a pseudo-terminal keeps gaps of milliseconds.
    silence_s = 0.05

    def __init__(self) -> None:
        self.broken = False
        self._buffer = bytearray()
        self._deaf = False

    @property
    def waiting(self) -> bool:
        """Whether the beginning of a frame is there, or a silence is needed to find the next one."""
        return bool(self._buffer) or self._deaf

    def feed(self, received: bytes) -> list[Frame]:
        """Take bytes and return the frames that are complete."""
        if self._deaf:
            return []
        self._buffer += received
        frames = []
        while (length := request_length(self._buffer)) is not None and len(self._buffer) >= length:
            raw = bytes(self._buffer[:length])
            if not has_crc(raw):
                self._buffer.clear()
                self._deaf = True
                break
            del self._buffer[:length]
            frames.append(Frame(0, raw[0], raw[1:-2], raw))
        return frames

    def silence(self) -> list[Frame]:
        """End the frame that is being received; return it if its CRC is right."""
        raw = bytes(self._buffer)
        self._buffer.clear()
        self._deaf = False
        return [Frame(0, raw[0], raw[1:-2], raw)] if len(raw) >= 4 and has_crc(raw) else []

    def pack(self, transaction: int, unit: int, pdu: bytes) -> bytes:  # noqa: ARG002 -- a serial line has none
        """Return unit id, PDU and CRC."""
        body = bytes((unit,)) + pdu
        return body + crc16(body)


class AsciiFraming:
    """A serial line's frames as text, on a pseudo-terminal or carried over TCP.

    A colon begins a frame wherever it comes. A frame with a wrong LRC is given up.
    """

    serial = True
    silence_s = 1.0

    def __init__(self) -> None:
        self.broken = False
        self._buffer = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether the beginning of a frame is there."""
        return bool(self._buffer)

    def feed(self, received: bytes) -> list[Frame]:
        """Take characters and return the frames that are complete."""
        frames = []
        for character in received:
            if character == ord(":"):
                self._buffer = bytearray(b":")
            elif self._buffer:
                self._buffer.append(character)
                if self._buffer.endswith(b"\r\n"):
                    frames += self._ended(bytes(self._buffer))
                    self._buffer.clear()
                elif len(self._buffer) > LONGEST_ASCII:
                    self._buffer.clear()
        return frames

    def silence(self) -> list[Frame]:
        """Give up the frame that is being received."""
        self._buffer.clear()
        return []

    def pack(self, transaction: int, unit: int, pdu: bytes) -> bytes:  # noqa: ARG002 -- a serial line has none
        """Return the colon, the digits and the line's end."""
        body = bytes((unit,)) + pdu
        return b":" + (body + lrc(body)).hex().upper().encode() + b"\r\n"

    def _ended(self, raw: bytes) -> list[Frame]:
        try:
            content = bytes.fromhex(raw[1:-2].decode("ascii"))
        except ValueError:
            return []
        body = content[:-1]
        return [Frame(0, body[0], body[1:], raw)] if len(body) >= 2 and lrc(body) == content[-1:] else []


def lrc(body: bytes) -> bytes:
    """Return the check byte of an ASCII frame: what makes the sum of all bytes a multiple of 256."""
    return bytes((-sum(body) & 0xFF,))


def request_length(buffer: bytes | bytearray) -> int | None:
    """Return how long the RTU request at the beginning is, or None if that cannot be told (yet)."""
    if len(buffer) < 2:
        return None
    function = buffer[1]
    if function in _FIXED_REQUESTS:
        return 8
    if function in _SHORT_REQUESTS:
        return 4
    if function == 43:
        return 7
    # Writes of many say in one byte how many follow.
    at = {15: 6, 16: 6, 23: 10}.get(function)
    if at is None or len(buffer) <= at:
        return None
    return at + 1 + buffer[at] + 2


def crc16(body: bytes) -> bytes:
    """Return the CRC of an RTU frame, low byte first: polynomial 0xA001 (reflected), beginning with 0xFFFF."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def has_crc(raw: bytes) -> bool:
    """Whether the last two bytes are the CRC of those before."""
    return crc16(raw[:-2]) == raw[-2:]


def silent_interval_s(baud: int) -> float:
    """Return the silence between two frames of a serial line [s]: 3.5 characters, above 19,200 baud always 1.75 ms."""
    return 0.00175 if baud > 19_200 else 3.5 * BITS_PER_CHARACTER / baud
