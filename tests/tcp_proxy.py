"""A network between a client and a server that tests can spoil: cut, slow, deaf, or silent without a word."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Proxy:
    """Carries connections to a port of this machine.

    Attributes
    ----------
    port : where it listens
    delay_s : how long each piece of data is under way, in either direction
    deaf : what the client says is lost on the way, and nobody is told
    accepts : new connections are carried; else they are closed at once
    connections : how many there are
    """

    def __init__(self, to: int) -> None:
        self.port = 0
        self.delay_s = 0.0
        self.deaf = False
        self.accepts = True
        self._to = to
        self._flows = asyncio.Event()
        self._flows.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return len(self._tasks)

    def cut(self) -> None:
        """Reset every connection that there is, on both sides."""
        for writer in list(self._ends):
            writer.transport.abort()

    def freeze(self) -> None:
        """Carry nothing any more in either direction, not even an end: a half-open link."""
        self._flows.clear()

    def thaw(self) -> None:
        """Undo ``freeze``."""
        self._flows.set()

    async def end(self) -> None:
        """Close everything."""
        self.thaw()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until one of its ends is gone."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = {writer}
        try:
            if self.accepts:
                there, back = await asyncio.open_connection("127.0.0.1", self._to)
                ends.add(back)
                self._ends |= ends
                ways = [self._carry(reader, back, is_up=True), self._carry(there, writer, is_up=False)]
                await asyncio.gather(*ways)
        except OSError:
            pass
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_up: bool) -> None:
        try:
            while data := await reader.read(65536):
                await self._flows.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if not (is_up and self.deaf):
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        finally:
            await self._flows.wait()
            writer.transport.abort()


@contextlib.asynccontextmanager
async def tcp_proxy(port: int) -> AsyncIterator[Proxy]:
    """Run a proxy to a port of this machine beside the block."""
    proxy = Proxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()
