"""Accounting inputs in the store: cells, pots, events, and what is remembered of a plant that changes."""

from pathlib import Path

import pytest
from store_things import (
    DAY_S,
    ENERGY,
    POINTS,
    POWER,
    VOLTAGE,
    behind_its_back,
    bounds,
    cell,
    cells,
    effect,
    record,
    weighing,
)

from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.event import AnodeEffectKind
from collector.readings.point import PointTable
from collector.readings.pots import PotsInputs
from collector.store import inputs
from collector.store.commit import Commit
from collector.store.schema import StoreError
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


async def around(store: Store, start: int, end: int) -> list[int]:
    found = await store.cells_around([POWER], start * MINUTE_NS, end * MINUTE_NS)
    return [cell.minute_ns // MINUTE_NS for cell in found[POWER]]


async def test_a_cell_is_read_back_with_the_same_bits(tmp_path: Path) -> None:
    odd = Cell(60, 61, 0.1, 62, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, 1e-9, False, 0)
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, cells={(VOLTAGE, 60): odd}))
        found = (await store.last_cells([POWER, VOLTAGE]))[VOLTAGE]
    assert repr(found) == repr(odd)


async def test_a_cell_written_again_replaces_the_one_of_that_minute(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, cells=cells(POWER, 3)))
        await store.commit(Commit(2, cells={(POWER, 3 * MINUTE_NS): cell(3, 9.5)}))
        assert await store.cells_around([POWER], 0, 10 * MINUTE_NS) == {POWER: [cell(3, 9.5)]}


async def test_a_value_that_is_not_a_number_is_refused_with_all_that_came_with_it(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        with pytest.raises(StoreError, match="NOT NULL"):
            await store.commit(Commit(1, lines=[b"m n=1i 1"], cells={(POWER, 0): cell(0, float("nan"))}))
        assert (await store.outbox_state()).records == 0


async def test_cells_around_an_interval_come_with_the_nearest_one_before_and_after(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, cells=cells(POWER, 1, 2, 5, 6, 9, 12) | cells(ENERGY, 4, 7)))
        assert await around(store, 5, 7) == [2, 5, 6, 9]
        assert await around(store, 3, 5) == [2, 5]  # none inside
        assert await around(store, 0, 2) == [1, 2]  # none before; the end does not belong to the interval
        assert await around(store, 12, 20) == [9, 12]  # none after
        assert await around(store, 20, 30) == [12]
        assert await around(store, 0, 1) == [1]
        assert await store.cells_around([VOLTAGE], 0, MINUTE_NS) == {VOLTAGE: []}


async def test_the_last_cell_of_each_point_that_has_one_is_found(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, cells=cells(POWER, 1, 7, 3) | cells(VOLTAGE, 2)))
        assert await store.last_cells([POWER, ENERGY, VOLTAGE]) == {POWER: cell(7), VOLTAGE: cell(2)}


async def test_cells_stay_with_their_points_when_the_plant_file_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    power, energy, voltage = POINTS
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, cells=cells(POWER, 1) | cells(ENERGY, 2) | cells(VOLTAGE, 3)))
    async with Store(path, PointTable([voltage, energy])) as store:  # other order, one meter less
        assert await store.last_cells([0, 1]) == {0: cell(3), 1: cell(2)}
        await store.commit(Commit(2, cells=cells(0, 4)))
    async with Store(path, PointTable([energy, power, voltage])) as store:  # and back again
        assert await store.last_cells([0, 1, 2]) == {0: cell(2), 1: cell(1), 2: cell(4)}
        assert list(await store.cells_around([2, 1], 0, 9 * MINUTE_NS)) == [2, 1]


async def test_a_remembered_value_is_the_first_one_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        assert await store.meta("accounts_since_ns", "60") == "60"
        assert await store.meta("accounts_since_ns", "120") == "60"
    async with Store(path, POINTS) as store:
        assert await store.meta("accounts_since_ns", "180") == "60"


async def test_pots_in_operation_are_noted_for_a_minute(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, pots=[("PL1", 60, PotsInputs(40))]))
        await store.commit(Commit(2, pots=[("PL1", 60, PotsInputs(39))]))
        assert await store.ask(lambda db: inputs.pots_between(db, "PL1", 0, 61)) == {60: PotsInputs(39)}
        assert await store.ask(lambda db: inputs.pots_between(db, "PL2", 0, 61)) == {}


async def test_dirty_minutes_come_line_by_line_and_keep_their_first_reason_until_they_are_accounted(
    tmp_path: Path,
) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, dirty={("PL1", 180): "late", ("PL2", 60): "corrected"}))
        await store.commit(Commit(2, dirty={("PL1", 180): "again", ("PL1", 120): "late"}))
        assert await store.dirty(2) == {("PL1", 120): "late", ("PL1", 180): "late"}
        await store.commit(Commit(3, accounted=[("PL1", 120)], unchanged=[("PL2", 60)]))
        assert await store.dirty(9) == {("PL1", 180): "late"}
        assert await store.restated() == {("PL1", 120): "late"}
        await store.commit(Commit(3, settled=[("PL1", 120), ("PL1", 180)]))
        assert await store.restated() == {}
        assert await store.dirty(9) == {("PL1", 180): "late"}
        await store.commit(Commit(4, accounted=[("PL1", 180)], dirty={("PL1", 180): "once more"}))
        assert await store.dirty(9) == {("PL1", 180): "once more"}


async def test_events_are_read_back_as_they_were_told(tmp_path: Path) -> None:
    low = effect(2, rank=0, id_="AE-2")
    burning = type(low)("AE-3", 0, "PL1", "1007", AnodeEffectKind.LVAE, 3 * MINUTE_NS, None, None, 0.1, corrected=False)
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, events=[weighing(4), burning, low]))
        assert await store.events_between("PL1", 0, 5 * MINUTE_NS) == [low, burning, weighing(4)]
        assert await store.events_between("PL1", 3 * MINUTE_NS, 4 * MINUTE_NS) == [burning]
        assert await store.events_between("PL2", 0, 5 * MINUTE_NS) == []


async def test_only_an_event_with_a_rank_above_all_that_is_known_of_it_is_fresh(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        first, second, third = (effect(1, rank=rank) for rank in (0, 1, 2))
        other = weighing(1)
        assert await store.fresh([second, first, other, second, third]) == [second, other, third]
        await store.commit(Commit(1, events=[second, other]))
        assert await store.fresh([first, second, other]) == []
        assert await store.fresh([third]) == [third]


async def test_a_message_that_comes_late_and_out_of_order_does_not_undo_a_later_one(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        for rank in (2, 0, 1):
            await store.commit(Commit(1, events=[effect(rank, rank=rank)]))
        assert await store.events_between("PL1", 0, 9 * MINUTE_NS) == [effect(2, rank=2)]
        assert await store.minutes_of(["AE-1", "unknown"]) == [("PL1", 2 * MINUTE_NS)]


async def test_a_correction_moves_an_event_to_another_minute_and_another_potline(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, events=[effect(1, rank=1)]))
        await store.commit(Commit(2, events=[effect(5, rank=3, potline="PL2")]))
        assert await store.events_between("PL1", 0, 9 * MINUTE_NS) == []
        assert await store.events_between("PL2", 0, 9 * MINUTE_NS) == [effect(5, rank=3, potline="PL2")]
        assert await store.minutes_of(["AE-1"]) == [("PL2", 5 * MINUTE_NS)]


async def test_inputs_are_let_go_of_after_their_time_but_the_last_cell_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(
            Commit(
                1,
                cells=cells(POWER, 1, 5, 9) | cells(ENERGY, 1, 2),  # the second meter has been silent since
                pots=[("PL1", MINUTE_NS, PotsInputs(40)), ("PL1", 9 * MINUTE_NS, PotsInputs(40))],
                events=[effect(1, rank=0, id_="old"), effect(9, rank=0, id_="young")],
                records=[record(1), record(9)],
            )
        )
        await store.let_go((), bounds(inputs_s=2 * DAY_S), round(2 * DAY_S * 1e9) + 6 * MINUTE_NS)
        # From the last one before that time a line may have to be drawn to the next.
        assert await store.cells_around([POWER, ENERGY], 0, 20 * MINUTE_NS) == {
            POWER: [cell(5), cell(9)],
            ENERGY: [cell(2)],
        }
        kept = await store.ask(lambda db: inputs.pots_between(db, "PL1", 0, 20 * MINUTE_NS))
        assert kept == {9 * MINUTE_NS: PotsInputs(40)}
        assert [event.id for event in await store.events_between("PL1", 0, 20 * MINUTE_NS)] == ["young"]
        assert (
            len(await store.latest_records("PL1", "minute", 0, 20 * MINUTE_NS)) == 2
        )  # minutes have a time of their own


async def test_an_event_that_was_corrected_to_an_older_minute_does_not_come_back_when_that_is_let_go_of(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, events=[effect(9, rank=0)]))
        await store.commit(Commit(2, events=[effect(1, rank=3)]))
        await store.let_go((), bounds(inputs_s=2 * DAY_S), round(2 * DAY_S * 1e9) + 6 * MINUTE_NS)
        assert await store.events_between("PL1", 8 * MINUTE_NS, 10 * MINUTE_NS) == []
        await store.let_go((), bounds(inputs_s=2 * DAY_S), round(2 * DAY_S * 1e9) + 10 * MINUTE_NS)
    with behind_its_back(path) as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (0,)
