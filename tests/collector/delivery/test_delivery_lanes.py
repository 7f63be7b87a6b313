"""What is new goes first, and the backlog behind it: what goes when, how fast, and what comes of refusals."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from hostile_server import Database, HostileServer, influx_sink
from moved_clock import MovedClock, S
from servers import InfluxDB1, VictoriaMetrics

from collector.delivery.sink import Delivery, Sink, SinkRefused, SinkUnavailable
from collector.instruments import Instruments
from collector.readings.point import PointTable
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

T = 1_772_337_600


class Notes:
    """A database that notes the lines of each request; it refuses lines with some words in them."""

    def __init__(self, refused: bytes = b"refused") -> None:
        self.bodies: list[list[str]] = []
        self.refused = refused

    async def write(self, body: bytes) -> None:
        lines = gzip.decompress(body)
        if self.refused in lines:
            raise SinkRefused("400: no")
        self.bodies.append(lines.decode().splitlines())


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "s.sqlite", PointTable([])) as opened:
        yield opened


class Lane(Delivery):
    """A delivery whose instruments a test reads."""

    instruments: Instruments


def lane(
    sink: Sink, store: Store, clock: MovedClock, *, most_bytes: int = 1000, requests: int = 1, backlog_rate: float = 1e9
) -> Lane:
    instruments = Instruments()
    lane = Lane(
        "site",
        sink,
        store,
        most_bytes=most_bytes,
        clock=clock,
        instruments=instruments,
        requests=requests,
        backlog_rate=backlog_rate,
    )
    lane.instruments = instruments
    return lane


async def told(store: Store, clock: MovedClock, *texts: str, wait_s: int = 10) -> None:
    """Commit lines, and let some time pass."""
    await store.commit(Commit(clock.now_ns(), lines=[text.encode() for text in texts]))
    clock.now_s += wait_s


async def test_what_was_written_in_the_last_5_seconds_goes_before_a_backlog(store: Store) -> None:
    clock, sink = MovedClock(), Notes()
    await told(store, clock, "m x=0 0", wait_s=0)  # from here on the series is known
    for number in range(1, 4):
        await told(store, clock, f"m x={number} {number}")
    await told(store, clock, "m x=4 4", wait_s=5)
    worker = lane(sink, store, clock, most_bytes=16)
    while await worker.step():
        pass
    assert sink.bodies == [["m x=4 4"], ["m x=0 0", "m x=1 1"], ["m x=2 2", "m x=3 3"]]


async def test_beside_each_request_of_the_backlog_goes_one_of_what_is_new(store: Store) -> None:
    clock, sink = MovedClock(), Notes()
    for number in range(4):
        await told(store, clock, f"m x={number} {number}")
    worker = lane(sink, store, clock, most_bytes=8)
    for number in range(4, 6):
        assert await worker.step()
        await told(store, clock, f"m x={number} {number}", wait_s=0)
    while await worker.step():
        pass
    assert [body[0] for body in sink.bodies] == [f"m x={number} {number}" for number in (0, 4, 1, 5, 2, 3)]


async def test_a_window_stated_again_is_shown_at_once_and_is_written_once_more_after_all_that_is_older(
    store: Store,
) -> None:
    clock, sink = MovedClock(), Notes()
    await told(store, clock, "w kwh=13500 0")
    await told(store, clock, "m x=1 10")
    await told(store, clock, "w kwh=13400,revision=2i 0", wait_s=0)
    worker = lane(sink, store, clock, most_bytes=1)
    while await worker.step():
        pass
    assert sink.bodies == [
        ["w kwh=13400,revision=2i 0"],
        ["w kwh=13500 0"],
        ["m x=1 10"],
        ["w kwh=13400,revision=2i 0"],
    ]
    assert worker.instruments.delivered_total == 3  # what was shown ahead of its turn counts once


async def test_a_refusal_ahead_of_its_turn_is_settled_in_its_turn_once(store: Store) -> None:
    clock, sink = MovedClock(), Notes(refused=b"x=9")
    await told(store, clock, "m x=1 1", "m x=2 2")
    await told(store, clock, "m x=9 1", "m x=3 2", wait_s=0)
    worker = lane(sink, store, clock)
    while await worker.step():
        pass
    dead = await store._do(lambda: store._db.execute("SELECT body FROM dead").fetchall())
    assert dead == [(b"m x=9 1",)]
    assert sink.bodies == [["m x=1 1", "m x=2 2"], ["m x=3 2"]]


async def test_a_backlog_goes_no_faster_than_it_may_and_what_is_new_does_not_wait_for_it(store: Store) -> None:
    clock, sink = MovedClock(), Notes()
    for number in range(8):
        await told(store, clock, *(f"m x={number} {number * 10 + place}" for place in range(10)))
    worker = lane(sink, store, clock, most_bytes=1, requests=4, backlog_rate=50.0)
    loop = asyncio.get_running_loop()
    started, steps = loop.time(), 0
    while len(sink.bodies) < 6:
        steps += 1
        if not await worker.step():
            await told(store, clock, f"m x=9 {1000 + steps}", wait_s=0)
            assert await worker.step()
            sink.bodies.remove([f"m x=9 {1000 + steps}"])
            await asyncio.sleep(0.02)
    # 10 lines at once, and 50 more at 50 a second
    assert 1.0 <= loop.time() - started < 3.0


async def test_each_database_has_its_own_place(store: Store) -> None:
    clock, first, second = MovedClock(), Notes(), Notes()
    for number in range(3):
        await told(store, clock, f"m x={number} {number}")
    assert await lane(first, store, clock).step()
    other = Delivery("other", second, store, most_bytes=8, clock=clock, instruments=Instruments())
    assert await other.step()
    state = await store.outbox_state(("site", "other", "third"))
    assert {name: (left.records, left.oldest_ns // S) for name, left in state.behind.items()} == {
        "site": (0, 0),
        "other": (2, 110),
        "third": (3, 100),
    }


async def test_a_database_that_hangs_holds_up_no_other(store: Store) -> None:
    clock, good = MovedClock(), Database()

    class Hangs:
        async def write(self, body: bytes) -> None:
            await asyncio.sleep(3600 if body else 0)

    await told(store, clock, "m n=1i 1")
    hanging = asyncio.create_task(lane(Hangs(), store, clock).step())
    async with HostileServer(good) as server, influx_sink(server.url) as sink:
        other = Delivery("other", sink, store, most_bytes=1000, clock=clock, instruments=Instruments())
        assert await asyncio.wait_for(other.step(), 30)
    hanging.cancel()
    assert good.written == [b"m n=1i 1"]
    assert (await store.outbox_state(("site",))).behind["site"].records == 1


# --- Real databases


async def test_influxdb_1_says_the_same_in_the_end_whatever_went_first(store: Store, influxdb1: InfluxDB1) -> None:
    clock = MovedClock(T)
    for minute in range(30):
        lines = [f"power,pot={pot} kw={pot + minute}.5 {(T + 60 * minute) * S}" for pot in range(50)]
        again = [f"w,window=hour kwh={13000 + minute},revision={minute}i {T * S}"]
        await told(store, clock, *lines, *again, wait_s=60)
    clock.now_s -= 58  # the last record is new
    bodies: list[bytes] = []
    async with influx_sink(influxdb1.url, version=1, create=True) as sink:

        class Noted:
            async def write(self, body: bytes) -> None:
                bodies.append(gzip.decompress(body))
                await sink.write(body)

        worker = lane(Noted(), store, clock, most_bytes=2000, requests=4)
        while await worker.step():
            pass
    assert [b"revision=29i" in body for body in bodies] == [True, *[False] * (len(bodies) - 2), True]
    rows = await asyncio.to_thread(influxdb1.query, "plant", "SELECT kwh, revision FROM w")
    assert rows == [{"time": T * S, "kwh": 13029, "revision": 29}]
    assert len(await asyncio.to_thread(influxdb1.query, "plant", "SELECT kw FROM power")) == 1500
    assert (await store.outbox_state(("site",))).behind["site"].records == 0


async def test_what_is_older_than_influxdb_1_keeps_is_dead_in_a_few_requests_and_the_rest_is_written(
    store: Store, influxdb1: InfluxDB1
) -> None:
    now_s = 4_000_000_000  # in the future: only what is older than an hour is refused
    clock = MovedClock(now_s)
    status, _ = await asyncio.to_thread(
        influxdb1.request, "POST", "/query?q=" + quote('CREATE DATABASE "plant" WITH DURATION 1h')
    )
    assert status == 200
    old = [f"m,n={number} x=1 {1_000_000_000 + number}" for number in range(2500)]
    new = [f"m,n={number} x=1 {now_s * S + number}" for number in range(1500)]
    mixed = [text for pair in zip(old[2000:], new[:500], strict=True) for text in pair]
    await told(store, clock, *old[:2000])
    await told(store, clock, *mixed)
    await told(store, clock, *new[500:])
    async with influx_sink(influxdb1.url, version=1) as sink:
        requests = 0

        class Counted:
            async def write(self, body: bytes) -> None:
                nonlocal requests
                requests += 1
                await sink.write(body)

        worker = lane(Counted(), store, clock, most_bytes=1_000_000)
        while await worker.step():
            pass
    letters = await store._do(lambda: store._db.execute("SELECT body, reason FROM dead").fetchall())
    assert sorted(line for body, _ in letters for line in body.decode().splitlines()) == sorted(old)
    assert all("points beyond retention policy" in reason for _, reason in letters)
    assert len(await asyncio.to_thread(influxdb1.query, "plant", "SELECT x FROM m")) == 1500
    assert worker.instruments.refused_by_cause == {"too old": 2500}
    assert worker.instruments.delivered_total == 1500
    assert requests < 12


async def test_victoria_metrics_takes_both_lanes(store: Store, victoria_metrics: VictoriaMetrics) -> None:
    clock = MovedClock(T)
    for number in range(4):
        await told(store, clock, f"m,pot=7 kw={number}.5 {(T + number) * S}")
    clock.now_s -= 8
    async with influx_sink(victoria_metrics.url, bucket="") as sink:
        worker = lane(sink, store, clock, most_bytes=1)
        while await worker.step():
            pass
    await asyncio.to_thread(victoria_metrics.flush)
    (found,) = await asyncio.to_thread(victoria_metrics.export, '{__name__="m_kw"}')
    assert set(found["values"]) == {0.5, 1.5, 2.5, 3.5}


async def test_a_period_is_sent_again_to_influxdb_1_after_it_lost_it(store: Store, influxdb1: InfluxDB1) -> None:
    clock = MovedClock(T)
    async with influx_sink(influxdb1.url, version=1, create=True) as sink:
        for number in range(6):
            await told(store, clock, f"m x={number} {(T + 10 * number) * S}")
        worker = lane(sink, store, clock)
        while await worker.step():
            pass
        await asyncio.to_thread(influxdb1.request, "POST", "/query?db=plant&q=" + quote("DROP MEASUREMENT m"))
        again = await store.resend("site", (T + 20) * S, (T + 40) * S)
        assert (again.records, again.gone) == (2, 0)
        while await worker.step():
            pass
    rows = await asyncio.to_thread(influxdb1.query, "plant", "SELECT x FROM m")
    assert [row["x"] for row in rows if row["x"] in (2, 3)] == [2, 3]


async def test_when_the_database_is_gone_halfway_nothing_is_noted_that_was_not_taken(store: Store) -> None:
    clock, database = MovedClock(), Database()
    for number in range(6):
        await told(store, clock, f"m n={number}i {number}")
    async with HostileServer(database) as server, influx_sink(server.url) as sink:
        database.down_after = 2
        worker = lane(sink, store, clock, most_bytes=20)
        with pytest.raises(SinkUnavailable):
            await worker.run()
    assert len(database.written) == 4
    assert (await store.outbox_state(("site",))).behind["site"].records == 2
