"""Every register map that is shipped: it loads, is planned, and decodes its test vectors."""

from pathlib import Path

import pytest

from collector.acquisition.modbus.decode import BlockDecoder
from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.plant.profile import MeterProfile, TestVector
from collector.readings import units
from collector.readings.quantity import Kind
from collector.settings.profiles import read_profile

FOLDER = Path(__file__).parents[2] / "config" / "profiles"
PROFILES = [read_profile(path) for path in sorted(FOLDER.glob("*.toml"))]
VECTORS = [(profile, vector) for profile in PROFILES for vector in profile.test_vectors]


def test_there_are_at_least_4_profiles() -> None:
    assert {"carlogavazzi-em3xx", "eastron-sdm630", "generic-dc-bus-plc", "schneider-pm5xxx"} <= {
        profile.name for profile in PROFILES
    }


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_profile_has_a_test_vector_and_is_read_in_blocks_that_its_device_allows(profile: MeterProfile) -> None:
    assert profile.test_vectors
    assert profile.function in {3, 4}
    plan = plan_scan(profile.registers, max_registers=profile.max_registers, max_gap=profile.max_gap)
    assert sum(len(block.registers) for block in plan) == len(profile.registers)
    assert all(block.count <= profile.max_registers <= 125 for block in plan)


@pytest.mark.parametrize(
    ("profile", "vector"),
    VECTORS,
    ids=[f"{profile.name}-{vector.register.label}-{vector.raw.hex()}" for profile, vector in VECTORS],
)
def test_a_test_vector_decodes_to_its_value(profile: MeterProfile, vector: TestVector) -> None:
    (register,) = (register for register in profile.registers if register.quantity is vector.register)
    decoder = BlockDecoder(ReadBlock(register.address, register.type.registers, (register,)))
    (raw,) = decoder.decode(vector.raw)
    value = (raw * register.scale + register.offset) * units.factor(register.unit, register.quantity.unit)
    assert value == pytest.approx(vector.value, rel=1e-5)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_sentinels_of_a_profile_are_no_values_in_its_own_word_order(profile: MeterProfile) -> None:
    for register in profile.registers:
        for sentinel in register.sentinels:
            size = register.type.registers * 2
            raw = sentinel.bits.to_bytes(size, "big")
            words = [raw[n : n + 2] for n in range(0, size, 2)]
            wire = b"".join(reversed(words) if register.word_order.value == "lsw_first" else words)
            (value,) = BlockDecoder(ReadBlock(register.address, register.type.registers, (register,))).decode(wire)
            assert value != value  # noqa: PLR0124 - NaN


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_counter_of_a_profile_wraps_within_what_its_register_can_hold(profile: MeterProfile) -> None:
    for register in profile.registers:
        if register.quantity.kind is Kind.COUNTER and register.type.is_integer:
            assert register.wraps_at is not None
            assert 0 < register.wraps_at <= register.type.span
