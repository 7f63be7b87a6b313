"""What a device tells of itself: function 43/14, in one answer or many, over every kind of frame."""

import asyncio

import pytest
from adversarial_modbus import ASCII, HOST, MBAP, RTU, Answering, Request, never, rightly, serving
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.modbus.connection import MeterGarbled, MeterRefused, MeterSilent, ModbusConnection
from collector.acquisition.modbus.identification import length
from collector.clock import SystemClock
from collector.plant.meter import Endpoint, Transport

TRANSPORTS = {MBAP: Transport.MODBUS_TCP, RTU: Transport.RTU_OVER_TCP, ASCII: Transport.ASCII_OVER_TCP}
each_framing = pytest.mark.parametrize("framing", TRANSPORTS)

OBJECTS = {0: b"Maker", 1: b"PM-5340", 2: b"V4.1.0", 4: b"Power meter", 5: b"M" * 200, 0x80: b"SN 0815"}


def part(objects: dict[int, bytes], *, code: int = 3, more: int = 0, following: int = 0) -> bytes:
    """Return an answer."""
    listed = b"".join(bytes([number, len(text)]) + text for number, text in objects.items())
    return bytes([0x2B, 0x0E, code, 0x83, more, following, len(objects)]) + listed


def parts_of(objects: dict[int, bytes], *, each: int) -> Answering:
    """Answer with so many objects at a time."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        numbers = [number for number in objects if number >= request.address]
        now, later = numbers[:each], numbers[each:]
        pdu = part(
            {number: objects[number] for number in now},
            code=request.count,
            more=0xFF if later else 0,
            following=later[0] if later else 0,
        )
        writer.write(request.adu(pdu))

    return answer


def saying(*pdus: bytes) -> Answering:
    """Answer with these, one after the other, the last one for ever."""
    left = list(pdus)

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(left.pop(0) if len(left) > 1 else left[0]))

    return answer


def at(port: int, framing: str = MBAP) -> ModbusConnection:
    return ModbusConnection(Endpoint("e", TRANSPORTS[framing], HOST, port, 0.2), SystemClock())


async def identified(answer: Answering, framing: str = MBAP) -> tuple[dict[int, str], list[tuple[int, int]]]:
    """Return what was told, and what was asked: first object and read code."""
    async with serving(answer, framing=framing) as server, at(server.port, framing) as connection:
        told = await connection.identify(unit=1, whom="m1")
        return told, [(request.address, request.count) for request in server.requests]


@each_framing
@pytest.mark.parametrize("each", [1, 2, 4])
@pytest.mark.asyncio
async def test_all_objects_are_read_however_many_come_at_a_time(framing: str, each: int) -> None:
    told, asked = await identified(parts_of(OBJECTS, each=each), framing)
    assert told == {number: text.decode() for number, text in OBJECTS.items()}
    numbers = list(OBJECTS)
    assert asked == [(numbers[place], 3) for place in range(0, 6, each)]


@each_framing
@pytest.mark.asyncio
async def test_a_device_that_does_not_know_the_function_refuses(framing: str) -> None:
    async with serving(saying(b"\xab\1"), framing=framing) as server, at(server.port, framing) as connection:
        with pytest.raises(MeterRefused, match=r"read device identification 0 of m1 .* exception 01") as caught:
            await connection.identify(unit=1, whom="m1")
        assert caught.value.code == 1
        assert len(server.requests) == 1


@pytest.mark.asyncio
async def test_a_device_with_little_to_tell_is_asked_for_less() -> None:
    basic = part({0: b"Maker", 1: b"P", 2: b"V1"}, code=1)
    told, asked = await identified(saying(b"\xab\3", b"\xab\2", basic))
    assert told == {0: "Maker", 1: "P", 2: "V1"}
    assert asked == [(0, 3), (0, 2), (0, 1)]


@pytest.mark.asyncio
async def test_a_device_that_refuses_even_the_least_refuses() -> None:
    async with serving(saying(b"\xab\3")) as server, at(server.port) as connection:
        with pytest.raises(MeterRefused, match="exception 03"):
            await connection.identify(unit=1, whom="m1")
        assert [request.count for request in server.requests] == [3, 2, 1]


@pytest.mark.parametrize(
    "answer",
    [
        saying(part({0: b"A"}, more=0xFF, following=0)),
        saying(part({0: b"A"}, more=0xFF, following=5), part({5: b"B"}, more=0xFF, following=3)),
    ],
    ids=["the same again", "back"],
)
@pytest.mark.asyncio
async def test_answers_that_go_round_in_circles_come_to_an_end(answer: Answering) -> None:
    async with serving(answer) as server, at(server.port) as connection:
        with pytest.raises(MeterGarbled, match="its answers never end; look at the device"):
            await connection.identify(unit=1, whom="m1")
        assert len(server.requests) <= 2


@pytest.mark.asyncio
async def test_no_device_is_asked_more_than_64_times() -> None:
    many = dict.fromkeys(range(256), b"x")
    async with serving(parts_of(many, each=1)) as server, at(server.port) as connection:
        with pytest.raises(MeterGarbled, match="never end"):
            await connection.identify(unit=1, whom="m1")
        assert len(server.requests) == 64


@pytest.mark.asyncio
async def test_silence_is_silence_and_registers_are_read_after_it() -> None:
    async with serving(never) as server, at(server.port) as connection:
        with pytest.raises(MeterSilent, match=r"no answer after 0\.2 s"):
            await connection.identify(unit=1, whom="m1")
        server.answer = rightly
        assert (await connection.read(function=3, unit=1, address=0, count=1, whom="m1")).data


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"Schneider Electric", "Schneider Electric"),
        ("Zähler °C".encode(), "Zähler °C"),
        ("Zähler".encode("latin-1"), "Zähler"),
        ("电表".encode(), "电表"),
        (b"PM5340\0\0\0", "PM5340"),
        (b"  padded \r\n", "padded"),
        (b"a\x1b[31mb\x07", "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}"),
        (b"\xff\xfe", "ÿþ"),
        (b"", ""),
    ],
)
@pytest.mark.asyncio
async def test_text_is_shown_without_what_could_harm(raw: bytes, shown: str) -> None:
    told, _ = await identified(saying(part({0: raw})))
    assert told == {0: shown}


@pytest.mark.parametrize(
    "pdu",
    [
        part({0: b"Maker"})[:-1],
        part({0: b"Maker"}) + b"\0",
        part({})[:6],
        bytes.fromhex("2B 0D 03 83 00 00 00"),
        bytes.fromhex("2B 0E 03 83 00 00 FF") + bytes(20),
        bytes.fromhex("03 02 0000"),
    ],
    ids=["cut off", "too long", "no number of objects", "another kind", "255 objects", "another function"],
)
@pytest.mark.asyncio
async def test_an_answer_that_contradicts_itself_is_none(pdu: bytes) -> None:
    async with serving(saying(pdu)) as server, at(server.port) as connection:
        with pytest.raises(MeterGarbled):
            await connection.identify(unit=1, whom="m1")


@given(pdu=st.binary(max_size=60))
def test_the_length_of_any_bytes_is_known_or_not_yet(pdu: bytes) -> None:
    found = length(pdu)
    assert found is None or found >= 7
    if found is None:
        assert len(pdu) < 7 or pdu[6] > 0
