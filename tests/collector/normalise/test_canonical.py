"""From the units of registers to canonical ones."""

import math

import pytest
from example_plant import example_plant, raw

from collector.normalise.canonical import Canonicaliser
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

PLANT = example_plant()


def canonical(meter: str, values: dict[Quantity, float], plant: Plant = PLANT) -> dict[Quantity, float]:
    batch = Canonicaliser(plant).canonicalise(raw(plant, meter, 7, values))
    assert batch.time_ns.tolist() == [7] * len(values)
    assert batch.quality.tolist() == [Quality.GOOD] * len(values)
    return {plant.points[row.point].quantity: row.value for row in batch}


def test_the_dc_bus_comes_in_amperes_watts_and_watt_hours_and_leaves_in_ka_mw_and_kwh() -> None:
    values = {
        Quantity.LINE_VOLTAGE: 1312.5,
        Quantity.LINE_CURRENT: 361_720.0,
        Quantity.DC_POWER: 474.75e6,
        Quantity.DC_ENERGY: 4_294_967_296.0,
        Quantity.DC_CHARGE: 86_812_800.0,
    }
    assert canonical("pl1_dc", values) == pytest.approx(
        {
            Quantity.LINE_VOLTAGE: 1312.5,
            Quantity.LINE_CURRENT: 361.72,
            Quantity.DC_POWER: 474.75,
            Quantity.DC_ENERGY: 4_294_967.296,
            Quantity.DC_CHARGE: 86_812.8,
        }
    )


def test_what_the_register_scales_is_scaled_already_and_only_the_unit_is_left() -> None:
    values = {Quantity.ACTIVE_ENERGY_IMPORT: 12345.6, Quantity.ACTIVE_POWER: 2500.0, Quantity.VOLTAGE: 230.1}
    assert canonical("fume_treatment", values) == pytest.approx(
        {Quantity.ACTIVE_ENERGY_IMPORT: 12345.6, Quantity.ACTIVE_POWER: 2.5, Quantity.VOLTAGE: 230.1}
    )


def test_power_in_kw_beside_energy_in_wh_keep_their_own_units() -> None:
    values = {Quantity.ACTIVE_POWER: 93.797188, Quantity.ACTIVE_ENERGY_IMPORT: 74_347_498.0}
    assert canonical("rectifier_1", values) == pytest.approx(
        {Quantity.ACTIVE_POWER: 93.797188, Quantity.ACTIVE_ENERGY_IMPORT: 74_347.498}
    )


def test_a_gap_stays_a_gap_and_what_no_register_fills_is_left_as_it_is() -> None:
    pot = PLANT.points.place("pot:1001", Quantity.POT_VOLTAGE)
    line = PLANT.points.place("pl1_dc", Quantity.LINE_CURRENT)
    batch = ReadingBatch.of([(pot, 1, 4.213, Quality.UNCERTAIN), (line, 2, math.nan, Quality.BAD_COMM_FAILURE)])
    first, second = Canonicaliser(PLANT).canonicalise(batch)
    assert first == (pot, 1, 4.213, Quality.UNCERTAIN)
    assert math.isnan(second.value)
    assert second.quality == Quality.BAD_COMM_FAILURE


def test_an_empty_batch_passes() -> None:
    assert len(Canonicaliser(PLANT).canonicalise(ReadingBatch.of([]))) == 0
