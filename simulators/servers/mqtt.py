"""The publisher: hands messages to a broker at QoS 1 in their order, and keeps them while the broker is away."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import aiomqtt

if TYPE_CHECKING:
    from types import TracebackType

    from simulators.servers.messages import Message

MOST_UNSENT = 200_000
"""Messages kept for a broker that is away: a quarter of an hour of the example plant at 60 times real time."""

_TIMEOUT_S = 1.0
# Long, because a broker that stalls is not a broker that is gone, and giving up early sends everything twice.
_ACKNOWLEDGE_TIMEOUT_S = 30.0
_RETRY_AFTER_S = 0.5
_KEEPALIVE_S = 10
_BATCH = 200
_PROTOCOLS = {"3.1.1": aiomqtt.ProtocolVersion.V311, "5": aiomqtt.ProtocolVersion.V5}


class Publisher:
    """A connection that is kept up in the background, with a bounded queue of what is not acknowledged yet.

    Parameters
    ----------
    host, port
        Of the broker.
    protocol
        "3.1.1" or "5".
    most_unsent
        Messages kept at most. What does not fit any more is dropped and counted.

    Attributes
    ----------
    dropped
        Messages that were lost because the broker was away for too long.
    acknowledged
        Messages that the broker has taken.
    """

    def __init__(self, host: str, port: int, protocol: str, *, most_unsent: int = MOST_UNSENT) -> None:
        self._host = host
        self._port = port
        self._protocol = _PROTOCOLS[protocol]
        self._most_unsent = most_unsent
        self._queue: deque[Message] = deque()
        self._offered = asyncio.Event()
        self._accepted = 0
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0
        self.acknowledged = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._publish_for_ever())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def unsent(self) -> int:
        """Messages that the broker has not acknowledged yet."""
        return self._accepted - self.acknowledged

    def offer(self, message: Message) -> None:
        """Send a message as soon as the broker is there and has those before it."""
        if self.unsent >= self._most_unsent:
            self.dropped += 1
            return
        self._accepted += 1
        self._queue.append(message)
        self._offered.set()

    async def failed(self) -> None:
        """Wait for ever, unless publishing itself breaks; a broker that is away does not break it."""
        if self._task:
            await asyncio.shield(self._task)

    async def _publish_for_ever(self) -> None:
        while True:
            with suppress(aiomqtt.MqttError, OSError):
                await self._probe()
                await self._publish_while_connected()
            await asyncio.sleep(_RETRY_AFTER_S)

    async def _probe(self) -> None:
        # The client connects in a thread that nobody can interrupt: it is let loose only on a host that answers.
        async with asyncio.timeout(_TIMEOUT_S):
            _, writer = await asyncio.open_connection(self._host, self._port)
        writer.transport.abort()

    async def _publish_while_connected(self) -> None:
        client = aiomqtt.Client(
            self._host, self._port, protocol=self._protocol, timeout=_TIMEOUT_S, keepalive=_KEEPALIVE_S
        )
        # So many at once are meant, not a leak to be warned of.
        client.pending_calls_threshold = _BATCH
        async with client:
            # The client tells of a lost connection only to those who wait for messages.
            tasks = {asyncio.create_task(self._send_all(client)), asyncio.create_task(_receive(client))}
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            for task in done:
                task.result()

    async def _send_all(self, client: aiomqtt.Client) -> None:
        while True:
            await self._offered.wait()
            while self._queue:
                await self._send_some(client)
            self._offered.clear()

    async def _send_some(self, client: aiomqtt.Client) -> None:
        """Send the oldest messages together; those that are not acknowledged go back to where they were."""
        batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
        # Each begins to be sent in the order of creation, so they leave in theirs.
        sending = [
            asyncio.create_task(client.publish(message.topic, message.payload, qos=1, timeout=_ACKNOWLEDGE_TIMEOUT_S))
            for message in batch
        ]
        try:
            await asyncio.gather(*sending)
        finally:
            for task in sending:
                task.cancel()
            await asyncio.wait(sending)
            left = [message for message, task in zip(batch, sending, strict=True) if not _succeeded(task)]
            self._queue.extendleft(reversed(left))
            self.acknowledged += len(batch) - len(left)


def _succeeded(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is None


async def _receive(client: aiomqtt.Client) -> None:
    async for _ in client.messages:
        pass
