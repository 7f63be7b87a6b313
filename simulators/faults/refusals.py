"""Faults that give an exception or nothing where there would be an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from simulators.faults.fault import Context, Effect
from simulators.servers.modbus.pdu import BUSY, ILLEGAL_ADDRESS, ILLEGAL_VALUE, NO_PATH, TARGET_FAILED, exception
from simulators.tables import DURATION

if TYPE_CHECKING:
    from simulators.servers.modbus.exchange import Reply, Request
    from simulators.servers.registers import RegisterMap
    from simulators.tables import Table


@dataclass
class RefusalEffect(Effect, ABC):
    """Decides about a question that a device has heard."""

    @abstractmethod
    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Return the answer: the one given, itself if there is nothing to refuse, changed, or None for silence."""


@dataclass
class AnyException(RefusalEffect):
    """Every question gets one and the same exception, for example 04, or a code that no standard knows."""

    kind = "exception"
    code: int = 0x04

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``code``."""
        del context
        return cls(table.whole("code", 0x04, low=1, high=255))

    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Give the exception."""
        del registers
        reply.pdu = exception(request.pdu[0], self.code)
        return reply


@dataclass
class Busy(RefusalEffect):
    """The device is busy (06): after power-up, or while somebody is in its menu."""

    kind = "exc_06_busy"

    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Give exception 06."""
        del registers
        reply.pdu = exception(request.pdu[0], BUSY)
        return reply


@dataclass
class TargetFailed(RefusalEffect):
    """The gateway has waited in vain for the unit behind it (0B); it answers nobody else meanwhile."""

    kind = "exc_0b_gateway"
    transports = frozenset({"tcp", "tls"})
    after_s: float = 0.0

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``after``, the gateway's own time-out."""
        del context
        return cls(table.quantity("after", DURATION, "0s", low=0, high=60))

    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Give exception 0B, late."""
        del registers
        reply.pdu = exception(request.pdu[0], TARGET_FAILED)
        reply.wait_s += self.after_s
        return reply


@dataclass
class NoPath(RefusalEffect):
    """The gateway has no way to the unit (0A)."""

    kind = "exc_0a_path"
    transports = frozenset({"tcp", "tls"})

    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Give exception 0A."""
        del registers
        reply.pdu = exception(request.pdu[0], NO_PATH)
        return reply


@dataclass
class Gap(RefusalEffect):
    """A block that touches one of these addresses is refused as a whole (02)."""

    kind = "exc_02_gap"
    gaps: tuple[tuple[int, int], ...] = ()

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``gaps``: the first and the last address of each."""
        del context
        rows = table.rows("gaps")
        if not rows:
            raise table.error("gaps", "is missing", "write it as [{ first = 49, last = 53 }]")
        gaps = tuple((row.whole("first", high=65535), row.whole("last", high=65535)) for row in rows)
        for row, (first, last) in zip(rows, gaps, strict=True):
            if last < first:
                raise row.error("last", f"is {last}, before the first, {first}", "exchange them")
            row.refuse_unknown_keys()
        return cls(gaps)

    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Give exception 02 if a gap is touched."""
        del registers
        asked = request.registers
        if any(first < asked.stop and asked.start <= last for first, last in self.gaps):
            reply.pdu = exception(request.pdu[0], ILLEGAL_ADDRESS)
        return reply


@dataclass
class Misaligned(RefusalEffect):
    """A block that begins or ends within a value is refused (02), as is one that is no multiple of the alignment."""

    kind = "exc_02_misaligned"
    align: int = 2

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``align``, in registers."""
        del context
        return cls(table.whole("align", 2, low=1, high=125))

    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Give exception 02 if the block does not fit."""
        asked = request.registers
        if not asked:
            return reply
        whole = len(asked) % self.align == 0
        for register in registers.registers.values() if registers else ():
            inside = range(register.address + 1, register.address + register.width)
            whole = whole and asked.start not in inside and asked.stop not in inside
        if not whole:
            reply.pdu = exception(request.pdu[0], ILLEGAL_ADDRESS)
        return reply


@dataclass
class MostRegisters(RefusalEffect):
    """A block beyond the device's own limit gets an exception, silence, or only its beginning."""

    kind = "max_regs_small"
    limit: int = 11
    answer: str = "02"

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``limit``, in registers, and ``answer``: 02, 03, silence or truncated."""
        del context
        answer = table.text("answer", "02")
        if answer not in _ANSWERS:
            raise table.error("answer", f"is {answer!r}", f"use one of {', '.join(_ANSWERS)}")
        return cls(table.whole("limit", 11, low=1, high=124), answer)

    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Refuse a block that is too long."""
        del registers
        if len(request.registers) <= self.limit:
            return reply
        if self.answer == "silence":
            return None
        if self.answer == "truncated":
            if reply.pdu[0] < 0x80:
                reply.pdu = bytes((reply.pdu[0], 2 * self.limit)) + reply.pdu[2 : 2 + 2 * self.limit]
            return reply
        reply.pdu = exception(request.pdu[0], _ANSWERS[self.answer])
        return reply


_ANSWERS = {"02": ILLEGAL_ADDRESS, "03": ILLEGAL_VALUE, "silence": 0, "truncated": 0}


@dataclass
class OneValue(RefusalEffect):
    """Only exactly one value can be read at a time; anything else is refused (02)."""

    kind = "one_value_per_request"

    def refuse(self, request: Request, reply: Reply, registers: RegisterMap | None) -> Reply | None:
        """Give exception 02 unless exactly one value is asked for."""
        asked = request.registers
        known = registers.registers.values() if registers else ()
        if asked and not any((asked.start, len(asked)) == (one.address, one.width) for one in known):
            reply.pdu = exception(request.pdu[0], ILLEGAL_ADDRESS)
        return reply


KINDS: tuple[type[Effect], ...] = (
    AnyException,
    Busy,
    TargetFailed,
    NoPath,
    Gap,
    Misaligned,
    MostRegisters,
    OneValue,
)
