"""RTU: framing to the byte, and an independent client, Debian's mbpoll, over TCP and on a pseudo-terminal."""

import asyncio
import os
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from faulty_modbus import MAP, READOUT, faulty
from server_process import program

from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus.exchange import Timing
from simulators.servers.modbus.framing import RtuFraming, crc16, request_length, silent_interval_s
from simulators.servers.registers import RegisterImage

VOLTAGE = bytes.fromhex("01 03 00 05 00 01 94 0B")
RIGHT = "01 03 02 01 90 B9 B8"


def test_the_crc_has_its_low_byte_first() -> None:
    # The check value of CRC-16/MODBUS: 0x4B37.
    assert crc16(b"123456789") == b"\x37\x4b"


def test_the_silence_between_frames() -> None:
    assert silent_interval_s(9600) == pytest.approx(0.00401, abs=1e-5)
    assert silent_interval_s(19_200) == pytest.approx(0.00201, abs=1e-5)
    assert silent_interval_s(115_200) == 0.00175


@pytest.mark.parametrize(
    ("beginning", "length"),
    [
        ("01", None),
        ("01 03", 8),
        ("01 06", 8),
        ("01 07", 4),
        ("01 2B", 7),
        ("01 10 00 00 00 02", None),
        ("01 10 00 00 00 02 04", 13),
        ("01 17 00 00 00 01 00 00 00 01 02", 15),
        ("01 63 00 00 00 00 00 00", None),
    ],
)
def test_how_long_a_request_is(beginning: str, length: int | None) -> None:
    assert request_length(bytes.fromhex(beginning)) == length


def test_frames_are_found_in_pieces_and_in_a_row() -> None:
    framing = RtuFraming()
    assert framing.feed(VOLTAGE[:3]) == []
    assert framing.waiting
    (first, second) = framing.feed(VOLTAGE[3:] + VOLTAGE)
    assert (first.unit, first.pdu, first.raw) == (1, VOLTAGE[1:6], VOLTAGE)
    assert second == first
    assert not framing.waiting


def test_after_a_wrong_crc_nothing_is_heard_until_there_is_silence() -> None:
    framing = RtuFraming()
    assert framing.feed(VOLTAGE[:-1] + b"\x00" + VOLTAGE) == []
    assert framing.feed(VOLTAGE) == []
    assert framing.silence() == []
    assert len(framing.feed(VOLTAGE)) == 1


def test_a_function_without_a_known_length_ends_with_the_silence() -> None:
    framing = RtuFraming()
    body = bytes.fromhex("01 63 AA BB CC")
    assert framing.feed(body + crc16(body)) == []
    (frame,) = framing.silence()
    assert frame.pdu == bytes.fromhex("63 AA BB CC")


@pytest.mark.asyncio
async def test_rtu_over_tcp_answers_to_the_byte_and_is_silent_for_others() -> None:
    async with faulty(transport="rtu_over_tcp") as line:
        await line.send(VOLTAGE)
        assert await line.exactly(7) == RIGHT
        unknown = bytes.fromhex("09 03 00 05 00 01")
        await line.send(unknown + crc16(unknown))
        assert await line.receive() == ""
        gap = bytes.fromhex("01 03 00 04 00 01")
        await line.send(gap + crc16(gap))
        assert await line.exactly(5) == "01 83 02 C0 F1"
        await line.send(VOLTAGE[:-1] + b"\x00")
        assert await line.receive() == ""
        await line.send(VOLTAGE)
        assert await line.exactly(7) == RIGHT


@contextmanager
def opened(path: str) -> Iterator[int]:
    device = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        yield device
    finally:
        os.close(device)


@pytest.mark.asyncio
async def test_a_pseudo_terminal_carries_bytes_as_they_are() -> None:
    # 0x0A, 0x0D, 0x11 and 0x04 mean something to a terminal that is not raw.
    image = RegisterImage(3, 0, bytes.fromhex("0A0D 1113 0400"), b"\x01" * 3)
    server = ModbusServer({17: image}, framing=RtuFraming)
    request = bytes.fromhex("11 03 00 00 00 03")
    answers = []
    async with server.on_terminal() as path:
        for _ in range(2):
            # The second client finds the line as the first one did.
            with opened(path) as device:
                os.write(device, request + crc16(request))
                answers.append((await asyncio.to_thread(os.read, device, 100)).hex(" ").upper())
    assert answers == ["11 03 06 0A 0D 11 13 04 00 37 E7"] * 2
    with pytest.raises((FileNotFoundError, OSError)):
        os.open(path, os.O_RDWR | os.O_NOCTTY)


@pytest.mark.asyncio
async def test_a_slow_line_is_slow() -> None:
    server = ModbusServer({1: MAP.image(READOUT)}, framing=RtuFraming, timing=Timing(baud=1200))
    async with server.on_terminal() as path:
        with opened(path) as device:
            before = asyncio.get_running_loop().time()
            os.write(device, VOLTAGE)
            assert (await asyncio.to_thread(os.read, device, 100)).hex(" ").upper() == RIGHT
            # 8 and 7 characters of 11 bits, and twice 3.5 characters of silence.
            assert 0.2 <= asyncio.get_running_loop().time() - before < 0.4
            assert termios.tcgetattr(device)[3] & termios.ECHO == 0


async def mbpoll(*arguments: str) -> list[str]:
    """Give the lines of values that mbpoll prints, without the blanks in them."""
    done = await asyncio.to_thread(
        subprocess.run, [program("mbpoll"), "-0", "-1", *arguments], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return ["".join(line.split()) for line in done.stdout.splitlines() if line.startswith("[")]


@pytest.mark.asyncio
async def test_mbpoll_reads_the_registers_over_tcp() -> None:
    async with faulty() as line:
        where = ("-m", "tcp", "-p", str(line.server.port), "-a", "1")
        assert await mbpoll(*where, "-t", "4:hex", "-r", "5", "-c", "3", "127.0.0.1") == [
            "[5]:0x0190",
            "[6]:0x0005",
            "[7]:0x0060",
        ]
        assert await mbpoll(*where, "-t", "4:int", "-B", "-r", "0", "127.0.0.1") == ["[0]:1193046"]
        assert await mbpoll(*where, "-t", "4:float", "-B", "-r", "2", "127.0.0.1") == ["[2]:1312.5"]
        assert line.server.server.functions_seen == {3}


@pytest.mark.asyncio
@pytest.mark.parametrize("unit", [1, 247])
async def test_mbpoll_reads_the_registers_on_a_pseudo_terminal(unit: int) -> None:
    server = ModbusServer({unit: MAP.image(READOUT)}, framing=RtuFraming, timing=Timing(baud=19_200))
    async with server.on_terminal() as path:
        where = ("-m", "rtu", "-b", "19200", "-P", "none", "-a", str(unit))
        assert await mbpoll(*where, "-t", "4:hex", "-r", "5", "-c", "2", path) == ["[5]:0x0190", "[6]:0x0005"]
        assert await mbpoll(*where, "-t", "4:float", "-B", "-r", "2", path) == ["[2]:1312.5"]
        assert await mbpoll(*where, "-t", "4:int", "-B", "-r", "0", path) == ["[0]:1193046"]


@pytest.mark.asyncio
async def test_mbpoll_takes_an_exception_for_one() -> None:
    async with faulty({"kind": "exc_06_busy"}) as line:
        done = await asyncio.to_thread(
            subprocess.run,
            [program("mbpoll"), "-0", "-1", "-p", str(line.server.port), "-r", "5", "127.0.0.1"],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert "Slave device or server is busy" in done.stderr
