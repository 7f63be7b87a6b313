"""The publisher with real brokers: order, resending, last wills, commands, and what it costs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiomqtt
import pytest
from server_process import free_port
from servers import Mosquitto

from simulators.servers.messages import Message
from simulators.servers.mqtt import Publisher, Session

PROTOCOLS = {"3.1.1": aiomqtt.ProtocolVersion.V311, "5": aiomqtt.ProtocolVersion.V5}


@asynccontextmanager
async def listening(broker: Mosquitto, topic: str = "#") -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client(broker.host, broker.port, protocol=PROTOCOLS["5"]) as client:
        await client.subscribe(topic, qos=1)
        yield client


async def told(client: aiomqtt.Client, count: int) -> list[aiomqtt.Message]:
    async with asyncio.timeout(30):
        return [await anext(client.messages) for _ in range(count)]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 -- counts are plain numbers
            await asyncio.sleep(0.01)


@pytest.mark.asyncio
@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_messages_arrive_once_and_in_order(mosquitto: Callable[..., Mosquitto], protocol: str) -> None:
    broker = mosquitto(max_queued_messages=0)
    async with listening(broker, "a/#") as client, Publisher(broker.host, broker.port, protocol) as publisher:
        publisher.offer_all(Message(f"a/{number % 7}", str(number).encode()) for number in range(5000))
        messages = await told(client, 5000)
        await until(lambda: publisher.unsent == 0)
        assert publisher.acknowledged == 5000
    assert [bytes(message.payload) for message in messages] == [str(number).encode() for number in range(5000)]


@pytest.mark.asyncio
async def test_what_was_not_acknowledged_is_sent_again_with_the_dup_flag() -> None:
    connections: list[list[bytes]] = []

    async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let in; the first connection hears three messages, acknowledges the first and hangs up."""
        connections.append([])
        await reader.readexactly(2)
        await reader.readuntil(b"potline-simulator-")
        await reader.readexactly(8)
        writer.write(b"\x20\x02\x00\x00")
        while len(connections[-1]) < (3 if len(connections) == 1 else 2):
            head = await reader.readexactly(2)
            body = await reader.readexactly(head[1])
            if head[0] & 0xF0 == 0x30:
                connections[-1].append(head[:1] + body[5:])
                if len(connections) > 1 or len(connections[-1]) == 1:
                    writer.write(b"\x40\x02" + body[3:5])
        await writer.drain()
        if len(connections) > 1:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(broker, "127.0.0.1", 0)
    async with server, Publisher("127.0.0.1", server.sockets[0].getsockname()[1], "3.1.1") as publisher:
        publisher.offer_all(Message("a", text) for text in (b"1", b"2", b"3"))
        await until(lambda: publisher.acknowledged == 3)
        assert publisher.unsent == 0
    assert connections == [[b"\x321", b"\x322", b"\x323"], [b"\x3a2", b"\x3a3"]]


@pytest.mark.asyncio
async def test_nothing_is_lost_over_a_broker_that_is_gone_for_a_while(mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto(max_queued_messages=0, persistence=True)
    seen: set[bytes] = set()
    async with aiomqtt.Client(
        broker.host, broker.port, protocol=PROTOCOLS["3.1.1"], identifier="keeper", clean_session=False
    ) as client:
        await client.subscribe("a", qos=1)
    async with Publisher(broker.host, broker.port, "5") as publisher:
        publisher.offer_all(Message("a", str(number).encode()) for number in range(1000))
        await until(lambda: publisher.acknowledged > 0)
        await asyncio.to_thread(broker.stop)
        publisher.offer_all(Message("a", str(number).encode()) for number in range(1000, 2000))
        await asyncio.to_thread(broker.start)
        await until(lambda: publisher.unsent == 0)
        assert (publisher.acknowledged, publisher.dropped, publisher.connections) == (2000, 0, 2)
    async with aiomqtt.Client(
        broker.host, broker.port, protocol=PROTOCOLS["3.1.1"], identifier="keeper", clean_session=False
    ) as client:
        while len(seen) < 2000:
            seen |= {bytes(message.payload) for message in await told(client, 1)}


class Greeting(Session):
    """A session that says when it comes and goes, and answers."""

    filters: Sequence[str] = ("ask/#",)

    def will(self) -> Message:
        return Message("status", b"died", retain=True)

    def hello(self) -> list[Message]:
        return [Message("status", b"here", retain=True)]

    def farewell(self) -> list[Message]:
        return [Message("status", b"left", retain=True)]

    def hear(self, topic: str, payload: bytes) -> list[Message]:
        return [Message("answer", topic.encode() + b" " + payload)]


@pytest.mark.asyncio
@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_a_session_greets_dies_comes_back_and_leaves(mosquitto: Callable[..., Mosquitto], protocol: str) -> None:
    broker = mosquitto()
    async with listening(broker, "status") as client:
        async with Publisher(broker.host, broker.port, protocol, session=Greeting()) as publisher:
            assert [message.payload for message in await told(client, 1)] == [b"here"]
            publisher.break_connection()
            assert [message.payload for message in await told(client, 2)] == [b"died", b"here"]
        assert [message.payload for message in await told(client, 1)] == [b"left"]
    # It is retained: whoever comes later knows.
    async with listening(broker, "status") as client:
        (message,) = await told(client, 1)
        assert (message.payload, message.retain) == (b"left", True)


@pytest.mark.asyncio
@pytest.mark.parametrize("qos", [0, 1])
async def test_a_session_hears_commands_and_answers(mosquitto: Callable[..., Mosquitto], qos: int) -> None:
    broker = mosquitto()
    async with (
        listening(broker, "answer") as client,
        Publisher(broker.host, broker.port, "5", session=Greeting()) as publisher,
    ):
        await until(lambda: publisher.connected)
        await asyncio.sleep(0.05)
        await client.publish("ask/it", b"now", qos=qos)
        assert [message.payload for message in await told(client, 1)] == [b"ask/it now"]


@pytest.mark.asyncio
async def test_qos_0_needs_no_acknowledgement(mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto()
    async with listening(broker, "a") as client, Publisher(broker.host, broker.port, "3.1.1") as publisher:
        publisher.offer(Message("a", b"x", qos=0))
        (message,) = await told(client, 1)
        assert (message.qos, publisher.unsent, publisher.acknowledged) == (0, 0, 1)


@pytest.mark.asyncio
async def test_qos_0_goes_with_its_connection(mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto()
    async with Publisher(broker.host, broker.port, "3.1.1") as publisher:
        await until(lambda: publisher.connected)
        publisher.break_connection()
        publisher.offer_all([Message("a", b"kept"), Message("a", b"lost", qos=0)])
        await until(lambda: publisher.connections == 2 and publisher.unsent == 0)
        assert (publisher.acknowledged, publisher.dropped) == (1, 1)


@pytest.mark.asyncio
async def test_a_broker_that_refuses_is_asked_again_and_nothing_breaks() -> None:
    asked = 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read(100)
        writer.write(b"\x20\x02\x00\x05" if asked == 1 else b"\x20\xff\xff\xff\xff")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server, Publisher("127.0.0.1", server.sockets[0].getsockname()[1], "5") as publisher:
        publisher.offer(Message("a", b"x"))
        await until(lambda: asked >= 2)
        assert publisher.unsent == 1


@pytest.mark.asyncio
async def test_a_full_queue_keeps_the_oldest_and_counts_the_rest() -> None:
    async with Publisher("127.0.0.1", free_port(), "5", most_unsent=10) as publisher:
        publisher.offer_all(Message("a", str(number).encode()) for number in range(8))
        publisher.offer_all(Message("a", str(number).encode()) for number in range(8, 25))
        assert (publisher.unsent, publisher.dropped) == (10, 15)


@pytest.mark.asyncio
async def test_thousands_of_messages_a_second_cost_little(
    mosquitto: Callable[..., Mosquitto], capsys: pytest.CaptureFixture[str]
) -> None:
    broker = mosquitto(log_type="error", max_queued_messages=0)
    payload = b"x" * 250
    async with Publisher(broker.host, broker.port, "3.1.1") as publisher:
        await until(lambda: publisher.connected)
        cpu, begin = time.process_time(), time.monotonic()
        for _ in range(10):
            publisher.offer_all(Message(f"a/{number % 1200}", payload) for number in range(1200))
            await asyncio.sleep(0.1)
        await until(lambda: publisher.unsent == 0)
        cpu, seconds = time.process_time() - cpu, time.monotonic() - begin
        assert (publisher.acknowledged, publisher.dropped) == (12_000, 0)
    with capsys.disabled():
        print(f"\npublisher: 12,000 messages in {seconds:.2f} s with {cpu / 12_000 * 1e6:.1f} µs of CPU each")  # noqa: T201
