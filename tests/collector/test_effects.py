"""Anode effects from voltages over a real store: booked once, written once, through restarts and late controllers."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import structlog
from example_plant import ClockByHand, joined, open_line
from line_parser import ParsedLine, parse_line
from line_story import PLANT, T0, S, drive, effect, events, lines_of, minutes
from pot_curves import batch, curve, rules

from collector.accounting.excursions import EffectRules
from collector.acquisition.source import Arrival
from collector.instruments import Instruments
from collector.page.state import PageState
from collector.pipeline import Line
from collector.readings.event import AnodeEffect, EffectOrigin
from collector.readings.latest import LatestReadings
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


def voltages(t_s: float, *burns: tuple[float, float], pot: str = "1007") -> Arrival:
    """Return five seconds of a pot's voltage, second by second, 24 V within some times and 4 V outside."""
    high = [any(start <= t_s + n < end for start, end in burns) for n in range(5)]
    return joined([batch([(pot, t_s + n, 24.0 if up else 4.0) for n, up in enumerate(high)], PLANT)])


async def opened(store: Store, clock: ClockByHand, of_effects: EffectRules | None = None) -> Line:
    return await open_line(PLANT, store, clock, rules_of_effects=of_effects)


async def told_over(
    line: Line, clock: ClockByHand, from_s: int, to_s: int, burns: Sequence[tuple[float, float]], **more: Arrival
) -> None:
    """Drive a line; ``more`` has arrivals by the second they come, like ``at_60``."""
    for t_s in range(from_s, to_s, 5):
        extra = [more[f"at_{t_s}"]] if f"at_{t_s}" in more else []
        await drive(line, clock, t_s + 5, voltages(t_s, *burns), *extra)


async def in_the_stream(store: Store) -> dict[float, ParsedLine]:
    """Return the lines of the stream as a database keeps them, by their second: the last one of a place and time."""
    found = [parse_line(each) for each in await lines_of(store) if each.startswith(b"anode_effect,")]
    merged: dict[float, ParsedLine] = {}
    for each in found:
        t_s = (each.time_ns - T0) / S
        before = merged.get(t_s)
        merged[t_s] = each if before is None else each._replace(fields=before.fields | each.fields)
    return merged


@pytest.fixture
def clock() -> ClockByHand:
    return ClockByHand(T0 - 3 * S)


async def test_an_effect_in_the_voltage_is_booked_to_the_minute_of_its_start(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 300, [(59, 119)])
        found = await minutes(store)
        stream = await in_the_stream(store)
    assert (found[0][1].anode_effects, found[0][1].anode_effect_s) == (1, 60.6)
    assert {number for number, (revision, _) in found.items() if revision > 1} == {0}
    (written,) = stream.values()
    assert written.tags == {"plant": "example", "potline": "PL1", "pot": "1007", "kind": "hvae"}
    assert written.time_ns == T0 + 58_200_000_000
    assert written.fields == {
        "duration_s": 60.6,
        "max_v": 24.0,
        "overvoltage_v_s": pytest.approx(59 * 20 + 2 * 0.8 * 12),
        "corrected": False,
    }


async def test_the_controllers_word_that_comes_later_takes_the_place_of_the_voltages(
    tmp_path: Path, clock: ClockByHand
) -> None:
    ends = effect(57.5, 61.25, rank=2)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 300, [(59, 119)])
        before = (await minutes(store))[0]
        await told_over(line, clock, 300, 400, [], at_300=events(ends))
        after = (await minutes(store))[0]
        stream = await in_the_stream(store)
    assert (before[1].anode_effects, before[1].anode_effect_s) == (1, 60.6)
    assert (after[1].anode_effects, after[1].anode_effect_s) == (1, 61.25)
    assert after[0] == before[0] + 1
    assert sorted(stream) == [57.5, 58.2]
    assert stream[57.5].fields["duration_s"] == 61.25
    merged = stream[58.2].fields
    assert (merged["duration_s"], merged["overvoltage_v_s"], merged["corrected"]) == (0.0, 0.0, True)


async def test_while_the_controller_has_not_told_the_duration_the_voltages_counts(
    tmp_path: Path, clock: ClockByHand
) -> None:
    begins, ends = effect(57.5, None, rank=0), effect(57.5, 61.25, rank=2)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 110, [(59, 119)], at_60=events(begins))
        found = (await minutes(store))[0][1]
        assert found.anode_effects == 1
        assert found.anode_effect_s == pytest.approx(30.8)
        await told_over(line, clock, 110, 300, [(59, 119)], at_120=events(ends))
        found = (await minutes(store))[0][1]
        stream = await in_the_stream(store)
    assert (found.anode_effects, found.anode_effect_s) == (1, 61.25)
    assert {t_s: each.fields["duration_s"] for t_s, each in stream.items()} == {57.5: 61.25, 58.2: 0.0}
    # The controller tells no overvoltage: what was merged for a while does not make one of 0.
    assert "overvoltage_v_s" not in stream[57.5].fields


async def test_with_precedence_of_the_voltage_the_controllers_word_changes_nothing(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock, rules(precedence=EffectOrigin.VOLTAGE))
        await told_over(line, clock, 0, 300, [(59, 119)])
        before = await minutes(store)
        await told_over(line, clock, 300, 310, [], at_300=events(effect(57.5, 61.25, rank=2)))
        after = await minutes(store)
        stream = await in_the_stream(store)
    assert after[0] == before[0]
    assert {t_s: each.fields["duration_s"] for t_s, each in stream.items()} == {57.5: 0.0, 58.2: 60.6}


async def test_an_effect_of_the_controller_a_minute_before_moves_the_count_to_its_minute(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 300, [(70, 119)])
        before = await minutes(store)
        await told_over(line, clock, 300, 400, [], at_300=events(effect(50.0, 55.0, rank=2)))
        after = await minutes(store)
    assert [before[n][1].anode_effects for n in (0, 1)] == [0, 1]
    assert [after[n][1].anode_effects for n in (0, 1)] == [1, 0]
    assert {number for number, (revision, _) in after.items() if revision > before.get(number, (1,))[0]} == {0, 1}


async def test_a_corrected_start_leaves_nothing_behind_in_the_stream(tmp_path: Path, clock: ClockByHand) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        await drive(line, clock, 60, events(effect(20, 40.0, rank=2)))
        await drive(line, clock, 65, events(effect(30, 45.0, rank=3)))
        stream = await in_the_stream(store)
    assert {t_s: each.fields["duration_s"] for t_s, each in stream.items()} == {20.0: 0.0, 30.0: 45.0}
    assert stream[20.0].fields["corrected"] is True


async def test_two_that_begin_in_the_same_nanosecond_share_the_line_of_the_one_that_counts(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 200, [(59, 119)], at_150=events(effect(58.2, 61.25, rank=2)))
        stream = await in_the_stream(store)
    assert {t_s: each.fields["duration_s"] for t_s, each in stream.items()} == {58.2: 61.25}


@pytest.mark.parametrize("cut_s", [55, 60, 85, 115, 120, 125])
async def test_a_restart_in_the_middle_gives_the_same_effect_and_the_same_stream(
    tmp_path: Path, clock: ClockByHand, cut_s: int
) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, cut_s, [(59, 119)])
    async with Store(path, PLANT.points) as store:
        line = await opened(store, clock)
        # The last ten seconds had not been acknowledged.
        await told_over(line, clock, cut_s - 10, 300, [(59, 119)])
        found = await minutes(store)
        stream = await in_the_stream(store)
    assert sum(sums.anode_effects for _, sums in found.values()) == 1
    assert found[0][1].anode_effect_s == pytest.approx(60.6, abs=1e-9)
    (written,) = stream.values()
    assert written.fields["duration_s"] == pytest.approx(60.6, abs=1e-9)
    assert written.fields["max_v"] == 24.0


async def test_the_whole_day_again_after_a_loss_of_memory_adds_nothing(tmp_path: Path, clock: ClockByHand) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 300, [(59, 119), (200, 230)])
        before, kept = await minutes(store), await store.events_between("PL1", T0, T0 + 600 * S)
        again = await opened(store, clock)
        again.effects = type(again.effects)(PLANT, store, rules(), (), now_ns=T0)
        await told_over(again, clock, 0, 300, [(59, 119), (200, 230)])
        after = await minutes(store)
        assert kept == await store.events_between("PL1", T0, T0 + 600 * S)
    assert [sums for _, sums in before.values()] == [sums for _, sums in after.values()][: len(before)]
    assert after[0][1].anode_effect_s == pytest.approx(91.2)


async def test_what_the_store_kept_is_what_was_told(tmp_path: Path, clock: ClockByHand) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 90, [(59, 119)])
        (kept,) = await store.effects_between("PL1", T0, T0 + 600 * S)
        assert isinstance(kept, AnodeEffect)
        assert (kept.origin, kept.last_v, kept.reference_v) == (EffectOrigin.VOLTAGE, 24.0, 4.0)
        older = dataclasses.asdict(effect(20, 40.0, rank=2))
        for key in ("origin", "until_ns", "last_v", "reference_v", "unseen_s", "refused"):
            del older[key]
        assert AnodeEffect(**older) == effect(20, 40.0, rank=2)


async def test_a_fault_of_the_measurement_is_not_booked_and_its_lines_say_nothing(
    tmp_path: Path, clock: ClockByHand
) -> None:
    pots = [str(1001 + n) for n in range(21)]
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        for t_s in range(0, 200, 5):
            value = 24.0 if 60 <= t_s < 90 else 4.0
            rows = [row for pot in pots for row in curve((t_s, t_s + 5, value), pot=pot, every_s=5.0)]
            await drive(line, clock, t_s + 5, joined([batch(rows, PLANT)]))
        found = await minutes(store)
        stream = await lines_of(store)
    assert sum(sums.anode_effects for _, sums in found.values()) == 0
    last = {each.split(b" ")[0]: parse_line(each) for each in stream if each.startswith(b"anode_effect,")}
    assert len(last) == 21
    assert {(each.fields["duration_s"], each.fields["corrected"]) for each in last.values()} == {(0.0, True)}


async def test_once_a_day_effects_that_only_one_of_the_two_tells_are_said_and_counted(
    tmp_path: Path, clock: ClockByHand
) -> None:
    missed = dataclasses.replace(effect(1500, 70.0, rank=2, id_="AE-9"), pot="1009")
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        told = events(effect(57.5, 61.25, rank=2), missed)
        await told_over(line, clock, 0, 300, [(59, 119)], at_200=told)
        # The plant's day ends at 16:00 UTC; it is compared an hour later.
        with structlog.testing.capture_logs() as before:
            await drive(line, clock, 13 * 3600 - 5)
        with structlog.testing.capture_logs() as after:
            await drive(line, clock, 13 * 3600)
            await drive(line, clock, 13 * 3600 + 5)
    what = "controllers and voltages tell of different anode effects"
    assert [each for each in before if each["event"] == what] == []
    assert [each for each in after if each["event"] == what] == [
        {
            "event": what,
            "log_level": "warning",
            "potline": "PL1",
            "day": "2026-03-01",
            "controller": "2, 131 s, 1 alone",
            "voltage": "1, 61 s, 0 alone",
        }
    ]
    assert line.instruments.effects_told_by_one_total == 1


async def test_the_page_shows_an_effect_of_the_voltage_and_with_which_it_is_counted(
    tmp_path: Path, clock: ClockByHand
) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 200, [(59, 119)], at_150=events(effect(57.5, 61.25, rank=2)))
        merged = (await opened(store, clock)).effects.merged
        assert merged == line.effects.merged
        state = PageState(
            PLANT,
            path,
            LatestReadings(len(PLANT.points)),
            clock=clock,
            instruments=Instruments(),
            least_coverage_pct=90.0,
            alerts=list,
            merged=merged,
        )
        shown = json.loads(await asyncio.to_thread(state.document))["potlines"][0]["events"]
    assert [each["words"] for each in shown] == [
        "pot 1007, hvae, 61 s, seen in the voltage, counted as AE-1",
        "pot 1007, hvae, 61 s",
    ]


async def test_an_effect_of_a_pot_that_falls_silent_is_over_while_others_speak(
    tmp_path: Path, clock: ClockByHand
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await opened(store, clock)
        await told_over(line, clock, 0, 80, [(59, 119)])
        # Nothing comes at all for half an hour: the broker has kept it.
        await drive(line, clock, 1880)
        (burns,) = await store.effects_between("PL1", T0, T0 + 3600 * S)
        await drive(line, clock, 1885, voltages(1000, pot="1008"))
        (ended,) = await store.effects_between("PL1", T0, T0 + 3600 * S)
        stream = await in_the_stream(store)
    assert burns.duration_s == pytest.approx(0.8)
    assert burns.last_v == 24.0
    assert ended.duration_s == pytest.approx(20.8)
    assert ended.last_v is None
    assert ended.unseen_s == 900.0
    assert [each.fields["duration_s"] for each in stream.values()] == [ended.duration_s]


async def test_what_a_broker_kept_during_a_stop_goes_on_with_the_effect_that_burned(
    tmp_path: Path, clock: ClockByHand
) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, PLANT.points) as store:
        await told_over(await opened(store, clock), clock, 0, 80, [(59, 119)])
    clock.ns = T0 + 3600 * S
    async with Store(path, PLANT.points) as store:
        line = await opened(store, clock)
        await drive(line, clock, 3600)
        for t_s in range(80, 200, 5):
            await drive(line, clock, 3605, voltages(t_s, (59, 119)))
        (whole,) = await store.effects_between("PL1", T0, T0 + 3600 * S)
    assert whole.duration_s == pytest.approx(60.6)
    assert whole.unseen_s == 0.0
