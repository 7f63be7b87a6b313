"""Reads over Modbus/TCP that are cancelled, and what comes after them."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pymodbus.exceptions
import pytest
from adversarial_modbus import Request, serving
from connection_reads import at, expected, read
from pymodbus.client import AsyncModbusTcpClient

import collector
from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterSilent,
    ModbusConnection,
)

pytestmark = pytest.mark.asyncio


async def test_a_late_answer_to_a_cancelled_read_is_not_taken_by_the_next_one() -> None:
    async def after_50_ms(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(request.adu())

    async with serving(after_50_ms) as server, at(server.port, timeout_s=1.0) as connection:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read(connection, 30), 0.02)
        assert (await read(connection, 20)).data == expected(20, 2)


async def cancelled_with_the_answer(call: Callable[[], Awaitable[object]], connection: ModbusConnection) -> None:
    """Cancel the task in the very moment in which the answer comes."""
    task = asyncio.ensure_future(call())

    def cancelling(sending: bool, pdu: object) -> object:  # noqa: FBT001 - pymodbus' hook
        if not sending:
            task.cancel()
        return pdu

    connection._wire._client.ctx.trace_pdu = cancelling  # type: ignore[assignment]
    await task


async def test_a_cancellation_that_comes_with_the_answer_is_not_swallowed() -> None:
    async with serving() as server, at(server.port) as connection:
        with pytest.raises(asyncio.CancelledError):
            await cancelled_with_the_answer(lambda: read(connection), connection)


async def test_what_we_reach_for_in_pymodbus_is_still_there() -> None:
    """The contract with what is no documented interface of pymodbus: a new minor version must pass this first."""
    client = AsyncModbusTcpClient("127.0.0.1")
    assert callable(client.ctx.framer.handleFrame)
    assert client.ctx.framer.encode(bytes.fromhex("0400010002"), 7, 9) == bytes.fromhex("000900000006 07 0400010002")
    assert client.ctx.max_buffer_size == 264
    assert client.ctx.comm_params.timeout_connect == 3
    assert callable(client.ctx.call_create)
    assert callable(client.ctx.callback_disconnected)
    assert not client.ctx.response_future.done()
    client.set_max_no_responses(77)
    assert client.ctx.max_until_disconnect == 77
    client.close()


async def test_every_error_of_pymodbus_is_one_that_a_read_knows() -> None:
    errors = [
        value
        for _, value in inspect.getmembers(pymodbus.exceptions, inspect.isclass)
        if issubclass(value, pymodbus.exceptions.ModbusException)
    ]
    assert len(errors) == 7
    async with serving() as server, at(server.port) as connection:
        for error in errors:

            async def failing(*_: object, error: type[Exception] = error, **__: object) -> None:
                raise error("of pymodbus")

            connection._wire._client.read_input_registers = failing  # type: ignore[method-assign, assignment]
            with pytest.raises((EndpointUnreachable, MeterSilent), match=r"read input registers 10\+2 of m1"):
                await read(connection)


async def test_no_source_of_the_collector_calls_what_writes_to_a_device() -> None:
    """Over the servers of these tests nothing but functions that read has ever come: they look themselves."""
    client = AsyncModbusTcpClient("127.0.0.1")
    writing = {name for name in dir(client) if re.match("write|mask|readwrite|diag|report|execute|register$", name)}
    client.close()
    assert {"write_register", "write_registers", "write_coil", "write_coils", "mask_write_register"} <= writing
    assert "readwrite_registers" in writing
    sources = list(Path(collector.__file__).parent.rglob("*.py"))
    assert len(sources) > 50
    calls = re.compile(rf"\b({'|'.join(sorted(writing))})\s*\(|[wW]rite(?:Single|Multiple)|MaskWrite|pdu\.\w+_message")
    found = [
        f"{path.name}: {match[0]}"
        for path in sources
        if "pymodbus" in (text := path.read_text(encoding="utf-8"))
        for match in calls.finditer(text)
    ]
    assert found == []
    importers = [path.name for path in sources if re.search(r"(?m)^(?:from|import) pymodbus", path.read_text("utf-8"))]
    assert importers == ["wire.py"]


async def test_a_function_that_does_not_read_is_never_sent() -> None:
    async with serving() as server, at(server.port) as connection:
        for function in (0, 5, 6, 7, 8, 15, 16, 22, 23, 0x2A, 0x84, 256):
            with pytest.raises(ValueError, match="not among those that read"):
                await connection.read(function=function, unit=1, address=0, count=1, whom="m1")
        assert server.requests == []
        assert (await read(connection)).data == expected(10, 2)
