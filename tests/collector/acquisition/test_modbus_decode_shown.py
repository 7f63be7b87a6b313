"""Decoded registers as people see them, and that what was encoded comes back."""

import math
from dataclasses import replace

import pytest
from decoding import LSW, T, block_of, decoded, one
from hypothesis import given
from hypothesis import strategies as st
from register_encoder import encoded, on_the_wire

from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import plan_scan
from collector.plant.profile import (
    BlockRules,
    ByteOrder,
    Encoding,
    Linear,
    Register,
    RegisterType,
    Sentinel,
    WordOrder,
)

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
    assert len(values._taken) <= 500


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
