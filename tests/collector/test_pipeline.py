"""The straight line over a real store: minutes, late news, and a crash at any instant."""

import dataclasses
import gzip
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from example_plant import ClockByHand, example_plant, joined, open_line, raw

from collector.accounting import account
from collector.accounting.account import Sums
from collector.acquisition.source import Arrival
from collector.closing import Closer
from collector.pipeline import Line
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.commit import Commit, LedgerRecord
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

PLANT = example_plant()
T0 = 1_772_337_600_000_000_000  # 2026-03-01T04:00:00Z
S = 1_000_000_000


def power_mw(t_s: float) -> float:
    """Return the line's true power: it changes every minute."""
    return 60.0 + (t_s // 60) % 7


def energy_kwh(t_s: float) -> float:
    """Return the integral of the power since zero."""
    whole, rest = divmod(int(t_s), 60)
    return sum(power_mw(60.0 * m) * 1000 / 60 for m in range(whole)) + power_mw(t_s) * 1000 / 3600 * rest


def polls(t_s: float, plant: Plant = PLANT) -> list[ReadingBatch]:
    """Return what all accounted meters show at a time: DC counters, two rectifiers of 1.01 times the half."""
    kwh = energy_kwh(t_s)
    now = T0 + round(t_s * S)
    return [
        raw(
            plant,
            "pl1_dc",
            now,
            {
                Quantity.LINE_VOLTAGE: 160.0,
                Quantity.LINE_CURRENT: 400_000.0,
                Quantity.DC_POWER: power_mw(t_s) * 1e6,
                Quantity.DC_ENERGY: 5_000_000.0 + kwh * 1000,
                Quantity.DC_CHARGE: 7_000.0 + 400_000 * t_s / 3600,
            },
        ),
        *(
            raw(plant, meter, now, {Quantity.ACTIVE_ENERGY_IMPORT: 9e9 + kwh * 1000 * 1.01 / 2})
            for meter in ("rectifier_1", "rectifier_2")
        ),
    ]


def effect(t_s: float, duration_s: float | None, *, rank: int, id_: str = "AE-1") -> AnodeEffect:
    time_ns = T0 + round(t_s * S)
    return AnodeEffect(id_, rank, "PL1", "1007", AnodeEffectKind.HVAE, time_ns, duration_s, 31.0, None, corrected=False)


def weighing(t_s: float, net_kg: float, id_: str, *, refused: str | None = None) -> Weighing:
    return Weighing(id_, 0, "PL1", ("1007", "1008"), T0 + round(t_s * S), net_kg, refused)


def events(*found: AnodeEffect | Weighing) -> Arrival:
    return Arrival(ReadingBatch.of(()), tuple(found))


async def minutes(store: Store) -> dict[int, tuple[int, Sums]]:
    """Return revision and sums in force of each minute, by its number since T0."""
    records = await store.latest_records("PL1", 60, T0 - MINUTE_NS, T0 + 10_000 * MINUTE_NS)
    return {(record.start_ns - T0) // MINUTE_NS: (record.revision, sums_of(record)) for record in records}


def sums_of(record: LedgerRecord) -> Sums:
    return msgspec.convert(msgspec.json.decode(record.body)["sums"], Sums)


async def lines_of(store: Store) -> list[bytes]:
    records = await store.pending("nobody", most_bytes=1 << 30)
    return [line for record in records for line in gzip.decompress(record.body).splitlines()]


async def drive(line: Line, clock: ClockByHand, t_s: float, *more: Arrival) -> None:
    clock.ns = T0 + round(t_s * S)
    await line.step([joined(polls(t_s)), *more])


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
        hours = await store.latest_records("PL1", 3600, T0 - 3600 * S, T0 + 7200 * S)
        found = await minutes(store)
        texts = await lines_of(store)

    assert len(hours) == 1
    assert sums_of(hours[0]) == account.total(found[n][1] for n in range(60))
    assert sums_of(hours[0]).dc_kwh == pytest.approx(energy_kwh(3600))
    assert sum(b"window=rolling_24h" in text and text.startswith(b"energy") for text in texts) == 12


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
    assert all(sums.ac.minutes == 1 for _, sums in found.values())
    assert found[4][1].ac.estimated_s == pytest.approx(60.0)
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


class Crash(Exception):
    """The process ends here."""


class CrashingStore(Store):
    """A store whose process ends at a given commit: just before it, or just after it was on disk."""

    def __init__(self, path: Path, *, at: int, after: bool) -> None:
        super().__init__(path, PLANT.points)
        self._left = at
        self._after = after

    async def commit(self, commit: Commit) -> None:
        """Commit, or crash."""
        self._left -= 1
        if self._left == 0:
            if self._after:
                await super().commit(commit)
            raise Crash
        await super().commit(commit)


def story() -> Iterator[tuple[float, list[AnodeEffect | Weighing]]]:
    """Return a quarter of an hour: a poll every 5 s, and what the broker holds then."""
    told: dict[int, list[AnodeEffect | Weighing]] = {
        35: [effect(33, None, rank=0, id_="A")],
        100: [effect(33, 61.5, rank=2, id_="A"), weighing(95, 4920.0, "W1")],
        300: [effect(290, 30.0, rank=2, id_="B"), effect(33, 70.0, rank=3, id_="A")],
        410: [weighing(405, 5105.0, "W2"), weighing(200, 1000.0, "W3", refused="void")],
        600: [effect(50, 12.0, rank=2, id_="C")],
    }
    for t in range(0, 900, 5):
        yield t, told.get(t, [])


async def tell(path: Path, *, crash_at: int, after: bool) -> tuple[dict[int, tuple[int, Sums]], set[bytes]]:
    """Run the story; after a crash go on with a new process on the same store; the broker sends again what was open."""
    clock = ClockByHand(T0 - 3 * S)
    unacknowledged: list[AnodeEffect | Weighing] = []
    left = list(story())
    at = crash_at
    while left:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(CrashingStore(path, at=at, after=after))
            line = await open_line(PLANT, store, clock)
            try:
                while left:
                    t, told = left.pop(0)
                    unacknowledged += told
                    clock.ns = T0 + round(t * S)
                    arrival = Arrival(ReadingBatch.of(()), tuple(unacknowledged), acknowledge=unacknowledged.clear)
                    await line.step([joined(polls(t)), arrival])
            except Crash:
                at = 0
                continue
            return await minutes(store), {text for text in await lines_of(store) if text.startswith(b"anode_effect")}
    raise AssertionError("the story has an end")


async def test_a_crash_at_any_instant_leaves_the_same_totals(tmp_path: Path) -> None:
    undisturbed, effects = await tell(tmp_path / "whole.sqlite", crash_at=0, after=False)
    whole = account.total(sums for _, (_, sums) in sorted(undisturbed.items()))
    draw = random.Random(7)
    for number, crash_at in enumerate(draw.sample(range(1, 190), 24)):
        after = bool(number % 2)
        found, told = await tell(tmp_path / f"{number}.sqlite", crash_at=crash_at, after=after)
        total = account.total(sums for _, (_, sums) in sorted(found.items()))
        assert sorted(found) == sorted(undisturbed)
        # A poll that was lost with the process is bridged by its neighbours: sums over the whole are exact.
        assert total.dc_kwh == pytest.approx(whole.dc_kwh, rel=1e-12)
        assert total.ac_kwh == pytest.approx(whole.ac_kwh, rel=1e-12)
        assert total.metal_t == pytest.approx(whole.metal_t, rel=1e-12)
        assert (total.anode_effect_s, total.tapped_t) == (whole.anode_effect_s, whole.tapped_t)
        assert {n: s.anode_effect_s for n, (_, s) in found.items()} == {
            n: s.anode_effect_s for n, (_, s) in undisturbed.items()
        }
        assert told == effects
        assert total.dc.minutes == whole.dc.minutes == 14


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


def without_registers(plant: Plant, *quantities: Quantity) -> Plant:
    """Return the plant with fewer registers in the profile of its line meter."""
    meters = []
    for meter in plant.meters:
        if meter.id == "pl1_dc":
            registers = tuple(r for r in meter.profile.registers if r.quantity not in quantities)
            meter = dataclasses.replace(meter, profile=dataclasses.replace(meter.profile, registers=registers))  # noqa: PLW2901
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
