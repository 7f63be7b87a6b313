"""Which registers to ask for in which request. Pure: registers and rules in, blocks out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.plant.profile import BlockRules, Reading, Register


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """One request: ``count`` registers (bits, with functions 1 and 2) from ``address`` on, and the values in it."""

    function: int
    address: int
    count: int
    registers: tuple[Register, ...]

    @property
    def end(self) -> int:
        """The first address after the block."""
        return self.address + self.count


def plan_scan(
    registers: Iterable[Register], rules: BlockRules, *, avoid: Iterable[Register] = ()
) -> tuple[ReadBlock, ...]:
    """Gather registers into as few requests as the device allows.

    A value is never cut in two, and what is atomic comes in one request. What the rules forbid is never read over, and
    neither are the registers in ``avoid``, unless they lie inside what is atomic or declared.

    Raises
    ------
    ValueError
        If only declared blocks may be read, and a register lies in none.
    """
    wanted = sorted(registers, key=lambda register: (register.function, register.address, register.end))
    avoided = list(avoid)
    blocks: list[ReadBlock] = []
    for function in sorted({register.function for register in wanted}):
        table = _Table(function, rules, avoided)
        blocks += table.blocks([register for register in wanted if register.function == function])
    return tuple(blocks)


class _Table:
    """The rules as they are for one of the four tables of a device."""

    def __init__(self, function: int, rules: BlockRules, avoid: Sequence[Register]) -> None:
        own = function == rules.function  # the table to which holes and declared blocks refer
        self._function = function
        self._rules = rules
        self._declared = rules.blocks if own else ()
        self._only_declared = own and rules.reading is Reading.DECLARED
        self._most = rules.most(function)
        self._step = rules.step(function)
        self._holes = [(first, last + 1) for first, last in rules.holes] if own else []
        self._holes += [(register.address, register.end) for register in avoid if register.function == function]

    def blocks(self, registers: Sequence[Register]) -> list[ReadBlock]:
        """Return the requests for registers in the order of their addresses."""
        blocks = []
        rest = list(registers)
        for first, count in self._declared:
            inside = tuple(each for each in rest if first <= each.address and each.end <= first + count)
            if inside:
                blocks.append(ReadBlock(self._function, first, count, inside))
                rest = [each for each in rest if each not in inside]
        if rest and self._only_declared:
            raise ValueError(f"{rest[0].name} at {rest[0].address} lies in no declared block")
        blocks += [self._block(gathered) for gathered in self._gathered(self._inseparable(rest))]
        return sorted(blocks, key=lambda block: (block.address, block.end))

    def _inseparable(self, registers: Sequence[Register]) -> list[list[Register]]:
        """Return what must come in one request: an atomic group, the parts of one register, else a register alone."""
        if not self._rules.atomic and len({(each.address, each.end) for each in registers}) == len(registers):
            # As on most maps. To compare each with each takes most of a start with a thousand meters.
            return sorted(([each] for each in registers), key=_span)
        parts: list[list[Register]] = []
        for register in registers:
            part = [register]
            others = []
            for other in parts:
                if any(self._belong_together(register, each) for each in other):
                    part = other + part
                else:
                    others.append(other)
            parts = [*others, part]
        return sorted(parts, key=_span)

    def _belong_together(self, one: Register, other: Register) -> bool:
        if (one.address, one.end) == (other.address, other.end):
            return True
        return any(one.name in group and other.name in group for group in self._rules.atomic)

    def _gathered(self, parts: Iterable[list[Register]]) -> list[list[Register]]:
        """Join neighbours as far as the rules allow."""
        blocks: list[list[Register]] = []
        span = 0, 0  # of the last one
        for part in parts:
            first, end = _span(part)
            if blocks and self._can_join(span, first, end):
                blocks[-1] += part
                span = min(span[0], first), max(span[1], end)
            else:
                blocks.append(list(part))
                span = first, end
        return blocks

    def _can_join(self, block: tuple[int, int], part_first: int, part_end: int) -> bool:
        """Tell whether a block with the registers from one address up to another can take more."""
        if self._rules.reading is Reading.ONE_VALUE:
            return False
        first, end = block
        if part_first - end > self._rules.max_gap:
            return False
        first, end = self._aligned(first, max(end, part_end))
        return end - first <= self._most and not any(low < end and first < high for low, high in self._holes)

    def _block(self, registers: Sequence[Register]) -> ReadBlock:
        first, end = self._aligned(*_span(registers))
        ordered = sorted(registers, key=lambda register: (register.address, register.end))
        return ReadBlock(self._function, first, end - first, tuple(ordered))

    def _aligned(self, first: int, end: int) -> tuple[int, int]:
        return first - first % self._step, end + -end % self._step


def _span(registers: Sequence[Register]) -> tuple[int, int]:
    """Return the first address of some registers, and the first after them."""
    return min(register.address for register in registers), max(register.end for register in registers)
