"""The plant as a whole, from readings to the ledger and the streams."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from example_plant import ClockByHand, joined, open_line
from line_story import PLANT as PLAIN
from line_story import T0, S, drive, lines_of, polls
from plantwide_story import PLANT, drive_plant, energy, fields_of, plant_entries, whole

from collector.accounting.plant_sums import PlantSums
from collector.accounting.windows import Window
from collector.closing.auditing import Checked
from collector.closing.checking import check
from collector.closing.restating import ask_for, work_off
from collector.plant.factors import DatedSeries, DatedValue
from collector.readings.cell import MINUTE_NS
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

METAL_T = 0.3355727277e-3 * 0.935 * 400 / 60 * 40
"""Metal of a minute: 40 pots, 400 kA, 93.5 %."""


def line_kwh(minute: int) -> float:
    """Return what rectifiers and services of the line take in a minute: 1.01 times 60 to 66 MW, and 1.8 MW."""
    return ((60 + minute % 7) * 1010 + 1800) / 60


async def test_a_minute_of_the_plant_holds_its_energies_load_metal_and_masses(tmp_path: Path) -> None:
    """HF 2 and 1 mg/m3 at 1,000,000 and 500,000 m3/h are 1.25 kg/h; their means would give 1.125."""
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 200, 5):
            await drive_plant(line, clock, t)
        found = await plant_entries(store)
        lines = await lines_of(store)
    assert {minute: revision for minute, (revision, _) in found.items()} == {0: 1, 1: 1, 2: 1}
    sums = found[1][1]
    kwh = {name: each.kwh for name, each in sums.energy.items()}
    assert kwh == pytest.approx(
        {"auxiliary_ac": 5, "casthouse_ac": 15, "desulphurisation_ac": 2, "generation": 100, "incomer_ac": 1200}
    )
    assert {name: each.kwh for name, each in sums.generation.items()} == pytest.approx({"solar": 100})
    assert (sums.load.kwh, sums.load.own_renewable_kwh) == pytest.approx((1300, 100))
    assert sums.metal_t == pytest.approx({"PL1": METAL_T})
    assert sums.liquid.energy_kwh == pytest.approx(line_kwh(1) + 5)
    assert sums.ingot.energy_kwh == pytest.approx(line_kwh(1) + 20)
    for stack in ("GTC-1", ""):
        assert sums.masses[stack]["hf"].mass_kg == pytest.approx(1.25 / 60)
        assert sums.masses[stack]["so2"].mass_kg == pytest.approx(75 / 60)
    at = T0 + MINUTE_NS
    ingot = fields_of(lines, "energy_intensity,boundary=ingot_comprehensive_ac,plant=example,window=minute", at)
    assert float(ingot["kwh_per_t"]) == pytest.approx((line_kwh(1) + 20) / METAL_T)
    for stack in (",stack=GTC-1", ""):
        stated = fields_of(lines, f"pollutant_intensity,plant=example,pollutant=hf{stack},window=minute", at)
        assert float(stated["kg_per_t"]) == pytest.approx(1.25 / 60 / METAL_T)
        assert (stated["coverage_pct"], stated["quality"], stated["revision"]) == ("100.0", "192i", "1i")


async def test_an_hour_of_the_plant_adds_its_minutes_and_matches_generation_to_the_load(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 3661, 30):
            await drive_plant(line, clock, t)
        hours = await plant_entries(store, "hour")
        lines = await lines_of(store)
    assert list(hours) == [0]
    assert (hours[0][1].minutes, hours[0][1].load.kwh) == pytest.approx((60, 78_000))
    share = fields_of(lines, "renewable_share,basis=hourly_matched,plant=example,window=hour")
    assert float(share["renewable_kwh"]) == pytest.approx(6000)
    assert float(share["share_pct"]) == pytest.approx(100 * 6 / 78)
    assert share["denominator"] == '"plant_total"'
    assert not [line for line in lines if b"basis=contract" in line or b"basis=certificate" in line]


async def test_a_day_of_which_an_hour_is_known_has_amounts_and_no_ratios(tmp_path: Path) -> None:
    """The production day ends with the first hour; it has all windows that end then."""
    plant = replace(PLANT, day_starts_min=13 * 60)
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 3661, 30):
            await drive_plant(line, clock, t)
        [(start, (revision, sums))] = (await plant_entries(store, "day")).items()
        stated = await line.plantwide.stated(Window("day", T0 + start * MINUTE_NS, T0 + 60 * MINUTE_NS))
        lines = await lines_of(store)
    assert (start, revision, sums.minutes) == (-1380, 1, 60)
    assert stated == sums
    at = T0 - 1380 * MINUTE_NS
    for basis, kwh in (("physical", 6000.0), ("hourly_matched", 6000.0)):
        share = fields_of(lines, f"renewable_share,basis={basis},plant=example,window=day", at)
        assert (float(share["renewable_kwh"]), float(share["total_kwh"])) == pytest.approx((kwh, 78_000.0))
        assert "share_pct" not in share
        assert share["quality"] == "0i"
        assert float(share["coverage_pct"]) == pytest.approx(100 / 24)
    for name in ("day", "rolling_24h"):
        ingot = fields_of(lines, f"energy_intensity,boundary=ingot_comprehensive_ac,plant=example,window={name}", at)
        assert float(ingot["metal_t"]) == pytest.approx(60 * METAL_T)
        assert "kwh_per_t" not in ingot


async def test_a_late_reading_of_the_casthouse_states_its_minutes_and_hour_again(tmp_path: Path) -> None:
    """Silent from the 10th minute on, and told after the hour: the ledger is as if it had come in time."""
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 3661, 30):
            await drive_plant(line, clock, t, silent=("casthouse",) if 600 <= t < 3600 else ())
        before = await plant_entries(store)
        hour_before = (await plant_entries(store, "hour"))[0]
        clock.ns = T0 + 3665 * S
        await line.step([joined([energy("casthouse", t) for t in range(600, 3600, 30)])])
        for t in (3667, 3669, 3671):
            clock.ns = T0 + t * S
            await line.step([joined(whole(t))])
        after = await plant_entries(store)
        hour_after = (await plant_entries(store, "hour"))[0]
        lines = await lines_of(store)
        left = await store.ask(lambda db: db.execute("SELECT count(*) FROM dirty").fetchone()[0])
    assert (hour_before[0], hour_after[0], left) == (1, 2, 0)
    assert hour_before[1].energy["casthouse_ac"].kwh == pytest.approx(900)
    assert hour_before[1].energy["casthouse_ac"].estimated_kwh == pytest.approx(900 * 3030 / 3600)
    assert hour_after[1].energy["casthouse_ac"].estimated_kwh == 0
    assert hour_after[1].energy["casthouse_ac"].kwh == pytest.approx(900)
    assert {minute: after[minute][0] - before[minute][0] for minute in range(60)} == {
        minute: int(minute >= 9) for minute in range(60)
    }
    tags = "boundary=ingot_comprehensive_ac,plant=example,window=hour"
    assert fields_of(lines, f"energy_intensity,{tags}")["revision"] == "2i"


async def test_when_a_minute_of_a_potline_is_stated_again_the_plant_follows(tmp_path: Path) -> None:
    """The line's meters are heard late; before, its minutes had no metal and the plant no kWh/t."""
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        of_line = len(polls(0.0, PLANT))
        for t in range(0, 600, 10):
            clock.ns = T0 + t * S
            batches = whole(t)
            await line.step([joined(batches if t < 120 else batches[of_line:])])
        before = await plant_entries(store)
        clock.ns = T0 + 600 * S
        await line.step([joined([batch for t in range(120, 610, 10) for batch in polls(t, PLANT)])])
        for t in (601, 602):
            clock.ns = T0 + t * S
            await line.step([joined(whole(t))])
        after = await plant_entries(store)
    assert (before[5][0], before[5][1].liquid.minutes, before[5][1].energy["casthouse_ac"].minutes) == (1, 0, 1)
    assert (after[5][0], after[5][1].liquid.minutes) == (2, 1)
    assert after[5][1].masses["GTC-1"]["so2"].metal_t == pytest.approx(METAL_T)
    assert after[0][0] == 1


async def test_a_ratio_is_withheld_where_too_little_of_the_hour_is_known(tmp_path: Path) -> None:
    """From the 30th minute on the analyser is silent: half of the hour is too little to state kg/t."""
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 3661, 30):
            await drive_plant(line, clock, t, silent=("gtc_gas",) if t > 1800 else ())
        lines = await lines_of(store)
    stated = fields_of(lines, "pollutant_intensity,plant=example,pollutant=so2,stack=GTC-1,window=hour")
    assert "kg_per_t" not in stated
    assert stated["quality"] == "0i"
    assert float(stated["coverage_pct"]) == pytest.approx(50.0)
    assert float(stated["mass_kg"]) == pytest.approx(100 * 0.5)
    minute = fields_of(
        lines, "pollutant_intensity,plant=example,pollutant=so2,stack=GTC-1,window=minute", T0 + 40 * MINUTE_NS
    )
    assert minute == {"coverage_pct": "0.0", "quality": "0i", "revision": "1i"}


async def test_after_a_restart_it_goes_on_where_the_ledger_ends_and_the_ledger_can_be_checked(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    clock = ClockByHand(T0 - 3 * S)
    found: dict[int, tuple[int, PlantSums]] = {}
    for start, end in ((0, 1800), (1800, 3670)):
        async with Store(path, PLANT.points) as store:
            line = await open_line(PLANT, store, clock)
            for t in range(start, end, 10):
                await drive_plant(line, clock, t)
            found = await plant_entries(store)
    assert [*found] == list(range(60))
    assert {revision for revision, _ in found.values()} == {1}
    checked = Checked()
    async with Store(path, PLANT.points) as store:
        assert await store.ask(lambda db: list(check(db, checked))) == []
        assert (checked.minutes, checked.without_inputs) == (120, 0)
        await store.ask(_spoil)
        doubts = await store.ask(lambda db: list(check(db, Checked())))
    assert [(doubt.window, (doubt.start_ns - T0) // MINUTE_NS) for doubt in doubts] == [("minute", 5)]
    assert "energy" in doubts[0].what
    assert "ingot" in doubts[0].what


async def test_what_is_stated_again_from_the_command_line_takes_the_plant_along(tmp_path: Path) -> None:
    """With another current efficiency every minute of the line has other metal, and so have the plant's."""
    path = tmp_path / "s.sqlite"
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 200, 10):
            await drive_plant(line, clock, t)
    [potline] = PLANT.potlines
    better = DatedSeries("current_efficiency", (DatedValue(0.95, 0, "closed month"),))
    corrected = replace(PLANT, potlines=(replace(potline, current_efficiency=better),))
    marked = {("PL1", T0 + minute * MINUTE_NS): "metal balance of the closed month" for minute in range(2)}
    await asyncio.to_thread(ask_for, path, marked)
    async with Store(path, corrected.points) as store:
        line = await open_line(corrected, store, clock)
        written = await work_off(store, line.closer, clock.now_ns, lambda _: None, plantwide=line.plantwide)
        found = await plant_entries(store)
        left = await store.ask(lambda db: db.execute("SELECT count(*) FROM dirty").fetchone()[0])
    assert (written, left) == (4, 0)
    assert {minute: revision for minute, (revision, _) in found.items()} == {0: 2, 1: 2, 2: 1}
    assert found[1][1].metal_t == pytest.approx({"PL1": METAL_T / 0.935 * 0.95})
    assert found[2][1].metal_t == pytest.approx({"PL1": METAL_T})


def _spoil(db: sqlite3.Connection) -> None:
    """Let the casthouse have used 3 kWh more in the minute from 300 s on."""
    point = "(SELECT id FROM point WHERE name = 'casthouse.active_energy_import')"
    db.execute(f"UPDATE cell SET integral = integral + 3 WHERE minute_ns = ? AND point = {point}", (T0 + 300 * S,))  # noqa: S608 - constants


async def test_a_plant_with_nothing_of_its_own_has_no_account_of_its_own(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLAIN.points) as store:
        line = await open_line(PLAIN, store, clock)
        for t in range(0, 200, 5):
            await drive(line, clock, t)
        assert await plant_entries(store) == {}
