"""A block of registers and its two neighbours, read once or twice: what an unknown map is found out from."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from collector.acquisition.modbus.connection import MeterRefused, MeterSilent, ModbusConnection
from collector.acquisition.modbus.errors import EXCEPTIONS
from collector.acquisition.modbus.plausible import Candidate, Ranking, rank
from collector.plant.profile import BIT_FUNCTIONS

_LAST = 65535
_FAR_MORE = 6.0
"""So many bits more, and the neighbours are far more plausible than what was asked for."""


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

    def shifted(self) -> tuple[tuple[int, Candidate], ...]:
        """Return by how many registers the address seems to be off, and the value that says so; nothing: it is right.

        The block is compared with the blocks of the same length that begin one register earlier and one later.
        """
        worth = self.ranking().worth
        blocks: list[tuple[int, tuple[int, ...]]] = []
        if self.before is not None:
            blocks.append((-1, (self.before, *self.completed[:-1])))
        if self.behind is not None and len(self.words) > 1:
            blocks.append((1, (*self.words[1:], self.behind)))
        found = []
        for shift, words in blocks:
            ranking = rank(words)
            firm = [each for each in ranking.best if each.likelihood in {"very likely", "likely"}]
            if ranking.worth > worth + _FAR_MORE and firm:
                found.append((shift, max(firm, key=lambda each: each.bits)))
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

    async def ask(first: int, number: int) -> tuple[int, ...]:
        answer = await connection.read(function=function, unit=unit, address=first, count=number, whom=f"unit {unit}")
        if function in BIT_FUNCTIONS:
            return tuple(answer.data[place // 8] >> place % 8 & 1 for place in range(number))
        return tuple(int.from_bytes(answer.data[place : place + 2]) for place in range(0, 2 * number, 2))

    async def ask_alone(where: int) -> int | None:
        if not 0 <= where <= _LAST:
            return None
        try:
            return (await ask(where, 1))[0]
        except (MeterRefused, MeterSilent):
            return None

    asked, note = (address, count), ""
    try:
        words = await ask(address, count)
    except MeterRefused as refused:
        for near, number in _near(address, count):
            try:
                words = await ask(near, number)
            except MeterRefused:
                continue
            address, count = near, number
            break
        else:
            raise
        note = f"{asked[0]}+{asked[1]} is refused ({EXCEPTIONS.get(refused.code, 'unknown')}), {_why(asked, (near, number))}"
    if function in BIT_FUNCTIONS:
        return Window(function, address, words, note=note)
    before, behind = await ask_alone(address - 1), await ask_alone(address + count)
    window = Window(function, address, words, before, behind, note=note)
    if twice_s <= 0:
        return window
    # What is compared is read in one request each time: all of it is of one instant.
    number = len(window.completed)
    first = await ask(address, number)
    await asyncio.sleep(twice_s)
    later = await ask(address, number)
    behind = first[count] if number > count else behind
    return Window(function, address, first[:count], before, behind, later, twice_s, note)


def _near(address: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield the blocks to try instead of a refused one: one lower, one higher, then shorter ones."""
    if address > 0:
        yield address - 1, count
    if address + count <= _LAST:
        yield address + 1, count
    while count > 1:
        count //= 2
        yield address, count


def _why(asked: tuple[int, int], near: tuple[int, int]) -> str:
    there = f"{near[0]}+{near[1]} is there"
    if near[0] < asked[0]:
        return f"{there}: the document probably counts from 1, and the wire from 0"
    if near[0] > asked[0]:
        return f"{there}: 1 was probably taken off an address that counts from 0 already"
    return f"{there}: the rest is not, or the device cuts no value in two"
