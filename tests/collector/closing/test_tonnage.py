"""Metal that was weighed, in a closed day and month, and how sure the ratios are."""

import dataclasses
import re
from pathlib import Path

import msgspec
import pytest
from closed_day import BOOKS, DAY, DAY_MIN, closed, entries, lines, plant_with, settled

from collector.accounting.intensity import FARADAY
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.sums import Pair, Sums
from collector.accounting.windows import day_window, month_window
from collector.closing.book import stated
from collector.closing.tonnage import tonnes
from collector.readings.cell import MINUTE_NS
from collector.readings.event import Event, MetalTapped, Production, Weighing
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

FARADAY_T = 0.3355727277 * 0.935 * 400 * 24 * 40 / 1000
"""120.48 t: what the charge of the day makes in 40 pots."""


def production(
    kg: float, *, rank: int = 0, status: str = "final", basis: str = "tapped+inventory_change"
) -> Production:
    return Production("MES-DAY-2026-03-01", rank, "PL1", DAY, "2026-03-01", kg, basis, status)


def weighing(number: int, kg: float) -> Weighing:
    return Weighing(f"W-{number}", 0, "PL1", ("1001",), DAY + number * MINUTE_NS, kg, None)


def field(line: str, name: str) -> float:
    found = re.search(rf"[ ,]{name}=([0-9.e+-]+)i?", line)
    assert found is not None, line
    return float(found[1])


async def test_a_days_statement_that_comes_late_restates_the_day_alone_with_its_reason(tmp_path: Path) -> None:
    plant = plant_with()
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        closer = await closed(plant, store)
        before = {window: await entries(store, window) for window in ("minute", "hour", "day")}
        told = production(119_000.0)
        touched = {("PL1", DAY): "tonnes were told or corrected"}
        await store.commit(Commit(DAY, events=[told], touched=touched))
        await settled(closer, store)
        after = {window: await entries(store, window) for window in ("minute", "hour", "day")}
        written = await lines(store, "energy_intensity,boundary=liquid_ac,plant=example,potline=PL1,window=day ")

    assert after["minute"] == before["minute"]
    assert after["hour"] == before["hour"]
    [day] = after["day"]
    assert (day.revision, day.reason) == (2, "tonnes were told or corrected")
    assert stated(day).metal.basis is MetalBasis.RECONCILED
    assert stated(day).sums == stated(before["day"][0]).sums
    live, reconciled = written
    assert 'metal_basis="faraday"' in live
    assert 'metal_basis="reconciled"' in reconciled
    assert field(live, "metal_t") == pytest.approx(FARADAY_T, rel=1e-8)
    assert field(reconciled, "metal_t") == pytest.approx(119.0, rel=1e-12)
    assert field(reconciled, "kwh_per_t") == pytest.approx(65_000 * 24 / 119.0, rel=1e-9)


async def test_a_correction_is_one_more_revision_and_the_same_word_again_is_none(tmp_path: Path) -> None:
    plant = plant_with()
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        closer = await closed(plant, store)
        for told in (production(119_000.0), production(119_500.0, rank=1), production(119_500.0, rank=1)):
            await store.commit(Commit(DAY, events=[told], touched={("PL1", DAY): "tonnes were told or corrected"}))
            await settled(closer, store)
        [day] = await entries(store, "day")
        assert await store.restated() == {}

    assert day.revision == 3
    assert stated(day).metal.scale * FARADAY_T == pytest.approx(119.5, rel=1e-8)


async def test_a_day_with_weighings_alone_stays_with_faraday_and_says_what_is_missing(tmp_path: Path) -> None:
    plant = plant_with()
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        await store.commit(Commit(DAY, events=[weighing(number, 2_900.0) for number in range(40)]))
        await closed(plant, store)
        [day] = await entries(store, "day")

    body = msgspec.json.decode(day.body)
    assert stated(day).metal == FARADAY
    assert stated(day).sums.tapped_t == pytest.approx(116.0)
    assert any("heights of metal are not configured" in finding for finding in body["findings"])


async def test_without_books_in_the_plant_file_nothing_is_looked_for(tmp_path: Path) -> None:
    plant = plant_with(tapping=None)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        await closed(plant, store)
        [day] = await entries(store, "day")

    assert "findings" not in msgspec.json.decode(day.body)


async def in_a_store(path: Path, events: list[Event], window_name: str) -> tuple[MetalBasis, float, tuple[str, ...]]:
    plant = plant_with(tapping=dataclasses.replace(BOOKS, books_count=False))
    calendar = plant.calendar
    window = month_window(2026, 3, calendar) if window_name == "month" else day_window(calendar.day_of(DAY), calendar)
    pair = Pair(minutes=1, energy_kwh=1.0, metal_t=3700.0, covered_s=window.length_s)
    sums = Sums(minutes=1, metal_t=3700.0, dc=pair)
    async with Store(path, plant.points) as store:
        await store.commit(Commit(DAY, events=events))
        told = await store.ask(lambda db: tonnes(db, plant, plant.potlines[0], window, sums, least_coverage_pct=90.0))
    return told.metal.basis, told.metal.scale, told.findings


async def test_a_month_is_stated_by_what_was_tapped_and_says_so(tmp_path: Path) -> None:
    basis, scale, _ = await in_a_store(tmp_path / "s.sqlite", [weighing(n * 60, 5_000.0) for n in range(740)], "month")
    assert basis is MetalBasis.TAPPED
    assert scale == pytest.approx(1.0)


async def test_weighed_metal_is_brought_to_the_95_percent_of_the_day_for_which_the_energy_is_known(
    tmp_path: Path,
) -> None:
    """100 t by charge in 95 % of the day are 105.26 t in all; 107.37 t are stated, 2 % more: the scale is 1.02."""
    plant = plant_with()
    window = day_window(plant.calendar.day_of(DAY), plant.calendar)
    sums = Sums(minutes=1368, metal_t=100.0, dc=Pair(minutes=1368, metal_t=100.0, covered_s=0.95 * 86400))
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        await store.commit(Commit(DAY, events=[production(107_368.4)]))
        told = await store.ask(lambda db: tonnes(db, plant, plant.potlines[0], window, sums, least_coverage_pct=90.0))
    assert told.metal.scale == pytest.approx(1.02, rel=1e-6)
    assert told.metal.weighed is not None
    # Half-width 5 % of 107.4 t, over the root of three.
    assert told.metal.weighed.unknown_standard_t == pytest.approx(107.3684 * 0.05 / 3**0.5, rel=1e-6)


async def test_a_net_weight_that_no_crucible_holds_is_not_counted(tmp_path: Path) -> None:
    events: list[Event] = [weighing(n * 60, 5_000.0) for n in range(740)]
    events.append(weighing(100_000 // 60, 50_000.0))
    _, scale, _ = await in_a_store(tmp_path / "s.sqlite", events, "month")
    assert scale == pytest.approx(1.0)


async def test_a_window_of_which_too_little_is_known_is_not_judged_by_tapping(tmp_path: Path) -> None:
    plant = plant_with()
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        sums = Sums(minutes=1, metal_t=60.0, dc=Pair(minutes=1, covered_s=0.5 * 86400))
        window = day_window(plant.calendar.day_of(DAY), plant.calendar)
        told = await store.ask(lambda db: tonnes(db, plant, plant.potlines[0], window, sums, least_coverage_pct=90.0))
    assert told.metal == FARADAY
    assert told.findings == ("the charge is known for 50.0 % of it, and 90 % are asked for",)


async def test_ratios_carry_their_expanded_uncertainty_where_classes_are_configured(tmp_path: Path) -> None:
    plant = plant_with(tapping=None)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        await closed(plant, store)
        [line] = await lines(store, "energy_intensity,boundary=liquid_ac,plant=example,potline=PL1,window=day ")
        minutes = await lines(store, "energy_intensity,boundary=liquid_ac,plant=example,potline=PL1,window=minute ")

    # Two equal feeders of 0.1 % each: 0.0707 %; charge 0.06 %; current efficiency 0.5 %; and twice all of it.
    expected = 2 * (0.001**2 / 2 + 0.0006**2 + 0.005**2) ** 0.5
    assert field(line, "kwh_per_t_u95") == pytest.approx(field(line, "kwh_per_t") * expected, rel=1e-4)
    assert len(minutes) == DAY_MIN
    assert not any("u95" in minute for minute in minutes)


async def test_without_classes_the_uncertainty_is_left_out_and_the_entry_says_what_is_missing(tmp_path: Path) -> None:
    plant = plant_with(tapping=None, classes=False)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        await closed(plant, store)
        [line] = await lines(store, "energy_intensity,boundary=liquid_ac,plant=example,potline=PL1,window=day ")
        [day] = await entries(store, "day")

    assert "u95" not in line
    missing = msgspec.json.decode(day.body)["not_configured"]
    assert {"current efficiency", "pl1_dc current", "rectifier_1", "rectifier_2"} <= set(missing)


def booked(number: int, kg: float) -> MetalTapped:
    """Return what the books say of a weighing, under the beginning of the day."""
    return MetalTapped(f"PT-{number}", 0, "PL1", DAY, f"W-{number}", (("1001", kg),), kg)


async def test_the_books_stand_in_for_weighings_that_never_came_and_count_none_twice(tmp_path: Path) -> None:
    weighings = [weighing(number, 2_900.0) for number in range(10)]
    books = [booked(number, 2_900.0) for number in range(20)]
    alone = await in_a_store(tmp_path / "alone.sqlite", [*weighings], "month")
    both = await in_a_store(tmp_path / "both.sqlite", [*weighings, *books], "month")
    # Of 3,700 t by the charge: ten weighings are 29 t, and ten crucibles that only the books tell of 29 t more.
    assert (alone[0], both[0]) == (MetalBasis.TAPPED, MetalBasis.TAPPED)
    assert alone[1] == pytest.approx(29.0 / 3700)
    assert both[1] == pytest.approx(58.0 / 3700)
    said = "the books stand in for weighings that did not come: W-10, W-11, W-12, W-13, W-14 and 5 more"
    assert (said in alone[2], said in both[2]) == (False, True)
