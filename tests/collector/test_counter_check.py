"""Counters of anode effects over a real store: compared once a shift and once a day, told once, never added."""

import dataclasses
from pathlib import Path

import pytest
import structlog
from example_plant import ClockByHand, open_line
from line_story import PLANT as WITHOUT_SHIFTS
from line_story import T0, S, effect, lines_of

from collector.accounting.windows import window_of
from collector.acquisition.source import Arrival
from collector.pipeline import Line
from collector.plant.calendar import Shifts
from collector.readings.batch import ReadingBatch
from collector.readings.event import AnodeEffect, EffectCounters
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

PLANT = dataclasses.replace(WITHOUT_SHIFTS, shifts=Shifts(("N", "D", "S"), (-120, 360, 840)))
SHIFT = window_of("shift", T0, PLANT.calendar)
DAY = window_of("day", T0, PLANT.calendar)
HOUR_S = 3600
RULE = b"alert,plant=example,potline=PL1,rule=anode_effect_counters_"


def counters(time_ns: int, count: int, seconds: float) -> EffectCounters:
    return EffectCounters(f"AEC-PL1-1007-{time_ns}", 0, "PL1", "1007", time_ns, count, seconds)


async def hear(line: Line, clock: ClockByHand, now_ns: int, *events: AnodeEffect | EffectCounters) -> None:
    clock.ns = now_ns
    await line.step([Arrival(ReadingBatch.of(()), tuple(events))])


async def told(store: Store, start: bytes) -> list[str]:
    return [text.decode() for text in await lines_of(store) if text.startswith(start)]


async def test_a_shift_in_which_a_controller_counted_one_effect_more_is_told_once_also_over_a_restart(
    tmp_path: Path,
) -> None:
    before = counters(SHIFT.start_ns - 60 * S, 100, 8000.0)
    after = counters(T0 + 400 * S, 102, 8150.0)
    clock = ClockByHand(SHIFT.start_ns - 120 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        await hear(line, clock, SHIFT.start_ns - 60 * S, before)
        await hear(line, clock, T0 + 500 * S, effect(100, 90.0, rank=1), after)
        await hear(line, clock, SHIFT.end_ns + 3599 * S)
        assert await told(store, b"anode_effect_count,") == []
        with structlog.testing.capture_logs() as logs:
            await hear(line, clock, SHIFT.end_ns + 3601 * S)
        line = await open_line(PLANT, store, clock)
        await hear(line, clock, SHIFT.end_ns + 3700 * S)
        streams, alerts = await told(store, b"anode_effect_count,"), await told(store, b"alert,")
        assert len(await store.effects_between("PL1", 0, 1 << 62)) == 1
    [stream] = streams
    fields = "controllers=2i,counted=1i,controllers_s=150.0,counted_s=90.0,pots_compared=1i,pots_differing=1i"
    assert stream == f"anode_effect_count,plant=example,potline=PL1,window=shift {fields} {SHIFT.start_ns}"
    [alert] = alerts
    head = "alert,plant=example,potline=PL1,rule=anode_effect_counters_shift,severity=warning"
    text = "shift: controllers count other anode effects: 1007 counts 2, known are 1"
    assert alert == f'{head} state="firing",value=1.0,limit=0.0,text="{text}",firing=1i {SHIFT.end_ns}'
    said = [entry for entry in logs if entry["event"] == "controllers count other anode effects"]
    assert [entry["pots"] for entry in said] == ["1007 counts 2, known are 1"]


async def test_the_next_shift_without_a_difference_resolves_it_and_the_day_still_has_it(tmp_path: Path) -> None:
    clock = ClockByHand(DAY.start_ns - 120 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        await hear(line, clock, DAY.start_ns - 60 * S, counters(DAY.start_ns - 60 * S, 100, 8000.0))
        await hear(line, clock, T0 + 500 * S, counters(T0 + 400 * S, 101, 8100.0))
        for hour in range(26):
            await hear(line, clock, DAY.start_ns + hour * HOUR_S * S + 1)
        shift = await told(store, RULE + b"shift,")
        day = await told(store, RULE + b"day,")
    assert [alert.split('state="')[1].split('"')[0] for alert in shift] == ["firing", "resolved"]
    assert [alert.split('state="')[1].split('"')[0] for alert in day] == ["firing"]


async def test_a_plant_without_shifts_is_checked_by_the_day(tmp_path: Path) -> None:
    clock = ClockByHand(DAY.start_ns - 120 * S)
    async with Store(tmp_path / "s.sqlite", WITHOUT_SHIFTS.points) as store:
        line = await open_line(WITHOUT_SHIFTS, store, clock)
        await hear(line, clock, DAY.start_ns - 60 * S, counters(DAY.start_ns - 60 * S, 100, 8000.0))
        await hear(line, clock, DAY.end_ns + 3601 * S)
        [stream] = await told(store, b"anode_effect_count,")
    assert ",window=day controllers=0i,counted=0i," in stream
