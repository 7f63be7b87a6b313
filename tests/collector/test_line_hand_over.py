"""A line that gives way to another one: nothing under way is lost, and nothing of a meter that is gone is booked."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from small_settings import plant_of

from collector.acquisition.source import Arrival
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

T0 = 1_772_323_200_000_000_000
S = 1_000_000_000
TEXT = """
[endpoints.e]
transport = "modbus_tcp"
host = "10.0.0.1"
[meters.stays]
measures = "auxiliary_ac"
potline = "PL1"
profile = "eastron-sdm630"
endpoint = "e"
unit = 1
rated_power = "500 kW"
[meters.goes]
measures = "auxiliary_ac"
potline = "PL1"
profile = "eastron-sdm630"
endpoint = "e"
unit = 2
rated_power = "500 kW"
"""


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Return a plant of two meters."""
    return plant_of(tmp_path, TEXT).plant


def told(place: int, time_ns: int, value: float) -> Arrival:
    return Arrival(ReadingBatch.of([(place, time_ns, value, int(Quality.GOOD))]))


async def test_what_came_before_the_change_is_the_old_lines_and_what_comes_after_it_the_new_ones(
    tmp_path: Path, plant: Plant
) -> None:
    clock = ClockByHand(T0)
    stays, goes = (plant.points.place(meter, Quantity.ACTIVE_ENERGY_IMPORT) for meter in ("stays", "goes"))
    async with Store(tmp_path / "store.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        running = asyncio.create_task(line.run())
        for number in range(50):
            line.inbox.put_nowait(told(stays, T0 + number * S, 1000.0 + number))
        line.give_way([told(goes, T0, 7.0)])
        await running
        assert line.inbox.empty()

        changed = replace(plant, meters=plant.meters[:1]).after(plant)
        await store.take_points(changed.points)
        other = await open_line(changed, store, clock)
        other.go_on_from(line)
        other.inbox = line.inbox
        assert changed.points.unused >= {goes}
        # What the source of both had read before it was told that there is only one.
        late = ReadingBatch.of([(goes, T0 + 9 * S, 8.0, int(Quality.GOOD)), (stays, T0 + 50 * S, 1050.0, 192)])
        other.inbox.put_nowait(Arrival(late))
        other.give_way([])
        await other.run()
        cells = await store.last_cells([stays, goes])
        lines = [each for record in await store.pending("db", most_bytes=1 << 30) for each in (record.lines,)]
    assert (cells[stays].last, cells[stays].last_ns) == (1050.0, T0 + 50 * S)
    assert cells[goes].last_ns == T0
    assert sum(lines) >= 52


async def test_what_comes_while_a_line_gives_way_is_left_for_the_next_one(tmp_path: Path, plant: Plant) -> None:
    stays = plant.points.place("stays", Quantity.ACTIVE_ENERGY_IMPORT)
    async with Store(tmp_path / "store.sqlite", plant.points) as store:
        line = await open_line(plant, store, ClockByHand(T0))
        acknowledged: list[int] = []

        def of(number: int) -> Arrival:
            batch = told(stays, T0 + number * S, 1000.0 + number).batch

            def done() -> None:
                acknowledged.append(number)
                line.inbox.put_nowait(of(number + 10))  # sources go on: it must end all the same

            return Arrival(batch, acknowledge=done)

        for number in range(10):
            line.inbox.put_nowait(of(number))
        line.give_way([])
        await asyncio.wait_for(line.run(), 30)
        assert acknowledged[:10] == list(range(10))
        assert len(acknowledged) + line.inbox.qsize() >= 20
        assert not line.inbox.empty()
