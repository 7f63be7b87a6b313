"""Connections whose links die, once and a hundred times: told at once, and nothing of them is left."""

import asyncio
import contextlib
import gc
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from adversarial_modbus import (
    HOST,
    ModbusServer,
    Request,
    never,
    reset,
    rightly,
    serving,
)
from connection_reads import at, expected, read
from patient import patient
from waiting import until

from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterSilent,
    ModbusConnection,
)
from collector.clock import SystemClock
from collector.plant.meter import Endpoint, Transport

pytestmark = pytest.mark.asyncio


# --- Links that die ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """Open a port that takes no connection and refuses none: its queue is full."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind((HOST, 0))
        full.listen(0)
        for _ in range(4):
            wire = stack.enter_context(socket.socket())
            wire.setblocking(False)
            wire.connect_ex(full.getsockname())
        yield full.getsockname()[1]


async def test_a_host_that_swallows_everything_costs_one_timeout() -> None:
    with black_hole() as port:
        started = time.monotonic()
        with pytest.raises(
            EndpointUnreachable, match=r"refused or no answer .nothing came within 0\.2 s.; check cable"
        ):
            async with ModbusConnection(Endpoint("e", Transport.MODBUS_TCP, HOST, port, 0.2), SystemClock()):
                pass
        assert 0.19 < time.monotonic() - started < 5.0  # the kernel itself would try for two minutes


async def test_a_name_that_nobody_knows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    endpoint = Endpoint("e", Transport.MODBUS_TCP, "meter.example", 502, 1.0)
    with pytest.raises(EndpointUnreachable, match=r"the name meter\.example is not known; check 'host'"):
        async with ModbusConnection(endpoint, SystemClock()):
            pass


@pytest.mark.parametrize("transport", [Transport.MODBUS_TCP, Transport.RTU_OVER_TCP])
async def test_the_kernel_looks_whether_the_other_side_is_still_there(transport: Transport) -> None:
    framing = "mbap" if transport is Transport.MODBUS_TCP else "rtu"
    async with serving(framing=framing) as server, at(server.port, transport=transport) as connection:
        wire = connection._wire._client.ctx.transport.get_extra_info("socket")
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        assert [wire.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [10, 5, 3, 25_000]
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_a_device_without_a_free_connection_hangs_up_at_once_and_is_unreachable() -> None:
    async def full(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reset(writer)

    async with await asyncio.start_server(full, HOST, 0) as server:
        for _ in range(20):
            connection = at(server.sockets[0].getsockname()[1], timeout_s=30.0)
            with pytest.raises(EndpointUnreachable, match=r"that the device has a free connection|connection was lost"):
                await asyncio.wait_for(_connected_and_read(connection), 30.0)


async def _connected_and_read(connection: ModbusConnection) -> None:
    async with connection:
        await read(connection)


async def test_a_connection_that_is_lost_ends_the_wait_at_once() -> None:
    for farewell in (reset, lambda writer: writer.close()):

        async def leaving(_: Request, writer: asyncio.StreamWriter, farewell: Callable[..., None] = farewell) -> None:
            farewell(writer)

        async with serving(leaving) as server, at(server.port, timeout_s=30.0) as connection:
            started = time.monotonic()
            with pytest.raises(EndpointUnreachable, match="the connection was lost"):
                await read(connection)
            assert time.monotonic() - started < 5.0


async def test_a_connection_that_is_lost_between_two_requests_is_told_by_the_next_one() -> None:
    async with serving() as server, at(server.port, timeout_s=30.0) as connection:
        await read(connection)
        for writer in set(server.open):
            reset(writer)
        await server.closed()
        started = time.monotonic()
        with pytest.raises(EndpointUnreachable, match="the connection was lost"):
            await read(connection)
        assert time.monotonic() - started < 5.0


async def test_a_peer_that_takes_nothing_in_does_not_hold_up_the_end() -> None:
    """What cannot be sent would keep a socket open as long as the kernel tries."""
    with socket.create_server((HOST, 0)) as listener:
        connection = at(listener.getsockname()[1])
        async with connection:
            wire = connection._wire._client.ctx.transport
            assert isinstance(wire, asyncio.Transport)
            wire.write(bytes(16_000_000))
            assert wire.get_write_buffer_size() > 0
        await asyncio.sleep(0.02)
        assert wire.get_extra_info("socket").fileno() == -1


# --- A hundred times --------------------------------------------------------------------------------------------------


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextlib.asynccontextmanager
async def broken(server: ModbusServer, kind: int) -> AsyncIterator[None]:
    """Have a server that is refused, resets, hangs up or is half-open."""
    if kind == 0:
        yield
        return
    async with server.listening():

        async def breaking(_: Request, writer: asyncio.StreamWriter) -> None:
            if kind == 1:
                reset(writer)
            elif kind == 2:
                writer.close()

        server.answer = never if kind == 3 else breaking
        yield


@pytest.mark.timeout(120)
@pytest.mark.parametrize("transport", [Transport.MODBUS_TCP, Transport.RTU_OVER_TCP])
async def test_100_restarts_refused_reset_hung_up_and_half_open_leave_nothing_behind(transport: Transport) -> None:
    server = ModbusServer(framing="mbap" if transport is Transport.MODBUS_TCP else "rtu")
    async with server.listening():
        pass
    connection = at(server.port, timeout_s=0.02, transport=transport)
    kept: list[tuple[int, int, int]] = []
    tracemalloc.start()
    for restart in range(100):
        connection._endpoint = replace(connection._endpoint, timeout_s=0.02)
        async with broken(server, restart % 4):
            with pytest.raises((EndpointUnreachable, MeterSilent)):
                async with connection:
                    await read(connection, 10)
        server.answer = rightly
        server.requests.clear()
        async with server.listening():
            patient(connection)
            async with connection:
                # Another length, unless there are numbers: what was never answered is not forgotten.
                assert (await read(connection, restart, 3)).data == expected(restart, 3)
            await server.closed()
        if restart % 20 == 19:
            gc.collect()
            kept.append((descriptors(), len(asyncio.all_tasks()), tracemalloc.get_traced_memory()[0]))
    tracemalloc.stop()
    assert len({files for files, _, _ in kept}) == 1
    assert {tasks for _, tasks, _ in kept} == {1}
    assert kept[-1][2] - kept[0][2] < 100_000


async def test_a_cancelled_connect_leaves_no_socket_open() -> None:
    with black_hole() as port:
        before = descriptors()
        task = asyncio.create_task(at(port, timeout_s=30.0).__aenter__())
        await until(lambda: descriptors() > before)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.01)
        assert descriptors() == before
