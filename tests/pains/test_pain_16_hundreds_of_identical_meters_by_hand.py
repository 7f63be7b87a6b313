"""300 meters from one profile, by a range and by a CSV, in under 30 lines; and then they are polled, none missed."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from adversarial_modbus import PATIENT_S, serving
from polled_line import Line
from small_plant import plant_of
from waiting import until

from collector.plant.meter import PolledMeter
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

BY_CSV = """
[endpoints."gateway_{n}"]
for = "1..10"
transport = "modbus_tcp"
host = "10.20.4.{n}"

[meters."{tag}"]
from_csv = "feeders.csv"
measures = "monitored"
profile = "eastron-sdm630"
endpoint = "gateway_{gateway}"
unit = "{unit}"
every = "1s"
"""
SHEET = "tag,gateway,unit\n" + "".join(f"F{n:03},{n // 30 + 1},{n % 30 + 1}\n" for n in range(300))


def test_300_meters_of_a_spreadsheet_take_fewer_than_30_lines_of_plant_file(tmp_path: Path) -> None:
    assert len(BY_CSV.strip().splitlines()) < 30
    meters = plant_of(tmp_path, BY_CSV, feeders=SHEET).plant.polled_meters
    assert len(meters) == 300
    assert {(meter.endpoint.host, meter.unit) for meter in meters} == {
        (f"10.20.4.{gateway}", unit) for gateway in range(1, 11) for unit in range(1, 31)
    }
    assert len({meter.id for meter in meters}) == 300


def test_300_meters_of_a_range_take_fewer_than_30_lines_of_plant_file(tmp_path: Path) -> None:
    text = """
[endpoints."feeder_{n}"]
for = "1..300"
transport = "modbus_tcp"
host = "feeder-{n}.plant.example"

[meters."feeder_{n}"]
for = "1..300"
measures = "monitored"
profile = "eastron-sdm630"
endpoint = "feeder_{n}"
unit = 1
"""
    assert len(text.strip().splitlines()) < 30
    meters = plant_of(tmp_path, text).plant.polled_meters
    assert [meter.endpoint.host for meter in meters] == [f"feeder-{n}.plant.example" for n in range(1, 301)]


def at(meter: PolledMeter, port: int) -> None:
    """Send a meter to a server of the test; endpoints in a plant file do not share an address.

    Here, all answer: what is proved is that no round is missed, not that a busy machine answers within a second.
    """
    object.__setattr__(meter.endpoint, "timeout_s", PATIENT_S)
    object.__setattr__(meter.endpoint, "host", "127.0.0.1")
    object.__setattr__(meter.endpoint, "port", port)


def rounds(line: Line, meters: Iterable[PolledMeter]) -> list[int]:
    """Return how many good readings each meter has told."""
    return [len(line.good_times(meter.id, Quantity.FREQUENCY)) for meter in meters]


@pytest.mark.asyncio
async def test_300_meters_are_polled_every_second_and_not_one_round_is_missed(tmp_path: Path) -> None:
    """On an idle 2-core machine polling 300 meters of four requests takes 0.35 of a core."""
    configuration = await asyncio.to_thread(plant_of, tmp_path, BY_CSV, feeders=SHEET)
    async with serving() as server:
        for meter in configuration.plant.polled_meters:
            at(meter, server.port)
        line = Line(list(configuration.plant.polled_meters))
        began_s = time.process_time()
        async with line.polled():
            # As long as a busy machine needs. That a second is enough is told by the processor time of a round.
            await until(lambda: len(line.arrivals) >= 5 * 300, within_s=60.0)
            await asyncio.sleep(1.0)
            took_s = time.process_time() - began_s
            await until(lambda: min(rounds(line, configuration.plant.polled_meters)) >= 5, within_s=60.0)
        assert took_s < 6 * 0.9
        assert server.connections == 10
    # However busy the machine: a round that is missed would set its meter back behind the others.
    told = rounds(line, configuration.plant.polled_meters)
    assert max(told) - min(told) <= 1
    for meter in configuration.plant.polled_meters:
        assert not line.readings(meter.id, lambda row: row.quality < Quality.UNCERTAIN), meter.id
