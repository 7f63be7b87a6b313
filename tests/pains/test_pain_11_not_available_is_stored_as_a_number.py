"""Every mark of 'not available' of every profile: compared as raw bits, and never a number."""

import math
from pathlib import Path

import pytest

from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock
from collector.plant.profile import ByteOrder, MeterProfile, Register, WordOrder
from collector.settings.profiles import profile_names, read_profile

PROFILES = Path(__file__).parents[2] / "config" / "profiles"
ALL = [read_profile(PROFILES / f"{name}.toml") for name in profile_names(PROFILES)]
MARKED = [profile for profile in ALL if any(register.sentinels for register in profile.registers)]


def on_the_wire(register: Register, bits: int) -> bytes:
    """Return raw bits in the register's own order of words and bytes, written down from the definition."""
    words = [bits.to_bytes(2 * register.count)[at : at + 2] for at in range(0, 2 * register.count, 2)]
    words = words[::-1] if register.word_order is WordOrder.LSW_FIRST else words
    return b"".join(word[::-1] if register.byte_order is ByteOrder.LITTLE else word for word in words)


def test_there_are_profiles_with_marks() -> None:
    assert len(MARKED) >= 10


@pytest.mark.parametrize("profile", MARKED, ids=lambda profile: profile.name)
def test_no_mark_of_a_profile_is_read_as_a_number(profile: MeterProfile) -> None:
    given = {name: 1.0 for register in profile.registers for name in register.needs}
    seen = 0
    for register in profile.registers:
        if register.is_text:
            continue
        for mark in register.sentinels:
            for filled in {mark.bits, mark.bits | ~mark.mask & (1 << 16 * register.count) - 1}:
                values = MeterValues([register], given)
                block = ReadBlock(register.function, register.address, register.count, (register,))
                (value,) = values.take(block, on_the_wire(register, filled))
                assert math.isnan(value), f"{profile.name}.{register.name}: 0x{filled:X} is {value}"
                seen += 1
    assert seen


def test_the_pseudo_nan_of_a_pm5000_is_a_small_number_to_every_float_and_no_value_here() -> None:
    profile = next(profile for profile in ALL if profile.name == "schneider-pm5xxx")
    register = profile.register("current")
    values = MeterValues([register], {})
    block = ReadBlock(register.function, register.address, 2, (register,))
    assert math.isnan(values.take(block, bytes.fromhex("80008000"))[0])
    assert values.take(block, bytes.fromhex("42DB6B85"))[0] == pytest.approx(109.71, abs=0.001)
