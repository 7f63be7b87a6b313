"""Factors told while the line runs: what they touch, and nothing else, is stated again; entries name what they used."""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive, lines_of, minutes
from plantwide_story import PLANT as WHOLE
from plantwide_story import drive_plant, fields_of, plant_entries

from collector.acquisition.source import Arrival
from collector.closing.book import stated
from collector.closing.told import why_not
from collector.plant.contracts import Contract, EachPeriod, Portfolio, Technology
from collector.plant.days import Period
from collector.plant.told import Untold
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.event import ToldFactor
from collector.store import ledger
from collector.store.inputs import factors_told
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

MIN = MINUTE_NS


def plant_told(untold: Untold) -> Plant:
    return dataclasses.replace(PLANT, grid_factor=dataclasses.replace(PLANT.grid_factor, untold=untold))


def grid(first: int, last: int, value: float | None, *, rank: int = 0, id_: str = "G-1") -> ToldFactor:
    return ToldFactor(id_, rank, "grid_factor", T0 + first * MIN, T0 + last * MIN, value, "grid operator")


def arrival(*events: ToldFactor) -> Arrival:
    return Arrival(ReadingBatch.of(()), events)


async def parameters(store: Store) -> dict[int, dict[str, Any]]:
    """Return the parameters of each minute's entry in force, by its number."""
    found = {}
    for record in await store.latest_records("PL1", "minute", T0, T0 + 60 * MIN):
        (name,) = stated(record).parameters

        body = await store.ask(partial(ledger.parameters, digest=name))
        assert body is not None
        found[(record.start_ns - T0) // MIN] = msgspec.json.decode(body)
    return found


async def test_a_value_told_late_restates_exactly_its_minutes_and_entries_name_id_and_revision(tmp_path: Path) -> None:
    plant, clock = plant_told(Untold.ESTIMATE), ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 600, 5):
            await drive(line, clock, t)
        before = await minutes(store)
        first = await parameters(store)
        await drive(line, clock, 600, arrival(grid(2, 5, 0.2, rank=1)))
        for t in range(605, 660, 5):
            await drive(line, clock, t)
        after, then = await minutes(store), await parameters(store)
        kept = await store.ask(factors_told)

    assert all(told["grid_estimated"] and "grid_revision" not in told for told in first.values())
    assert {number for number, (revision, _) in after.items() if revision > 1} == {2, 3, 4}
    for number in (2, 3, 4):
        sums = after[number][1]
        assert sums.electricity_t_co2 == pytest.approx(sums.comprehensive.energy_kwh * 0.2 / 1000)
        assert sums.comprehensive == before[number][1].comprehensive
        assert then[number]["grid"]["source"] == "G-1"
        assert then[number]["grid_revision"] == 1
        assert then[number]["grid_estimated"] is False
    assert kept == [grid(2, 5, 0.2, rank=1)]


async def test_a_correction_restates_where_it_was_and_where_it_is_now_and_a_lower_revision_nothing(
    tmp_path: Path,
) -> None:
    plant, clock = plant_told(Untold.ESTIMATE), ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        story = {300: grid(0, 2, 0.2, rank=1), 400: grid(1, 3, 0.3, rank=2), 500: grid(0, 5, 0.9, rank=1)}
        for t in range(0, 660, 5):
            await drive(line, clock, t, *([arrival(story[t])] if t in story else []))
        after, used = await minutes(store), await parameters(store)
    assert {number: revision for number, (revision, _) in after.items() if number < 5} == {0: 3, 1: 3, 2: 2, 3: 1, 4: 1}
    assert [used[number]["grid"]["value"] for number in range(4)] == [0.5306, 0.3, 0.3, 0.5306]


async def test_what_is_withdrawn_no_longer_counts(tmp_path: Path) -> None:
    plant, clock = plant_told(Untold.ESTIMATE), ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        story = {0: grid(0, 3, 0.2), 300: grid(0, 3, None, rank=1)}
        for t in range(0, 400, 5):
            await drive(line, clock, t, *([arrival(story[t])] if t in story else []))
        used = await parameters(store)
    assert [used[number]["grid"]["value"] for number in range(4)] == [0.5306] * 4


async def test_what_is_told_before_its_minutes_close_makes_their_first_entry(tmp_path: Path) -> None:
    plant, clock = plant_told(Untold.WITHHOLD), ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 300, 5):
            await drive(line, clock, t, *([arrival(grid(0, 2, 0.25))] if t == 0 else []))
        found, used, written = await minutes(store), await parameters(store), await lines_of(store)
    assert {revision for revision, _ in found.values()} == {1}
    assert used[1]["grid"]["value"] == 0.25
    # Of the third minute nothing is told, and nothing may stand in: its electricity is withheld, and nothing else.
    assert used[2]["grid_withheld"] is True
    assert (found[2][1].electricity_withheld, found[2][1].electricity_t_co2) == (1, 0.0)
    series = "emissions_intensity,electricity=location,method=ipcc_2006,plant=example,potline=PL1,window=minute"
    told, withheld = (fields_of(written, series, T0 + number * MIN) for number in (1, 2))
    assert {"electricity_t_co2e", "total_t_co2e", "t_co2e_per_t"} <= set(told)
    assert not {"electricity_t_co2e", "total_t_co2e", "t_co2e_per_t"} & set(withheld)
    assert float(withheld["anode_t_co2e"]) > 0
    assert withheld["quality"] == "0i"


async def test_what_was_told_survives_a_restart(tmp_path: Path) -> None:
    plant, clock = plant_told(Untold.WITHHOLD), ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        await drive(line, clock, 0, arrival(grid(0, 60, 0.25)))
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(5, 200, 5):
            await drive(line, clock, t)
        used = await parameters(store)
    assert {told["grid"]["value"] for told in used.values()} == {0.25}


async def test_two_of_one_time_an_unknown_contract_and_one_that_is_not_told_are_dead_letters(tmp_path: Path) -> None:
    plant, clock = plant_told(Untold.ESTIMATE), ClockByHand(T0 - 3 * S)
    told = [
        grid(0, 3, 0.2),
        grid(2, 4, 0.3, id_="G-2"),
        ToldFactor("P-1", 0, "contracts.park", T0, T0 + MIN, 5.0, "park"),
        ToldFactor("R-1", 0, "residual_factor", T0, T0 + MIN, 0.6, "registry"),
        ToldFactor("C-1", 0, "certificates", T0, T0 + MIN, 5.0, "registry", "GEC-1", "wind"),
    ]
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        await drive(line, clock, 0, arrival(*told))
        kept = await store.ask(factors_told)
        dead = await store.ask(lambda db: dict(db.execute("SELECT place, reason FROM dead").fetchall()))
    assert kept == told[:1]
    assert dead == {
        "G-2": "grid_factor is told of a time of which G-1 tells already; send it as a higher revision of G-1, or"
        " withdraw that one first",
        "P-1": "there is no contract 'park'; add [contracts.park], or correct the name",
        "R-1": "residual_factor is not configured; add it to [emissions], with residual_factor_untold",
        "C-1": "certificates are not told here; write told = true in [certificates]",
    }


def with_park(untold: Untold, each: EachPeriod | None = None) -> Plant:
    park = Contract("park", Technology.WIND, 0.0, "contract", 0, each=each, untold=untold)
    return dataclasses.replace(WHOLE, portfolio=Portfolio((park,), certificates_told=True))


def delivered(kwh: float, *, rank: int = 0) -> ToldFactor:
    """Tell the delivery of the hour from T0 on."""
    return ToldFactor("D-1", rank, "contracts.park", T0, T0 + 60 * MIN, kwh, "meter of the park")


async def test_a_delivery_told_late_restates_the_windows_of_the_plant_and_no_minute(tmp_path: Path) -> None:
    plant, clock = with_park(Untold.WITHHOLD), ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 2 * 3600 + 60, 10):
            await drive_plant(line, clock, t, plant)
        before = {window: await plant_entries(store, window) for window in ("minute", "hour")}
        first = await lines_of(store)
        await store.take("nobody", range(1, (await store.outbox_state()).records + 1))
        clock.ns += 10 * S
        await line.step([arrival(delivered(30_000.0))])
        for _ in range(20):
            clock.ns += S
            await line.step([])
        after = {window: await plant_entries(store, window) for window in ("minute", "hour")}
        record, *_ = await store.latest_records("", "hour", T0, T0 + MIN)
        written = await lines_of(store)
        again = await store.ask(lambda db: db.execute("SELECT count(*) FROM dirty").fetchone()[0])

    assert {number: after["minute"][number] for number in before["minute"]} == before["minute"]
    assert {number: revision for number, (revision, _) in after["hour"].items()} == {0: 2, 60: 1}
    assert msgspec.json.decode(record.body)["told"] == ["D-1 revision 0"]
    assert record.reason == "a factor was told or corrected"
    series = "renewable_share,basis=contract,plant=example,window=hour"
    assert fields_of(first, series) == {}  # the share by contract is stated for days and months
    matched = "renewable_share,basis=hourly_matched,plant=example,window=hour"
    withheld, told = fields_of(first, matched), fields_of(written, matched)
    assert "share_pct" not in withheld
    assert withheld["quality"] == "0i"
    # The roof made 6,000 kWh of 78,000 kWh, and the park delivered 30,000 kWh.
    assert float(told["share_pct"]) == pytest.approx(100 * 36_000 / 78_000, rel=1e-3)
    market = "emissions_intensity,electricity=market,method=ipcc_2006,plant=example,potline=PL1,window=hour"
    assert fields_of(first, market) == {}
    assert float(fields_of(written, market)["electricity_t_co2e"]) > 0
    assert again == 0


async def test_an_hour_for_which_something_stands_in_is_uncertain(tmp_path: Path) -> None:
    plant = with_park(Untold.ESTIMATE, EachPeriod(12_000.0, Period.HOUR, PLANT.time_zone))
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 3660, 10):
            await drive_plant(line, clock, t, plant)
        written = await lines_of(store)
    found = fields_of(written, "renewable_share,basis=hourly_matched,plant=example,window=hour")
    assert float(found["share_pct"]) == pytest.approx(100 * 18_000 / 78_000, rel=1e-3)
    assert found["quality"] == "64i"


async def test_certificates_told_for_a_month_are_stated_once_and_again_when_they_are_corrected(tmp_path: Path) -> None:
    plant = dataclasses.replace(WHOLE, portfolio=Portfolio(certificates_told=True))
    clock = ClockByHand(T0 - 3 * S)
    march = (T0 - 12 * 60 * MIN, T0 + 30 * 24 * 60 * MIN)
    lot = ToldFactor("C-1", 0, "certificates", *march, 31e6, "registry", "GEC-1", "wind")
    twice = dataclasses.replace(lot, id="C-2")
    story = {60: (lot, twice), 3700: (dataclasses.replace(lot, rank=1, value=62e6),)}
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 3900, 10):
            await drive_plant(line, clock, t, plant)
            if t in story:
                await line.step([arrival(*story[t])])
        record, *_ = await store.latest_records("", "hour", T0, T0 + MIN)
        dead = await store.ask(lambda db: [place for (place,) in db.execute("SELECT place FROM dead")])
        kwh = line.told.plant.portfolio.certificate_kwh(*march)
    assert (record.revision, msgspec.json.decode(record.body)["told"]) == (2, ["C-1 revision 1"])
    assert dead == ["C-2"]
    assert kwh == pytest.approx(62e6)


@pytest.mark.parametrize(
    ("contract", "reason"),
    [
        ("", "it may be about the energy of contract park, which has certificate = true; tell the contract, or"),
        ("park", "it is about the energy of contract park, which counts it already; tell no such certificates"),
        ("none", None),
    ],
)
async def test_certificates_about_a_contract_that_counts_them_are_not_counted_again(
    contract: str, reason: str | None
) -> None:
    park = Contract("park", Technology.WIND, 0.0, "contract", 0, share=0.2, certificate=True)
    plant = dataclasses.replace(WHOLE, portfolio=Portfolio((park,), certificates_told=True))
    event = ToldFactor("C-1", 0, "certificates", T0, T0 + MIN, 5.0, "registry", "GEC-1", "wind", contract)
    why = why_not(plant, event, None)
    assert why is None if reason is None else (why or "").startswith(reason)
