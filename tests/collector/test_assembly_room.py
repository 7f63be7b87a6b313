"""The collector put together, where its store has no room or has lost something."""

import asyncio
import contextlib
import json
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import pytest
from server_process import free_port
from waiting import until

from collector import assembly, supervised
from collector.acquisition.feed import Feed
from collector.acquisition.source import Arrival
from collector.clock import SystemClock
from collector.instruments import Instruments
from collector.plant.meter import Tls
from collector.readings.outgoing import DeadLetter, WhenFull
from collector.readings.point import PointTable
from collector.settings import DeliveryTarget, InfluxKind, load
from collector.sources import letters_again
from collector.store import letters
from collector.store.commit import Commit
from collector.store.outbox import write_dead
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

CONFIG = Path(__file__).parents[2] / "config" / "collector.toml"


def short_pause(failures: int, *, longest_s: float) -> float:
    """Wait the same after each failure: pauses that double make a test last seconds that has to wait for one more."""
    del failures, longest_s
    return 0.01


class Database:
    """A database that takes everything."""

    def __init__(self, **_: object) -> None:
        self.taken = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def write(self, body: bytes) -> None:
        self.taken += bool(body)


async def test_a_database_that_took_what_the_store_cannot_note_waits_and_gets_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(yes: int) -> None:
        store._db.execute(f"PRAGMA query_only = {yes}")

    database = Database()
    monkeypatch.setattr(supervised, "InfluxSink", lambda **_: database)
    monkeypatch.setattr("collector.supervision.supervisor.pause", short_pause)
    target = DeliveryTarget(
        name="db",
        kind=InfluxKind.INFLUXDB1,
        url="http://127.0.0.1:1",
        org="",
        bucket="p",
        create=False,
        username=None,
        secret_file=None,
        timeout_s=1.0,
        max_body_bytes=1 << 20,
        backlog_rate=1_000_000,
        requests=4,
        streams=(),
        proxy=None,
        tls=Tls(None),
    )
    instruments = Instruments()
    async with Store(tmp_path / "s.sqlite", PointTable([])) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"]))
        await store._do(read_only, 1)
        delivering = asyncio.create_task(supervised.delivered(target, store, SystemClock(), instruments))
        await until(lambda: database.taken > 1)
        await until(lambda: "attempt to write a readonly database" in instruments.target_states["db"])
        assert instruments.delivered_total == 0
        await store._do(read_only, 0)
        await until(lambda: instruments.delivered_total == 1)
        assert await store.pending("db", most_bytes=1 << 20) == []
        delivering.cancel()
        await asyncio.wait([delivering])


async def test_a_lost_log_and_a_line_that_waits_are_on_the_page_and_health_is_good_but_degraded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PLC", "RECTIFIER_GATEWAY", "SERVICES_GATEWAY"):
        monkeypatch.setenv(f"POTLINE_ENDPOINTS__{name}__PORT", str(free_port()))
    monkeypatch.setenv("POTLINE_BROKERS__POTROOM__PORT", str(free_port()))
    monkeypatch.setenv("POTLINE_PAGE__LISTEN", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("POTLINE_STORE__PATH", str(tmp_path / "s.sqlite"))
    monkeypatch.setenv("POTLINE_STORE__COMMIT_EVERY", "50 ms")
    monkeypatch.setenv("POTLINE_STORE__OUTBOX_MAX_BYTES", "1 KiB")
    monkeypatch.setenv("POTLINE_STORE__WHEN_FULL", "block")
    monkeypatch.setenv(
        "POTLINE_DELIVERY",
        json.dumps({"db": {"kind": "influxdb1", "url": f"http://127.0.0.1:{free_port()}", "database": "p"}}),
    )
    configuration = await asyncio.to_thread(load, CONFIG)
    assert configuration.store.when_full is WhenFull.BLOCK
    async with Store(configuration.store.path, configuration.plant.points) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"]))
        mark = await asyncio.to_thread(tmp_path.joinpath("s.sqlite.lock").read_bytes)
    await asyncio.to_thread(tmp_path.joinpath("s.sqlite.lock").write_bytes, mark)  # as a kill leaves it

    stop = asyncio.Event()
    running = asyncio.create_task(assembly.run(configuration, SystemClock(), stop=stop))
    address = f"http://{configuration.page.host}:{configuration.page.port}"
    said = ""
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while not said.startswith("degraded"):
            await asyncio.sleep(0.05)
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{address}/healthz") as answer:
                    said = await answer.text()
                    assert answer.status == 200
        async with session.get(f"{address}/api/state") as answer:
            state = await answer.json()
    stop.set()
    await asyncio.wait_for(running, 30)

    why = "the outbox has reached [store] outbox_max_bytes and is to block"
    assert said == f"degraded: {why}\n"
    assert state["line_waits"] == why
    assert state["totals"]["log_lost_total"] == 1
    assert state["totals"]["dropped_records_by_cause"] == {}


async def test_letters_that_cannot_be_noted_as_read_on_a_full_disk_wait_and_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(yes: int) -> None:
        store._db.execute(f"PRAGMA query_only = {yes}")

    def left() -> int:
        return int(store._db.execute("SELECT count(*) FROM dead").fetchone()[0])

    async def step() -> None:
        (await inbox.get()).acknowledge()

    monkeypatch.setattr("collector.supervision.supervisor.pause", short_pause)
    configuration = await asyncio.to_thread(load, CONFIG)
    inbox: asyncio.Queue[Arrival] = asyncio.Queue(10)
    async with Store(tmp_path / "s.sqlite", configuration.plant.points) as store:
        await store.change(lambda db: write_dead(db, [DeadLetter(1, "mqtt:potroom", "no/layout", b"{}", "unknown")]))
        await store.change(lambda db: letters.ask_for(db, [1]))
        await store._do(read_only, 1)
        source = letters_again(configuration, store, SystemClock())
        reading = asyncio.create_task(supervised.read_again(Feed(source, inbox, Instruments())))
        await asyncio.wait_for(step(), 30)
        await asyncio.wait_for(step(), 30)  # read once more: that it was read could not be noted
        assert not reading.done()
        await store._do(read_only, 0)
        while await store.ask(letters.asked_for):
            with contextlib.suppress(asyncio.QueueEmpty):
                inbox.get_nowait().acknowledge()
            await asyncio.sleep(0.01)
        assert await store._do(left) == 1  # no layout fits it still, so it stays
        assert not reading.done()
        reading.cancel()
        await asyncio.wait([reading])
