"""Spot checks of the register maps: for each meter a few registers, with the numbers of its document."""

import pytest
from shipped_profiles import FOLDER, profile

from collector.plant.profile import RegisterType, WordOrder
from collector.settings.profiles import profile_names

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
