"""What is booked of stacks, of the plant's other meters, and of the meters of fuels."""

import dataclasses

import pytest
from example_plant import example_plant

from collector.accounting.cells import Rule
from collector.accounting.integrals import Shape
from collector.accounting.rules import accounted, rules
from collector.plant.materials import Fuel, Materials
from collector.plant.meter import HeardMeter, Measures
from collector.readings.quantity import Quantity

PLANT = example_plant()
ENERGY = Quantity.ACTIVE_ENERGY_IMPORT


def heard(measures: Measures, *told: Quantity, rated_power_kw: float = 1000.0) -> HeardMeter:
    return HeardMeter("m", measures, None, 10.0, rated_power_kw, "potroom", "M", told, stack="GTC-1")


@pytest.mark.parametrize(
    "measures",
    [
        Measures.STARTUP_AC,
        Measures.DESULPHURISATION_AC,
        Measures.CASTHOUSE_AC,
        Measures.INCOMER_AC,
        Measures.GENERATION,
    ],
)
def test_energy_of_the_whole_plant_is_booked_within_its_rated_power(measures: Measures) -> None:
    meter = heard(measures, Quantity.ACTIVE_POWER, ENERGY)
    assert accounted(meter) == [ENERGY]
    plant = dataclasses.replace(PLANT, meters=(meter,))
    rule = rules(plant)[plant.points.place("m", ENERGY)]
    assert rule.shape is Shape.COUNTER
    assert rule.most_per_s == pytest.approx(1000 * 1.2 / 3600)


def test_of_a_stack_the_means_of_gas_and_flow_and_the_mass_are_booked_and_no_counter() -> None:
    meter = heard(Measures.STACK, Quantity.HF, Quantity.FLOW, Quantity.VOLUME, Quantity.GAS_TEMPERATURE)
    plant = dataclasses.replace(PLANT, meters=(meter,))
    wanted = (Quantity.HF, Quantity.FLOW, Quantity.GAS_TEMPERATURE, Quantity.HF_MASS)
    assert rules(plant) == {plant.points.place("m", quantity): Rule(Shape.GAUGE) for quantity in wanted}


def test_the_counter_of_a_fuel_is_booked_within_its_largest_flow() -> None:
    """At most 1,800 m3/h are 0.5 m3/s."""
    meter = heard(Measures.MONITORED, Quantity.FLOW, Quantity.VOLUME)
    gas = Fuel("gas", "m3", "analysis", "own", kg_co2_per_unit=2.0, meter="m", most_per_hour=1800.0)
    plain = dataclasses.replace(PLANT, meters=(meter,))
    assert rules(plain) == {}
    plant = dataclasses.replace(plain, materials=Materials(fuels=(gas,)))
    [(place, rule)] = rules(plant).items()
    assert place == plant.points.place("m", Quantity.VOLUME)
    assert (rule.shape, rule.most_per_s) == (Shape.COUNTER, 0.5)
