"""Server-sent events: one document for all, a slow viewer alone waits, and a stop is not held up."""

import asyncio
import contextlib
import itertools
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from collector.page.viewers import TooManyViewers, Viewers

pytestmark = pytest.mark.asyncio


class Counted:
    """Makes documents that are numbered, and counts them; nothing changes unless a test says so."""

    def __init__(self, *, size: int = 10, takes_s: float = 0.0) -> None:
        self.made = 0
        self.changes: Hashable = 0
        self.together = 0
        self.most_together = 0
        self._size = size
        self._takes_s = takes_s

    def document(self) -> bytes:
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        assert threading.current_thread() is not threading.main_thread()
        time.sleep(self._takes_s)
        self.made += 1
        self.together -= 1
        return json.dumps({"n": self.made, "more": "x" * self._size}).encode()

    def look(self) -> Hashable:
        return self.changes


@asynccontextmanager
async def served(viewers: Viewers) -> AsyncIterator[str]:
    async def events(request: web.Request) -> web.StreamResponse:
        try:
            return await viewers.serve(request, {"Cache-Control": "no-store"})
        except TooManyViewers:
            return web.Response(status=503)

    async def let_go(_: web.Application) -> None:
        await viewers.close()

    application = web.Application()
    application.router.add_get("/", events)
    application.on_shutdown.append(let_go)
    runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def numbers(answer: aiohttp.ClientResponse) -> AsyncIterator[int]:
    """Yield the numbers of the documents that arrive."""
    assert answer.content_type == "text/event-stream"
    event = b""
    async for line in answer.content:
        if line.startswith(b"event:"):
            event = line.split()[1]
        elif line.startswith(b"data:"):
            assert event == b"state"
            yield json.loads(line[5:])["n"]


async def first(answer: aiohttp.ClientResponse, count: int) -> list[int]:
    found = []
    async for number in numbers(answer):
        found.append(number)
        if len(found) == count:
            break
    return found


async def test_a_viewer_gets_the_document_at_once_and_each_time_that_something_changes() -> None:
    counted = Counted()
    viewers = Viewers(counted.document, counted.look, every_s=0.02, heartbeat_s=60)
    async with served(viewers) as url, aiohttp.ClientSession() as client, client.get(url) as answer:
        stream = numbers(answer)
        async with asyncio.timeout(30):
            seen = [await anext(stream)]
            for change in range(1, 4):
                counted.changes = change
                seen.append(await anext(stream))
    assert seen == sorted(set(seen))
    assert seen[0] == 1


async def test_while_nothing_changes_there_is_a_heartbeat_and_no_other_document() -> None:
    counted = Counted()
    viewers = Viewers(counted.document, counted.look, every_s=0.01, heartbeat_s=0.3)
    async with served(viewers) as url, aiohttp.ClientSession() as client, client.get(url) as answer:
        started_s = time.monotonic()
        async with asyncio.timeout(30):
            await first(answer, 5)
        took_s = time.monotonic() - started_s
    # The first at once, the second because it is the first that is compared, and then the heart beats.
    assert took_s >= 3 * 0.3
    assert counted.made <= 6


async def test_twenty_viewers_cost_one_document_and_all_get_the_same() -> None:
    counted = Counted(takes_s=0.05)
    viewers = Viewers(counted.document, itertools.count().__next__, every_s=0.1)
    async with served(viewers) as url, aiohttp.ClientSession() as client, contextlib.AsyncExitStack() as stack:
        answers = [await stack.enter_async_context(client.get(url)) for _ in range(20)]
        async with asyncio.timeout(20):
            seen = await asyncio.gather(*(first(answer, 3) for answer in answers))
        made = counted.made
        assert viewers.count == 20
    assert counted.most_together == 1
    assert max(map(max, seen)) <= made
    assert made < 20


async def test_those_who_ask_once_at_the_same_time_share_a_document() -> None:
    counted = Counted(takes_s=0.05)
    viewers = Viewers(counted.document, counted.look, every_s=60)
    assert len(set(await asyncio.gather(*(viewers.newest() for _ in range(10))))) == 1
    assert counted.made == 1


async def test_nobody_looks_and_no_document_is_made() -> None:
    counted = Counted()
    viewers = Viewers(counted.document, itertools.count().__next__, every_s=0.01)
    async with served(viewers) as url:
        async with aiohttp.ClientSession() as client, client.get(url) as answer, asyncio.timeout(30):
            await first(answer, 2)
        async with asyncio.timeout(30):
            while viewers.count:  # noqa: ASYNC110 - it is noticed with the next document that cannot be sent
                await asyncio.sleep(0.01)
        made = counted.made
        await asyncio.sleep(0.1)
    assert counted.made == made


async def test_a_viewer_that_takes_nothing_holds_up_no_other_is_sent_no_queue_and_is_let_go_of() -> None:
    counted = Counted(size=2_000_000)
    viewers = Viewers(counted.document, itertools.count().__next__, every_s=0.02, slow_s=1.0)
    async with served(viewers) as url, aiohttp.ClientSession(read_bufsize=1 << 23) as client:
        slow = socket.create_connection(("127.0.0.1", int(url.split(":")[2].rstrip("/"))))
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with client.get(url) as answer, asyncio.timeout(60):
            stream = numbers(answer)
            seen = [await anext(stream) for _ in range(10)]
            assert seen == sorted(set(seen))
            while viewers.count > 1:
                await anext(stream)
        slow.close()


async def test_so_many_look_and_one_more_is_not_let_in() -> None:
    counted = Counted()
    viewers = Viewers(counted.document, counted.look, most=2)
    async with served(viewers) as url, aiohttp.ClientSession() as client, client.get(url), client.get(url):
        async with client.get(url) as third:
            assert third.status == 503
        assert viewers.count == 2


async def test_a_stop_lets_all_go_at_once_the_slow_ones_too() -> None:
    counted = Counted(size=2_000_000)
    viewers = Viewers(counted.document, itertools.count().__next__, every_s=0.02)
    async with aiohttp.ClientSession(read_bufsize=1 << 23) as client:
        async with served(viewers) as url:
            slow = socket.create_connection(("127.0.0.1", int(url.split(":")[2].rstrip("/"))))
            slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = await client.get(url)
            await first(answer, 5)
            started_s = time.monotonic()
        assert time.monotonic() - started_s < 0.9  # less than the time after which aiohttp would cancel them
        slow.close()
        answer.close()
    assert viewers.count == 0


async def test_a_document_that_cannot_be_made_ends_the_stream_and_the_next_viewer_is_served() -> None:
    counted = Counted()
    broken = True

    def document() -> bytes:
        if broken and counted.made:
            raise OSError("read the store: the disk is gone")
        return counted.document()

    viewers = Viewers(document, itertools.count().__next__, every_s=0.02)
    async with served(viewers) as url, aiohttp.ClientSession() as client:
        async with client.get(url) as answer, asyncio.timeout(30):
            with contextlib.suppress(aiohttp.ClientPayloadError):
                assert [number async for number in numbers(answer)] == [1]
        broken = False
        async with client.get(url) as answer, asyncio.timeout(30):
            assert await first(answer, 2) == [2, 3]
