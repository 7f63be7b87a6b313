"""From registers to rules of booking: where a counter wraps, and how coarse it is."""

import dataclasses

import pytest
from example_plant import example_plant

from collector.accounting.cells import Rule
from collector.accounting.rules import rules, step
from collector.plant.profile import Linear, Register, RegisterType
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity

PLANT = example_plant()
ENERGY = Quantity.ACTIVE_ENERGY_IMPORT


def counter(type_: RegisterType = RegisterType.U32, unit: str = "Wh", **keys: object) -> Register:
    span = type_.span
    register = Register(ENERGY.label, ENERGY, 3, 0, type_, type_.registers, unit=unit)
    return dataclasses.replace(register, **({"wraps_at": None if span is None else float(span)} | keys))  # type: ignore[arg-type]


def rule(register: Register, constants: dict[str, float] | None = None) -> Rule:
    """Return the rule of the first rectifier of the example, rated 60 MW, with this register."""
    meters = [
        dataclasses.replace(meter, registers=(register,), constants=constants or {})
        if meter.id == "rectifier_1"
        else meter
        for meter in PLANT.polled_meters
    ]
    plant: Plant = dataclasses.replace(PLANT, meters=tuple(meters))
    return rules(plant)[plant.points.place("rectifier_1", ENERGY)]


def test_a_counter_of_32_bits_in_wh_wraps_at_4294967_kwh() -> None:
    assert rule(counter()).modulus == pytest.approx(4_294_967.296)


def test_the_scale_of_a_counter_and_its_constants_count_for_its_end() -> None:
    scaled = counter(RegisterType.MOD10000X2, "kWh", scale=0.1, scale_by=("ct_ratio", "vt_ratio"))
    assert rule(scaled, {"ct_ratio": 80.0, "vt_ratio": 100.0}).modulus == pytest.approx(80_000_000_000)
    assert rule(counter(unit="kWh", exponent="decimals", exponent_bias=-3), {"decimals": 2.0}).modulus == pytest.approx(
        429_496_729.6
    )


def test_where_only_the_device_knows_the_scale_no_end_is_known_and_a_step_may_be_a_minute_of_rated_power() -> None:
    by_register = rule(counter(unit="kWh", scale_by=("energy_scale",)))
    assert by_register.modulus is None
    assert by_register.most_per_s == pytest.approx(20.0)
    assert by_register.slack == pytest.approx(20.0 * (10 + 60))
    assert rule(counter(unit="kWh", exponent="energy_sf")).modulus is None


def test_a_sum_of_counters_has_no_end_and_a_float_has_none() -> None:
    summed = rule(counter(plus=("active_energy_import_t2",)))
    assert summed.modulus is None
    assert summed.slack == pytest.approx(20.0 * 10 + 2 * 0.001)
    assert rule(counter(RegisterType.F64)).modulus is None


def test_a_step_is_worth_what_scale_line_and_constants_make_of_it() -> None:
    assert step(counter(scale=-0.1), {}) == pytest.approx(0.1)
    line = Linear((0.0, 9999.0), ("-p_max", "p_max"))
    assert step(counter(linear=line), {"p_max": 4999.5}) == pytest.approx(1.0)
    assert step(counter(linear=line), {}) is None
    assert step(counter(linear=Linear((0.0, 10.0), (0.0, 50.0))), {}) == pytest.approx(5.0)
    assert step(counter(map=((0, 1.0),)), {}) is None
