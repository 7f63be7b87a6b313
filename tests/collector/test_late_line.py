"""Readings that come late, from the inbox to the ledger: the accounts are as if they had come in time."""

import dataclasses
import random
from pathlib import Path

import pytest
import structlog
from example_plant import BOUNDS, ClockByHand, joined, open_line
from line_story import PLANT, T0, S, drive, effect, events, lines_of, minutes, polls

from collector.acquisition.source import Arrival
from collector.pipeline import Line
from collector.readings.batch import ReadingBatch
from collector.readings.quantity import Quantity
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

DC = {PLANT.points.place("pl1_dc", quantity) for quantity in PLANT.polled_meters[0].quantities}


def without_dc(t_s: float) -> Arrival:
    return joined([batch for batch in polls(t_s) if int(batch.point[0]) not in DC])


def dc_alone(t_s: float) -> ReadingBatch:
    return next(batch for batch in polls(t_s) if int(batch.point[0]) in DC)


async def step(line: Line, clock: ClockByHand, t_s: float, *arrivals: Arrival) -> None:
    clock.ns = T0 + round(t_s * S)
    await line.step(list(arrivals))


async def test_the_first_minute_is_the_first_whole_one_and_is_accounted_once(tmp_path: Path) -> None:
    clock = ClockByHand(T0 + 17 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(17, 300):
            await drive(line, clock, t)
        found = await minutes(store)
    assert {minute: revision for minute, (revision, _) in found.items()} == {1: 1, 2: 1, 3: 1}


async def test_an_event_of_before_the_first_start_makes_no_minute(tmp_path: Path) -> None:
    clock = ClockByHand(T0 + 300 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(300, 500, 5):
            await drive(line, clock, t, *([events(effect(20, 30.0, rank=1))] if t == 350 else []))
        assert min(await minutes(store)) == 6


async def test_a_meter_that_was_cut_off_changes_exactly_its_minutes_when_it_tells_them(tmp_path: Path) -> None:
    ledgers = []
    for late in (False, True):
        clock = ClockByHand(T0 - 3 * S)
        async with Store(tmp_path / f"{late}.sqlite", PLANT.points) as store:
            line = await open_line(PLANT, store, clock)
            stored: list[ReadingBatch] = []
            for t in range(0, 901, 5):
                if late and 130 <= t < 500:
                    stored.append(dc_alone(t))
                    await step(line, clock, t, without_dc(t))
                else:
                    await drive(line, clock, t)
            before = await minutes(store)
            random.Random(1).shuffle(stored)
            for start in range(0, len(stored), 20):
                told = Arrival(ReadingBatch.of(()), past=ReadingBatch.joined(stored[start : start + 20]))
                await step(line, clock, 905, told)
            for t in range(906, 912):
                await step(line, clock, t)
            ledgers.append(await minutes(store))
            instruments = line.instruments
        if late:
            # Each line current and voltage make a power, which is no account here; energy, charge and current are.
            assert instruments.late_booked_total == 3 * len(stored)
            assert (instruments.late_repeated_total, instruments.late_refused_total) == (0, 0)
            assert {minute for minute, (revision, _) in ledgers[1].items() if revision > 1} == {2, 3, 4, 5, 6, 7, 8}
            assert before[4] != ledgers[1][4]
    in_time, told_late = ledgers
    assert in_time.keys() == told_late.keys()
    for minute, (_, sums) in in_time.items():
        other = told_late[minute][1]
        assert other.dc.energy_kwh == pytest.approx(sums.dc.energy_kwh, rel=1e-12)
        assert other.dc.metal_t == pytest.approx(sums.dc.metal_t, rel=1e-12)
        assert other.dc.covered_s == pytest.approx(sums.dc.covered_s, abs=1e-9)
        assert other.dc.estimated_s == pytest.approx(sums.dc.estimated_s, abs=1e-9)


async def test_what_was_stored_is_written_and_accounted_and_moves_no_live_value(tmp_path: Path) -> None:
    clock = ClockByHand(T0)
    place = PLANT.points.place("pl1_dc", Quantity.LINE_CURRENT)
    voltage = PLANT.points.place("pot:1007", Quantity.POT_VOLTAGE)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        past = ReadingBatch.of([(place, T0 - 5 * S, 380_000.0, 0xC0), (voltage, T0 - 5 * S, 4.25, 0xC0)])
        await step(line, clock, 0, Arrival(ReadingBatch.of(()), past=past))
        assert line.latest.time_ns[place] == 0
        assert line.latest.time_ns[voltage] == 0
        assert any(b"line_current_ka=380.0" in written for written in await lines_of(store))
        assert (await store.last_cells([place]))[place].last == 380.0


async def test_what_cannot_be_put_anywhere_is_counted_by_its_cause(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 601, 5):
            await drive(line, clock, t)
        before = await minutes(store)
        with structlog.testing.capture_logs() as logs:
            await step(line, clock, 601, joined(polls(62.5)))
            await step(line, clock, 601, joined(polls(62.5)))
        for t in range(602, 605):
            await step(line, clock, t)
        assert await minutes(store) == before
        fields = line.instruments.stream_fields()
    (said,) = (entry for entry in logs if entry["event"].startswith("late readings are not booked"))
    assert (said["why"], said["count"]) == (
        "they lie within minutes whose readings are not kept one by one any more",
        7,
    )
    # Of seven accounted points the readings of the second minute are not kept any more.
    assert (fields["late_booked_total"], fields["late_refused_total"], fields["late_refused_inside_total"]) == (
        0,
        14,
        14,
    )


async def test_what_is_older_than_the_inputs_that_are_kept_is_neither_booked_nor_stated_again(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        line.bounds = dataclasses.replace(BOUNDS, keep_inputs_s=2 * 3600.0)
        for t in range(0, 301, 5):
            await drive(line, clock, t)
        before = await minutes(store)
        # An hour and four minutes later: what was in the first three minutes may be let go of within the hour.
        with structlog.testing.capture_logs() as logs:
            await step(
                line, clock, 3600 + 240, joined(polls(62.5)), joined(polls(3600 + 240)), events(effect(70, 9.0, rank=1))
            )
        for t in range(3600 + 241, 3600 + 330):
            await step(line, clock, t)
        after = await minutes(store)
    assert line.instruments.late_refused_by_cause == {"too_old": 7}
    assert [entry["why"] for entry in logs if entry["event"] == "event is not accounted"] == [
        "older than [store] keep_inputs; the entry of its minute stands"
    ]
    assert {minute: after[minute] for minute in range(4)} == {minute: before[minute] for minute in range(4)}
    # The line goes on over the hour of silence all the same.
    assert after[30][1].dc.estimated_s == pytest.approx(60.0)
