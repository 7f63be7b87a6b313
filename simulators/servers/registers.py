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

_INTEGER_LIMITS = {
    kind: ((-(2 ** (16 * width - 1)), 2 ** (16 * width - 1)) if kind.startswith("s") else (0, 2 ** (16 * width)))
    for kind, (_, width) in TYPES.items()
    if not kind.startswith("f")
}
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


def _pack(register: Register, raw: float) -> bytes:
    shape, width = TYPES[register.type]
    if register.type == "f32":
        raw = min(max(raw, -_LARGEST_F32), _LARGEST_F32)
    packed = struct.pack(shape, raw)
    if register.low_word_first and width > 1:
        # Words change places, the bytes in a word do not.
        return b"".join(packed[at : at + 2] for at in range(len(packed) - 2, -1, -2))
    return packed


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
        self._registers = tuple(profile.registers.values())
        self._first = min(register.address for register in self._registers)
        size = max(register.address + register.width for register in self._registers) - self._first
        defined = bytearray(size)
        for register in self._registers:
            start = register.address - self._first
            defined[start : start + register.width] = b"\x01" * register.width
        self._defined = bytes(defined)

    def image(self, readout: Readout) -> RegisterImage:
        """Return the registers for a readout; a quantity that this kind of meter does not measure reads 0."""
        content = bytearray(2 * len(self._defined))
        for register in self._registers:
            if register.quantity in readout.counters:
                packed = encode_counter(register, readout.counters[register.quantity])
            else:
                packed = encode_gauge(register, readout.gauges.get(register.quantity, 0.0))
            start = 2 * (register.address - self._first)
            content[start : start + len(packed)] = packed
        return RegisterImage(self._function, self._first, bytes(content), self._defined)
