"""A connection with transaction ids against streams that make no sense, and gateways without order."""

import asyncio
import contextlib
import struct
import time
from collections.abc import Callable

import pytest
from adversarial_modbus import (
    SILENT_S,
    Answering,
    Request,
    rightly,
    serving,
)
from connection_reads import at, expected, read
from patient import patient

from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterGarbled,
    MeterSilent,
)

pytestmark = pytest.mark.asyncio


def sending(make: Callable[[Request], bytes]) -> Answering:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(make(request))

    return answer


# --- A stream that makes no sense -------------------------------------------------------------------------------------

WRONG = struct.pack(">BBHH", 4, 4, 0xDEAD, 0xBEEF)
GARBAGE: dict[str, Callable[[Request], bytes]] = {
    "another protocol": lambda r: struct.pack(">HHHB", r.tid, 1, 7, 1) + WRONG,
    "a length of 0": lambda r: struct.pack(">HHH", r.tid, 0, 0),
    "a length of 1": lambda r: struct.pack(">HHHB", r.tid, 0, 1, 1),
    "a length of 65535": lambda r: struct.pack(">HHHB", r.tid, 0, 65535, 1) + WRONG,
    "a length of 254 and little behind it": lambda r: struct.pack(">HHHB", r.tid - 1, 0, 254, 1) + WRONG,
    "one byte": lambda _: b"\0",
    "one byte too few": lambda r: r.adu(WRONG, tid=r.tid - 1)[:-1],
    "one byte too many": lambda r: r.adu(WRONG, tid=r.tid - 1) + b"\0",
    "half a header": lambda r: r.adu()[:4],
    "a web page": lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "noise": lambda _: bytes(range(256)) * 8,
    "another transaction": lambda r: r.adu(WRONG, tid=r.tid + 1),
    "another unit": lambda r: r.adu(WRONG, unit=9),
}
each_garbage = pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())

SWALLOWING = {"a length of 254 and little behind it", "one byte too few", "half a header"}


@pytest.mark.parametrize("name", sorted(GARBAGE.keys() - SWALLOWING))
async def test_behind_garbage_the_answer_is_found_by_its_number(name: str) -> None:
    async with serving(sending(lambda r: GARBAGE[name](r) + r.adu())) as server, at(server.port) as connection:
        for address in (10, 20, 30, 40):
            assert (await read(connection, address)).data == expected(address)
        assert server.connections == 1


@pytest.mark.parametrize("name", sorted(SWALLOWING))
async def test_garbage_that_looks_like_a_beginning_swallows_one_answer_and_no_more(name: str) -> None:
    async with serving(rightly) as server, at(server.port) as connection:
        for address in range(10, 70, 20):
            server.answer = sending(lambda r: GARBAGE[name](r) + r.adu())
            with contextlib.suppress(MeterGarbled):
                assert (await read(connection, address, patience_s=SILENT_S)).data == expected(address)
            server.answer = rightly
            assert (await read(connection, address + 10)).data == expected(address + 10)
        assert server.connections == 1


@each_garbage
async def test_garbage_behind_an_answer_does_not_harm_the_next_one(garbage: Callable[[Request], bytes]) -> None:
    async with serving(sending(lambda r: r.adu() + garbage(r))) as server, at(server.port) as connection:
        for address in (10, 20, 30, 40):
            assert (await read(connection, address)).data == expected(address)
        assert server.connections == 1


@each_garbage
async def test_garbage_alone_is_no_value_and_the_next_question_is_answered(garbage: Callable[[Request], bytes]) -> None:
    async with serving(sending(garbage)) as server, at(server.port) as connection:
        with pytest.raises(MeterGarbled):
            await read(connection, 10, patience_s=SILENT_S)
        server.answer = rightly
        assert (await read(connection, 20)).data == expected(20)
        assert server.connections == 1


async def test_a_stream_without_frames_is_given_up_after_three_questions_and_says_what_to_check() -> None:
    async with serving(sending(lambda _: b"login: ")) as server, at(server.port) as connection:
        for _ in range(2):
            with pytest.raises(MeterGarbled, match="7 bytes came that cannot be understood; check 'transport'"):
                await read(connection, patience_s=SILENT_S)
        with pytest.raises(EndpointUnreachable, match=r"what comes has no frames; is it Modbus\? check 'transport'"):
            await read(connection, patience_s=SILENT_S)
        with pytest.raises(EndpointUnreachable, match="the connection was lost"):
            await read(connection)
        await server.closed()


async def test_answers_that_come_too_late_are_told_with_a_remedy() -> None:
    asked: list[Request] = []

    async def one_behind(request: Request, writer: asyncio.StreamWriter) -> None:
        for earlier in asked:
            writer.write(earlier.adu())
        asked[:] = [request]

    async with serving(one_behind) as server, at(server.port) as connection:
        with pytest.raises(MeterSilent, match=r"no answer after 0\.1 s; check the unit id$"):
            await read(connection, patience_s=SILENT_S)
        with pytest.raises(MeterSilent, match=r"no answer after 1 s, and earlier ones came late; raise 'timeout'$"):
            await read(connection, patience_s=1.0)


async def test_patience_shortens_the_wait_for_one_request_and_its_late_answer_is_known() -> None:
    asked: list[Request] = []

    async def every_other_with_the_one_before(request: Request, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        if len(asked) % 2 == 0:
            writer.write(asked[-2].adu() + request.adu())

    async with serving(every_other_with_the_one_before) as server, at(server.port, timeout_s=30.0) as connection:
        started = time.monotonic()
        with pytest.raises(MeterSilent, match=r"no answer after 0\.02 s"):
            await read(connection, 10, patience_s=0.02)
        assert time.monotonic() - started < 5.0
        assert (await read(connection, 20)).data == expected(20)
        with pytest.raises(MeterSilent, match=r"no answer after 0\.02 s"):
            await read(connection, 30, patience_s=0.02)
        assert (await read(connection, 40, patience_s=60.0)).data == expected(40)


async def test_two_who_read_at_once_wait_for_each_other() -> None:
    most: list[int] = []
    out = 0

    async def counting(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal out
        out += 1
        most.append(out)
        await asyncio.sleep(0.005)
        out -= 1
        writer.write(request.adu())

    async with serving(counting) as server, at(server.port, timeout_s=1.0) as connection:
        answers = await asyncio.gather(*(read(connection, address) for address in range(20)))
    assert [answer.data for answer in answers] == [expected(address) for address in range(20)]
    assert max(most) == 1


# --- Gateways that do not give the number back ------------------------------------------------------------------------


@pytest.mark.parametrize("tid", [0, 1, 4711, 65535])
async def test_a_gateway_with_a_constant_number_is_read_if_that_is_allowed(tid: int) -> None:
    async with serving(sending(lambda r: r.adu(tid=tid))) as server:
        async with at(server.port, lenient=True) as connection:
            for address in (10, 20, 30):
                assert (await read(connection, address)).data == expected(address)
        async with at(server.port) as connection:
            await asyncio.sleep(0)
            for address in (10, 20, 30):
                with contextlib.suppress(MeterSilent):  # once, the constant may be the right number
                    assert (await read(connection, address, patience_s=SILENT_S)).data == expected(address)
            with pytest.raises(MeterGarbled, match="an answer to another transaction came instead of the answer"):
                await read(connection, 40, patience_s=SILENT_S)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda r: r.adu(WRONG, unit=9, tid=0),
        lambda r: r.adu(b"\3" + WRONG[1:], tid=0),
        lambda r: r.adu(bytes.fromhex("04 02 DEAD"), tid=0),
        lambda r: r.adu(bytes.fromhex("83 02"), tid=0),
        lambda _: b"\0\0\0\1\0\2\1\4",
    ],
    ids=["unit", "function", "byte count", "exception to another function", "protocol"],
)
async def test_without_a_number_all_the_rest_must_be_right(wrong: Callable[[Request], bytes]) -> None:
    async with serving(sending(wrong)) as server, at(server.port, timeout_s=SILENT_S, lenient=True) as connection:
        with pytest.raises(MeterGarbled):
            await read(connection)
        server.answer = rightly
        patient(connection)
        assert (await read(connection)).data == expected(10)


async def test_without_a_number_a_late_answer_is_never_another_questions() -> None:
    async def first_late(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.address == 10:
            await asyncio.sleep(delay_s)
        writer.write(request.adu(tid=0))

    delay_s = 0.6
    async with serving(first_late) as server, at(server.port, timeout_s=0.4, lenient=True) as connection:
        with pytest.raises(MeterSilent):
            await read(connection, 10)
        assert (await read(connection, 20)).data == expected(20)  # it came in the rest
        delay_s = 1.0  # after the rest
        with pytest.raises(MeterSilent, match="no answer"):
            await read(connection, 10)
        with pytest.raises(MeterSilent, match=r"not asked: an answer to registers 10\+2 that is still out"):
            await read(connection, 20)
        again = await read(connection, 10)
        assert again.doubtful
        assert again.data == expected(10)
