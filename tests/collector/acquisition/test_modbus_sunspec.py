"""The list of SunSpec models is walked from its mark to the model, and what is wrong with it is told."""

from collections.abc import Mapping

import pytest
from adversarial_modbus import endpoint, serving
from unknown_device import Device, behind

from collector.acquisition.modbus.connection import MeterSilent, ModbusConnection
from collector.acquisition.modbus.sunspec import MARK, Span, SunSpecMissing, locate, walk
from collector.clock import SystemClock


def models(start: int, *lengths: tuple[int, int]) -> dict[int, int]:
    """Return the registers of a list: pairs of model and length, and the end behind them."""
    words = dict(enumerate(MARK, start))
    address = start + 2
    for model, length in (*lengths, (0xFFFF, 0)):
        words |= {address: model, address + 1: length}
        words |= dict.fromkeys(range(address + 2, address + 2 + length), 7)
        address += 2 + length
    return words


CHOOSE = "Choose the profile of a model that it has"
METER = ((1, 66), (203, 105))


def found(words: Mapping[int, int], model: int) -> tuple[int, list[Span]]:
    """Walk through registers in memory; return the address and what was read."""
    steps = walk(model)
    asked = [next(steps)]
    while True:
        span = asked[-1]
        places = range(span.address, span.address + span.count)
        given = tuple(words[place] for place in places) if all(place in words for place in places) else None
        try:
            asked.append(steps.send(given))
        except StopIteration as done:
            return done.value, asked


@pytest.mark.parametrize("start", [40000, 0, 50000])
def test_a_model_is_found_behind_the_mark_at_each_of_the_three_places(start: int) -> None:
    assert found(models(start, *METER), 203)[0] == start + 2 + 2 + 66
    assert found(models(start, *METER), 1)[0] == start + 2


def test_only_headers_are_read() -> None:
    _, asked = found(models(40000, *METER), 203)
    assert asked == [Span(40000, 2), Span(40002, 2), Span(40070, 2)]


def test_other_words_at_the_first_place_are_no_mark() -> None:
    words = {40000: 0x5375, 40001: 0x6E54} | models(0, *METER)
    assert found(words, 203)[0] == 70


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({}, "no 'SunS' at 40000, 0, 50000: the device speaks no SunSpec, or has it switched off"),
        (
            models(40000, (1, 66), (101, 50)),
            "there is no model 203; the device has: 1, 101. " + CHOOSE,
        ),
        (models(40000), "there is no model 203; the device has: none. " + CHOOSE),
        (
            dict(list(models(40000, (1, 66)).items())[:70]),
            "its list of models breaks off at 40070; there is no model 203; the device has: 1. " + CHOOSE,
        ),
    ],
)
def test_what_is_wrong_with_the_list_is_told(words: dict[int, int], told: str) -> None:
    with pytest.raises(SunSpecMissing) as caught:
        found(words, 203)
    assert str(caught.value) == told


def test_a_list_that_never_ends_is_given_up() -> None:
    endless = {place: word for start in range(0, 65536, 2) for place, word in ((start, 9), (start + 1, 0))}
    with pytest.raises(SunSpecMissing, match="there is no model 203"):
        found(endless | dict(enumerate(MARK, 40000)), 203)


async def located(device: Device, model: int = 203) -> int:
    async with (
        serving(behind({5: device})) as server,
        ModbusConnection(endpoint(server.port, timeout_s=0.3), SystemClock()) as link,
    ):
        return await locate(link, unit=5, model=model, whom="feeder")


@pytest.mark.asyncio
async def test_a_model_is_found_on_the_wire() -> None:
    assert await located(Device(models(40000, *METER))) == 40070


@pytest.mark.asyncio
async def test_a_device_that_says_nothing_at_the_wrong_place_is_found_all_the_same() -> None:
    device = Device(models(50000, *METER), silent=frozenset({40000, 0}))
    assert await located(device) == 50070


@pytest.mark.asyncio
async def test_a_device_without_models_names_meter_and_unit() -> None:
    with pytest.raises(SunSpecMissing, match=r"find SunSpec model 203 of feeder \(unit 5\): no 'SunS' at 40000"):
        await located(Device({0: 1}))


@pytest.mark.asyncio
async def test_silence_everywhere_is_silence() -> None:
    with pytest.raises(MeterSilent, match="no answer after"):
        await located(Device({}, silent=frozenset(range(65536))))
