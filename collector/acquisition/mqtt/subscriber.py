"""An MQTT session as a source of readings and events.

A message is acknowledged when everything it caused is on disk. Until then the broker keeps it, and after a crash sends
it again. What a message means is its reader's business; one that cannot be used is counted by its cause, and kept for
a person to look at as long as there are not too many: a controller gone mad must not fill the disk.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec
import structlog

from collector.acquisition.mqtt.connection import MqttConnection
from collector.acquisition.mqtt.framing import LARGEST_MESSAGE
from collector.acquisition.mqtt.message import (
    KEPT_OF_A_MESSAGE,
    Cause,
    Message,
    MessageReader,
    PayloadProblem,
    Publication,
    Subscription,
    Told,
)
from collector.acquisition.source import Arrival, SourceUnavailable
from collector.clock import Clock
from collector.instruments import Instruments
from collector.plant.meter import Broker
from collector.readings.batch import NO_READINGS, ReadingBatch
from collector.readings.event import Event
from collector.readings.outgoing import DeadLetter

log = structlog.get_logger()

MOST_KEPT_IN_A_SECOND = 200
"""How many messages that cannot be used are kept in a second. The others are counted only."""
PORTION_BYTES, PORTION_MESSAGES = 256 * 1024, 250
"""How much is read at a stretch, without letting others have the event loop: that takes about 2 ms."""


class MqttSubscriber:
    """The messages of one broker as a source. Messages of up to 50 ms are gathered into one arrival, or a few."""

    def __init__(self, broker: Broker, reader: MessageReader, *, clock: Clock, instruments: Instruments) -> None:
        self._broker = broker
        self._reader = reader
        self._clock = clock
        self._instruments = instruments
        self._connection = MqttConnection(broker, clock, subscriptions=self._subscriptions, will=self._will)
        self._kept_second = 0
        self._kept_in_second = 0
        self._is_primary_host = False

    @property
    def name(self) -> str:
        """The broker's id."""
        return f"mqtt:{self._broker.id}"

    @property
    def sends_again(self) -> bool:
        """A broker keeps messages until they are acknowledged; those of QoS 0 wait in the connection."""
        return True

    @property
    def longest_pause_s(self) -> float:
        """The longest wait before the broker is tried again [s]."""
        return 5.0

    @property
    def reader(self) -> MessageReader:
        """What reads the messages."""
        return self._reader

    def read_with(self, broker: Broker, reader: MessageReader) -> None:
        """Go on with another reader, on the connection that stands; of the broker only what it reads may differ."""
        self._broker, self._reader = broker, reader
        self._connection.subscribe_anew()

    async def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield what arrives; when the connection is lost, what is stale because of it.

        Raises
        ------
        SourceUnavailable
            If the broker cannot be reached, refuses, or the connection is lost.
        """
        is_connected = is_subscribed = False
        try:
            async with self._connection as connection:
                is_connected = True
                async for messages in connection.messages():
                    if connection.is_subscribed and not is_subscribed:
                        is_subscribed = True
                        host, port = connection.place
                        log.info("subscribed", broker=self._broker.id, host=host, port=port)
                        connection.publish([*self._status("online"), *self._reader.connected(self._clock.now_ns())])
                    due = self._reader.due(self._clock.now_ns())
                    connection.publish(due.publications)
                    if due.says_anything:
                        yield self._arrival([], hurries=False, due=due)
                    for portion, is_last in _portions(messages):
                        yield self._arrival(portion, hurries=is_last and self._connection.is_pressed)
                        if not is_last:  # let others have the event loop
                            await asyncio.sleep(0)
        except SourceUnavailable:
            if is_connected:
                stale = self._reader.lost(self._clock.now_ns())
                rejected = self._refused([stale])
                if stale.says_anything:
                    yield Arrival(_batch([stale]), stale.events, tuple(rejected), past=_past([stale]))
            raise

    def _subscriptions(self) -> Sequence[Subscription]:
        return self._reader.subscriptions

    def _will(self) -> Publication | None:
        """Return the last will. There can be only one, and a primary host's goes first."""
        will = self._reader.will
        self._is_primary_host = will is not None
        return will or next(iter(self._status("offline")), None)

    def _status(self, state: str) -> list[Publication]:
        """Return what says whether the collector is there, where it does so, and not as a primary host."""
        topic = self._broker.status_topic
        if not topic or self._is_primary_host:
            return []
        now = datetime.fromtimestamp(self._clock.now_ns() // 1_000_000_000, UTC)
        payload = msgspec.json.encode({"state": state, "ts": now.isoformat().replace("+00:00", "Z")})
        return [Publication(topic, payload, qos=1, retain=True)]

    def _arrival(self, messages: Sequence[Message], *, hurries: bool, due: Told | None = None) -> Arrival:
        """Return what messages say, after what time alone has brought about."""
        told = [] if due is None else [due]
        rejected: list[DeadLetter] = []
        tokens: list[int] = []
        read = self._reader.read
        for message in messages:
            topic, payload, _, retained, token, size, arrived_ns = message
            if token:
                tokens.append(token)
            if size > LARGEST_MESSAGE:
                problem = PayloadProblem(Cause.TOO_LARGE, f"{size} bytes are more than {LARGEST_MESSAGE}")
                self._reject(topic, payload, arrived_ns, problem, rejected)
                continue
            try:
                told.append(read(topic, payload, arrived_ns=arrived_ns, retained=retained))
            except PayloadProblem as exc:
                self._reject(topic, payload, arrived_ns, exc, rejected)
        rejected += self._refused(told)
        events: list[Event] = []
        for said in told:
            if said.events:
                events += said.events
            if said.publications and said is not due:
                self._connection.publish(said.publications)
        acknowledge = partial(self._connection.acknowledge, tokens)
        return Arrival(_batch(told), tuple(events), tuple(rejected), acknowledge, hurries=hurries, past=_past(told))

    def _refused(self, told: Sequence[Told]) -> list[DeadLetter]:
        """Return what a reader could not use of messages that it could use else, or that it had kept for a while."""
        rejected: list[DeadLetter] = []
        now_ns = self._clock.now_ns()
        for said in told:
            for refused in said.refused:
                self._reject(refused.topic, refused.payload, now_ns, refused.problem, rejected)
        return rejected

    def _reject(
        self, topic: str, payload: bytes, arrived_ns: int, problem: PayloadProblem, rejected: list[DeadLetter]
    ) -> None:
        """Count a message that cannot be used, and keep it if there are not too many."""
        counts = self._instruments.rejected_by_cause
        counts[problem.cause.value] = counts.get(problem.cause.value, 0) + 1
        second = int(asyncio.get_running_loop().time())
        if second != self._kept_second:
            self._kept_second, self._kept_in_second = second, 0
        if self._kept_in_second >= MOST_KEPT_IN_A_SECOND:
            self._instruments.rejected_not_kept_total += 1
            return
        self._kept_in_second += 1
        rejected.append(DeadLetter(arrived_ns, self.name, topic, payload[:KEPT_OF_A_MESSAGE], str(problem)))


def _portions(messages: list[Message]) -> Iterator[tuple[list[Message], bool]]:
    """Yield messages in their order, as many as are read at a stretch, each time with whether these are the last."""
    begin = size = 0
    for place, message in enumerate(messages, 1):
        size += len(message.payload)
        if size >= PORTION_BYTES or place - begin == PORTION_MESSAGES or place == len(messages):
            yield messages[begin:place], place == len(messages)
            begin, size = place, 0


def _batch(told: Sequence[Told]) -> ReadingBatch:
    """Return all readings as columns, in the order in which they were told."""
    parts: list[ReadingBatch] = []
    rows: list[tuple[int, int, float, int]] = []
    for said in told:
        rows += said.readings
        if said.batch is not None:
            if rows:
                parts.append(ReadingBatch.of(rows))
                rows = []
            parts.append(said.batch)
    if rows or not parts:
        parts.append(ReadingBatch.of(rows))
    return ReadingBatch.joined(parts) if len(parts) > 1 else parts[0]


def _past(told: Sequence[Told]) -> ReadingBatch:
    """Return all readings of the past."""
    parts = [said.past for said in told if said.past is not None]
    return ReadingBatch.joined(parts) if parts else NO_READINGS
