"""What the ledger has of the plant as a whole, at hand, and the sums of longer windows made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from collector.accounting.intensity import Metal
from collector.accounting.plant_sums import WHOLE_PLANT, PlantSums, plant_total
from collector.accounting.windows import Window
from collector.closing.pages import Pages, wording
from collector.store.commit import LedgerRecord
from collector.store.store import Store


@dataclass(frozen=True, slots=True)
class PlantStated:
    """What the ledger says of an interval, as for a potline.

    ``metal`` is how potlines state their metal, those that do not do so by charge: see `plant_metal`; ``told`` names
    the factors that were told for it, with their revisions.
    """

    sums: PlantSums
    revision: int
    parameters: tuple[str, ...]
    metal: Mapping[str, Metal] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    wording: bytes = b""


class _Body(msgspec.Struct):
    sums: PlantSums
    parameters: tuple[str, ...]
    metal: dict[str, Metal] = {}
    told: tuple[str, ...] = ()


def plant_stated(record: LedgerRecord) -> PlantStated:
    """Return what a record of the plant says."""
    body = msgspec.json.decode(record.body, type=_Body)
    return PlantStated(body.sums, record.revision, body.parameters, body.metal, body.told, wording(record))


class PlantBook(Pages[PlantStated]):
    """The entries in force of the plant as a whole."""

    def __init__(self, store: Store) -> None:
        super().__init__(WHOLE_PLANT, store, plant_stated)

    async def total(self, parts: Iterable[Window]) -> tuple[PlantSums, tuple[str, ...]]:
        """Return the sum of what is stated of some windows, and the digests of all their parameters."""
        known, digests = await self.of(parts)
        return plant_total(entry.sums for entry in known), digests
