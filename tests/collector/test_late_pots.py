"""Pot voltages from the inbox to the ledger, over restarts and late: minutes are as if they had come in time."""

from pathlib import Path

import pytest
from example_plant import ClockByHand, joined, open_line
from line_story import PLANT, T0, S, lines_of, minutes, polls

from collector.acquisition.source import Arrival
from collector.pipeline import Line
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store import pot_minutes
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

POTS = PLANT.potlines[0].pots
BRIDGED = POTS[6]


def voltages(t_s: float, *, out: str = "", offset_s: float = 0.0) -> ReadingBatch:
    """Return what all pots show: 4.0 V and a little more each minute, 0.3 V at one that is out of the line."""
    time_ns = T0 + round((t_s + offset_s) * S)
    volts = 4.0 + 0.01 * (t_s // 60)
    return ReadingBatch.of(
        (
            PLANT.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE),
            time_ns,
            0.3 if pot == out else volts,
            int(Quality.GOOD),
        )
        for pot in POTS
    )


async def told(line: Line, clock: ClockByHand, t_s: float, *, live: bool, past: list[ReadingBatch], out: str) -> None:
    clock.ns = T0 + round(t_s * S)
    arrivals = [joined(polls(t_s))]
    if live and t_s % 10 == 0:
        arrivals.append(joined([voltages(t_s, out=out)]))
    if past:
        arrivals.append(Arrival(ReadingBatch.of(()), past=ReadingBatch.joined(past)))
    await line.step(arrivals)


async def figures(store: Store) -> dict[int, tuple[int, float, float, int]]:
    """Return pots, cell-days, energy of the pots and the minutes in which all were heard, by minute."""
    found = await minutes(store)
    return {
        number: (sums.pots, sums.cell_days, round(sums.pots_kwh, 9), sums.pots_minutes)
        for number, (_, sums) in found.items()
    }


async def test_a_pot_out_of_the_line_stays_out_in_the_minute_of_a_restart(tmp_path: Path) -> None:
    ledgers = []
    for restarted in (False, True):
        path = tmp_path / f"{restarted}.sqlite"
        clock = ClockByHand(T0 - 3 * S)
        async with Store(path, PLANT.points) as store:
            line = await open_line(PLANT, store, clock)
            for t in range(0, 156, 5):
                await told(line, clock, t, live=t < 150, past=[], out=BRIDGED)
            if not restarted:
                for t in range(160, 301, 5):
                    await told(line, clock, t, live=t >= 180, past=[], out=BRIDGED)
                ledgers.append(await figures(store))
        if restarted:
            async with Store(path, PLANT.points) as store:
                line = await open_line(PLANT, store, clock)
                for t in range(160, 301, 5):  # nothing more comes from the pots in the minute of the restart
                    await told(line, clock, t, live=t >= 180, past=[], out=BRIDGED)
                ledgers.append(await figures(store))
    assert ledgers[0][2][0] == 39
    assert ledgers[1] == ledgers[0]


@pytest.mark.parametrize("restarted", [False, True])
async def test_voltages_that_come_ten_minutes_late_give_the_minutes_that_they_would_have_given_in_time(
    tmp_path: Path,
    restarted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    ledgers = []
    for late in (False, True):
        path = tmp_path / f"{late}.sqlite"
        clock = ClockByHand(T0 - 3 * S)
        async with Store(path, PLANT.points) as store:
            line = await open_line(PLANT, store, clock)
            for t in range(0, 901, 5):
                away = late and 125 <= t < 425
                await told(line, clock, t, live=not away, past=[], out=BRIDGED)
            before = await figures(store)
            stored = [voltages(t, out=BRIDGED) for t in range(130, 425, 10)] if late else []
            if not restarted:
                await _tell_late(line, clock, stored)
                ledgers.append(await figures(store))
        if restarted:
            async with Store(path, PLANT.points) as store:
                line = await open_line(PLANT, store, clock)
                await _tell_late(line, clock, stored)
                ledgers.append(await figures(store))
        if late:
            assert (before[3][0], *before[3][2:]) == (40, 0.0, 0)  # silence is no evidence
            assert line.instruments.late_pots_booked_total == len(stored) * len(POTS)
            assert line.instruments.pots_without_current_total == 0
    assert ledgers[0][3][0] == 39
    assert ledgers[1] == ledgers[0]


async def _tell_late(line: Line, clock: ClockByHand, stored: list[ReadingBatch]) -> None:
    for number, start in enumerate(range(0, len(stored), 7)):
        await told(line, clock, 905 + number, live=False, past=stored[start : start + 7], out=BRIDGED)
    for t in range(915, 941, 5):
        await told(line, clock, t, live=False, past=[], out=BRIDGED)


async def test_what_is_told_twice_counts_once(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 301, 5):
            await told(line, clock, t, live=True, past=[], out="")
        before = await minutes(store)
        again = [voltages(t) for t in range(60, 300, 10)]
        await told(line, clock, 301, live=False, past=again, out="")
        after = await minutes(store)
    assert {number: after[number] for number in before} == before
    assert line.instruments.late_pots_repeated_total == len(again) * len(POTS)
    assert line.instruments.late_pots_booked_total == 0


async def test_a_minute_of_which_pots_tell_late_has_a_new_revision_and_its_hour_too(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 3701, 10):
            away = 600 <= t < 900
            await told(line, clock, t, live=not away, past=[], out=BRIDGED)
        await told(line, clock, 3705, live=False, past=[voltages(t, out=BRIDGED) for t in range(600, 900, 10)], out="")
        for t in range(3710, 3731, 5):
            await told(line, clock, t, live=False, past=[], out="")
        found = await minutes(store)
        [hour] = await store.latest_records("PL1", "hour", T0, T0 + 1)
        lines = [
            text for text in await lines_of(store) if text.startswith(b"energy_intensity") and b"window=hour" in text
        ]
    assert {number for number, (revision, _) in found.items() if revision == 2} == {10, 11, 12, 13, 14}
    assert hour.revision == 2
    assert any(b"revision=2i" in text for text in lines)


async def test_voltages_older_than_what_is_kept_are_counted_and_change_nothing(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 301, 5):
            await told(line, clock, t, live=False, past=[], out="")
        clock.ns = T0 + pot_minutes.KEPT_NS
        await line.step([Arrival(ReadingBatch.of(()), past=voltages(120))])
        assert line.instruments.late_pots_refused_total == len(POTS)
        kept = await store.ask(lambda db: pot_minutes.between(db, "PL1", T0 + 120 * S, T0 + 121 * S))
        assert [int(told.count.sum()) for told in kept.values()] == [0]  # the current alone
        assert all(revision == 1 for revision, _ in (await minutes(store)).values())


async def test_voltages_without_a_current_at_their_time_are_in_the_count_of_pots_and_in_no_energy(
    tmp_path: Path,
) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        await line.step([joined([voltages(0)])])
        assert line.instruments.pots_without_current_total == len(POTS)
        kept = await store.ask(lambda db: pot_minutes.between(db, "PL1", T0, T0 + 1))
    assert (kept[T0].kwh(), int(kept[T0].count.sum())) == (None, len(POTS))


async def test_what_older_pots_told_is_nothing_to_those_of_today(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 31, 5):
            await told(line, clock, t, live=True, past=[], out=BRIDGED)
        await store._do(lambda: store._db.execute("UPDATE pot_minute SET pots = 'others'"))
        line = await open_line(PLANT, store, clock)
        for t in range(35, 200, 5):
            await told(line, clock, t, live=t >= 60, past=[], out="")
        found = await figures(store)
    assert found[0][0] == 40
