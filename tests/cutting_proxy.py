"""The proxy of `tcp_proxy` on a thread of its own, for tests that block and for clients in other processes."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

from tcp_proxy import Proxy, Tap, Way, tcp_proxy

_WITHIN_S = 5.0


class CuttingProxy:
    """A proxy in front of a port of this machine; a tap is called on the proxy's thread.

    with CuttingProxy(broker.port) as proxy:
        proxy.cut()              # every connection is reset; new ones are let in
        proxy.freeze(Way.UP)     # what the client says is held back
        proxy.thaw()             # and goes on
    """

    def __init__(self, server_port: int, *, tap: Callable[[], Tap] | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cutting proxy")
        self._running: AbstractAsyncContextManager[Proxy] = tcp_proxy(server_port, tap=tap)
        self._proxy: Proxy

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._proxy = asyncio.run_coroutine_threadsafe(self._running.__aenter__(), self._loop).result(_WITHIN_S)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self._running.__aexit__(None, None, None), self._loop).result(_WITHIN_S)
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._proxy.port

    @property
    def carried(self) -> int:
        """How many connections there have been."""
        return self._proxy.carried

    def cut(self) -> None:
        """Reset every connection that there is, on both sides."""
        self._do(self._proxy.cut)

    def freeze(self, *ways: Way) -> None:
        """Carry nothing any more in some direction (none named: in either), also on connections to come."""
        self._do(lambda: self._proxy.freeze(*ways))

    def thaw(self) -> None:
        """Undo `freeze`: what was held back goes on."""
        self._do(self._proxy.thaw)

    def lose_server(self) -> None:
        """Reset the servers' ends of the connections there are, and leave the clients' ends open and silent."""
        self._do(self._proxy.lose_server)

    def delay(self, seconds: float) -> None:
        """Let each piece of data take so long from now on."""
        self._proxy.delay_s = seconds

    def refuse(self) -> None:
        """Reset every connection and close new ones at once."""
        self._proxy.accepts = False
        self.cut()

    def accept(self) -> None:
        """Undo `refuse`."""
        self._proxy.accepts = True

    def _do(self, what: Callable[[], None]) -> None:
        async def done() -> None:
            what()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(_WITHIN_S)
