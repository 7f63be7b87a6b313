"""Which registers to ask for in which request. Pure: registers in, blocks out."""

from collections.abc import Iterable
from dataclasses import dataclass

from collector.plant.profile import Register


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """One request: ``count`` registers from ``address`` on, and the values that lie in it."""

    address: int
    count: int
    registers: tuple[Register, ...]


def plan_scan(registers: Iterable[Register], *, max_registers: int, max_gap: int) -> tuple[ReadBlock, ...]:
    """Gather registers into as few requests as the device allows.

    A value is never cut in two. At most ``max_gap`` undefined registers are read over between two values (0: none, for
    devices that answer a gap with an exception), and no block is longer than ``max_registers``.
    """
    blocks: list[list[Register]] = []
    for register in sorted(registers, key=lambda register: register.address):
        if blocks:
            first, last = blocks[-1][0], blocks[-1][-1]
            if register.address - last.end <= max_gap and register.end - first.address <= max_registers:
                blocks[-1].append(register)
                continue
        blocks.append([register])
    return tuple(ReadBlock(block[0].address, block[-1].end - block[0].address, tuple(block)) for block in blocks)
