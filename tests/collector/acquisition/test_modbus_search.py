"""Meters whose registers begin where their own list of SunSpec models says, polled on a line with others."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from adversarial_modbus import Answering, ModbusServer, Request, endpoint, serving
from image import showing
from polled_line import Line, many_registers, meter
from waiting import until

from collector.acquisition.modbus.search import Search
from collector.acquisition.modbus.sunspec import SunSpecMissing
from collector.plant.meter import PolledMeter
from collector.plant.profile import BlockRules, Register, RegisterType
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

SUNS = (0x5375, 0x6E53)
POWER = Register(
    "active_power", Quantity.ACTIVE_POWER, 3, 18, RegisterType.S16, 1, unit="kW", exponent="power_exponent"
)
EXPONENT = Register("power_exponent", None, 3, 22, RegisterType.S16, 1)
MAKER = Register("maker", None, 3, 60, RegisterType.STRING, 2, expect=("ABB",))


def device(start: int, *models: tuple[int, int], power: int = 125) -> dict[int, int]:
    """Return the registers of a device with models of these ids and lengths; model 203 shows a power in tens of kW."""
    image: dict[int, int] = {}
    at = start
    image |= dict(zip(itertools.count(at), SUNS, strict=False))
    at += 2
    for id_, length in (*models, (0xFFFF, 0)):
        image |= dict.fromkeys(range(at, at + length + 2), 0)
        image |= {at: id_, at + 1: length}
        if id_ == 203:
            image |= {at + 18: power, at + 22: 1, at + 60: 0x4142, at + 61: 0x4220}
        at += 2 + length
    return image


def sunspec_meter(port: int, *, every_s: float = 0.05, timeout_s: float = 0.1, unit: int = 7) -> PolledMeter:
    registers = [POWER, EXPONENT, MAKER]
    rules = BlockRules(max_gap=5, atomic=(("active_power", "power_exponent"),))
    made = meter("sun", endpoint(port, timeout_s=timeout_s), unit, registers, every_s=every_s, rules=rules)
    return replace(made, profile=replace(made.profile, sunspec_model=203))


def by_unit(answers: dict[int, Answering]) -> Answering:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        await answers[request.unit](request, writer)

    return answer


def asked(server: ModbusServer, unit: int = 7) -> list[tuple[int, int]]:
    return [(request.address, request.count) for request in server.requests if request.unit == unit]


def good(line: Line) -> Callable[[], bool]:
    return lambda: len(line.good_times("sun", Quantity.ACTIVE_POWER)) >= 3


def test_silence_in_the_middle_of_a_list_is_no_end_of_the_list() -> None:
    search = Search(203, "sun")
    search.go_on(bytes.fromhex("5375 6E53"))
    with pytest.raises(SunSpecMissing, match=r"^no answer within 1 s$"):
        search.go_on(None, "no answer within 1 s")


def test_what_is_refused_in_the_middle_of_a_list_is_its_end() -> None:
    search = Search(203, "sun")
    search.go_on(None, "no answer within 1 s")
    search.go_on(bytes.fromhex("5375 6E53"))
    with pytest.raises(SunSpecMissing, match=r"^find SunSpec model 203 of sun: its list of models breaks off at 2; "):
        search.go_on(None)


@pytest.mark.parametrize(
    ("start", "models", "base", "looked_at"),
    [
        (40000, [(1, 66), (203, 105)], 40070, [40000, 40002, 40070]),
        (40000, [(1, 65), (103, 50), (203, 105)], 40121, [40000, 40002, 40069, 40121]),
        (0, [(1, 66), (203, 105)], 70, [40000, 0, 2, 70]),
        (50000, [(1, 66), (12, 98), (203, 105)], 50170, [40000, 0, 50000, 50002, 50070, 50170]),
    ],
)
@pytest.mark.asyncio
async def test_the_registers_are_asked_for_where_the_list_of_models_has_them(
    start: int, models: list[tuple[int, int]], base: int, looked_at: list[int]
) -> None:
    async with serving(showing(device(start, *models))) as server:
        line = Line([sunspec_meter(server.port)])
        async with line.polled():
            await until(good(line))
    assert {(row.value, row.quality) for row in line.readings("sun")} == {(1250.0, Quality.GOOD)}
    steps = asked(server)[: len(looked_at)]
    assert steps == [(address, 2) for address in looked_at]
    # Once on a connection, and from then on the registers alone.
    assert set(asked(server)[len(looked_at) :]) == {(base + 18, 5), (base + 60, 2)}
    health = line.instruments.meters["sun"]
    assert (health.error, health.set_aside, health.device) == ("", (), {"maker": "ABB"})


@pytest.mark.asyncio
async def test_after_each_connection_the_registers_are_looked_for_anew() -> None:
    image = device(40000, (1, 66), (203, 105))
    async with serving(showing(image)) as server:
        line = Line([sunspec_meter(server.port)])
        async with line.polled():
            await until(good(line))
            image.clear()
            image.update(device(40000, (1, 66), (701, 153), (203, 105), power=77))
            server.drop()
            await until(lambda: line.arrivals[-1].batch.value[0] == 770.0)
    # No value was taken from the place where the model was before.
    values = [row.value for row in line.readings("sun", lambda row: row.quality == Quality.GOOD)]
    assert set(values) == {1250.0, 770.0}
    assert (40225 + 18, 5) in asked(server)


@pytest.mark.asyncio
async def test_a_model_that_is_not_there_is_said_in_words_and_looked_for_again_while_siblings_are_read() -> None:
    image = device(40000, (1, 66), (103, 50))
    sibling = dict.fromkeys(range(10), 5)
    async with serving(by_unit({7: showing(image), 8: showing(sibling)})) as server:
        at = endpoint(server.port)
        other = meter("other", at, 8, many_registers(5, function=3), every_s=0.05)
        line = Line([sunspec_meter(server.port), other])
        async with line.polled():
            await until(lambda: len(line.good_times("other")) >= 20)
            health = line.instruments.meters["sun"]
            assert health.error == (
                "find SunSpec model 203 of sun (unit 7): there is no model 203; the device has: 1, 103. "
                "Choose the profile of a model that it has"
            )
            assert {row.quality for row in line.readings("sun")} == {Quality.BAD_COMM_FAILURE}
            assert 4 <= len(asked(server)) <= 40  # ever more rarely: not at each of the 20 ticks
            image.update(device(40000, (1, 66), (103, 50), (203, 105)))
            await until(good(line), within_s=30.0)
            assert health.error == ""
    assert {row.quality for row in line.readings("other")} == {Quality.GOOD}


@pytest.mark.asyncio
async def test_a_device_that_says_nothing_where_it_has_nothing_is_found_further_on() -> None:
    image = device(50000, (1, 66), (203, 105))
    rightly = showing(image)

    async def mute(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.address in image:
            await rightly(request, writer)

    async with serving(mute) as server:
        # Alone on its line, and asked more often than it takes to find it.
        line = Line([sunspec_meter(server.port, every_s=0.02, timeout_s=0.05)])
        async with line.polled():
            await until(good(line))
    assert server.connections == 1
    assert [address for address, _ in asked(server)[:3]] == [40000, 0, 50000]
    assert line.instruments.meters["sun"].error == ""


@pytest.mark.asyncio
async def test_a_silent_device_is_told_as_silent_and_costs_its_sibling_nothing() -> None:
    async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
        del request, writer

    sibling = dict.fromkeys(range(10), 5)
    async with serving(by_unit({7: silent, 8: showing(sibling)})) as server:
        other = meter("other", endpoint(server.port), 8, many_registers(5, function=3), every_s=0.1)
        line = Line([sunspec_meter(server.port, timeout_s=0.4), other])
        async with line.polled():
            await until(lambda: len(line.good_times("other")) >= 15)
    assert "read holding registers 40000+2 of sun" in line.instruments.meters["sun"].error
    assert "SunSpec" not in line.instruments.meters["sun"].error
    times = line.good_times("other")[3:]
    assert (times[-1] - times[0]) / (len(times) - 1) == pytest.approx(0.1, rel=0.2)
    assert line.instruments.meters["other"].silent == 0
    # Known as silent, it is asked when nobody else is due, and so no question is broken off and asked once more.
    addresses = [address for address, _ in asked(server)]
    assert sum(one == other for one, other in itertools.pairwise(addresses)) <= 1


@pytest.mark.asyncio
async def test_a_line_on_which_nobody_answers_any_more_is_given_up_although_there_is_much_to_look_for() -> None:
    async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
        del request, writer

    async with serving(silent) as server:
        line = Line([sunspec_meter(server.port, every_s=0.05, timeout_s=0.03)])
        async with line.polled():
            await until(lambda: server.connections >= 2)
    assert [address for address, _ in asked(server)[:6]] == [40000, 0, 50000] * 2


@pytest.mark.asyncio
async def test_between_two_steps_of_a_search_a_sibling_that_is_due_has_its_turn() -> None:
    image = device(40000, *((number, 10) for number in range(1, 90)), (203, 105))
    sun = showing(image)

    async def slowly(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        await sun(request, writer)

    sibling = dict.fromkeys(range(10), 5)
    async with serving(by_unit({7: slowly, 8: showing(sibling)})) as server:
        other = meter("other", endpoint(server.port), 8, many_registers(5, function=3), every_s=0.1)
        line = Line([sunspec_meter(server.port, every_s=1.0, timeout_s=1.0), other])
        async with line.polled():
            await until(lambda: len(line.good_times("sun", Quantity.ACTIVE_POWER)) >= 1)
    units = [request.unit for request in server.requests]
    # 91 steps of 10 ms each take nine periods of the sibling.
    during = units[: [request.address for request in server.requests].index(40000 + 2 + 89 * 12)]
    assert during.count(8) >= 6


@pytest.mark.asyncio
async def test_a_device_that_is_starting_is_asked_again_where_its_list_begins() -> None:
    image = device(40000, (1, 66), (203, 105))
    rightly = showing(image)
    count = itertools.count()

    async def first_busy_then_broken(request: Request, writer: asyncio.StreamWriter) -> None:
        number = next(count)
        if number == 0:
            writer.write(request.adu(bytes([0x83, 6])))
        elif number == 2:
            writer.write(request.adu(bytes([0x83, 4])))  # in the list: it breaks off
        elif number == 4:
            writer.write(request.adu(bytes([0x83, 11])))
        else:
            await rightly(request, writer)

    async with serving(first_busy_then_broken) as server:
        line = Line([sunspec_meter(server.port)])
        async with line.polled():
            await until(good(line))
    addresses = [address for address, _ in asked(server)]
    assert addresses[:7] == [40000, 40000, 40002, 40000, 40002, 40000, 40002]
    assert line.instruments.meters["sun"].error == ""


@pytest.mark.asyncio
async def test_a_device_that_stays_busy_is_not_taken_for_one_without_models() -> None:
    async def busy(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(bytes([0x83, 6])))

    async with serving(busy) as server:
        line = Line([sunspec_meter(server.port)])
        async with line.polled():
            await until(lambda: bool(line.instruments.meters["sun"].error), within_s=30.0)
    assert "exception 06" in line.instruments.meters["sun"].error
    assert set(asked(server)) == {(40000, 2)}
