"""Mass flows of stacks: the product of concentration and flow, reading by reading, at one state of the gas."""

import dataclasses

import pytest
from example_plant import example_plant

from collector.normalise.mass_flow import MassFlows
from collector.plant.meter import GasConditions, HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

S = 1_000_000_000
T = 1_772_337_600 * S
DUCT, DRY = GasConditions.DUCT, GasConditions.NORMAL_DRY
GOOD, UNCERTAIN = int(Quality.GOOD), int(Quality.UNCERTAIN)


def stack_meter(id_: str, *told: Quantity, conditions: GasConditions | None = DRY) -> HeardMeter:
    return HeardMeter(id_, Measures.STACK, None, 10.0, 0.0, "potroom", id_, told, stack="GTC-1", conditions=conditions)


def plant_with(*meters: HeardMeter) -> Plant:
    return dataclasses.replace(example_plant(), meters=meters)


def told(
    plant: Plant, *rows: tuple[str, Quantity, float, float] | tuple[str, Quantity, float, float, int]
) -> ReadingBatch:
    """Return readings: meter, quantity, seconds, value, quality."""
    return ReadingBatch.of(
        (plant.points.place(row[0], row[1]), T + round(row[2] * S), row[3], row[4] if len(row) > 4 else GOOD)
        for row in rows
    )


def masses(
    plant: Plant, batch: ReadingBatch, meter: str = "gas", quantity: Quantity = Quantity.HF_MASS
) -> list[tuple[object, ...]]:
    """Return seconds, kg/h and quality of the mass flows in a batch."""
    place = plant.points.place(meter, quantity)
    return [
        ((time_ns - T) / S, pytest.approx(value), quality) for point, time_ns, value, quality in batch if point == place
    ]


ONE = plant_with(stack_meter("gas", Quantity.HF, Quantity.FLOW))
SPREAD = (Quantity.FLOW, Quantity.GAS_TEMPERATURE, Quantity.GAS_PRESSURE, Quantity.H2O)


def test_a_mass_flow_is_the_product_of_each_reading_and_not_of_means() -> None:
    """2 mg/m3 at 1,000,000 m3/h and 1 mg/m3 at 500,000 m3/h: 2.0 and 0.5 kg/h."""
    batch = told(
        ONE,
        ("gas", Quantity.HF, 0, 2.0),
        ("gas", Quantity.FLOW, 0, 1_000_000.0),
        ("gas", Quantity.HF, 10, 1.0),
        ("gas", Quantity.FLOW, 10, 500_000.0),
    )
    assert masses(ONE, MassFlows(ONE).derive(batch)) == [(0.0, 2.0, GOOD), (10.0, 0.5, GOOD)]


def test_flow_may_be_told_in_another_batch_or_a_little_earlier_or_later() -> None:
    """The nearest in time counts, up to two and a half periods of ten seconds away."""
    derive = MassFlows(ONE).derive
    derive(told(ONE, ("gas", Quantity.FLOW, 0, 1_000_000.0), ("gas", Quantity.FLOW, 8, 2_000_000.0)))
    batch = told(
        ONE,
        ("gas", Quantity.HF, 3, 1.0),
        ("gas", Quantity.HF, 5, 1.0),
        ("gas", Quantity.HF, 33, 1.0),
        ("gas", Quantity.HF, 34, 1.0),
    )
    assert masses(ONE, derive(batch)) == [(3.0, 1.0, GOOD), (5.0, 2.0, GOOD), (33.0, 2.0, GOOD)]


def test_without_a_flow_there_is_no_mass_and_nothing_else_changes() -> None:
    batch = told(ONE, ("gas", Quantity.HF, 0, 2.0))
    assert MassFlows(ONE).derive(batch) is batch
    alone = plant_with(stack_meter("gas", Quantity.HF))
    assert alone.points.find("gas", Quantity.HF_MASS) is None


def test_a_bad_reading_makes_no_mass_and_an_uncertain_one_an_uncertain_mass() -> None:
    derive = MassFlows(ONE).derive
    bad = told(ONE, ("gas", Quantity.HF, 0, 2.0, int(Quality.BAD_DEVICE_FAILURE)), ("gas", Quantity.FLOW, 0, 1e6))
    assert masses(ONE, derive(bad)) == []
    doubtful = told(ONE, ("gas", Quantity.HF, 1, 2.0, UNCERTAIN), ("gas", Quantity.FLOW, 1, 1e6))
    assert masses(ONE, derive(doubtful)) == [(1.0, 2.0, UNCERTAIN)]


def test_an_analyser_that_shows_a_little_below_zero_emits_nothing() -> None:
    batch = told(ONE, ("gas", Quantity.HF, 0, -0.02), ("gas", Quantity.FLOW, 0, 1e6))
    assert masses(ONE, MassFlows(ONE).derive(batch)) == [(0.0, 0.0, GOOD)]


def test_where_nobody_said_what_the_values_refer_to_the_mass_is_uncertain() -> None:
    plant = plant_with(stack_meter("gas", Quantity.HF, Quantity.FLOW, conditions=None))
    batch = told(plant, ("gas", Quantity.HF, 0, 2.0), ("gas", Quantity.FLOW, 0, 1e6))
    assert masses(plant, MassFlows(plant).derive(batch)) == [(0.0, 2.0, UNCERTAIN)]


@pytest.mark.parametrize(
    ("of_gas", "of_flow", "kg_h"),
    [
        # 100 degC, 1 bar and 10 % of water: (273.15 / 373.15) (100 / 101.325) (1 - 0.1) = 0.650195
        (DRY, DUCT, 2.0 * 0.650195),
        (DUCT, DRY, 2.0 / 0.650195),
        (DUCT, DUCT, 2.0),
    ],
)
def test_flow_is_brought_to_the_state_of_the_gas_that_the_concentration_refers_to(
    of_gas: GasConditions, of_flow: GasConditions, kg_h: float
) -> None:
    plant = plant_with(
        stack_meter("gas", Quantity.HF, conditions=of_gas), stack_meter("duct", *SPREAD, conditions=of_flow)
    )
    batch = told(
        plant,
        ("gas", Quantity.HF, 4, 2.0),
        ("duct", Quantity.FLOW, 0, 1e6),
        ("duct", Quantity.GAS_TEMPERATURE, 0, 100.0),
        ("duct", Quantity.GAS_PRESSURE, 0, 1.0),
        ("duct", Quantity.H2O, 0, 10.0),
    )
    [(_, value, quality)] = masses(plant, MassFlows(plant).derive(batch))
    assert value == pytest.approx(kg_h, rel=1e-5)
    assert quality == GOOD


@pytest.mark.parametrize(
    "without",
    [
        {Quantity.GAS_TEMPERATURE: None},
        {Quantity.H2O: None},
        {Quantity.GAS_PRESSURE: None},
        # Against the air outside, whose pressure nobody told.
        {Quantity.GAS_PRESSURE: -0.012},
    ],
)
def test_without_the_state_of_the_gas_values_are_taken_as_told_and_marked(
    without: dict[Quantity, float | None],
) -> None:
    plant = plant_with(stack_meter("gas", Quantity.HF), stack_meter("duct", *SPREAD, conditions=DUCT))
    state = {
        Quantity.FLOW: 1e6,
        Quantity.GAS_TEMPERATURE: 100.0,
        Quantity.GAS_PRESSURE: 1.0,
        Quantity.H2O: 10.0,
    } | without
    batch = told(
        plant,
        ("gas", Quantity.HF, 4, 2.0),
        *(("duct", quantity, 0, value) for quantity, value in state.items() if value is not None),
    )
    assert masses(plant, MassFlows(plant).derive(batch)) == [(4.0, 2.0, UNCERTAIN)]


def test_what_a_gateway_tells_of_hours_ago_is_multiplied_by_the_flow_of_that_time() -> None:
    derive = MassFlows(ONE).derive
    derive(told(ONE, ("gas", Quantity.FLOW, 7200, 3e6)))
    stored = told(
        ONE,
        ("gas", Quantity.HF, 0, 2.0),
        ("gas", Quantity.FLOW, 0, 1e6),
        ("gas", Quantity.HF, 600, 1.0),
        ("gas", Quantity.FLOW, 600, 2e6),
    )
    assert masses(ONE, derive(stored)) == [(0.0, 2.0, GOOD), (600.0, 2.0, GOOD)]
    assert masses(ONE, derive(told(ONE, ("gas", Quantity.HF, 7205, 1.0)))) == [(7205.0, 3.0, GOOD)]


def test_a_mass_flow_that_a_register_holds_is_not_made_again() -> None:
    plant = plant_with(stack_meter("gas", Quantity.HF, Quantity.HF_MASS, Quantity.FLOW))
    batch = told(plant, ("gas", Quantity.HF, 0, 2.0), ("gas", Quantity.HF_MASS, 0, 1.9), ("gas", Quantity.FLOW, 0, 1e6))
    assert MassFlows(plant).derive(batch) is batch
