"""The page of a running collector: its viewers do not hold it up, and what it serves is of the line itself."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from example_plant import CONFIG, ClockByHand, example_plant, open_line
from prometheus_client.parser import text_string_to_metric_families
from server_process import free_port

from collector import assembly
from collector.clock import SystemClock
from collector.instruments import Instruments, Waiting
from collector.settings import load
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio
PLANT = example_plant()
NOW_NS = 1_772_341_200_000_000_000


@pytest.fixture
def free_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing listen at any port of the example."""
    monkeypatch.setenv("POTLINE_STORE__PATH", str(tmp_path / "store.sqlite"))
    monkeypatch.setenv("POTLINE_STORE__COMMIT_EVERY", "100 ms")
    monkeypatch.setenv("POTLINE_PAGE__LISTEN", f"127.0.0.1:{free_port()}")
    for name in ("PLC", "RECTIFIER_GATEWAY", "SERVICES_GATEWAY"):
        monkeypatch.setenv(f"POTLINE_ENDPOINTS__{name}__PORT", str(free_port()))
    monkeypatch.setenv("POTLINE_BROKERS__POTROOM__PORT", str(free_port()))


async def until_ready(client: aiohttp.ClientSession) -> str:
    async with asyncio.timeout(20):
        while True:
            try:
                async with client.get("readyz") as answer:
                    if answer.status == 200 and "source" in (text := await answer.text()):
                        return text
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def documents(answer: aiohttp.ClientResponse, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async for line in answer.content:
        if line.startswith(b"data:"):
            found.append(json.loads(line[5:]))
            if len(found) == count:
                break
    return found


@pytest.mark.usefixtures("free_ports")
async def test_a_collector_with_viewers_is_ready_serves_all_and_stops_within_five_seconds() -> None:
    configuration = await asyncio.to_thread(load, CONFIG)
    stop = asyncio.Event()
    running = asyncio.create_task(assembly.run(configuration, SystemClock(), stop=stop))
    base = f"http://127.0.0.1:{configuration.page.port}/"
    async with aiohttp.ClientSession(base) as client:
        ready = await until_ready(client)
        assert "degraded: source modbus:plc: connect to 127.0.0.1" in ready
        viewers = [await client.get("api/events") for _ in range(5)]
        async with asyncio.timeout(20):
            seen = await asyncio.gather(*(documents(viewer, 2) for viewer in viewers))
        assert all(first["plant"]["id"] == "example" and first["now"] < second["now"] for first, second in seen)
        async with client.get("metrics") as answer:
            families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
        sources = {sample.labels["source"]: sample.value for sample in families["potline_source_up"].samples}
        assert sources["modbus:plc"] == 0.0
        started_s = time.monotonic()
        stop.set()
        await asyncio.wait_for(running, 30)
        assert time.monotonic() - started_s < 5
        for viewer in viewers:
            viewer.close()


async def test_the_lag_of_each_database_and_the_worst_one_are_in_the_stream_of_the_collector(tmp_path: Path) -> None:
    clock = ClockByHand(NOW_NS)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        await store.commit(Commit(NOW_NS - 90 * 10**9, lines=[b"x v=1 1"]))
        await store.commit(Commit(NOW_NS - 30 * 10**9, lines=[b"x v=2 2"]))
        line = await open_line(PLANT, store, clock)
        line.targets = line._room._targets = ("near", "far")
        (first, *_) = await store.pending("near", most_bytes=1)
        await store.take("near", [first.seq])
        (told,) = [line for line in await line._own_lines() if line.startswith(b"collector,")]
    fields = dict(part.split(b"=") for part in told.split(b" ")[1].split(b","))
    assert {name: fields[name] for name in (b"lag_s", b"lag_near_s", b"lag_far_s")} == {
        b"lag_s": b"90.0",
        b"lag_near_s": b"30.0",
        b"lag_far_s": b"90.0",
    }
    assert (fields[b"outbox_records"], fields[b"dead_letters"]) == (b"2i", b"0i")


async def test_without_a_database_there_is_no_lag(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, ClockByHand(NOW_NS))
        (told,) = [line for line in await line._own_lines() if line.startswith(b"collector,")]
    assert b"lag_" not in told


async def test_a_lag_is_zero_where_everything_was_taken_and_where_the_clock_was_set_back() -> None:
    waiting = {"all": Waiting(0, 0, 0, 0), "ahead": Waiting(1, 1, 1, NOW_NS + 5), "late": Waiting(1, 1, 1, 1)}
    assert Instruments(waiting=waiting).lags_s(NOW_NS) == {"all": 0.0, "ahead": 0.0, "late": (NOW_NS - 1) / 1e9}
