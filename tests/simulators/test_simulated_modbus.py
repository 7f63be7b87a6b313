"""The simulator's Modbus server over a real socket, with requests written by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulators.servers.modbus import ModbusServer
from simulators.servers.registers import RegisterImage

HOLDING = RegisterImage(3, 100, bytes.fromhex("11112222 0000 4444".replace(" ", "")), b"\x01\x01\x00\x01")
INPUT = RegisterImage(4, 0, b"\x00\x07" * 130, b"\x01" * 130)


@asynccontextmanager
async def connected(server: ModbusServer) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with server.listening("127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


def meters() -> ModbusServer:
    return ModbusServer({1: HOLDING, 2: INPUT})


async def ask(request: str) -> str:
    async with connected(meters()) as (reader, writer):
        writer.write(bytes.fromhex(request))
        head = await asyncio.wait_for(reader.readexactly(6), 30)
        return (head + await reader.readexactly(int.from_bytes(head[4:]))).hex(" ").upper()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        # two holding registers from 100 of unit 1, and one input register of unit 2
        ("00 07 00 00 00 06 01 03 00 64 00 02", "00 07 00 00 00 07 01 03 04 11 11 22 22"),
        ("00 08 00 00 00 06 02 04 00 05 00 01", "00 08 00 00 00 05 02 04 02 00 07"),
        # the gap at 102, a block over the gap, before the map, behind it
        ("00 01 00 00 00 06 01 03 00 66 00 01", "00 01 00 00 00 03 01 83 02"),
        ("00 01 00 00 00 06 01 03 00 65 00 03", "00 01 00 00 00 03 01 83 02"),
        ("00 01 00 00 00 06 01 03 00 63 00 02", "00 01 00 00 00 03 01 83 02"),
        ("00 01 00 00 00 06 01 03 00 67 00 02", "00 01 00 00 00 03 01 83 02"),
        # none, 126 and 65535 registers; a request with a byte too many
        ("00 01 00 00 00 06 02 04 00 00 00 00", "00 01 00 00 00 03 02 84 03"),
        ("00 01 00 00 00 06 02 04 00 00 00 7E", "00 01 00 00 00 03 02 84 03"),
        ("00 01 00 00 00 06 02 04 00 00 FF FF", "00 01 00 00 00 03 02 84 03"),
        ("00 01 00 00 00 07 02 04 00 00 00 01 00", "00 01 00 00 00 03 02 84 03"),
        # the other function of a map; a write; a function that does not exist
        ("00 01 00 00 00 06 01 04 00 64 00 01", "00 01 00 00 00 03 01 84 01"),
        ("00 01 00 00 00 06 01 06 00 64 00 01", "00 01 00 00 00 03 01 86 01"),
        ("00 01 00 00 00 02 01 63", "00 01 00 00 00 03 01 E3 01"),
        # bits: there are none
        ("00 01 00 00 00 06 01 01 00 00 00 01", "00 01 00 00 00 03 01 81 02"),
        ("00 01 00 00 00 06 01 02 00 00 00 00", "00 01 00 00 00 03 01 82 03"),
        # a unit that is not there
        ("00 01 00 00 00 06 09 03 00 64 00 01", "00 01 00 00 00 03 09 83 0B"),
    ],
)
async def test_answers_to_the_byte(request_: str, answer: str) -> None:
    assert await ask(request_) == answer


@pytest.mark.asyncio
async def test_125_registers_fit_into_one_answer() -> None:
    answer = await ask("00 01 00 00 00 06 02 04 00 00 00 7D")
    assert answer.startswith("00 01 00 00 00 FD 02 04 FA 00 07")


@pytest.mark.asyncio
async def test_pipelined_requests_are_answered_in_order() -> None:
    async with connected(meters()) as (reader, writer):
        writer.write(bytes.fromhex("00010000000601030064000100020000000602040000000100030000000609030064 0001"))
        answers = await asyncio.wait_for(reader.readexactly(11 + 11 + 9), 30)
    assert answers.hex().upper() == "000100000005010302111100020000000502040200070003000000030983" + "0B"


@pytest.mark.asyncio
async def test_a_request_may_come_in_pieces() -> None:
    async with connected(meters()) as (reader, writer):
        for byte in bytes.fromhex("000100000006010300640001"):
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0.002)
        assert await asyncio.wait_for(reader.readexactly(11), 30) == bytes.fromhex("0001000000050103021111")


@pytest.mark.asyncio
@pytest.mark.parametrize("garbage", ["474554202F20485454502F", "000100000001 01", "0001000000FF 01"])
async def test_garbage_closes_the_connection_without_an_answer(garbage: str) -> None:
    async with connected(meters()) as (reader, writer):
        writer.write(bytes.fromhex(garbage))
        assert await asyncio.wait_for(reader.read(), 30) == b""


@pytest.mark.asyncio
async def test_the_server_remembers_every_function_that_was_asked_for() -> None:
    server = meters()
    async with connected(server) as (reader, writer):
        writer.write(bytes.fromhex("000100000006010300640001" + "000200000006010600640001"))
        await asyncio.wait_for(reader.readexactly(11 + 9), 30)
    assert server.functions_seen == {3, 6}


@pytest.mark.asyncio
async def test_an_answer_is_of_one_instant_and_the_next_one_of_the_next() -> None:
    server = meters()
    async with connected(server) as (reader, writer):
        for word in (b"\x00\x01", b"\xff\xff"):
            server.show({1: RegisterImage(3, 0, word * 4, b"\x01" * 4)})
            writer.write(bytes.fromhex("000100000006010300000004"))
            assert (await asyncio.wait_for(reader.readexactly(17), 30))[9:] == word * 4


@pytest.mark.asyncio
async def test_leaving_the_server_closes_its_connections() -> None:
    server = meters()
    async with server.listening("127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes.fromhex("000100000006010300640001"))
        await asyncio.wait_for(reader.readexactly(11), 30)
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()
    await writer.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.asyncio
async def test_a_peer_that_goes_away_in_the_middle_does_no_harm() -> None:
    server = meters()
    async with server.listening("127.0.0.1", 0) as port:
        _, gone = await asyncio.open_connection("127.0.0.1", port)
        gone.write(b"\x00\x01\x00")
        await gone.drain()
        gone.transport.abort()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes.fromhex("000100000006010300640001"))
        assert len(await asyncio.wait_for(reader.readexactly(11), 30)) == 11
        writer.close()
        await writer.wait_closed()
