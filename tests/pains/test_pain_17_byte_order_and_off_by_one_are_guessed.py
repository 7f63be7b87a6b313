"""A block is shown in every order, the most plausible first; an address that is off by one is found out."""

import struct

import pytest
from adversarial_modbus import endpoint, serving
from unknown_device import Device, behind

from collector.acquisition.modbus.connection import ModbusConnection
from collector.acquisition.modbus.window import Window, read_window
from collector.clock import SystemClock
from collector.plant.profile import ByteOrder, RegisterType, WordOrder

pytestmark = pytest.mark.asyncio

ORDERS = [(word, byte) for word in WordOrder for byte in ByteOrder]
SHOWN = (231.4, 50.021, 0.9312)


def in_order(values: tuple[float, ...], word: WordOrder, byte: ByteOrder, *, first: int) -> dict[int, int]:
    """Return registers of floats in one of the four orders, written down from the definition."""
    image: dict[int, int] = {}
    for value in values:
        words = [struct.pack(">f", value)[at : at + 2] for at in (0, 2)]
        words = words if word is WordOrder.MSW_FIRST else words[::-1]
        words = words if byte is ByteOrder.BIG else [each[::-1] for each in words]
        for each in words:
            image[first + len(image)] = int.from_bytes(each)
    return image


async def look(image: dict[int, int], address: int, count: int) -> Window:
    async with (
        serving(behind({1: Device(image)})) as server,
        ModbusConnection(endpoint(server.port), SystemClock()) as link,
    ):
        return await read_window(link, function=3, unit=1, address=address, count=count, twice_s=0.0)


@pytest.mark.parametrize(("word", "byte"), ORDERS)
async def test_voltage_frequency_and_power_factor_are_read_in_the_right_one_of_all_four_orders(
    word: WordOrder, byte: ByteOrder
) -> None:
    seen = await look(in_order(SHOWN, word, byte, first=100), 100, 6)
    best = seen.ranking().best
    assert [(each.place, each.count) for each in best] == [(0, 2), (2, 2), (4, 2)]
    for each, value in zip(best, SHOWN, strict=True):
        assert RegisterType.F32 in each.types
        assert (each.word_order, each.byte_order) == (word, byte)
        assert each.value == pytest.approx(value, rel=1e-6)
    assert "50 Hz line frequency" in best[1].reasons


async def test_an_address_taken_from_a_document_that_counts_from_one_is_found_out() -> None:
    # The document says 101, and the device has the first value at 100.
    image = in_order(SHOWN, WordOrder.MSW_FIRST, ByteOrder.BIG, first=100)
    seen = await look(image, 103, 2)
    told = seen.shifts()[0]
    assert (told.by, told.is_better, round(told.value.value, 3)) == (-1, True, 50.021)
