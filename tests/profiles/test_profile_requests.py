"""How the meters of the shipped profiles want to be asked."""

import pytest
from shipped_profiles import FOLDER, profile

from collector.acquisition.modbus.plan import plan_scan
from collector.plant.profile import MeterProfile, Reading, RegisterType
from collector.settings.profiles import profile_names


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("carlogavazzi-em24-rs485", 11),
        ("laumas-tlb", 32),
        ("eastron-sdm630", 50),
        ("carlogavazzi-em3xx", 50),
        ("janitza-umg-19000", 96),
        ("iskra-mc", 120),
        ("schneider-pm5xxx", 125),
    ],
)
def test_no_more_registers_are_asked_for_than_the_meter_gives(name: str, most: int) -> None:
    assert profile(name).rules.max_registers == most


def test_a_vpflowscope_is_asked_for_one_value_at_a_time() -> None:
    rules = profile("vpinstruments-vpflowscope").rules
    assert (rules.reading, rules.max_registers) == (Reading.ONE_VALUE, 2)


def test_the_identification_of_a_sentron_meter_is_read_whole_and_its_hole_never() -> None:
    rules = profile("siemens-sentron-pac").rules
    assert (rules.blocks, rules.holes, rules.max_gap) == (((64001, 27),), ((49, 53),), 0)


def test_only_meters_whose_gaps_are_readable_are_read_across_them() -> None:
    across = {name for name in profile_names(FOLDER) if profile(name).rules.max_gap}
    assert across == {"abb-eq-m4m", "iskra-mc", "satec-pm13x-16bit", "sunspec-meter-203"}


def test_meters_that_need_time_are_given_it() -> None:
    waits = {name: profile(name).pause_between_s for name in profile_names(FOLDER) if profile(name).pause_between_s}
    assert waits == {"abb-eq-m4m": 0.1, "janitza-umg-19000": 0.05}


def test_meters_that_refuse_odd_addresses_are_asked_for_even_ones() -> None:
    aligned = {name for name in profile_names(FOLDER) if profile(name).rules.align == 2}
    assert aligned == {"eastron-sdm630", "satec-pm13x-32bit"}


def test_a_sunspec_value_comes_in_one_request_with_its_scale_factor() -> None:
    sunspec = profile("sunspec-meter-203")
    assert sunspec.sunspec_model == 203
    scaled = [register for register in sunspec.registers if register.exponent]
    assert len(scaled) == 19
    for register in scaled:
        assert any({register.name, register.exponent} <= set(group) for group in sunspec.rules.atomic)


def needed(found: MeterProfile) -> set[str]:
    """Return the names of what is polled without being asked for, and of what that needs."""
    names = {register.name for register in found.registers if register.quantity is not None and not register.optional}
    constants = {constant.name for constant in found.constants}
    while more := {other for name in names for other in found.register(name).needs} - names - constants:
        names |= more
    return names


def requests(name: str) -> list[tuple[int, int]]:
    """Return first address and count of each request for the standard set of a profile."""
    found = profile(name)
    names = needed(found)
    blocks = plan_scan([register for register in found.registers if register.name in names], found.rules)
    return [(block.address, block.count) for block in blocks]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("schneider-pm5xxx", [(3009, 2), (3025, 2), (3059, 2), (3109, 2), (3203, 4)]),
        ("eastron-sdm630", [(42, 2), (46, 2), (52, 2), (70, 4)]),
        ("carlogavazzi-em3xx", [(38, 4), (51, 3)]),
        ("generic-dc-bus-plc", [(0, 14)]),
        ("siemens-sentron-pac", [(55, 2), (59, 4), (65, 6), (801, 16)]),
        ("abb-eq-m4m", [(20480, 8), (23316, 39)]),
        ("satec-pm13x-16bit", [(274, 17)]),
        ("satec-pm13x-32bit", [(14336, 2), (14720, 2)]),
        ("sunspec-meter-203", [(2, 53)]),
        ("acrel-djsf1352", [(0, 4), (8, 2), (12, 4)]),
        ("chint-dtsu666", [(6, 2), (4126, 2), (4136, 2), (8210, 2), (8218, 2), (8234, 2), (8260, 2)]),
        ("sick-marsic300", [(1000, 4), (1006, 16)]),
        ("vpinstruments-vpflowscope", [(17, 2), (128, 2)]),
    ],
)
def test_the_standard_set_is_asked_for_like_this(name: str, asked: list[tuple[int, int]]) -> None:
    assert requests(name) == asked


@pytest.mark.parametrize("name", profile_names(FOLDER))
def test_all_of_a_profile_is_read_in_requests_that_its_device_allows(name: str) -> None:
    found = profile(name)
    blocks = plan_scan(found.registers, found.rules)
    assert sorted(each.name for block in blocks for each in block.registers) == sorted(r.name for r in found.registers)
    assert all(block.count <= found.rules.most(block.function) for block in blocks)
    if not found.rules.max_gap:
        covered = {at for r in found.registers for at in range(r.address, r.end)}
        covered |= {at for first, count in found.rules.blocks for at in range(first, first + count)}
        atomic = {n for group in found.rules.atomic for n in group}
        for block in blocks:
            if not any(each.name in atomic for each in block.registers):
                assert set(range(block.address, block.end)) <= covered


def test_the_bits_of_a_marsic_come_in_two_requests() -> None:
    marsic = profile("sick-marsic300")
    blocks = plan_scan([register for register in marsic.registers if register.type is RegisterType.BIT], marsic.rules)
    assert [(block.function, block.address, block.count) for block in blocks] == [(2, 1000, 5), (2, 1024, 2)]
