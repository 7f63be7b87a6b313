"""Decoding against bytes written by hand, and against an encoder of the tests."""

import math
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from register_encoder import encoded, on_the_wire

from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.plant.profile import (
    BlockRules,
    ByteOrder,
    Convention,
    Encoding,
    Linear,
    Register,
    RegisterType,
    Sentinel,
    WordOrder,
)

T = RegisterType
MSW, LSW = WordOrder.MSW_FIRST, WordOrder.LSW_FIRST
FULL = 0xFFFFFFFF


def one(type_: RegisterType, order: WordOrder = MSW, address: int = 7, name: str = "x", **keys: object) -> Register:
    function = 2 if type_ is T.BIT else 3
    register = Register(name, None, function, address, type_, type_.registers, order)
    return replace(register, **keys)  # type: ignore[arg-type]


def block_of(*registers: Register) -> ReadBlock:
    first = min(register.address for register in registers)
    return ReadBlock(registers[0].function, first, max(register.end for register in registers) - first, registers)


def taken(raw: str, *registers: Register, constants: dict[str, float] | None = None) -> list[float]:
    values = MeterValues(registers, constants or {})
    return list(map(float, values.take(block_of(*registers), bytes.fromhex(raw))))


def decoded(raw: str, register: Register, **constants: float) -> float:
    (value,) = taken(raw, register, constants=constants)
    return value


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


# --- What people see --------------------------------------------------------------------------------------------------


def shown(raw: str, register: Register) -> str:
    values = MeterValues([register], {})
    values.take(block_of(register), bytes.fromhex(raw))
    return values.shown(register)


def text(length: int, **keys: object) -> Register:
    return replace(one(T.STRING, name="maker"), count=length, **keys)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "register", "words"),
    [
        ("534E2000", text(2), "SN"),
        ("00530020004E0000", text(4, one_character=True), "S N"),
        ("53004E00", text(2, one_character=True, byte_order=ByteOrder.LITTLE), "SN"),
        ("4E53FFFF", text(2, byte_order=ByteOrder.LITTLE), "SN"),
        ("334453", text(2), ""),
        ("4E0A07C3", text(2), "N\\n\\x07\\xc3"),
        ("C3BC0000", text(2), "ü"),
        ("00000000", text(2), "not available"),
        ("FFFFFFFF", text(2), "not available"),
    ],
)
def test_a_text_is_shown_without_its_padding_and_without_what_a_terminal_would_obey(
    raw: str, register: Register, words: str
) -> None:
    if not words:
        with pytest.raises(ValueError, match="3 bytes came for 2 registers"):
            shown(raw, register)
        return
    assert shown(raw, register) == words


def test_the_words_of_a_text_may_come_in_reverse() -> None:
    assert shown("6C6C486F", text(2, word_order=LSW)) == "Holl"


def test_a_text_is_no_number_and_its_neighbours_are() -> None:
    maker, after = text(2), one(T.U16, address=9, name="after")
    values = MeterValues([maker, after], {})
    found = values.take(block_of(maker, after), b"ABB\0\0\5")
    assert math.isnan(found[0])
    assert found[1] == 5
    assert values.text("maker") == "ABB"
    assert values.text("after") == ""


LABELS = ((0, "ok"), (3, "fault"))


@pytest.mark.parametrize(
    ("raw", "register", "words"),
    [
        ("0003", one(T.U16, labels=LABELS), "fault (3)"),
        ("0004", one(T.U16, labels=LABELS), "4"),
        ("0009", one(T.U16, labels=LABELS, flags=True), "ok, fault (0x0009)"),
        ("0010", one(T.U16, labels=LABELS, flags=True), "bit 4 (0x0010)"),
        ("0000", one(T.U16, labels=LABELS, flags=True), "none (0x0000)"),
        ("01", one(T.BIT, labels=((1, "maintenance"),)), "maintenance (1)"),
        ("075BCD15", one(T.U32), "123456789"),
        ("0005", one(T.U16, scale=0.1), "0.5"),
        ("075BCD15", one(T.U32, unit="Wh"), "123,456,789 Wh"),
        ("42BB9829", one(T.F32, unit="kW"), "93.79718781 kW"),
        ("7FC00000", one(T.F32, unit="kW"), "not available"),
    ],
)
def test_a_value_is_shown_in_words(raw: str, register: Register, words: str) -> None:
    assert shown(raw, register) == words


def test_what_was_not_read_is_shown_as_that_and_so_is_what_was_forgotten() -> None:
    register, other = one(T.U16), one(T.U16, address=8, name="other")
    values = MeterValues([register, other], {"ct": 4.0})
    values.take(block_of(register), b"\0\5")
    assert (values.shown(register), values.shown(other)) == ("5", "not read")
    values.forget()
    assert values.shown(register) == "not read"
    assert math.isnan(values.value("x"))
    assert values.value("ct") == 4.0


def test_however_requests_are_cut_and_joined_again_each_value_is_known_as_read() -> None:
    first, second = one(T.U16), one(T.U16, address=8, name="second", expect=("6",))
    values = MeterValues([first, second], {})
    values.take(block_of(first), b"\0\5")
    assert values.is_expected(second)
    values.take(block_of(first, second), b"\0\5\0\7")
    assert values.shown(second) == "7"
    assert not values.is_expected(second)


def test_requests_that_are_planned_anew_every_minute_for_a_day_do_not_pile_up() -> None:
    register = one(T.U16)
    values = MeterValues([register], {})
    for minute in range(1440):
        assert values.take(block_of(register), minute.to_bytes(2, "big")).tolist() == [minute]
    assert len(values._compiled) <= 500


@pytest.mark.parametrize(
    ("raw", "register", "expected"),
    [
        ("53636865", text(2, expect=("ABB", "Sch")), True),
        ("53636865", text(2, expect=("ABB",)), False),
        ("00000000", text(2, expect=("ABB",)), False),
        ("00CB", one(T.U16, expect=("201", "203")), True),
        ("00CC", one(T.U16, expect=("201", "203")), False),
        ("00CC", one(T.U16), True),
    ],
)
def test_another_device_shows_something_else_than_is_expected(raw: str, register: Register, *, expected: bool) -> None:
    values = MeterValues([register], {})
    assert values.is_expected(register)
    values.take(block_of(register), bytes.fromhex(raw))
    assert values.is_expected(register) is expected


def test_a_register_that_needs_what_nobody_reads_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="x needs sf, which is neither read nor a constant"):
        MeterValues([one(T.U16, exponent="sf")], {})


# --- What was encoded comes back --------------------------------------------------------------------------------------

NUMBERS = [type_ for type_ in T if type_.encoding not in {Encoding.TEXT, Encoding.BIT}]
ENCODED = [type_ for type_ in NUMBERS if not type_.label.startswith("iskra")]


def raw_values(type_: RegisterType) -> st.SearchStrategy[float]:
    if type_.encoding is Encoding.FLOAT:
        return st.floats(width=32 if type_.width == 32 else 64, allow_nan=False, allow_infinity=False)
    assert type_.span is not None
    return st.integers(-type_.span if type_.encoding is Encoding.SIGNED else 0, type_.span - 1)


@st.composite
def parts(draw: st.DrawFn, type_: RegisterType) -> tuple[int, int] | None:
    """Draw some bits of a type that has them."""
    if type_.encoding is not Encoding.UNSIGNED or draw(st.booleans()):
        return None
    low = draw(st.integers(0, type_.width - 1))
    return low, draw(st.integers(1, type_.width - low))


@st.composite
def images(draw: st.DrawFn) -> list[tuple[Register, float]]:
    """Draw registers one after the other with small gaps, each with a value."""
    address = 0
    image = []
    for number, (gap, type_) in enumerate(
        draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(ENCODED)), max_size=20))
    ):
        address += gap
        register = one(
            type_,
            draw(st.sampled_from(WordOrder)),
            address,
            f"r{number}",
            byte_order=draw(st.sampled_from(ByteOrder)),
            bits=draw(parts(type_)),
        )
        value = draw(st.integers(0, (1 << register.bits[1]) - 1) if register.bits else raw_values(type_))
        image.append((register, value))
        address += type_.registers
    return image


@given(images(), st.integers(4, 125), st.integers(0, 3))
def test_what_was_encoded_comes_back_however_it_was_planned(
    image: list[tuple[Register, float]], max_registers: int, max_gap: int
) -> None:
    memory = bytearray(b"\xa5" * 400)
    for register, value in image:
        memory[register.address * 2 : register.end * 2] = encoded(register, value)
    registers = [register for register, _ in image]
    values = MeterValues(registers, {})
    for block in plan_scan(registers, BlockRules(max_registers=max_registers, max_gap=max_gap)):
        found = values.take(block, bytes(memory[block.address * 2 : block.end * 2]))
        assert found.tolist() == [values.value(register.name) for register in block.registers]
    assert {name: values.value(name) for name in (register.name for register in registers)} == {
        register.name: float(value) for register, value in image
    }


FACTORS = st.floats(0.001, 1000.0)


@given(st.integers(-30000, 30000), FACTORS, st.floats(-500.0, 500.0), FACTORS, st.integers(1, 1000), st.integers(-5, 5))
def test_a_value_that_a_device_scaled_down_by_everything_comes_back(
    raw: int, scale: float, offset: float, constant: float, ratio: int, exponent: int
) -> None:
    value = (raw * scale + offset) * constant * ratio * 10.0**exponent
    registers = (
        one(T.S16, scale=scale, offset=offset, scale_by=("ct", "ratio"), exponent="sf"),
        one(T.U16, address=8, name="ratio"),
        one(T.S16, address=9, name="sf"),
    )
    image = b"".join(
        encoded(register, number) for register, number in zip(registers, (raw, ratio, exponent), strict=True)
    )
    assert MeterValues(registers, {"ct": constant}).take(block_of(*registers), image)[0] == pytest.approx(
        value, rel=1e-9
    )


@given(st.integers(0, 9999), st.integers(0, 9999), FACTORS, st.floats(-100.0, 100.0))
def test_a_value_on_a_line_comes_back(first: int, raw: int, top: float, bottom: float) -> None:
    line = one(T.U16, linear=Linear((float(first), first + 50.0), (bottom, "top")))
    found = MeterValues([line], {"top": top}).take(block_of(line), encoded(line, raw))[0]
    assert found == pytest.approx(bottom + (raw - first) / 50 * (top - bottom), rel=1e-9, abs=1e-9)


@given(st.sampled_from(NUMBERS), st.sampled_from(WordOrder), st.sampled_from(ByteOrder), st.data())
def test_any_bits_give_a_finite_number_or_none_and_a_sentinel_always_none(
    type_: RegisterType, order: WordOrder, byte_order: ByteOrder, data: st.DataObject
) -> None:
    bits = data.draw(st.integers(0, (1 << type_.width) - 1))
    register = one(type_, order, byte_order=byte_order, scale=data.draw(st.sampled_from([1.0, 1e300])))
    value = decoded(on_the_wire(register, bits).hex(), register)
    assert not math.isinf(value)
    marked = replace(register, sentinels=(Sentinel(bits, (1 << type_.width) - 1),))
    assert math.isnan(decoded(on_the_wire(register, bits).hex(), marked))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40), st.booleans(), st.booleans())
def test_a_text_comes_back_but_for_the_spaces_around_it(words: str, narrow: bool, little: bool) -> None:  # noqa: FBT001 - drawn
    order = ByteOrder.LITTLE if little else ByteOrder.BIG
    register = text(40, one_character=narrow, byte_order=order)
    held = words.encode()
    units = (
        [bytes([0, c]) for c in held] if narrow else [held[n : n + 2].ljust(2, b"\0") for n in range(0, len(held), 2)]
    )
    units = [unit[::-1] for unit in units] if little else units
    values = MeterValues([register], {})
    values.take(block_of(register), b"".join(units).ljust(80, b"\0"))
    assert values.text("maker") == words.strip(" ")


@given(st.sets(st.integers(0, 300), min_size=1), st.integers(0, 7))
def test_bits_that_are_set_come_back(set_bits: set[int], first: int) -> None:
    registers = [one(T.BIT, address=first + place, name=f"b{place}") for place in range(301)]
    packed = bytearray(38)
    for place in set_bits:
        packed[place // 8] |= 1 << place % 8
    found = MeterValues(registers, {}).take(block_of(*registers), bytes(packed))
    assert {place for place, value in enumerate(found.tolist()) if value} == set_bits
