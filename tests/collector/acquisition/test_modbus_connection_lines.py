"""Lines whose answers carry no transaction id: RTU and ASCII, on pseudo-terminals and over the network."""

import asyncio
import contextlib
import gc
import struct
import termios
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from adversarial_modbus import (
    ASCII,
    HOST,
    RTU,
    Answering,
    ModbusServer,
    Request,
    bit,
    bits,
    never,
    register,
    reset,
    rightly,
    with_pdu,
)

from collector.acquisition.modbus.connection import (
    Answer,
    EndpointUnreachable,
    MeterGarbled,
    MeterRefused,
    MeterSilent,
    ModbusConnection,
)
from collector.clock import SystemClock
from collector.plant.meter import Endpoint, Transport

pytestmark = pytest.mark.asyncio

TIMEOUT_S = 0.15
LINES = [Transport.RTU_OVER_TCP, Transport.ASCII_OVER_TCP, Transport.MODBUS_RTU, Transport.MODBUS_ASCII]
on_each_line = pytest.mark.parametrize("transport", LINES, ids=lambda transport: transport.value)


@dataclass
class Line:
    """A server, and the way to it."""

    server: ModbusServer
    endpoint: Endpoint
    connections: list[ModbusConnection] = field(default_factory=list)

    def connection(self) -> ModbusConnection:
        return ModbusConnection(self.endpoint, SystemClock())


@contextlib.asynccontextmanager
async def line(transport: Transport, answer: Answering = rightly, **settings: Any) -> AsyncIterator[Line]:  # noqa: ANN401 - those of an endpoint
    """Run a server at the end of a line."""
    server = ModbusServer(answer, framing=ASCII if transport.is_ascii else RTU)
    timeout_s = settings.pop("timeout_s", TIMEOUT_S)
    options = {"data_bits": 8, "parity": "none", **settings}
    if transport.is_serial:
        async with server.on_a_line() as device:
            yield Line(server, Endpoint("e", transport, "", 0, timeout_s, device, **options))
        return
    async with server.listening():
        yield Line(server, Endpoint("e", transport, HOST, server.port, timeout_s, **settings))


def expected(address: int, count: int = 2, *, unit: int = 1, function: int = 4) -> bytes:
    return struct.pack(f">{count}H", *(register(unit, function, place) for place in range(address, address + count)))


async def read(
    connection: ModbusConnection,
    address: int = 10,
    count: int = 2,
    *,
    unit: int = 1,
    function: int = 4,
    patience_s: float | None = None,
) -> Answer:
    return await connection.read(
        function=function, unit=unit, address=address, count=count, whom="m1", patience_s=patience_s
    )


async def opened(at: Line) -> None:
    async with at.connection():
        pass


# --- Right ------------------------------------------------------------------------------------------------------------


@on_each_line
async def test_registers_and_bits_come_from_all_four_tables(transport: Transport) -> None:
    async with line(transport) as at, at.connection() as connection:
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

    async with line(transport, slowly, timeout_s=2.0) as at, at.connection() as connection:
        before = time.time_ns()
        answer = await read(connection, 10, 20)
        after = time.time_ns()
    assert answer.data == expected(10, 20)
    assert answer.uncertainty_ns >= 80_000_000
    assert before - 1_000_000 <= answer.time_ns - answer.uncertainty_ns
    assert answer.time_ns + answer.uncertainty_ns <= after + 1_000_000


@on_each_line
async def test_an_exception_is_refused_and_the_line_goes_on_at_once(transport: Transport) -> None:
    async with line(transport, with_pdu("84 02")) as at, at.connection() as connection:
        with pytest.raises(MeterRefused, match="exception 02, illegal data address") as caught:
            await read(connection)
        assert caught.value.code == 2
        assert f"({at.endpoint.place} unit 1)" in str(caught.value)
        at.server.answer = rightly
        started = time.monotonic()
        assert (await read(connection, 20)).data == expected(20)
        assert time.monotonic() - started < TIMEOUT_S


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
        settings: dict[str, Any] = {"baud": baud, "stop_bits": stop_bits, "timeout_s": 1.0}
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
            await asyncio.wait_for(read(connection, 10), 0.02)
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

    async with line(transport, twice) as at, at.connection() as connection:
        for address in range(10, 100, 10):
            assert (await read(connection, address)).data == expected(address)
            time.sleep(0.005)  # noqa: ASYNC251 - the loop sees nothing of the second answer before the next question


@on_each_line
async def test_patience_is_not_shortened_where_the_line_has_to_rest_anyway(transport: Transport) -> None:
    async def after_80_ms(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.08)
        writer.write(request.adu())

    async with line(transport, after_80_ms) as at, at.connection() as connection:
        assert (await read(connection, patience_s=0.01)).data == expected(10)


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

    async with line(transport, both) as at, at.connection() as connection:
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
        assert time.monotonic() - started < 4 * TIMEOUT_S
        talking.cancel()


@on_each_line
async def test_the_echo_of_an_adapter_is_no_answer(transport: Transport) -> None:
    async def echoing(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(struct.pack(">BHH", request.function, request.address, request.count)))
        if request.unit == 1:
            writer.write(request.adu())

    async with line(transport, echoing) as at, at.connection() as connection:
        assert (await read(connection, 0x0300, 20, function=1)).data == bits(
            1, [bit(1, 1, place) for place in range(0x0300, 0x0300 + 20)]
        )[2:]
        assert (await read(connection, 0x0400)).data == expected(0x0400)
        with pytest.raises(MeterSilent):
            await read(connection, 0x0300, 20, function=1, unit=2)


# --- Pauses -----------------------------------------------------------------------------------------------------------


@on_each_line
async def test_pauses_are_kept_after_connecting_and_between_requests(transport: Transport) -> None:
    times: list[float] = []

    async def noting(request: Request, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        writer.write(request.adu())

    pauses = {"pause_after_connect_s": 0.1, "pause_between_s": 0.04}
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

    async with line(Transport.MODBUS_RTU, with_a_tail, baud=300, timeout_s=1.0) as at, at.connection() as connection:
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
            await asyncio.wait_for(read(connection), 2.0)


@pytest.mark.parametrize("transport", [Transport.MODBUS_RTU, Transport.MODBUS_ASCII])
async def test_an_adapter_that_is_unplugged_is_unreachable_at_once(transport: Transport) -> None:
    async def unplugging(_: Request, __: asyncio.StreamWriter) -> None:
        at.server.unplug()

    async with line(transport, unplugging, timeout_s=30.0) as at, at.connection() as connection:
        with pytest.raises(EndpointUnreachable, match=r"lost \(.*\); check the adapter and its cable"):
            await asyncio.wait_for(read(connection), 2.0)
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
    async with line(Transport.MODBUS_RTU) as at, at.connection() as connection:
        with pytest.raises(EndpointUnreachable, match="another program has it; stop that one"):
            async with at.connection():
                pass
        assert (await read(connection)).data == expected(10)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("transport", [Transport.MODBUS_RTU, Transport.MODBUS_ASCII])
async def test_a_serial_line_opened_100_times_leaves_no_file_open(transport: Transport) -> None:
    async with line(transport) as at:
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
