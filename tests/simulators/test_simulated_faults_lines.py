"""Each fault of connections and of timing, by its effect on sockets."""

import asyncio

import pytest
from faulty_modbus import ask, faulty

VOLTAGE = ask(7, 5, 1)
RIGHT = "00 07 00 00 00 05 01 03 02 01 90"


@pytest.mark.asyncio
async def test_a_connection_too_many_is_cut_off() -> None:
    async with faulty({"kind": "conn_limit", "n": 1}) as line:
        assert await line.answer(VOLTAGE) == RIGHT
        async with line.server.connected() as other:
            assert await other.receive() == "RST"
        assert await line.answer(VOLTAGE) == RIGHT
        assert line.server.hits == [1]


@pytest.mark.asyncio
async def test_a_connection_too_many_can_stay_mute() -> None:
    async with faulty({"kind": "conn_limit", "n": 1, "mode": "mute"}) as line:
        assert await line.answer(VOLTAGE) == RIGHT
        async with line.server.connected() as other:
            await other.send(VOLTAGE)
            assert await other.receive() == ""
        assert await line.answer(VOLTAGE) == RIGHT


@pytest.mark.asyncio
async def test_a_connection_too_many_can_take_the_oldest_ones_place() -> None:
    async with faulty({"kind": "conn_limit", "n": 1, "mode": "kick_oldest"}) as line:
        assert await line.answer(VOLTAGE) == RIGHT
        async with line.server.connected() as other:
            assert await other.answer(VOLTAGE) == RIGHT
            assert await line.receive() == "RST"


@pytest.mark.asyncio
async def test_a_connection_without_questions_is_closed() -> None:
    async with faulty({"kind": "idle_disconnect", "after": "500ms"}) as line:
        for _ in range(3):
            await asyncio.sleep(0.2)
            assert await line.answer(VOLTAGE) == RIGHT
        before = asyncio.get_running_loop().time()
        assert await line.receive(within_s=30) == "FIN"
        assert 0.3 < asyncio.get_running_loop().time() - before < 5
        assert line.server.hits == [1]


@pytest.mark.asyncio
async def test_a_half_open_connection_stays_silent_and_open_while_a_new_one_is_served() -> None:
    async with faulty({"kind": "half_open", "for": "10s"}) as line:
        await line.send(VOLTAGE)
        assert await line.receive() == ""
        line.server.faults.show({}, 10_000_000_000)
        await line.send(VOLTAGE)
        assert await line.receive() == ""
        async with line.server.connected() as other:
            assert await other.answer(VOLTAGE) == RIGHT


@pytest.mark.asyncio
async def test_only_the_first_answer_of_a_connection_is_late() -> None:
    async with faulty({"kind": "slow_accept", "first": "150ms"}) as line:
        loop = asyncio.get_running_loop()
        before = loop.time()
        assert await line.answer(VOLTAGE) == RIGHT
        first = loop.time()
        assert await line.answer(VOLTAGE) == RIGHT
        assert 0.15 <= first - before < 0.5
        assert loop.time() - first < 0.1
        assert line.server.hits == [1]


@pytest.mark.asyncio
async def test_every_answer_can_be_slow() -> None:
    async with faulty({"kind": "slow_reply", "by": "60ms"}) as line:
        before = asyncio.get_running_loop().time()
        for _ in range(2):
            assert await line.answer(VOLTAGE) == RIGHT
        assert 0.12 <= asyncio.get_running_loop().time() - before < 0.5


@pytest.mark.asyncio
async def test_a_question_too_soon_after_another_is_dropped() -> None:
    async with faulty({"kind": "min_gap", "gap": "100ms"}) as line:
        await line.send(ask(1, 5, 1) + ask(2, 5, 1))
        assert await line.receive() == "00 01 00 00 00 05 01 03 02 01 90"
        assert await line.answer(ask(3, 5, 1)) == "00 03 00 00 00 05 01 03 02 01 90"
        assert line.server.hits == [1]


@pytest.mark.asyncio
async def test_two_questions_at_once_hang_the_device_until_the_fault_is_taken_away() -> None:
    async with faulty({"kind": "parallel_hang", "id": "hang"}) as line, line.server.connected() as other:
        assert await line.answer(VOLTAGE) == RIGHT
        await other.send(VOLTAGE)
        assert await other.receive() == ""
        await line.send(VOLTAGE)
        assert await line.receive() == ""
        line.server.book.remove("hang")
        assert await line.answer(VOLTAGE) == RIGHT


@pytest.mark.asyncio
async def test_one_question_after_the_other_does_not_hang_the_device() -> None:
    async with faulty({"kind": "parallel_hang", "within": "10ms"}) as line, line.server.connected() as other:
        for _ in range(2):
            for one in (line, other):
                assert await one.answer(VOLTAGE) == RIGHT
                await asyncio.sleep(0.03)


@pytest.mark.asyncio
async def test_a_client_that_does_not_read_its_answers_does_not_block_the_others() -> None:
    async with faulty({"kind": "long_frame", "extra": 512}) as line, line.server.connected() as deaf:
        for _ in range(20):
            deaf.writer.write(VOLTAGE * 1000)
        await asyncio.sleep(0.3)
        await line.send(VOLTAGE)
        assert (await line.exactly(11)) == RIGHT
