"""A block of an unknown device with its neighbours, and whether its address is off by one."""

import asyncio
import struct

import pytest
from adversarial_modbus import Request, endpoint, serving
from unknown_device import Device, behind, floats

from collector.acquisition.modbus.connection import MeterRefused, MeterSilent, ModbusConnection
from collector.acquisition.modbus.window import Window, read_window
from collector.clock import SystemClock

pytestmark = pytest.mark.asyncio


async def window(device: Device, address: int, count: int, *, function: int = 3, twice_s: float = 0.0) -> Window:
    async with serving(behind({1: device})) as server, ModbusConnection(endpoint(server.port), SystemClock()) as link:
        return await read_window(link, function=function, unit=1, address=address, count=count, twice_s=twice_s)


METER = Device(floats(3057, 21.7713, 50.0213, 0.93117))


async def test_the_neighbours_come_too() -> None:
    seen = await window(METER, 3059, 2)
    assert seen.words == struct.unpack(">2H", struct.pack(">f", 50.0213))
    assert (seen.before, seen.behind) == (METER.words[3058], METER.words[3061])
    assert seen.shifts() == ()


async def test_neighbours_that_are_not_there_are_none() -> None:
    seen = await window(Device(floats(10, 50.0213)), 10, 2)
    assert (seen.before, seen.behind) == (None, None)
    assert seen.ranking().best[0].reasons == ("50 Hz line frequency",)


async def test_at_the_ends_of_the_table_nothing_beyond_is_asked() -> None:
    low = await window(Device({0: 5001, 1: 7}), 0, 1)
    high = await window(Device({65534: 7, 65535: 5001}), 65535, 1)
    assert (low.before, low.behind) == (None, 7)
    assert (high.before, high.behind) == (7, None)


async def test_an_address_that_counts_from_one_is_found_out_by_what_stands_there() -> None:
    # 3060 is in the middle of a value: the one before begins at 3059, the next at 3061.
    lower, higher = (await window(METER, 3060, 2)).shifts()
    assert (lower.by, lower.is_better, round(lower.value.value, 2)) == (-1, True, 50.02)
    assert (higher.by, higher.is_better, round(higher.value.value, 2)) == (1, False, 0.93)


async def test_an_address_from_which_one_was_taken_too_often_is_found_out_too() -> None:
    device = Device({3058: 0x1F3A} | floats(3059, 50.0213, 231.4, 0.93117) | {3065: 0x91D7})
    shifts = (await window(device, 3058, 6)).shifts()
    assert [(shift.by, shift.is_better) for shift in shifts] == [(1, True)]


async def test_a_lone_float_in_an_unusual_order_may_be_a_usual_one_beside() -> None:
    # 1F3A and 4248 are 50.03 Hz with the low word first, as good as the 50.02 Hz that begin one later.
    device = Device({3058: 0x1F3A} | floats(3059, 50.0213) | {3061: 0x91D7})
    shifts = (await window(device, 3058, 2)).shifts()
    assert [(shift.by, shift.is_better) for shift in shifts] == [(1, False)]


async def test_of_a_refused_block_the_nearest_one_is_shown() -> None:
    seen = await window(Device(floats(3109, 50.0213)), 3110, 2)
    assert seen.address == 3109
    assert seen.note == (
        "3110+2 is refused (illegal data address), 3109+2 is there: "
        "the document probably counts from 1, and the wire from 0"
    )


async def test_of_a_block_with_a_hole_the_first_part_is_shown() -> None:
    seen = await window(Device(floats(100, 230.1, 231.2)), 100, 8)
    assert (seen.address, len(seen.words)) == (100, 4)
    assert seen.note.startswith("100+8 is refused (illegal data address), 100+4 is there")


async def test_where_nothing_is_near_the_refusal_is_told() -> None:
    with pytest.raises(MeterRefused, match=r"holding registers 500\+4 .* exception 02"):
        await window(METER, 500, 4)


async def test_a_silent_device_is_silent() -> None:
    with pytest.raises(MeterSilent):
        await window(Device({}, silent=frozenset({500, 501})), 500, 2)


async def test_a_second_look_shows_what_grew() -> None:
    counts = iter(range(1000))

    async def counting(request: Request, writer: asyncio.StreamWriter) -> None:
        number = 123_456_789 + 4 * next(counts)
        words = dict(enumerate(struct.unpack(">2H", struct.pack(">I", number)), 70))
        pdu = Device(words).answer(request)
        assert pdu is not None
        writer.write(request.adu(pdu))

    async with serving(counting) as server, ModbusConnection(endpoint(server.port), SystemClock()) as link:
        seen = await read_window(link, function=3, unit=1, address=70, count=2, twice_s=0.05)
    assert seen.seconds == 0.05
    first = seen.ranking().places[0][0]
    assert (first.types[0].label, first.order) == ("u32", "msw_first")
    assert first.reasons[1] == "grew by 4 in 0.05 s"


async def test_bits_are_bits() -> None:
    async def coils(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(bytes([1, 2, 0b00000101, 0b1])))

    async with serving(coils) as server, ModbusConnection(endpoint(server.port), SystemClock()) as link:
        seen = await read_window(link, function=1, unit=1, address=16, count=9)
    assert seen.is_of_bits
    assert seen.words == (1, 0, 1, 0, 0, 0, 0, 0, 1)
    assert [request.function for request in server.requests] == [1]
