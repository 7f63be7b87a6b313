"""Lines without transaction ids that answer wrongly, need pauses, or go away."""

import asyncio
import contextlib
import gc
import struct
import termios
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from adversarial_modbus import (
    PATIENT_S,
    Request,
    bit,
    bits,
    reset,
    rightly,
)
from patient import patient
from serial_lines import TIMEOUT_S, descriptors, expected, line, on_each_line, read

from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterGarbled,
    MeterSilent,
    ModbusConnection,
)
from collector.clock import SystemClock
from collector.plant.meter import Endpoint, Transport

pytestmark = pytest.mark.asyncio

# --- Wrong ------------------------------------------------------------------------------------------------------------

WRONG: dict[str, Callable[[Request], bytes]] = {
    "another unit": lambda r: r.adu(unit=9),
    "another function": lambda r: r.adu(bytes([3]) + r.pdu()[1:]),
    "another byte count": lambda r: r.adu(bytes.fromhex("04 02 DEAD")),
    "an exception to another function": lambda r: r.adu(bytes.fromhex("83 02")),
    "a wrong check sum": lambda r: r.adu()[:-3] + b"0" + r.adu()[-2:],
    "half a frame": lambda r: r.adu()[:5],
    "noise": lambda _: bytes(range(256)),
    "zeros before it": lambda _: b"\0\0\0",
    "ones before it": lambda _: b"\xff\xff",
    "another master's question": lambda r: r.adu(struct.pack(">BHH", 4, 0x0400, 2)),
}


@on_each_line
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
async def test_what_is_no_answer_is_passed_over_and_the_answer_behind_it_taken(
    transport: Transport, wrong: Callable[[Request], bytes]
) -> None:
    async def both(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(wrong(request))
        await asyncio.sleep(0.01)
        writer.write((b"\r\n" if transport.is_ascii else b"") + request.adu())

    async with line(transport, both, timeout_s=PATIENT_S) as at, at.connection() as connection:
        for address in (10, 20, 30):
            assert (await read(connection, address)).data == expected(address)


@on_each_line
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
async def test_what_is_no_answer_is_never_a_value(transport: Transport, wrong: Callable[[Request], bytes]) -> None:
    async def only_wrong(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(wrong(request))

    async with line(transport, only_wrong) as at, at.connection() as connection:
        started = time.monotonic()
        with pytest.raises(MeterGarbled) as caught:
            await read(connection)
        assert time.monotonic() - started >= TIMEOUT_S - 0.01
        assert str(caught.value).count(": ") == 1
        at.server.answer = rightly
        patient(connection)
        assert (await read(connection, 10)).data == expected(10)


@on_each_line
async def test_garbage_names_what_to_check(transport: Transport) -> None:
    async def garbage(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xfe" * 14)

    hint = "baud, parity and cable" if transport.is_serial else "'transport'"
    async with line(transport, garbage) as at, at.connection() as connection:
        with pytest.raises(MeterGarbled, match=f"14 bytes came that cannot be understood; check {hint}$"):
            await read(connection)


@on_each_line
async def test_a_line_full_of_anothers_traffic_is_waited_for_no_longer_than_a_timeout(transport: Transport) -> None:
    async def chatter(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"\x55" * 3)
            await asyncio.sleep(0.0005)

    async with line(transport) as at, at.connection() as connection:
        await read(connection, 10)
        (writer,) = at.server.open
        talking = asyncio.create_task(chatter(writer))
        started = time.monotonic()
        with contextlib.suppress(MeterSilent):
            assert (await read(connection, 20)).data == expected(20)
        took_s = time.monotonic() - started
        talking.cancel()
        assert took_s < PATIENT_S


@on_each_line
async def test_the_echo_of_an_adapter_is_no_answer(transport: Transport) -> None:
    async def echoing(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(struct.pack(">BHH", request.function, request.address, request.count)))
        if request.unit == 1:
            writer.write(request.adu())

    async with line(transport, echoing) as at, at.connection() as connection:
        told = connection._endpoint
        patient(connection)
        assert (await read(connection, 0x0300, 20, function=1)).data == bits(
            1, [bit(1, 1, place) for place in range(0x0300, 0x0300 + 20)]
        )[2:]
        assert (await read(connection, 0x0400)).data == expected(0x0400)
        connection._endpoint = told
        with pytest.raises(MeterSilent):
            await read(connection, 0x0300, 20, function=1, unit=2)


# --- Pauses -----------------------------------------------------------------------------------------------------------


@on_each_line
async def test_pauses_are_kept_after_connecting_and_between_requests(transport: Transport) -> None:
    times: list[float] = []

    async def noting(request: Request, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        writer.write(request.adu())

    pauses = {"pause_after_connect_s": 0.1, "pause_between_s": 0.04, "timeout_s": PATIENT_S}
    async with line(transport, noting, **pauses) as at:
        started = time.monotonic()
        async with at.connection() as connection:
            for _ in range(3):
                await read(connection)
    assert times[0] - started >= 0.1
    assert all(second - first >= 0.04 for first, second in pairwise(times))


async def test_between_two_frames_of_rtu_a_line_is_silent_for_three_and_a_half_characters() -> None:
    """At 300 baud, that is 128 ms: what comes in it puts the next question off."""
    times: list[float] = []

    async def with_a_tail(request: Request, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        writer.write(request.adu())
        await asyncio.sleep(0.05)
        writer.write(b"\xff")

    async with (
        line(Transport.MODBUS_RTU, with_a_tail, baud=300, timeout_s=PATIENT_S) as at,
        at.connection() as connection,
    ):
        for _ in range(3):
            await read(connection)
    assert all(second - first >= 0.05 + 0.128 for first, second in pairwise(times))


# --- Gone -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", [Transport.RTU_OVER_TCP, Transport.ASCII_OVER_TCP])
async def test_a_reset_while_waiting_is_unreachable_at_once(transport: Transport) -> None:
    async def resetting(_: Request, writer: asyncio.StreamWriter) -> None:
        reset(writer)

    async with line(transport, resetting, timeout_s=30.0) as at, at.connection() as connection:
        with pytest.raises(EndpointUnreachable, match="the connection was lost"):
            await asyncio.wait_for(read(connection), 30.0)


@pytest.mark.parametrize("transport", [Transport.MODBUS_RTU, Transport.MODBUS_ASCII])
async def test_an_adapter_that_is_unplugged_is_unreachable_at_once(transport: Transport) -> None:
    async def unplugging(_: Request, __: asyncio.StreamWriter) -> None:
        at.server.unplug()

    async with line(transport, unplugging, timeout_s=30.0) as at, at.connection() as connection:
        with pytest.raises(EndpointUnreachable, match=r"lost \(.*\); check the adapter and its cable"):
            await asyncio.wait_for(read(connection), 30.0)
        with pytest.raises(EndpointUnreachable, match="the connection was lost"):
            await read(connection)


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("/dev/potline-no-such-line", "there is no such device; check 'device' and the adapter"),
        ("/dev/null", "it cannot be used as a serial line .*; check 'device'"),
        ("/", "it cannot be used as a serial line .*; check 'device'"),
    ],
)
async def test_a_device_that_is_no_serial_line_is_unreachable_and_named(device: str, words: str) -> None:
    endpoint = Endpoint("e", Transport.MODBUS_RTU, "", 0, 1.0, device)
    with pytest.raises(EndpointUnreachable, match=f"connect to {device} at 19200 8E1 .e.: {words}"):
        async with ModbusConnection(endpoint, SystemClock()):
            pass


async def test_a_device_that_another_program_has_is_unreachable_and_says_so() -> None:
    async with line(Transport.MODBUS_RTU, timeout_s=PATIENT_S) as at, at.connection() as connection:
        with pytest.raises(EndpointUnreachable, match="another program has it; stop that one"):
            async with at.connection():
                pass
        assert (await read(connection)).data == expected(10)


@pytest.mark.parametrize("transport", [Transport.MODBUS_RTU, Transport.MODBUS_ASCII])
async def test_a_serial_line_opened_100_times_leaves_no_file_open(transport: Transport) -> None:
    async with line(transport, timeout_s=PATIENT_S) as at:
        connection = at.connection()
        async with connection:
            await read(connection)
        before = descriptors()
        for _ in range(100):
            async with connection:
                assert (await read(connection)).data == expected(10)
        gc.collect()
        assert descriptors() == before


async def test_a_question_on_a_line_that_is_held_up_does_not_go_out_later() -> None:
    """A device that hears two questions in one piece answers neither, or the wrong one."""
    async with line(Transport.MODBUS_RTU, timeout_s=0.05) as at, at.connection() as connection:
        wire = connection._wire._client.ctx.transport.sync_serial.fileno()  # type: ignore[attr-defined]
        termios.tcflow(wire, termios.TCOOFF)
        for _ in range(3):
            with pytest.raises(MeterSilent):
                await read(connection, 10)
        termios.tcflow(wire, termios.TCOON)
        patient(connection)
        assert (await read(connection, 20, 3)).data == expected(20, 3)
        assert [request.address for request in at.server.requests] == [20]


async def test_the_group_of_a_device_is_named_where_it_may_not_be_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("serial.serialposix.os.open", forbidden)
    endpoint = Endpoint("e", Transport.MODBUS_RTU, "", 0, 1.0, str(tmp_path / "ttyUSB0"))
    with pytest.raises(EndpointUnreachable, match="add the collector's user to the device's group, often dialout"):
        async with ModbusConnection(endpoint, SystemClock()):
            pass
