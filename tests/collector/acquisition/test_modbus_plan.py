"""Planning of requests: pure."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.modbus.plan import plan_scan
from collector.plant.profile import Register, RegisterType
from collector.readings.quantity import Quantity


def at(address: int, type_: RegisterType = RegisterType.U16) -> Register:
    return Register("voltage", Quantity.VOLTAGE, 3, address, type_, type_.registers, unit="V")


def blocks(*registers: Register, max_registers: int = 125, max_gap: int = 0) -> list[tuple[int, int]]:
    plan = plan_scan(registers, max_registers=max_registers, max_gap=max_gap)
    return [(block.address, block.count) for block in plan]


def test_no_registers_make_no_request() -> None:
    assert plan_scan([], max_registers=125, max_gap=8) == ()


def test_neighbours_are_one_request_and_a_gap_of_1_makes_two() -> None:
    assert blocks(at(10), at(11)) == [(10, 2)]
    assert blocks(at(10), at(12)) == [(10, 1), (12, 1)]


def test_a_gap_of_8_is_read_over_where_8_are_allowed_and_one_of_9_is_not() -> None:
    assert blocks(at(10), at(19), max_gap=8) == [(10, 10)]
    assert blocks(at(10), at(20), max_gap=8) == [(10, 1), (20, 1)]


def test_125_registers_are_one_request_and_126_are_two() -> None:
    assert blocks(*map(at, range(125))) == [(0, 125)]
    assert blocks(*map(at, range(126))) == [(0, 125), (125, 1)]


def test_a_value_of_4_registers_is_not_cut_at_the_end_of_a_block_of_10() -> None:
    assert blocks(at(0, RegisterType.F64), at(4, RegisterType.F64), at(8, RegisterType.F64), max_registers=10) == [
        (0, 8),
        (8, 4),
    ]


def test_the_last_register_65535_can_be_read() -> None:
    assert blocks(at(65535), at(65534)) == [(65534, 2)]


@st.composite
def maps(draw: st.DrawFn) -> list[Register]:
    """Draw registers that do not overlap, in any order."""
    address = draw(st.integers(0, 40000))
    registers = []
    for gap, type_ in draw(
        st.lists(st.tuples(st.integers(0, 40), st.sampled_from(list(RegisterType)[:20])), max_size=40)
    ):
        address += gap
        registers.append(at(address, type_))
        address += type_.registers
    return draw(st.permutations(registers))


@given(maps(), st.integers(4, 125), st.integers(0, 20))
def test_every_register_lies_whole_in_exactly_one_block(
    registers: list[Register], max_registers: int, max_gap: int
) -> None:
    plan = plan_scan(registers, max_registers=max_registers, max_gap=max_gap)
    planned = [register for block in plan for register in block.registers]
    assert sorted(planned, key=lambda r: r.address) == sorted(registers, key=lambda r: r.address)
    for block in plan:
        assert block.count <= max_registers
        assert block.address == block.registers[0].address
        assert block.address + block.count == block.registers[-1].end
        assert all(second.address - first.end <= max_gap for first, second in pairwise(block.registers))
    for first, second in pairwise(plan):
        assert first.address + first.count <= second.address
        # Two neighbouring blocks could not have been one.
        too_far = second.address - first.address - first.count > max_gap
        assert too_far or second.registers[0].end - first.address > max_registers


@given(maps())
def test_the_order_in_the_profile_does_not_matter(registers: list[Register]) -> None:
    ordered = sorted(registers, key=lambda register: register.address)
    assert plan_scan(registers, max_registers=60, max_gap=4) == plan_scan(ordered, max_registers=60, max_gap=4)
