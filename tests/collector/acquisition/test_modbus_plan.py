"""Planning of requests: pure."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.plant.profile import BlockRules, Reading, Register, RegisterType
from collector.readings.quantity import Quantity

NUMBERS = [type_ for type_ in RegisterType if type_.registers and type_ is not RegisterType.BIT]


def at(address: int, type_: RegisterType = RegisterType.U16, *, name: str = "", function: int = 3) -> Register:
    return Register(
        name or f"{type_.label}_{address}", Quantity.VOLTAGE, function, address, type_, type_.registers, unit="V"
    )


def blocks(*registers: Register, rules: BlockRules | None = None) -> list[tuple[int, int]]:
    return [(block.address, block.count) for block in plan_scan(registers, rules or BlockRules())]


def test_no_registers_make_no_request() -> None:
    assert plan_scan([], BlockRules(max_gap=8)) == ()


def test_neighbours_are_one_request_and_a_gap_of_1_makes_two() -> None:
    assert blocks(at(10), at(11)) == [(10, 2)]
    assert blocks(at(10), at(12)) == [(10, 1), (12, 1)]


def test_a_gap_of_8_is_read_over_where_8_are_allowed_and_one_of_9_is_not() -> None:
    assert blocks(at(10), at(19), rules=BlockRules(max_gap=8)) == [(10, 10)]
    assert blocks(at(10), at(20), rules=BlockRules(max_gap=8)) == [(10, 1), (20, 1)]


def test_125_registers_are_one_request_and_126_are_two() -> None:
    assert blocks(*map(at, range(125))) == [(0, 125)]
    assert blocks(*map(at, range(126))) == [(0, 125), (125, 1)]


def test_a_value_of_4_registers_is_not_cut_at_the_end_of_a_block_of_10() -> None:
    three = (at(0, RegisterType.F64), at(4, RegisterType.F64), at(8, RegisterType.F64))
    assert blocks(*three, rules=BlockRules(max_registers=10)) == [(0, 8), (8, 4)]


def test_the_last_register_65535_can_be_read() -> None:
    assert blocks(at(65535), at(65534)) == [(65534, 2)]
    assert blocks(at(65535), rules=BlockRules(align=2)) == [(65534, 2)]


def test_registers_of_different_tables_are_different_requests() -> None:
    assert plan_scan([at(10, function=4), at(11, function=3)], BlockRules()) == (
        ReadBlock(3, 11, 1, (at(11, function=3),)),
        ReadBlock(4, 10, 1, (at(10, function=4),)),
    )


def test_of_bits_2000_are_one_request_where_125_registers_are_and_they_are_not_aligned() -> None:
    bits = [at(address, RegisterType.BIT, function=2) for address in range(1, 2002)]
    assert blocks(*bits, rules=BlockRules(align=2)) == [(1, 2000), (2001, 1)]


def test_a_hole_is_not_read_over_however_large_a_gap_is_allowed() -> None:
    rules = BlockRules(max_gap=20, holes=((12, 13),))
    assert blocks(at(10), at(11), at(14), at(15), rules=rules) == [(10, 2), (14, 2)]
    assert blocks(at(10, function=4), at(14, function=4), rules=rules) == [(10, 5)]


def test_a_register_to_avoid_is_not_read_over() -> None:
    rules = BlockRules(max_gap=20)
    registers = (at(10), at(14), at(20))
    assert [(b.address, b.count) for b in plan_scan(registers, rules, avoid=[at(16)])] == [(10, 5), (20, 1)]
    assert [(b.address, b.count) for b in plan_scan(registers, rules, avoid=[at(16, function=4)])] == [(10, 11)]


def test_with_align_2_requests_begin_at_even_addresses_and_have_even_counts() -> None:
    assert blocks(at(11), at(14), rules=BlockRules(align=2)) == [(10, 2), (14, 2)]
    assert blocks(at(11, RegisterType.U32), rules=BlockRules(align=2)) == [(10, 4)]
    assert blocks(*map(at, range(125)), rules=BlockRules(align=2)) == [(0, 124), (124, 2)]


def test_an_atomic_group_comes_in_one_request_and_what_lies_between_comes_with_it() -> None:
    rules = BlockRules(max_registers=6, atomic=(("a", "c"),))
    assert blocks(at(0, name="x"), at(3, name="a"), at(5, name="b"), at(8, name="c"), rules=rules) == [(0, 1), (3, 6)]
    assert [b.address for b in plan_scan([at(3, name="a"), at(8, name="c")], rules, avoid=[at(5)])] == [3]
    # Without one of the two there is no group left.
    assert blocks(at(3, name="a"), at(5, name="b"), rules=rules) == [(3, 1), (5, 1)]


def test_groups_that_share_a_register_are_one_group() -> None:
    rules = BlockRules(atomic=(("a", "b"), ("b", "c")))
    assert blocks(at(0, name="a"), at(20, name="b"), at(40, name="c"), rules=rules) == [(0, 41)]


def test_a_device_that_gives_one_value_a_request_is_asked_for_each_and_for_the_bits_of_one_register_once() -> None:
    rules = BlockRules(reading=Reading.ONE_VALUE)
    assert blocks(at(0, RegisterType.F32), at(2), at(2, name="other bits"), rules=rules) == [(0, 2), (2, 1)]


def test_a_declared_block_is_read_whole_and_alone_and_not_at_all_without_a_value_in_it() -> None:
    rules = BlockRules(blocks=((10, 27), (50, 4)))
    assert blocks(at(9), at(20), at(36), at(37), rules=rules) == [(9, 1), (10, 27), (37, 1)]


def test_where_only_declared_blocks_may_be_read_a_register_outside_is_refused() -> None:
    rules = BlockRules(reading=Reading.DECLARED, blocks=((10, 4),))
    assert blocks(at(11), rules=rules) == [(10, 4)]
    assert [(b.function, b.address) for b in plan_scan([at(11), at(3, function=4)], rules)] == [(3, 10), (4, 3)]
    with pytest.raises(ValueError, match="u32_13 at 13 lies in no declared block"):
        plan_scan([at(13, RegisterType.U32)], rules)


def test_rules_move_with_the_base_of_the_registers() -> None:
    rules = BlockRules(blocks=((10, 4),), holes=((20, 21),), max_gap=9).moved(1000)
    moved = [at(address).moved(1000) for address in (11, 19, 22)]
    assert blocks(*moved, rules=rules) == [(1010, 4), (1019, 1), (1022, 1)]


# --- Properties -------------------------------------------------------------------------------------------------------


@st.composite
def maps(draw: st.DrawFn) -> list[Register]:
    """Draw registers of two tables that do not overlap within one, in any order; some share an address as bits do."""
    address = draw(st.integers(0, 40000))
    registers = []
    drawn = st.tuples(st.integers(0, 40), st.sampled_from(NUMBERS), st.sampled_from([3, 3, 4]), st.booleans())
    for number, (gap, type_, function, twice) in enumerate(draw(st.lists(drawn, max_size=40))):
        address += gap
        registers.append(at(address, type_, name=f"r{number}", function=function))
        if twice:
            registers.append(at(address, type_, name=f"r{number}_too", function=function))
        address += type_.registers
    return draw(st.permutations(registers))


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Register], BlockRules]:
    """Draw registers and rules under which they can be read."""
    registers = draw(maps())
    by_place = sorted((each for each in registers if each.function == 3), key=lambda each: each.address)
    align = draw(st.sampled_from([1, 1, 2, 4]))
    max_registers = draw(st.integers(12, 125))
    atomic: list[tuple[str, ...]] = []
    group: list[Register] = []
    if len(by_place) > 2:
        first = draw(st.integers(0, len(by_place) - 2))
        group = by_place[first : first + draw(st.integers(2, 4))]
        if group[-1].end - group[0].address <= max_registers - 2 * align:
            atomic.append(tuple(each.name for each in group))
    taken = {address for each in by_place for address in range(each.address - align + 1, each.end + align - 1)}
    if atomic:
        taken |= set(range(group[0].address, group[-1].end))
    holes = []
    if by_place:
        low = draw(st.integers(by_place[0].address, by_place[-1].end))
        holes = [(low, low + 2)] if not taken & {low, low + 1, low + 2} else []
    rules = BlockRules(
        max_registers=max_registers,
        max_gap=draw(st.integers(0, 20)),
        align=align,
        reading=draw(st.sampled_from([Reading.BLOCKS, Reading.BLOCKS, Reading.ONE_VALUE])),
        holes=tuple(holes),
        atomic=tuple(atomic),
    )
    return registers, rules


@given(plans())
def test_every_register_lies_whole_in_exactly_one_block_and_no_block_breaks_a_rule(
    drawn: tuple[list[Register], BlockRules],
) -> None:
    registers, rules = drawn
    plan = plan_scan(registers, rules)
    assert sorted(each.name for block in plan for each in block.registers) == sorted(each.name for each in registers)
    groups = [set(group) for group in rules.atomic]
    for block in plan:
        assert all(
            block.address <= each.address and each.end <= block.end and each.function == block.function
            for each in block.registers
        )
        assert 1 <= block.count <= rules.max_registers
        assert block.address % rules.align == block.count % rules.align == 0
        if block.function == 3:
            assert not any(low < block.end and block.address <= high for low, high in rules.holes)
        names = {each.name for each in block.registers}
        assert all(group <= names or not group & names for group in groups)
        if rules.reading is Reading.ONE_VALUE and not any(group <= names for group in groups):
            assert len({(each.address, each.end) for each in block.registers}) == 1
        end = block.registers[0].address
        for each in block.registers:
            # Only what is atomic reaches over more than the gap that is allowed.
            assert each.address - end <= rules.max_gap or any(group <= names for group in groups)
            end = max(end, each.end)


@given(maps(), st.integers(4, 125), st.integers(0, 20))
def test_two_neighbouring_blocks_could_not_have_been_one(
    registers: list[Register], max_registers: int, max_gap: int
) -> None:
    plan = plan_scan(registers, BlockRules(max_registers=max_registers, max_gap=max_gap))
    for first, second in pairwise(plan):
        if first.function == second.function:
            assert first.end <= second.address
            too_far = second.address - first.end > max_gap
            assert too_far or second.registers[0].end - first.address > max_registers


@given(maps())
def test_the_order_in_the_profile_does_not_matter(registers: list[Register]) -> None:
    ordered = sorted(registers, key=lambda register: register.address)
    rules = BlockRules(max_registers=60, max_gap=4)
    assert [(b.function, b.address, b.count) for b in plan_scan(registers, rules)] == [
        (b.function, b.address, b.count) for b in plan_scan(ordered, rules)
    ]
