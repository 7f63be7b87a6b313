"""The publisher: hands messages to a broker in their order, and keeps them while the broker is away.

It is an own client, because 12,000 messages a second have to leave in a fraction of a core: packets of many messages
are joined into one write, and acknowledgements are counted as they come. A message at QoS 1 stays here until the broker
has acknowledged it; after a lost connection it is sent again with the DUP flag. Every connection begins an empty
session.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from simulators.servers.mqtt_wire import (
    CONNACK,
    DISCONNECT,
    GOODBYE,
    PING,
    PUBACK,
    PUBLISH,
    PacketReader,
    Publishes,
    Welcome,
    WireError,
    acknowledgement,
    connect,
    heard,
    subscribe,
    welcome,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from simulators.servers.messages import Message

MOST_UNSENT = 200_000
"""Messages kept for a broker that is away: a quarter of an hour of the example plant at 60 times real time."""

MOST_UNACKNOWLEDGED = 10_000
"""Messages on their way at once, unless an MQTT 5 broker bears fewer."""

_TIMEOUT_S = 1.0
# Long, because a broker that stalls is not a broker that is gone, and giving up early sends everything twice.
_GOODBYE_S = 1.0
_SILENCE_S = 30.0
_RETRY_AFTER_S = 0.5
_KEEPALIVE_S = 10
_AT_ONCE = 2_000
_IDENTIFIERS = 65_535


class Session:
    """What a publisher says when it comes and goes, and what it listens to. This one says and hears nothing."""

    filters: Sequence[str] = ()

    def will(self) -> Message | None:
        """Return the last will of the connection that is about to be made."""
        return None

    def hello(self) -> Sequence[Message]:
        """Return what is said before everything else on a new connection."""
        return ()

    def farewell(self) -> Sequence[Message]:
        """Return what is said before an orderly end."""
        return ()

    def lost(self) -> None:
        """Hear that the connection is gone."""

    def hear(self, topic: str, payload: bytes) -> Sequence[Message]:
        """Take what came in for one of the filters, and return what is to be said at once."""
        del topic, payload
        return ()


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
    session
        What is said when the connection comes and goes.

    Attributes
    ----------
    dropped
        Messages that were lost because the broker was away for too long.
    acknowledged
        Messages that the broker has taken (QoS 0: that were written).
    connections
        How many connections there have been.
    """

    def __init__(
        self,
        host: str,
        port: int,
        protocol: str,
        *,
        most_unsent: int = MOST_UNSENT,
        session: Session | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._protocol = protocol
        self._most_unsent = most_unsent
        self._session = session or Session()
        self._publishes = Publishes(protocol)
        self._queue: deque[Message] = deque()
        # What is on its way by packet identifier; None for what a session says, which is not sent again but anew.
        self._unacknowledged: dict[int, Message | None] = {}
        self._unacknowledged_queued = 0
        self._identifier = 0
        self._window = MOST_UNACKNOWLEDGED
        self._wire: _Wire | None = None
        self._pumping = False
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0
        self.acknowledged = 0
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._publish_for_ever())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._wire and self._wire.writable:
            self._say(self._session.farewell())
            self._wire.write(GOODBYE)
            # The broker closes when it has read this. Closed from here, with an answer of it unread, the connection
            # would be reset, and the broker might say the last will.
            await asyncio.wait({self._wire.closed}, timeout=_GOODBYE_S)
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    @property
    def unsent(self) -> int:
        """Messages that the broker has not acknowledged yet."""
        return len(self._queue) + self._unacknowledged_queued

    @property
    def connected(self) -> bool:
        """Whether the broker has let the publisher in."""
        return self._wire is not None

    def offer(self, message: Message) -> None:
        """Send a message as soon as the broker is there and has those before it."""
        self.offer_all((message,))

    def offer_all(self, messages: Iterable[Message]) -> None:
        """Send messages as soon as the broker is there and has those before them."""
        before = len(self._queue)
        self._queue.extend(messages)
        over = min(self.unsent - self._most_unsent, len(self._queue) - before)
        for _ in range(over):
            self._queue.pop()
        self.dropped += max(over, 0)
        self._pump_soon()

    def break_connection(self) -> None:
        """Cut the connection without a word, as a pulled cable does; the last will is the broker's to say."""
        if self._wire:
            self._wire.abort()

    async def failed(self) -> None:
        """Wait for ever, unless publishing itself breaks; a broker that is away does not break it."""
        if self._task:
            await asyncio.shield(self._task)

    async def _publish_for_ever(self) -> None:
        while True:
            with suppress(OSError, WireError, TimeoutError):
                await self._publish_while_connected()
            await asyncio.sleep(_RETRY_AFTER_S)

    async def _publish_while_connected(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_TIMEOUT_S):
            transport, wire = await loop.create_connection(lambda: _Wire(self), self._host, self._port)
        try:
            name = f"potline-simulator-{secrets.token_hex(4)}"
            transport.write(connect(name, self._protocol, keepalive_s=_KEEPALIVE_S, will=self._session.will()))
            async with asyncio.timeout(_SILENCE_S):
                let_in = await wire.let_in
            self._begin(wire, let_in)
            while not wire.closed.done():
                await asyncio.wait({wire.closed}, timeout=_KEEPALIVE_S / 2)
                if loop.time() - wire.heard_at > _SILENCE_S:
                    break
                wire.write(PING)
        finally:
            self._end(wire)
            # What was written before an orderly end still leaves; a transport that cannot is dropped by its broker.
            transport.close()

    def _begin(self, wire: _Wire, let_in: Welcome) -> None:
        self._wire = wire
        self.connections += 1
        self._window = min(MOST_UNACKNOWLEDGED, let_in.receive_maximum)
        if self._session.filters:
            wire.write(subscribe(self._next_identifier(), self._session.filters, self._protocol))
        self._say(self._session.hello())
        self._pump_soon()

    def _end(self, wire: _Wire) -> None:
        if self._wire is wire:
            self._wire = None
            self._session.lost()
        # What is sent at QoS 0 goes with the connection that it was meant for.
        kept = [message for message in self._queue if message.qos]
        self.dropped += len(self._queue) - len(kept)
        self._queue = deque(kept)
        again = [message._replace(dup=True) for message in self._unacknowledged.values() if message is not None]
        self._queue.extendleft(reversed(again))
        self._unacknowledged.clear()
        self._unacknowledged_queued = 0

    def _say(self, messages: Iterable[Message]) -> None:
        """Write messages before all that waits."""
        if self._wire is None:
            return
        for message in messages:
            identifier = 0
            if message.qos:
                identifier = self._next_identifier()
                self._unacknowledged[identifier] = None
            self._wire.write(self._publishes.packet(message, identifier))

    def _next_identifier(self) -> int:
        # Never one that is on its way: there are six times as many as the window is wide.
        self._identifier = self._identifier % _IDENTIFIERS + 1
        return self._identifier

    def _pump_soon(self) -> None:
        if self._wire and self._queue and not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        wire = self._wire
        if wire is None or not wire.writable:
            return
        queue, unacknowledged, packet = self._queue, self._unacknowledged, self._publishes.packet
        packets = []
        for _ in range(min(len(queue), self._window - len(unacknowledged), _AT_ONCE)):
            message = queue.popleft()
            identifier = 0
            if message.qos:
                self._identifier = identifier = self._identifier % _IDENTIFIERS + 1
                unacknowledged[identifier] = message
                self._unacknowledged_queued += 1
            else:
                self.acknowledged += 1
            packets.append(packet(message, identifier))
        if packets:
            wire.write(b"".join(packets))
            self._pump_soon()

    def _hear(self, wire: _Wire, packets: list[tuple[int, bytes]]) -> None:
        """Take what the broker says."""
        unacknowledged = self._unacknowledged
        for first, body in packets:
            if first == PUBACK:
                done = unacknowledged.pop(int.from_bytes(body[:2], "big"), None)
                if done is not None:
                    self.acknowledged += 1
                    self._unacknowledged_queued -= 1
            elif first == CONNACK:
                try:
                    wire.let_in.set_result(welcome(body, self._protocol))
                except WireError as exc:
                    wire.let_in.set_exception(exc)
            elif first & 0xF0 == PUBLISH:
                came = heard(first, body, self._protocol)
                if came.identifier:
                    wire.write(acknowledgement(came.identifier))
                self._say(self._session.hear(came.topic, came.payload))
            elif first == DISCONNECT:
                wire.abort()
        self._pump_soon()


class _Wire(asyncio.Protocol):
    """One TCP connection to the broker."""

    def __init__(self, publisher: Publisher) -> None:
        loop = asyncio.get_running_loop()
        self._publisher = publisher
        self._reader = PacketReader()
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self.heard_at = loop.time()
        self.let_in: asyncio.Future[Welcome] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()

    @property
    def writable(self) -> bool:
        return self._transport is not None and not self._paused and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.set_write_buffer_limits(high=1 << 20)
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        try:
            packets = self._reader.feed(data)
        except WireError:
            self.abort()
            return
        self._publisher._hear(self, packets)  # noqa: SLF001 -- the two are one thing in two classes

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._publisher._pump_soon()  # noqa: SLF001 -- as above

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.let_in.done():
            self.let_in.set_exception(WireError("the broker closed the connection before it let us in"))
        if not self.closed.done():
            self.closed.set_result(None)
