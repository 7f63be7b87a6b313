"""What we reach for in gmqtt is still there, and no packet of a broker brings us out of step."""

import asyncio
import inspect
import random
from contextlib import aclosing
from importlib.metadata import version

import gmqtt
import pytest
from gmqtt.mqtt.connection import MQTTConnection
from gmqtt.mqtt.handler import MqttPackageHandler
from gmqtt.mqtt.protocol import BaseMQTTProtocol, MQTTProtocol
from mqtt_session import session, subscriber
from potroom import misbehaving_broker
from waiting import until

from collector.acquisition.source import SourceUnavailable

pytestmark = pytest.mark.asyncio

CONNECT, SUBSCRIBE = 1, 8
CONNACK = {"5": bytes.fromhex("20 03 00 00 00"), "3.1.1": bytes.fromhex("20 02 00 00")}


def names(of: object) -> list[str]:
    return list(inspect.signature(of).parameters)  # type: ignore[arg-type]


async def test_what_we_reach_for_in_gmqtt_is_still_there() -> None:
    """The contract with what gmqtt keeps private: a new version must pass this first."""
    assert version("gmqtt").startswith("0.8.")
    client = gmqtt.Client("c", clean_session=False, optimistic_acknowledgement=False, session_expiry_interval=1)
    handler = client._package_handler
    assert isinstance(handler, MqttPackageHandler)
    assert handler._optimistic_acknowledgement is False
    assert handler._handler_cache == {}
    for name in ("connack", "puback", "disconnect", "pubrel"):
        assert names(getattr(handler, f"_handle_{name}_packet")) == ["cmd", "packet"]
    assert names(handler._handle_packet) == ["cmd", "packet"]
    assert names(handler._handle_publish_packet) == ["cmd", "raw_packet"]
    assert names(handler._handle_qos_1_publish_packet) == ["mid", "packet", "print_topic", "properties"]
    assert names(handler._handle_qos_2_publish_packet) == ["mid", "packet", "print_topic", "properties"]
    assert handler._parse_properties(b"\x03\x13\x00\x0a") == ({"server_keep_alive": [10]}, b"")
    assert handler._parse_properties(b"\x01\xff") == (None, None)
    assert isinstance(client._connack_received, asyncio.Event)
    assert isinstance(client._connection_lost, asyncio.Event)
    assert names(client._create_connection) == ["host", "port", "ssl", "clean_session", "keepalive"]
    assert names(client.reconnect) == ["delay"]
    wanted = ["transport", "protocol", "clean_session", "keepalive", "package_handler", "logger"]
    assert names(MQTTConnection)[: len(wanted)] == wanted
    assert inspect.isfunction(MQTTConnection._keep_connection)
    assert inspect.isfunction(MQTTConnection._send_ping_request)
    assert names(MQTTProtocol) == ["args", "connection_state", "id_generator", "kwargs"]
    assert issubclass(MQTTProtocol, BaseMQTTProtocol)


async def test_an_unconfirmed_message_is_what_gmqtt_calls_its_callback_for_and_acknowledges_nothing() -> None:
    client = gmqtt.Client("c", optimistic_acknowledgement=False)
    heard = []
    client._package_handler._handle_qos_1_publish_packet = lambda *found: heard.append(found)
    client._package_handler._handle_publish_packet(0x3B, b"\x00\x01t\x00\x07\x00body")
    assert heard == [(7, b"body", "t", {"dup": 1, "retain": 1})]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_whatever_a_broker_sends_the_end_is_a_lost_connection_and_no_bug(protocol: str) -> None:
    """300 brokers: some send noise, some packets whose inside is noise, of all types."""
    told = set()
    for seed in range(300):
        draw = random.Random(seed)
        noise = draw.randbytes(draw.randint(1, 60))
        if seed % 2:
            noise = bytes([draw.randrange(1, 16) << 4 | draw.randrange(16), len(noise)]) + noise

        async def noisy(kind: int, body: bytes, noise: bytes = noise) -> bytes:
            del body
            return CONNACK[protocol] + noise + b"\x00\x00" if kind == CONNECT else b""

        async with misbehaving_broker(noisy) as (port, _):
            # 0x00 is the type of no packet: what was understood as one by chance ends here. Noise may promise more.
            within_s = 5.0 if seed % 2 else 0.02
            try:
                async with asyncio.timeout(within_s), aclosing(subscriber(port, protocol).arrivals()) as arrivals:
                    async for _ in arrivals:
                        pass
            except TimeoutError:
                assert not seed % 2, seed
            except SourceUnavailable as exc:
                told.add(str(exc).partition("(potroom): ")[2].partition(" (")[0].partition(";")[0])
    assert "what came is not MQTT" in told


async def test_a_message_with_an_unknown_property_is_told_and_not_left_open_for_ever() -> None:
    async def odd(kind: int, body: bytes) -> bytes:
        del body
        return CONNACK["5"] + bytes.fromhex("32 08 00 01 74 00 07 01 ff 62") if kind == CONNECT else b""

    async with misbehaving_broker(odd) as (port, connections):
        async with session(subscriber(port)) as run:
            said = await run.ended()
            assert "what came is not MQTT (a message without a topic, or with unknown properties)" in said
        await until(lambda: not connections)


@pytest.mark.parametrize(
    ("protocol", "code", "told"),
    [
        ("5", 0x85, "it does not accept this client_id; choose another client_id"),
        ("5", 0x86, "user name or password are wrong; check username and password_file"),
        ("5", 0x01, "code 0x01; look at the broker's log"),
        ("5", 0x84, "it does not speak this protocol version; try the other 'protocol'"),
        ("3.1.1", 0x01, "it does not speak this protocol version; try the other 'protocol'"),
        ("3.1.1", 0x04, "user name or password are wrong; check username and password_file"),
        ("3.1.1", 0x05, "not authorised; check username and password_file"),
    ],
)
async def test_a_broker_that_refuses_is_told_in_words_and_asked_once(protocol: str, code: int, told: str) -> None:
    asked = 0

    async def refusing(kind: int, body: bytes) -> bytes:
        nonlocal asked
        del body
        asked += kind == CONNECT
        return b"\x20\x03\x00" + bytes([code, 0]) if protocol == "5" else b"\x20\x02\x00" + bytes([code])

    async with misbehaving_broker(refusing) as (port, connections):
        async with session(subscriber(port, protocol)) as run:
            assert f"(potroom): the broker refuses: {told}" in await run.ended()
        await until(lambda: not connections)
        await asyncio.sleep(0.1)
    assert asked == 1


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "the broker has ended the connection; look at the broker's log"),
        ("8e", "another client has taken over the session; give each collector a client_id of its own"),
        ("98", "somebody who runs the broker has ended the connection; look at the broker's log"),
        ("ee", "the broker has ended the connection (code 0xEE); look at the broker's log"),
    ],
)
async def test_why_a_broker_ends_the_connection_is_told(code: str, told: str) -> None:
    async def ending(kind: int, body: bytes) -> bytes:
        del body
        reason = bytes.fromhex(code)
        return CONNACK["5"] + bytes([0xE0, len(reason)]) + reason if kind == CONNECT else b""

    async with misbehaving_broker(ending) as (port, _), session(subscriber(port)) as run:
        assert (await run.ended()).endswith(f"(potroom): {told}")


async def test_the_brokers_own_keepalive_is_kept() -> None:
    async def patient(kind: int, body: bytes) -> bytes:
        del body
        return bytes.fromhex("20 06 00 00 03 13 00 07") if kind == CONNECT else b""

    async with misbehaving_broker(patient) as (port, _):
        source = subscriber(port)
        async with session(source) as run:
            await run.until(lambda: source._connection._keepalive_s == 7)
