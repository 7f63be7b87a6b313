"""From a real outbox over real sockets to a database that refuses, fails and falls over."""

import asyncio
import contextlib
import gzip
import itertools
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_server import Database, HostileServer, influx_sink, packed, says

from collector.delivery import sink as lanes
from collector.delivery.sink import Delivery, Sink, SinkRefused, SinkUnavailable
from collector.instruments import Instruments
from collector.readings.outgoing import DeadLetter, OutboxRecord
from collector.readings.point import PointTable
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

NOW_NS = 1_772_337_600_000_000_000


@pytest.fixture(autouse=True)
def _patient_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each step last until its answer has come, however long the server takes on a busy machine."""
    monkeypatch.setattr(lanes, "_IDLE_S", 30.0)


class Standing:
    """A clock that stands."""

    speed = 1.0

    def now_ns(self) -> int:
        return NOW_NS

    def steady_s(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


class ListedOutbox:
    """An outbox of given records that notes what it is told; from a given call on it fails, as in a crash."""

    def __init__(self, *records: Sequence[bytes]) -> None:
        self.records = [
            OutboxRecord(seq, len(lines), sum(map(len, lines)) + len(lines), packed(*lines))
            for seq, lines in enumerate(records, start=1)
        ]
        self.told: list[tuple[int, list[bytes]]] = []
        self.crashes = False
        self.news = asyncio.Event()

    async def pending(self, target: str, *, most_bytes: int, under_way: Iterable[int] = ()) -> list[OutboxRecord]:
        assert (target, most_bytes) == ("site", 1000)
        last = max([*under_way, self.told[-1][0] if self.told else 0])
        return [record for record in self.records if record.seq > last]

    async def newest(
        self, target: str, *, most_bytes: int, since_ns: int, after: int = 0, under_way: Iterable[int] = ()
    ) -> list[OutboxRecord]:
        assert (target, most_bytes, since_ns, after) == ("site", 1000, NOW_NS - 5 * 10**9, 0)
        assert all(number <= len(self.records) for number in under_way)
        return []

    async def take(self, target: str, numbers: Iterable[int], dead: Sequence[DeadLetter] = ()) -> None:
        assert target == "site"
        if self.crashes:
            raise ConnectionAbortedError
        self.told.append((list(numbers)[-1], [letter.body for letter in dead]))


def lines(first: int, end: int) -> list[bytes]:
    return [b"m n=%di %d" % (number, number) for number in range(first, end)]


def is_odd_one(*odd: int) -> Database:
    """Return a database that refuses lines of some times."""
    return Database(lambda line: f"no {line.decode()}" if int(line.split()[-1]) in odd else None)


def delivery(sink: Sink, outbox: Store | ListedOutbox, *, most_bytes: int = 1000) -> tuple[Delivery, Instruments]:
    instruments = Instruments()
    return (
        Delivery("site", sink, outbox, most_bytes=most_bytes, clock=Standing(), instruments=instruments),
        instruments,
    )


async def deliver(database: Database, outbox: ListedOutbox) -> Instruments:
    """Deliver until there is nothing left."""
    async with HostileServer(database) as server, influx_sink(server.url) as sink:
        worker, instruments = delivery(sink, outbox)
        while await worker.step():
            pass
    return instruments


async def test_several_records_go_as_one_body_that_is_not_packed_again() -> None:
    outbox = ListedOutbox(lines(0, 3), lines(3, 5))
    async with HostileServer() as server, influx_sink(server.url) as sink:
        worker, instruments = delivery(sink, outbox)
        assert await worker.step()
        assert not await worker.step()
    assert [taken.body for taken in server.taken] == [outbox.records[0].body + outbox.records[1].body]
    assert outbox.told == [(2, [])]
    assert (instruments.delivered_total, instruments.refused_total) == (5, 0)


async def test_exactly_the_refused_lines_become_dead_letters_with_the_databases_words(tmp_path: Path) -> None:
    database = is_odd_one(3, 17, 18)
    async with (
        Store(tmp_path / "s.sqlite", PointTable([])) as store,
        HostileServer(database) as server,
        influx_sink(server.url) as sink,
    ):
        await store.commit(Commit(1, lines=lines(0, 10)))
        await store.commit(Commit(2, lines=lines(10, 20)))
        worker, instruments = delivery(sink, store)
        assert await worker.step()
        assert not await worker.step()
        dead = await store._do(
            lambda: store._db.execute("SELECT time_ns, source, place, body, reason FROM dead").fetchall()
        )
    assert set(database.written) == set(lines(0, 20)) - {*lines(3, 4), *lines(17, 19)}
    assert dead == [
        (NOW_NS, "delivery", "site", b"m n=3i 3", '400: {"error": "partial write: no m n=3i 3"}'),
        (NOW_NS, "delivery", "site", b"m n=17i 17", '400: {"error": "partial write: no m n=17i 17"}'),
        (NOW_NS, "delivery", "site", b"m n=18i 18", '400: {"error": "partial write: no m n=18i 18"}'),
    ]
    assert (instruments.delivered_total, instruments.refused_total) == (17, 3)


@pytest.mark.parametrize("keeps_the_good", [True, False])
@pytest.mark.parametrize("odd", [(0,), (99,), (0, 99), (50, 51), tuple(range(0, 100, 7)), tuple(range(100))])
async def test_whichever_lines_are_refused_all_others_are_written(odd: tuple[int, ...], keeps_the_good: bool) -> None:  # noqa: FBT001
    database = is_odd_one(*odd)
    database.keeps_the_good = keeps_the_good
    outbox = ListedOutbox(lines(0, 60), lines(60, 100))
    instruments = await deliver(database, outbox)
    dead = [line for _, letters in outbox.told for line in letters]
    assert dead == [line for line in lines(0, 100) if int(line.split()[-1]) in odd]
    assert set(database.written) == set(lines(0, 100)) - set(dead)
    assert (instruments.delivered_total, instruments.refused_total) == (100 - len(odd), len(odd))


async def test_a_poison_record_holds_up_nobody() -> None:
    database = is_odd_one(5)
    outbox = ListedOutbox(lines(5, 6), lines(6, 9))
    await deliver(database, outbox)
    assert outbox.told == [(1, [b"m n=5i 5"]), (2, [])]
    assert set(database.written) == set(lines(6, 9))


async def test_422_is_bisected_like_400() -> None:
    outbox = ListedOutbox(lines(0, 2))
    async with HostileServer(says(422, "unprocessable")) as server, influx_sink(server.url) as sink:
        worker, _ = delivery(sink, outbox)
        await worker.step()
    assert outbox.told == [(1, lines(0, 2))]


async def test_a_body_that_is_too_large_is_split_and_no_line_is_lost() -> None:
    database = Database(most_bytes=100)
    outbox = ListedOutbox(lines(0, 30), lines(30, 35))
    instruments = await deliver(database, outbox)
    assert database.written == lines(0, 35)
    assert outbox.told == [(1, []), (2, [])]
    assert (instruments.delivered_total, instruments.refused_total) == (35, 0)


async def test_a_single_line_that_is_too_large_is_a_dead_letter_and_the_others_are_written() -> None:
    large = b'm t="%s" 1' % (b"x" * 5000)
    database = Database(most_bytes=4500)
    outbox = ListedOutbox([*lines(0, 3), large, *lines(3, 6)])
    await deliver(database, outbox)
    assert database.written == lines(0, 6)
    assert outbox.told == [(1, [large])]


@pytest.mark.parametrize("status", [301, 401, 403, 404, 429, 500, 503])
async def test_a_database_that_is_unavailable_leaves_everything_in_the_outbox(status: int) -> None:
    outbox = ListedOutbox(lines(0, 3))
    database = Database()
    async with HostileServer(says(status, Location="/elsewhere")) as server, influx_sink(server.url) as sink:
        worker, instruments = delivery(sink, outbox)
        for _ in range(2):
            with pytest.raises(SinkUnavailable):
                await worker.step()
        assert outbox.told == []
        assert instruments.delivered_total == 0
        server.answer = database
        assert await worker.step()
    assert database.written == lines(0, 3)


async def test_what_is_settled_stays_settled_when_the_database_fails_in_the_middle_of_a_refusal() -> None:
    database = is_odd_one(1, 7)
    outbox = ListedOutbox(lines(0, 4), lines(4, 8))
    async with HostileServer(database) as server, influx_sink(server.url) as sink:
        worker, instruments = delivery(sink, outbox)
        database.down_after = 8  # in the middle of the second record
        with pytest.raises(SinkUnavailable):
            await worker.step()
        assert outbox.told == [(1, [b"m n=1i 1"])]
        database.down_after = 1 << 30
        assert await worker.step()
        assert not await worker.step()
    assert outbox.told == [(1, [b"m n=1i 1"]), (2, [b"m n=7i 7"])]
    assert set(database.written) == set(lines(0, 8)) - {b"m n=1i 1", b"m n=7i 7"}
    assert (instruments.delivered_total, instruments.refused_total) == (6, 2)


async def test_however_often_the_database_fails_each_line_is_delivered_or_dead_in_the_end() -> None:
    for down_after in range(1, 20):
        database = is_odd_one(1, 7, 8)
        outbox = ListedOutbox(lines(0, 5), lines(5, 6), lines(6, 10))
        async with HostileServer(database) as server, influx_sink(server.url) as sink:
            worker, _ = delivery(sink, outbox)
            database.down_after = down_after
            try:
                while await worker.step():
                    pass
            except SinkUnavailable:
                database.down_after = 1 << 30
                while await worker.step():
                    pass
        assert set(database.written) == set(lines(0, 10)) - {*lines(1, 2), *lines(7, 9)}
        assert [line for _, dead in outbox.told for line in dead] == [*lines(1, 2), *lines(7, 9)]


async def test_a_crash_between_the_write_and_its_note_writes_the_same_lines_again() -> None:
    outbox = ListedOutbox(lines(0, 3))
    async with HostileServer() as server, influx_sink(server.url) as sink:
        worker, instruments = delivery(sink, outbox)
        outbox.crashes = True
        with pytest.raises(ConnectionAbortedError):
            await worker.step()
        assert instruments.delivered_total == 0
        outbox.crashes = False
        worker, instruments = delivery(sink, outbox)
        assert await worker.step()
    assert [taken.body for taken in server.taken] == [outbox.records[0].body] * 2
    assert instruments.delivered_total == 3


async def test_a_body_holds_most_bytes_of_line_protocol_at_the_most(tmp_path: Path) -> None:
    async with (
        Store(tmp_path / "s.sqlite", PointTable([])) as store,
        HostileServer() as server,
        influx_sink(server.url) as sink,
    ):
        for first in range(0, 50, 5):
            await store.commit(Commit(1, lines=lines(first, first + 5)))  # of 45 bytes, from the third on of 55
        await store.commit(Commit(1, lines=lines(50, 70)))  # 220 bytes: goes alone
        worker, _ = delivery(sink, store, most_bytes=120)
        while await worker.step():
            pass
    sizes = [len(gzip.decompress(taken.body)) for taken in server.taken]
    assert sizes == [90, 110, 110, 110, 110, 220]
    assert list(itertools.chain.from_iterable(taken.lines for taken in server.taken)) == lines(0, 70)


async def test_unpacking_and_packing_of_5000_refused_lines_happen_outside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = threading.get_ident()
    where: list[bool] = []
    compress, decompress = gzip.compress, gzip.decompress

    def noted_compress(data: bytes, compresslevel: int = 9, *, mtime: float | None = None) -> bytes:
        where.append(threading.get_ident() == here)
        return compress(data, compresslevel, mtime=mtime)

    def noted_decompress(data: bytes) -> bytes:
        where.append(threading.get_ident() == here)
        return decompress(data)

    class RefusesLargeOnes:
        async def write(self, body: bytes) -> None:
            if len(body) > 5000:
                raise SinkRefused("413: too large")

    outbox = ListedOutbox(lines(0, 5000))
    worker, _ = delivery(RefusesLargeOnes(), outbox)
    monkeypatch.setattr(gzip, "compress", noted_compress)
    monkeypatch.setattr(gzip, "decompress", noted_decompress)
    await worker.step()
    assert outbox.told == [(1, [])]
    assert len(where) > 4
    assert not any(where)


class _FindsAllTooLarge:
    async def write(self, body: bytes) -> None:
        raise SinkRefused(f"413: {len(body)} are too many")


async def test_a_short_line_that_is_called_too_large_waits_and_is_not_lost() -> None:
    outbox = ListedOutbox(lines(0, 3))
    worker, _ = delivery(_FindsAllTooLarge(), outbox)
    with pytest.raises(
        SinkUnavailable, match=r"a single line of \d+ bytes is called too large \(413: .*raise the limit"
    ):
        await worker.step()
    assert outbox.told == []


async def test_run_delivers_what_comes_and_waits_when_there_is_nothing(tmp_path: Path) -> None:
    database = Database()
    async with (
        Store(tmp_path / "s.sqlite", PointTable([])) as store,
        HostileServer(database) as server,
        influx_sink(server.url) as sink,
    ):
        worker, _ = delivery(sink, store)
        await store.commit(Commit(1, lines=lines(0, 2)))
        running = asyncio.create_task(worker.run())
        while len(database.written) < 2:  # noqa: ASYNC110 - the server's list is no event
            await asyncio.sleep(0.01)
        await store.commit(Commit(2, lines=lines(2, 4)))
        while len(database.written) < 4:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert database.written == lines(0, 4)


async def test_a_record_that_the_disk_has_changed_becomes_a_dead_letter_and_all_beside_it_arrive() -> None:
    outbox, database = ListedOutbox(lines(0, 2), lines(2, 4), lines(4, 6)), Database()
    outbox.records[1] = replace(outbox.records[1], body=b"\x1f\x8b?", is_whole=False)
    instruments = await deliver(database, outbox)
    assert database.written == lines(0, 2) + lines(4, 6)
    assert outbox.told == [(1, []), (2, [b"\x1f\x8b?"]), (3, [])]
    assert instruments.dropped_records_by_cause == {"damaged": 1}
    assert (instruments.delivered_total, instruments.refused_total, instruments.dropped_total) == (4, 0, 2)


async def test_a_record_that_is_nowhere_becomes_a_dead_letter_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, PointTable([])) as store:
        for first in (0, 2, 4):
            await store.commit(Commit(first + 1, lines=lines(first, first + 2)))
    await asyncio.to_thread(_without_record_2, path)
    database = Database()
    async with (
        Store(path, PointTable([])) as store,
        HostileServer(database) as server,
        influx_sink(server.url) as sink,
    ):
        worker, instruments = delivery(sink, store)
        assert await worker.step()
        assert not await worker.step()
        dead = await store._do(lambda: store._db.execute("SELECT source, place, reason FROM dead").fetchall())
    assert database.written == lines(0, 2) + lines(4, 6)
    reason = "record 2 of the outbox is missing on the disk, and was sought in all of its file; check the disk's health"
    assert dead == [("store", "site", reason)]
    assert (instruments.delivered_total, instruments.refused_total, instruments.refused_by_cause) == (4, 0, {})
    assert instruments.dropped_records_by_cause == {"damaged": 1}


def _without_record_2(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA secure_delete = ON")
        db.execute("DELETE FROM outbox WHERE seq = 2")
