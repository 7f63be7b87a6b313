"""Several requests at once: which may be under way together, and what becomes of the others when one fails."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from hostile_server import HostileServer, Taken, influx_sink
from moved_clock import MovedClock

from collector.delivery import sink as lanes
from collector.delivery.sink import Delivery, SinkRefused, SinkUnavailable
from collector.instruments import Instruments
from collector.readings.point import PointTable
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


class Held:
    """A database that answers when it is told to; ``came`` holds the lines of each request in order."""

    def __init__(self) -> None:
        self.came: list[list[str]] = []
        self.waiting: dict[str, asyncio.Future[None]] = {}
        self.most = 0

    async def write(self, body: bytes) -> None:
        lines = gzip.decompress(body).decode().splitlines()
        self.came.append(lines)
        answer = self.waiting[lines[0]] = asyncio.get_running_loop().create_future()
        self.most = max(self.most, len(self.waiting))
        try:
            await answer
        finally:
            del self.waiting[lines[0]]

    def answer(self, first: str, failure: Exception | None = None) -> None:
        if failure is None:
            self.waiting[first].set_result(None)
        else:
            self.waiting[first].set_exception(failure)

    def answer_all(self) -> None:
        for first in list(self.waiting):
            self.answer(first)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "s.sqlite", PointTable([])) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_IDLE_S", 0.01)


class Story:
    """A store with records of one line each, and a delivery of one record a request."""

    def __init__(self, store: Store, sink: Held, *, requests: int = 4) -> None:
        self.store = store
        self.sink = sink
        self.clock = MovedClock()
        self.instruments = Instruments()
        self.delivery = Delivery(
            "site",
            sink,
            store,
            most_bytes=1,
            clock=self.clock,
            instruments=self.instruments,
            requests=requests,
        )

    async def told(self, *texts: str, wait_s: int = 10) -> None:
        for text in texts:
            await self.store.commit(Commit(self.clock.now_ns(), lines=[text.encode()]))
            self.clock.now_s += wait_s

    async def comes_to(self, *firsts: str) -> None:
        """Step until exactly these requests are under way, and see that it stays so."""
        async with asyncio.timeout(30):
            while tuple(self.sink.waiting) != firsts:
                assert await self.delivery.step()
        for _ in range(4):
            assert await self.delivery.step()
            assert tuple(self.sink.waiting) == firsts

    async def left(self) -> int:
        return (await self.store.outbox_state(("site",))).behind["site"].records

    async def stop(self) -> None:
        running = asyncio.create_task(self.delivery.run())
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_4_requests_of_the_backlog_and_1_of_what_is_new_are_under_way_at_once_and_no_more(store: Store) -> None:
    sink = Held()
    story = Story(store, sink)
    await story.told(*(f"m x=1 {number}" for number in range(9)))
    await story.told("m x=1 9", wait_s=0)
    await story.comes_to("m x=1 9", "m x=1 0", "m x=1 1", "m x=1 2", "m x=1 3")
    assert sink.came == [["m x=1 9"], ["m x=1 0"], ["m x=1 1"], ["m x=1 2"], ["m x=1 3"]]
    sink.answer("m x=1 1")
    await story.comes_to("m x=1 9", "m x=1 0", "m x=1 2", "m x=1 3", "m x=1 4")
    assert sink.came[5:] == [["m x=1 4"]]
    while await story.delivery.step():
        sink.answer_all()
    assert sink.most == 5
    assert (await story.left(), story.instruments.delivered_total) == (0, 10)


async def test_what_may_tell_again_what_is_under_way_goes_after_its_answer_and_what_is_new_overtakes_it(
    store: Store,
) -> None:
    sink = Held()
    story = Story(store, sink)
    await story.told("m x=1 1", "m x=1 2", "m x=2 1", "m x=1 3")
    await story.comes_to("m x=1 1", "m x=1 2", "m x=1 3")
    assert sink.came == [["m x=1 1"], ["m x=1 2"], ["m x=1 3"]]
    sink.answer("m x=1 1")
    await story.comes_to("m x=1 2", "m x=1 3")
    assert len(sink.came) == 3  # there is still something older under way
    sink.answer("m x=1 2")
    await story.comes_to("m x=1 3", "m x=2 1")
    assert sink.came[3:] == [["m x=2 1"]]
    await story.stop()


async def test_what_is_sent_again_waits_for_a_later_one_that_is_under_way_in_its_turn(store: Store) -> None:
    sink = Held()
    story = Story(store, sink)
    await story.told("m x=1 1", "m x=1 2")
    while await story.delivery.step():
        sink.answer_all()
    await story.told("m x=2 1")
    assert await story.delivery.step()
    await store.rewind("site", 0)
    for _ in range(3):
        assert await story.delivery.step()
    assert sink.came[2:] == [["m x=2 1"]]
    sink.answer("m x=2 1")
    while await story.delivery.step():
        sink.answer_all()
    assert sink.came[2:] == [["m x=2 1"], ["m x=1 1"], ["m x=1 2"], ["m x=2 1"]]


async def test_what_others_achieved_is_noted_when_one_fails_and_nothing_more_is_sent(store: Store) -> None:
    sink = Held()
    story = Story(store, sink)
    await story.told(*(f"m x=1 {number}" for number in range(9)))
    assert await story.delivery.step()
    sink.answer("m x=1 2", SinkUnavailable("503", 7.0))
    failing = asyncio.create_task(story.delivery.step())
    await asyncio.sleep(0.05)
    assert not failing.done()
    sink.answer("m x=1 0")
    sink.answer("m x=1 1", SinkUnavailable("timed out"))
    sink.answer("m x=1 3")
    with pytest.raises(SinkUnavailable, match="503") as caught:
        await failing
    assert caught.value.retry_after_s == 7.0
    assert len(sink.came) == 4
    assert (await story.left(), story.instruments.delivered_total) == (7, 2)
    while await story.delivery.step():
        sink.answer_all()
    assert [body[0] for body in sink.came[4:]] == [f"m x=1 {number}" for number in (1, 2, 4, 5, 6, 7, 8)]
    assert (await story.left(), story.instruments.delivered_total) == (0, 9)


async def test_a_refusal_beside_a_failure_asks_nothing_more_and_is_settled_later_once(store: Store) -> None:
    sink = Held()
    story = Story(store, sink, requests=2)
    await story.told("m x=1 1", "m x=refused 2")
    assert await story.delivery.step()
    sink.answer("m x=1 1", SinkUnavailable("429", 3.0))
    sink.answer("m x=refused 2", SinkRefused("400: no"))
    with pytest.raises(SinkUnavailable, match="429"):
        await story.delivery.step()
    assert len(sink.came) == 2
    while await story.delivery.step():
        for first in list(sink.waiting):
            sink.answer(first, SinkRefused("400: no") if "refused" in first else None)
    dead = await store.ask(lambda db: db.execute("SELECT body FROM dead").fetchall())
    assert dead == [(b"m x=refused 2",)]
    assert (story.instruments.delivered_total, story.instruments.refused_total) == (1, 1)


async def test_an_orderly_stop_ends_all_requests_and_what_was_not_answered_is_offered_again(store: Store) -> None:
    sink = Held()
    story = Story(store, sink)
    await story.told(*(f"m x=1 {number}" for number in range(6)))
    assert await story.delivery.step()
    sink.answer("m x=1 1")
    await story.comes_to("m x=1 0", "m x=1 2", "m x=1 3", "m x=1 4")
    await story.stop()
    assert sink.waiting == {}
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "delivery to site"]
    assert [record.seq for record in await store.pending("site", most_bytes=1 << 20)] == [1, 3, 4, 5, 6]


async def test_while_what_is_new_waits_long_nothing_more_of_the_backlog_goes_and_then_half_as_much(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def takes(answer: str) -> None:
        monkeypatch.setattr(lanes, "_QUICK_S", {"quick": 3600.0, "long": 0.0}[answer])

    takes("quick")
    sink = Held()
    story = Story(store, sink)
    await story.told(*(f"m x=1 {number}" for number in range(20)))
    await story.told("m x=1 20", wait_s=0)
    assert await story.delivery.step()
    takes("long")
    for number in (0, 1, 2, 3):
        sink.answer(f"m x=1 {number}")
    await story.comes_to("m x=1 20")
    sink.answer("m x=1 20")
    await story.comes_to("m x=1 4", "m x=1 5")
    takes("quick")
    await story.told("m x=1 21", wait_s=0)
    await story.comes_to("m x=1 4", "m x=1 5", "m x=1 21")
    sink.answer("m x=1 21")
    await story.comes_to("m x=1 4", "m x=1 5", "m x=1 6")
    await story.stop()


async def test_answers_that_come_at_the_same_time_are_never_mixed_up() -> None:
    both = asyncio.Barrier(2)

    async def answer(taken: Taken, _request: web.Request) -> web.Response:
        await both.wait()
        if taken.lines[0].startswith(b"good"):
            return web.Response(status=204)
        return web.json_response({"error": "the disk is full"})

    async with HostileServer(answer) as server:
        for version in (1, 2):
            async with influx_sink(server.url, version=version) as sink:
                for _ in range(100):
                    good, bad = await asyncio.gather(
                        sink.write(gzip.compress(b"good x=1 1\n")),
                        sink.write(gzip.compress(b"bad x=1 1\n")),
                        return_exceptions=True,
                    )
                    assert good is None
                    assert isinstance(bad, SinkUnavailable)
                    assert "the disk is full" in str(bad)
