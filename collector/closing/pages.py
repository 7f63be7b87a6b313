"""Entries of the ledger in force, at hand: loaded page by page when they are asked for, and let go of again.

Invariants
----------
* What was just stated is at hand until the store has it, also where its page was let go of meanwhile.
* What is held does not grow with the time that a collector lives: so many pages of each kind of window.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from collector.accounting.windows import DAY_NS, HOUR_NS, Window
from collector.store import ledger
from collector.store.commit import LedgerRecord
from collector.store.store import Store

_LENGTH_NS = {
    "minute": HOUR_NS,
    "hour": 8 * DAY_NS,
    "shift": 32 * DAY_NS,
    "day": 400 * DAY_NS,
    "month": 400 * DAY_NS,
}
_MOST_PAGES = {"minute": 6, "hour": 6, "shift": 3, "day": 3, "month": 3}
"""Pages that are held. A minute takes 2 kB, and hours are made of those of the last one; thirty days, which are stated
anew each hour, have hours of five pages."""

_MOST_SUPPOSED = 5760
"""Who only rehearses writes nothing, day by day: of each kind of window so many are held then, four days of minutes."""


class Said(Protocol):
    """What the ledger says of an interval: at least, with which parameters."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The digests of the parameters."""


def wording(record: LedgerRecord) -> bytes:
    """Return a digest by which it is known whether a window would be stated to the byte as it is; empty for a minute.

    What was stated a moment ago may not be in the store yet: so it is kept with what is at hand.
    """
    return b"" if record.window == "minute" else hashlib.blake2b(record.body, digest_size=16).digest()


_S = TypeVar("_S", bound=Said)


class Pages(Generic[_S]):
    """The entries in force of a potline, or of the plant as a whole.

    Parameters
    ----------
    potline
        Whose; the empty name is the plant's.
    store
        Where they are.
    read
        What a record of them says.
    """

    def __init__(self, potline: str, store: Store, read: Callable[[LedgerRecord], _S]) -> None:
        self._potline = potline
        self._store = store
        self._read = read
        self._pages: dict[str, OrderedDict[int, dict[int, _S]]] = {name: OrderedDict() for name in _LENGTH_NS}
        self._unwritten: dict[str, dict[int, _S]] = {name: {} for name in _LENGTH_NS}

    def written(self) -> None:
        """Take all that was stated until now to be in the store."""
        for unwritten in self._unwritten.values():
            unwritten.clear()

    async def find(self, window: Window) -> _S | None:
        """Return what is stated of a window."""
        return (await self.page(window.name, window.start_ns)).get(window.start_ns)

    async def put(self, window: Window, entry: _S) -> None:
        """Note what was just stated: see ``written``."""
        (await self.page(window.name, window.start_ns))[window.start_ns] = entry
        unwritten = self._unwritten[window.name]
        unwritten[window.start_ns] = entry
        if len(unwritten) > _MOST_SUPPOSED:
            del unwritten[next(iter(unwritten))]

    async def of(self, parts: Iterable[Window]) -> tuple[list[_S], tuple[str, ...]]:
        """Return what is stated of some windows, and the digests of all their parameters."""
        entries = [await self.find(part) for part in parts]
        known = [entry for entry in entries if entry is not None]
        digests = {digest for entry in known for digest in entry.parameters}
        return known, tuple(sorted(digests))

    async def page(self, name: str, start_ns: int) -> dict[int, _S]:
        """Return the windows of a name of the page that a time lies in, by their start."""
        length_ns = _LENGTH_NS[name]
        page_ns = start_ns - start_ns % length_ns
        pages = self._pages[name]
        if page_ns not in pages:
            page = await self._stated(name, page_ns, page_ns + length_ns)
            unwritten = self._unwritten[name].items()
            pages[page_ns] = page | {start: entry for start, entry in unwritten if 0 <= start - page_ns < length_ns}
            if len(pages) > _MOST_PAGES[name]:
                pages.popitem(last=False)
        pages.move_to_end(page_ns)
        return pages[page_ns]

    async def _stated(self, name: str, start_ns: int, end_ns: int) -> dict[int, _S]:
        # Decoded on the store's thread: a page of minutes would hold up the event loop.
        return await self._store.ask(
            lambda db: {
                record.start_ns: self._read(record)
                for record in ledger.latest_records(db, self._potline, name, start_ns, end_ns)
            }
        )
