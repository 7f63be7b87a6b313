"""The bundled broker and the publisher, with each other."""

import asyncio
import socket
from pathlib import Path

import aiomqtt
import pytest
from server_process import free_port

from simulators.servers.broker import BrokerUnavailableError, bundled_broker
from simulators.servers.messages import Message
from simulators.servers.mqtt import Publisher


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


async def until_acknowledged(publisher: Publisher, count: int) -> None:
    async with asyncio.timeout(30):
        # The count is a plain number, made for a glance at the end.
        while publisher.acknowledged < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.asyncio
async def test_messages_arrive_in_order_through_the_bundled_broker() -> None:
    async with (
        bundled_broker(0) as broker,
        aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V311) as client,
    ):
        await client.subscribe("a/#", qos=1)
        async with Publisher("127.0.0.1", broker.port, "3.1.1") as publisher:
            for number in range(500):
                publisher.offer(Message("a/b", str(number).encode()))
            async with asyncio.timeout(30):
                messages = [await anext(client.messages) for _ in range(500)]
            await until_acknowledged(publisher, 500)
            assert publisher.unsent == 0
    assert [message.payload for message in messages] == [str(number).encode() for number in range(500)]
    assert {message.qos for message in messages} == {1}


@pytest.mark.asyncio
async def test_what_was_said_while_the_broker_was_away_arrives_when_it_is_back() -> None:
    port = free_port()
    async with Publisher("127.0.0.1", port, "3.1.1") as publisher:
        publisher.offer(Message("a", b"before the first broker"))
        async with bundled_broker(port):
            await until_acknowledged(publisher, 1)
        for number in range(300):
            publisher.offer(Message("a", str(number).encode()))
        await asyncio.sleep(0.2)
        assert publisher.unsent == 300
        async with bundled_broker(port):
            await until_acknowledged(publisher, 301)
        assert (publisher.unsent, publisher.dropped) == (0, 0)


@pytest.mark.asyncio
async def test_what_does_not_fit_into_the_queue_is_dropped_and_counted() -> None:
    async with Publisher("127.0.0.1", free_port(), "5", most_unsent=10) as publisher:
        for number in range(25):
            publisher.offer(Message("a", str(number).encode()))
        assert (publisher.unsent, publisher.dropped) == (10, 15)


@pytest.mark.asyncio
async def test_a_taken_port_is_not_mistaken_for_the_bundled_broker() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(BrokerUnavailableError, match="address already in use"):
            async with bundled_broker(other.getsockname()[1]):
                pytest.fail("the port is somebody else's")


@pytest.mark.asyncio
async def test_the_bundled_broker_leaves_neither_process_nor_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with bundled_broker(0) as broker:
        assert len(names_in(tmp_path)) == 1
        assert 0 < broker.port < 65536
    assert names_in(tmp_path) == []


@pytest.mark.asyncio
async def test_a_missing_program_is_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BrokerUnavailableError, match="give --broker HOST:PORT"):
        async with bundled_broker(0):
            pytest.fail("there is no program")
