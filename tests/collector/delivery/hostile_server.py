"""A server that answers a write as a database, a proxy or a broken network might. Real sockets, real HTTP."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from collector.delivery.influx import InfluxSink


@dataclass(frozen=True, slots=True)
class Taken:
    """A request as it came over the wire; ``body`` is not decompressed."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        """The lines in the body."""
        return gzip.decompress(self.body).splitlines()


Answer = Callable[[Taken, web.Request], Awaitable[web.StreamResponse]]


def says(status: int, text: str = "", **headers: str) -> Answer:
    """Answer always the same. Underscores in names of headers stand for hyphens."""

    async def answer(_taken: Taken, _request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=text.encode(), headers=named)

    return answer


async def resets(_taken: Taken, request: web.Request) -> web.Response:
    """Break the connection off with a reset."""
    assert request.transport is not None
    sock = request.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    request.transport.abort()
    return web.Response()


async def is_silent(_taken: Taken, _request: web.Request) -> web.Response:
    """Take the request and never answer."""
    await asyncio.sleep(3600)
    return web.Response()


async def drips(_taken: Taken, request: web.Request) -> web.StreamResponse:
    """Answer a byte at a time, without end."""
    response = web.StreamResponse(status=204)
    response.set_status(200)
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def stops_halfway(_taken: Taken, request: web.Request) -> web.StreamResponse:
    """Promise 100 bytes and break off after 5."""
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"12345")
    assert request.transport is not None
    request.transport.close()
    return response


@dataclass(eq=False)
class Database:
    """Takes lines as InfluxDB does: a rule refuses some of them, and too much at once is too much.

    Attributes
    ----------
    refuses : tells the reason to refuse a line, or None
    keeps_the_good : whether the good lines beside a refused one are written all the same (a partial write)
    most_bytes : size of the uncompressed body from which on it is too large
    down_after : number of answers after which it is out of order
    """

    refuses: Callable[[bytes], str | None] = lambda _line: None
    keeps_the_good: bool = True
    most_bytes: int = 1 << 30
    down_after: int = 1 << 30
    written: list[bytes] = field(default_factory=list)
    answers: int = 0

    async def __call__(self, taken: Taken, _request: web.Request) -> web.Response:
        """Answer a write."""
        if self.answers >= self.down_after:
            return web.Response(status=503)
        self.answers += 1
        if sum(len(line) + 1 for line in taken.lines) > self.most_bytes:
            return web.json_response({"error": "Request Entity Too Large"}, status=413)
        reasons = {line: reason for line in taken.lines if (reason := self.refuses(line)) is not None}
        if not reasons or self.keeps_the_good:
            self.written += [line for line in taken.lines if line not in reasons]
        if reasons:
            return web.json_response({"error": f"partial write: {next(iter(reasons.values()))}"}, status=400)
        return web.Response(status=204)


class HostileServer:
    """Listens on a free port and answers every request with ``answer``; ``taken`` holds what came."""

    def __init__(self, answer: Answer | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.answer: Answer = answer or says(204)
        self._tls = tls
        self.taken: list[Taken] = []

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # As it lies on the wire: the server must not unpack it.
        self._runner = web.AppRunner(app, auto_decompress=False, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Base address."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        taken = Taken(request.path_qs, dict(request.headers), await request.read())
        self.taken.append(taken)
        return await self.answer(taken, request)


def influx_sink(
    url: str,
    *,
    version: int = 2,
    bucket: str = "plant",
    create: bool = False,
    username: str | None = None,
    secret_file: Path | None = None,
    timeout_s: float = 10.0,
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    server_name: str = "",
    proxy: str | None = None,
) -> InfluxSink:
    """Return a sink for a server."""
    return InfluxSink(
        name="site",
        url=url,
        version=version,
        org="smelter",
        bucket=bucket,
        create=create,
        username=username,
        secret_file=secret_file,
        timeout_s=timeout_s,
        tls=tls,
        server_name=server_name,
        proxy=proxy,
    )


def packed(*lines: bytes) -> bytes:
    """Return lines as a record of the outbox."""
    return gzip.compress(b"\n".join(lines) + b"\n", 1, mtime=0)
