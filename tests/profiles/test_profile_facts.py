"""Spot checks of the register maps: for each meter a few registers, with the numbers of its document."""

import math
from pathlib import Path

import pytest

from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.plant.profile import Convention, MeterProfile, Reading, RegisterType, WordOrder
from collector.settings.profiles import profile_names, read_profile

FOLDER = Path(__file__).parents[2] / "config" / "profiles"
HIGH, LOW = WordOrder.MSW_FIRST, WordOrder.LSW_FIRST

# profile, register, function, address on the wire, type, which word comes first, scale, unit
FACTS = [
    ("abb-eq-m4m", "active_power", 3, 23316, "s32", HIGH, 0.01, "W"),
    ("abb-eq-m4m", "active_energy_import", 3, 20480, "u64", HIGH, 0.01, "kWh"),
    ("abb-eq-m4m", "power_factor", 3, 23354, "s16", HIGH, 0.001, "1"),
    ("abb-eq-m4m", "serial", 3, 35072, "u32", HIGH, 1, ""),
    ("abb-m2m", "active_energy_import", 3, 4158, "u32", HIGH, 100, "Wh"),
    ("abb-m2m", "frequency", 3, 4166, "u32", HIGH, 0.001, "Hz"),
    ("accuenergy-acudc-240", "dc_voltage", 3, 512, "f32", HIGH, 1, "V"),
    ("accuenergy-acudc-240", "dc_energy", 3, 768, "u32", HIGH, 0.01, "kWh"),
    ("accuenergy-acudc-240", "dc_charge_export", 3, 778, "u32", HIGH, 0.01, "Ah"),
    ("accuenergy-acuvim-ii", "active_power", 3, 16418, "f32", HIGH, 1, "W"),
    ("accuenergy-acuvim-ii", "active_energy_import", 3, 16456, "u32", HIGH, 0.1, "kWh"),
    ("acrel-adl3000", "active_power", 3, 106, "s16", HIGH, 0.001, "kW"),
    ("acrel-adl3000", "active_energy_import", 3, 10, "u32", HIGH, 0.01, "kWh"),
    ("acrel-adw300", "active_power", 3, 36, "s32", HIGH, 1, "W"),
    ("acrel-adw300", "active_energy_import", 3, 62, "s32", HIGH, 0.01, "kWh"),
    ("acrel-djsf1352", "dc_voltage", 3, 0, "u16", HIGH, 1, "V"),
    ("acrel-djsf1352", "dc_current", 3, 2, "s16", HIGH, 1, "A"),
    ("acrel-djsf1352", "dc_energy", 3, 12, "u32", HIGH, 1, "Wh"),
    ("airoptic-gaseye", "process_temperature", 4, 0, "f32", HIGH, 1, "degC"),
    ("airoptic-gaseye", "gas_pressure", 4, 2, "f32", HIGH, 1, "mbar"),
    ("camille-bauer-aplus", "active_power", 3, 133, "f32", LOW, 1, "W"),
    ("camille-bauer-aplus", "frequency", 3, 157, "f32", LOW, 1, "Hz"),
    ("carlogavazzi-em24-rs485", "active_energy_import", 4, 62, "s32", LOW, 0.1, "kWh"),
    ("carlogavazzi-em24-rs485", "active_energy_import_partial", 4, 66, "s32", LOW, 0.1, "kWh"),
    ("carlogavazzi-em24-rs485", "frequency", 4, 55, "u16", LOW, 0.1, "Hz"),
    ("carlogavazzi-em24-rs485", "ct_ratio", 4, 0x112C, "u16", LOW, 0.1, ""),
    ("carlogavazzi-em3xx", "voltage", 4, 38, "s32", LOW, 0.1, "V"),
    ("carlogavazzi-em3xx", "active_power", 4, 40, "s32", LOW, 0.1, "W"),
    ("carlogavazzi-em3xx", "active_energy_import", 4, 52, "s32", LOW, 0.1, "kWh"),
    ("carlogavazzi-em3xx", "current_l1", 4, 12, "s32", LOW, 0.001, "A"),
    ("carlogavazzi-em3xx", "model", 3, 0x000B, "u16", LOW, 1, ""),
    ("chint-dtsu666", "active_power", 3, 8210, "f32", HIGH, 0.1, "W"),
    ("chint-dtsu666", "active_energy_import", 3, 4126, "f32", HIGH, 1, "kWh"),
    ("chint-dtsu666", "vt_ratio", 3, 7, "u16", HIGH, 0.1, ""),
    ("circutor-cvm-c10", "active_power", 3, 48, "u32", HIGH, 1, "W"),
    ("circutor-cvm-c10", "active_energy_import", 3, 220, "u32", HIGH, 1, "kWh"),
    ("dini-argeo", "gross_weight", 3, 202, "s32", HIGH, 1, "kg"),
    ("eastron-sdm630", "voltage", 4, 42, "f32", HIGH, 1, "V"),
    ("eastron-sdm630", "active_power", 4, 52, "f32", HIGH, 1, "W"),
    ("eastron-sdm630", "active_energy_import", 4, 72, "f32", HIGH, 1, "kWh"),
    ("eastron-sdm630", "active_energy_export_l3", 4, 356, "f32", HIGH, 1, "kWh"),
    ("eh-proline", "flow", 3, 2008, "f32", LOW, 1, "m3/h"),
    ("eh-proline", "byte_order_setting", 3, 4914, "u16", LOW, 1, ""),
    ("eig-shark100", "active_power", 3, 899, "f32", HIGH, 1, "W"),
    ("eig-shark100", "voltage_l1n", 3, 0x03E7, "f32", HIGH, 1, "V"),
    ("eig-shark100", "active_energy_export", 3, 1099, "s32", HIGH, 1, "Wh"),
    ("eig-shark100", "energy_scale", 3, 0x7535, "u16", HIGH, 1, ""),
    ("elkor-wattson", "active_power", 3, 770, "f32", HIGH, 1, "W"),
    ("elkor-wattson", "active_energy_import", 3, 838, "f32", HIGH, 1, "kWh"),
    ("fox-thermal-ft2a", "flow", 3, 0x13, "f32", HIGH, 1, "m3/h"),
    ("fox-thermal-ft2a", "operating_hours", 3, 27, "f32", HIGH, 1, "h"),
    ("generic-cems-float", "component_8", 3, 14, "f32", HIGH, 1, ""),
    ("generic-cems-float", "status", 3, 40, "u16", HIGH, 1, ""),
    ("generic-dc-bus-plc", "line_current", 3, 2, "f32", HIGH, 1, "A"),
    ("generic-dc-bus-plc", "dc_charge", 3, 10, "u64", HIGH, 1, "Ah"),
    ("generic-dc-bus-plc", "plc_time", 3, 16, "u32", HIGH, 1, "s"),
    ("ime-nemo-d4-dc", "active_power", 3, 4100, "s32", HIGH, 1, "W"),
    ("ime-nemo-d4-dc", "dc_energy", 3, 4102, "u32", HIGH, 1, "Wh"),
    ("iskra-mc", "active_power", 4, 2536, "f32", HIGH, 1, "W"),
    ("iskra-mc", "frequency", 4, 2584, "f32", HIGH, 1, "Hz"),
    ("iskra-mc", "counter_4", 4, 412, "s32", HIGH, 1, ""),
    ("iskra-mc", "counter_4_exponent", 4, 404, "s16", HIGH, 1, ""),
    ("iskra-mc", "counter_4_unit", 3, 451, "u16", HIGH, 1, ""),
    ("iskra-wm-impact", "frequency", 4, 105, "iskra_t5", HIGH, 1, "Hz"),
    ("iskra-wm-impact", "active_power", 4, 140, "iskra_t6", HIGH, 1, "W"),
    ("iskra-wm-impact", "power_factor", 4, 164, "iskra_t7", HIGH, 1, "1"),
    ("janitza-b-series", "active_power", 3, 0x4A52, "f32", HIGH, 1, "W"),
    ("janitza-b-series", "active_energy_import", 3, 0x4A7C, "f32", HIGH, 1, "Wh"),
    ("janitza-umg-19000", "active_power", 3, 19026, "f32", HIGH, 1, "W"),
    ("janitza-umg-19000", "active_energy_export", 3, 19076, "f32", HIGH, 1, "Wh"),
    ("janitza-umg-19000", "thd_i_l3", 3, 19120, "f32", HIGH, 1, "%"),
    ("janitza-umg604-native", "active_power", 3, 1369, "f32", HIGH, 1, "W"),
    ("janitza-umg604-native", "active_energy_import", 3, 9851, "f32", HIGH, 1, "Wh"),
    ("laumas-tlb", "gross_weight", 3, 7, "s32", HIGH, 1, "kg"),
    ("laumas-tlb", "unit_code", 3, 13, "u16", HIGH, 1, ""),
    ("lovato-dmg610", "active_power", 4, 57, "s32", HIGH, 0.01, "W"),
    ("lovato-dmg610", "active_energy_import", 4, 6943, "u64", HIGH, 0.01, "kWh"),
    ("peacefair-pzem017", "dc_current", 4, 1, "u16", LOW, 0.01, "A"),
    ("peacefair-pzem017", "active_power", 4, 2, "u32", LOW, 0.1, "W"),
    ("phoenix-eem", "active_power", 3, 32790, "f32", LOW, 1, "W"),
    ("phoenix-eem", "active_energy_export", 3, 33030, "f32", LOW, 1, "Wh"),
    ("satec-pm13x-16bit", "active_power", 3, 275, "u16", LOW, 1, "kW"),
    ("satec-pm13x-16bit", "active_energy_import", 3, 287, "mod10000x2", LOW, 1, "kWh"),
    ("satec-pm13x-32bit", "active_power", 3, 14336, "s32", LOW, 1, "kW"),
    ("satec-pm13x-32bit", "active_energy_import", 3, 14720, "u32", LOW, 1, "kWh"),
    ("schneider-iem3000", "active_power", 3, 3059, "f32", HIGH, 1, "kW"),
    ("schneider-iem3000", "active_energy_import_l3", 3, 3525, "s64", HIGH, 1, "Wh"),
    ("schneider-ion6200", "active_power", 3, 119, "s16", LOW, 1, "kW"),
    ("schneider-ion6200", "active_energy_import", 3, 137, "u32", LOW, 1, "kWh"),
    ("schneider-ion6200", "voltage_scale", 3, 4011, "u16", LOW, 1, ""),
    ("schneider-pm5xxx", "current", 3, 3009, "f32", HIGH, 1, "A"),
    ("schneider-pm5xxx", "voltage", 3, 3025, "f32", HIGH, 1, "V"),
    ("schneider-pm5xxx", "active_power", 3, 0x0BF3, "f32", HIGH, 1, "kW"),
    ("schneider-pm5xxx", "frequency", 3, 3109, "f32", HIGH, 1, "Hz"),
    ("schneider-pm5xxx", "active_energy_import", 3, 3203, "s64", HIGH, 1, "Wh"),
    ("schneider-pm5xxx", "apparent_energy_export", 3, 3239, "s64", HIGH, 1, "VAh"),
    ("schneider-pm5xxx", "serial", 3, 129, "u32", HIGH, 1, ""),
    ("schneider-pm8000", "active_energy_import", 3, 3203, "s64", HIGH, 1, "Wh"),
    ("schneider-pm8000", "active_energy_net", 3, 2705, "f32", HIGH, 1, "kWh"),
    ("sick-marsic300", "so2", 4, 1000, "f32", HIGH, 1, "mg/m3"),
    ("sick-marsic300", "o2", 4, 1020, "f32", HIGH, 1, "%"),
    ("sick-marsic300", "span_gas", 2, 1025, "bit", HIGH, 1, ""),
    ("siemens-7kt-pac16xx", "active_power", 3, 57, "s32", HIGH, 0.01, "W"),
    ("siemens-7kt-pac16xx", "active_energy_import", 3, 6687, "u32", HIGH, 1, "Wh"),
    ("siemens-sentron-pac", "frequency", 3, 55, "f32", HIGH, 1, "Hz"),
    ("siemens-sentron-pac", "active_energy_import", 3, 801, "f64", HIGH, 1, "Wh"),
    ("siemens-sentron-pac", "active_energy_import_t2", 3, 805, "f64", HIGH, 1, "Wh"),
    ("socomec-digiware-b30", "power_factor", 3, 18486, "s16", HIGH, 0.001, "1"),
    ("socomec-digiware-b30", "active_energy_import", 3, 19843, "u32", HIGH, 1, "kWh"),
    ("socomec-diris-a", "active_power", 3, 50536, "s32", HIGH, 10, "W"),
    ("socomec-diris-a", "active_energy_import", 3, 50946, "u32", HIGH, 10, "Wh"),
    ("socomec-diris-a10", "active_energy_import", 3, 50780, "u32", HIGH, 1, "kWh"),
    ("sunspec-meter-203", "active_power", 3, 18, "s16", HIGH, 1, "W"),
    ("sunspec-meter-203", "active_energy_import", 3, 46, "u32", HIGH, 1, "Wh"),
    ("sunspec-meter-203", "energy_exponent", 3, 54, "s16", HIGH, 1, ""),
    ("suto-s430", "flow", 3, 6, "f32", LOW, 1, "m3/h"),
    ("suto-s430", "volume", 3, 8, "u32", LOW, 1, "m3"),
    ("vpinstruments-vpflowscope", "velocity", 3, 16, "s32", HIGH, 0.1, "m/s"),
    ("vpinstruments-vpflowscope", "flow", 3, 17, "s32", HIGH, 0.1, "m3/h"),
]


def profile(name: str) -> MeterProfile:
    return read_profile(FOLDER / f"{name}.toml")


@pytest.mark.parametrize(
    ("name", "register", "function", "address", "type_", "order", "scale", "unit"),
    FACTS,
    ids=[f"{fact[0]}-{fact[1]}" for fact in FACTS],
)
def test_a_register_stands_where_its_document_has_it(
    name: str, register: str, function: int, address: int, type_: str, order: WordOrder, scale: float, unit: str
) -> None:
    found = profile(name).register(register)
    assert (found.function, found.address, found.type.label) == (function, address, type_)
    assert (found.word_order, found.scale, found.unit) == (order, scale, unit)


def test_every_shipped_profile_is_spot_checked() -> None:
    assert len(profile_names(FOLDER)) == 46
    assert {fact[0] for fact in FACTS} == set(profile_names(FOLDER))


@pytest.mark.parametrize("name", profile_names(FOLDER))
def test_what_is_not_optional_is_what_an_energy_manager_looks_at(name: str) -> None:
    standard = {r.name for r in profile(name).registers if r.quantity is not None and not r.optional}
    assert not [each for each in standard if each.startswith(("thd_", "demand_", "reactive_energy", "apparent_"))]
    assert not [each for each in standard if each.endswith(("_l1", "_l2", "_l3", "_t1", "_t2"))]


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("schneider-pm5xxx", ["active_energy_import", "active_power", "current", "frequency", "voltage"]),
        ("eastron-sdm630", ["active_energy_import", "active_power", "current", "frequency", "voltage"]),
        ("carlogavazzi-em3xx", ["active_energy_import", "active_power", "frequency", "voltage"]),
        ("generic-dc-bus-plc", ["dc_charge", "dc_energy", "dc_power", "line_current", "line_voltage"]),
        ("sick-marsic300", ["ch4", "co", "co2", "h2o", "nh3", "no", "no2", "nox", "o2", "so2"]),
        ("suto-s430", ["flow", "volume"]),
        ("generic-cems-float", []),
    ],
)
def test_these_are_polled_without_being_asked_for(name: str, standard: list[str]) -> None:
    assert sorted(r.name for r in profile(name).registers if r.quantity is not None and not r.optional) == standard


# --- Counters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "register", "wraps_at"),
    [
        ("accuenergy-acuvim-ii", "active_energy_import", 1_000_000_000),  # after 99,999,999.9 kWh
        ("accuenergy-acudc-240", "dc_energy", 1_000_000_000),  # after 9,999,999.99 kWh
        ("satec-pm13x-16bit", "active_energy_import", 100_000_000),
        ("satec-pm13x-32bit", "active_energy_import", 100_000_000),
        ("circutor-cvm-c10", "active_energy_import", 1_000_000_000),
        ("siemens-sentron-pac", "active_energy_import", 10**12),
        ("siemens-7kt-pac16xx", "active_energy_import", 2**32),
        ("abb-m2m", "active_energy_import", 2**32),
        ("acrel-adw300", "active_energy_import", 2**31),
        ("carlogavazzi-em3xx", "active_energy_import", 0x7FFF0000),
        ("eig-shark100", "active_energy_import", 100_000_000),
        ("suto-s430", "volume", 2**32),
        ("peacefair-pzem017", "dc_energy", 10_000_000),
        ("eastron-sdm630", "active_energy_import", None),
    ],
)
def test_a_counter_begins_again_where_its_document_says(name: str, register: str, wraps_at: float | None) -> None:
    assert profile(name).register(register).wraps_at == wraps_at


def test_the_energy_of_a_sentron_meter_is_that_of_both_tariffs() -> None:
    for name in ("active_energy_import", "active_energy_export", "reactive_energy_import", "reactive_energy_export"):
        assert profile("siemens-sentron-pac").register(name).plus == (f"{name}_t2",)


# --- What a value depends on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "constants"),
    [
        ("satec-pm13x-16bit", ["v_max", "i_max", "p_max", "f_min", "f_max"]),
        ("satec-pm13x-32bit", ["voltage_unit", "power_unit"]),
        ("acrel-adl3000", ["ct_ratio", "vt_ratio"]),
        ("acrel-adw300", ["ct_ratio", "vt_ratio"]),
        ("accuenergy-acuvim-ii", ["power_unit"]),
        ("schneider-ion6200", ["megawatt_option"]),
        ("laumas-tlb", ["division"]),
        ("eh-proline", ["flow_unit"]),
    ],
)
def test_what_only_the_site_knows_must_be_given_and_is_never_guessed(name: str, constants: list[str]) -> None:
    found = profile(name).constants
    assert [constant.name for constant in found] == constants
    assert all(constant.default is None for constant in found)


def test_secondary_values_are_multiplied_by_the_ratios_that_the_meter_holds() -> None:
    chint = profile("chint-dtsu666")
    assert chint.constants == ()
    assert chint.register("active_power").scale_by == ("ct_ratio", "vt_ratio")
    assert chint.register("current_l1").scale_by == ("ct_ratio",)
    assert chint.register("voltage_l1n").scale_by == ("vt_ratio",)
    assert (chint.register("ct_ratio").address, chint.register("ct_ratio").every_s) == (6, 3600.0)


def test_the_scale_codes_of_an_ion6200_run_from_a_thousandth_to_a_thousand() -> None:
    codes = ((0, 0.001), (1, 0.01), (2, 0.1), (3, 1.0), (4, 10.0), (5, 100.0), (6, 1000.0))
    assert profile("schneider-ion6200").register("power_scale").map == codes


def test_the_energy_format_of_a_shark_is_three_parts_of_one_register() -> None:
    shark = profile("eig-shark100")
    assert [shark.register(f"energy_{part}").bits for part in ("digits", "scale", "point")] == [(8, 2), (4, 3), (0, 3)]
    assert shark.register("energy_scale").map == ((0, 1.0), (3, 1000.0), (6, 1_000_000.0))


def test_full_scale_of_a_satec_meter_is_9999_counts() -> None:
    line = profile("satec-pm13x-16bit").register("active_power").linear
    assert line is not None
    assert (line.raw, line.value) == ((0, 9999), ("-p_max", "p_max"))


def test_the_exponents_of_a_djsf1352_count_from_three() -> None:
    register = profile("acrel-djsf1352").register("dc_current")
    assert (register.exponent, register.exponent_bias) == ("dc_current_point", -3)


def test_a_schneider_power_factor_is_in_four_quadrants() -> None:
    for name in ("schneider-pm5xxx", "schneider-iem3000"):
        assert profile(name).register("power_factor").convention is Convention.SCHNEIDER_4Q


# --- How a meter wants to be asked ------------------------------------------------------------------------------------


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


# --- From the bytes to the values -------------------------------------------------------------------------------------


class Answers:
    """A meter of a profile, told what it answers."""

    def __init__(self, name: str, **constants: float) -> None:
        self._profile = profile(name)
        self.values = MeterValues(self._profile.registers, constants)

    def answer(self, raw: str, *names: str) -> None:
        """Take the registers from the first of these to the last."""
        registers = sorted((self._profile.register(name) for name in names), key=lambda register: register.address)
        first, end = registers[0].address, registers[-1].end
        self.values.take(ReadBlock(registers[0].function, first, end - first, tuple(registers)), bytes.fromhex(raw))


def test_a_sentron_meter_adds_its_tariffs() -> None:
    meter = Answers("siemens-sentron-pac")
    meter.answer("419D6F3454000000 408F400000000000", "active_energy_import", "active_energy_import_t2")
    assert meter.values.value("active_energy_import_t2") == 1000.0
    assert meter.values.value("active_energy_import") == 123_457_789.0


def test_a_sunspec_value_is_scaled_by_the_factor_of_the_same_answer() -> None:
    meter = Answers("sunspec-meter-203")
    names = ("active_power", "active_power_l1", "active_power_l2", "active_power_l3", "active_power_exponent")
    meter.answer("FB2E 8000 0001 0002 0001", *names)
    assert meter.values.value("active_power") == -12_340.0
    assert math.isnan(meter.values.value("active_power_l1"))  # not implemented
    assert meter.values.value("active_power_l3") == 20.0
    meter.answer("FB2E 8000 0001 0002 FFFF", *names)
    assert meter.values.value("active_power") == pytest.approx(-123.4)
    meter.answer("FB2E 8000 0001 0002 8000", *names)
    assert math.isnan(meter.values.value("active_power"))  # no factor, no value


def test_a_chint_meter_shows_primary_values_once_its_ratios_are_read() -> None:
    meter = Answers("chint-dtsu666")
    meter.answer("46436400", "active_power")
    assert math.isnan(meter.values.value("active_power"))
    meter.answer("0050 0064", "ct_ratio", "vt_ratio")  # 80, and 100 tenths
    meter.answer("46436400", "active_power")
    assert meter.values.value("active_power") == pytest.approx(1_000_400.0)


def test_a_shark_counts_in_the_unit_and_with_the_digits_that_it_is_set_to() -> None:
    meter = Answers("eig-shark100", import_sign=1.0, export_sign=-1.0)
    meter.answer("0331", "energy_digits", "energy_scale", "energy_point")  # 8 digits, kilo, 1 behind the point
    meter.answer("FFE9A638", "active_energy_export")
    assert meter.values.value("active_energy_export") == pytest.approx(146_477_600.0)
    assert [meter.values.value(f"energy_{part}") for part in ("digits", "scale", "point")] == [3.0, 1000.0, 0.1]


def test_the_bits_of_a_marsic_are_taken_apart() -> None:
    meter = Answers("sick-marsic300")
    names = ("malfunction", "maintenance_request", "maintenance", "out_of_specification", "live")
    meter.answer("12", *names)
    assert [meter.values.value(name) for name in names] == [0.0, 1.0, 0.0, 0.0, 1.0]
    assert meter.values.shown(profile("sick-marsic300").register("live")) == "live (1)"


def test_a_djsf1352_has_the_place_of_the_point_beside_each_value() -> None:
    meter = Answers("acrel-djsf1352")
    meter.answer("1E61 0002 FB2E 0003", "dc_voltage", "dc_voltage_point", "dc_current", "dc_current_point")
    assert meter.values.value("dc_voltage") == pytest.approx(777.7)
    assert meter.values.value("dc_current") == -1234.0


def test_a_power_meter_of_another_maker_is_not_taken_for_a_schneider() -> None:
    meter = Answers("schneider-pm5xxx")
    maker = profile("schneider-pm5xxx").register("maker")
    assert meter.values.is_expected(maker)
    meter.answer(b"Schneider Electric".ljust(40, b"\0").hex(), "maker")
    assert meter.values.is_expected(maker)
    meter.answer(b"Siemens".ljust(40, b"\0").hex(), "maker")
    assert not meter.values.is_expected(maker)


# --- No value, another device, not confirmed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "register", "marks"),
    [
        ("schneider-pm5xxx", "active_power", [0xFFC00000, 0x80008000]),
        ("schneider-iem3000", "active_energy_import", [0x8000000000000000]),
        ("abb-eq-m4m", "active_energy_export", [0xFFFFFFFFFFFFFFFF]),
        ("abb-eq-m4m", "active_power", [0x7FFFFFFF]),
        ("carlogavazzi-em24-rs485", "active_power", [0x7FFF0000]),
        ("satec-pm13x-16bit", "active_power", [0xFFFF]),
        ("sunspec-meter-203", "active_power", [0x8000]),
        ("sunspec-meter-203", "active_energy_import", [0]),
        ("sunspec-meter-203", "event_flags", []),
        ("sick-marsic300", "so2", [0]),
        ("generic-dc-bus-plc", "line_current", [0x7FC00000]),
    ],
)
def test_these_raw_numbers_are_no_value(name: str, register: str, marks: list[int]) -> None:
    assert [sentinel.bits for sentinel in profile(name).register(register).sentinels] == marks


def test_these_meters_tell_by_a_text_that_they_are_the_right_ones() -> None:
    expecting = {
        (name, register.name, register.expect)
        for name in profile_names(FOLDER)
        for register in profile(name).registers
        if register.expect
    }
    assert expecting == {
        ("schneider-pm5xxx", "maker", ("Schneider",)),
        ("schneider-iem3000", "model", ("iEM3", "PM3")),
        ("socomec-diris-a", "signature", ("SOCO",)),
        ("socomec-diris-a10", "signature", ("SOCO",)),
    }


def test_a_socomec_signature_has_one_character_a_register() -> None:
    signature = profile("socomec-diris-a").register("signature")
    assert (signature.address, signature.count, signature.one_character) == (50000, 4, True)


@pytest.mark.parametrize(
    ("name", "registers"),
    [
        ("schneider-pm8000", ["active_power", "active_energy_import"]),
        ("accuenergy-acuvim-ii", ["active_power"]),
        ("abb-m2m", ["active_power", "active_energy_import", "frequency"]),
        ("iskra-mc", ["active_power", "frequency"]),
        ("iskra-wm-impact", ["active_power"]),
        ("satec-pm13x-32bit", ["voltage_l1n", "active_power", "active_energy_import"]),
        ("socomec-diris-a", ["frequency"]),
        ("janitza-umg-19000", ["active_energy_import", "active_energy_export"]),
        ("ime-nemo-d4-dc", ["active_power", "dc_energy", "dc_charge"]),
        ("acrel-adl3000", ["voltage_l1n", "active_power"]),
        ("acrel-djsf1352", ["active_power", "dc_energy"]),
        ("airoptic-gaseye", ["process_temperature", "gas_1"]),
        ("laumas-tlb", ["gross_weight"]),
        ("dini-argeo", ["gross_weight"]),
        ("eh-proline", ["flow", "totalizer_1"]),
    ],
)
def test_what_is_not_confirmed_says_so(name: str, registers: list[str]) -> None:
    unverified = {register.name for register in profile(name).unverified}
    assert set(registers) <= unverified


def test_the_energies_of_an_adl3000_and_of_an_acuvim_are_confirmed() -> None:
    assert not profile("acrel-adl3000").register("active_energy_import").unverified
    assert not profile("accuenergy-acuvim-ii").register("active_energy_import").unverified


def test_the_bits_that_grade_a_marsic_are_discrete_inputs() -> None:
    bits = {r.name: r.address for r in profile("sick-marsic300").registers if r.type is RegisterType.BIT}
    assert bits == {
        "malfunction": 1000,
        "maintenance_request": 1001,
        "maintenance": 1002,
        "out_of_specification": 1003,
        "live": 1004,
        "zero_gas": 1024,
        "span_gas": 1025,
    }
