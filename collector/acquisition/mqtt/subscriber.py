"""An MQTT session as a source of readings and events. The only importer of aiomqtt.

aiomqtt 2.5 is the maintained continuation of asyncio-mqtt: it speaks both protocol versions, keeps a persistent
session, and its loop reads as a sentence. It has no acknowledgement by hand in its own interface; the paho client below
it has (``manual_ack_set`` and ``ack``), so this file reaches for that one, and a contract test holds it there.

A message is acknowledged when everything it caused is on disk. Until then the broker keeps it, and after a crash sends
it again. The broker holds back once ``max_unacknowledged`` messages are open (MQTT 5: receive maximum; MQTT 3.1.1: the
broker's own ``max_inflight_messages``).

Where connecting takes too long, aiomqtt leaves the socket open. A broker that came to itself would then serve that
session, which nobody reads, and throw out the next one of the same name: so this file closes it.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Literal

import aiomqtt
import structlog
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from collector.acquisition.mqtt.message import MessageReader, PayloadProblem
from collector.acquisition.source import Arrival, SourceUnavailable, raise_if_cancelled
from collector.clock import Clock
from collector.instruments import Instruments
from collector.plant.meter import Broker
from collector.readings.batch import ReadingBatch
from collector.readings.event import Event
from collector.readings.outgoing import DeadLetter

log = structlog.get_logger()

_GATHER_S = 0.05
_MOST_AT_ONCE = 1000
_LARGEST_PAYLOAD = 64 * 1024
_REFUSED = 0x80


class MqttSubscriber:
    """The messages of one broker as a source. Messages of up to 50 ms are gathered into one arrival."""

    def __init__(self, broker: Broker, reader: MessageReader, *, clock: Clock, instruments: Instruments) -> None:
        self._broker = broker
        self._reader = reader
        self._clock = clock
        self._instruments = instruments

    @property
    def name(self) -> str:
        """The broker's id."""
        return f"mqtt:{self._broker.id}"

    @property
    def longest_pause_s(self) -> float:
        """The longest wait before the broker is tried again [s]."""
        return 30.0

    async def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield what arrives.

        Raises
        ------
        SourceUnavailable
            If the broker cannot be reached, refuses, or the connection is lost.
        """
        broker = self._broker
        place = f"{broker.host} port {broker.port} ({broker.id})"
        client = await self._client()
        paho = client._client  # noqa: SLF001 - see the module's docstring
        try:
            async with client:
                for topic in (subscription.topic for subscription in self._reader.subscriptions):
                    # The broker's refusal is no exception in aiomqtt, but an answer.
                    codes = [code if isinstance(code, int) else code.value for code in await client.subscribe(topic, 1)]
                    if max(codes, default=_REFUSED) >= _REFUSED:
                        raise SourceUnavailable(f"subscribe to {topic} at {place}: refused; check the broker's ACL")
                raise_if_cancelled()
                log.info("subscribed", broker=broker.id, host=broker.host, port=broker.port)
                messages = aiter(client.messages)
                while True:
                    yield self._arrival(paho, await _gather(client, messages))
        except aiomqtt.MqttError as exc:
            hint = "check that the broker runs, its port and the password"
            raise SourceUnavailable(f"subscribe at {place}: {exc}; {hint}") from exc
        except ssl.SSLError as exc:
            raise SourceUnavailable(f"connect to {place}: {exc.reason}; check the certificates") from exc
        finally:
            paho.disconnect()

    async def _client(self) -> aiomqtt.Client:
        broker = self._broker
        try:
            broker.host.encode("idna")
        except UnicodeError as exc:
            raise SourceUnavailable(f"connect to {broker.host}: this can be no host's name; check 'host'") from exc
        password = None
        if broker.password_file is not None:
            try:
                password = (await asyncio.to_thread(broker.password_file.read_text, "utf-8")).strip()
            except OSError as exc:
                raise SourceUnavailable(f"read {broker.password_file}: {exc.strerror}; check who may read it") from exc
            except UnicodeDecodeError as exc:
                raise SourceUnavailable(f"read {broker.password_file}: it is not UTF-8 text; write it anew") from exc
        properties = None
        clean_session: bool | None = False
        clean_start: bool | Literal[3] = 3  # paho's MQTT_CLEAN_START_FIRST_ONLY, its default; not used with 3.1.1
        version = aiomqtt.ProtocolVersion.V311
        if broker.protocol == "5":
            version = aiomqtt.ProtocolVersion.V5
            clean_session, clean_start = None, False
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = int(broker.session_expiry_s)
            properties.ReceiveMaximum = broker.max_unacknowledged
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=broker.client_id,
            username=broker.username,
            password=password,
            protocol=version,
            clean_session=clean_session,
            clean_start=clean_start,
            properties=properties,
            keepalive=30,
            timeout=10,
        )
        client._client.manual_ack_set(True)  # noqa: SLF001 - see the module's docstring
        return client

    def _arrival(self, paho: PahoClient, messages: list[aiomqtt.Message]) -> Arrival:
        arrived_ns = self._clock.now_ns()
        readings: list[tuple[int, int, float, int]] = []
        batches: list[ReadingBatch] = []
        events: list[Event] = []
        rejected: list[DeadLetter] = []
        for message in messages:
            topic = message.topic.value
            payload = bytes(message.payload)
            try:
                told = self._reader.read(topic, payload, arrived_ns=arrived_ns, retained=bool(message.retain))
            except PayloadProblem as exc:
                rejected.append(DeadLetter(arrived_ns, self.name, topic, payload[:_LARGEST_PAYLOAD], str(exc)))
                continue
            readings += told.readings
            events += told.events
            if told.batch is not None:
                batches.append(told.batch)
        unacknowledged = [(message.mid, message.qos) for message in messages if message.qos]

        def acknowledge() -> None:
            # After a lost connection the broker sends these messages again on the next one, under new numbers.
            if paho.is_connected():
                for mid, qos in unacknowledged:
                    paho.ack(mid, qos)

        batch = ReadingBatch.joined([ReadingBatch.of(readings), *batches])
        return Arrival(batch, tuple(events), tuple(rejected), acknowledge)


async def _gather(client: aiomqtt.Client, messages: AsyncIterator[aiomqtt.Message]) -> list[aiomqtt.Message]:
    """Wait for a message, then take what came with it or within 50 ms."""
    gathered = [await anext(messages)]
    await asyncio.sleep(_GATHER_S)
    while len(client.messages) and len(gathered) < _MOST_AT_ONCE:
        gathered.append(await anext(messages))
    return gathered
