"""Energy over a gap is spread by the straight line and marked, and replaced; tonnage that comes late restates its own.

What a meter over MQTT stores and tells later is in ``test_pain_14_late_data_never_corrects_the_past.py``.
"""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, energy_kwh, polls, sums_of, weighing

from collector.accounting.sums import Sums
from collector.acquisition.source import Arrival
from collector.pipeline import Line
from collector.plant.calendar import Shifts
from collector.readings.batch import NO_READINGS, ReadingBatch
from collector.readings.event import Event, Production
from collector.store import inputs
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

HOUR_S = 3600
HOUR_NS = HOUR_S * S
RECTIFIER = PLANT.points.of("rectifier_1").values()
SILENT_FROM_S, HEARD_AT_S = 7_800, 18_600  # 2 h 10 min and 5 h 10 min
EVERY_S = 30


def of_rectifier(batch: ReadingBatch) -> ReadingBatch:
    return batch.select([place in set(RECTIFIER) for place in batch.point.tolist()])  # type: ignore[arg-type]


def told(first_s: int, last_s: int, *, silent: Collection[int] = ()) -> ReadingBatch:
    """Return what all meters show from a time until before another; rectifier_1 is not heard at some."""
    found = []
    for t in range(first_s, last_s, EVERY_S):
        parts = polls(t)
        found += [part for place, part in enumerate(parts) if place != 1 or t not in silent]
    return ReadingBatch.joined(found)


async def run(line: Line, clock: ClockByHand, hours: float, *, silent: Collection[int] = ()) -> None:
    """Go on for some hours, ten minutes at a time."""
    begin_s = (clock.ns - T0) // S
    for t in range(begin_s, begin_s + round(hours * HOUR_S), 600):
        clock.ns = T0 + (t + 600) * S
        await line.step([Arrival(told(t, t + 600, silent=silent))])


async def settle(line: Line, *events: Event, past: ReadingBatch = NO_READINGS) -> None:
    """Tell something, and let everything be stated again that it touches."""
    await line.step([Arrival(NO_READINGS, events, past=past)])
    for _ in range(6):
        await line.step([])


async def stated(store: Store, name: str) -> dict[int, tuple[int, Sums]]:
    """Return revision and sums in force of the windows of one kind, by their start [s since T0]."""
    records = await store.latest_records("PL1", name, T0 - 40 * 24 * HOUR_NS, T0 + 40 * 24 * HOUR_NS)
    return {(record.start_ns - T0) // S: (record.revision, sums_of(record)) for record in records}


async def test_energy_over_a_gap_of_three_hours_is_spread_in_a_straight_line_and_marked_as_estimated(
    tmp_path: Path,
) -> None:
    clock = ClockByHand(T0)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        silent = range(SILENT_FROM_S + EVERY_S, HEARD_AT_S, EVERY_S)
        await run(line, clock, 7, silent=silent)
        await settle(line)
        minutes, hours = await stated(store, "minute"), await stated(store, "hour")
    gained = (energy_kwh(HEARD_AT_S) - energy_kwh(SILENT_FROM_S)) * 1.01 / 2
    a_minute = gained / 180
    for t in range(SILENT_FROM_S, HEARD_AT_S, 60):
        bridged = minutes[t][1].meters["rectifier_1"]
        assert bridged.kwh == pytest.approx(a_minute, rel=1e-9)
        assert bridged.estimated_kwh == pytest.approx(a_minute, rel=1e-9)
        assert minutes[t][1].liquid_ac.estimated_s == pytest.approx(60.0)
        assert minutes[t][1].liquid_ac.estimated_kwh > 0
    for t in (SILENT_FROM_S - 60, HEARD_AT_S):
        assert minutes[t][1].meters["rectifier_1"].estimated_kwh == 0
    # Hours 3 and 4 lie in the gap; 2 and 5 do with 50 and with 10 minutes; hour 1 not at all.
    estimated_s = [hours[hour * HOUR_S][1].liquid_ac.estimated_s for hour in range(1, 6)]
    assert estimated_s == pytest.approx([0, 3000, 3600, 3600, 600])
    booked = sum(hours[hour * HOUR_S][1].meters["rectifier_1"].kwh for hour in range(1, 6))
    assert booked == pytest.approx((energy_kwh(6 * HOUR_S) - energy_kwh(HOUR_S)) * 1.01 / 2, rel=1e-9)


async def test_what_was_estimated_is_replaced_by_the_stored_readings_as_if_there_had_been_no_gap(
    tmp_path: Path,
) -> None:
    silent = range(SILENT_FROM_S + EVERY_S, HEARD_AT_S, EVERY_S)
    ledgers = []
    for name, gap in (("whole", range(0)), ("gap", silent)):
        clock = ClockByHand(T0)
        async with Store(tmp_path / f"{name}.sqlite", PLANT.points) as store:
            line = await open_line(PLANT, store, clock)
            await run(line, clock, 7, silent=gap)
            stored = [polls(t)[1] for t in reversed(gap)]
            await settle(line, past=ReadingBatch.joined(stored) if stored else NO_READINGS)
            ledgers.append((await stated(store, "minute"), await stated(store, "hour")))
    (minutes, hours), (late_minutes, late_hours) = ledgers
    for whole, late in ((minutes, late_minutes), (hours, late_hours)):
        assert whole.keys() == late.keys()
        for t, (_, sums) in whole.items():
            assert late[t][1].ac_kwh == pytest.approx(sums.ac_kwh, rel=1e-12)
            assert late[t][1].liquid_ac.estimated_kwh == 0
            assert late[t][1].liquid_ac.minutes == sums.liquid_ac.minutes
    restated = {t for t, (revision, _) in late_minutes.items() if revision > 1}
    assert restated == set(range(SILENT_FROM_S, HEARD_AT_S, 60))
    assert {t // HOUR_S for t, (revision, _) in late_hours.items() if revision > 1} == {2, 3, 4, 5}


async def test_tonnage_that_comes_a_day_late_restates_its_minute_and_what_holds_it_and_nothing_else(
    tmp_path: Path,
) -> None:
    clock = ClockByHand(T0)
    tapped_s = 2 * HOUR_S + 47
    holding = {"minute": tapped_s - tapped_s % 60, "hour": 2 * HOUR_S, "shift": -4 * HOUR_S, "day": -12 * HOUR_S}
    first = weighing(tapped_s, 6_000.0, "W-1")
    # T0 is noon: what is tapped at 14 h is the day shift's.
    plant = replace(PLANT, shifts=Shifts(("N", "D", "S"), (0, 480, 960)))
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        await run(line, clock, 26)
        before = {name: await stated(store, name) for name in holding}
        assert {revision for windows in before.values() for revision, _ in windows.values()} == {1}
        for revision, said in ((2, first), (3, replace(first, rank=1, net_kg=5_800.0))):
            await settle(line, said)
            for name, start_s in holding.items():
                after = await stated(store, name)
                expected = dict.fromkeys(before[name], 1) | {start_s: revision}
                assert {t: found for t, (found, _) in after.items()} == expected
                assert after[start_s][1].tapped_t == pytest.approx(said.net_kg / 1000)
                # Of what was not touched, not a bit is another one.
                assert all(after[t] == before[name][t] for t in after if t != start_s)
        entries = await store.ask(
            lambda db: db.execute(
                "SELECT window, revision, reason FROM ledger WHERE revision > 1 ORDER BY seq"
            ).fetchall()
        )
    assert [(window, revision) for window, revision, _ in entries] == [
        (window, revision) for revision in (2, 3) for window in holding
    ]
    assert [reason for window, _, reason in entries if window == "minute"] == ["an event was told or corrected"] * 2


async def test_a_production_statement_that_comes_late_is_kept_with_its_correction_and_touches_no_minute(
    tmp_path: Path,
) -> None:
    clock = ClockByHand(T0)
    day_ns = T0 - 12 * HOUR_NS
    said = Production("MES-0301", 0, "PL1", day_ns, "2026-03-01", 118_000.0, "tapped", "preliminary")
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        await run(line, clock, 26)
        before = await stated(store, "minute"), await stated(store, "hour")
        await settle(line, said)
        await settle(line, replace(said, rank=1, net_kg=119_500.0, status="final"))
        await settle(line, replace(said, net_kg=1.0))  # an old revision that comes again
        assert (await stated(store, "minute"), await stated(store, "hour")) == before
        kept = await store.ask(lambda db: inputs.events_between(db, "PL1", day_ns, day_ns + 1))
        ranks = await store.ask(
            lambda db: db.execute("SELECT rank FROM event WHERE id = 'MES-0301' ORDER BY rank").fetchall()
        )
    assert [event.net_kg for event in kept if isinstance(event, Production)] == [119_500.0]
    assert ranks == [(0,), (1,)]
