"""Every register map that is shipped: it loads, is planned, and decodes its test vectors."""

from pathlib import Path

import numpy as np
import pytest
from register_encoder import on_the_wire

from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.plant.profile import MeterProfile, Reading, Register, RegisterType, TestVector
from collector.readings import units
from collector.readings.quantity import Kind
from collector.settings.profiles import profile_names, read_profile

FOLDER = Path(__file__).parents[2] / "config" / "profiles"
PROFILES = [read_profile(FOLDER / f"{name}.toml") for name in profile_names(FOLDER)]
VECTORS = [(profile, vector) for profile in PROFILES for vector in profile.test_vectors]

each_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def polled(profile: MeterProfile) -> list[Register]:
    """Return what is read of a meter for which nothing more is asked."""
    return [each for each in profile.registers if not each.optional and (each.quantity or each.expect)]


def constants(profile: MeterProfile) -> dict[str, float]:
    return {each.name: 1.0 if each.default is None else each.default for each in profile.constants}


def test_the_four_profiles_of_the_example_are_there() -> None:
    assert {"carlogavazzi-em3xx", "eastron-sdm630", "generic-dc-bus-plc", "schneider-pm5xxx"} <= {
        profile.name for profile in PROFILES
    }


@each_profile
def test_a_profile_has_a_test_vector_and_says_where_it_is_from(profile: MeterProfile) -> None:
    assert profile.verified
    assert all(vector.origin for vector in profile.test_vectors)
    assert profile.sources


@each_profile
@pytest.mark.parametrize("which", ["all", "polled"])
def test_a_profile_is_read_in_requests_that_its_device_allows(profile: MeterProfile, which: str) -> None:
    registers = list(profile.registers) if which == "all" else polled(profile)
    plan = plan_scan(registers, profile.rules)
    planned = [register.name for block in plan for register in block.registers]
    assert sorted(planned) == sorted(register.name for register in registers)
    for block in plan:
        assert block.count <= profile.rules.max_registers * (16 if block.function in {1, 2} else 1)
        assert block.count <= 125 or block.function in {1, 2}
        if profile.rules.reading is Reading.DECLARED and block.function == profile.rules.function:
            assert (block.address, block.count) in profile.rules.blocks
    for group in profile.rules.atomic:
        together = [block for block in plan if {each.name for each in block.registers} & set(group)]
        assert len(together) <= 1


@pytest.mark.parametrize(
    ("profile", "vector"),
    VECTORS,
    ids=[f"{profile.name}-{vector.register}-{vector.raw.hex()}" for profile, vector in VECTORS],
)
def test_a_test_vector_decodes_to_its_value(profile: MeterProfile, vector: TestVector) -> None:
    register = profile.register(vector.register)
    # What it needs is given as constants, in its own unit, so that the vector stands for itself.
    others = dict(vector.given)
    for name in register.plus:
        others[name] *= units.factor(profile.register(name).unit, register.unit)
    values = MeterValues([register], others)
    raw = vector.raw[-1:] if register.type is RegisterType.BIT else vector.raw
    (value,) = values.take(ReadBlock(register.function, register.address, register.count, (register,)), raw)
    if register.is_text:
        assert values.text(register.name) == vector.text
    else:
        assert value == pytest.approx(vector.value, rel=1e-5, abs=1e-9)


@each_profile
def test_the_sentinels_of_a_profile_are_no_values_in_its_own_orders(profile: MeterProfile) -> None:
    values = MeterValues(profile.registers, constants(profile))
    for register in profile.registers:
        for sentinel in register.sentinels:
            block = ReadBlock(register.function, register.address, register.count, (register,))
            assert np.isnan(values.take(block, on_the_wire(register, sentinel.bits)))


@each_profile
def test_registers_of_zeros_and_of_ones_give_finite_numbers_or_none(profile: MeterProfile) -> None:
    values = MeterValues(profile.registers, constants(profile))
    for byte in (b"\0", b"\xff"):
        for block in plan_scan(profile.registers, profile.rules):
            size = (block.count + 7) // 8 if block.function in {1, 2} else block.count * 2
            assert not np.isinf(values.take(block, byte * size)).any()
            assert all(values.shown(register) for register in block.registers)


@each_profile
def test_a_counter_of_a_profile_wraps_within_what_its_register_can_hold(profile: MeterProfile) -> None:
    for register in profile.registers:
        if register.quantity is not None and register.quantity.kind is Kind.COUNTER and register.type.is_integer:
            assert register.wraps_at is not None
            assert register.raw_span is not None
            assert 0 < register.wraps_at <= register.raw_span
