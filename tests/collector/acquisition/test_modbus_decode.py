"""Decoding against bytes written by hand, and against an encoder of this test."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.modbus.decode import BlockDecoder
from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.plant.profile import Register, RegisterType, Sentinel, WordOrder
from collector.readings.quantity import Quantity

MSW, LSW = WordOrder.MSW_FIRST, WordOrder.LSW_FIRST
FULL = 0xFFFFFFFF


def one(
    type_: RegisterType, order: WordOrder = MSW, sentinels: tuple[Sentinel, ...] = (), address: int = 7
) -> Register:
    return Register(
        "voltage",
        Quantity.VOLTAGE,
        3,
        address,
        type_,
        type_.registers,
        word_order=order,
        unit="V",
        sentinels=sentinels,
    )


def decoded(raw: str, register: Register) -> float:
    block = ReadBlock(register.address, register.type.registers, (register,))
    (value,) = BlockDecoder(block).decode(bytes.fromhex(raw))
    return value


@pytest.mark.parametrize(
    ("type_", "order", "raw", "value"),
    [
        (RegisterType.U16, MSW, "FFFE", 65534),
        (RegisterType.U16, LSW, "FFFE", 65534),
        (RegisterType.S16, MSW, "FFFE", -2),
        (RegisterType.S16, LSW, "8000", -32768),
        (RegisterType.U32, MSW, "FFFE0001", 4294836225),
        (RegisterType.U32, LSW, "0001FFFE", 4294836225),
        (RegisterType.S32, MSW, "FFFFFF85", -123),
        (RegisterType.S32, LSW, "FF85FFFF", -123),
        (RegisterType.U64, MSW, "0000000100000000", 4294967296),
        (RegisterType.U64, LSW, "0000000000010000", 4294967296),
        (RegisterType.S64, MSW, "FFFFFFFFFFFFFF85", -123),
        (RegisterType.S64, LSW, "FF85FFFFFFFFFFFF", -123),
        (RegisterType.F32, MSW, "44A41000", 1312.5),
        (RegisterType.F32, LSW, "100044A4", 1312.5),
        (RegisterType.F64, MSW, "4094820000000000", 1312.5),
        (RegisterType.F64, LSW, "0000000082004094", 1312.5),
    ],
)
def test_bytes_on_the_wire_mean_this_value(type_: RegisterType, order: WordOrder, raw: str, value: float) -> None:
    assert decoded(raw, one(type_, order)) == value


def test_0x80008000_is_not_available_where_the_profile_says_so_and_a_tiny_number_otherwise() -> None:
    assert math.isnan(decoded("80008000", one(RegisterType.F32, sentinels=(Sentinel(0x80008000, FULL),))))
    assert decoded("80008000", one(RegisterType.F32)) == pytest.approx(-4.591774807899561e-41, rel=1e-12)


def test_a_sentinel_is_compared_in_the_order_of_the_value_not_of_the_wire() -> None:
    mark = (Sentinel(0x7FFFFFFE, FULL),)
    assert math.isnan(decoded("FFFE7FFF", one(RegisterType.S32, LSW, mark)))
    assert decoded("7FFFFFFE", one(RegisterType.S32, LSW, mark)) == -98305


def test_a_mask_marks_every_value_whose_high_word_is_0x7fff() -> None:
    mark = (Sentinel(0x7FFF0000, 0xFFFF0000),)
    assert math.isnan(decoded("7FFF0000", one(RegisterType.S32, sentinels=mark)))
    assert math.isnan(decoded("7FFFABCD", one(RegisterType.S32, sentinels=mark)))
    assert decoded("7FFEFFFF", one(RegisterType.S32, sentinels=mark)) == 2147418111


def test_each_of_two_sentinels_of_a_64_bit_counter_marks_and_their_neighbours_do_not() -> None:
    marks = (Sentinel(0x8000000000000000, (1 << 64) - 1), Sentinel(0xFFFF, 0xFFFF))
    assert math.isnan(decoded("8000000000000000", one(RegisterType.S64, sentinels=marks)))
    assert math.isnan(decoded("000000000001FFFF", one(RegisterType.S64, sentinels=marks)))
    assert decoded("8000000000000001", one(RegisterType.S64, sentinels=marks)) == -9223372036854775807.0


@pytest.mark.parametrize("raw", ["7FC00000", "FFC00000", "7F800001", "7F800000", "FF800000"])
def test_nan_and_infinity_of_a_float_are_no_values_even_without_a_sentinel(raw: str) -> None:
    assert math.isnan(decoded(raw, one(RegisterType.F32)))


@pytest.mark.parametrize("length", [0, 1, 3, 5, 8])
def test_an_answer_of_other_than_4_bytes_is_refused_for_2_registers(length: int) -> None:
    block = ReadBlock(7, 2, (one(RegisterType.F32),))
    with pytest.raises(ValueError, match=f"{length} bytes came for 2 registers"):
        BlockDecoder(block).decode(bytes(length))


def test_what_lies_in_a_gap_is_read_over_and_orders_can_be_mixed_in_a_block() -> None:
    block = ReadBlock(
        7, 7, (one(RegisterType.U16), one(RegisterType.F32, LSW, address=9), one(RegisterType.S32, address=12))
    )
    assert BlockDecoder(block).decode(bytes.fromhex("0005 FFFF 1000 44A4 FFFF FFFF FF85")) == [5, 1312.5, -123]


FORMATS = {"u16": "H", "s16": "h", "u32": "I", "s32": "i", "u64": "Q", "s64": "q", "f32": "f", "f64": "d"}


def encoded(value: float, register: Register) -> bytes:
    """Write a value as a meter does: high byte first, and the words in the register's order."""
    raw = struct.pack(">" + FORMATS[register.type.label], value)
    words = [raw[n : n + 2] for n in range(0, len(raw), 2)]
    return b"".join(reversed(words) if register.word_order is LSW else words)


def values(type_: RegisterType) -> st.SearchStrategy[float]:
    bits = type_.registers * 16
    if type_ in {RegisterType.F32, RegisterType.F64}:
        return st.floats(width=32 if bits == 32 else 64, allow_nan=False, allow_infinity=False)
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if type_.label[0] == "s" else (0, (1 << bits) - 1)
    return st.integers(low, high)


@st.composite
def images(draw: st.DrawFn) -> list[tuple[Register, float]]:
    """Draw registers one after the other with small gaps, each with a value."""
    address = 0
    image = []
    for gap, type_ in draw(
        st.lists(
            st.tuples(st.integers(0, 3), st.sampled_from([each for each in RegisterType if each.label in FORMATS])),
            max_size=20,
        )
    ):
        address += gap
        image.append((one(type_, draw(st.sampled_from(WordOrder)), address=address), draw(values(type_))))
        address += type_.registers
    return image


@given(images(), st.integers(4, 125), st.integers(0, 3))
def test_what_was_encoded_comes_back_however_it_was_planned(
    image: list[tuple[Register, float]], max_registers: int, max_gap: int
) -> None:
    memory = bytearray(b"\xa5" * 400)
    for register, value in image:
        memory[register.address * 2 : register.end * 2] = encoded(value, register)
    found = {
        register.address: value
        for block in plan_scan((register for register, _ in image), max_registers=max_registers, max_gap=max_gap)
        for register, value in zip(
            block.registers,
            BlockDecoder(block).decode(bytes(memory[block.address * 2 : (block.address + block.count) * 2])),
            strict=True,
        )
    }
    assert found == {register.address: float(value) for register, value in image}
