"""Days and months of the plant as a whole by the metal that its potlines weighed."""

import dataclasses
import re
from pathlib import Path

import msgspec
import pytest
from closed_day import BOOKS, DAY, DAY_MIN, cells, closer_of, lines, plant_with
from plantwide_story import PLANT as PLANTWIDE

from collector.accounting.metal_basis import MetalBasis
from collector.accounting.plant_sums import WHOLE_PLANT
from collector.closing.closer import Closer
from collector.closing.plant_book import plant_stated
from collector.closing.plant_closer import PlantCloser
from collector.instruments import Instruments
from collector.plant.accuracy import Accuracy
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS
from collector.readings.event import Production
from collector.store.commit import Commit, LedgerRecord
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

FARADAY_T = 0.3355727277 * 0.935 * 400 * 24 * 40 / 1000
"""120.48 t: what the charge of the day makes in 40 pots."""
TOLD = {("PL1", DAY): "tonnes were told or corrected"}


def plant() -> Plant:
    """Return the plant with books and classes of its own meters, and those of the whole plant."""
    own = plant_with()
    more = tuple(
        dataclasses.replace(meter, accuracy=Accuracy(whole=0.005))
        for meter in PLANTWIDE.meters
        if meter.id in {"casthouse", "cranes"}
    )
    return dataclasses.replace(own, meters=(*own.meters, *more), tapping=BOOKS)


def production(kg: float, rank: int = 0) -> Production:
    return Production("MES-1", rank, "PL1", DAY, "2026-03-01", kg, "tapped+inventory_change", "final")


async def opened(plant: Plant, store: Store) -> tuple[Closer, PlantCloser]:
    await store.meta("accounts_since_ns", str(DAY))
    await store.commit(Commit(DAY, cells=cells(plant)))
    closer = closer_of(plant, store)
    await closer.open(DAY)
    instruments = Instruments()
    whole = PlantCloser(plant, store, closer, longest_gap_s=60.0, least_coverage_pct=90.0, instruments=instruments)
    await whole.open(DAY - MINUTE_NS)
    return closer, whole


async def settled(closer: Closer, whole: PlantCloser, store: Store) -> None:
    """Close and state again until there is nothing left to do, as the line does it."""
    now_ns = DAY + DAY_MIN * MINUTE_NS
    busy = True
    while busy:
        of_lines = await closer.step(now_ns)
        if of_lines is not None:
            marks, touched = whole.marks_of(of_lines.records), whole.touched_by_tonnes(of_lines.records)
            await store.commit(dataclasses.replace(of_lines.commit(now_ns), dirty=marks, touched=touched))
        of_plant = await whole.step()
        if of_plant is not None:
            await store.commit(of_plant.commit(now_ns))
        busy = of_lines is not None or of_plant is not None


async def day_of(store: Store) -> LedgerRecord:
    [found] = await store.latest_records(WHOLE_PLANT, "day", DAY, DAY + 1)
    return found


def field(line: str, name: str) -> float:
    found = re.search(rf"[ ,]{name}=([0-9.e+-]+)i?", line)
    assert found is not None, line
    return float(found[1])


LIQUID = "energy_intensity,boundary=liquid_comprehensive_ac,plant=example,window=day "


async def test_tonnes_that_are_told_late_restate_the_plants_day_with_their_basis_and_uncertainty(
    tmp_path: Path,
) -> None:
    made = plant()
    async with Store(tmp_path / "s.sqlite", made.points) as store:
        closer, whole = await opened(made, store)
        await settled(closer, whole, store)
        before = await day_of(store)
        hours = await store.latest_records(WHOLE_PLANT, "hour", DAY, DAY + 10**15)
        await store.commit(Commit(DAY, events=[production(119_000.0)], touched=TOLD))
        await settled(closer, whole, store)
        after = await day_of(store)
        assert await store.latest_records(WHOLE_PLANT, "hour", DAY, DAY + 10**15) == hours
        assert await store.ask(lambda db: db.execute("SELECT count(*) FROM dirty").fetchone()[0]) == 0
        by_charge, by_weight = await lines(store, LIQUID)

    assert (before.revision, after.revision) == (1, 2)
    assert after.reason == "a potline states other tonnes"
    assert plant_stated(before).metal == {}
    assert plant_stated(after).sums == plant_stated(before).sums
    assert plant_stated(after).metal["PL1"].basis is MetalBasis.RECONCILED
    # The books state it with 0.2 %.
    assert msgspec.json.decode(after.body)["metal_standard_uncertainty_t"] == pytest.approx(0.238)
    assert 'metal_basis="faraday"' in by_charge
    assert 'metal_basis="reconciled"' in by_weight
    assert field(by_charge, "metal_t") == pytest.approx(FARADAY_T, rel=1e-8)
    assert field(by_weight, "metal_t") == pytest.approx(119.0, rel=1e-9)
    kwh = (65_000 + (20 + 10) * 60) * 24
    assert field(by_weight, "kwh_per_t") == pytest.approx(kwh / 119.0, rel=1e-9)
    # Two rectifiers and two services of 0.1 % each, beside the metal's 0.2 %: cranes stand still.
    classes = (2 * 32_500**2 + 1_200**2 + 600**2) ** 0.5 * 0.001 / (65_000 + 1_800)
    expected = 2 * (classes**2 + 0.002**2) ** 0.5
    assert field(by_weight, "kwh_per_t_u95") == pytest.approx(field(by_weight, "kwh_per_t") * expected, rel=1e-4)


async def test_the_same_word_again_is_no_revision_and_a_correction_is_one(tmp_path: Path) -> None:
    made = plant()
    async with Store(tmp_path / "s.sqlite", made.points) as store:
        closer, whole = await opened(made, store)
        revisions = []
        for told in (production(119_000.0), production(119_000.0), production(120_000.0, rank=1)):
            await store.commit(Commit(DAY, events=[told], touched=TOLD))
            await settled(closer, whole, store)
            revisions.append((await day_of(store)).revision)
    assert revisions == [1, 1, 2]


async def test_windows_are_owed_for_tonnes_though_their_minute_waits_and_turns_out_to_say_the_same(
    tmp_path: Path,
) -> None:
    """A minute is marked for a late reading; before it is accounted, the tonnes of its day are told."""
    made = plant()
    async with Store(tmp_path / "s.sqlite", made.points) as store:
        closer, whole = await opened(made, store)
        await settled(closer, whole, store)
        await store.commit(Commit(DAY, dirty={("PL1", DAY): "readings came late"}))
        await store.commit(Commit(DAY, events=[production(119_000.0)], touched=TOLD))
        await settled(closer, whole, store)
        assert (await day_of(store)).revision == 2
