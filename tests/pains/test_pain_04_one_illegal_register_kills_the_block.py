"""One bad register among 120: the other 119 arrive in every cycle, and the bad one is known by name and reason."""

import asyncio
from itertools import pairwise

import pytest
import structlog
from adversarial_modbus import Request, endpoint, register, serving
from polled_line import QUANTITIES, Line, many_registers, meter
from waiting import until

from collector.readings.quality import Quality

pytestmark = pytest.mark.asyncio
BAD = 77


async def all_but_77(request: Request, writer: asyncio.StreamWriter) -> None:
    held = range(request.address, request.address + request.count)
    writer.write(request.adu(bytes([0x80 | request.function, 2]) if BAD in held else None))


async def test_the_other_119_arrive_in_every_cycle_the_first_included() -> None:
    async with serving(all_but_77) as server:
        line = Line([meter("m1", endpoint(server.port), 1, many_registers(120), every_s=0.1)])
        with structlog.testing.capture_logs() as logs:
            async with line.polled():
                await until(lambda: len(line.arrivals) >= 20)
        requests = len(server.requests)
    for arrival in line.arrivals:
        good = {row.point: row.value for row in arrival.batch if row.quality == Quality.GOOD}
        assert len(good) == 119
        assert good == {place: register(1, 4, place) for place in range(120) if place != BAD}
        (bad,) = [row for row in arrival.batch if row.quality != Quality.GOOD]
        assert (bad.point, bad.quality) == (BAD, Quality.BAD_CONFIG_ERROR)
    assert requests <= 15 + 2 * 20
    said = [entry for entry in logs if entry["event"] == "registers set aside"]
    assert len(said) == 1
    assert said[0]["registers"] == (QUANTITIES[BAD].label,)
    (aside,) = line.instruments.meters["m1"].set_aside
    assert aside.registers == (QUANTITIES[BAD].label,)
    assert "exception 02, illegal data address" in aside.reason
    assert line.instruments.meters["m1"].error == ""


async def test_a_device_that_refuses_everything_while_it_starts_has_nothing_set_aside_afterwards() -> None:
    async def refuses(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(bytes([0x80 | request.function, 2])))

    async with serving() as server:
        line = Line([meter("m1", endpoint(server.port), 1, many_registers(40), every_s=0.05)])
        async with line.polled():
            await until(lambda: len(line.arrivals) >= 3)
            answer, server.answer = server.answer, refuses
            before = len(server.requests)
            await until(lambda: len(line.arrivals) >= 40)
            asked = len(server.requests) - before
            assert "it refuses everything" in line.instruments.meters["m1"].error
            server.answer = answer
            count = len(line.good_times("m1"))
            await until(lambda: len(line.good_times("m1")) >= count + 5)
    assert asked < 60  # no storm of questions
    assert line.instruments.meters["m1"].set_aside == ()
    assert len([row for row in line.arrivals[-1].batch if row.quality == Quality.GOOD]) == 40


async def test_a_device_that_takes_30_registers_a_request_is_read_whole_though_its_profile_promises_125() -> None:
    async def at_most_30(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(bytes([0x80 | request.function, 3]) if request.count > 30 else None))

    async with serving(at_most_30) as server:
        line = Line([meter("m1", endpoint(server.port), 1, many_registers(100), every_s=0.05)])
        async with line.polled():
            await until(lambda: len(line.arrivals) >= 10)
    assert all(len(arrival.batch) == 100 and arrival.batch.usable.all() for arrival in line.arrivals)
    assert line.instruments.meters["m1"].most_registers == 25
    assert [request.count for request in server.requests[-4:]] == [25, 25, 25, 25]


async def test_a_device_that_says_nothing_to_long_requests_is_found_out_and_read_with_short_ones() -> None:
    async def mute_above_30(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.count <= 30:
            writer.write(request.adu())

    async with serving(mute_above_30) as server:
        line = Line([meter("m1", endpoint(server.port, timeout_s=0.1), 1, many_registers(100), every_s=0.2)])
        async with line.polled():
            await until(lambda: len(line.good_times("m1")) >= 5, within_s=30.0)
    assert line.arrivals[-1].batch.usable.all()
    assert line.instruments.meters["m1"].error == ""


async def test_answers_that_get_lost_one_after_a_short_one_do_not_cut_the_requests_of_a_device_short() -> None:
    """Two long ones in a row are lost, and the probe between them is answered: that is a bad line, no short memory."""
    lost = 0

    async def loses_some(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal lost
        if request.count == 100 and len(server.requests) > 20 and lost < 2:
            lost += 1
        else:
            writer.write(request.adu())

    async with serving(loses_some) as server:
        line = Line([meter("m1", endpoint(server.port, timeout_s=0.1), 1, many_registers(100), every_s=0.05)])
        async with line.polled():
            await until(lambda: lost == 2)
            count = len(line.good_times("m1"))
            await until(lambda: len(line.good_times("m1")) >= count + 5)
    assert line.instruments.meters["m1"].most_registers is None
    assert [request.count for request in server.requests[-4:]] == [100, 100, 100, 100]
    assert line.instruments.meters["m1"].error == ""


async def test_a_busy_device_is_asked_again_after_pauses_that_double_and_nobody_waits_for_it() -> None:
    asked: list[float] = []

    async def busy_at_first(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.unit == 1:
            asked.append(asyncio.get_running_loop().time())
            busy = len(asked) <= 3
            writer.write(request.adu(bytes([0x80 | request.function, 6]) if busy else None))
        else:
            writer.write(request.adu())

    async with serving(busy_at_first) as server:
        at = endpoint(server.port, timeout_s=1.0)
        line = Line([meter(f"m{unit}", at, unit, many_registers(5), every_s=1.0) for unit in (1, 2)])
        async with line.polled():
            await until(lambda: len(line.good_times("m1")) >= 1, within_s=30.0)
    pauses = [second - first for first, second in pairwise(asked)]
    assert [round(pause, 1) for pause in pauses[:3]] == [0.1, 0.2, 0.4]
    assert line.instruments.meters["m1"].busy == 3
    assert len(line.good_times("m2")) == 1
