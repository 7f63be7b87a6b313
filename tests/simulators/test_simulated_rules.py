"""What a simulated meter refuses, as its map says: on a socket, to the byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from faulty_modbus import ask
from written_profile import image, words, written

from simulators.servers.modbus import ModbusServer
from simulators.servers.registers import MeterImage

FOUR = "".join(
    f"[registers.{name}]\naddress = {address}\ntype = 'u16'\nunit = '{unit}'\n"
    for name, address, unit in (
        ("voltage", 10, "V"),
        ("current", 11, "A"),
        ("frequency", 14, "Hz"),
        ("power_factor", 20, "%"),
    )
)
ILLEGAL_ADDRESS, ILLEGAL_VALUE = "03 01 83 02", "03 01 83 03"


@asynccontextmanager
async def served(shown: MeterImage) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with ModbusServer({1: shown}).listening("127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


async def asked(shown: MeterImage, *ranges: tuple[int, int], function: int = 3) -> list[str]:
    """Give each answer from the length on."""
    answers = []
    async with served(shown) as (reader, writer), asyncio.timeout(30):
        for address, count in ranges:
            writer.write(ask(1, address, count, function=function))
            head = await reader.readexactly(6)
            answers.append((head[5:] + await reader.readexactly(head[5])).hex(" ").upper())
    return answers


@pytest.mark.asyncio
async def test_more_registers_than_the_device_gives_are_an_illegal_value(tmp_path: Path) -> None:
    shown = image(written(tmp_path, FOUR, "function = 3\nmax_registers = 4\nmax_gap = 10"))
    assert await asked(shown, (10, 5), (10, 4)) == [ILLEGAL_VALUE, "0B 01 03 08 01 90 00 64 00 00 00 00"]


@pytest.mark.asyncio
async def test_registers_without_a_meaning_are_not_there(tmp_path: Path) -> None:
    shown = image(written(tmp_path, FOUR))
    assert await asked(shown, (10, 2), (10, 3), (12, 1), (9, 2), (20, 2)) == [
        "07 01 03 04 01 90 00 64",
        *[ILLEGAL_ADDRESS] * 4,
    ]


@pytest.mark.asyncio
async def test_a_short_gap_may_be_read_over_where_the_map_says_so(tmp_path: Path) -> None:
    shown = image(written(tmp_path, FOUR, "function = 3\nmax_gap = 2"))
    # 12 and 13 are such a gap, 15 to 19 is too long for one.
    assert await asked(shown, (11, 4), (14, 7)) == ["0B 01 03 08 00 64 00 00 00 00 00 32", ILLEGAL_ADDRESS]


@pytest.mark.asyncio
async def test_a_hole_is_never_read_over(tmp_path: Path) -> None:
    shown = image(written(tmp_path, FOUR, "function = 3\nmax_gap = 10\nholes = [[16, 17]]"))
    assert await asked(shown, (14, 2), (14, 3), (17, 4), (18, 3)) == [
        "07 01 03 04 00 32 00 00",
        ILLEGAL_ADDRESS,
        ILLEGAL_ADDRESS,
        "09 01 03 06 00 00 00 00 00 50",
    ]


@pytest.mark.asyncio
async def test_pairs_of_registers_are_read_whole(tmp_path: Path) -> None:
    shown = image(written(tmp_path, FOUR, "function = 3\nalign = 2"))
    assert await asked(shown, (10, 2), (11, 2), (10, 1), (14, 2)) == [
        "07 01 03 04 01 90 00 64",
        ILLEGAL_ADDRESS,
        ILLEGAL_ADDRESS,
        "07 01 03 04 00 32 00 00",
    ]


@pytest.mark.asyncio
async def test_declared_blocks_are_read_whole_and_nothing_else(tmp_path: Path) -> None:
    shown = image(written(tmp_path, FOUR, "function = 3\nreading = 'declared'\nblocks = [[10, 5], [20, 1]]"))
    assert await asked(shown, (10, 5), (10, 4), (14, 1), (20, 1)) == [
        "0D 01 03 0A 01 90 00 64 00 00 00 00 00 32",
        ILLEGAL_ADDRESS,
        ILLEGAL_ADDRESS,
        "05 01 03 02 00 50",
    ]


@pytest.mark.asyncio
async def test_a_block_among_others_is_read_whole_in_a_request_of_its_own(tmp_path: Path) -> None:
    shown = image(written(tmp_path, FOUR, "function = 3\nmax_gap = 9\nblocks = [[10, 2]]"))
    assert await asked(shown, (10, 2), (10, 1), (10, 5), (14, 1)) == [
        "07 01 03 04 01 90 00 64",
        ILLEGAL_ADDRESS,
        ILLEGAL_ADDRESS,
        "05 01 03 02 00 32",
    ]


@pytest.mark.asyncio
async def test_one_value_at_a_time(tmp_path: Path) -> None:
    text = FOUR + "[registers.active_power]\naddress = 30\ntype = 'u32'\nunit = 'W'"
    shown = image(written(tmp_path, text, "function = 3\nreading = 'one_value'"))
    assert await asked(shown, (10, 1), (10, 2), (30, 2), (30, 1)) == [
        "05 01 03 02 01 90",
        ILLEGAL_ADDRESS,
        "07 01 03 04 00 00 EA 60",
        ILLEGAL_ADDRESS,
    ]


@pytest.mark.asyncio
async def test_bits_come_low_bit_first(tmp_path: Path) -> None:
    text = "".join(
        f"[registers.alarm_{place}]\naddress = {place}\ntype = 'bit'\ninfo = true\nexpect = [{place % 3 == 0:d}]\n"
        for place in range(10)
    )
    shown = image(written(tmp_path, text, "function = 1"))
    # Bits 0, 3, 6 and 9 are set.
    assert await asked(shown, (0, 10), (3, 1), (9, 2), function=1) == [
        "05 01 01 02 49 02",
        "04 01 01 01 01",
        "03 01 81 02",
    ]
    assert words(shown, 1, 3, function=1) == "04"
    assert words(shown, 0, 1, function=2) == "not there"


@pytest.mark.asyncio
async def test_a_value_may_be_read_in_part_as_devices_allow(tmp_path: Path) -> None:
    text = "[registers.active_power]\naddress = 30\ntype = 'u32'\nunit = 'W'"
    assert await asked(image(written(tmp_path, text)), (31, 1)) == ["05 01 03 02 EA 60"]
