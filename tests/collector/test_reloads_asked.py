"""Who asks for a reload is answered, whatever comes in between: a line that waits, a stop, a full disk."""

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_settings import plant_of

from collector.beginning import line_on
from collector.changes import Changes
from collector.clock import SystemClock
from collector.instruments import Instruments
from collector.pipeline import Line
from collector.readings.latest import LatestReadings
from collector.reloading import Reloads
from collector.running import Running
from collector.settings import Configuration, store_path
from collector.store.schema import StoreUnwritable
from collector.store.store import Store

FILE = '[endpoints.e]\ntransport = "modbus_tcp"\nhost = "10.0.0.1"\n'
METER = '[meters.m]\nmeasures = "monitored"\nprofile = "eastron-sdm630"\nendpoint = "e"\nunit = 1\n'


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    """Return what runs; the file that is read again has a meter more."""
    old = plant_of(tmp_path, FILE + METER)
    plant_of(tmp_path, FILE + METER + METER.replace("meters.m", "meters.n").replace("unit = 1", "unit = 2"))
    return old


class Changeable:
    """Something that runs, and notes what it is changed to."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.instruments = Instruments()
        self.stop = asyncio.Event()
        self.changed: list[tuple[str, ...]] = []

    async def change_to(self, configuration: Configuration, found: Changes) -> None:
        self.configuration = configuration
        self.changed.append(found.added)


async def served(tmp_path: Path, running: Any) -> tuple[Reloads, asyncio.Task[None]]:  # noqa: ANN401 - a stand-in
    reloads = Reloads(tmp_path / "collector.toml", lambda _: None)
    return reloads, asyncio.create_task(reloads.serve(running, lambda _: None))


@pytest.mark.asyncio
async def test_while_the_line_waits_nothing_is_changed_and_why_is_told(
    tmp_path: Path, configuration: Configuration
) -> None:
    running = Changeable(configuration)
    running.instruments.line_waits = "the outbox has reached [store] outbox_max_bytes and is to block"
    reloads, serving = await served(tmp_path, running)
    outcome = await reloads.ask()
    assert (outcome.result, outcome.problems) == (
        "refused",
        [f"the line waits: {running.instruments.line_waits}; reload again once it goes on"],
    )
    running.instruments.line_waits = ""
    assert (await reloads.ask()).added == ["meter n"]
    assert running.changed == [("meter n",)]
    running.stop.set()
    await serving


@pytest.mark.asyncio
async def test_many_who_ask_at_once_have_one_answer_and_after_a_stop_everybody_is_told_of_it(
    tmp_path: Path, configuration: Configuration
) -> None:
    running = Changeable(configuration)
    reloads, serving = await served(tmp_path, running)
    told = await asyncio.gather(*(reloads.ask() for _ in range(20)))
    assert [outcome.result for outcome in told] == ["changed"] * 20
    assert len(running.changed) == 1
    late = asyncio.create_task(reloads.ask())
    await asyncio.sleep(0)
    running.stop.set()
    await serving
    assert (await late).result == "stopping"
    assert (await reloads.ask()).result == "stopping"


@pytest.mark.asyncio
async def test_a_new_line_waits_for_a_disk_that_takes_nothing_and_the_one_who_asked_with_it(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.running._AGAIN_AFTER_S", 0.01)
    failures = 3

    async def line(of: Configuration, before: Line | None) -> Line:
        nonlocal failures
        if before is not None and failures:
            failures -= 1
            raise StoreUnwritable("database or disk is full")
        inbox: asyncio.Queue[Any] = asyncio.Queue(10) if before is None else before.inbox
        return await line_on(of, SystemClock(), store, latest, instruments, lambda: None, inbox)

    instruments = Instruments()
    making: Any = SimpleNamespace(sources=lambda *_: [], line=line, told=lambda *_: None)
    async with Store(configuration.store.path, configuration.plant.points) as store:
        latest = LatestReadings(100)
        async with asyncio.TaskGroup() as group:
            first = await line(configuration, None)
            running = Running(group, making, configuration, first, store, instruments, asyncio.Event())
            running.start()
            await running.change_to(replace(configuration), Changes(line=True, added=("meter n",)))
            assert failures == 0
            assert running.line is not first
            assert running.line.inbox is first.inbox
            running.line.stop([])


def test_where_the_store_is_is_known_whatever_else_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "collector.toml"
    file.write_text('nonsense = 1\n[store]\npath = "here.sqlite"\n[page]\nlisten = 7\n', encoding="utf-8")
    assert store_path(file) == tmp_path / "here.sqlite"
    file.write_text("[store", encoding="utf-8")
    assert store_path(file) is None
    file.write_text("[store]\npath = 7\n", encoding="utf-8")
    assert store_path(file) is None
