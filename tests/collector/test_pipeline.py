"""The straight line over a real store: minutes, late news, and what restates what."""

import asyncio
import dataclasses
from functools import partial
from pathlib import Path

import pytest
import structlog
from example_plant import ClockByHand, joined, open_line, raw
from line_story import PLANT, T0, S, drive, effect, energy_kwh, events, lines_of, minutes, polls, sums_of, weighing
from waiting import until

from collector.accounting.sums import total
from collector.acquisition.source import Arrival
from collector.closing.closer import Closer
from collector.plant.meter import Measures
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.event import AnodeEffectKind
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


@pytest.fixture
def clock() -> ClockByHand:
    return ClockByHand(T0 - 3 * S)


async def test_minutes_are_closed_after_the_grace_with_the_energy_of_that_minute(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 185, 5):
            await drive(line, clock, t)
        found = await minutes(store)

    assert sorted(found) == [0, 1]  # the third minute waits for its grace of 10 s
    assert found[0][1].dc_kwh == pytest.approx(60_000 / 60)
    assert found[1][1].dc_kwh == pytest.approx(61_000 / 60)
    assert found[1][1].ac_kwh == pytest.approx(61_000 / 60 * 1.01)
    assert found[1][1].charge_kah == pytest.approx(400 / 60)
    assert found[1][1].dc.minutes == 1


async def test_streams_are_written_with_the_names_of_the_interface(tmp_path: Path, clock: ClockByHand) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 135, 5):
            await drive(line, clock, t, *([events(effect(20, 30.0, rank=1))] if t == 50 else []))
        found = [text.decode() for text in await lines_of(store)]

    def starting(start: str) -> str:
        return next(text for text in found if text.startswith(start))

    minute = starting("energy_intensity,boundary=dc,plant=example,potline=PL1,window=minute ")
    assert "energy_kwh=1000.0" in minute
    assert 'metal_basis="faraday"' in minute
    assert "quality=192i,revision=1i" in minute
    assert minute.endswith(f" {T0}")
    starting("energy_intensity,boundary=liquid_ac,plant=example,potline=PL1,window=minute ")
    starting("emissions_intensity,electricity=location,method=ipcc_2006,plant=example,potline=PL1,window=minute ")
    starting("meter,meter=rectifier_1,plant=example,potline=PL1 active_energy_import_kwh=9000000.0,quality=192i ")
    starting(
        "potline,plant=example,potline=PL1 line_voltage_v=160.0,line_current_ka=400.0,dc_power_mw=60.0,quality=192i"
    )
    starting("anode_effect,kind=hvae,plant=example,pot=1007,potline=PL1 duration_s=30.0,max_v=31.0,corrected=false ")
    starting("collector,instance=test,plant=example ")
    starting("potline,plant=example,potline=PL1 pots_operating=40i ")


async def test_an_hour_is_closed_with_its_last_minute_and_adds_up(tmp_path: Path, clock: ClockByHand) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 3700, 10):
            await drive(line, clock, t)
        hours = await store.latest_records("PL1", "hour", T0 - 3600 * S, T0 + 7200 * S)
        found = await minutes(store)
        texts = await lines_of(store)

    assert len(hours) == 1
    assert sums_of(hours[0]) == total(found[n][1] for n in range(60))
    assert sums_of(hours[0]).dc_kwh == pytest.approx(energy_kwh(3600))
    assert sum(b"window=rolling_24h" in text and text.startswith(b"energy") for text in texts) == 18  # three boundaries


async def test_a_meter_that_returns_after_a_gap_restates_exactly_the_minutes_of_the_gap(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 600, 5):
            clock.ns = T0 + t * S
            silent = 130 <= t < 420
            parts = [part for n, part in enumerate(polls(t)) if not (silent and n == 2)]
            await line.step([joined(parts)])
        found = await minutes(store)

    assert {number for number, (revision, _) in found.items() if revision > 1} == {2, 3, 4, 5}  # 6 was still open
    assert all(sums.liquid_ac.minutes == 1 for _, sums in found.values())
    assert found[4][1].liquid_ac.estimated_s == pytest.approx(60.0)
    assert sum(sums.ac_kwh for _, sums in found.values()) == pytest.approx(energy_kwh(540) * 1.01)


async def test_readings_that_waited_while_their_minute_was_closed_are_accounted_all_the_same(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 60, 5):
            await drive(line, clock, t)
        clock.ns = T0 + 80 * S
        await line.step([])  # nothing came for 25 s, and the first minute is closed
        before = await minutes(store)
        await line.step([joined(polls(57.0)), joined(polls(62.0))])
        await line.step([])
        after = await minutes(store)

    assert (before[0][0], before[0][1].dc.minutes) == (1, 0)
    assert (after[0][0], after[0][1].dc.minutes) == (2, 1)
    # 950 kWh until second 57, and three fifths of the 83.89 kWh between the readings around the end of the minute.
    assert after[0][1].dc_kwh == pytest.approx(950 + 0.6 * 83.8889, abs=0.001)


async def test_an_anode_effect_is_booked_to_the_minute_of_its_start_and_restates_it_when_it_ends(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 400, 5):
            told = {
                60: [events(effect(59, None, rank=0))],
                200: [events(effect(59, 130.0, rank=2))],
                # told again, and an older message late: no second effect
                250: [events(effect(59, 130.0, rank=2), effect(59, None, rank=0))],
            }
            await drive(line, clock, t, *told.get(t, []))
        found = await minutes(store)

    assert found[0][0] == 2
    assert found[0][1].anode_effect_s == 130.0
    assert {number: revision for number, (revision, _) in found.items() if number} == {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}


async def test_a_low_voltage_anode_effect_is_kept_and_does_not_enter_the_slope_method(
    tmp_path: Path, clock: ClockByHand
) -> None:
    low = dataclasses.replace(effect(20, 600.0, rank=2, id_="LVAE-1"), kind=AnodeEffectKind.LVAE)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 135, 5):
            await drive(line, clock, t, *([events(low)] if t == 30 else []))
        found = await minutes(store)
        texts = await lines_of(store)

    assert (found[0][1].anode_effects, found[0][1].anode_effect_s) == (0, 0.0)
    assert any(text.startswith(b"anode_effect,kind=lvae,") and b"duration_s=600.0" in text for text in texts)


async def test_a_correction_that_moves_an_anode_effect_restates_both_minutes(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 400, 5):
            told = {30: [events(effect(20, 40.0, rank=2))], 300: [events(effect(80, 45.0, rank=3))]}
            await drive(line, clock, t, *told.get(t, []))
        found = await minutes(store)

    assert (found[0][0], found[0][1].anode_effect_s) == (2, 0.0)
    assert (found[1][0], found[1][1].anode_effect_s) == (2, 45.0)


async def test_a_weighing_is_tapped_metal_unless_it_is_refused(tmp_path: Path, clock: ClockByHand) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        told = events(weighing(10, 4920.0, "W-1"), weighing(20, 5000.0, "W-2", refused="void"))
        for t in range(0, 135, 5):
            await drive(line, clock, t, *([told] if t == 40 else []))
        found = await minutes(store)

    assert found[0][1].tapped_t == pytest.approx(4.92)


async def test_a_pot_out_of_the_line_makes_no_metal(tmp_path: Path, clock: ClockByHand) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        bridged = PLANT.points.place("pot:1013", Quantity.POT_VOLTAGE)
        running = PLANT.points.place("pot:1014", Quantity.POT_VOLTAGE)
        for t in range(0, 135, 5):
            now = T0 + t * S
            pots = ReadingBatch.of([(bridged, now, 0.21, 0xC0), (running, now, 4.05, 0xC0)])
            await drive(line, clock, t, Arrival(pots))
        found = await minutes(store)

    assert found[0][1].pots == 39


async def test_a_silent_meter_gives_no_figure_and_says_so(tmp_path: Path, clock: ClockByHand) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        places = PLANT.points.of("rectifier_2").values()
        for t in range(0, 200, 5):
            clock.ns = T0 + t * S
            gap = ReadingBatch.gap(places, time_ns=clock.ns, quality=Quality.BAD_COMM_FAILURE)
            await line.step([joined([*polls(t)[:2], gap])])
        texts = [text.decode() for text in await lines_of(store)]

    minute = next(t for t in texts if "boundary=liquid_ac" in t and "window=minute" in t)
    assert "coverage_pct=0.0,quality=0i,revision=1i" in minute
    assert "kwh_per_t" not in minute
    assert any(t.startswith("meter,meter=rectifier_2") and " quality=24i " in t for t in texts)


async def test_after_a_long_stop_the_minutes_between_are_bridged_and_marked_estimated(
    tmp_path: Path, clock: ClockByHand
) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 135, 5):
            await drive(line, clock, t)
    clock.ns = T0 + 7200 * S
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(7200, 7500, 5):
            await drive(line, clock, t)
        found = await minutes(store)

    assert sorted(found) == list(range(124))
    assert sum(sums.dc_kwh for _, sums in found.values()) == pytest.approx(energy_kwh(124 * 60), rel=1e-9)
    assert found[60][1].dc.estimated_s == pytest.approx(60.0)
    assert {revision for revision, _ in found.values()} == {1}


async def test_nothing_is_closed_right_after_a_start_before_the_first_readings(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        clock.ns = T0 + 6 * S
        await line.step([])
        closer: Closer = line.closer

        assert closer.closed_until("PL1") == T0


async def test_a_line_meter_without_counters_is_integrated_from_voltage_times_current(
    tmp_path: Path, clock: ClockByHand
) -> None:
    plant = without_registers(PLANT, Quantity.DC_POWER, Quantity.DC_ENERGY, Quantity.DC_CHARGE)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 135, 5):
            clock.ns = T0 + t * S
            # Voltage falls as current rises: the product of the means would be 1.6 % too high.
            high = t // 5 % 2
            shown = {Quantity.LINE_VOLTAGE: 160.0 - 20 * high, Quantity.LINE_CURRENT: 350_000.0 + 50_000 * high}
            await line.step([joined([raw(plant, "pl1_dc", clock.ns, shown)])])
        found = await minutes(store)

    # The mean of 160 V x 350 kA = 56 MW and 140 V x 400 kA = 56 MW.
    assert found[0][1].dc_kwh == pytest.approx(56_000 / 60)
    assert found[0][1].charge_kah == pytest.approx(375 / 60)


async def test_a_meter_that_is_only_monitored_is_written_and_not_accounted(tmp_path: Path, clock: ClockByHand) -> None:
    meters = tuple(
        dataclasses.replace(meter, measures=Measures.MONITORED) if meter.id == "rectifier_2" else meter
        for meter in PLANT.polled_meters
    )
    plant = dataclasses.replace(PLANT, meters=meters)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 135, 5):
            await drive(line, clock, t)
        found = await minutes(store)
        texts = [text.decode() for text in await lines_of(store)]

    assert found[0][1].ac_kwh == pytest.approx(60_000 / 60 * 1.01 / 2)
    assert any(text.startswith("meter,meter=rectifier_2,plant=example,potline=PL1 active_energy") for text in texts)


def without_registers(plant: Plant, *quantities: Quantity) -> Plant:
    """Return the plant with fewer registers read from its line meter."""
    meters = []
    for meter in plant.polled_meters:
        if meter.id == "pl1_dc":
            registers = tuple(r for r in meter.registers if r.quantity not in quantities)
            meter = dataclasses.replace(meter, registers=registers)  # noqa: PLW2901
        meters.append(meter)
    return dataclasses.replace(plant, meters=tuple(meters))


async def test_a_minute_from_before_the_first_factor_keeps_its_entry_and_the_line_goes_on(
    tmp_path: Path, clock: ClockByHand
) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 135, 5):
            await drive(line, clock, t)
    later = dataclasses.replace(
        PLANT.potlines[0].current_efficiency,
        values=(dataclasses.replace(PLANT.potlines[0].current_efficiency.values[0], valid_from_ns=T0 + 100 * S),),
    )
    changed = dataclasses.replace(PLANT, potlines=(dataclasses.replace(PLANT.potlines[0], current_efficiency=later),))
    async with Store(path, PLANT.points) as store:
        line = await open_line(changed, store, clock)
        for t in range(135, 330, 5):
            await drive(line, clock, t, *([events(effect(20, 40.0, rank=2))] if t == 140 else []))
        found = await minutes(store)
        left = await store.dirty(10)

    assert found[0] == (1, found[0][1])
    assert found[0][1].anode_effect_s == 0.0
    assert max(found) == 4
    assert left == {}


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
async def test_a_clock_that_is_set_by_an_hour_is_said_once_and_the_readings_around_it_are_marked(
    tmp_path: Path, clock: ClockByHand, step_s: float
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        place = PLANT.points.place("rectifier_1", Quantity.ACTIVE_POWER)

        async def read() -> int:
            clock.ns += S
            batch = raw(PLANT, "rectifier_1", clock.now_ns(), {Quantity.ACTIVE_POWER: 30_000.0})
            await line.step([joined([batch])])
            return int(line.latest.quality[place])

        assert await read() == Quality.GOOD
        clock.set_by_s = step_s
        with structlog.testing.capture_logs() as logs:
            marked = await read()
            if step_s < 0:  # the latest reading by time is an old one now
                clock.ns += 3700 * S
            after = await read()
    assert marked == (Quality.UNCERTAIN if step_s > 0 else Quality.GOOD)
    assert after == Quality.GOOD
    assert [entry["by_s"] for entry in logs if "clock was set" in entry["event"]] == [step_s]
    assert line.instruments.clock_steps_total == 1


async def test_an_arrival_that_hurries_is_committed_at_once_and_not_after_the_commit_interval(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        line.commit_every_s = 30.0
        done: list[int] = []
        for number in range(3):
            arrival = Arrival(ReadingBatch.of(()), acknowledge=partial(done.append, number), hurries=number == 1)
            await line.inbox.put(arrival)
        running = asyncio.create_task(line.run())
        await until(lambda: len(done) == 2)
        await asyncio.sleep(0.05)
        assert done == [0, 1]
        running.cancel()
        await asyncio.wait([running])
