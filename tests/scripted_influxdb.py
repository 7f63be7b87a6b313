"""A real InfluxDB 1.x behind a server that answers writes by script, as broken databases and proxies do.

    with ScriptedInfluxDB(influxdb) as scripted:
        scripted.play("503", says(503, Retry_After="1"))
        scripted.wait_until_played(10.0)   # and a write after it went through

What is not in the script goes through to the database, so that in the end the database can be asked for the truth.
"""

import asyncio
import gzip
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from hostile_server import Answer, HostileServer, Taken, drips, is_silent, resets, says, stops_halfway
from servers import InfluxDB1

_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.02
_FORWARDED = ("Content-Type", "Content-Encoding", "Authorization")

FAULTS: dict[str, Answer] = {
    "200 with a web page": says(200, "<html><h1>Sign in</h1></html>", Content_Type="text/html"),
    "401": says(401, '{"error":"authorization failed"}', Content_Type="application/json"),
    "403": says(403, '{"error":"not authorized to write to database"}', Content_Type="application/json"),
    "404": says(404, '{"error":"database not found"}', Content_Type="application/json"),
    "429 with Retry-After": says(429, '{"error":"too many requests"}', Retry_After="1"),
    "503 with Retry-After": says(503, '{"error":"unavailable"}', Retry_After="1"),
    "500": says(500, '{"error":"engine is closed"}', Content_Type="application/json"),
    "reset": resets,
    "no answer": is_silent,
    "an answer a byte at a time": drips,
    "an answer cut off halfway": stops_halfway,
}
"""Answers after which everything has to be sent again, by what they are."""


class ScriptedInfluxDB:
    """Stands before a database and answers by script, on a thread of its own.

    Attributes
    ----------
    refuses : tells the status (400 or 422) with which a line is refused for good, or None. With 400 the lines beside it
        are written, as InfluxDB 1 does; with 422 nothing of the body is.
    delay_s : how long each write waits before it is handed on
    played : how often each answer of the script was given, by its name; "400" and "422" count refused bodies
    passed : writes that the database has taken
    """

    def __init__(self, database: InfluxDB1) -> None:
        self.refuses: Callable[[bytes], int | None] = lambda _line: None
        self.delay_s = 0.0
        self.played: Counter[str] = Counter()
        self.passed = 0
        self._database = database
        self._script: deque[tuple[str, Answer]] = deque()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted InfluxDB")
        self._server = HostileServer(self._answer)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(_WITHIN_S)
        except BaseException:
            self._end_loop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_WITHIN_S)
        finally:
            self._end_loop()

    @property
    def url(self) -> str:
        """Base address, without a slash at the end."""
        return self._server.url

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    def play(self, name: str, answer: Answer) -> None:
        """Answer one more write in this way, after what is in the script already."""
        self._script.append((name, answer))

    def play_written_but_not_told(self) -> None:
        """Write everything of one more body, and break the connection off instead of saying so."""

        async def answer(taken: Taken, request: web.Request) -> web.StreamResponse:
            await self._written(taken, request)
            return await resets(taken, request)

        self.play("written, and the answer lost", answer)

    def wait_until_played(self, within_s: float) -> None:
        """Wait until the script is at its end, and then until a write has gone through."""
        until = time.monotonic() + within_s
        self._wait(lambda: not self._script, until, "the script is not at its end")
        self.wait_until_passed(max(0.0, until - time.monotonic()))

    def wait_until_passed(self, within_s: float) -> None:
        """Wait until a write that began after now, or one that was under way, has gone through."""
        before = self.passed
        self._wait(lambda: self.passed > before, time.monotonic() + within_s, "no write went through")

    def _wait(self, is_so: Callable[[], bool], until: float, else_: str) -> None:
        while not is_so():
            if time.monotonic() > until:
                raise AssertionError(f"{else_} in time; left: {[name for name, _ in self._script]}; {self.played}")
            time.sleep(_LOOK_EVERY_S)

    async def _begin(self) -> None:
        self._session = aiohttp.ClientSession()
        await self._server.__aenter__()

    async def _end(self) -> None:
        await self._server.__aexit__(None, None, None)
        await self._session.close()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _answer(self, taken: Taken, request: web.Request) -> web.StreamResponse:
        self._server.taken.clear()  # what was taken is in the database
        if not taken.path.startswith("/write"):
            return await self._handed_on(taken, request, taken.body)
        if self._script:
            name, answer = self._script.popleft()
            self.played[name] += 1
            return await answer(taken, request)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return await self._written(taken, request)

    async def _written(self, taken: Taken, request: web.Request) -> web.Response:
        """Write what is not refused, as the database would."""
        statuses = {line: status for line in taken.lines if (status := self.refuses(line)) is not None}
        if not statuses:
            answered = await self._handed_on(taken, request, taken.body)
            self.passed += answered.status == 204
            return answered
        status = max(statuses.values())
        good = [line for line in taken.lines if line not in statuses]
        if status == 400 and good:
            answered = await self._handed_on(taken, request, gzip.compress(b"\n".join(good) + b"\n", 1))
            if answered.status != 204:
                return answered
        self.played[str(status)] += 1
        return web.json_response({"error": f"partial write: told to refuse dropped={len(statuses)}"}, status=status)

    async def _handed_on(self, taken: Taken, request: web.Request, body: bytes) -> web.Response:
        headers = {name: taken.headers[name] for name in _FORWARDED if name in taken.headers}
        try:
            async with self._session.request(
                request.method, self._database.url + taken.path, data=body, headers=headers
            ) as answered:
                text = await answered.read()
                return web.Response(status=answered.status, body=text, content_type=answered.content_type)
        except aiohttp.ClientError:  # nobody is behind us: whoever asked is told so by a reset
            return await resets(taken, request)
