"""The collector put together: it starts without a plant, goes on without one, stops in order, and a bug ends it."""

import asyncio
import json
import shutil
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from example_plant import CONFIG
from server_process import free_port

from collector import assembly
from collector.clock import SystemClock
from collector.page.server import PageUnavailable
from collector.pipeline import Line
from collector.settings import Configuration, load
from collector.store.schema import StoreError

pytestmark = pytest.mark.asyncio


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """Return the example configuration with nothing listening at any of its ports, and the page at a free one."""
    folder = tmp_path / "config"
    shutil.copytree(CONFIG.parent, folder)
    monkeypatch.setenv("POTLINE_STORE__PATH", str(tmp_path / "store.sqlite"))
    monkeypatch.setenv("POTLINE_STORE__COMMIT_EVERY", "100 ms")
    monkeypatch.setenv("POTLINE_PAGE__LISTEN", f"127.0.0.1:{free_port()}")
    for name in ("PLC", "RECTIFIER_GATEWAY", "SERVICES_GATEWAY"):
        monkeypatch.setenv(f"POTLINE_ENDPOINTS__{name}__PORT", str(free_port()))
    monkeypatch.setenv("POTLINE_BROKERS__POTROOM__PORT", str(free_port()))
    return load(folder / "collector.toml")


async def get(configuration: Configuration, path: str) -> tuple[int, bytes]:
    address = f"http://{configuration.page.host}:{configuration.page.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return answer.status, await answer.read()


async def until_it_answers(configuration: Configuration) -> dict[str, Any]:
    for _ in range(200):
        try:
            status, body = await get(configuration, "/api/state")
        except aiohttp.ClientError:
            await asyncio.sleep(0.02)
            continue
        assert status == 200
        found: dict[str, Any] = json.loads(body)
        if all(meter["age_s"] is not None for meter in found["meters"]) and len(found["sources"]) == 4:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("the page did not answer")


async def test_without_a_plant_it_runs_says_what_is_missing_and_stops_in_order(configuration: Configuration) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(assembly.run(configuration, SystemClock(), stop=stop))
    state = await until_it_answers(configuration)
    health = await get(configuration, "/healthz")
    stop.set()
    await asyncio.wait_for(running, 30)

    assert {meter["quality_words"] for meter in state["meters"]} == {"not connected"}
    assert "connect to 127.0.0.1" in state["sources"]["modbus:plc"]
    assert "check that the broker runs" in state["sources"]["mqtt:potroom"]
    assert health == (200, b"ok\n")
    assert configuration.store.path.is_file()
    assert not configuration.store.path.with_name("store.sqlite-wal").exists()


async def test_a_taken_page_port_is_told_with_the_remedy(configuration: Configuration) -> None:
    with (
        socket.create_server((configuration.page.host, configuration.page.port)),
        pytest.raises(PageUnavailable, match=r"listen on 127\.0\.0\.1 port \d+ .*; choose another \[page\] listen"),
    ):
        await assembly.run(configuration, SystemClock(), stop=asyncio.Event())


async def test_a_second_collector_on_the_store_is_refused(configuration: Configuration) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(assembly.run(configuration, SystemClock(), stop=stop))
    await until_it_answers(configuration)
    with pytest.raises(StoreError, match="another collector"):
        await assembly.run(configuration, SystemClock(), stop=asyncio.Event())
    stop.set()
    await asyncio.wait_for(running, 30)


async def test_a_bug_in_the_line_ends_the_process(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Line, "step", broken)

    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(assembly.run(configuration, SystemClock(), stop=asyncio.Event()), 30)

    assert caught.group_contains(ZeroDivisionError)
