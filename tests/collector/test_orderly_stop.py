"""An orderly stop: what was polled is on disk when it is over, wherever in the line it was when the stop came."""

import asyncio
import gzip
import shutil
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from example_plant import CONFIG
from server_process import free_port
from waiting import until

from collector import assembly
from collector.acquisition.source import Arrival
from collector.clock import SystemClock
from collector.pipeline import Line
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.settings import Configuration, load
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """Return the example configuration; the line would gather for 30 s, a commit that waits for them is seen."""
    folder = tmp_path / "config"
    shutil.copytree(CONFIG.parent, folder)
    monkeypatch.setenv("POTLINE_STORE__PATH", str(tmp_path / "store.sqlite"))
    monkeypatch.setenv("POTLINE_PAGE__LISTEN", f"127.0.0.1:{free_port()}")
    found = load(folder / "collector.toml")
    object.__setattr__(found.store, "commit_every_s", 30.0)
    return found


class Polled:
    """A source that was asked for some polls in a row, and then waits."""

    name = "polled"
    longest_pause_s = 1.0
    sends_again = False

    def __init__(self, configuration: Configuration, polls: int) -> None:
        self.place = configuration.plant.points.place("pot:1001", Quantity.POT_VOLTAGE)
        self.polls = polls
        self.handed_on = 0
        self.acknowledged = 0
        self.ended = asyncio.Event()

    async def arrivals(self) -> AsyncGenerator[Arrival, None]:
        since_ns = SystemClock().now_ns()
        try:
            for poll in range(self.polls):
                self.handed_on += 1
                yield Arrival(
                    ReadingBatch.of([(self.place, since_ns + poll, 4.0 + poll / 1000, int(Quality.GOOD))]),
                    acknowledge=self._acknowledged,
                )
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    def _acknowledged(self) -> None:
        self.acknowledged += 1


async def kept(configuration: Configuration) -> list[str]:
    """Return the voltages that are in the store."""
    async with Store(configuration.store.path, configuration.plant.points) as store:
        records = await store.pending("db", most_bytes=1 << 30)
    lines = [line for record in records for line in gzip.decompress(record.body).decode().splitlines()]
    return [line.split("voltage_v=")[1].split(",")[0] for line in lines if "voltage_v=" in line]


async def stopped_when(
    configuration: Configuration, source: Polled, monkeypatch: pytest.MonkeyPatch, now: Callable[[], bool]
) -> float:
    """Run a collector of one source, stop it when something is so, and return how long the stop took [s]."""
    monkeypatch.setattr(assembly, "sources", lambda *_: [source])
    stop = asyncio.Event()
    running = asyncio.create_task(assembly.run(configuration, SystemClock(), stop=stop))
    await until(now, within_s=30.0)
    began = time.monotonic()
    stop.set()
    await asyncio.wait_for(running, 30.0)
    return time.monotonic() - began


async def test_what_was_polled_since_the_latest_commit_is_committed_at_a_stop(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Polled(configuration, 5)
    inboxes = _noting_inboxes(monkeypatch)
    took_s = await stopped_when(
        configuration, source, monkeypatch, lambda: source.handed_on == 5 and bool(inboxes) and inboxes[0].empty()
    )
    assert source.acknowledged == 5
    assert await kept(configuration) == ["4.0", "4.001", "4.002", "4.003", "4.004"]
    assert took_s < 5.0


async def test_a_stop_in_the_middle_of_a_commit_waits_for_it_and_takes_what_came_meanwhile(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    object.__setattr__(configuration.store, "commit_every_s", 0.05)
    source = Polled(configuration, 1)
    begun, commit = asyncio.Event(), Store.commit

    async def slowly(store: Store, what: Commit) -> None:
        begun.set()
        await source.ended.wait()
        await commit(store, what)

    monkeypatch.setattr(Store, "commit", slowly)
    took_s = await stopped_when(configuration, source, monkeypatch, lambda: begun.is_set() and source.handed_on == 1)
    assert source.acknowledged == 1
    assert await kept(configuration) == ["4.0"]
    assert took_s < 5.0


async def test_what_a_full_inbox_held_back_is_committed_at_a_stop_too(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "INBOX_SIZE", 3)
    object.__setattr__(configuration.store, "commit_every_s", 0.05)
    begun, step = asyncio.Event(), Line.step

    async def held_up(line: Line, arrivals: list[Arrival]) -> None:
        if arrivals and not begun.is_set():
            begun.set()
            await source.ended.wait()
        await step(line, arrivals)

    monkeypatch.setattr(Line, "step", held_up)
    source = Polled(configuration, 10_000)
    inboxes = _noting_inboxes(monkeypatch)
    await stopped_when(configuration, source, monkeypatch, lambda: begun.is_set() and inboxes[0].full())
    assert source.handed_on < 10_000
    assert source.acknowledged == source.handed_on
    assert len(await kept(configuration)) == source.handed_on


def _noting_inboxes(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Queue[Arrival]]:
    """Return where each inbox that a collector makes is going to be noted."""
    made: list[asyncio.Queue[Arrival]] = []
    opened = Line.__post_init__

    def noting(line: Line) -> None:
        opened(line)
        made.append(line.inbox)

    monkeypatch.setattr(Line, "__post_init__", noting)
    return made
