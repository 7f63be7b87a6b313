"""The straight line while it has no room: what is acknowledged, what is lost and counted, and how it goes on."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, lines_of, polls
from waiting import until

from collector.acquisition.feed import Feed
from collector.acquisition.source import Arrival
from collector.pipeline import REPORT_EVERY_S, Line
from collector.readings.batch import ReadingBatch
from collector.readings.outgoing import WhenFull
from collector.store import room as room_module
from collector.store.outbox import Bounds
from collector.store.schema import StoreUnwritable
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

A_POLL = ReadingBatch.joined(polls(0.0))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_module, "_AGAIN_AFTER_S", 0.01)


class Source:
    """A source that always has something to say; a second of plant time goes by with each."""

    longest_pause_s = 1.0

    def __init__(self, name: str, clock: ClockByHand, *, sends_again: bool) -> None:
        self.name = name
        self.sends_again = sends_again
        self.clock = clock
        self.told = 0
        self.acknowledged: list[int] = []

    async def arrivals(self) -> AsyncGenerator[Arrival, None]:
        while True:
            self.told += 1
            number = self.told
            if not self.sends_again:
                self.clock.ns += S
            batch = ReadingBatch.joined(polls((self.clock.ns - T0) / S)) if not self.sends_again else A_POLL
            yield Arrival(batch, acknowledge=partial(self.acknowledged.append, number))
            await asyncio.sleep(0.001)


@dataclasses.dataclass
class Plant:
    """A line with a meter that is polled and a broker, and room for twenty arrivals between them and it."""

    line: Line
    meter: Source
    broker: Source

    @classmethod
    async def opened(cls, store: Store, bounds: Bounds) -> "Plant":
        clock = ClockByHand(T0)
        line = await open_line(PLANT, store, clock)
        line = dataclasses.replace(line, inbox=asyncio.Queue(20), targets=("db",), bounds=bounds, commit_every_s=0.01)
        return cls(line, Source("meter", clock, sends_again=False), Source("broker", clock, sends_again=True))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for source in (self.meter, self.broker):
                group.create_task(Feed(source, self.line.inbox, self.line.instruments).run())
            group.create_task(self.line.run())


async def end(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.wait([running])


def limits(most_bytes: int, when_full: WhenFull) -> Bounds:
    return Bounds(most_bytes, 1e9, 1e9, 1e9, when_full)


async def held_up(plant: Plant, on: str) -> None:
    """Check what a line does that waits: the broker's messages stay there, of the meter what finds no place is lost."""
    counts = plant.line.instruments
    await until(lambda: counts.line_waits_for == on)
    await until(lambda: counts.readings_lost_by_wait.get(on, 0) > 20 * len(A_POLL), within_s=20)
    # What is told is acknowledged, or in the inbox, or in the one arrival that waits for a place in it.
    acknowledged, told = len(plant.broker.acknowledged), plant.broker.told
    lost = counts.readings_lost_by_wait[on]
    await until(lambda: counts.readings_lost_by_wait[on] > lost + 20 * len(A_POLL), within_s=20)
    assert (len(plant.broker.acknowledged), plant.broker.told) == (acknowledged, told)
    assert plant.line.inbox.full()
    assert counts.readings_lost_by_wait[on] % len(A_POLL) == 0
    assert counts.stream_fields()[f"readings_lost_{on}_total"] == counts.readings_lost_by_wait[on]


async def goes_on(plant: Plant) -> None:
    """Check that the line takes everything again, and that nothing of the broker was left out."""
    acknowledged = len(plant.broker.acknowledged)
    await until(lambda: len(plant.broker.acknowledged) > acknowledged + 50, within_s=20)
    assert plant.broker.acknowledged == list(range(1, len(plant.broker.acknowledged) + 1))
    assert plant.line.instruments.line_waits == ""


async def test_a_full_outbox_that_is_to_block_holds_up_brokers_and_goes_on_by_itself(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        plant = await Plant.opened(store, limits(60_000, WhenFull.BLOCK))
        running = asyncio.create_task(plant.run())
        await held_up(plant, "outbox_full")
        assert 60_000 <= store.outbox_bytes < 70_000
        last = (await store.pending("db", most_bytes=1 << 40))[-1].seq
        await store.take("db", range(1, last + 1))
        await goes_on(plant)
        await end(running)
    assert plant.line.instruments.dropped_records_by_cause == {}


async def test_a_full_disk_holds_up_brokers_and_goes_on_by_itself_with_nothing_lost_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    def disk(pages: int) -> None:
        store._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    path = tmp_path / "s.sqlite"
    async with Store(path, PLANT.points) as store:
        plant = await Plant.opened(store, limits(1 << 40, WhenFull.BLOCK))
        running = asyncio.create_task(plant.run())
        await until(lambda: len(plant.broker.acknowledged) > 20)
        await store._do(disk, 1)
        await held_up(plant, "disk")
        await store._do(disk, 1_000_000)
        await until(lambda: not plant.line.instruments.line_waits)
        told, lost = plant.meter.told, plant.line.instruments.readings_lost_by_wait["disk"] // len(A_POLL)
        await goes_on(plant)
        await end(running)
        texts = [line for line in await lines_of(store) if line.startswith(b"meter,meter=rectifier_1,")]
        seconds = {(int(text.rsplit(b" ", 1)[1]) - T0) // S for text in texts}
    # One a second: each that the meter told until the line went on is there, but for those counted as lost.
    assert len([second for second in seconds if 0 < second <= told]) == told - lost


async def test_an_orderly_stop_on_a_full_disk_ends_at_once_and_acknowledges_nothing(tmp_path: Path) -> None:
    def disk(pages: int) -> None:
        store._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        plant = await Plant.opened(store, limits(1 << 40, WhenFull.BLOCK))
        running = asyncio.create_task(plant.run())
        await until(lambda: len(plant.broker.acknowledged) > 5)
        await store._do(disk, 1)
        await until(lambda: plant.line.instruments.line_waits_for == "disk")
        acknowledged = len(plant.broker.acknowledged)
        plant.line.stop(())
        with pytest.raises(ExceptionGroup) as failed:
            await asyncio.wait_for(running, 30)
        [reason] = failed.value.exceptions
        assert isinstance(reason, StoreUnwritable)
        assert "database or disk is full" in str(reason)
    assert len(plant.broker.acknowledged) == acknowledged


async def test_a_filling_outbox_is_an_alert_in_the_streams_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.pipeline.REPORT_EVERY_S", 0.0)
    assert REPORT_EVERY_S == 10.0
    clock = ClockByHand(T0)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        line = dataclasses.replace(line, targets=("db",), bounds=limits(20_000, WhenFull.DROP_OLDEST))
        while store.outbox_bytes < 18_000:
            clock.ns += S
            await line.step([Arrival(ReadingBatch.joined(polls((clock.ns - T0) / S)))])
        told = [text.decode() for text in await lines_of(store) if text.startswith(b"alert,")]
    assert len(told) == 1
    assert told[0].startswith('alert,plant=example,rule=outbox_filling,severity=warning state="firing",value=8')
    assert ',limit=80.0,text="the outbox uses 8' in told[0]
