"""One document for all viewers: made once a second at the most, on a thread, and sent to each as fast as it takes it.

Invariants
----------
* A viewer more costs no document more: all are given the same bytes.
* Nothing queues for a viewer. One that is slow gets the newest document when it has taken the one before; what came
  between is left out. One that takes nothing for ``SLOW_S`` is let go of, and may come again.
* While nobody looks, and while nothing changes between two heartbeats, no document is made.
"""

import asyncio
import time
from collections.abc import Callable, Hashable

from aiohttp import web

EVERY_S = 1.0
HEARTBEAT_S = 10.0
"""Where nothing changes, ages do: so often a document is made all the same, and a viewer knows that we are there."""
SLOW_S = 20.0
MOST_VIEWERS = 50
RETRY_MS = 2000


class TooManyViewers(Exception):
    """So many look already that one more is not let in."""


class Viewers:
    """Those who look at the state.

    Parameters
    ----------
    document
        Makes the document. Called on a thread, one at a time.
    look
        Called on the event loop before each document: it takes along what a thread may not ask for, and returns
        something that is equal as long as nothing has changed.
    most
        So many may look at the same time.
    """

    def __init__(
        self,
        document: Callable[[], bytes],
        look: Callable[[], Hashable],
        *,
        every_s: float = EVERY_S,
        heartbeat_s: float = HEARTBEAT_S,
        slow_s: float = SLOW_S,
        most: int = MOST_VIEWERS,
    ) -> None:
        self._document = document
        self._look = look
        self._every_s = every_s
        self._heartbeat_s = heartbeat_s
        self._slow_s = slow_s
        self._most = most
        self._newest = b""
        self._number = 0
        self._made_s = -float("inf")
        self._making = asyncio.Lock()
        self._changed = asyncio.Event()
        self._writing: set[asyncio.Transport] = set()
        self._working: asyncio.Task[None] | None = None
        self._closed = False
        self.count = 0
        """How many look now."""

    async def newest(self) -> bytes:
        """Return a document that is no older than a second."""
        async with self._making:
            if time.monotonic() - self._made_s >= self._every_s:
                self._look()
                await self._make()
            return self._newest

    async def serve(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        """Send the document as an event each time that there is a new one, until the viewer goes, or we do.

        Raises
        ------
        TooManyViewers
            If so many look already.
        """
        if self.count >= self._most:
            raise TooManyViewers
        response = web.StreamResponse(
            headers=headers | {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        )
        self.count += 1
        try:
            await response.prepare(request)
            await self._send(request, response, b"retry: %d\n\n" % RETRY_MS)
            await self.newest()
            if self._working is None:
                self._working = asyncio.create_task(self._work(), name="page")
                self._working.add_done_callback(lambda _: self._wake())
            sent = 0
            while not self._closed:
                changed = self._changed
                if sent != self._number:
                    sent = self._number
                    await self._send(request, response, b"event: state\nid: %d\ndata: %b\n\n" % (sent, self._newest))
                elif self._has_failed:
                    break  # what makes the documents has failed; the viewer comes again, and so does the reason
                else:
                    await changed.wait()
        except (ConnectionError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()  # what it has not taken is not kept for it
        finally:
            self.count -= 1
            if not self.count:
                await self._rest()
        return response

    @property
    def _has_failed(self) -> bool:
        return self._working is None or self._working.done()

    async def close(self) -> None:
        """Let all go at once."""
        self._closed = True
        self._wake()
        for transport in self._writing:
            transport.abort()
        await self._rest()

    async def _send(self, request: web.Request, response: web.StreamResponse, event: bytes) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        self._writing.add(transport)
        try:
            async with asyncio.timeout(self._slow_s):
                await response.write(event)
        finally:
            self._writing.discard(transport)

    async def _work(self) -> None:
        """Make a document each time that something has changed, and as a heartbeat."""
        seen: Hashable = None
        while True:
            await asyncio.sleep(self._every_s)
            async with self._making:
                now = self._look()
                if now != seen or time.monotonic() - self._made_s >= self._heartbeat_s:
                    seen = now
                    await self._make()

    async def _make(self) -> None:
        self._made_s = time.monotonic()
        self._newest = await asyncio.to_thread(self._document)
        self._number += 1
        self._wake()

    def _wake(self) -> None:
        """Let all viewers look. Never leave a set event behind: who waits for one goes round and round."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _rest(self) -> None:
        """Make no more documents: nobody looks."""
        working, self._working = self._working, None
        if working is not None:
            working.cancel()
            await asyncio.wait([working])
            if not working.cancelled():
                working.result()
