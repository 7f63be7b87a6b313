"""Information registers: texts, exponents, ratios, and what the plant file and the scenario say of them."""

from pathlib import Path

import pytest
from written_profile import READOUT, image, words, written

from simulators.physics.meter import Rated, Readout
from simulators.servers.information import Setup

POWER = "[registers.active_power]\naddress = 0\ntype = 's16'\nunit = 'W'\n"


def test_a_power_of_ten_is_chosen_so_that_the_rating_fits(tmp_path: Path) -> None:
    profile = written(
        tmp_path, POWER + "exponent = 'power_sf'\n[registers.power_sf]\naddress = 1\ntype = 's16'\ninfo = true"
    )
    # 150 kW at most: 32,767 x 10 is enough, 32,767 x 1 is not. 60,000 W are 6000 tens.
    assert words(image(profile), 0, 2) == "17700001"
    small = Readout({**READOUT.gauges, "active_power": 60.0}, {}, rated=Rated(100.0, 400.0, 1.0))
    assert words(image(profile, readout=small), 0, 2) == "1770FFFE"  # 6000 hundredths


def test_a_power_of_ten_stays_as_it_is_while_the_power_changes(tmp_path: Path) -> None:
    profile = written(
        tmp_path, POWER + "exponent = 'power_sf'\n[registers.power_sf]\naddress = 1\ntype = 's16'\ninfo = true"
    )
    exponents = set()
    for power in (0.0, 1.0, 60_000.0, 149_000.0):
        readout = READOUT.but({**READOUT.gauges, "active_power": power}, {})
        exponents.add(words(image(profile, readout=readout), 1))
    assert exponents == {"0001"}


def test_exponents_may_be_kept_with_a_bias_and_in_an_unsigned_register(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        POWER + "exponent = 'decimals'\nexponent_bias = -3\n"
        "[registers.decimals]\naddress = 1\ntype = 'u16'\ninfo = true",
    )
    assert words(image(profile), 0, 2) == "17700004"  # 6000 x 10^(4 - 3)


def test_a_factor_is_the_finest_of_the_map_that_fits(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        POWER.replace("'s16'", "'u16'") + "scale_by = ['unit']\n"
        "[registers.unit]\naddress = 1\ntype = 'u16'\ninfo = true\nmap = { '0' = 1, '1' = 10, '2' = 100 }",
    )
    assert words(image(profile), 0, 2) == "17700001"


def test_a_line_between_bounds_has_a_full_scale_that_is_round(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.active_power]\naddress = 0\ntype = 'u16'\nunit = 'kW'\n"
        "linear = { raw = [0, 9999], value = ['-p_max', 'p_max'] }\n"
        "[registers.p_max]\naddress = 1\ntype = 'u32'\nunit = 'kW'\ninfo = true",
    )
    # 150 kW fit into -200 to 200 kW: 60 kW are 0.65 of it, raw 6499.
    assert words(image(profile), 0, 3) == "1963000000C8"


def test_a_transformers_ratio_is_told_and_divided_out(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        POWER + "scale_by = ['ct_ratio']\n[registers.ct_ratio]\naddress = 1\ntype = 'u16'\ninfo = true",
    )
    ratio = READOUT.but({**READOUT.gauges, "ct_ratio": 400.0}, {})
    assert words(image(profile, readout=ratio), 0, 2) == "00960190"  # 150 W behind the transformer


def test_a_constant_comes_from_the_plant_file_or_is_the_default(tmp_path: Path) -> None:
    profile = written(
        tmp_path, POWER + "scale_by = ['ct']\n[constants.ct]\nmeaning = 'ratio of the transformer'\ndefault = 20"
    )
    assert profile.constants == {"ct": 20.0}
    assert words(image(profile), 0) == "0BB8"  # 3000
    assert words(image(profile, Setup(constants={"ct": 400.0})), 0) == "0096"


def test_texts_are_those_that_the_map_expects_or_what_the_plate_says(tmp_path: Path) -> None:
    text = "[registers.{}]\naddress = {}\ntype = 'string'\nlength = 4\ninfo = true\n{}"
    profile = written(
        tmp_path,
        text.format("vendor_text", 0, "expect = ['Schneid']\n")
        + text.format("model_name", 4, "")
        + text.format("serial_number_text", 8, "characters = 'one'\n")
        + text.format("firmware", 12, ""),
    )
    shown = image(profile)
    assert shown.read(0, 4) == b"Schneid\x00"
    assert shown.read(4, 4) == b"M1" + bytes(6)
    assert shown.read(8, 4) == b"\x000\x000\x000\x000"  # of 00004711, as much as there is room for
    assert shown.read(12, 4) == b"2.4" + bytes(5)


def test_the_scenario_says_what_a_register_shows(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.serial_number_text]\naddress = 0\ntype = 'string'\nlength = 3\ninfo = true\n"
        "[registers.model_code]\naddress = 3\ntype = 'u16'\ninfo = true\nexpect = [15270, 15271]",
    )
    assert words(image(profile), 3) == "3BA6"
    told = image(profile, Setup(information={"serial_number_text": "X9", "model_code": 7.0}))
    assert told.read(0, 4) == b"X9\x00\x00\x00\x00\x00\x07"


def test_states_are_the_first_of_their_labels_and_flags_are_down(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.state]\naddress = 0\ntype = 'u16'\ninfo = true\nlabels = { '2' = 'ok', '3' = 'fault' }\n"
        "[registers.alarms]\naddress = 1\ntype = 'u16'\ninfo = true\nflags = true\nlabels = { '0' = 'overload' }",
    )
    assert words(image(profile), 0, 2) == "00020000"


def test_a_static_base_is_added_to_every_address(tmp_path: Path) -> None:
    profile = written(tmp_path, POWER.replace("'s16'", "'u16'"), "function = 3\nholes = [[4, 5]]")
    shown = image(profile, Setup(base=1000))
    assert words(shown, 1000) == "EA60"
    assert words(shown, 0) == "not there"
    assert shown.refusal(3, 1004, 1) == 2


@pytest.fixture
def sunspec(tmp_path: Path) -> str:
    profile = written(
        tmp_path,
        "[registers.active_power]\naddress = 18\ntype = 's16'\nunit = 'W'\nexponent = 'w_sf'\n"
        "[registers.w_sf]\naddress = 22\ntype = 's16'\ninfo = true",
        "function = 3\nbase = 'sunspec:203'",
    )
    return words(image(profile), 40_000, 70 + 2 + 105 + 2)


def test_a_sunspec_meter_begins_with_its_mark_and_the_common_model(sunspec: str) -> None:
    # 'SunS', model 1 of 66 registers, then vendor, model, options, version, serial number, device address, padding
    assert sunspec[:16] == "53756E5300010042"
    common = bytes.fromhex(sunspec[16 : 16 + 4 * 66])
    assert common[:5] == b"Acme\x00"
    assert common[32:35] == b"M1\x00"
    assert common[80:84] == b"2.4\x00"
    assert common[96:105] == b"00004711\x00"
    assert common[128:] == b"\x00\x01\x80\x00"


def test_a_sunspec_model_counts_from_its_header_and_ends_with_the_mark(sunspec: str) -> None:
    model = sunspec[4 * 70 :]
    assert model[:8] == "00CB0069"  # 203, 105 registers
    assert model[4 * 18 : 4 * 19] == "1770"
    assert model[4 * 22 : 4 * 23] == "0001"
    assert model[4 * 19 : 4 * 20] == "8000"  # not implemented
    assert model[4 * 107 :] == "FFFF0000"
