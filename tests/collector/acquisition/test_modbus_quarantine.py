"""Bad registers are found by halving, set aside, and tried again; the others are asked for all the time."""

from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.acquisition.modbus.plan import ReadBlock
from collector.acquisition.modbus.quarantine import Quarantine, SetAside
from collector.plant.profile import BlockRules, Register, RegisterType


def registers(count: int, *, first: int = 0) -> list[Register]:
    return [Register(f"r{number}", None, 3, first + number, RegisterType.U16, 1, unit="V") for number in range(count)]


class Device:
    """Refuses requests that hold a bad register or are too long, and counts what it was asked."""

    def __init__(self, bad: set[int], *, longest: int = 125) -> None:
        self.bad = bad
        self.longest = longest
        self.asked = 0

    def takes(self, block: ReadBlock) -> bool:
        self.asked += 1
        held = set(range(block.address, block.address + block.count))
        return block.count <= self.longest and not held & self.bad


def go_round(quarantine: Quarantine, device: Device, now_s: float) -> tuple[set[str], list[SetAside]]:
    """Ask as the poller does, and return what was answered and what was newly set aside."""
    pending = [(block, False) for block in quarantine.to_ask(now_s)]
    answered: set[str] = set()
    news: list[SetAside] = []
    longest_part, culprits = 0, 0
    while pending:
        block, part = pending.pop(0)
        if device.takes(block):
            quarantine.answered(block)
            answered |= {register.name for register in block.registers}
            longest_part = max(longest_part, block.count) if part else longest_part
        elif parts := quarantine.cut(block):
            pending[:0] = [(each, True) for each in parts]
        else:
            culprits += 1
            found = quarantine.refused(block, "exception 02", now_s=now_s, now_ns=0)
            news += [found] if found else []
    if longest_part and not culprits:
        quarantine.limit(longest_part, now_s)
    return answered, news


def test_one_bad_register_of_120_is_found_in_15_requests_and_the_other_119_arrive_in_every_round() -> None:
    quarantine = Quarantine(registers(120), BlockRules())
    device = Device({77})
    answered, news = go_round(quarantine, device, 0.0)
    assert len(answered) == 119
    assert [aside.names for aside in news] == [("r77",)]
    assert device.asked <= 15
    for second in range(1, 50):
        device.asked = 0
        answered, news = go_round(quarantine, device, float(second))
        assert (len(answered), news, device.asked) == (119, [], 2)


def test_what_is_set_aside_is_tried_again_after_a_minute_then_two_and_at_last_every_hour() -> None:
    quarantine = Quarantine(registers(10), BlockRules())
    device = Device({3})
    tries = []
    for second in range(0, 6 * 3600, 10):
        if len(quarantine.to_ask(second)) == 3:
            tries.append(second)
        go_round(quarantine, device, float(second))
    assert tries[:5] == [60, 180, 420, 900, 1860]
    assert tries[-1] - tries[-2] == 3600


def test_a_register_that_answers_again_is_part_of_the_plan_again() -> None:
    quarantine = Quarantine(registers(10), BlockRules())
    device = Device({3})
    go_round(quarantine, device, 0.0)
    assert [aside.names for aside in quarantine.set_aside] == [("r3",)]
    device.bad = set()
    answered, _ = go_round(quarantine, device, 61.0)
    assert len(answered) == 10
    assert quarantine.set_aside == ()
    assert [(block.address, block.count) for block in quarantine.to_ask(62.0)] == [(0, 10)]


def test_a_register_that_has_answered_before_is_set_aside_only_at_the_third_refusal() -> None:
    quarantine = Quarantine(registers(10), BlockRules())
    device = Device(set())
    go_round(quarantine, device, 0.0)
    device.bad = {3}
    said = [go_round(quarantine, device, second)[1] for second in (1.0, 2.0, 3.0, 4.0)]
    assert [len(news) for news in said] == [0, 0, 1, 0]
    assert all(len(go_round(quarantine, device, 5.0 + n)[0]) == 9 for n in range(3))


def test_a_device_that_takes_only_short_requests_is_asked_for_short_ones_and_loses_nothing() -> None:
    quarantine = Quarantine(registers(100), BlockRules())
    device = Device(set(), longest=30)
    assert len(go_round(quarantine, device, 0.0)[0]) == 100
    device.asked = 0
    assert len(go_round(quarantine, device, 1.0)[0]) == 100
    assert device.asked == 4
    assert quarantine.set_aside == ()
    device.longest = 125
    go_round(quarantine, device, 3601.0)
    assert [block.count for block in quarantine.to_ask(3602.0)] == [100]


def test_an_atomic_group_is_never_cut() -> None:
    rules = BlockRules(atomic=(("r0", "r5"),))
    quarantine = Quarantine(registers(8), rules)
    go_round(quarantine, Device({2}), 0.0)
    for block in quarantine.to_ask(0.0):
        names = {register.name for register in block.registers}
        assert not names & {"r0", "r5"} or {"r0", "r5"} <= names


def test_the_smallest_request_of_a_block_is_its_first_value() -> None:
    quarantine = Quarantine(registers(100, first=40), BlockRules())
    (block,) = quarantine.to_ask(0.0)
    smallest = quarantine.smallest(block)
    assert smallest is not None
    assert (smallest.address, smallest.count) == (40, 1)
    assert quarantine.smallest(smallest) is None


@settings(max_examples=drawn(60), deadline=None)
@given(
    count=st.integers(1, 200),
    bad=st.sets(st.integers(0, 199), max_size=12),
    longest=st.integers(1, 125),
    max_gap=st.integers(0, 5),
    step=st.integers(1, 3),
)
def test_every_good_register_arrives_in_every_round(
    count: int, bad: set[int], longest: int, max_gap: int, step: int
) -> None:
    all_registers = [Register(f"r{n}", None, 3, n * step, RegisterType.U16, 1, unit="V") for n in range(count)]
    quarantine = Quarantine(all_registers, BlockRules(max_gap=max_gap))
    device = Device(bad, longest=longest)
    good = {register.name for register in all_registers if register.address not in bad}
    for second in range(4):
        answered, _ = go_round(quarantine, device, float(second))
        assert answered == good
