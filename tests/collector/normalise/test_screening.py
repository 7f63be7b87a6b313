"""What cannot be true is marked, and kept."""

import math
from dataclasses import replace

import pytest
from example_plant import example_plant

from collector.normalise.screening import LIMITS, Screen
from collector.readings.batch import Reading, ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

PLANT = example_plant()
SCREEN = Screen(PLANT)


def screened(owner: str, quantity: Quantity, value: float, quality: Quality = Quality.GOOD) -> Reading:
    (reading,) = SCREEN.screen(ReadingBatch.of([(PLANT.points.place(owner, quantity), 7, value, quality)]))
    return reading


@pytest.mark.parametrize(
    ("owner", "quantity", "low", "high"),
    [
        ("pl1_dc", Quantity.LINE_CURRENT, -10.0, 800.0),
        ("pl1_dc", Quantity.LINE_VOLTAGE, -100.0, 3000.0),
        ("pl1_dc", Quantity.DC_POWER, -50.0, 2000.0),
        ("pot:1001", Quantity.POT_VOLTAGE, -5.0, 100.0),
        ("pot:1001", Quantity.BATH_TEMPERATURE, 0.0, 1200.0),
        ("rectifier_1", Quantity.FREQUENCY, 40.0, 70.0),
        # 60 MW and 3 MW rated
        ("rectifier_1", Quantity.ACTIVE_POWER, -90_000.0, 90_000.0),
        ("fume_treatment", Quantity.ACTIVE_POWER, -4500.0, 4500.0),
    ],
)
def test_the_limits_themselves_are_possible_and_what_is_beyond_is_bad(
    owner: str, quantity: Quantity, low: float, high: float
) -> None:
    for possible in (low, high, (low + high) / 2):
        assert screened(owner, quantity, possible).quality == Quality.GOOD
    for impossible in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf), math.inf, -math.inf):
        assert screened(owner, quantity, impossible) == Reading(
            PLANT.points.place(owner, quantity), 7, impossible, Quality.BAD
        )


def test_a_meter_without_a_rated_power_is_held_to_what_no_plant_exceeds() -> None:
    meters = tuple(replace(meter, rated_power_kw=math.inf) for meter in PLANT.meters)
    screen = Screen(replace(PLANT, meters=meters))
    place = PLANT.points.place("fume_treatment", Quantity.ACTIVE_POWER)
    found = screen.screen(
        ReadingBatch.of([(place, t, value, Quality.GOOD) for t, value in enumerate((9.9e6, -9.9e6, 1.1e7))])
    )
    assert [reading.quality for reading in found] == [Quality.GOOD, Quality.GOOD, Quality.BAD]


def test_what_is_marked_does_not_enter_the_accounts() -> None:
    place = PLANT.points.place("pl1_dc", Quantity.LINE_CURRENT)
    batch = SCREEN.screen(ReadingBatch.of([(place, 1, 361.7, Quality.GOOD), (place, 2, 3617.0, Quality.GOOD)]))
    assert batch.usable.tolist() == [True, False]
    assert batch.value.tolist() == [361.7, 3617.0]


def test_a_counter_and_a_value_without_limits_pass_whatever_they_say() -> None:
    assert screened("pl1_dc", Quantity.DC_ENERGY, 1e12).quality == Quality.GOOD
    assert screened("pot:1001", Quantity.POT_NOISE, 1e6).quality == Quality.GOOD


def test_a_gap_keeps_its_own_reason_and_a_doubtful_value_its_doubt() -> None:
    gap = screened("pl1_dc", Quantity.LINE_CURRENT, math.nan, Quality.BAD_COMM_FAILURE)
    assert gap.quality == Quality.BAD_COMM_FAILURE
    assert screened("pl1_dc", Quantity.LINE_CURRENT, 361.7, Quality.UNCERTAIN).quality == Quality.UNCERTAIN


def test_every_limit_is_below_its_upper_one() -> None:
    assert all(low < high for low, high in LIMITS.values())
    assert len(SCREEN.screen(ReadingBatch.of([]))) == 0
