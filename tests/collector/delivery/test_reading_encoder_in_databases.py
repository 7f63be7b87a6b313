"""What a real database gives back of readings: every bit, and no field that changes its type."""

import asyncio
import struct
import sys

import pytest
from example_plant import example_plant
from hostile_server import influx_sink, packed
from servers import InfluxDB1

from collector.delivery.lineprotocol import ReadingEncoder
from collector.readings.batch import ReadingBatch
from collector.readings.quantity import Quantity

pytestmark = pytest.mark.asyncio

PLANT = example_plant()
T = 1_772_337_600_123_456_789
FLOATS = [4.0, 1e-7, 1e16, 1e22, -1e300, 5e-324, sys.float_info.max, 2.0**53, 0.1 + 0.2]


async def test_influxdb_1_gives_back_every_bit_of_readings_in_whatever_form_they_are_written(
    influxdb1: InfluxDB1,
) -> None:
    place = PLANT.points.place("pot:1001", Quantity.POT_VOLTAGE)
    batch = ReadingBatch.of((place, T + number, value, 192) for number, value in enumerate(FLOATS))
    # One after the other: a first value that looked like a whole number would make the database refuse the next.
    async with influx_sink(influxdb1.url, version=1, bucket="plant", create=True) as sink:
        for line in ReadingEncoder(PLANT).encode(batch):
            await sink.write(packed(line))
    rows = await asyncio.to_thread(influxdb1.query, "plant", "SELECT voltage_v, quality FROM pot")
    assert [row["time"] - T for row in rows] == list(range(len(FLOATS)))
    assert [struct.pack(">d", row["voltage_v"]) for row in rows] == [struct.pack(">d", value) for value in FLOATS]
    assert {row["quality"] for row in rows} == {192}
