"""What the ledger has of the plant as a whole, at hand, and the sums of longer windows made of it."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from collector.accounting.intensity import Metal
from collector.accounting.plant_sums import WHOLE_PLANT, PlantSums, plant_total
from collector.accounting.windows import DAY_NS, Window
from collector.store.commit import LedgerRecord
from collector.store.store import Store

_PAGE_NS = {"minute": DAY_NS, "hour": 32 * DAY_NS, "day": 400 * DAY_NS}
_MOST_PAGES = 3


@dataclass(frozen=True, slots=True)
class PlantStated:
    """What the ledger says of an interval: its sums, with which revision, and the digests of its parameters.

    ``metal`` is how potlines state their metal, those that do not do so by charge: see `plant_metal`; ``told`` names
    the factors that were told for it, with their revisions.
    """

    sums: PlantSums
    revision: int
    parameters: tuple[str, ...]
    metal: Mapping[str, Metal] = field(default_factory=dict)
    told: tuple[str, ...] = ()


class _Body(msgspec.Struct):
    sums: PlantSums
    parameters: tuple[str, ...]
    metal: dict[str, Metal] = {}
    told: tuple[str, ...] = ()


def plant_stated(record: LedgerRecord) -> PlantStated:
    """Return what a record of the plant says."""
    body = msgspec.json.decode(record.body, type=_Body)
    return PlantStated(body.sums, record.revision, body.parameters, body.metal, body.told)


class PlantBook:
    """The entries in force of the plant as a whole."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pages: dict[str, OrderedDict[int, dict[int, PlantStated]]] = {name: OrderedDict() for name in _PAGE_NS}

    async def find(self, window: Window) -> PlantStated | None:
        """Return what is stated of a window."""
        if window.name in _PAGE_NS:
            return (await self._page(window.name, window.start_ns)).get(window.start_ns)
        return (await self._read(window.name, window.start_ns, window.start_ns + 1)).get(window.start_ns)

    async def put(self, window: Window, entry: PlantStated) -> None:
        """Note what was just stated."""
        if window.name in _PAGE_NS:
            (await self._page(window.name, window.start_ns))[window.start_ns] = entry

    async def total(self, parts: Iterable[Window]) -> tuple[PlantSums, tuple[str, ...]]:
        """Return the sum of what is stated of some windows, and the digests of all their parameters."""
        entries = [await self.find(part) for part in parts]
        known = [entry for entry in entries if entry is not None]
        digests = {digest for entry in known for digest in entry.parameters}
        return plant_total(entry.sums for entry in known), tuple(sorted(digests))

    async def _page(self, name: str, start_ns: int) -> dict[int, PlantStated]:
        length_ns = _PAGE_NS[name]
        page_ns = start_ns - start_ns % length_ns
        pages = self._pages[name]
        if page_ns not in pages:
            pages[page_ns] = await self._read(name, page_ns, page_ns + length_ns)
            if len(pages) > _MOST_PAGES:
                pages.popitem(last=False)
        pages.move_to_end(page_ns)
        return pages[page_ns]

    async def _read(self, name: str, start_ns: int, end_ns: int) -> dict[int, PlantStated]:
        records = await self._store.latest_records(WHOLE_PLANT, name, start_ns, end_ns)
        return {record.start_ns: plant_stated(record) for record in records}
