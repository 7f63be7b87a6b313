"""What to ask a meter for, learned from what it refuses. Pure: registers in, requests out, times given.

A device answers a request with an exception if a single register of it is not there. The request is then cut in halves
until the culprit stands alone; that one is set aside with its reason, the others are planned anew around it, and it is
asked again from time to time. A request whose parts are all answered was only too long, which is remembered, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.plant.profile import BlockRules, Register

PROBE_AFTER_S = 60.0
"""A register that was refused is asked again after this time, then after twice as long, and so on."""
LONGEST_PROBE_S = 3600.0
BELIEVED = 3
"""A register that has answered before is set aside only when it is refused in so many rounds one after the other."""


@dataclass(slots=True)
class SetAside:
    """Registers that the device refuses: which, why, since when, and when they are asked again."""

    block: ReadBlock
    reason: str
    since_ns: int
    refusals: int
    probe_s: float
    believed: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The registers' names."""
        return tuple(register.name for register in self.block.registers)


class Quarantine:
    """The requests of one meter and one period, without what it refuses."""

    def __init__(self, registers: Sequence[Register], rules: BlockRules) -> None:
        self.registers = tuple(registers)
        self._promised = self._rules = rules
        self._limited_until_s = 0.0
        self._aside: dict[tuple[str, ...], SetAside] = {}
        self._answered: set[str] = set()
        # Blocks that have answered since they were planned. Their names are only gathered where something is refused.
        self._heard: dict[int, ReadBlock] = {}
        self._blocks = plan_scan(self.registers, rules)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is set aside, not even on suspicion."""
        return not self._aside

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What is set aside for good reason; registers that are only suspected are not in it."""
        return tuple(aside for aside in self._aside.values() if aside.believed)

    @property
    def most_registers(self) -> int:
        """How many registers a request may hold, as far as is known now."""
        return self._rules.max_registers

    def to_ask(self, now_s: float) -> tuple[ReadBlock, ...]:
        """Return the requests of a round: the plan, and after it what is set aside and due to be tried again."""
        if self._rules is not self._promised and now_s >= self._limited_until_s:
            self._rules = self._promised
            self._plan()
        if not self._aside:
            return self._blocks
        tries = tuple(aside.block for aside in self._aside.values() if aside.probe_s <= now_s)
        return self._blocks + tries

    def cut(self, block: ReadBlock) -> tuple[ReadBlock, ...]:
        """Return the parts of a refused request, or nothing if it cannot be cut."""
        places = self._cuts(block.registers)
        if not places:
            return ()
        half = block.address + block.count / 2
        place = min(places, key=lambda place: abs(block.registers[place].address - half))
        parts = [
            part
            for registers in (block.registers[:place], block.registers[place:])
            for part in plan_scan(registers, self._rules)
        ]
        # A block that the device wants whole comes out whole again.
        return () if any(part.count >= block.count for part in parts) else tuple(parts)

    def refused(self, block: ReadBlock, reason: str, *, now_s: float, now_ns: int) -> SetAside | None:
        """Take note that a request that cannot be cut was refused; return it if that is news."""
        self._gather_names()
        names = tuple(register.name for register in block.registers)
        aside = self._aside.get(names)
        if aside is None:
            aside = self._aside[names] = SetAside(block, reason, now_ns, 0, now_s, believed=False)
            self._plan()
        aside.refusals += 1
        aside.reason = reason
        if not aside.believed and not self._answered.isdisjoint(names) and aside.refusals < BELIEVED:
            aside.probe_s = now_s
            return None
        rounds = aside.refusals - (BELIEVED if not self._answered.isdisjoint(names) else 1)
        aside.probe_s = now_s + min(LONGEST_PROBE_S, PROBE_AFTER_S * 2.0 ** min(rounds, 16))
        news = not aside.believed
        aside.believed = True
        return aside if news else None

    def answered(self, block: ReadBlock) -> SetAside | None:
        """Take note that a request was answered; return what was set aside until now."""
        if id(block) in self._heard:  # the block is kept there, so its id stays its own
            return None
        self._heard[id(block)] = block
        if not self._aside:
            return None
        aside = self._aside.pop(tuple(register.name for register in block.registers), None)
        if aside is None:
            return None
        self._plan()
        return aside if aside.believed else None

    def smallest(self, block: ReadBlock) -> ReadBlock | None:
        """Return the smallest request at the beginning of a block, or None if the block cannot be cut."""
        parts = self.cut(block)
        if not parts:
            return None
        return self.smallest(parts[0]) or parts[0]

    def limit(self, most: int, now_s: float) -> bool:
        """Take note that the device takes at most so many registers a request; tell whether that is news.

        The longer requests are tried again after an hour.
        """
        if most >= self._rules.max_registers:
            return False
        self._rules = replace(self._rules, max_registers=most)
        self._limited_until_s = now_s + LONGEST_PROBE_S
        self._plan()
        return True

    def _gather_names(self) -> None:
        self._answered.update(register.name for block in self._heard.values() for register in block.registers)
        self._heard.clear()

    def _plan(self) -> None:
        self._gather_names()
        gone = [register for aside in self._aside.values() for register in aside.block.registers]
        left = [register for register in self.registers if register not in gone]
        self._blocks = plan_scan(left, self._rules, avoid=gone)

    def _cuts(self, registers: tuple[Register, ...]) -> list[int]:
        """Return the places at which a block may be cut: between values, and not through an atomic group."""
        places = {register.name: place for place, register in enumerate(registers)}
        tied: set[int] = set()
        for group in self._rules.atomic:
            inside = [places[name] for name in group if name in places]
            if inside:
                tied.update(range(min(inside) + 1, max(inside) + 1))
        reached = 0
        cuts = []
        for place, (before, after) in enumerate(pairwise(registers), start=1):
            reached = max(reached, before.end)
            if place not in tied and after.address >= reached:
                cuts.append(place)
        return cuts
