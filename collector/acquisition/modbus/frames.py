"""Frames cut out of a stream of bytes, and what one says to a question. Pure: nothing raises over what comes.

pymodbus' framers drop what they cannot place, raise inside the event loop, or take any bytes for a frame; these keep
their place in the stream, and find it again.
"""

from binascii import unhexlify
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from collector.acquisition.modbus import identification


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. For device identification: the first object and the read code, instead of address and count."""

    unit: int
    function: int
    address: int
    count: int

    @property
    def size(self) -> int:
        """Return the byte count of the right answer; -1 where only the device knows it."""
        if self.function == identification.FUNCTION:
            return -1
        return 2 * self.count if self.function >= 3 else (self.count + 7) // 8


class Reply(NamedTuple):
    """The data of an answer, or the code of the exception that it is."""

    data: bytes
    code: int | None = None


class Frame(NamedTuple):
    """One frame, its checks passed. Without transaction ids, ``tid`` is 0."""

    tid: int
    unit: int
    pdu: bytes


def reply(pdu: bytes, question: Question) -> Reply | None:
    """Return what a frame says to a question; None if it is no answer to it."""
    function = pdu[0]
    if function == question.function:
        if function == identification.FUNCTION:
            return Reply(pdu) if pdu[1:2] == b"\x0e" and identification.length(pdu) == len(pdu) else None
        size = question.size
        return Reply(pdu[2:]) if len(pdu) == 2 + size and pdu[1] == size else None
    return Reply(b"", pdu[1]) if function == question.function | 0x80 and len(pdu) == 2 else None


class Frames(Protocol):
    """A stream of bytes, cut into frames."""

    lost: bool
    """Whether what came last is no beginning of a frame."""

    def clear(self) -> None:
        """Forget what came: the stream begins anew."""
        ...

    def begin(self, question: Question, tid: int, sent: bytes) -> None:
        """Note what is being sent."""
        ...

    def cut(self, data: bytes, wanted: Sequence[Question]) -> list[Frame]:
        """Return the frames that are complete with what came; at least those that answer what is wanted."""
        ...


_HEADER = 6  # transaction, protocol, length
_LONGEST = 254  # unit and PDU


class MbapFrames:
    """Frames of Modbus TCP and TLS, by the length in their header.

    Where no header stands, the answer to the question is looked for: with transaction ids its first bytes are known.
    Without them, everything is thrown away until the next question.
    """

    def __init__(self, *, ids: bool) -> None:
        self.lost = False
        self._ids = ids
        self._rest = b""
        self._question = Question(0, 0, 0, 0)
        self._tid = 0

    def clear(self) -> None:
        """Forget what came."""
        self._rest, self.lost = b"", False

    def begin(self, question: Question, tid: int, sent: bytes) -> None:
        """Note what is being sent. A frame that broke off before may never go on."""
        del sent
        self._question, self._tid = question, tid
        if not self._ids:
            self.clear()
        elif self._rest:
            self.lost = True

    def cut(self, data: bytes, wanted: Sequence[Question]) -> list[Frame]:
        """Return the frames that are complete with what came."""
        del wanted
        buffer = self._rest + data if self._rest else data
        frames: list[Frame] = []
        place, end = 0, len(buffer)
        while True:
            if self.lost:
                place = self._answer(buffer, place)
            if self.lost or end - place < _HEADER:
                break
            length = buffer[place + 4] << 8 | buffer[place + 5]
            if buffer[place + 2] or buffer[place + 3] or not 2 <= length <= _LONGEST:
                self.lost = True
                continue
            stop = place + _HEADER + length
            if stop > end:
                break
            frames.append(Frame(buffer[place] << 8 | buffer[place + 1], buffer[place + 6], buffer[place + 7 : stop]))
            place = stop
        self._rest = buffer[place:]
        return frames

    def _answer(self, buffer: bytes, place: int) -> int:
        """Return where the answer begins, or may begin; the end if nowhere. Found whole, the place is known again."""
        if not self._ids:
            return len(buffer)
        asked, size = self._question, self._question.size
        head = self._tid.to_bytes(2, "big") + b"\0\0"
        while place < len(buffer):
            seen = buffer[place : place + 8]
            if seen.startswith(head) or head.startswith(seen):
                if len(seen) < 8:
                    return place
                fits = size < 0 or seen[5] == (size + 3 if seen[7] < 0x80 else 3)
                if fits and seen[6] == asked.unit and seen[7] & 0x7F == asked.function:
                    self.lost = False
                    return place
            place += 1
        return place


_SHORTEST_RTU, _LONGEST_RTU = 5, 256


def crc16(data: bytes) -> int:
    """Return the check sum of RTU; over a frame with its own, it is 0."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC = tuple(_crc_of(byte) for byte in range(256))


class RtuFrames:
    """Frames of RTU. They have neither beginning nor end, so only answers to what is wanted are looked for.

    Unit, function, byte count and check sum must be right. What stands around them does no harm: noise, an adapter's
    echo, another master's traffic. No pauses are needed between frames: TCP does not keep them.
    """

    def __init__(self) -> None:
        self.lost = False
        self._rest = b""
        self._echo = b""

    def clear(self) -> None:
        """Forget what came."""
        self._rest = self._echo = b""

    def begin(self, question: Question, tid: int, sent: bytes) -> None:
        """Note what is being sent; nothing that came before can be its answer."""
        del question, tid
        self._rest, self._echo = b"", sent

    def cut(self, data: bytes, wanted: Sequence[Question]) -> list[Frame]:
        """Return the frames that answer what is wanted and are complete with what came."""
        buffer = self._rest + data
        if self._echo:
            if self._echo.startswith(buffer) and buffer != self._echo:
                self._rest = buffer
                return []
            # An echoed question for coils can look like its answer.
            buffer = buffer.removeprefix(self._echo)
            self._echo = b""
        frames: list[Frame] = []
        place = 0
        while places := [found for each in wanted if (found := _rtu_answer(buffer, place, each))]:
            start, place = min(places)
            frames.append(Frame(0, buffer[start], buffer[start + 1 : place - 2]))
        self._rest = buffer[max(place, len(buffer) - 2 * _LONGEST_RTU) :]
        return frames


def _rtu_answer(buffer: bytes, place: int, question: Question) -> tuple[int, int] | None:
    """Return where the first answer to a question begins and ends."""
    unit, function = question.unit, question.function
    for start in range(place, len(buffer) - _SHORTEST_RTU + 1):
        if buffer[start] != unit or buffer[start + 1] & 0x7F != function:
            continue
        if buffer[start + 1] & 0x80:
            size: int | None = 2
        elif function == identification.FUNCTION:
            size = identification.length(buffer[start + 1 : start + _LONGEST_RTU])
        else:
            size = 2 + question.size if buffer[start + 2] == question.size else None
        if size is not None and start + size + 3 <= len(buffer) and not crc16(buffer[start : start + size + 3]):
            return start, start + size + 3
    return None


_LONGEST_ASCII = 1 + 2 * 255 + 2


class AsciiFrames:
    """Frames of Modbus ASCII: from a colon to the end of the line."""

    def __init__(self) -> None:
        self.lost = False
        self._rest = b""
        self._echo = b""

    def clear(self) -> None:
        """Forget what came."""
        self._rest = self._echo = b""

    def begin(self, question: Question, tid: int, sent: bytes) -> None:
        """Note what is being sent; nothing that came before can be its answer."""
        del question, tid
        self._rest, self._echo = b"", sent.strip()

    def cut(self, data: bytes, wanted: Sequence[Question]) -> list[Frame]:
        """Return the frames that are complete with what came."""
        del wanted
        *lines, rest = (self._rest + data).split(b"\r\n")
        frames: list[Frame] = []
        for line in lines:
            text = line[line.rfind(b":") :]
            echo, self._echo = self._echo, b""
            if not text.startswith(b":") or text == echo:
                continue
            try:
                raw = unhexlify(text[1:])
            except ValueError:
                continue
            if len(raw) >= 3 and not sum(raw) & 0xFF:
                frames.append(Frame(0, raw[0], raw[1:-1]))
        self._rest = rest[-2 * _LONGEST_ASCII :]
        return frames
