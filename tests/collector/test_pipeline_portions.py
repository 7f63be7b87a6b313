"""The line under many readings: how much it takes at a time, and what it leaves to the store's thread."""

import gzip
import threading
from pathlib import Path

import numpy as np
import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0

from collector.acquisition.source import Arrival
from collector.delivery.lineprotocol import ReadingEncoder
from collector.readings.batch import ReadingBatch
from collector.readings.outgoing import Rendered
from collector.readings.quantity import Quantity
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

VOLTAGE = PLANT.points.place("pot:1001", Quantity.POT_VOLTAGE)


def voltages(count: int, since_ns: int) -> ReadingBatch:
    """Return a voltage of one pot for each nanosecond."""
    times = since_ns + np.arange(count)
    return ReadingBatch(np.full(count, VOLTAGE, np.int32), times, np.full(count, 4.1), np.full(count, 192, np.uint8))


class Watched(ReadingEncoder):
    """Notes on which thread it works."""

    threads: set[str]

    def rendered(self, batch: ReadingBatch) -> Rendered:
        self.threads.add(threading.current_thread().name)
        return super().rendered(batch)


async def test_a_step_takes_100_000_readings_and_leaves_the_others_for_the_next(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, ClockByHand(T0))
        for number in range(5):
            line.inbox.put_nowait(Arrival(voltages(30_000, T0 + number * 30_000)))
        assert [len(arrival.batch) for arrival in await line._gather()] == [30_000] * 4
        assert [len(arrival.batch) for arrival in await line._gather()] == [30_000]


async def test_50_000_readings_are_rendered_on_the_stores_thread_and_are_50_000_lines_in_one_record(
    tmp_path: Path,
) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, ClockByHand(T0))
        line.encoder = encoder = Watched(PLANT)
        encoder.threads = set()
        acknowledged: list[bool] = []
        await line.step([Arrival(voltages(50_000, T0), acknowledge=lambda: acknowledged.append(True))])
        records = await store.pending("db", most_bytes=1 << 30)
    (name,) = encoder.threads
    assert name.startswith("store")
    assert acknowledged == [True]
    bodies = [gzip.decompress(record.body) for record in records]
    assert sum(body.count(b"voltage_v=4.1,quality=192i") for body in bodies) == 50_000
    assert max(record.lines for record in records) >= 50_000
