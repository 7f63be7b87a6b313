"""A TCP proxy that cuts, freezes and delays what goes through it, for tests of connections.

It runs on a thread of its own, so that a test may block. Bytes go through unchanged and in order.

    with CuttingProxy(broker.port) as proxy:
        proxy.cut()          # every connection is reset; new ones are let in
        proxy.freeze()       # nothing goes through, nothing is closed: a dead switch
        proxy.thaw()         # it goes on where it stopped
        proxy.lose_server()  # the server's side is reset, the client's stays open and silent for ever: half-open
        proxy.delay(0.3)     # every byte takes so long, in each direction
        proxy.refuse()       # cut, and nobody listens any more
        proxy.listen()       # somebody does again
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from enum import Enum
from types import TracebackType
from typing import Any, Protocol, Self

from server_process import HOST

_CHUNK = 1 << 16
_CHUNKS_UNDER_WAY = 64
_START_WITHIN_S = 5.0


class Direction(Enum):
    """Where bytes go."""

    TO_CLIENT = "to client"
    TO_SERVER = "to server"


BOTH = (Direction.TO_CLIENT, Direction.TO_SERVER)


class Tap(Protocol):
    """Hears what goes through one connection; called on the proxy's thread, before the bytes are passed on."""

    def heard(self, direction: Direction, data: bytes) -> None:
        """Take bytes that are about to be passed on."""
        ...


class CuttingProxy:
    """A proxy in front of a port of this machine. ``connections`` counts those that were let in so far."""

    def __init__(self, server_port: int, *, tap: Callable[[], Tap] | None = None) -> None:
        self.host = HOST
        self.port = 0
        self.connections = 0
        self._server_port = server_port
        self._tap = tap
        self._delay_s = 0.0
        self._open: dict[Direction, asyncio.Event] = {}
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cutting proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._do(self._start())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._stop())
        self._end()

    @property
    def open_connections(self) -> int:
        """How many connections there are now."""
        return len(self._links)

    def cut(self) -> None:
        """Reset every connection, on both sides."""
        self._do(self._cut())

    def refuse(self) -> None:
        """Reset every connection and listen no more."""
        self._do(self._refuse())

    def listen(self) -> None:
        """Undo `refuse`."""
        self._do(self._start())

    def freeze(self, *directions: Direction) -> None:
        """Hold back what goes in some directions (none named: in both), also on connections to come."""
        self._do(self._set(directions or BOTH, passing=False))

    def thaw(self) -> None:
        """Undo `freeze`: what was held back goes on."""
        self._do(self._set(BOTH, passing=True))

    def lose_server(self) -> None:
        """Reset the servers' sides of the connections and leave the clients' sides open and silent."""
        self._do(self._lose_server())

    def delay(self, seconds: float) -> None:
        """Let every byte take so long from now on, in each direction."""
        self._delay_s = seconds

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_WITHIN_S)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        if not self._open:
            self._open = {direction: asyncio.Event() for direction in BOTH}
            await self._set(BOTH, passing=True)
        self._server = await asyncio.start_server(self._connected, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        await self._refuse()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            await asyncio.wait(rest)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for link in list(self._links):
            link.reset(Direction.TO_CLIENT)
            link.reset(Direction.TO_SERVER)
            link.end()

    async def _set(self, directions: tuple[Direction, ...], *, passing: bool) -> None:
        for direction in directions:
            if passing:
                self._open[direction].set()
            else:
                self._open[direction].clear()

    async def _lose_server(self) -> None:
        for link in self._links:
            link.silent = True
            link.reset(Direction.TO_SERVER)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            server_reader, server_writer = await asyncio.open_connection(HOST, self._server_port)
        except OSError:
            _reset(writer)
            return
        link = _Link(writer, server_writer, None if self._tap is None else self._tap())
        self._links.add(link)
        try:
            await link.run(
                self._pump(link, Direction.TO_SERVER, reader, server_writer),
                self._pump(link, Direction.TO_CLIENT, server_reader, writer),
            )
        finally:
            self._links.discard(link)

    async def _pump(
        self, link: "_Link", direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry bytes one way until one side closes."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_CHUNKS_UNDER_WAY)

        async def arrive() -> None:
            while True:
                due_s, data = await under_way.get()
                if due_s > loop.time():
                    await asyncio.sleep(due_s - loop.time())
                await self._open[direction].wait()
                if not data:
                    return
                if link.silent:
                    continue
                if link.tap is not None:
                    link.tap.heard(direction, data)
                writer.write(data)
                await writer.drain()

        arriving = asyncio.create_task(arrive())
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(_CHUNK):
                    await under_way.put((loop.time() + self._delay_s, data))
            await under_way.put((loop.time() + self._delay_s, b""))
            with contextlib.suppress(OSError):
                await arriving
        finally:
            arriving.cancel()


class _Link:
    """Both sides of one connection. ``silent``: what still comes is swallowed."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter, tap: Tap | None) -> None:
        self.silent = False
        self.tap = tap
        self._sides = {Direction.TO_CLIENT: client, Direction.TO_SERVER: server}
        self._pumps: list[asyncio.Task[None]] = []

    async def run(self, *pumps: Coroutine[Any, Any, None]) -> None:
        """Pump until one side closes, then close the other; a lost server is not told to the client."""
        self._pumps = [asyncio.create_task(pump) for pump in pumps]
        to_server, to_client = self._pumps
        try:
            await asyncio.wait(self._pumps, return_when=asyncio.FIRST_COMPLETED)
            if self.silent and not to_server.done():
                await asyncio.wait([to_server])
        finally:
            self.end()
            await asyncio.gather(to_server, to_client, return_exceptions=True)
            for side in self._sides.values():
                side.close()

    def end(self) -> None:
        """Stop pumping."""
        for pump in self._pumps:
            pump.cancel()

    def reset(self, direction: Direction) -> None:
        """Reset one side's connection."""
        _reset(self._sides[direction])


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of a farewell."""
    if writer.transport.is_closing():
        return
    wire: socket.socket = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
