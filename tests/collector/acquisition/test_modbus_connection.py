"""One connection against servers that do what cables and firmware do."""

import asyncio
import gc
import struct
import time
from collections.abc import Callable

import pytest
from adversarial_modbus import SILENT_S, Answering, Request, endpoint, never, reset, rightly, serving, with_pdu
from connection_reads import at, expected, read, sockets
from server_process import free_port
from waiting import until

from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterGarbled,
    MeterRefused,
    MeterSilent,
    ModbusConnection,
)
from collector.clock import SystemClock

pytestmark = pytest.mark.asyncio


async def test_registers_come_as_bytes_from_both_functions_and_several_units() -> None:
    async with serving() as server, at(server.port) as connection:
        assert (await read(connection)).data == expected(10, 2)
        assert (await read(connection, 0, 125, unit=7)).data == expected(0, 125, unit=7)
        holding = await connection.read(function=3, unit=0, address=65535, count=1, whom="m0")
        assert holding.data == expected(65535, 1, unit=0, function=3)
        assert [(r.unit, r.function, r.address, r.count) for r in server.requests] == [
            (1, 4, 10, 2),
            (7, 4, 0, 125),
            (0, 3, 65535, 1),
        ]


async def test_a_reading_is_stamped_at_the_midpoint_of_request_and_answer() -> None:
    async def after_80_ms(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.08)
        writer.write(request.adu())

    async with serving(after_80_ms) as server, at(server.port, timeout_s=2.0) as connection:
        before = time.time_ns()
        answer = await read(connection)
        after = time.time_ns()
    assert answer.uncertainty_ns >= 39_000_000
    assert before - 1_000_000 <= answer.time_ns - answer.uncertainty_ns
    assert answer.time_ns + answer.uncertainty_ns <= after + 1_000_000


async def test_an_answer_that_is_there_in_the_very_moment_of_the_time_out_is_taken() -> None:
    """A machine that is busy elsewhere looks at its clocks and its sockets late, and at the clocks first."""

    async def busy_elsewhere(request: Request, writer: asyncio.StreamWriter) -> None:
        time.sleep(0.15)  # noqa: ASYNC251 - the event loop of both sides stands still, longer than the time-out
        await asyncio.sleep(0)
        writer.write(request.adu())

    async with serving(busy_elsewhere) as server, at(server.port, timeout_s=0.1) as connection:
        for address in range(10, 60, 10):
            answer = await read(connection, address)
            assert answer.data == expected(address, 2)
            assert answer.uncertainty_ns >= 75_000_000


async def test_a_clock_set_back_an_hour_during_a_request_does_not_stretch_its_uncertainty() -> None:
    class Stepping(SystemClock):
        step_ns = 0

        def now_ns(self) -> int:
            return super().now_ns() - self.step_ns

    clock = Stepping()

    async def stepping(request: Request, writer: asyncio.StreamWriter) -> None:
        clock.step_ns = 3_600_000_000_000
        writer.write(request.adu())

    async with serving(stepping) as server, ModbusConnection(endpoint(server.port), clock) as connection:
        answer = await read(connection)
    assert abs(answer.time_ns - clock.now_ns()) < 1_000_000_000
    assert answer.uncertainty_ns < 1_000_000_000


async def test_a_refused_port_is_unreachable_with_its_address_and_a_hint() -> None:
    port = free_port()
    with pytest.raises(
        EndpointUnreachable, match=f"connect to 127.0.0.1 port {port} .gateway.: refused .* check cable"
    ):
        async with at(port):
            pass


@pytest.mark.parametrize("host", ["plc..hall", "h" * 64 + ".example"])
async def test_a_text_that_can_be_no_hosts_name_is_unreachable_and_no_bug(host: str) -> None:
    with pytest.raises(EndpointUnreachable, match="can be no host's name"):
        async with at(502, host=host):
            pass


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "exception 01, illegal function; check 'function' in the profile"),
        (2, "exception 02, illegal data address; check the address in the profile: it is 0-based"),
        (3, "exception 03, illegal data value; lower 'max_registers' in the profile"),
        (4, "exception 04, server device failure; look at the device"),
        (6, "exception 06, server device busy; look at the device"),
        (10, "exception 0A, gateway path unavailable; the gateway does not know this unit; check the unit id"),
        (11, "exception 0B, gateway target device failed to respond; the gateway does not reach this unit;"),
        (99, "exception 63, unknown to the Modbus specification; look at the device"),
    ],
)
async def test_an_exception_is_told_in_words_with_a_hint(code: int, words: str) -> None:
    async with serving(with_pdu(f"84{code:02x}")) as server, at(server.port) as connection:
        with pytest.raises(MeterRefused) as caught:
            await read(connection)
    assert caught.value.code == code
    assert str(caught.value).startswith(f"read input registers 10+2 of m1 (127.0.0.1 port {server.port} unit 1): ")
    assert words in str(caught.value)


async def test_silence_is_told_after_the_time_out_and_the_connection_lives_on() -> None:
    async with serving(never) as server, at(server.port) as connection:
        for _ in range(12):  # pymodbus would close the connection after a few
            with pytest.raises(MeterSilent, match=r"no answer after 0\.1 s; check the unit id"):
                await asyncio.wait_for(read(connection, patience_s=SILENT_S), 4.0)
        server.answer = rightly
        assert (await read(connection)).data == expected(10, 2)
        assert server.connections == 1


UNREADABLE = {
    "a function that was not asked": "03 04 1111 2222",
    "an exception to a function that was not asked": "83 02",
    "a function that nobody knows": "64 04 1111 2222",
    "bits instead of registers": "01 04 11112222",
    "an exception without a code": "84",
    "function 0x80": "80 02",
    "no byte count": "04",
    "one register instead of two": "04 02 1111",
    "three registers instead of two": "04 06 1111 2222 3333",
    "a byte count of 0": "04 00",
    "an odd byte count": "04 05 1111 2222 33",
    "a byte count above what came": "04 08 1111 2222",
    "a byte count below what came": "04 04 1111 2222 3333",
}


@pytest.mark.parametrize("pdu", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_an_unreadable_answer_is_no_value_and_costs_no_other_meter_the_connection(pdu: str) -> None:
    async with serving(with_pdu(pdu)) as server, at(server.port) as connection:
        with pytest.raises(MeterGarbled):
            await read(connection, patience_s=SILENT_S)
        server.answer = rightly
        assert (await read(connection, unit=2)).data == expected(10, 2, unit=2)
        assert server.connections == 1


def changed(change: Callable[[Request], bytes]) -> Answering:
    """Answer wrongly first, then rightly."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(change(request))
        writer.write(request.adu())

    return answer


WRONG = struct.pack(">BBHH", 4, 4, 0xDEAD, 0xBEEF)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda r: r.adu(WRONG, tid=r.tid + 1),
        lambda r: r.adu(WRONG, tid=r.tid - 1 or 65535),
        lambda r: r.adu(WRONG, unit=9),
        lambda r: r.adu(WRONG, unit=0),
        lambda r: r.adu(bytes([0x84, 2]), tid=r.tid + 1),
    ],
    ids=["the next transaction", "the one before", "another unit", "unit 0", "an exception of another transaction"],
)
async def test_an_answer_to_somebody_else_is_skipped_and_the_right_one_taken(wrong: Callable[[Request], bytes]) -> None:
    async with serving(changed(wrong)) as server, at(server.port) as connection:
        for address in (10, 20, 30):
            assert (await read(connection, address)).data == expected(address, 2)


@pytest.mark.parametrize(
    "wrong",
    [lambda r: r.adu(WRONG, tid=0), lambda r: r.adu(WRONG, unit=9)],
    ids=["without a transaction", "another unit where 0 was asked"],
)
async def test_what_pymodbus_takes_for_any_answer_is_taken_for_none(wrong: Callable[[Request], bytes]) -> None:
    async def only_wrong(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(wrong(request))

    async with serving(only_wrong) as server, at(server.port) as connection:
        with pytest.raises(MeterGarbled):
            await read(connection, unit=0, patience_s=SILENT_S)
        server.answer = rightly
        assert (await read(connection, unit=0)).data == expected(10, 2, unit=0)


async def test_duplicate_answers_do_no_harm() -> None:
    async def thrice(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu() * 3)

    async with serving(thrice) as server, at(server.port) as connection:
        for address in range(0, 50, 5):
            assert (await read(connection, address)).data == expected(address, 2)


async def test_an_answer_that_comes_byte_by_byte_is_put_together() -> None:
    async def slowly(request: Request, writer: asyncio.StreamWriter) -> None:
        for byte in request.adu():
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.001)

    async with serving(slowly) as server, at(server.port) as connection:
        assert (await read(connection)).data == expected(10, 2)


@pytest.mark.parametrize("count", [2, 125])
async def test_a_late_answer_in_one_piece_with_the_next_one_does_not_take_its_place(count: int) -> None:
    kept: list[bytes] = []

    async def one_behind(request: Request, writer: asyncio.StreamWriter) -> None:
        kept.append(request.adu())
        if len(kept) == 2:
            writer.write(b"".join(kept))

    async with serving(one_behind) as server, at(server.port) as connection:
        with pytest.raises(MeterSilent):
            await read(connection, 0, count, patience_s=SILENT_S)
        assert (await read(connection, 300, count)).data == expected(300, count)


async def test_late_answers_never_become_values_of_other_registers() -> None:
    """Each answer comes 30 ms after the time-out of its request, into the time of the next one."""

    async def late(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.08)
        writer.write(request.adu())

    async with serving(late) as server, at(server.port) as connection:
        for address in range(10, 100, 10):
            with pytest.raises(MeterSilent):
                await read(connection, address, patience_s=0.05)
        server.answer = rightly
        await asyncio.sleep(0.1)
        assert (await read(connection, 200)).data == expected(200, 2)


async def test_the_second_half_of_a_late_answer_costs_one_reading_at_most() -> None:
    async def halves(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) == 1:
            writer.write(request.adu()[:7])
        elif len(server.requests) == 2:
            writer.write(server.requests[0].adu()[7:] + request.adu())
        else:
            writer.write(request.adu())

    async with serving(halves) as server, at(server.port) as connection:
        for address in (10, 20):
            try:
                assert (await read(connection, address, patience_s=SILENT_S)).data == expected(address, 2)
            except MeterSilent:
                continue
        assert (await read(connection, 30)).data == expected(30, 2)


async def test_a_connection_reset_in_the_middle_is_unreachable_and_stays_so() -> None:
    async def resetting(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu()[:9])
        await writer.drain()
        reset(writer)

    async with serving(resetting) as server, at(server.port) as connection:
        with pytest.raises(EndpointUnreachable, match="the connection was lost"):
            await read(connection)
        with pytest.raises(EndpointUnreachable, match="the connection was lost"):
            await read(connection)
        assert server.connections == 1


async def test_a_server_that_hangs_up_in_order_is_unreachable() -> None:
    async def farewell(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(farewell) as server, at(server.port) as connection:
        with pytest.raises(EndpointUnreachable):
            await read(connection)


async def test_cancelling_a_read_is_prompt_and_leaves_no_socket_open() -> None:
    before = sockets()
    async with serving(never) as server:

        async def work() -> None:
            async with at(server.port, timeout_s=30.0) as connection:
                await read(connection)

        task = asyncio.create_task(work())
        await until(lambda: bool(server.requests))
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.closed()
        assert time.monotonic() - started < 5
    await asyncio.sleep(0.01)
    gc.collect()
    assert sockets() == before
