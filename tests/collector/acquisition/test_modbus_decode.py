"""Decoding against bytes written by hand, and against an encoder of the tests."""

import math
import struct
from dataclasses import replace

import pytest
from decoding import FULL, LSW, MSW, T, block_of, decoded, one, taken

from collector.acquisition.modbus.decode import MeterValues
from collector.plant.profile import (
    ByteOrder,
    Convention,
    Linear,
    RegisterType,
    Sentinel,
    WordOrder,
)

# --- Encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "order", "raw", "value"),
    [
        (T.U16, MSW, "FFFE", 65534),
        (T.U16, LSW, "FFFE", 65534),
        (T.S16, MSW, "FFFE", -2),
        (T.S16, LSW, "8000", -32768),
        (T.U32, MSW, "FFFE0001", 4294836225),
        (T.U32, LSW, "0001FFFE", 4294836225),
        (T.S32, MSW, "FFFFFF85", -123),
        (T.S32, LSW, "FF85FFFF", -123),
        (T.U48, MSW, "000100000000", 4294967296),
        (T.U48, LSW, "000000000001", 4294967296),
        (T.U48, MSW, "FFFFFFFFFFFF", 281474976710655),
        (T.S48, MSW, "FFFFFFFFFF85", -123),
        (T.S48, LSW, "FF85FFFFFFFF", -123),
        (T.S48, MSW, "7FFFFFFFFFFF", 140737488355327),
        (T.U64, MSW, "0000000100000000", 4294967296),
        (T.U64, LSW, "0000000000010000", 4294967296),
        (T.S64, MSW, "FFFFFFFFFFFFFF85", -123),
        (T.S64, LSW, "FF85FFFFFFFFFFFF", -123),
        (T.F32, MSW, "44A41000", 1312.5),
        (T.F32, LSW, "100044A4", 1312.5),
        (T.F64, MSW, "4094820000000000", 1312.5),
        (T.F64, LSW, "0000000082004094", 1312.5),
        (T.BCD16, MSW, "9876", 9876),
        (T.BCD32, MSW, "12345678", 12345678),
        (T.BCD32, LSW, "56781234", 12345678),
        (T.BCD48, MSW, "000012345678", 12345678),
        (T.BCD64, MSW, "0123456789012345", 123456789012345),
        (T.MOD10000X2, MSW, "04D2162E", 12345678),
        (T.MOD10000X2, LSW, "162E04D2", 12345678),
        (T.MOD10000X3, MSW, "0001270F270F", 199999999),
        (T.MOD10000X4, MSW, "03E7270F270F270F", 999999999999999),
        (T.ISKRA_T5, MSW, "FD003039", 12.345),
        (T.ISKRA_T5, MSW, "02003039", 1234500),
        (T.ISKRA_T5, MSW, "00FFFFFF", 16777215),
        (T.ISKRA_T6, MSW, "FEFFCFC7", -123.45),
        (T.ISKRA_T6, LSW, "CFC7FEFF", -123.45),
        (T.ISKRA_T7, MSW, "00FF2422", 0.925),
        (T.ISKRA_T7, MSW, "FF002422", -0.925),
    ],
)
def test_bytes_on_the_wire_mean_this_value(type_: RegisterType, order: WordOrder, raw: str, value: float) -> None:
    assert decoded(raw, one(type_, order)) == value


@pytest.mark.parametrize(
    ("order", "raw"), [(MSW, "A44400 10"), (LSW, "0010A444"), (MSW, "A4440010"), (LSW, "0010 A444")]
)
def test_bytes_swapped_within_registers_are_put_back(order: WordOrder, raw: str) -> None:
    assert decoded(raw, one(T.F32, order, byte_order=ByteOrder.LITTLE)) == 1312.5


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        (T.BCD16, "000A"),
        (T.BCD32, "1234F678"),
        (T.BCD64, "A000000000000000"),
        (T.MOD10000X2, "00002710"),
        (T.MOD10000X2, "FFFF0001"),
        (T.ISKRA_T7, "7F002422"),
    ],
)
def test_what_is_no_digit_is_no_value(type_: RegisterType, raw: str) -> None:
    assert math.isnan(decoded(raw, one(type_)))


def test_parts_of_one_register_are_values_of_their_own() -> None:
    low, high, whole = (
        one(T.U16, bits=(0, 4), name="a"),
        one(T.U16, bits=(12, 4), name="b"),
        one(T.U16, bits=(0, 16), name="c"),
    )
    assert taken("A005", low, high, whole) == [5, 10, 0xA005]
    assert decoded("800000000000", one(T.U48, bits=(47, 1))) == 1


def test_bits_come_eight_a_byte_the_lowest_first() -> None:
    bits = [one(T.BIT, address=100 + place, name=f"b{place}") for place in (0, 3, 8, 9)]
    assert taken("0902", *bits) == [1, 1, 0, 1]
    with pytest.raises(ValueError, match="1 bytes came for 10 bits"):
        taken("09", *bits)


# --- Sentinels --------------------------------------------------------------------------------------------------------


def test_0x80008000_is_not_available_where_the_profile_says_so_and_a_tiny_number_otherwise() -> None:
    assert math.isnan(decoded("80008000", one(T.F32, sentinels=(Sentinel(0x80008000, FULL),))))
    assert decoded("80008000", one(T.F32)) == pytest.approx(-4.591774807899561e-41, rel=1e-12)


def test_a_sentinel_is_compared_in_the_order_of_the_value_not_of_the_wire() -> None:
    mark = (Sentinel(0x7FFFFFFE, FULL),)
    assert math.isnan(decoded("FFFE7FFF", one(T.S32, LSW, sentinels=mark)))
    assert decoded("7FFFFFFE", one(T.S32, LSW, sentinels=mark)) == -98305


def test_a_mask_marks_every_value_whose_high_word_is_0x7fff() -> None:
    mark = (Sentinel(0x7FFF0000, 0xFFFF0000),)
    assert math.isnan(decoded("7FFF0000", one(T.S32, sentinels=mark)))
    assert math.isnan(decoded("7FFFABCD", one(T.S32, sentinels=mark)))
    assert decoded("7FFEFFFF", one(T.S32, sentinels=mark)) == 2147418111


def test_each_of_two_sentinels_of_a_64_bit_counter_marks_and_their_neighbours_do_not() -> None:
    marks = (Sentinel(0x8000000000000000, (1 << 64) - 1), Sentinel(0xFFFF, 0xFFFF))
    assert math.isnan(decoded("8000000000000000", one(T.S64, sentinels=marks)))
    assert math.isnan(decoded("000000000001FFFF", one(T.S64, sentinels=marks)))
    assert decoded("8000000000000001", one(T.S64, sentinels=marks)) == -9223372036854775807.0


def test_a_sentinel_marks_only_the_registers_that_have_it() -> None:
    marked = one(T.U16, address=0, name="a", sentinels=(Sentinel(0xFFFF, 0xFFFF),))
    free = one(T.U16, address=1, name="b")
    other = one(T.U16, address=2, name="c", sentinels=(Sentinel(0x8000, 0xFFFF),))
    assert taken("FFFFFFFFFFFF", marked, free, other) == [pytest.approx(math.nan, nan_ok=True), 65535, 65535]


def test_a_sentinel_of_the_whole_register_marks_its_parts() -> None:
    mark = (Sentinel(0xFFFF, 0xFFFF),)
    assert math.isnan(decoded("FFFF", one(T.U16, bits=(0, 4), sentinels=mark)))
    assert decoded("000F", one(T.U16, bits=(0, 4), sentinels=mark)) == 15


@pytest.mark.parametrize("raw", ["7FC00000", "FFC00000", "7F800001", "7F800000", "FF800000"])
def test_nan_and_infinity_of_a_float_are_no_values_even_without_a_sentinel(raw: str) -> None:
    assert math.isnan(decoded(raw, one(T.F32)))
    assert math.isnan(decoded(raw, one(T.F32, scale=0.1, offset=3.0)))


def test_a_double_that_becomes_larger_than_any_number_is_no_value() -> None:
    assert math.isnan(decoded("7FEFFFFFFFFFFFFF", one(T.F64, scale=1000.0)))


@pytest.mark.parametrize("length", [0, 1, 3, 5, 8])
def test_an_answer_of_other_than_4_bytes_is_refused_for_2_registers(length: int) -> None:
    with pytest.raises(ValueError, match=f"{length} bytes came for 2 registers"):
        taken("00" * length, one(T.F32))


def test_what_lies_in_a_gap_is_read_over_and_orders_can_be_mixed_in_a_block() -> None:
    registers = one(T.U16, name="a"), one(T.F32, LSW, 9, "b"), one(T.S32, address=12, name="c")
    assert taken("0005 FFFF 1000 44A4 FFFF FFFF FF85", *registers) == [5, 1312.5, -123]


# --- Values -----------------------------------------------------------------------------------------------------------


def test_a_value_is_raw_times_scale_plus_offset() -> None:
    assert decoded("0064", one(T.U16, scale=0.1, offset=-40.0)) == pytest.approx(-30.0)


def test_constants_and_information_multiply_and_the_exponent_is_a_power_of_ten() -> None:
    ratio = one(T.U16, address=8, name="ratio")
    power = one(T.S16, address=9, name="sf")
    value = one(T.U16, scale=0.5, scale_by=("ct", "ratio"), exponent="sf", exponent_bias=-1)
    assert taken("0064 0003 FFFF", value, ratio, power, constants={"ct": 20.0})[0] == pytest.approx(
        0.5 * 100 * 20 * 3 * 1e-2
    )


def test_a_need_without_a_value_and_one_not_read_yet_give_no_value() -> None:
    value = one(T.U16, exponent="sf")
    power = one(T.S16, address=9, name="sf", sentinels=(Sentinel(0x8000, 0xFFFF),))
    values = MeterValues([value, power], {})
    assert math.isnan(values.take(block_of(value), b"\0\7")[0])
    values.take(block_of(power), b"\0\2")
    assert values.take(block_of(value), b"\0\7").tolist() == [700]
    values.take(block_of(power), b"\x80\0")
    assert math.isnan(values.take(block_of(value), b"\0\7")[0])
    assert math.isnan(values.value("x"))


def test_a_power_of_ten_that_no_unit_can_need_is_no_value() -> None:
    value, power = one(T.U16), one(T.S16, address=8, name="sf")
    assert math.isnan(taken("0007 1388", replace(value, exponent="sf"), power)[0])


def test_a_line_goes_through_two_points_that_numbers_constants_and_registers_give() -> None:
    whole = Linear((0.0, 9999.0), ("-p_max", "p_max"))
    assert decoded("0000", one(T.U16, linear=whole), p_max=500.0) == -500.0
    assert decoded("270F", one(T.U16, linear=whole), p_max=500.0) == 500.0
    assert decoded("1388", one(T.U16, linear=Linear((0.0, 10000.0), (45.0, 65.0)))) == 55.0
    read = one(T.U16, address=8, name="top")
    line = one(T.U16, linear=Linear((0.0, 100.0), (0.0, "top")), scale_by=("ct",))
    assert taken("0032 0190", line, read, constants={"ct": 2.0})[0] == 400.0


def test_other_registers_are_added_in_the_unit_of_the_first() -> None:
    first = one(T.U32, unit="kWh", scale=0.1, plus=("night",))
    night = one(T.U32, address=9, name="night", unit="Wh", scale=10.0)
    assert taken("000003E8 00000064", first, night) == pytest.approx([101.0, 1000.0])


def test_a_chain_of_needs_is_worked_out_in_its_own_order() -> None:
    third = one(T.U16, address=0, name="third", scale_by=("second",))
    second = one(T.U16, address=1, name="second", scale_by=("first",))
    first = one(T.U16, address=2, name="first")
    assert taken("0002 0003 0005", third, second, first) == [30, 15, 5]


def test_a_map_turns_raw_numbers_into_others_and_knows_no_more_than_it_says() -> None:
    decimals = one(T.U16, map=((0, 0.001), (1, 0.01), (0xFFFF, 1.0)))
    assert [decoded(raw, decimals) for raw in ("0000", "0001", "FFFF")] == [0.001, 0.01, 1.0]
    assert math.isnan(decoded("0002", decimals))
    assert decoded("FFFE", one(T.S16, map=((-2, 5.0),))) == 5.0


@pytest.mark.parametrize(
    ("shown", "means"), [(1.00187, 0.99813), (-1.00187, -0.99813), (0.9, 0.9), (-0.9, -0.9), (1.0, 1.0), (2.0, 0.0)]
)
def test_a_power_factor_of_four_quadrants_beyond_1_is_leading(shown: float, means: float) -> None:
    register = one(T.F64, convention=Convention.SCHNEIDER_4Q)
    assert decoded(struct.pack(">d", shown).hex(), register) == pytest.approx(means)


def test_outside_its_limits_a_value_is_none_and_the_limits_are_in_its_unit() -> None:
    register = one(T.U16, scale=0.1, valid=(45.0, 65.0))
    assert decoded("01C2", register) == pytest.approx(45.0)
    assert decoded("028A", register) == pytest.approx(65.0)
    assert math.isnan(decoded("01C1", register))
    assert math.isnan(decoded("028B", register))
