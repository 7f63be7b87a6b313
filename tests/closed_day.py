"""A day of the example plant in a store, closed: its inputs are written as cells, without a line before them."""

import dataclasses
import gzip

from example_plant import CONVENTIONS, example_plant

from collector.accounting.production import PotWatch
from collector.accounting.rules import rules
from collector.closing.closer import Closer
from collector.instruments import Instruments
from collector.plant.accuracy import Accuracy
from collector.plant.factors import DatedSeries
from collector.plant.tapping import Tapping
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.quantity import Kind, Quantity
from collector.store.commit import Commit, LedgerRecord
from collector.store.store import Store

DAY = 1_772_294_400_000_000_000
"""2026-03-01 begins in Shanghai, 2026-02-28T16:00Z."""
PLANT = example_plant()
DAY_MIN = 1440
BOOKS = Tapping(
    largest_net_kg=15_000.0,
    books_count=True,
    final=frozenset({"final"}),
    tapped=frozenset({"tapped"}),
    reconciled=frozenset({"tapped+inventory_change"}),
    books_relative_u=0.002,
)
# 40 pots at 400 kA and 160 V, two rectifiers, two services.
_KWH_PER_MIN = {"pl1_dc": 64_000 / 60, "rectifier_1": 32_500 / 60, "rectifier_2": 32_500 / 60}
_SERVICES = {"fume_treatment": 20.0, "compressed_air": 10.0}


def plant_with(*, tapping: Tapping | None = BOOKS, classes: bool = True) -> Plant:
    """Return the example plant with books of its metal, and meters of known classes."""
    plant = PLANT
    potline = plant.potlines[0]
    sure = tuple(dataclasses.replace(v, relative_standard_uncertainty=0.005) for v in potline.current_efficiency.values)
    known = {
        meter.id: Accuracy(meter=0.001, current=0.0006 if meter.id == "pl1_dc" else None) if classes else Accuracy()
        for meter in plant.meters
    }
    meters = tuple(dataclasses.replace(meter, accuracy=known[meter.id]) for meter in plant.meters)
    potline = dataclasses.replace(
        potline,
        weighing_relative_standard_uncertainty=0.0015,
        current_efficiency=DatedSeries("efficiency", sure) if classes else potline.current_efficiency,
    )
    return dataclasses.replace(plant, tapping=tapping, meters=meters, potlines=(potline,))


def cells(plant: Plant) -> dict[tuple[int, int], Cell]:
    """Return the cells of the day: counters that gain the same in each minute, and the line's current."""
    found = {}
    for place, rule in rules(plant).items():
        point = plant.points[place]
        gain = (_KWH_PER_MIN | _SERVICES).get(point.owner, 0.0)
        if point.quantity is Quantity.DC_CHARGE:
            gain = 400 / 60
        for minute in range(-1, DAY_MIN + 1):
            start = DAY + minute * MINUTE_NS
            first = 1e6 + gain * minute if point.quantity.kind is Kind.COUNTER else 400.0
            last = first + gain * 59 / 60 if point.quantity.kind is Kind.COUNTER else 400.0
            integral = 0.0 if point.quantity.kind is Kind.COUNTER else 400.0 * 59.0
            found[place, start] = Cell(start, start, first, start + 59 * 10**9, last, integral, 0.0, 0.0, True, 192)
        assert rule is not None
    return found


def closer_of(plant: Plant, store: Store) -> Closer:
    """Return a closer that waits no grace."""
    return Closer(
        plant,
        store,
        grace_s=0.0,
        conventions=CONVENTIONS,
        least_coverage_pct=90.0,
        pots=PotWatch(plant),
        instruments=Instruments(),
    )


async def closed(plant: Plant, store: Store) -> Closer:
    """Fill the store with the day and close it; return the closer."""
    await store.meta("accounts_since_ns", str(DAY))
    await store.commit(Commit(DAY, cells=cells(plant)))
    closer = closer_of(plant, store)
    await closer.open(DAY)
    await settled(closer, store)
    return closer


async def settled(closer: Closer, store: Store) -> None:
    """Close and state again until there is nothing left to do."""
    now_ns = DAY + DAY_MIN * MINUTE_NS
    while (found := await closer.step(now_ns)) is not None:
        await store.commit(found.commit(now_ns))


async def entries(store: Store, window: str) -> list[LedgerRecord]:
    """Return the entries of windows of a name, in force."""
    return await store.latest_records("PL1", window, DAY - 10**15, DAY + 10**15)


async def lines(store: Store, start: str) -> list[str]:
    """Return the lines in the outbox that begin with a text, in the order in which they were written."""
    records = await store.pending("nobody", most_bytes=1 << 40)
    text = b"".join(gzip.decompress(record.body) for record in records).decode()
    return [line for line in text.splitlines() if line.startswith(start)]
