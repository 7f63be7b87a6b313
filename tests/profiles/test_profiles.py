"""Every register map that is shipped: it loads, is planned, and decodes its test vectors."""

from pathlib import Path

import pytest

from collector.plant.profile import MeterProfile
from collector.readings.quantity import Kind
from collector.settings.profiles import profile_names, read_profile

FOLDER = Path(__file__).parents[2] / "config" / "profiles"
PROFILES = [read_profile(FOLDER / f"{name}.toml") for name in profile_names(FOLDER)]


def test_there_are_at_least_4_profiles() -> None:
    assert {"carlogavazzi-em3xx", "eastron-sdm630", "generic-dc-bus-plc", "schneider-pm5xxx"} <= {
        profile.name for profile in PROFILES
    }


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_profile_has_a_test_vector(profile: MeterProfile) -> None:
    assert profile.verified


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_counter_of_a_profile_wraps_within_what_its_register_can_hold(profile: MeterProfile) -> None:
    for register in profile.registers:
        if register.quantity is not None and register.quantity.kind is Kind.COUNTER and register.type.is_integer:
            assert register.wraps_at is not None
            assert register.raw_span is not None
            assert 0 < register.wraps_at <= register.raw_span
