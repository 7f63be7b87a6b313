"""Which points are booked, and by which rule."""

import dataclasses
import math
from typing import Any

import pytest
from example_plant import example_plant

from collector.accounting.rules import accounted, rules
from collector.plant.meter import Measures, Meter
from collector.plant.profile import Register
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity

PLANT = example_plant()
FUME = PLANT.meters[3]


def with_meter(meter: Meter) -> Plant:
    return dataclasses.replace(PLANT, meters=(meter,))


def with_counter(**changes: Any) -> Meter:  # noqa: ANN401 - fields of a register
    """Return the meter of the fume treatment with another counter."""
    registers = tuple(
        dataclasses.replace(r, **changes) if r.quantity is Quantity.ACTIVE_ENERGY_IMPORT else r for r in FUME.registers
    )
    return dataclasses.replace(FUME, registers=registers, constants={"ct_ratio": 40.0})


def counter(meter: Meter) -> Register:
    return next(r for r in meter.registers if r.quantity is Quantity.ACTIVE_ENERGY_IMPORT)


def test_a_meter_that_is_only_monitored_is_in_no_account() -> None:
    meter = dataclasses.replace(FUME, measures=Measures.MONITORED, rated_power_kw=math.inf)
    assert accounted(meter) == []
    assert rules(with_meter(meter)) == {}


def test_a_counter_ends_and_steps_as_its_constants_scale_it() -> None:
    plain, scaled = with_counter(wraps_at=1e6), with_counter(wraps_at=1e6, scale_by=("ct_ratio",))
    (of_plain,) = rules(with_meter(plain)).values()
    (of_scaled,) = rules(with_meter(scaled)).values()
    assert counter(plain).unit == "kWh"
    assert of_plain.modulus == pytest.approx(1e6 * counter(plain).scale)
    assert of_scaled.modulus == pytest.approx(40e6 * counter(plain).scale)
    assert of_scaled.slack - of_plain.slack == pytest.approx(2 * 39 * counter(plain).scale)
    assert of_scaled.most_per_s == of_plain.most_per_s == pytest.approx(3000 * 1.2 / 3600)


@pytest.mark.parametrize(
    "changes",
    [{"scale_by": ("ratio_of_the_device",)}, {"exponent": "energy_sf"}, {"plus": ("active_energy_import_t2",)}],
)
def test_where_the_end_of_a_counter_is_no_known_step_none_is_taken_for_it(changes: dict[str, Any]) -> None:
    (rule,) = rules(with_meter(with_counter(wraps_at=1e6, **changes))).values()
    assert rule.modulus is None
