"""Readouts of meters as Modbus registers. Only what somebody asks for is encoded, and only then."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from simulators.physics.derived import value_of
from simulators.quantities import COUNTERS, QUANTITIES
from simulators.register import BIT_FUNCTIONS
from simulators.servers.encoding import (
    limits,
    not_available,
    ordered,
    pack,
    packed_text,
    raw_number,
    whole_counter,
    whole_gauge,
)
from simulators.servers.information import Information, Setup
from simulators.servers.layout import Layout, Plate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from simulators.physics.meter import Rated, Readout
    from simulators.profile import Profile
    from simulators.register import Register
    from simulators.servers.layout import Cell

Gap = Callable[[int, bytes], bytes]
"""Gives the bytes of an address without a meaning, from the address and the bytes that stand before the gap."""


class Image(Protocol):
    """What a device shows at one instant."""

    @property
    def functions(self) -> frozenset[int]:
        """The functions, 1 to 4, that find something."""

    @property
    def plate(self) -> Plate | None:
        """What the device says of itself with function 43/14; None: it does not know that function."""

    def read(self, address: int, count: int, function: int | None = None) -> bytes | None:
        """Return the bytes of ``count`` registers (or bits, low bit first), or None if one of them is not there."""

    def refusal(self, function: int, address: int, count: int) -> int | None:
        """Return the exception with which the device meets a request, whatever is there; None: it does not mind."""


@dataclass(frozen=True, slots=True)
class RegisterImage:
    """Registers as plain bytes, of a device that has no rules.

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

    @property
    def functions(self) -> frozenset[int]:
        """The one function."""
        return frozenset({self.function})

    @property
    def plate(self) -> Plate | None:
        """Nothing."""
        return None

    def read(self, address: int, count: int, function: int | None = None) -> bytes | None:
        """Return the bytes of ``count`` registers, or None if one of them is not there."""
        start, end = address - self.first, address - self.first + count
        if (
            function not in {None, self.function}
            or start < 0
            or end > len(self.defined)
            or 0 in self.defined[start:end]
        ):
            return None
        return self.content[2 * start : 2 * end]

    def refusal(self, function: int, address: int, count: int) -> int | None:
        """Mind nothing."""
        del function, address, count
        return None


class MeterImage:
    """A meter's registers at one instant.

    Parameters
    ----------
    registers
        The map.
    readout
        What the meter shows.
    instead
        Bytes of some cells, by function and address, in place of what they should hold.
    gap
        What addresses without a meaning hold; None: they are not there.
    """

    def __init__(
        self,
        registers: RegisterMap,
        readout: Readout,
        instead: Mapping[tuple[int, int], bytes] | None = None,
        gap: Gap | None = None,
    ) -> None:
        self._map = registers
        self._readout = readout
        self._instead = instead or {}
        self._gap = gap
        self.function = registers.function
        self.functions = registers.layout.functions

    @property
    def plate(self) -> Plate | None:
        """What the device says of itself; None: nothing."""
        return self._map.plate if self._map.setup.identification else None

    def read(self, address: int, count: int, function: int | None = None) -> bytes | None:
        """Return the bytes of ``count`` registers (or bits, low bit first), or None if one of them is not there."""
        function = self.function if function is None else function
        layout = self._map.layout
        if not layout.readable(function, address, count) and not self._filled(function, address, count):
            return None
        cells = layout.cells(function, address, count)
        if function in BIT_FUNCTIONS:
            bits = sum(self.content(cell)[-1] << (cell.address - address) for cell in cells)
            return bits.to_bytes(-(-count // 8), "little")
        words = bytearray(self._between(function, address, count))
        for cell in cells:
            start, content = 2 * (cell.address - address), self.content(cell)
            if start < 0:
                content, start = content[-start:], 0
            words[start : start + len(content)] = content
        # A value that is asked for in part is given in part.
        return bytes(words[: 2 * count])

    def content(self, cell: Cell) -> bytes:
        """Return the bytes of a cell; of a bit, one."""
        key = (cell.function, cell.address)
        if key in self._instead:
            return self._instead[key]
        return self._map.encoded(cell, self._readout)

    def replaced(self, names: Collection[str], change: Callable[[Register, bytes], bytes]) -> MeterImage:
        """Return an image in which registers hold other bytes; both sides of ``change`` have the high word first."""
        instead = dict(self._instead)
        for name in names:
            register = self._map.registers[name]
            cell = self._map.cell(register)
            present = self.content(cell)
            if register.function not in BIT_FUNCTIONS:
                instead[cell.function, cell.address] = ordered(register, change(register, ordered(register, present)))
        return MeterImage(self._map, self._readout, instead, self._gap)

    def with_gaps(self, gap: Gap) -> MeterImage:
        """Return an image in which addresses between registers hold something, too."""
        return MeterImage(self._map, self._readout, self._instead, gap)

    def refusal(self, function: int, address: int, count: int) -> int | None:
        """Return the exception with which the meter meets a request, whatever is there; None: it does not mind."""
        return self._map.layout.refusal(function, address, count)

    def _filled(self, function: int, address: int, count: int) -> bool:
        """Whether a range is within the map, and what is between its registers can be read."""
        if self._gap is None or function not in self.functions:
            return False
        span = self._map.layout.span(function)
        return span.start <= address and address + count <= span.stop

    def _between(self, function: int, address: int, count: int) -> bytes:
        """Return what stands at a range of addresses where no register is."""
        if self._gap is None:
            return bytes(2 * count)
        words = []
        for place in range(address, address + count):
            before = self._map.layout.before(function, place)
            words.append(self._gap(place, self.content(before)[-2:] if before else b"\x00\x00"))
        return b"".join(words)


class RegisterMap:
    """The registers of one meter, filled anew with each readout.

    Parameters
    ----------
    profile
        The meter family's map.
    setup
        How somebody has set it up.
    serial
        The meter's serial number.

    Attributes
    ----------
    registers
        By their names, at the addresses of the wire.
    """

    def __init__(self, profile: Profile, setup: Setup | None = None, serial: int = 1) -> None:
        self.setup = setup or Setup()
        self.plate = Plate(
            title=profile.title or profile.name,
            vendor=profile.vendor or "simulated",
            model=profile.models[0] if profile.models else profile.title or profile.name,
            revision=profile.firmware or "1.0",
            serial=f"{serial:08}",
        )
        self.function = profile.function
        self.layout = Layout(profile, self.setup.base, self.plate)
        self.registers = self.layout.registers
        # What the plant file does not say has the map's default; that it must, is checked when it is read.
        defaults = {name: 1.0 if value is None else value for name, value in profile.constants.items()}
        self._constants = {**defaults, **self.setup.constants}
        self._rests = {name: one.quantity for one in self.registers.values() for name in self._added_by(one)}
        self._known: tuple[tuple[Rated | None, float, float], Information] | None = None

    def image(self, readout: Readout) -> MeterImage:
        """Return the registers for a readout.

        A quantity that this kind of meter does not measure reads 0, one that it cannot measure now reads the mark of
        that.
        """
        return MeterImage(self, readout)

    def cell(self, register: Register) -> Cell:
        """Return where a register is written."""
        return self.layout.at(register.function, register.address)

    def encoded(self, cell: Cell, readout: Readout) -> bytes:
        """Return the bytes of a cell for a readout."""
        if not cell.registers:
            return cell.fixed
        if readout.blank:
            return bytes(2 * cell.width)
        first = cell.registers[0]
        if first.type == "bit":
            return bytes((int(self._raw(first, readout)),))
        if first.bits is None:
            return self._whole(first, readout)
        parts = sum(int(self._raw(one, readout)) << one.bits[0] for one in cell.registers if one.bits)
        return ordered(first, parts.to_bytes(2 * cell.width))

    def _whole(self, register: Register, readout: Readout) -> bytes:
        if register.quantity in readout.absent:
            return not_available(register)
        if register.type == "string":
            return packed_text(register, self._information(readout).text(register))
        return pack(register, self._raw(register, readout))

    def _raw(self, register: Register, readout: Readout) -> float:
        information, name = self._information(readout), register.quantity
        counts = name in COUNTERS or name in self._rests
        raw = raw_number(register, self._value(register, readout, information), information.numbers)
        if not counts or register.plus:
            # What is added to it has been taken off in whole steps.
            return whole_gauge(register, math.floor(raw + 1e-6) if counts and limits(register) else raw)
        return whole_counter(register, raw)

    def _value(self, register: Register, readout: Readout, information: Information) -> float:
        """Return what a register shows by itself, in base units, without what is added to it."""
        name = register.quantity
        whole = self._rests.get(name)
        if whole is not None:
            return self._shares(self.registers[whole], readout)[name]
        if register.plus and self._added_by(register):
            return self._shares(register, readout)[name]
        if register.information and (name in self.setup.information or register.expect or name not in QUANTITIES):
            return information.value(register)
        return value_of(readout, name) - sum(value_of(readout, other) for other in register.plus)

    def _added_by(self, register: Register) -> list[str]:
        """Return the information registers that hold a part of a quantity."""
        return [name for name in register.plus if self.registers[name].information]

    def _shares(self, register: Register, readout: Readout) -> dict[str, float]:
        """Divide a quantity among its own register and those that are added: the coarsest takes all it can."""
        others = [name for name in register.plus if not self.registers[name].information]
        rest = value_of(readout, register.quantity) - sum(value_of(readout, name) for name in others)
        shares: dict[str, float] = {}
        parts = [register, *(self.registers[name] for name in self._added_by(register))]
        for part in sorted(parts, key=lambda one: -one.resolution):
            step = abs(part.resolution)
            shares[part.quantity] = math.floor(rest / step + 1e-9) * step
            rest -= shares[part.quantity]
        return shares

    def _information(self, readout: Readout) -> Information:
        ratios = (value_of(readout, "ct_ratio"), value_of(readout, "vt_ratio"))
        key = (readout.rated, *ratios)
        if self._known is None or readout.rated is None or self._known[0] != key:
            told = self.setup.information
            known = Information(self.registers, self._constants, told, self.plate, readout)
            self._known = (key, known)
        return self._known[1]
