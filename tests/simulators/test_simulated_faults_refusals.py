"""Each fault that gives an exception or silence where there would be an answer, by its bytes."""

import asyncio
from typing import Any

import pytest
from faulty_modbus import ask, faulty

from simulators.servers.modbus.exchange import Timing

ILLEGAL_ADDRESS = "00 07 00 00 00 03 01 83 02"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "address", "count", "answer"),
    [
        ({"kind": "exc_06_busy"}, 5, 1, "00 07 00 00 00 03 01 83 06"),
        ({"kind": "exc_0b_gateway"}, 5, 1, "00 07 00 00 00 03 01 83 0B"),
        ({"kind": "exc_0a_path"}, 5, 1, "00 07 00 00 00 03 01 83 0A"),
        ({"kind": "exception"}, 5, 1, "00 07 00 00 00 03 01 83 04"),
        ({"kind": "exception", "code": 0x41}, 5, 1, "00 07 00 00 00 03 01 83 41"),
        ({"kind": "exc_02_gap", "gaps": [{"first": 6, "last": 7}]}, 5, 2, ILLEGAL_ADDRESS),
        ({"kind": "exc_02_gap", "gaps": [{"first": 6, "last": 7}]}, 7, 2, ILLEGAL_ADDRESS),
        ({"kind": "exc_02_misaligned"}, 1, 2, ILLEGAL_ADDRESS),
        ({"kind": "exc_02_misaligned"}, 0, 1, ILLEGAL_ADDRESS),
        ({"kind": "exc_02_misaligned"}, 0, 3, ILLEGAL_ADDRESS),
        ({"kind": "max_regs_small", "limit": 2}, 0, 3, ILLEGAL_ADDRESS),
        ({"kind": "max_regs_small", "limit": 2, "answer": "03"}, 0, 3, "00 07 00 00 00 03 01 83 03"),
        ({"kind": "max_regs_small", "limit": 2, "answer": "truncated"}, 0, 4, "00 07 00 00 00 07 01 03 04 00 12 34 56"),
        ({"kind": "one_value_per_request"}, 0, 4, ILLEGAL_ADDRESS),
        ({"kind": "one_value_per_request"}, 0, 1, ILLEGAL_ADDRESS),
    ],
)
async def test_a_refusal(fault: dict[str, Any], address: int, count: int, answer: str) -> None:
    async with faulty(fault) as line:
        assert await line.answer(ask(7, address, count)) == answer
        assert line.server.hits == [1]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "address", "count"),
    [
        ({"kind": "exc_02_gap", "gaps": [{"first": 6, "last": 7}]}, 5, 1),
        ({"kind": "exc_02_gap", "gaps": [{"first": 6, "last": 7}]}, 8, 1),
        ({"kind": "exc_02_misaligned"}, 0, 4),
        ({"kind": "exc_02_misaligned", "align": 1}, 5, 1),
        ({"kind": "max_regs_small", "limit": 4}, 0, 4),
        ({"kind": "one_value_per_request"}, 0, 2),
    ],
)
async def test_what_is_not_refused_is_answered_and_not_counted(fault: dict[str, Any], address: int, count: int) -> None:
    async with faulty(fault) as line:
        assert (await line.answer(ask(7, address, count))).startswith(f"00 07 00 00 00 {3 + 2 * count:02X} 01 03")
        assert line.server.hits == [0]


@pytest.mark.asyncio
async def test_a_block_that_is_too_long_can_be_met_with_silence() -> None:
    async with faulty({"kind": "max_regs_small", "limit": 2, "answer": "silence"}) as line:
        await line.send(ask(7, 0, 3))
        assert await line.receive() == ""
        assert (await line.answer(ask(8, 0, 2))).endswith("00 12 34 56")


@pytest.mark.asyncio
async def test_a_dead_unit_behind_a_gateway_keeps_its_siblings_waiting_and_leaves_them_right() -> None:
    async with faulty({"kind": "exc_0b_gateway", "unit": 2, "after": "100ms"}) as line:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await line.send(ask(7, 5, 1, unit=2) + ask(8, 5, 1))
        assert await line.exactly(9) == "00 07 00 00 00 03 02 83 0B"
        assert await line.exactly(11) == "00 08 00 00 00 05 01 03 02 01 90"
        assert 0.1 <= loop.time() - before < 0.5


@pytest.mark.asyncio
async def test_a_busy_device_is_busy_for_a_while_of_plant_time() -> None:
    async with faulty({"kind": "exc_06_busy", "from": "10s", "for": "5s"}) as line:
        answers = []
        for time_s in (9.0, 10.0, 14.9, 15.0):
            line.server.faults.show({}, round(time_s * 1e9))
            answers.append((await line.answer(ask(7, 5, 1)))[21:])
    assert answers == ["03 02 01 90", "83 06", "83 06", "03 02 01 90"]


@pytest.mark.asyncio
async def test_a_unit_that_is_not_there_takes_the_gateway_its_own_time_out() -> None:
    timing = Timing(absent_s=0.1, absent_code=0x0A)
    async with faulty(timing=timing) as line:
        loop = asyncio.get_running_loop()
        before = loop.time()
        assert await line.answer(ask(7, 5, 1, unit=9)) == "00 07 00 00 00 03 09 83 0A"
        assert 0.1 <= loop.time() - before < 0.5
    async with faulty(timing=Timing(absent_code=None)) as line:
        await line.send(ask(7, 5, 1, unit=9))
        assert await line.receive() == ""


@pytest.mark.asyncio
async def test_the_serial_line_behind_a_gateway_takes_its_time() -> None:
    # 1200 baud: 8 and 13 characters of 11 bits, and twice 3.5 characters of silence: 257 ms.
    async with faulty(timing=Timing(latency_s=0.02, baud=1200)) as line:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await line.answer(ask(7, 0, 4))
        assert 0.277 <= loop.time() - before < 0.4


@pytest.mark.asyncio
async def test_a_gateway_asks_one_unit_at_a_time_whoever_wants_to_know() -> None:
    async with faulty(timing=Timing(latency_s=0.05)) as line, line.server.connected() as other:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.gather(line.answer(ask(1, 5, 1)), other.answer(ask(1, 5, 1, unit=2)))
        assert 0.1 <= loop.time() - before < 0.3
