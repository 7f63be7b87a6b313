"""Faults that change an answer on its way: its header, its bytes, its pieces, its time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from simulators.faults.fault import Context, Effect
from simulators.servers.modbus.exchange import Ending
from simulators.servers.modbus.framing import crc16
from simulators.tables import DURATION

if TYPE_CHECKING:
    from simulators.faults.fault import Fault
    from simulators.servers.modbus.exchange import Reply, Request
    from simulators.tables import Table

RTU = frozenset({"rtu_over_tcp", "rtu_pty"})
SERIAL = RTU | {"ascii_over_tcp", "ascii_pty"}
MBAP = frozenset({"tcp", "tls"})


@dataclass
class ReplyEffect(Effect, ABC):
    """Changes an answer before it is framed."""

    @abstractmethod
    def alter(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Change the answer."""


@dataclass
class WireEffect(Effect, ABC):
    """Changes what goes out when it is framed."""

    @abstractmethod
    def garble(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Change the pieces."""


def _choice(table: Table, key: str, default: str, known: tuple[str, ...]) -> str:
    value = table.text(key, default)
    if value not in known:
        raise table.error(key, f"is {value!r}", f"use one of {', '.join(known)}")
    return value


def _joined(reply: Reply) -> bytes:
    return b"".join(content for _, content in reply.pieces)


@dataclass
class ShortFrame(WireEffect):
    """The end of the answer is missing; then silence, or the connection is closed."""

    kind = "short_frame"
    cut: int = 1
    """Bytes that are missing; 0: half of them."""
    then: str = "silence"

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``cut``, a number of bytes or 0 for half, and ``then``: silence or fin."""
        del context
        return cls(table.whole("cut", 1, low=0, high=259), _choice(table, "then", "silence", ("silence", "fin")))

    def garble(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Cut off the end."""
        del request, fault
        whole = _joined(reply)
        reply.pieces = [(0.0, whole[: max(1, len(whole) - (self.cut or len(whole) // 2))])]
        if self.then == "fin":
            reply.ending = Ending.CLOSE


@dataclass
class LongFrame(WireEffect):
    """Bytes that nobody asked for follow the answer: zeros."""

    kind = "long_frame"
    extra: int = 1

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``extra``, in bytes."""
        del context
        return cls(table.whole("extra", 1, low=1, high=512))

    def garble(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Add zeros."""
        del request, fault
        reply.pieces = [(0.0, _joined(reply) + bytes(self.extra))]


@dataclass
class ByteCountMismatch(ReplyEffect):
    """The answer holds more or fewer bytes than were asked for, and says so in its byte count."""

    kind = "byte_count_mismatch"
    delta: int = -2

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``delta``, in bytes."""
        del context
        return cls(int(table.number("delta", -2, low=-250, high=250)))

    def alter(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Change the length of an answer that is no exception."""
        del request, fault
        if reply.pdu[0] < 0x80:
            content = reply.pdu[2:]
            content = content[: max(0, len(content) + self.delta)] + bytes(max(0, self.delta))
            reply.pdu = bytes((reply.pdu[0], len(content) & 0xFF)) + content


@dataclass
class WrongTransaction(ReplyEffect):
    """The answer carries the transaction id of the question before, zero, a random or always the same one."""

    kind = "wrong_tid"
    transports = MBAP
    mode: str = "prev"
    constant: int = 1
    _before: dict[int, int] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``mode``: prev, zero, random or constant, and ``constant``."""
        del context
        mode = _choice(table, "mode", "prev", ("prev", "zero", "random", "constant"))
        return cls(mode, table.whole("constant", 1, high=65535))

    def alter(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Change the id; with nothing before it, the one before is one less."""
        before = (request.transaction - 1) % 65536
        if self.mode == "prev":
            reply.transaction = before
        elif self.mode == "zero":
            reply.transaction = 0
        elif self.mode == "constant":
            reply.transaction = self.constant
        else:
            # Never the right one by chance.
            reply.transaction = (request.transaction + 1 + int(fault.random() * 65535)) % 65536


@dataclass
class LateReply(ReplyEffect):
    """The answer comes when the next question is already waiting: after a delay, or just before the next answer."""

    kind = "late_reply"
    by_s: float = 1.5
    until_next: bool = False

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``by``, a duration or ``next`` for just before the next answer of the connection."""
        del context
        if "by" in table and table.text("by") == "next":
            return cls(0.0, until_next=True)
        return cls(table.quantity("by", DURATION, "1500ms", low=0.001, high=600))

    def alter(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Hold the answer back."""
        del request, fault
        reply.late_s = self.by_s
        reply.held = self.until_next


@dataclass
class Duplicate(WireEffect):
    """The same answer comes twice."""

    kind = "duplicate_reply"

    def garble(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Repeat it."""
        del request, fault
        whole = _joined(reply)
        reply.pieces = [(0.0, whole), (0.0, whole)]


@dataclass
class WrongUnit(ReplyEffect):
    """The answer carries another unit id."""

    kind = "wrong_unit"
    other: int = 0
    """The unit id; 0: the next one."""

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``other``."""
        del context
        return cls(table.whole("other", 0, high=255))

    def alter(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Change the unit."""
        del fault
        reply.unit = self.other or (request.unit + 1) % 256


@dataclass
class WrongFunction(ReplyEffect):
    """The answer carries another function code: 03 for 04, and the other way round, unless one is given."""

    kind = "wrong_fc"
    other: int = 0
    """The function code; 0: the other one of 03 and 04."""

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``other``."""
        del context
        return cls(table.whole("other", 0, high=127))

    def alter(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Change the function code, and leave the mark of an exception."""
        del fault
        other = self.other or (4 if request.pdu[0] == 3 else 3)
        reply.pdu = bytes((other | (reply.pdu[0] & 0x80),)) + reply.pdu[1:]


@dataclass
class Split(WireEffect):
    """The answer comes in pieces with pauses between, first a single byte; or glued to the next one."""

    kind = "reply_split"
    sizes: tuple[int, ...] = (1,)
    pause_s: float = 0.02
    glue: bool = False

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``first``, bytes of the first piece, ``size`` of the others, ``pause``, and ``mode``: pieces or glue."""
        del context
        first = table.whole("first", 1, low=1, high=259)
        size = table.whole("size", 260, low=1, high=260)
        glue = _choice(table, "mode", "pieces", ("pieces", "glue")) == "glue"
        return cls((first, size), table.quantity("pause", DURATION, "20ms", low=0, high=10), glue)

    def garble(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Divide it, or keep every other one for the next."""
        del fault
        whole = _joined(reply)
        if self.glue:
            if not request.connection.held:
                reply.held = True
            else:
                # One write is one segment.
                reply.pieces = [(0.0, b"".join(request.connection.held) + whole)]
                request.connection.held.clear()
            return
        first, size = self.sizes[0], self.sizes[-1]
        cuts = [0, *range(first, len(whole), size), len(whole)]
        reply.pieces = [(self.pause_s if start else 0.0, whole[start:end]) for start, end in pairwise(cuts)]


@dataclass
class SerialNoise(WireEffect):
    """A bad serial line: bits that flip, a wrong check, an echo of the question, bytes of noise before the answer."""

    kind = "serial_noise"
    transports = SERIAL
    mode: str = "bits"
    ber: float = 1e-5
    """Chance of each bit to flip [1]."""
    noise: bytes = b"\x00\xff"

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``mode``: bits, crc, echo or leading; ``ber``; ``noise`` in hexadecimal digits."""
        del context
        try:
            noise = bytes.fromhex(table.text("noise", "00FF"))
        except ValueError as exc:
            raise table.error("noise", "is not hexadecimal digits", "write two digits a byte") from exc
        mode = _choice(table, "mode", "bits", ("bits", "crc", "echo", "leading"))
        return cls(mode, table.number("ber", 1e-5, low=0, high=1), noise)

    def parameters(self) -> dict[str, object]:
        """Return the parameters by name, in base units."""
        return {"mode": self.mode, "ber": self.ber, "noise": self.noise.hex().upper()}

    def garble(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Spoil it."""
        clean = _joined(reply)
        whole = bytearray(clean)
        if self.mode == "crc":
            if whole.endswith(b"\r\n"):
                # In text it is the last digit: any other one is wrong.
                whole[-3] = ord("0") if whole[-3] != ord("0") else ord("1")
            else:
                whole[-1] ^= 0xFF
        elif self.mode == "echo":
            whole[:0] = request.raw
        elif self.mode == "leading":
            whole[:0] = self.noise
        else:
            for bit in range(8 * len(whole)):
                if fault.random() < self.ber:
                    whole[bit // 8] ^= 1 << bit % 8
        # An answer that came through clean stays in the pieces that it was in.
        if whole != clean:
            reply.pieces = [(0.0, bytes(whole))]


@dataclass
class TwoMasters(WireEffect):
    """Another master's question and its answer are heard on the line before our answer."""

    kind = "two_masters"
    transports = RTU
    other: int = 0
    """The unit that the other master asks; 0: the next one after ours."""

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``other``."""
        del context
        return cls(table.whole("other", 0, high=247))

    def garble(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Put the other conversation in front: as many registers as ours, all holding 0x2222."""
        del fault
        count = max(1, len(request.registers))
        unit = self.other or request.unit % 247 + 1
        question = bytes((unit, 3, 0, 0)) + count.to_bytes(2)
        answer = bytes((unit, 3, (2 * count) & 0xFF)) + b"\x22\x22" * count
        heard = question + crc16(question) + answer + crc16(answer)
        reply.pieces = [(0.0, heard), *reply.pieces]


@dataclass
class HangUp(WireEffect):
    """Instead of an answer the connection is closed (FIN) or cut off (RST)."""

    kind = "hang_up"
    transports = frozenset({"tcp", "tls", "rtu_over_tcp", "ascii_over_tcp"})
    mode: str = "rst"

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``mode``: rst or fin."""
        del context
        return cls(_choice(table, "mode", "rst", ("rst", "fin")))

    def garble(self, request: Request, reply: Reply, fault: Fault) -> None:
        """Send nothing, and end the connection."""
        del request, fault
        reply.pieces = []
        reply.ending = Ending(self.mode)


KINDS: tuple[type[Effect], ...] = (
    ShortFrame,
    LongFrame,
    ByteCountMismatch,
    WrongTransaction,
    LateReply,
    Duplicate,
    WrongUnit,
    WrongFunction,
    Split,
    SerialNoise,
    TwoMasters,
    HangUp,
)
