"""A block of registers and its two neighbours, read once or twice: what an unknown map is found out from."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from collector.acquisition.modbus.connection import MeterRefused, MeterSilent, ModbusConnection
from collector.acquisition.modbus.errors import EXCEPTIONS
from collector.acquisition.modbus.plausible import USUAL_ORDER, Candidate, Ranking, rank
from collector.plant.profile import BIT_FUNCTIONS

_LAST = 65535
_FAR_MORE = 6.0
"""So many bits more, and the neighbours are far more plausible than what was asked for."""
_AS_GOOD = 2.0


@dataclass(frozen=True, slots=True)
class Shift:
    """By how many registers an address may be off, the value that says so, and whether that is far more plausible."""

    by: int
    value: Candidate
    is_better: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Registers (bits: 0 or 1 each) as they came.

    Attributes
    ----------
    function, address : int
        What was asked for.
    words : tuple of int
        The registers from the address on.
    before, behind : int or None
        The register before them and the one behind them; None where the device gives none.
    later : tuple of int
        The completed registers read again; empty: they were not.
    seconds : float
        How much later [s].
    note : str
        Why this is not the block that was asked for; empty: it is.
    """

    function: int
    address: int
    words: tuple[int, ...]
    before: int | None = None
    behind: int | None = None
    later: tuple[int, ...] = ()
    seconds: float = 0.0
    note: str = ""

    @property
    def is_of_bits(self) -> bool:
        """Whether it holds single bits, which have no type and no order."""
        return self.function in BIT_FUNCTIONS

    @property
    def completed(self) -> tuple[int, ...]:
        """The registers, and behind a single one its neighbour: a value may be wider than what was asked for."""
        return self.words if self.behind is None or len(self.words) > 1 else (*self.words, self.behind)

    def ranking(self, *, every_scale: bool = False) -> Ranking:
        """Rank what the registers may hold."""
        return rank(self.completed, self.later, self.seconds, every_scale=every_scale)

    def shifts(self) -> tuple[Shift, ...]:
        """Return by how many registers the address may be off; nothing: it seems right.

        The block is compared with the blocks of the same length that begin one register earlier and one later.
        """
        asked = self.ranking()
        blocks: list[tuple[int, tuple[int, ...]]] = []
        if self.before is not None:
            blocks.append((-1, (self.before, *self.completed[:-1])))
        if self.behind is not None and len(self.words) > 1:
            blocks.append((1, (*self.words[1:], self.behind)))
        found = []
        for by, words in blocks:
            ranking = rank(words)
            firm = [each for each in ranking.best if each.likelihood in {"very likely", "likely"}]
            if not firm or ranking.worth < asked.worth - _AS_GOOD:
                continue
            value = max(firm, key=lambda each: each.bits)
            is_better = ranking.worth > asked.worth + _FAR_MORE
            # The high word of a float says nearly all: it looks right with the word on either side of it. That is worth
            # a note where the order is an unusual one, and would be the usual one a register away.
            is_usual = value.count > 1 and value.follows(USUAL_ORDER)
            if is_better or (is_usual and not any(each.follows(USUAL_ORDER) for each in asked.best)):
                found.append(Shift(by, value, is_better))
        return tuple(found)


async def read_window(
    connection: ModbusConnection, *, function: int, unit: int, address: int, count: int, twice_s: float = 0.0
) -> Window:
    """Read a block with its neighbours; if it is refused, the nearest one that is not.

    Raises
    ------
    EndpointUnreachable, MeterSilent, MeterRefused
        If nothing near it can be read.
    """
    device = _Device(connection, function, unit)
    address, words, note = await device.block_near(address, count)
    count = len(words)
    if function in BIT_FUNCTIONS:
        return Window(function, address, words, note=note)
    before, behind = await device.register(address - 1), await device.register(address + count)
    window = Window(function, address, words, before, behind, note=note)
    if twice_s <= 0:
        return window
    # What is compared is read in one request each time: all of it is of one instant.
    number = len(window.completed)
    first = await device.block(address, number)
    await asyncio.sleep(twice_s)
    later = await device.block(address, number)
    behind = first[count] if number > count else behind
    return Window(function, address, first[:count], before, behind, later, twice_s, note)


@dataclass(frozen=True, slots=True)
class _Device:
    """What is asked, and by which function."""

    connection: ModbusConnection
    function: int
    unit: int

    async def block(self, address: int, count: int) -> tuple[int, ...]:
        answer = await self.connection.read(
            function=self.function, unit=self.unit, address=address, count=count, whom=f"unit {self.unit}"
        )
        if self.function in BIT_FUNCTIONS:
            return tuple(answer.data[place // 8] >> place % 8 & 1 for place in range(count))
        return tuple(int.from_bytes(answer.data[place : place + 2]) for place in range(0, 2 * count, 2))

    async def block_near(self, address: int, count: int) -> tuple[int, tuple[int, ...], str]:
        """Return a block, or the nearest one that is not refused, and why it is another one."""
        try:
            return address, await self.block(address, count), ""
        except MeterRefused as refused:
            for near, number in _near(address, count):
                try:
                    words = await self.block(near, number)
                except MeterRefused:
                    continue
                reason = EXCEPTIONS.get(refused.code, f"exception {refused.code:02X}")
                return near, words, f"{address}+{count} is refused ({reason}), {_why(address, near, number)}"
            raise

    async def register(self, address: int) -> int | None:
        """Return one register, None where the device has none."""
        if not 0 <= address <= _LAST:
            return None
        try:
            return (await self.block(address, 1))[0]
        except (MeterRefused, MeterSilent):
            return None


def _near(address: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield the blocks to try instead of a refused one: one lower, one higher, then shorter ones."""
    if address > 0:
        yield address - 1, count
    if address + count <= _LAST:
        yield address + 1, count
    while count > 1:
        count //= 2
        yield address, count


def _why(asked: int, near: int, number: int) -> str:
    there = f"{near}+{number} is there"
    if near < asked:
        return f"{there}: the document probably counts from 1, and the wire from 0"
    if near > asked:
        return f"{there}: 1 was probably taken off an address that counts from 0 already"
    return f"{there}: the rest is not, or the device cuts no value in two"
