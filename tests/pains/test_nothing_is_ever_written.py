"""The collector only reads: no name of what writes stands in its source, and no server was ever asked to write."""

import ast
import asyncio
import inspect
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import functions_seen
import pymodbus.pdu
import pytest
from adversarial_modbus import ASCII, MBAP, RTU, Request, ascii_line, rtu, serving
from plant_run import simulated_plant
from pymodbus.client.mixin import ModbusClientMixin
from waiting import until

import collector

WRITE = bytes.fromhex("06000a002a")  # write single register 10 = 42
FRAMES = {
    MBAP: struct.pack(">HHHB", 1, 0, len(WRITE) + 1, 1) + WRITE,
    RTU: rtu(1, WRITE),
    ASCII: ascii_line(1, WRITE),
}
READS = {
    "read_coils",
    "read_discrete_inputs",
    "read_holding_registers",
    "read_input_registers",
    "read_device_information",
}
"""The calls of pymodbus that the collector may make."""


async def nothing(request: Request, writer: asyncio.StreamWriter) -> None:
    """Say nothing."""


@pytest.mark.asyncio
@pytest.mark.parametrize("framing", FRAMES)
async def test_a_write_that_reaches_a_server_of_the_tests_is_seen(framing: str) -> None:
    async with serving(nothing, framing=framing) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(FRAMES[framing])
        await until(lambda: bool(server.requests))
        server.requests.clear()  # the server itself would also complain at its end
        writer.close()
        await writer.wait_closed()
    assert functions_seen.that_write() == {6}
    functions_seen.forget()  # so that this test does not fail by what it shows


def test_a_write_that_reaches_a_simulated_plant_is_seen(tmp_path: Path) -> None:
    with simulated_plant(tmp_path, "steady.toml", broker="127.0.0.1:9") as plant:
        plc = plant.announced["endpoints"]["plc"]
        with socket.create_connection((plc["host"], plc["port"]), timeout=5) as wire:
            wire.sendall(FRAMES[MBAP])
            assert wire.recv(9) == bytes.fromhex("000100000003 01 8601")  # illegal function
    assert functions_seen.that_write() == {6}
    functions_seen.forget()


def test_a_test_whose_server_was_asked_to_write_fails_and_no_other(tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    (tmp_path / "conftest.py").write_bytes((tests / "conftest.py").read_bytes())
    (tmp_path / "test_three.py").write_text(
        "import functions_seen\n"
        "def test_reads(): functions_seen.saw(1, 2, 3, 4, 43)\n"
        "def test_writes(): functions_seen.saw(3, 16)\n"
        "def test_is_not_blamed(): pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed, 1 error" in done.stdout
    assert "ERROR test_three.py::test_writes" in done.stdout
    assert "do more than read: [16]" in done.stdout


def names_that_write() -> set[str]:
    """Return pymodbus' names for whatever does more than read: methods of its clients, and its messages."""
    methods = {
        name
        for name, _ in inspect.getmembers(ModbusClientMixin, inspect.isfunction)
        if not name.startswith(("_", "convert_")) and name not in {*READS, "execute", "close", "connect"}
    }
    messages = {
        name
        for _, module in inspect.getmembers(pymodbus.pdu, inspect.ismodule)
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, pymodbus.pdu.ModbusPDU) and kind.function_code not in functions_seen.READING
    }
    return methods | messages - {"ModbusPDU", "ExceptionResponse"}


def names_in(source: str) -> set[str]:
    """Return all names, attributes and texts of a source."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                names.add(name)
            case ast.Constant(value=str(text)):
                names.add(text)
    return names


def test_no_name_of_what_writes_stands_in_the_collectors_source() -> None:
    writing = names_that_write()
    assert writing >= {"write_register", "write_registers", "write_coil", "write_coils", "mask_write_register"}
    assert writing >= {"WriteSingleRegisterRequest", "WriteMultipleRegistersRequest", "MaskWriteRegisterRequest"}
    assert writing >= {"read_file_record", "read_fifo_queue"}  # functions that nobody needs
    sources = list(Path(collector.__file__).parent.rglob("*.py"))
    assert len(sources) > 50
    found = {path.name: names for path in sources if (names := names_in(path.read_text("utf-8")) & writing)}
    assert found == {}
    (wire,) = [path for path in sources if path.name == "wire.py"]
    assert names_in(wire.read_text("utf-8")) >= READS  # the look finds what is there
    # The way around the names is a message of one's own.
    assert not {"execute", "function_code"} & names_in(wire.read_text("utf-8"))
