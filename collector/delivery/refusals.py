"""What a database refuses: the very lines are found by halving, and kept with its own words.

Of lines that are older than the database keeps anything, it says how many they were. They are put in the order of time
before they are halved, so that a few requests tell them from the others, however many they are.
"""

import asyncio
import gzip
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from collector.clock import Clock
from collector.readings.outgoing import DeadLetter

_TOO_OLD = re.compile(r"retention", re.IGNORECASE)
_DROPPED = re.compile(r"dropped[= ](\d+)")
_LINES_A_LETTER = 1000
TOO_LARGE = "413"
"""How the words of a refusal begin that is about the size of a body."""
_SMALL_BYTES = 4096
"""A line that is smaller is too large for nobody: who says so is out of order, and the line is not lost for it."""


class SinkUnavailable(Exception):
    """The database cannot take anything now. What it was offered stays in the outbox."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SinkRefused(Exception):
    """The database refuses something in this body for good, in its own words."""


class Sink(Protocol):
    """A database that takes line protocol."""

    async def write(self, body: bytes) -> None:
        """Write line protocol, gzip-compressed.

        Raises
        ------
        SinkUnavailable, SinkRefused
        """
        ...


def lines_in(letters: Iterable[DeadLetter]) -> int:
    """Return how many lines dead letters hold."""
    return sum(letter.body.count(b"\n") + 1 for letter in letters)


def cause_of(letter: DeadLetter) -> str:
    """Return in a word or two why lines are dead: too old for the database, or as it says."""
    return "too old" if _TOO_OLD.search(letter.reason) else "by database"


class Refusals:
    """Writes what can be written of a body in which a database refuses something."""

    def __init__(self, name: str, sink: Sink, clock: Clock) -> None:
        self._name = name
        self._sink = sink
        self._clock = clock

    async def of(self, body: bytes) -> list[DeadLetter]:
        """Write what can be written of a record; return the lines that cannot, with the database's words.

        Raises
        ------
        SinkUnavailable
            If the database fails halfway.
        """
        try:
            await self._sink.write(body)
        except SinkRefused as exc:
            return await self._halved(await asyncio.to_thread(_unpacked, body), str(exc))
        return []

    async def _halved(self, lines: Sequence[bytes], reason: str) -> list[DeadLetter]:
        if len(lines) <= 1 and reason.startswith(TOO_LARGE) and sum(map(len, lines)) < _SMALL_BYTES:
            what = (
                f"write to {self._name}: a single line of {sum(map(len, lines))} bytes is called too large ({reason})"
            )
            raise SinkUnavailable(f"{what}; raise the limit of what stands before the database, or of the database")
        if len(lines) <= 1 or _are_all_too_old(lines, reason):
            return list(self._letters(lines, reason))
        if _TOO_OLD.search(reason):
            lines = await asyncio.to_thread(sorted, lines, key=_time_ns)
        middle = len(lines) // 2
        dead = []
        for half in (lines[:middle], lines[middle:]):
            try:
                await self._sink.write(await asyncio.to_thread(_packed, half))
            except SinkRefused as exc:
                dead += await self._halved(half, str(exc))
        return dead

    def _letters(self, lines: Sequence[bytes], reason: str) -> Iterator[DeadLetter]:
        for first in range(0, len(lines), _LINES_A_LETTER):
            body = b"\n".join(lines[first : first + _LINES_A_LETTER])
            yield DeadLetter(self._clock.now_ns(), "delivery", self._name, body, reason)


def _are_all_too_old(lines: Sequence[bytes], reason: str) -> bool:
    dropped = _DROPPED.search(reason)
    return _TOO_OLD.search(reason) is not None and dropped is not None and int(dropped[1]) == len(lines)


def _time_ns(line: bytes) -> int:
    """Return the time of a line; of what is no line, one before all others, for it is refused for another reason."""
    try:
        return int(line.rpartition(b" ")[2])
    except ValueError:
        return -(1 << 63)


def _unpacked(body: bytes) -> list[bytes]:
    return [line for line in gzip.decompress(body).split(b"\n") if line]


def _packed(lines: Sequence[bytes]) -> bytes:
    return gzip.compress(b"\n".join(lines) + b"\n", compresslevel=1, mtime=0)
