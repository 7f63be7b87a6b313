"""Faults of registers as bytes: marks of missing values, words in another order, values torn between two instants."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from simulators.faults.fault import Context, Effect
from simulators.quantities import COUNTERS
from simulators.servers.encoding import ordered, swapped_words

if TYPE_CHECKING:
    from collections.abc import Collection

    from simulators.profile import Register
    from simulators.servers.registers import MeterImage, RegisterMap
    from simulators.tables import Table

_SIGNED = {"ones": "FF", "highest": "7F", "lowest": "80"}


@dataclass
class RawEffect(Effect, ABC):
    """Changes the bytes of registers."""

    def change(self, image: MeterImage, registers: RegisterMap, quantities: Collection[str]) -> MeterImage:
        """Return other registers; by default ``bytes_of`` is asked for the bytes of each one."""
        del registers
        return image.replaced(quantities, self.bytes_of)

    @abstractmethod
    def bytes_of(self, register: Register, present: bytes) -> bytes:
        """Return a register's bytes instead of the present ones, both with the high word first."""


@dataclass
class NotANumber(RawEffect):
    """A float register holds NaN, its negative, or an infinity."""

    kind = "nan_float"
    value: str = "nan"
    _BITS: ClassVar[dict[str, tuple[str, str]]] = {
        "nan": ("7FC00000", "7FF8000000000000"),
        "-nan": ("FFC00000", "FFF8000000000000"),
        "inf": ("7F800000", "7FF0000000000000"),
        "-inf": ("FF800000", "FFF0000000000000"),
    }

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``value``: nan, -nan, inf or -inf."""
        del context
        value = table.text("value", "nan")
        if value not in cls._BITS:
            raise table.error("value", f"is {value!r}", f"use one of {', '.join(cls._BITS)}")
        return cls(value)

    def bytes_of(self, register: Register, present: bytes) -> bytes:
        """Return the bits, for a float."""
        short, long = self._BITS[self.value]
        return {"f32": bytes.fromhex(short), "f64": bytes.fromhex(long)}.get(register.type, present)


@dataclass
class PseudoNan(RawEffect):
    """A float register holds 0x80008000: meant as 'not available', but a tiny negative number to a decoder."""

    kind = "pseudo_nan"

    def bytes_of(self, register: Register, present: bytes) -> bytes:
        """Return the bits, for a float32."""
        return bytes.fromhex("80008000") if register.type == "f32" else present


@dataclass
class Sentinel(RawEffect):
    """An integer register holds a number that means 'not available'."""

    kind = "sentinel_int"
    pattern: str = ""
    """ones (FFFF), highest (7FFF), lowest (8000); empty: ones if unsigned, lowest if signed."""

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``pattern``."""
        del context
        if "pattern" not in table:
            return cls()
        pattern = table.text("pattern")
        if pattern not in _SIGNED:
            raise table.error("pattern", f"is {pattern!r}", f"use one of {', '.join(_SIGNED)}")
        return cls(pattern)

    def bytes_of(self, register: Register, present: bytes) -> bytes:
        """Return the pattern, for an integer."""
        if register.type.startswith("f"):
            return present
        pattern = self.pattern or ("lowest" if register.type.startswith("s") else "ones")
        rest = b"\x00" if pattern == "lowest" else b"\xff"
        return bytes.fromhex(_SIGNED[pattern]) + rest * (len(present) - 1)


@dataclass
class WordSwap(RawEffect):
    """Another order of words and bytes than the family's: ABCD, CDAB, BADC or DCBA."""

    kind = "word_swap"
    order: str = ""
    """Empty: the opposite word order of the map's."""

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``order``."""
        del context
        if "order" not in table:
            return cls()
        order = table.text("order")
        if order not in {"ABCD", "CDAB", "BADC", "DCBA"}:
            raise table.error("order", f"is {order!r}", "use one of ABCD, CDAB, BADC, DCBA")
        return cls(order)

    def bytes_of(self, register: Register, present: bytes) -> bytes:
        """Return the bytes in the other order, if there is more than one word."""
        if register.width == 1:
            return present
        order = self.order or ("ABCD" if register.low_word_first else "CDAB")
        wanted = swapped_words(present) if order in {"CDAB", "DCBA"} else present
        if order in {"BADC", "DCBA"}:
            wanted = bytes(wanted[at ^ 1] for at in range(len(wanted)))
        # What is returned will be put into the map's order.
        return ordered(register, wanted)


@dataclass
class Torn(RawEffect):
    """A counter of several registers is read while it is being written: its low word is new, the one above is old.

    It is as if the low word had just been carried over: the value is short of 65536 steps, or has that many too much.
    """

    kind = "register_tearing"
    carry: int = -1

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``carry``: -1 for too little, 1 for too much."""
        del context
        carry = int(table.number("carry", -1, low=-1, high=1))
        if not carry:
            raise table.error("carry", "is 0", "use -1 or 1")
        return cls(carry)

    def change(self, image: MeterImage, registers: RegisterMap, quantities: Collection[str]) -> MeterImage:
        """Tear counters only."""
        return RawEffect.change(self, image, registers, COUNTERS.intersection(quantities))

    def bytes_of(self, register: Register, present: bytes) -> bytes:
        """Return the words above the lowest one less, or one more."""
        if register.width == 1 or register.type.startswith("mod"):
            return present
        above = (int.from_bytes(present[:-2]) + self.carry) % (1 << 8 * (len(present) - 2))
        return above.to_bytes(len(present) - 2) + present[-2:]


@dataclass
class DigitsTorn(RawEffect):
    """Two words of four decimal digits each are of different instants, or one of them is beyond 9999."""

    kind = "mod10000_tearing"
    mode: str = "back"

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``mode``: back (the high word is old) or beyond (the low word is not yet carried over)."""
        del context
        mode = table.text("mode", "back")
        if mode not in {"back", "beyond"}:
            raise table.error("mode", f"is {mode!r}", "use back or beyond")
        return cls(mode)

    def bytes_of(self, register: Register, present: bytes) -> bytes:
        """Return the digits torn apart."""
        if not register.type.startswith("mod"):
            return present
        high, low = int.from_bytes(present[-4:-2]), int.from_bytes(present[-2:])
        high = max(0, high - 1)
        low = low + 10_000 if self.mode == "beyond" else low
        return present[:-4] + high.to_bytes(2) + low.to_bytes(2)


@dataclass
class GapGarbage(RawEffect):
    """Reserved addresses inside the map are no error: they read 0, 0xFFFF or something old."""

    kind = "gap_garbage"
    fill: str = "zeros"
    _old: dict[int, bytes] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``fill``: zeros, ones or stale."""
        del context
        fill = table.text("fill", "zeros")
        if fill not in {"zeros", "ones", "stale"}:
            raise table.error("fill", f"is {fill!r}", "use zeros, ones or stale")
        return cls(fill)

    def bytes_of(self, register: Register, present: bytes) -> bytes:
        """Leave registers alone that mean something."""
        del register
        return present

    def change(self, image: MeterImage, registers: RegisterMap, quantities: Collection[str]) -> MeterImage:
        """Fill the gaps; stale ones hold what stood in the register before them when the fault first struck."""
        del registers, quantities
        return image.with_gaps(self._filling)

    def _filling(self, address: int, before: bytes) -> bytes:
        filling = {"zeros": b"\x00\x00", "ones": b"\xff\xff"}.get(self.fill)
        return filling or self._old.setdefault(address, before)


KINDS: tuple[type[Effect], ...] = (
    NotANumber,
    PseudoNan,
    Sentinel,
    WordSwap,
    Torn,
    DigitsTorn,
    GapGarbage,
)
