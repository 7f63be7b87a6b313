"""A network between a client and a server that tests can spoil: cut, slow, deaf, or silent without a word."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Way(Enum):
    """Where data goes."""

    UP = "to the server"
    DOWN = "to the client"


class Tap(Protocol):
    """Hears what goes over one connection."""

    def heard(self, way: Way, data: bytes) -> None:
        """Take data that is about to be handed on."""
        ...


@dataclass(slots=True, eq=False)
class _Link:
    """One connection, seen from both of its ends. ``is_lost``: the server is gone, and the client is not told."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    tap: Tap | None
    is_lost: bool = False

    def end_of(self, way: Way) -> asyncio.StreamWriter:
        return self.server if way is Way.UP else self.client


class Proxy:
    """Carries connections to a port of this machine.

    Attributes
    ----------
    port : where it listens
    delay_s : how long each piece of data is under way, in either direction
    deaf : what the client says is lost on the way, and nobody is told
    accepts : new connections are carried; else they are closed at once
    connections : how many there are
    carried : how many there have been
    """

    def __init__(self, to: int, *, tap: Callable[[], Tap] | None = None) -> None:
        self.port = 0
        self.delay_s = 0.0
        self.deaf = False
        self.accepts = True
        self.carried = 0
        self._to = to
        self._tap = tap
        self._flows = {way: asyncio.Event() for way in Way}
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.thaw()

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return len(self._tasks)

    def cut(self) -> None:
        """Reset every connection that there is, on both sides."""
        for link in list(self._links):
            link.client.transport.abort()
            link.server.transport.abort()

    def freeze(self, *ways: Way) -> None:
        """Carry nothing any more in some direction (none named: in either), not even an end: a half-open link."""
        for way in ways or Way:
            self._flows[way].clear()

    def thaw(self) -> None:
        """Undo ``freeze``."""
        for flows in self._flows.values():
            flows.set()

    def lose_server(self) -> None:
        """Reset the servers' ends of the connections there are, and leave the clients' ends open and silent."""
        for link in self._links:
            link.is_lost = True
            link.server.transport.abort()

    async def end(self) -> None:
        """Close everything."""
        self.thaw()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until one of its ends is gone."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = None
        try:
            if self.accepts:
                there, back = await asyncio.open_connection("127.0.0.1", self._to)
                link = _Link(writer, back, None if self._tap is None else self._tap())
                self._links.add(link)
                self.carried += 1
                await asyncio.gather(self._carry(reader, link, Way.UP), self._carry(there, link, Way.DOWN))
        except OSError:
            pass
        finally:
            if link is not None:
                self._links.discard(link)
                link.server.transport.abort()
            writer.transport.abort()
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, link: _Link, way: Way) -> None:
        writer = link.end_of(way)
        try:
            while data := await reader.read(65536):
                await self._flows[way].wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if link.is_lost or (way is Way.UP and self.deaf):
                    continue
                if link.tap is not None:
                    link.tap.heard(way, data)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            await self._flows[way].wait()
            if not (link.is_lost and way is Way.DOWN):
                writer.transport.abort()


@contextlib.asynccontextmanager
async def tcp_proxy(port: int, *, tap: Callable[[], Tap] | None = None) -> AsyncIterator[Proxy]:
    """Run a proxy to a port of this machine beside the block. A ``tap`` for each connection hears what is carried."""
    proxy = Proxy(port, tap=tap)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()
