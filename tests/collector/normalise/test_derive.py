"""Power of a line from its voltage and current, sample by sample."""

import dataclasses
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from example_plant import example_plant
from hypothesis import given
from hypothesis import strategies as st

from collector.normalise.derive import LinePower
from collector.plant.topology import Plant
from collector.readings.batch import Reading, ReadingBatch
from collector.readings.point import Point, PointTable
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

WITH_POWER = example_plant()
AMPS, VOLTS, POWER, OTHER = range(4)


def without_power() -> Plant:
    """Return a plant whose line meter has voltage and current only."""
    meter = WITH_POWER.polled_meters[0]
    registers = tuple(r for r in meter.registers if r.quantity is not Quantity.DC_POWER)
    meter = dataclasses.replace(meter, registers=registers)
    quantities = (Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE, Quantity.DC_POWER)
    points = PointTable([*(Point(meter.id, each) for each in quantities), Point("pot:1001", Quantity.POT_VOLTAGE)])
    return cast("Plant", SimpleNamespace(meters=(meter,), points=points))


LINE = LinePower(without_power())


def derived(*rows: tuple[int, int, float, int]) -> list[Reading]:
    batch = ReadingBatch.of(rows)
    found = list(LINE.derive(batch))
    assert found[: len(rows)] == list(batch)
    return found[len(rows) :]


def test_361_72_ka_at_1312_4_v_are_474_7_mw() -> None:
    (power,) = derived((AMPS, 5, 361.72, Quality.GOOD), (VOLTS, 5, 1312.4, Quality.GOOD))
    assert (power.point, power.time_ns, power.quality) == (POWER, 5, Quality.GOOD)
    assert power.value == pytest.approx(474.721, abs=1e-3)


def test_power_is_the_mean_of_products_not_the_product_of_means() -> None:
    powers = derived(
        (AMPS, 1, 400.0, Quality.GOOD),
        (VOLTS, 1, 1000.0, Quality.GOOD),
        (AMPS, 2, 200.0, Quality.GOOD),
        (VOLTS, 2, 600.0, Quality.GOOD),
    )
    assert [power.value for power in powers] == [400.0, 120.0]
    assert sum(power.value for power in powers) / 2 == 260.0 != 300.0 * 800.0 * 1e-3


def test_only_readings_of_one_instant_are_a_pair() -> None:
    powers = derived(
        (AMPS, 1, 400.0, Quality.GOOD),
        (AMPS, 3, 300.0, Quality.GOOD),
        (VOLTS, 2, 1000.0, Quality.GOOD),
        (VOLTS, 3, 1000.0, Quality.GOOD),
        (OTHER, 1, 4.2, Quality.GOOD),
    )
    assert powers == [Reading(POWER, 3, 300.0, Quality.GOOD)]


def test_the_worse_quality_of_the_two_is_inherited_and_a_gap_gives_a_gap() -> None:
    (power,) = derived((AMPS, 5, 400.0, Quality.UNCERTAIN), (VOLTS, 5, 1000.0, Quality.GOOD))
    assert power.quality == Quality.UNCERTAIN
    (power,) = derived((AMPS, 5, 400.0, Quality.GOOD), (VOLTS, 5, 9999.0, Quality.BAD))
    assert power.quality == Quality.BAD


def test_a_batch_without_a_pair_is_left_as_it_is() -> None:
    assert derived((AMPS, 5, 400.0, Quality.GOOD)) == []
    assert derived((VOLTS, 5, 1000.0, Quality.GOOD)) == []
    assert derived() == []


def test_a_line_whose_meter_shows_power_gets_none_from_us() -> None:
    batch = ReadingBatch.of(
        [
            (WITH_POWER.points.place("pl1_dc", Quantity.LINE_CURRENT), 5, 400.0, Quality.GOOD),
            (WITH_POWER.points.place("pl1_dc", Quantity.LINE_VOLTAGE), 5, 1000.0, Quality.GOOD),
        ]
    )
    assert LinePower(WITH_POWER).derive(batch) is batch


@given(
    st.dictionaries(st.integers(0, 30), st.floats(0, 800)),
    st.dictionaries(st.integers(0, 30), st.floats(0, 3000)),
    st.randoms(use_true_random=False),
)
def test_there_is_a_power_for_each_common_instant_in_whatever_order_readings_come(
    amps: dict[int, float], volts: dict[int, float], random: Random
) -> None:
    rows = [(AMPS, at, value, int(Quality.GOOD)) for at, value in amps.items()]
    rows += [(VOLTS, at, value, int(Quality.GOOD)) for at, value in volts.items()]
    random.shuffle(rows)
    assert {row.time_ns: row.value for row in derived(*rows)} == {
        at: amps[at] * volts[at] * 1e-3 for at in amps.keys() & volts.keys()
    }
