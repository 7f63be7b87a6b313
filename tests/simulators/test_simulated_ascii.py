"""Modbus ASCII: framing to the byte, over TCP and on a pseudo-terminal."""

import asyncio
import os

import pytest
from faulty_modbus import MAP, READOUT, faulty

from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus.exchange import Timing
from simulators.servers.modbus.framing import AsciiFraming, lrc

# Unit 1, function 3, register 5, one of them: the sum is 10, so the LRC is F6.
VOLTAGE = b":010300050001F6\r\n"
RIGHT = b":010302019069\r\n"


def test_the_check_byte_makes_the_sum_a_multiple_of_256() -> None:
    assert lrc(bytes.fromhex("0103006B0003")) == b"\x8e"
    assert lrc(b"\x80\x80") == b"\x00"


def test_frames_are_found_in_pieces_in_a_row_and_in_noise() -> None:
    framing = AsciiFraming()
    assert framing.feed(b"\xff\x00" + VOLTAGE[:7]) == []
    assert framing.waiting
    (first, second) = framing.feed(VOLTAGE[7:] + VOLTAGE)
    assert (first.unit, first.pdu, first.raw) == (1, bytes.fromhex("0300050001"), VOLTAGE)
    assert second == first
    assert not framing.waiting


def test_a_colon_begins_anew_and_a_wrong_check_is_given_up() -> None:
    framing = AsciiFraming()
    assert len(framing.feed(VOLTAGE[:9] + VOLTAGE)) == 1
    assert framing.feed(b":010300050001F7\r\n") == []
    assert framing.feed(b":01030005000G\r\n") == []
    assert framing.feed(b":\r\n") == []
    assert len(framing.feed(VOLTAGE.lower())) == 1


def test_silence_and_endless_text_end_a_frame() -> None:
    framing = AsciiFraming()
    framing.feed(VOLTAGE[:9])
    assert framing.silence() == []
    assert framing.feed(VOLTAGE[9:]) == []
    framing.feed(b":" + b"0" * 600)
    assert not framing.waiting


@pytest.mark.asyncio
async def test_ascii_over_tcp_answers_to_the_byte_and_is_silent_for_others() -> None:
    async with faulty(transport="ascii_over_tcp") as line:
        await line.send(VOLTAGE)
        assert bytes.fromhex(await line.exactly(len(RIGHT))) == RIGHT
        await line.send(b":010300040001F7\r\n")
        assert bytes.fromhex(await line.exactly(11)) == b":0183027A\r\n"
        await line.send(b":090300050001EE\r\n")
        assert await line.receive() == ""


@pytest.mark.asyncio
async def test_a_wrong_check_can_be_made_in_text_too() -> None:
    async with faulty({"kind": "serial_noise", "mode": "crc"}, transport="ascii_over_tcp") as line:
        await line.send(VOLTAGE)
        assert bytes.fromhex(await line.exactly(len(RIGHT))) == b":010302019060\r\n"


@pytest.mark.asyncio
async def test_ascii_on_a_pseudo_terminal_takes_its_time() -> None:
    server = ModbusServer({1: MAP.image(READOUT)}, framing=AsciiFraming, timing=Timing(baud=2400))
    async with server.on_terminal() as path:
        device = os.open(path, os.O_RDWR | os.O_NOCTTY)
        try:
            before = asyncio.get_running_loop().time()
            os.write(device, VOLTAGE)
            assert await asyncio.to_thread(os.read, device, 100) == RIGHT
            # 17 and 15 characters of 11 bits, and twice 3.5 characters of silence: 179 ms.
            assert 0.17 <= asyncio.get_running_loop().time() - before < 0.4
        finally:
            os.close(device)
