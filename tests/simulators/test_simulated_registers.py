"""The simulator's own encoder, against literal bytes."""

from pathlib import Path

import pytest

from simulators.physics.meter import Readout
from simulators.profile import Register, load_profile
from simulators.servers.encoding import encode_counter, encode_gauge, not_available
from simulators.servers.registers import RegisterMap
from simulators.tables import ConfigurationError

PROFILES = Path(__file__).parents[2] / "config" / "profiles"


def register(kind: str, *, low_word_first: bool = False, resolution: float = 1.0) -> Register:
    return Register("active_power", 0, kind, low_word_first, resolution)


@pytest.mark.parametrize(
    ("kind", "value", "high_first", "low_first"),
    [
        ("u16", 4660, "1234", "1234"),
        ("s16", -2, "FFFE", "FFFE"),
        ("u32", 305419896, "12345678", "56781234"),
        ("s32", -2, "FFFFFFFE", "FFFEFFFF"),
        ("u64", 4294967554, "0000000100000102", "0102000000010000"),
        ("s64", -2, "FFFFFFFFFFFFFFFE", "FFFEFFFFFFFFFFFF"),
        ("f32", 1312.5, "44A41000", "100044A4"),
        ("f64", 1312.5, "4094820000000000", "0000000082004094"),
    ],
)
def test_every_type_in_both_word_orders(kind: str, value: float, high_first: str, low_first: str) -> None:
    assert encode_gauge(register(kind), value).hex().upper() == high_first
    assert encode_gauge(register(kind, low_word_first=True), value).hex().upper() == low_first


def test_scale_and_offset_are_undone() -> None:
    tenths = Register("frequency", 0, "u16", low_word_first=False, resolution=0.1)
    assert encode_gauge(tenths, 49.97) == b"\x01\xf4"  # 500 tenths
    shifted = Register("frequency", 0, "u16", low_word_first=False, resolution=0.01, offset=40.0)
    assert encode_gauge(shifted, 50.0) == b"\x03\xe8"  # 1000 hundredths above 40


def test_a_gauge_beyond_its_type_stops_at_the_limit() -> None:
    assert encode_gauge(register("u16"), 70_000) == b"\xff\xff"
    assert encode_gauge(register("u16"), -3) == b"\x00\x00"
    assert encode_gauge(register("s16"), -40_000) == b"\x80\x00"
    assert encode_gauge(register("f32"), 1e39) == b"\x7f\x7f\xff\xff"


def test_a_counter_shows_whole_steps_only() -> None:
    tenth_of_kwh = register("u32", resolution=100.0)
    assert encode_counter(tenth_of_kwh, 12_345_699.0) == (123_456).to_bytes(4)


def test_a_counter_begins_again_at_the_end_of_its_type_or_where_the_profile_says() -> None:
    assert encode_counter(register("u32"), 4294967295.0) == b"\xff\xff\xff\xff"
    assert encode_counter(register("u32"), 4294967296.0) == b"\x00\x00\x00\x00"
    assert encode_counter(register("s32"), 2147483648.0) == b"\x00\x00\x00\x00"
    assert encode_counter(register("s64"), 4294967296.0) == b"\x00\x00\x00\x01\x00\x00\x00\x00"
    decimal = Register("active_energy_import", 0, "u32", low_word_first=False, resolution=1.0, wraps_at=1_000_000_000)
    assert encode_counter(decimal, 1_000_000_007.0) == b"\x00\x00\x00\x07"


def test_a_float_counter_is_coarse() -> None:
    kwh = Register("active_energy_import", 0, "f32", low_word_first=False, resolution=1000.0)
    assert encode_counter(kwh, 20_000_000_000.0) == encode_counter(kwh, 20_000_000_900.0)  # 20 GWh: steps of 2 kWh
    assert encode_counter(kwh, 20_000_002_000.0).hex().upper() == "4B989681"


def test_an_image_knows_its_gaps(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "[modbus]\nfunction = 4\nword_order = 'lsw_first'\n"
        "[registers.voltage]\naddress = 38\ntype = 's32'\nunit = 'V'\nscale = 0.1\n"
        "[registers.active_power]\naddress = 40\ntype = 's32'\nunit = 'W'\nscale = 0.1\n"
        "[registers.frequency]\naddress = 51\ntype = 'u16'\nunit = 'Hz'\nscale = 0.1\n"
        "[registers.active_energy_import]\naddress = 52\ntype = 's32'\nunit = 'kWh'\nscale = 0.1\n",
    )
    image = RegisterMap(load_profile(file)).image(
        Readout({"voltage": 400.0, "active_power": 12_345.6, "frequency": 50.0}, {"active_energy_import": 12_345_600.0})
    )
    assert image.function == 4
    assert image.read(38, 4) == bytes.fromhex("0FA00000 E2400001".replace(" ", ""))
    assert image.read(51, 3) == bytes.fromhex("01F4 E2400001".replace(" ", ""))
    assert image.read(42, 1) is None
    assert image.read(41, 2) is None
    assert image.read(37, 1) is None
    assert image.read(53, 2) is None


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "meter.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("[registers.wind_speed]", "registers.wind_speed: is not a quantity that is simulated"),
        ("[registers.voltage]\naddress = 1\ntype = 'u12'\nunit = 'V'", "registers.voltage.type: is 'u12'"),
        ("[registers.voltage]\naddress = 1\ntype = 'u16'\nunit = 'kW'", "registers.voltage.unit: is 'kW'"),
        ("[registers.voltage]\naddress = 65535\ntype = 'u32'\nunit = 'V'", "registers.voltage.address: is 65535"),
        ("[registers.voltage]\ntype = 'u32'\nunit = 'V'", "registers.voltage.address: is missing"),
        ("[registers.voltage]\naddress = 1\ntype = 'u16'\nunit = 'V'\nscale = 0", "registers.voltage.scale: is 0"),
        (
            "[registers]\nvoltage = {address=1, type='u32', unit='V'}\ncurrent = {address=2, type='u16', unit='A'}",
            "registers.current.address: overlaps voltage at 2",
        ),
    ],
)
def test_a_wrong_profile_says_where(tmp_path: Path, line: str, complaint: str) -> None:
    file = written(tmp_path, f"[modbus]\nfunction = 3\n{line}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_profile(file)
    assert str(caught.value).startswith(f"{file}: {complaint}")


def test_a_register_can_have_a_word_order_of_its_own(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "[modbus]\nfunction = 3\nword_order = 'lsw_first'\n"
        "[registers.voltage]\naddress = 1\ntype = 'u32'\nunit = 'V'\nword_order = 'msw_first'\n"
        "[registers.current]\naddress = 3\ntype = 'u32'\nunit = 'kA'\n",
    )
    image = RegisterMap(load_profile(file)).image(Readout({"voltage": 3.0, "current": 5000.0}, {}))
    assert image.read(1, 4) == bytes.fromhex("0000000300050000")


@pytest.mark.parametrize(
    ("kind", "value", "content"),
    [
        ("mod10000x2", 12_345_678, "04D2162E"),
        ("mod10000x2", 100_000_007, "00000007"),
        ("mod10000x3", 900_012_345_678, "232804D2162E"),
        ("mod10000x4", 1, "0000000000000001"),
    ],
)
def test_four_decimal_digits_in_each_register(kind: str, value: float, content: str) -> None:
    assert encode_counter(register(kind), value).hex().upper() == content


def test_a_value_that_is_not_available_has_its_types_mark() -> None:
    marks = {"u16": "ffff", "s16": "8000", "u32": "ffffffff", "s32": "80000000", "f32": "7fc00000"}
    assert {kind: not_available(register(kind)).hex() for kind in marks} == marks
    assert not_available(register("s64", low_word_first=True)).hex() == "0000000000008000"
    assert not_available(register("f64")).hex() == "7ff8000000000000"


def test_an_image_shows_what_is_not_available_with_the_maps_own_mark() -> None:
    registers = RegisterMap(load_profile(PROFILES / "schneider-pm5xxx.toml"))
    absent = Readout({"frequency": 50.0}, {"active_energy_import": 7.0}, frozenset({"frequency"}))
    image = registers.image(absent)
    assert image.read(3109, 2) == bytes.fromhex("FFC00000")
    assert image.read(3203, 4) == bytes.fromhex("0000000000000007")
