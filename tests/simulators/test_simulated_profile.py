"""Register maps of the second schema: what is read, what comes out of it, and how errors name their place."""

import struct
from pathlib import Path

import pytest
from written_profile import image, with_gauges, words, written

from simulators.profile import Reading, load_profile
from simulators.servers.encoding import encode_counter, encode_gauge, ordered, packed_text
from simulators.tables import ConfigurationError

PROFILES = Path(__file__).parents[2] / "config" / "profiles"


def test_addresses_are_those_of_the_document(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.voltage]\naddress = 43060\ntype = 'u16'\nunit = 'V'",
        "function = 3\naddresses_from = 40001\nblocks = [[43060, 4]]\nholes = [[43070, 43072]]",
    )
    assert profile.registers["voltage"].address == 3059
    assert profile.rules.blocks == ((3059, 4),)
    assert profile.rules.holes == ((3069, 3071),)
    assert words(image(profile), 3059, 4) == "0190000000000000"


def test_each_register_has_its_own_function_and_each_function_its_own_addresses(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.voltage]\naddress = 7\ntype = 'u16'\nunit = 'V'\n"
        "[registers.current]\naddress = 7\nfunction = 4\ntype = 'u16'\nunit = 'A'\n"
        "[registers.alarm]\naddress = 7\nfunction = 2\ntype = 'bit'\ninfo = true",
    )
    shown = image(profile)
    assert shown.functions == {2, 3, 4}
    assert words(shown, 7) == "0190"
    assert words(shown, 7, function=4) == "0064"
    assert words(shown, 7, function=2) == "00"
    assert words(shown, 7, function=1) == "not there"


def test_parts_of_one_integer_share_its_address(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.frequency]\naddress = 0\ntype = 'u16'\nbits = [0, 7]\nunit = 'Hz'\n"
        "[registers.power_factor]\naddress = 0\ntype = 'u16'\nbits = [8, 8]\nunit = '1'\nscale = 0.01",
    )
    assert words(image(profile), 0) == "5032"  # 80 hundredths above 50 Hz
    # A part stops at its own limit and leaves its neighbour alone.
    assert words(image(profile, readout=with_gauges({"frequency": 400.0})), 0) == "507F"


def test_a_register_shows_the_unit_that_the_map_says(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.power_factor]\naddress = 0\ntype = 'u16'\nunit = '%'\n"
        "[registers.reactive_power]\naddress = 1\ntype = 'u16'\nunit = 'kvar'\n"
        "[registers.operating_hours]\naddress = 2\ntype = 'u32'\nunit = 'h'\n"
        "[registers.gas_pressure]\naddress = 4\ntype = 'u16'\nunit = 'mbar'\n"
        "[registers.net_weight]\naddress = 5\ntype = 'u16'\nunit = 't'\nscale = 0.1",
    )
    # 80 %, 60 kW x tan(acos 0.8) = 45 kvar, 60,411 h since 2020, 1013 mbar at 3 o'clock and a bit, 4.9 t
    assert words(image(profile), 0, 2) == "0050002D"
    assert words(image(profile), 2, 2) == "0000EBFB"
    assert int(words(image(profile), 4), 16) == pytest.approx(1013, abs=4)
    assert words(image(profile), 5) == "0031"


def test_what_is_added_from_another_register_is_taken_off(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.active_energy_import]\naddress = 0\ntype = 'u32'\nunit = 'kWh'\n"
        "plus = ['active_energy_import_t2']\n"
        "[registers.active_energy_import_t2]\naddress = 2\ntype = 'u32'\nunit = 'Wh'",
    )
    # 123,456 kWh are 75,456 and 48,000.
    assert words(image(profile), 0, 4) == f"{75_456:08X}{48_000_000:08X}"


def test_a_counter_in_two_units_is_divided_between_them(tmp_path: Path) -> None:
    profile = written(
        tmp_path,
        "[registers.active_energy_import]\naddress = 0\ntype = 'u16'\nunit = 'MWh'\nplus = ['rest']\n"
        "[registers.rest]\naddress = 1\ntype = 'u16'\nunit = 'kWh'\ninfo = true",
    )
    assert words(image(profile), 0, 2) == f"{123:04X}{456:04X}"


def test_a_leading_power_factor_is_told_by_the_fault_not_by_the_encoder(tmp_path: Path) -> None:
    text = "[registers.power_factor]\naddress = 0\ntype = 'f32'\nunit = '1'\nconvention = 'schneider_4q'"
    assert words(image(written(tmp_path, text)), 0, 2) == "3F4CCCCD"  # 0.8


def test_rules_are_read(tmp_path: Path) -> None:
    text = (
        "[registers.voltage]\naddress = 0\ntype = 'u16'\nunit = 'V'\n"
        "[registers.sf]\naddress = 1\ntype = 's16'\ninfo = true"
    )
    modbus = (
        "function = 4\nmax_registers = 20\nmax_gap = 3\nalign = 2\nreading = 'one_value'\n"
        "atomic = [['voltage', 'sf']]\n"
        "counter_refresh = '10s'\npause_between = '50ms'\npause_after_connect = '1s'"
    )
    rules = written(tmp_path, text, modbus).rules
    assert (rules.max_registers, rules.max_gap, rules.align, rules.reading) == (20, 3, 2, Reading.ONE_VALUE)
    assert rules.atomic == (("voltage", "sf"),)


VOLTAGE = "[registers.voltage]\naddress = 5\ntype = 'u16'\nunit = 'V'\n"


@pytest.mark.parametrize(
    ("modbus", "text", "complaint"),
    [
        ("function = 3\naddresses_from = 2", VOLTAGE, "modbus.addresses_from: is 2; use one of 0, 1, 10001"),
        ("function = 3\naddresses_from = 40001", VOLTAGE, "registers.voltage.address: is 5, out of 40001"),
        ("function = 3", VOLTAGE + "bits = [12, 5]", "registers.voltage.bits: is [12, 5], beyond u16"),
        ("function = 2", VOLTAGE, "registers.voltage.type: is 'u16', and function 2 reads it; functions 1 and 2 read"),
        ("function = 3", VOLTAGE + "exponent = 'sf'", "registers.voltage: depends on 'sf', which is neither an inform"),
        ("function = 3", VOLTAGE + "map = { one = 1 }", "registers.voltage.map.one: is not a whole number"),
        ("function = 3", VOLTAGE + "linear = { raw = [1, 1], value = [0, 1] }", "registers.voltage.linear: is no line"),
        ("function = 3", VOLTAGE + "sentinels = ['none']", "registers.voltage.sentinels: holds 'none'"),
        ("function = 3", VOLTAGE + "info = 'yes'", "registers.voltage.info: is 'yes', neither true nor false"),
        ("function = 3\nholes = [[1]]", VOLTAGE, "modbus.holes[0]: is [1]; write two whole numbers"),
        ("function = 3\natomic = [['sf']]", VOLTAGE, "modbus.atomic[0]: names 'sf', which the map lacks"),
        ("function = 3\nbase = 'sunspec'", VOLTAGE, "modbus.base: is 'sunspec' with addresses from 0"),
        ("function = 3\n[sentinels]\nu17 = ['0xFFFF']", VOLTAGE, "sentinels.u17: is not a type"),
        (
            "function = 3",
            VOLTAGE + "[registers.name]\naddress = 5\ntype = 'string'\nlength = 2\ninfo = true",
            "registers.name.address: overlaps voltage at 5",
        ),
    ],
)
def test_a_wrong_map_says_where(tmp_path: Path, modbus: str, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        written(tmp_path, text, modbus)
    assert str(caught.value).startswith(f"{tmp_path / 'meter.toml'}: {complaint}")


VECTORS = [
    (file, number) for file in sorted(PROFILES.glob("[!_]*.toml")) for number in range(len(load_profile(file).examples))
]


@pytest.mark.parametrize(("file", "number"), VECTORS, ids=lambda part: getattr(part, "stem", part))
def test_every_test_vector_of_every_profile_comes_out_of_the_encoder(file: Path, number: int) -> None:
    profile = load_profile(file)
    example = profile.examples[number]
    register = profile.registers[example.quantity]
    if example.text is not None:
        assert packed_text(register, example.text).rstrip(b"\x00") == example.raw.rstrip(b"\x00 ")
        return
    encode = encode_counter if "_energy" in example.quantity or "_charge" in example.quantity else encode_gauge
    numbers = {**{name: value or 1.0 for name, value in profile.constants.items()}, **example.given}
    packed = encode(register, example.value, numbers)
    if register.type in {"iskra_t5", "iskra_t6"}:
        # The same number may be written with more decimals.
        signed = register.type == "iskra_t6"
        assert tens(packed, signed=signed) == pytest.approx(tens(example.raw, signed=signed), rel=1e-6)
    elif register.bits is not None:
        lowest, count = register.bits
        whole = int.from_bytes(ordered(register, example.raw))
        assert int.from_bytes(ordered(register, packed)) == whole >> lowest & ((1 << count) - 1)
    elif register.convention != "plain":
        # The encoder is told the quadrant by a number that is coded already.
        (told,) = struct.unpack(">f", example.raw)
        assert min(abs(told - shape) for shape in (example.value, 2 - example.value, -2 - example.value)) < 1e-6
    else:
        assert packed == example.raw


def tens(raw: bytes, *, signed: bool) -> float:
    """Return a power of ten in one byte times a number in three."""
    return int.from_bytes(raw[1:], signed=signed) * 10.0 ** int.from_bytes(raw[:1], signed=True)


def test_a_device_of_one_value_at_a_time_may_have_values_at_neighbouring_addresses(tmp_path: Path) -> None:
    text = (
        "[registers.velocity]\naddress = 16\ntype = 's32'\nunit = 'm/s'\n"
        "[registers.voltage]\naddress = 17\ntype = 's32'\nunit = 'V'"
    )
    shown = image(written(tmp_path, text, "function = 3\nreading = 'one_value'"))
    assert words(shown, 17, 2) == "00000190"
    assert words(shown, 16, 2) in {f"{tenth:08X}" for tenth in range(8, 12)}
    assert shown.refusal(3, 16, 3) == 2
    with pytest.raises(ConfigurationError, match=r"registers\.voltage\.address: overlaps velocity at 17"):
        written(tmp_path, text)
