"""Readouts of meters as Modbus registers: the simulator's own encoder, from value to bytes."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.profile import TYPES

if TYPE_CHECKING:
    from simulators.physics.meter import Readout
    from simulators.profile import Profile, Register


def _limits(kind: str, width: int) -> tuple[int, int]:
    """Return the smallest raw value of an integer type, and the first one beyond the largest."""
    if kind.startswith("mod"):
        return 0, 10_000**width
    return (-(2 ** (16 * width - 1)), 2 ** (16 * width - 1)) if kind.startswith("s") else (0, 2 ** (16 * width))


_INTEGER_LIMITS = {kind: _limits(kind, width) for kind, (_, width) in TYPES.items() if not kind.startswith("f")}
_LARGEST_F32 = 3.4028234663852886e38


def encode_gauge(register: Register, value: float) -> bytes:
    """Return a register's bytes for a momentary value in base units; an integer stops at its type's limits."""
    raw = (value - register.offset) / register.resolution
    if register.type in _INTEGER_LIMITS:
        low, beyond = _INTEGER_LIMITS[register.type]
        return _pack(register, min(max(round(raw), low), beyond - 1))
    return _pack(register, raw)


def encode_counter(register: Register, total: float) -> bytes:
    """Return a register's bytes for a total in base units: whole steps of its resolution, from 0 again at its end."""
    raw = (total - register.offset) / register.resolution
    if register.type in _INTEGER_LIMITS:
        return _pack(register, math.floor(raw) % (register.wraps_at or _INTEGER_LIMITS[register.type][1]))
    return _pack(register, raw % register.wraps_at if register.wraps_at else raw)


def not_available(register: Register) -> bytes:
    """Return the usual bytes for 'there is no value': NaN, the lowest signed or the highest unsigned number."""
    width = register.width
    if register.type.startswith("f"):
        return ordered(register, bytes.fromhex("7FC00000" if width == 2 else "7FF8000000000000"))
    if register.type.startswith("s"):
        return ordered(register, b"\x80" + bytes(2 * width - 1))
    return b"\xff" * (2 * width)


def _pack(register: Register, raw: float) -> bytes:
    shape, width = TYPES[register.type]
    if register.type == "f32":
        raw = min(max(raw, -_LARGEST_F32), _LARGEST_F32)
    if shape:
        packed = struct.pack(shape, raw)
    else:
        digits = [int(raw) // 10_000**place % 10_000 for place in reversed(range(width))]
        packed = struct.pack(f">{width}H", *digits)
    return ordered(register, packed)


def ordered(register: Register, packed: bytes) -> bytes:
    """Return bytes, given with the high word first, in the register's own word order; undoes itself."""
    return swapped_words(packed) if register.low_word_first else packed


def swapped_words(packed: bytes) -> bytes:
    """Return the words in the opposite order; the bytes in a word stay as they are."""
    return b"".join(packed[at : at + 2] for at in range(len(packed) - 2, -1, -2))


@dataclass(frozen=True, slots=True)
class RegisterImage:
    """All registers of one meter at one instant.

    Parameters
    ----------
    function
        The function that reads them, 3 or 4.
    first
        Address of the first register.
    content
        Their bytes, two a register, from ``first`` on without gaps.
    defined
        One byte a register: 1 where the map has something, 0 in the gaps.
    """

    function: int
    first: int
    content: bytes
    defined: bytes

    def read(self, address: int, count: int) -> bytes | None:
        """Return the bytes of ``count`` registers, or None if one of them is not there."""
        start, end = address - self.first, address - self.first + count
        if start < 0 or end > len(self.defined) or 0 in self.defined[start:end]:
            return None
        return self.content[2 * start : 2 * end]


class RegisterMap:
    """The layout of a meter's registers, filled anew with each readout.

    Parameters
    ----------
    profile
        The meter family's map.
    """

    def __init__(self, profile: Profile) -> None:
        self._function = profile.function
        self.registers = profile.registers
        self._first = min(register.address for register in self.registers.values())
        size = max(register.address + register.width for register in self.registers.values()) - self._first
        defined = bytearray(size)
        for register in self.registers.values():
            start = register.address - self._first
            defined[start : start + register.width] = b"\x01" * register.width
        self._defined = bytes(defined)

    def image(self, readout: Readout) -> RegisterImage:
        """Return the registers for a readout.

        A quantity that this kind of meter does not measure reads 0, one that it cannot measure now reads the type's
        mark of that: NaN, the lowest signed or the highest unsigned number.
        """
        content = bytearray(2 * len(self._defined))
        for quantity, register in self.registers.items():
            if quantity in readout.absent:
                packed = not_available(register)
            elif quantity in readout.counters:
                packed = encode_counter(register, readout.counters[quantity])
            else:
                packed = encode_gauge(register, readout.gauges.get(quantity, 0.0))
            self.put(content, register, packed)
        return RegisterImage(self._function, self._first, bytes(content), self._defined)

    def put(self, content: bytearray, register: Register, packed: bytes) -> None:
        """Write a register's bytes into the content of an image of this map."""
        start = 2 * (register.address - self._first)
        content[start : start + len(packed)] = packed

    def get(self, content: bytes | bytearray, register: Register) -> bytes:
        """Return a register's bytes in the content of an image of this map."""
        start = 2 * (register.address - self._first)
        return bytes(content[start : start + 2 * register.width])
