"""What a meter says about itself: another device, a changed ratio, values that are not there, exceptions by meaning."""

import asyncio
import math
import struct

import pytest
import structlog
from adversarial_modbus import Request, endpoint, serving
from image import put, showing
from polled_line import Line, many_registers, meter
from waiting import until

from collector.plant.profile import BlockRules, Register, RegisterType, Sentinel
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

pytestmark = pytest.mark.asyncio

MAKER = Register("maker", None, 3, 100, RegisterType.STRING, 5, every_s=3600.0, expect=("Schneider",))
POWER = Register("active_power", Quantity.ACTIVE_POWER, 3, 0, RegisterType.F32, 2, unit="kW")


def device(**registers: bytes) -> dict[int, int]:
    image: dict[int, int] = {}
    put(image, 0, struct.pack(">f", 1250.5))
    put(image, 100, b"Schneider ")
    for address, content in registers.items():
        put(image, int(address.removeprefix("at_")), content)
    return image


async def test_no_value_of_another_device_at_the_same_place_is_believed_until_the_right_one_is_back() -> None:
    image = device()
    async with serving(showing(image)) as server:
        line = Line([meter("m1", endpoint(server.port), 1, [POWER, MAKER], every_s=0.05)])
        with structlog.testing.capture_logs() as logs:
            async with line.polled():
                await until(lambda: len(line.good_times("m1", Quantity.ACTIVE_POWER)) >= 2)
                put(image, 100, b"Socomec A4")
                server.drop()  # the exchange of a meter is a new connection
                await until(lambda: bool(line.instruments.meters["m1"].error))
                before = len(line.good_times("m1", Quantity.ACTIVE_POWER))
                count = len(line.arrivals)
                await until(lambda: len(line.arrivals) >= count + 10)
                assert len(line.good_times("m1", Quantity.ACTIVE_POWER)) == before
                assert {row.quality for row in line.arrivals[-1].batch} == {Quality.BAD_CONFIG_ERROR}
                assert "maker is 'Socomec A4', and the profile is for Schneider" in line.instruments.meters["m1"].error
                put(image, 100, b"Schneider ")
                server.drop()
                await until(lambda: len(line.good_times("m1", Quantity.ACTIVE_POWER)) >= before + 2)
    assert line.instruments.meters["m1"].device == {"maker": "Schneider"}
    said = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert said == ["another device answers; no value of it is booked"]
    # The very first value after the exchange is not believed either: the maker is asked first.
    assert server.requests[0].address == 100


async def test_a_ratio_is_read_once_an_hour_and_its_change_is_said_with_both_values() -> None:
    ratio = Register("ct_ratio", None, 3, 6, RegisterType.U16, 1, every_s=0.3)
    current = Register(
        "current", Quantity.CURRENT, 3, 0, RegisterType.U16, 1, unit="A", scale=0.01, scale_by=("ct_ratio",)
    )
    image = {0: 250, 6: 400}
    async with serving(showing(image)) as server:
        line = Line([meter("m1", endpoint(server.port), 1, [current, ratio], every_s=0.05)])
        with structlog.testing.capture_logs() as logs:
            async with line.polled():
                await until(lambda: len(line.good_times("m1", Quantity.CURRENT)) >= 5)
                image[6] = 500
                await until(lambda: line.arrivals[-1].batch.value[0] == 1250.0)
    first = [row.value for row in line.readings("m1")][:5]
    assert first == [1000.0] * 5  # none before the ratio was known
    assert all(row.quality == Quality.GOOD for row in line.readings("m1"))
    (said,) = [entry for entry in logs if entry["event"] == "a ratio was changed in the device"]
    assert (said["register"], said["was"], said["now"]) == ("ct_ratio", 400.0, 500.0)
    asked = [request.address for request in server.requests]
    assert asked.count(6) < asked.count(0) / 3


async def test_not_available_is_compared_with_the_raw_bits_and_is_a_reading_without_a_value() -> None:
    """0x80008000 is the smallest of numbers to a float, and 'not available' to the device."""
    power = Register(
        "active_power", Quantity.ACTIVE_POWER, 3, 0, RegisterType.F32, 2, unit="kW",
        sentinels=(Sentinel(0x80008000, 0xFFFFFFFF),),
    )  # fmt: skip
    image = {0: 0x8000, 1: 0x8000}
    assert struct.unpack(">f", bytes.fromhex("80008000"))[0] == pytest.approx(-4.59e-41, rel=1e-2)
    async with serving(showing(image)) as server:
        line = Line([meter("m1", endpoint(server.port), 1, [power], every_s=0.05)])
        async with line.polled():
            await until(lambda: len(line.arrivals) >= 3)
    for row in line.readings("m1"):
        assert row.quality == Quality.BAD_SENSOR_FAILURE
        assert math.isnan(row.value)
    assert line.instruments.meters["m1"].error == ""


@pytest.mark.parametrize(
    ("code", "quality"),
    [
        (0x04, Quality.BAD_DEVICE_FAILURE),
        (0x07, Quality.BAD_DEVICE_FAILURE),
        (0x08, Quality.BAD_DEVICE_FAILURE),
        (0x0A, Quality.BAD_COMM_FAILURE),
        (0x0B, Quality.BAD_COMM_FAILURE),
        (0x43, Quality.BAD_DEVICE_FAILURE),
    ],
)
async def test_exceptions_of_a_device_or_gateway_in_trouble_give_bad_readings_and_are_asked_again(
    code: int, quality: Quality
) -> None:
    async def troubled(request: Request, writer: asyncio.StreamWriter) -> None:
        trouble = request.unit == 1 and len(server.requests) > 6
        writer.write(request.adu(bytes([0x80 | request.function, code]) if trouble else None))

    async with serving(troubled) as server:
        at = endpoint(server.port)
        line = Line([meter(f"m{unit}", at, unit, many_registers(3), every_s=0.1) for unit in (1, 2)])
        with structlog.testing.capture_logs() as logs:
            async with line.polled():
                await until(lambda: len(line.good_times("m2")) >= 8)
        assert server.connections == 1
    bad = [row.quality for row in line.readings("m1") if row.quality != Quality.GOOD]
    assert set(bad) == {quality}
    assert line.instruments.meters["m1"].set_aside == ()
    assert f"exception {code:02X}" in line.instruments.meters["m1"].error
    assert not [row for row in line.readings("m2") if row.quality != Quality.GOOD]
    assert [entry["event"] for entry in logs] == ["meter does not answer"]


async def test_a_function_that_a_device_does_not_know_is_set_aside_at_once_and_the_rest_is_read() -> None:
    async def only_holding(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(bytes([0x84, 1]) if request.function == 4 else None))

    registers = [*many_registers(20, function=3), Register("wire_break", None, 4, 7, RegisterType.U16, 1)]
    async with serving(only_holding) as server:
        line = Line([meter("m1", endpoint(server.port), 1, registers, every_s=0.05)])
        async with line.polled():
            await until(lambda: len(line.arrivals) >= 5)
    assert [request.function for request in server.requests].count(4) == 1
    assert all(arrival.batch.usable.all() and len(arrival.batch) == 20 for arrival in line.arrivals)
    (aside,) = line.instruments.meters["m1"].set_aside
    assert aside.registers == ("wire_break",)
    assert "exception 01, illegal function" in aside.reason


async def test_registers_with_periods_of_their_own_are_read_on_one_connection_each_in_its_time() -> None:
    fast, slow = many_registers(2)
    slow = Register(slow.name, slow.quantity, slow.function, 60, slow.type, 1, unit=slow.unit, every_s=0.5)
    async with serving() as server:
        line = Line([meter("m1", endpoint(server.port), 1, [fast, slow], every_s=0.1, rules=BlockRules(function=4))])
        async with line.polled():
            await asyncio.sleep(2.05)
    asked = [request.address for request in server.requests]
    assert 19 <= asked.count(0) <= 21
    assert 4 <= asked.count(60) <= 5
    assert server.connections == 1
