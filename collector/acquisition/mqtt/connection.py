"""The connection of one MQTT session: messages in chunks, acknowledged in one write, and never more than can be held.

Reading from the socket pauses when too many messages are open or wait to be taken, whatever the broker is allowed to
send: brokers do not always heed MQTT 5's receive maximum, and MQTT 3.1.1 has none. Pings go on meanwhile; that nothing
comes is then no sign of a lost connection, and the kernel watches.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

import structlog

from collector.acquisition.mqtt import access, reasons
from collector.acquisition.mqtt.asking import Asking
from collector.acquisition.mqtt.chunks import Chunks
from collector.acquisition.mqtt.client import Client
from collector.acquisition.mqtt.framing import Framing, MalformedPacket
from collector.acquisition.mqtt.inflight import Inflight
from collector.acquisition.mqtt.message import Message, Publication, Subscription
from collector.acquisition.source import SourceUnavailable, raise_if_cancelled
from collector.clock import Clock
from collector.plant.meter import Broker

log = structlog.get_logger()

GATHER_S = 0.05
"""How long messages are gathered for one chunk [s]."""
MOST_AT_ONCE = 1000
"""How many messages a chunk holds at most."""
IDLE_S = 0.25
"""How long to wait for the first message of a chunk [s]; then it is empty."""
WORD_WITHIN_S = 10.0
"""How long to wait for the broker's answers [s]."""

_MOST_WAITING_BYTES = 16 * 1024 * 1024
_FAREWELL_S = 0.5
_SILENT_KEEPALIVES = 1.5


class MqttConnection:
    """A connection to a broker. It can be entered again after it was left, and should be: it remembers the session.

    A broker with several addresses is entered at the next one after a connection that failed or was lost.

    Parameters
    ----------
    broker : Broker
        Where, and as whom.
    clock : Clock
        Says when a message came.
    subscriptions, will : callable
        Asked at each connecting: what to subscribe to, and what the broker is to publish when the connection is lost.
        At an orderly end the latter is published from here.
    """

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        *,
        subscriptions: Callable[[], Sequence[Subscription]],
        will: Callable[[], Publication | None],
    ) -> None:
        self._everywhere = self._broker = broker
        self._clock = clock
        self._subscriptions = subscriptions
        self._will = will
        self._inflight = Inflight()
        self._had_session = False
        self._place, self._failed = 0, False
        self._begin()

    def _begin(self) -> None:
        """Forget the connection before, but not the session."""
        self._client: Client | None = None
        self._transport: asyncio.Transport | None = None
        self._framing = Framing()
        self._end: Exception | None = None
        self._waiting: list[Message] = []
        self._waiting_bytes = 0
        self._some, self._enough, self._is_gone, self._answered = (asyncio.Event() for _ in range(4))
        self._is_paused = False
        self._asking = Asking()
        self._is_accepted = self._is_subscribed = False
        self._keepalive_s = max(1, int(self._broker.keepalive_s))
        self._look_again: asyncio.TimerHandle | None = None
        self._arrived_ns = 0
        self._heard_s = self._pinged_s = 0.0

    @property
    def place(self) -> tuple[str, int]:
        """Host and port that the connection stands to, or that was tried last."""
        return self._broker.host, self._broker.port

    @property
    def is_subscribed(self) -> bool:
        """Whether the connection stands, and all subscriptions."""
        return self._is_subscribed and self._end is None

    async def __aenter__(self) -> Self:
        """Connect, and ask for the subscriptions.

        Raises
        ------
        SourceUnavailable
            If the broker cannot be reached, or one of the two does not accept the other.
        """
        self._place += self._failed
        self._failed = True
        self._broker = broker = self._everywhere.at(self._place)
        self._begin()
        at = f"connect to {broker.place}"
        password = await access.password(broker)
        secured = await access.secured(broker, at)
        self._farewell = will = self._will()
        self._client = client = Client(broker, self, password=password, will=will)
        try:
            async with asyncio.timeout(WORD_WITHIN_S):
                await client.connect(keepalive_s=self._keepalive_s, secured=secured)
            raise_if_cancelled()
            self._subscribe(client)
        except TimeoutError as exc:
            self._close()
            raise SourceUnavailable(f"{at}: {access.NO_ANSWER.format(WORD_WITHIN_S)}") from exc
        except (OSError, UnicodeError) as exc:
            self._close()
            raise SourceUnavailable(f"{at}: {access.not_connected(exc, broker)}") from exc
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye where that is still possible, and close."""
        try:
            if self._end is None and self._client is not None:
                self._failed = False
                if self._farewell is not None:
                    self.publish([self._farewell])
                self._client.bid_farewell()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_FAREWELL_S):
                        await self._is_gone.wait()
        finally:
            self._close()

    def messages(self) -> AsyncIterator[list[Message]]:
        """Return an iterator over chunks of messages, to be acknowledged by their tokens.

        A chunk is what came within ``GATHER_S`` of its first message. It is empty where nothing came for ``IDLE_S``. It
        raises SourceUnavailable when the connection is lost, and everything that came before is handed on.
        """
        return Chunks(self.chunk)

    async def chunk(self) -> list[Message]:
        """Return the next chunk of messages.

        Raises
        ------
        SourceUnavailable
            If the connection is lost, and everything that came before is handed on.
        """
        await access.wait(self._some, IDLE_S)
        if self._waiting and self._some.is_set():
            await access.wait(self._enough, GATHER_S)
        raise_if_cancelled()
        if not self._some.is_set():
            return []
        if not self._waiting and self._end is not None:
            raise self._end
        chunk, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if self._end is None:
            self._some.clear()
            self._enough.clear()
            self._read_on()
        return chunk

    def acknowledge(self, tokens: Iterable[int]) -> None:
        """Tell the broker that messages are on disk, in one write. Those of a lost connection come again."""
        answer = self._inflight.acknowledge(tokens)
        self._write(answer)
        if self._is_paused:
            self._read_on()

    def publish(self, publications: Iterable[Publication]) -> None:
        """Send messages. What the broker has not confirmed when the connection is lost is not sent again."""
        if self._end is None and self._client is not None:
            for publication in publications:
                self._client.publish(publication)

    async def tell(self, publication: Publication) -> None:
        """Send a message of QoS 1, where nothing else is published, and wait for the broker's word on it.

        Raises
        ------
        SourceUnavailable
            If the connection is lost before, or nothing is answered.
        """
        self._answered.clear()
        self.publish([publication])
        await access.wait(self._answered, WORD_WITHIN_S)
        raise_if_cancelled()
        if not self._answered.is_set():
            self._lose(f"no answer to what was published to {publication.topic}; look at the broker's log")
        if self._end is not None:
            raise self._end

    def subscribe_anew(self) -> None:
        """Ask for what is wanted and does not stand, end what is not wanted any more, and leave the others alone."""
        if self._client is not None and self._end is None and self._asking.has_begun:
            self._asking.for_all(self._client, self._wanted(), _now_s())

    # --- what the client tells ----------------------------------------------------------------------------------------

    def opened(self, transport: asyncio.Transport) -> None:
        """Begin to watch."""
        self._transport = transport
        self._heard_s = self._pinged_s = _now_s()
        access.have_the_kernel_watch(transport, _SILENT_KEEPALIVES * self._keepalive_s)

    def came(self, data: bytes) -> None:
        """Take what came."""
        self._heard_s = _now_s()
        self._arrived_ns = self._clock.now_ns()
        self._framing.feed(data)
        self._read_on()

    def gone(self, exc: Exception | None) -> None:
        """Note that the connection is gone, and why where that is known."""
        self._is_gone.set()
        if exc is not None and not isinstance(exc, OSError):
            self._finish(exc)  # a bug
            return
        self._lose(access.lost(exc, self._broker, is_accepted=self._is_accepted))

    def accepted(self, *, is_known: bool, keepalive_s: int | None) -> None:
        """Note that the broker lets us in."""
        self._is_accepted = True
        self._keepalive_s = keepalive_s or self._keepalive_s
        self._inflight.begin(is_known=is_known)
        if self._had_session and not is_known:
            log.warning("the broker has forgotten the session; what it kept for us is lost", broker=self._broker.id)
        self._had_session = True

    def refused(self, code: int) -> None:
        """Note that the broker does not let us in."""
        self._lose(reasons.refused(code, is_5=self._broker.protocol == "5"))

    def ended(self, code: int) -> None:
        """Note that the broker ends the connection."""
        self._lose(reasons.ended(code))

    def subscribed(self, packet_id: int, code: int) -> None:
        """Note the answer to a subscription."""
        if (asked := self._asking.answered(packet_id)) is None:
            return
        if code >= reasons.FAILED:
            what = f"subscribe to {asked.topic} at {self._broker.place}: {reasons.not_subscribed(code)}"
            self._finish(SourceUnavailable(what))
            return
        if code < asked.qos:
            log.warning("subscribed with less than asked for", broker=self._broker.id, topic=asked.topic, qos=code)
        if not self._asking.unanswered:
            self._is_subscribed = True
            self._some.set()

    def published(self, code: int) -> None:
        """Note the broker's word on a publication."""
        self._answered.set()
        if code >= reasons.FAILED:
            log.warning("the broker refuses what we publish; check its ACL", broker=self._broker.id, code=hex(code))

    def message(self, topic: str, payload: bytes, qos: int, retained: bool, packet_id: int, size: int) -> None:  # noqa: FBT001
        """Take a message."""
        token = 0
        if qos == 1:
            token = self._inflight.take(packet_id)
        elif qos == 2:
            token, answer = self._inflight.take_once(packet_id, topic, payload)
            self._write(answer)
            if not token:
                return
        self._waiting.append(Message(topic, payload, qos, retained, token, size, self._arrived_ns))
        self._waiting_bytes += len(payload)
        if self._is_subscribed:
            self._some.set()

    def settled(self, packet_id: int) -> None:
        """Answer that a message of QoS 2 is settled."""
        self._write(self._inflight.release(packet_id))

    # --- within -------------------------------------------------------------------------------------------------------

    def _subscribe(self, client: Client) -> None:
        if self._end is not None:
            raise self._end
        self._asking.for_all(client, self._wanted(), _now_s())
        self._is_subscribed = not self._asking.unanswered
        self._look()

    def _wanted(self) -> list[Subscription]:
        return [one.shared_by(self._broker.share) for one in self._subscriptions()]

    def _read_on(self) -> None:
        """Take packets while there is room, and hold the broker back while there is none."""
        client, framing = self._client, self._framing
        if client is None:
            return
        try:
            while self._end is None and not self._is_full():
                packet = framing.next()
                if packet is None:
                    break
                client.take(packet)
        except MalformedPacket as exc:
            self._lose(f"what came is not MQTT ({exc}); check port and protocol, and look at the broker")
        if self._end is None:
            self._pause(self._is_full())

    @property
    def is_pressed(self) -> bool:
        """Whether half of the messages that may be open are: the broker is soon to hold the others back."""
        return 2 * len(self._inflight) >= self._broker.max_unacknowledged

    def _is_full(self) -> bool:
        waiting = len(self._waiting) >= MOST_AT_ONCE or self._waiting_bytes >= _MOST_WAITING_BYTES
        return waiting or len(self._inflight) >= self._broker.max_unacknowledged

    def _pause(self, paused: bool) -> None:  # noqa: FBT001 - a state
        if paused and self._waiting:
            # Also before the subscriptions stand: their answer may be behind what is held back.
            self._some.set()
            self._enough.set()
        if paused == self._is_paused or self._transport is None:
            return
        self._is_paused = paused
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
            # What the broker said in the meantime comes only now.
            self._heard_s = self._asked_s = _now_s()

    def _write(self, data: bytes) -> None:
        if data and self._end is None and self._transport is not None:
            self._transport.write(data)

    def _look(self) -> None:
        """Ping where it is time for it, and give up a connection on which nothing comes."""
        if self._end is not None or self._client is None:
            return
        now_s, patience_s = _now_s(), _SILENT_KEEPALIVES * self._keepalive_s
        if now_s >= self._pinged_s + self._keepalive_s / 2:
            self._pinged_s = now_s
            self._client.ping()
        due_s = self._pinged_s + self._keepalive_s / 2
        if not self._is_paused:
            silent_s = self._heard_s + patience_s
            if now_s >= silent_s:
                self._lose(f"nothing came for {patience_s:g} s; look at the network between, and at the broker")
                return
            unanswered_s = self._asking.since_s + WORD_WITHIN_S
            if self._asking.unanswered and now_s >= unanswered_s:
                self._lose(f"no answer to the subscription to {self._asking.unanswered}; look at the broker's log")
                return
            due_s = min(due_s, silent_s, unanswered_s) if self._asking.unanswered else min(due_s, silent_s)
        self._look_again = asyncio.get_running_loop().call_at(due_s, self._look)

    def _lose(self, what: str) -> None:
        self._finish(SourceUnavailable(f"{self._broker.place}: {what}"))

    def _finish(self, end: Exception) -> None:
        """End the connection at once."""
        if self._end is not None:
            return
        self._end = end
        self._some.set()
        self._answered.set()
        self._enough.set()
        if self._look_again is not None:
            self._look_again.cancel()
        if self._transport is not None:
            self._transport.abort()
        if self._client is not None:
            self._client.stop()

    def _close(self) -> None:
        self._inflight.end(message.token for message in self._waiting)
        self._waiting.clear()
        self._lose("the connection is closed")


def _now_s() -> float:
    """Return the event loop's time [s]: brokers wait in real time, also for a simulation."""
    return asyncio.get_running_loop().time()
