"""Lines whose answers carry no transaction id: RTU and ASCII, on pseudo-terminals and over the network."""

import asyncio
import time
from typing import Any

import pytest
from adversarial_modbus import (
    HOST,
    PATIENT_S,
    Request,
    bit,
    bits,
    never,
    rightly,
    with_pdu,
)
from patient import patient
from serial_lines import TIMEOUT_S, descriptors, expected, line, on_each_line, opened, read

from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterRefused,
    MeterSilent,
)
from collector.plant.meter import Transport

pytestmark = pytest.mark.asyncio

# --- Right ------------------------------------------------------------------------------------------------------------


@on_each_line
async def test_registers_and_bits_come_from_all_four_tables(transport: Transport) -> None:
    async with line(transport, timeout_s=PATIENT_S) as at, at.connection() as connection:
        for function in (3, 4):
            data = (await read(connection, 100, 125, unit=7, function=function)).data
            assert data == expected(100, 125, unit=7, function=function)
        for function in (1, 2):
            data = (await read(connection, 100, 2000, unit=7, function=function)).data
            assert data == bits(function, [bit(7, function, place) for place in range(100, 2100)])[2:]
        answer = await read(connection, 65535, 1, unit=247)
        assert answer.data == expected(65535, 1, unit=247)
        assert not answer.doubtful
        assert [request.function for request in at.server.requests] == [3, 4, 1, 2, 4]


@on_each_line
async def test_an_answer_byte_by_byte_is_put_together_and_stamped_in_its_middle(transport: Transport) -> None:
    async def slowly(request: Request, writer: asyncio.StreamWriter) -> None:
        for byte in request.adu():
            writer.write(bytes([byte]))
            await asyncio.sleep(0.004)

    async with line(transport, slowly, timeout_s=PATIENT_S) as at, at.connection() as connection:
        before = time.time_ns()
        answer = await read(connection, 10, 20)
        after = time.time_ns()
    assert answer.data == expected(10, 20)
    assert answer.uncertainty_ns >= 80_000_000
    assert before - 1_000_000 <= answer.time_ns - answer.uncertainty_ns
    assert answer.time_ns + answer.uncertainty_ns <= after + 1_000_000


@on_each_line
async def test_an_exception_is_refused_and_the_line_goes_on_at_once(transport: Transport) -> None:
    async with line(transport, with_pdu("84 02"), timeout_s=30.0) as at, at.connection() as connection:
        with pytest.raises(MeterRefused, match="exception 02, illegal data address") as caught:
            await read(connection)
        assert caught.value.code == 2
        assert f"({at.endpoint.place} unit 1)" in str(caught.value)
        at.server.answer = rightly
        started = time.monotonic()
        assert (await read(connection, 20)).data == expected(20)
        assert time.monotonic() - started < PATIENT_S


@on_each_line
async def test_a_serial_line_is_named_with_its_settings_and_a_network_one_with_its_port(transport: Transport) -> None:
    async with line(transport, never) as at, at.connection() as connection:
        hint = "check the unit id, baud, parity and cable" if transport.is_serial else "check the unit id"
        with pytest.raises(MeterSilent) as caught:
            await read(connection)
    end = "at 19200 8N1" if transport.is_serial else f"port {at.server.port}"
    place = f"{at.endpoint.device or HOST} {end}"
    assert str(caught.value) == f"read input registers 10+2 of m1 ({place} unit 1): no answer after 0.15 s; {hint}"


async def test_a_serial_line_is_set_as_its_endpoint_says() -> None:
    for baud, stop_bits in ((300, 1), (9600, 2), (115200, 1), (250000, 2)):
        settings: dict[str, Any] = {"baud": baud, "stop_bits": stop_bits, "timeout_s": PATIENT_S}
        async with line(Transport.MODBUS_ASCII, **settings) as at, at.connection() as connection:
            wire = connection._wire._client.ctx.transport.sync_serial  # type: ignore[attr-defined]
            shown = (wire.baudrate, wire.parity, wire.stopbits, wire.bytesize, wire.rtscts, wire.xonxoff)
            assert shown == (baud, "N", stop_bits, 8, False, False)
            assert (await read(connection)).data == expected(10)


@pytest.mark.parametrize(("parity", "letter"), [("even", "E"), ("odd", "O")])
async def test_a_line_that_cannot_be_set_so_is_unreachable_and_says_so(parity: str, letter: str) -> None:
    """Linux' pseudo-terminals know no parity. What is open is closed, or the next attempt would find it locked."""
    async with line(Transport.MODBUS_RTU, parity=parity) as at:
        before = descriptors()
        words = f"at 19200 8{letter}1 .e.: the line cannot be set so .*; check 'baud', 'parity'"
        with pytest.raises(EndpointUnreachable, match=words):
            await opened(at)
        assert descriptors() == before


# --- Late -------------------------------------------------------------------------------------------------------------


@on_each_line
async def test_a_late_answer_is_thrown_away_in_the_rest_and_the_next_question_is_asked_after_it(
    transport: Transport,
) -> None:
    async def late(request: Request, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        await asyncio.sleep(0.2 if request.address == 10 else 0.0)
        writer.write(request.adu())

    times: list[float] = []
    async with line(transport, late) as at, at.connection() as connection:
        with pytest.raises(MeterSilent, match=r"no answer after 0\.15 s"):
            await read(connection, 10)
        patient(connection)
        answer = await read(connection, 20)
    assert answer.data == expected(20)
    assert not answer.doubtful
    assert times[1] - times[0] >= 2 * TIMEOUT_S - 0.01


@on_each_line
async def test_while_an_answer_is_out_nothing_is_asked_that_it_could_be_taken_for(transport: Transport) -> None:
    async def first_never(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.address != 10:
            writer.write(request.adu())

    async with line(transport, first_never) as at, at.connection() as connection:
        with pytest.raises(MeterSilent, match="no answer"):
            await read(connection, 10)
        with pytest.raises(MeterSilent) as caught:
            await read(connection, 20)
        assert str(caught.value) == (
            f"read input registers 20+2 of m1 ({at.endpoint.place} unit 1): not asked:"
            " an answer to registers 10+2 that is still out could be taken for it"
        )
        patient(connection)
        # What cannot be mistaken is asked: another length, function or unit.
        assert (await read(connection, 20, 3)).data == expected(20, 3)
        assert (await read(connection, 20, function=3)).data == expected(20, function=3)
        assert (await read(connection, 20, unit=2)).data == expected(20, unit=2)
        assert [request.address for request in at.server.requests] == [10, 20, 20, 20]


@on_each_line
async def test_an_answer_that_may_be_an_earlier_askings_is_doubtful_until_both_have_come(transport: Transport) -> None:
    kept: list[bytes] = []

    async def one_behind(request: Request, writer: asyncio.StreamWriter) -> None:
        kept.append(request.adu())
        if len(kept) == 2:
            writer.write(kept[0])
            await asyncio.sleep(0.05)
            writer.write(kept[1])
        elif len(kept) > 2:
            writer.write(request.adu())

    async with line(transport, one_behind) as at, at.connection() as connection:
        with pytest.raises(MeterSilent):
            await read(connection, 10)
        patient(connection)
        answer = await read(connection, 10)
        assert answer.doubtful
        assert answer.data == expected(10)
        await asyncio.sleep(0.1)
        second = await read(connection, 20)
        assert second.data == expected(20)
        assert not second.doubtful


@on_each_line
async def test_a_late_answer_to_a_cancelled_question_is_no_other_questions(transport: Transport) -> None:
    async def after_50_ms(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(request.adu())

    async with line(transport, after_50_ms) as at, at.connection() as connection:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read(connection, 30), 0.02)
        patient(connection)
        assert (await read(connection, 20)).data == expected(20)


@on_each_line
async def test_what_is_out_is_remembered_over_a_new_connection(transport: Transport) -> None:
    async with line(transport, never) as at:
        connection = at.connection()
        async with connection:
            with pytest.raises(MeterSilent, match="no answer"):
                await read(connection, 10)
        async with connection:
            with pytest.raises(MeterSilent, match="not asked"):
                await read(connection, 20)


@on_each_line
async def test_what_lay_in_the_buffer_before_the_question_is_no_answer(transport: Transport) -> None:
    async def twice(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu() * 2)

    async with line(transport, twice, timeout_s=PATIENT_S) as at, at.connection() as connection:
        for address in range(10, 100, 10):
            assert (await read(connection, address)).data == expected(address)
            time.sleep(0.005)  # noqa: ASYNC251 - the loop sees nothing of the second answer before the next question


@on_each_line
async def test_patience_is_not_shortened_where_the_line_has_to_rest_anyway(transport: Transport) -> None:
    async def after_80_ms(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.08)
        writer.write(request.adu())

    async with line(transport, after_80_ms, timeout_s=PATIENT_S) as at, at.connection() as connection:
        assert (await read(connection, patience_s=0.01)).data == expected(10)
