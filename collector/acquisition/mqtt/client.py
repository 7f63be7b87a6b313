"""The MQTT client: the only importer of gmqtt. Packets go out and come in here, one connection's at a time.

asyncio-mqtt, today aiomqtt, would be the first choice by name. What is needed is acknowledgement after the commit, both
protocol versions, and thousands of messages a second beside everything else on two cores. aiomqtt 2.5 has no
acknowledgement by hand in its interface, takes 0.42 to 0.9 of a core at 12,000 messages/s of QoS 1, and ends at 13,000
to 16,000. aiomqtt 3 acknowledges by hand and is fast, but it is an alpha, speaks MQTT 5 only, and throws QoS 0 away
when its buffer is full. paho-mqtt 2.2 has ``manual_ack`` and reaches 30,000 to 36,000/s. gmqtt 0.8 speaks both
versions, reaches 35,000/s, and takes 0.16 to 0.20 of a core at 12,000/s.

gmqtt makes the packets and understands the broker's. What is done here or by the connection instead of by it, and why:

- Reading: its loop joins a large packet anew with each piece of it, waits on after a malformed one, and cannot be held
  back between two messages.
- Acknowledging: it does so one by one, when a callback returns, and settles what it never handed on.
- Watching: its pings may come later than MQTT allows, and a silent connection ends after two keepalives only.
- Reconnecting: it would be at it beside the supervisor, with the old protocol version where the broker refuses.
- Exceptions: it logs whatever is raised while it handles a packet, and goes on. Here a malformed packet ends the
  connection, and a bug the process.

The private parts that are used are held by a contract test: a new version must pass it first.
"""

import asyncio
import ssl
import struct
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import gmqtt
from gmqtt.mqtt.connection import MQTTConnection
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.protocol import BaseMQTTProtocol, MQTTProtocol
from gmqtt.mqtt.utils import unpack_variable_byte_integer

from collector.acquisition.mqtt.framing import PUBLISH, MalformedPacket, Packet
from collector.acquisition.mqtt.message import Publication, Subscription
from collector.plant.meter import Broker

_LONGEST_TOPIC = 65535


class Listener(Protocol):
    """What a client tells."""

    def opened(self, transport: asyncio.Transport) -> None:
        """Hear that the broker is reached."""
        ...

    def came(self, data: bytes) -> None:
        """Hear what came. Cut into packets, it is to be given to ``Client.take``."""
        ...

    def gone(self, exc: Exception | None) -> None:
        """Hear that the connection is gone."""
        ...

    def accepted(self, *, is_known: bool, keepalive_s: int | None) -> None:
        """Hear that the broker lets us in, whether it knows the session, and its own keepalive where it has one."""
        ...

    def refused(self, code: int) -> None:
        """Hear that the broker does not let us in."""
        ...

    def ended(self, code: int) -> None:
        """Hear that the broker ends the connection."""
        ...

    def subscribed(self, packet_id: int, code: int) -> None:
        """Hear the broker's answer to a subscription."""
        ...

    def published(self, code: int) -> None:
        """Hear the broker's word on a publication of QoS 1: from 0x80 on it refuses it."""
        ...

    def message(self, topic: str, payload: bytes, qos: int, retained: bool, packet_id: int, size: int) -> None:  # noqa: FBT001
        """Hear a message; ``size`` is that of the payload before it was cut."""
        ...

    def settled(self, packet_id: int) -> None:
        """Hear the broker's word that a message of QoS 2 is settled (PUBREL)."""
        ...


class Client:
    """One connection to a broker: gmqtt, without what it does of its own accord."""

    def __init__(self, broker: Broker, listener: Listener, *, password: str | None, will: Publication | None) -> None:
        self._broker = broker
        self._listener = listener
        self._is_5 = broker.protocol == "5"
        self._came: tuple[str, bytes, int, bool, int, int] | None = None
        self._told: Callable[[], None] | None = None
        properties: dict[str, int] = {}
        if self._is_5:
            properties["session_expiry_interval"] = int(broker.session_expiry_s)
            properties["receive_maximum"] = broker.max_unacknowledged
        self._gmqtt = _Gmqtt(
            # As bytes: gmqtt would count the characters of a text, and write its bytes.
            broker.client_id.encode(),
            clean_session=False,
            # With a callback that is no coroutine, gmqtt then acknowledges nothing by itself.
            optimistic_acknowledgement=False,
            will_message=None if will is None else _message(will),
            **properties,
        )
        self._gmqtt.listener = listener
        self._gmqtt.server_name = None if broker.tls is None else broker.tls.server_name or broker.host
        if broker.username is not None:
            self._gmqtt.set_auth_credentials(broker.username, password)
        self._handler = handler = self._gmqtt._package_handler  # noqa: SLF001 - see the module's docstring
        self._gmqtt_connack, handler._handle_connack_packet = handler._handle_connack_packet, self._connack  # noqa: SLF001
        self._gmqtt_puback, handler._handle_puback_packet = handler._handle_puback_packet, self._puback  # noqa: SLF001
        handler._handle_disconnect_packet = self._disconnect  # noqa: SLF001
        handler._handle_pubrel_packet = self._pubrel  # noqa: SLF001
        handler._handle_qos_1_publish_packet = partial(self._publish, 1)  # noqa: SLF001
        handler._handle_qos_2_publish_packet = partial(self._publish, 2)  # noqa: SLF001
        self._gmqtt.on_message = self._publish_0
        self._gmqtt.on_subscribe = self._suback

    async def connect(self, *, keepalive_s: int, secured: ssl.SSLContext | None) -> None:
        """Connect, and wait for the broker's word, which the listener hears, or until ``stop``.

        Raises
        ------
        OSError, UnicodeError
            If the broker cannot be reached.
        """
        await self._gmqtt.connect(
            self._broker.host,
            self._broker.port,
            ssl=secured or False,
            keepalive=keepalive_s,
            version=MQTTv50 if self._is_5 else MQTTv311,
            raise_exc=False,
        )

    def stop(self) -> None:
        """Tell the listener nothing more, and let ``connect`` return: gmqtt would wait on."""
        self._gmqtt.listener = None
        self._gmqtt._connack_received.set()  # noqa: SLF001
        self._gmqtt._connection_lost.set()  # noqa: SLF001

    def take(self, packet: Packet) -> None:
        """Understand a packet, and tell the listener.

        Raises
        ------
        MalformedPacket
            If it is not as MQTT wants it.
        """
        command, body, size = packet
        self._came = self._told = None
        try:
            if command & 0xF0 != PUBLISH:
                self._handler._handle_packet(command, body)  # noqa: SLF001
            elif size > len(body):
                self._publish_cut(command, body, size)
            else:
                self._handler._handle_publish_packet(command, body)  # noqa: SLF001
        except (struct.error, IndexError, ValueError) as exc:
            raise MalformedPacket(f"packet of type {command >> 4}: {exc}") from exc
        # Outside, so that a bug of ours is never taken for a mistake of the broker.
        if self._came is not None:
            self._listener.message(*self._came)
        elif self._told is not None:
            self._told()
        elif command & 0xF0 == PUBLISH:
            raise MalformedPacket("a message without a topic, or with unknown properties")

    def subscribe(self, subscription: Subscription) -> int:
        """Ask for a subscription, and return the packet id of the answer to come."""
        packet_id: int = self._gmqtt.subscribe(subscription.topic, subscription.qos)
        return packet_id

    def unsubscribe(self, topic: str) -> None:
        """End a subscription."""
        self._gmqtt.unsubscribe(topic)

    def publish(self, publication: Publication) -> None:
        """Send a message."""
        self._gmqtt.publish(_message(publication))

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._gmqtt._connection._send_ping_request()  # noqa: SLF001

    def bid_farewell(self) -> None:
        """Say that we go, and close once everything is sent."""
        connection = self._gmqtt._connection  # noqa: SLF001
        connection.send_disconnect()
        connection._transport.close()  # noqa: SLF001

    # --- called by gmqtt ----------------------------------------------------------------------------------------------

    def _connack(self, command: int, body: bytes) -> None:
        is_known, code = struct.unpack("!BB", body[:2])
        if code:
            self._told = partial(self._listener.refused, code)
            return
        properties = {}
        if len(body) > 2:
            properties, _ = self._handler._parse_properties(body[2:])  # noqa: SLF001
            if properties is None:
                raise ValueError("unknown properties")
        self._gmqtt_connack(command, body)
        (keepalive_s,) = properties.get("server_keep_alive", [None])
        self._told = partial(self._listener.accepted, is_known=bool(is_known), keepalive_s=keepalive_s)

    def _disconnect(self, command: int, body: bytes) -> None:
        del command
        self._told = partial(self._listener.ended, body[0] if body else 0)

    def _suback(self, client: object, packet_id: int, codes: tuple[int, ...], properties: object) -> None:
        del client, properties
        (code,) = codes
        self._told = partial(self._listener.subscribed, packet_id, code)

    def _puback(self, command: int, body: bytes) -> None:
        self._gmqtt_puback(command, body)
        # Below 0x80 a broker has something to add: nobody has subscribed to that topic.
        self._told = partial(self._listener.published, body[2] if len(body) > 2 else 0)

    def _pubrel(self, command: int, body: bytes) -> None:
        del command
        (packet_id,) = struct.unpack("!H", body[:2])
        self._told = partial(self._listener.settled, packet_id)

    def _publish(
        self, qos: int, packet_id: int, payload: bytes, topic: str | bytes, properties: dict[str, Any]
    ) -> None:
        if qos and not packet_id:
            raise ValueError("packet id 0")
        if isinstance(topic, bytes):  # what is no UTF-8, gmqtt leaves as it is
            topic = topic.decode("utf-8", errors="replace")
        self._came = (topic, payload, qos, bool(properties["retain"]), packet_id, len(payload))

    def _publish_0(
        self, client: object, topic: str | bytes, payload: bytes, qos: int, properties: dict[str, Any]
    ) -> None:
        del client
        self._publish(qos, 0, payload, topic, properties)

    def _publish_cut(self, command: int, body: bytes, size: int) -> None:
        """Take a message of which only the beginning is here. Its properties may be longer than that."""
        qos = command >> 1 & 3
        (length,) = struct.unpack_from("!H", body)
        begin = 2 + length
        packet_id = 0
        if qos:
            (packet_id,) = struct.unpack_from("!H", body, begin)
            begin += 2
        if qos == 3:
            raise ValueError("QoS 3")
        if self._is_5:
            properties, rest = unpack_variable_byte_integer(body[begin:])
            begin = len(body) - len(rest) + properties
        topic = body[2 : 2 + length].decode("utf-8", errors="replace")
        self._came = (topic, body[begin:], qos, bool(command & 1), packet_id, size - begin)


def _message(publication: Publication) -> gmqtt.Message:
    return gmqtt.Message(publication.topic, publication.payload, qos=publication.qos, retain=publication.retain)


class _Link(MQTTConnection):  # type: ignore[misc]
    """gmqtt's connection, which does not watch."""

    def _keep_connection(self) -> None:
        """Do nothing: we watch."""


class _Wire(MQTTProtocol):  # type: ignore[misc]
    """gmqtt's protocol, which does not read by itself: what comes is handed on as it comes."""

    client: "_Gmqtt"

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Hand on that the connection stands. MQTTProtocol would begin to read."""
        BaseMQTTProtocol.connection_made(self, transport)
        if self.client.listener is not None:
            self.client.listener.opened(transport)

    def data_received(self, data: bytes) -> None:
        """Hand on what came."""
        if self.client.listener is not None:
            self.client.listener.came(data)

    def eof_received(self) -> bool:
        """Let the connection be closed: a broker that says nothing more is gone."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand on that the connection is gone. MQTTProtocol would have it taken up again."""
        BaseMQTTProtocol.connection_lost(self, exc)
        if self.client.listener is not None:
            self.client.listener.gone(exc)


class _Gmqtt(gmqtt.Client):  # type: ignore[misc]
    """gmqtt's client, which never connects again by itself, and knows the name of the server for TLS."""

    listener: Listener | None
    server_name: str | None

    async def reconnect(self, delay: bool = False) -> None:  # noqa: FBT001, FBT002 - gmqtt's signature
        """Do nothing: only the supervisor tries again."""

    async def _create_connection(
        self,
        host: str,
        port: int,
        ssl: ssl.SSLContext | bool,  # noqa: FBT001 - gmqtt's signature
        clean_session: bool,  # noqa: FBT001
        keepalive: int,
    ) -> MQTTConnection:
        def wire() -> _Wire:
            made = _Wire(connection_state=self._connection_state, id_generator=self._package_handler.id_generator)
            made.client = self
            return made

        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_connection(
            wire, host, port, ssl=ssl or None, server_hostname=self.server_name
        )
        return _Link(transport, protocol, clean_session, keepalive, package_handler=self._package_handler)
