"""Each fault of frames, headers and pieces, by its bytes on a socket.

The question is always for register 5 of unit 1, the voltage, and the right answer 00 07 00 00 00 05 01 03 02 01 90.
"""

import asyncio
from typing import Any

import pytest
from faulty_modbus import ask, faulty

VOLTAGE = ask(7, 5, 1)
RTU_VOLTAGE = bytes.fromhex("01 03 00 05 00 01 94 0B")
RIGHT = "00 07 00 00 00 05 01 03 02 01 90"
RTU_RIGHT = "01 03 02 01 90 B9 B8"


@pytest.mark.asyncio
async def test_without_faults_the_answer_is_right() -> None:
    async with faulty() as line:
        assert await line.answer(VOLTAGE) == RIGHT
    async with faulty(transport="rtu_over_tcp") as line:
        await line.send(RTU_VOLTAGE)
        assert await line.receive() == RTU_RIGHT


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "on_the_wire"),
    [
        ({"kind": "short_frame"}, "00 07 00 00 00 05 01 03 02 01"),
        ({"kind": "short_frame", "cut": 2}, "00 07 00 00 00 05 01 03 02"),
        ({"kind": "short_frame", "cut": 0}, "00 07 00 00 00 05"),
        ({"kind": "short_frame", "cut": 2, "then": "fin"}, "00 07 00 00 00 05 01 03 02 FIN"),
        ({"kind": "long_frame"}, RIGHT + " 00"),
        ({"kind": "long_frame", "extra": 3}, RIGHT + " 00 00 00"),
        ({"kind": "byte_count_mismatch"}, "00 07 00 00 00 03 01 03 00"),
        ({"kind": "byte_count_mismatch", "delta": 2}, "00 07 00 00 00 07 01 03 04 01 90 00 00"),
        ({"kind": "wrong_tid"}, "00 06 00 00 00 05 01 03 02 01 90"),
        ({"kind": "wrong_tid", "mode": "zero"}, "00 00 00 00 00 05 01 03 02 01 90"),
        ({"kind": "wrong_tid", "mode": "constant", "constant": 258}, "01 02 00 00 00 05 01 03 02 01 90"),
        ({"kind": "duplicate_reply"}, f"{RIGHT} {RIGHT}"),
        ({"kind": "wrong_unit"}, "00 07 00 00 00 05 02 03 02 01 90"),
        ({"kind": "wrong_unit", "other": 17}, "00 07 00 00 00 05 11 03 02 01 90"),
        ({"kind": "wrong_fc"}, "00 07 00 00 00 05 01 04 02 01 90"),
        ({"kind": "wrong_fc", "other": 16}, "00 07 00 00 00 05 01 10 02 01 90"),
        ({"kind": "hang_up", "mode": "fin"}, "FIN"),
        ({"kind": "hang_up"}, "RST"),
        ({"kind": "no_reply"}, ""),
    ],
)
async def test_a_fault_on_tcp(fault: dict[str, Any], on_the_wire: str) -> None:
    async with faulty(fault) as line:
        await line.send(VOLTAGE)
        assert await line.receive() == on_the_wire
        assert line.server.hits == [1]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "on_the_wire"),
    [
        ({"kind": "short_frame"}, "01 03 02 01 90 B9"),
        ({"kind": "wrong_unit"}, "02 03 02 01 90 FD B8"),
        ({"kind": "wrong_fc"}, "01 04 02 01 90 B8 CC"),
        ({"kind": "serial_noise", "mode": "crc"}, "01 03 02 01 90 B9 47"),
        ({"kind": "serial_noise", "mode": "echo"}, f"01 03 00 05 00 01 94 0B {RTU_RIGHT}"),
        ({"kind": "serial_noise", "mode": "leading"}, f"00 FF {RTU_RIGHT}"),
        ({"kind": "serial_noise", "mode": "leading", "noise": "FEFE"}, f"FE FE {RTU_RIGHT}"),
        ({"kind": "serial_noise", "ber": 1}, "FE FC FD FE 6F 46 47"),
        ({"kind": "two_masters"}, f"02 03 00 00 00 01 84 39 02 03 02 22 22 64 FD {RTU_RIGHT}"),
    ],
)
async def test_a_fault_on_a_serial_line(fault: dict[str, Any], on_the_wire: str) -> None:
    async with faulty(fault, transport="rtu_over_tcp") as line:
        await line.send(RTU_VOLTAGE)
        assert await line.receive() == on_the_wire
        assert line.server.hits == [1]


@pytest.mark.asyncio
async def test_bit_errors_are_as_frequent_as_they_should_be_and_the_same_with_the_same_seed() -> None:
    runs = []
    for seed in (1, 1, 2):
        async with faulty({"kind": "serial_noise", "ber": 0.01, "seed": seed}, transport="rtu_over_tcp") as line:
            received = []
            for _ in range(200):
                await line.send(RTU_VOLTAGE)
                received.append(await line.exactly(7))
            # 56 bits a frame: 43 % of the frames have an error.
            assert 60 <= line.server.hits[0] <= 115
            assert line.server.hits[0] == sum(one != RTU_RIGHT for one in received)
            runs.append(received)
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.asyncio
async def test_a_random_transaction_id_is_never_the_right_one() -> None:
    async with faulty({"kind": "wrong_tid", "mode": "random"}) as line:
        answers = {(await line.answer(VOLTAGE))[:5] for _ in range(20)}
    assert "00 07" not in answers
    assert len(answers) > 15


@pytest.mark.asyncio
async def test_a_late_answer_comes_while_the_next_question_waits() -> None:
    async with faulty({"kind": "late_reply", "by": "80ms", "at_most": 1}) as line:
        before = asyncio.get_running_loop().time()
        await line.send(VOLTAGE)
        await line.send(ask(8, 6, 1))
        assert await line.exactly(11) == "00 08 00 00 00 05 01 03 02 00 05"
        assert await line.exactly(11) == RIGHT
        assert 0.07 < asyncio.get_running_loop().time() - before < 0.5


@pytest.mark.asyncio
async def test_a_late_answer_can_come_just_before_the_next_one() -> None:
    async with faulty({"kind": "late_reply", "by": "next", "at_most": 1}) as line:
        await line.send(VOLTAGE)
        assert await line.receive() == ""
        await line.send(ask(8, 6, 1))
        assert await line.receive() == f"{RIGHT} 00 08 00 00 00 05 01 03 02 00 05"


@pytest.mark.asyncio
async def test_an_answer_in_pieces_begins_with_a_single_byte() -> None:
    async with faulty({"kind": "reply_split", "size": 6, "pause": "40ms"}) as line:
        await line.send(VOLTAGE)
        pieces = [(await line.reader.read(1024)).hex(" ").upper() for _ in range(3)]
    assert pieces == ["00", "07 00 00 00 05 01", "03 02 01 90"]


@pytest.mark.asyncio
async def test_two_answers_can_come_in_one_segment() -> None:
    async with faulty({"kind": "reply_split", "mode": "glue"}) as line:
        await line.send(VOLTAGE)
        assert await line.receive() == ""
        await line.send(ask(8, 6, 1))
        assert (await line.reader.read(1024)).hex(" ").upper() == f"{RIGHT} 00 08 00 00 00 05 01 03 02 00 05"


@pytest.mark.asyncio
async def test_noise_that_hits_nothing_is_not_counted_and_leaves_the_pieces() -> None:
    faults = ({"kind": "reply_split"}, {"kind": "serial_noise", "ber": 0})
    async with faulty(*faults, transport="rtu_over_tcp") as line:
        await line.send(RTU_VOLTAGE)
        assert await line.exactly(7) == RTU_RIGHT
        assert line.server.hits == [1, 0]
