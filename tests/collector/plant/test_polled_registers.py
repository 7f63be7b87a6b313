"""What is asked of a meter: its quantities, what they depend on, and what tells that it is the right device."""

import dataclasses

import pytest
from example_plant import example_plant

from collector.plant.meter import PolledMeter, fits, polled
from collector.plant.profile import BlockRules, Linear, MeterProfile, Register, RegisterType
from collector.readings.quantity import Quantity

METER = example_plant().polled_meters[1]


def register(name: str, address: int, *, info: bool = False) -> Register:
    return Register(name, None if info else Quantity.named(name), 3, address, RegisterType.U16, 1)


def with_needs() -> MeterProfile:
    """Return a profile in which a power needs a scale, which needs a model; an optional one needs another scale."""
    registers = (
        dataclasses.replace(register("serial_number", 0, info=True)),
        dataclasses.replace(register("vendor", 1, info=True), expect=("Maker",)),
        dataclasses.replace(register("active_power", 2), exponent="power_sf", scale_by=("ct_ratio",)),
        dataclasses.replace(register("power_sf", 3, info=True), scale_by=("model",)),
        register("model", 4, info=True),
        dataclasses.replace(register("frequency", 5), optional=True, exponent="frequency_sf"),
        register("frequency_sf", 6, info=True),
        dataclasses.replace(register("active_energy_import", 7), plus=("active_energy_import_t2",)),
        dataclasses.replace(register("active_energy_import_t2", 8), optional=True),
        dataclasses.replace(register("voltage", 9), optional=True, linear=Linear((0.0, 9999.0), ("-u_max", "u_max"))),
        register("u_max", 10, info=True),
    )
    return dataclasses.replace(METER.profile, registers=registers)


def test_what_values_depend_on_is_polled_with_them_and_other_information_is_not() -> None:
    assert [r.name for r in polled(with_needs())] == [
        "vendor",
        "active_power",
        "power_sf",
        "model",
        "active_energy_import",
        "active_energy_import_t2",
    ]


def test_an_optional_quantity_comes_with_what_it_depends_on() -> None:
    assert {r.name for r in polled(with_needs(), ["frequency"])} - {r.name for r in polled(with_needs())} == {
        "frequency",
        "frequency_sf",
    }
    assert {r.name for r in polled(with_needs(), {"voltage"})} - {r.name for r in polled(with_needs())} == {
        "voltage",
        "u_max",
    }


def test_a_base_moves_the_registers_and_the_rules_for_asking() -> None:
    profile = dataclasses.replace(with_needs(), rules=BlockRules(blocks=((2, 4),), holes=((6, 6),)))
    meter: PolledMeter = dataclasses.replace(
        METER, profile=profile, registers=polled(profile, base=1000), constants={"ct_ratio": 80.0}, base=1000
    )
    assert [r.address for r in meter.registers] == [1001, 1002, 1003, 1004, 1007, 1008]
    assert (meter.rules.blocks, meter.rules.holes) == (((1002, 4),), ((1006, 1006),))
    assert hash(meter) == hash(dataclasses.replace(meter, constants={"ct_ratio": 90.0}))


@pytest.mark.parametrize(
    ("name", "pattern", "does"),
    [
        ("voltage_l1n", "voltage_l1n", True),
        ("voltage_l1n", "voltage_l*", True),
        ("voltage_l1n", "*", True),
        ("voltage_l1n", "*_l1n", True),
        ("voltage_l1n", "v*l*n", True),
        ("voltage_l1n", "voltage", False),
        ("voltage_l1n", "voltage_l?n", False),
        ("voltage_l1n", "voltage_l[12]n", False),
        ("voltage_l1n", "current_*", False),
    ],
)
def test_only_the_star_stands_for_anything(name: str, pattern: str, does: bool) -> None:  # noqa: FBT001 - a case
    assert fits(name, pattern) is does
