"""Where a meter's registers lie on the wire, and what it refuses to be asked. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulators.profile import Reading
from simulators.register import BIT_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulators.profile import Profile, Rules
    from simulators.register import Register

ILLEGAL_ADDRESS, ILLEGAL_VALUE = 0x02, 0x03

SUNSPEC_START = 40_000
SUNSPEC_COMMON_LENGTH = 66
_SUNSPEC_LENGTHS = {
    **dict.fromkeys((101, 102, 103), 50),
    **dict.fromkeys((111, 112, 113), 60),
    **dict.fromkeys((201, 202, 203, 204), 105),
    **dict.fromkeys((211, 212, 213, 214), 124),
}
"""Registers of a model, its own header apart; of other models as many as the map has."""

_MODEL_START = SUNSPEC_START + 2 + 2 + SUNSPEC_COMMON_LENGTH


@dataclass(frozen=True, slots=True)
class Cell:
    """Registers that are written together: one value, or the parts of one integer; or words that never change."""

    function: int
    address: int
    width: int
    registers: tuple[Register, ...]
    fixed: bytes = b""

    @property
    def end(self) -> int:
        """The first address behind."""
        return self.address + self.width


@dataclass(frozen=True, slots=True)
class Plate:
    """What a meter says of itself in words."""

    title: str
    vendor: str
    model: str
    revision: str
    serial: str


class Layout:
    """A map at its place.

    Parameters
    ----------
    profile
        The meter family's map.
    base
        Is added to every address.
    plate
        For the common model of SunSpec.

    Attributes
    ----------
    registers
        By their names, at the addresses of the wire.
    functions
        Those that find something, 1 to 4.
    """

    def __init__(self, profile: Profile, base: int, plate: Plate) -> None:
        model = profile.sunspec
        by = base + (0 if model is None else _MODEL_START)
        self.registers = {name: replace(one, address=one.address + by) for name, one in profile.registers.items()}
        self._rules = _moved(profile.rules, by)
        cells = list(_cells(self.registers))
        ranges = [(function, start, end) for function, start, end in _readable(cells, self._rules, profile.function)]
        if model is not None:
            fixed = list(_sunspec(profile, model, base, plate))
            taken = {(cell.function, address) for cell in cells for address in range(cell.address, cell.end)}
            cells += [cell for cell in fixed if (cell.function, cell.address) not in taken]
            ranges.append((profile.function, fixed[0].address, fixed[-1].end))
        self.functions = frozenset(cell.function for cell in cells)
        self._cells = {function: sorted_cells(cells, function) for function in self.functions}
        self._at = {(cell.function, cell.address): cell for cell in cells}
        self._starts = {function: [cell.address for cell in found] for function, found in self._cells.items()}
        self._readable = {function: _merged(ranges, function) for function in self.functions}

    def cells(self, function: int, address: int, count: int) -> list[Cell]:
        """Return what lies within a range, whole or in part; of a device that gives one value at a time, that value."""
        if self._rules.reading is Reading.ONE_VALUE:
            return [self._at[function, address]] if (function, address) in self._at else []
        starts = self._starts.get(function, [])
        first = max(0, bisect_right(starts, address) - 1)
        found = []
        for cell in self._cells.get(function, [])[first:]:
            if cell.address >= address + count:
                break
            if cell.end > address:
                found.append(cell)
        return found

    def at(self, function: int, address: int) -> Cell:
        """Return what begins at an address."""
        return self._at[function, address]

    def before(self, function: int, address: int) -> Cell | None:
        """Return the last cell that ends at or before an address."""
        place = bisect_right(self._starts.get(function, []), address - 1)
        return self._cells[function][place - 1] if place else None

    def span(self, function: int) -> range:
        """Return all the addresses from the first to the last that mean something."""
        cells = self._cells[function]
        return range(cells[0].address, max(cell.end for cell in cells))

    def readable(self, function: int, address: int, count: int) -> bool:
        """Whether every address of a range is there."""
        return any(start <= address and address + count <= end for start, end in self._readable.get(function, []))

    def refusal(self, function: int, address: int, count: int) -> int | None:
        """Return the exception with which the device meets a request, whatever is there; None: it does not mind."""
        if function in BIT_FUNCTIONS:
            return None
        if count > self._rules.max_registers:
            return ILLEGAL_VALUE
        return None if self._allowed(function, address, count) else ILLEGAL_ADDRESS

    def _allowed(self, function: int, address: int, count: int) -> bool:
        rules, end = self._rules, address + count
        if rules.align == 2 and (address % 2 or count % 2):
            return False
        if any(first < end and address <= last for first, last in rules.holes):
            return False
        touched = [(start, length) for start, length in rules.blocks if start < end and address < start + length]
        if touched:
            return touched == [(address, count)]
        if rules.reading is Reading.ONE_VALUE:
            cells = self.cells(function, address, count)
            return [(cell.address, cell.width) for cell in cells] == [(address, count)]
        return rules.reading is not Reading.DECLARED


def _moved(rules: Rules, by: int) -> Rules:
    return replace(
        rules,
        blocks=tuple((first + by, count) for first, count in rules.blocks),
        holes=tuple((first + by, last + by) for first, last in rules.holes),
    )


def _cells(registers: Mapping[str, Register]) -> Iterator[Cell]:
    together: dict[tuple[int, int], list[Register]] = {}
    for register in registers.values():
        together.setdefault((register.function, register.address), []).append(register)
    for (function, address), found in together.items():
        yield Cell(function, address, found[0].width, tuple(found))


def sorted_cells(cells: list[Cell], function: int) -> list[Cell]:
    """Return those of a function in the order of their addresses."""
    return sorted((cell for cell in cells if cell.function == function), key=lambda cell: cell.address)


def _readable(cells: list[Cell], rules: Rules, function: int) -> Iterator[tuple[int, int, int]]:
    """Give out the ranges that a request may touch: what means something, short gaps between, and whole blocks."""
    for one in {cell.function for cell in cells}:
        before: Cell | None = None
        for cell in sorted_cells(cells, one):
            aligned = one not in BIT_FUNCTIONS and rules.align == 2
            start, end = (cell.address // 2 * 2, (cell.end + 1) // 2 * 2) if aligned else (cell.address, cell.end)
            if before is not None and cell.address - before.end <= rules.max_gap:
                start = min(start, before.end)
            yield one, start, end
            before = cell
    for start, count in rules.blocks:
        yield function, start, start + count


def _merged(ranges: list[tuple[int, int, int]], function: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((start, end) for one, start, end in ranges if one == function):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _sunspec(profile: Profile, model: int, base: int, plate: Plate) -> Iterator[Cell]:
    """Give out the mark, the common model, the model's header, what it leaves out, and the end mark."""
    used = max(register.address + register.width for register in profile.registers.values())
    length = _SUNSPEC_LENGTHS.get(model, max(0, used - 2))
    common = b"".join(
        text.encode("latin-1", "replace")[: 2 * width].ljust(2 * width, b"\x00")
        for text, width in ((plate.vendor, 16), (plate.model, 16), ("", 8), (plate.revision, 8), (plate.serial, 16))
    )
    head = b"SunS" + (1).to_bytes(2) + SUNSPEC_COMMON_LENGTH.to_bytes(2)
    # Device address 1, and a register to make the number even.
    words = head + common + b"\x00\x01\x80\x00" + model.to_bytes(2) + length.to_bytes(2)
    # What the meter does not have of the model is 'not implemented'.
    words += b"\x80\x00" * length + b"\xff\xff\x00\x00"
    for place in range(0, len(words), 2):
        yield Cell(profile.function, base + SUNSPEC_START + place // 2, 1, (), words[place : place + 2])
