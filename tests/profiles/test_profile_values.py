"""What the registers of the shipped profiles come to: counters, scales, and what is no value."""

import math

import pytest
from shipped_profiles import FOLDER, profile

from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock
from collector.plant.profile import Convention
from collector.settings.profiles import profile_names

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


# --- No value, another device -----------------------------------------------------------------------------------------


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
