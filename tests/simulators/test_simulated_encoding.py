"""Every type of the second schema, from a number to literal bytes."""

import pytest

from simulators.register import Linear, Register, Sentinel
from simulators.servers.encoding import encode_counter, encode_gauge, not_available, packed_text


def register(kind: str, **more: object) -> Register:
    return Register("active_power", 0, kind, low_word_first=False, resolution=1.0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value", "content"),
    [
        ("u48", 0x0102_0304_0506, "010203040506"),
        ("s48", -2, "FFFFFFFFFFFE"),
        ("bcd16", 1234, "1234"),
        ("bcd32", 12_345_678, "12345678"),
        ("bcd48", 1, "000000000001"),
        ("bcd64", 1_234_567_890_123_456, "1234567890123456"),
        ("iskra_t5", 123.4567, "FC12D687"),  # 1234567 x 10^-4
        ("iskra_t5", 40_000_000, "013D0900"),  # 4000000 x 10^1
        ("iskra_t6", -1.0, "FCFFD8F0"),  # -10000 x 10^-4
        ("iskra_t7", 0.96, "00002580"),
        ("iskra_t7", -0.5, "FF001388"),
        ("bit", 1, "01"),
    ],
)
def test_every_new_type(kind: str, value: float, content: str) -> None:
    packed = encode_gauge(register(kind), value) if kind != "bit" else bytes((round(value),))
    assert packed.hex().upper() == content


def test_a_decimal_counter_begins_again_after_its_last_digit() -> None:
    assert encode_counter(register("bcd32"), 100_000_007).hex() == "00000007"
    assert encode_counter(register("u48"), float(2**48 + 5)).hex() == "000000000005"


def test_a_counter_that_is_kept_negative_goes_backwards() -> None:
    of = Register("active_energy_export", 0, "s32", low_word_first=False, resolution=-1.0, wraps_at=1_000_000)
    assert encode_counter(of, 1_000_005.0).hex() == "fffffffb"


def test_bytes_in_a_register_can_be_swapped_in_either_word_order() -> None:
    assert encode_gauge(register("u32", bytes_swapped=True), 0x1234_5678).hex() == "34127856"
    low_first = Register("active_power", 0, "u32", low_word_first=True, resolution=1.0, bytes_swapped=True)
    assert encode_gauge(low_first, 0x1234_5678).hex() == "78563412"


def test_a_text_has_two_characters_a_register_or_one() -> None:
    assert packed_text(register("string", length=4), "PM5330") == b"PM5330\x00\x00"
    assert packed_text(register("string", length=2), "PM5330") == b"PM53"
    assert packed_text(register("string", length=3, one_character=True), "AB").hex() == "004100420000"
    assert packed_text(register("string", length=2, bytes_swapped=True), "ABC").hex() == "42410043"


def test_factors_and_powers_of_ten_are_divided_out() -> None:
    of = register("u16", scale_by=("ct_ratio", "vt_ratio"))
    assert encode_gauge(of, 120_000, {"ct_ratio": 80, "vt_ratio": 10}).hex() == "0096"  # 150
    assert encode_gauge(register("s16", exponent="sf"), -1234.5, {"sf": -1}).hex() == "cfc7"  # -12345
    biased = register("u16", exponent="sf", exponent_bias=-3)
    assert encode_gauge(biased, 33.0, {"sf": 2}).hex() == "014a"  # 330 tenths


def test_an_offset_is_taken_off_before_the_scale() -> None:
    # 45 degC = (raw 8500 x 0.01 - 40) x 1
    of = Register("device_temperature", 0, "u16", low_word_first=False, resolution=0.01, offset=-40.0)
    assert encode_gauge(of, 45.0).hex() == "2134"


def test_a_line_between_two_points() -> None:
    of = register("u16", linear=Linear((0.0, 9999.0), ("-p_max", "p_max")), unit_size=1000.0)
    assert encode_gauge(of, 0.0, {"p_max": 100.0}).hex() == "1388"  # 5000, the middle
    assert encode_gauge(of, 50_000.0, {"p_max": 100.0}).hex() == "1d4b"  # 7499 of 9999
    assert encode_gauge(of, -100_000.0, {"p_max": 100.0}).hex() == "0000"


def test_the_mark_of_no_value_is_the_maps_own_where_it_has_one() -> None:
    assert not_available(register("u16", sentinels=(Sentinel(0x7FFF, -1), Sentinel(0x8000, -1)))).hex() == "7fff"
    masked = register("s32", sentinels=(Sentinel(0x7FFF_0000, 0xFFFF_0000),))
    assert not_available(masked).hex() == "7fff0000"
    low_first = Register(
        "active_power", 0, "s32", low_word_first=True, resolution=1.0, sentinels=(Sentinel(0x7FFF_0000, -1),)
    )
    assert not_available(low_first).hex() == "00007fff"
    assert not_available(register("bcd32")).hex() == "ffffffff"
