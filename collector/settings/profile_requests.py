"""How a profile's registers may be asked for: what cannot be read at all is told before a device refuses it."""

import itertools
from collections.abc import Iterable, Sequence

from collector.plant.profile import BlockRules, Reading, Register
from collector.settings import profile_models as models
from collector.settings.findings import Findings
from collector.settings.toml_file import Path_


class RequestRules:
    """Checks the rules of one profile against its registers. Numbers are told as the file writes them."""

    def __init__(self, modbus: models.ProfileModbus, findings: Findings) -> None:
        self._modbus = modbus
        self._findings = findings
        self._first = modbus.addresses_from
        self._blocks = [(place, block[0], block[1]) for place, block in enumerate(modbus.blocks)]
        self._holes = [(place, hole[0], hole[1]) for place, hole in enumerate(modbus.holes)]
        self.rules = BlockRules(
            max_registers=modbus.max_registers,
            max_gap=modbus.max_gap,
            align=modbus.align,
            reading=Reading(modbus.reading),
            blocks=tuple((first - self._first, count) for _, first, count in self._blocks),
            holes=tuple((first - self._first, last - self._first) for _, first, last in self._holes),
            atomic=tuple(tuple(group) for group in modbus.atomic),
            function=modbus.function,
        )

    def check(self, registers: Sequence[Register], names: Iterable[str]) -> None:
        """Report everything that keeps a register from being read; ``names`` are those of refused registers, too."""
        self._check_blocks()
        for place, first, last in self._holes:
            if not self._first <= first <= last <= self._first + 65535:
                what = f"{first} to {last} is no row of registers"
                self._add(("holes", place), what, "write [first, last], both in the numbers of the map")
        self._check_overlaps(registers)
        if self._modbus.reading == "declared" and not self._blocks:
            self._add(("reading",), "is declared, and no block is", "add blocks = [[first, count]]")
            return
        for register in registers:
            if register.function == self.rules.function:
                self._check_register(register)
        for place, declared in enumerate(self._blocks):
            _, first, count = declared
            if not any(first <= self._first + r.address < first + count for r in registers):
                self._add(("blocks", place), "no register lies in it", "remove it, or correct its numbers")
        known = {register.name: register for register in registers}
        for place, group in enumerate(self._modbus.atomic):
            self._check_group(place, group, known, set(names))

    def _add(self, path: Path_, what: str, remedy: str) -> None:
        self._findings.add(("modbus", *path), what, remedy)

    def _check_blocks(self) -> None:
        step = self.rules.step(self.rules.function)
        for place, first, count in self._blocks:
            at = ("blocks", place)
            wire = first - self._first
            if count < 1 or wire < 0 or wire + count > 65536:
                what = f"{count} registers from {first} on do not exist"
                self._add(at, what, "write [first, count], the first in the numbers of the map")
            elif count > self.rules.most(self.rules.function):
                self._add(at, f"{count} registers are more than max_registers", "raise max_registers, or split it")
            elif wire % step or count % step:
                self._add(at, f"does not begin and end at a multiple of {step}", "requests are aligned: see align")
            for hole_place, low, high in self._holes:
                if first <= high and low < first + count:
                    self._add(at, f"holds the hole {low} to {high} (holes[{hole_place}])", "correct one of them")
        ordered = sorted(self._blocks, key=lambda block: block[1])
        for (_, first, count), (place, other, _) in itertools.pairwise(ordered):
            if other < first + count:
                what = f"begins within the block of {count} from {first} on"
                self._add(("blocks", place), what, "a register lies in one block only")

    def _check_overlaps(self, registers: Sequence[Register]) -> None:
        """Report registers that lie on others; parts of one register, told by ``bits``, may."""
        longest: dict[int, Register] = {}
        for register in sorted(registers, key=lambda register: (register.address, register.end)):
            before = longest.get(register.function)
            taken = before is not None and register.address < self._taken_until(before)
            if before is not None and taken and not (register.bits and before.bits):
                low, high = before.address + self._first, before.end - 1 + self._first
                what = f"lies on registers of {before.name} ({low} to {high})"
                self._findings.add(("registers", register.name, "address"), what, "check both addresses")
            if before is None or register.end > before.end:
                longest[register.function] = register

    def _taken_until(self, register: Register) -> int:
        """Return the first address that is free behind a register: asked for alone, a value takes only its own."""
        return register.address + 1 if self.rules.reading is Reading.ONE_VALUE else register.end

    def _check_register(self, register: Register) -> None:
        at = ("registers", register.name, "address")
        low, high = self._reached(register.address, register.end)
        if high - low > self.rules.most(register.function):
            what = f"with align = {self._modbus.align} it takes {high - low} registers, more than max_registers"
            self._findings.add(at, what, "raise max_registers")
        hole = self._hole(low, high)
        if hole is not None:
            what = f"cannot be read without the hole {hole[0]} to {hole[1]}"
            self._findings.add(at, what, "correct the address or modbus.holes")
        touched = [
            (first, count)
            for first, count in self.rules.blocks
            if register.address < first + count and first < register.end
        ]
        for first, count in touched:
            if register.address < first or register.end > first + count:
                what = f"lies only partly in the block of {count} from {first + self._first} on"
                self._findings.add(at, what, "correct the address or modbus.blocks")
        if not touched and self._modbus.reading == "declared":
            self._findings.add(at, "lies in no declared block", "add a block for it to modbus.blocks")

    def _reached(self, low: int, high: int) -> tuple[int, int]:
        """Return what is read for some registers of the profile's table: from a multiple of align on, to one."""
        step = self.rules.step(self.rules.function)
        return low - low % step, high + -high % step

    def _hole(self, low: int, high: int) -> tuple[int, int] | None:
        """Return the first hole in a row of registers, in the numbers of the map."""
        for first, last in self.rules.holes:
            if low <= last and first < high:
                return first + self._first, last + self._first
        return None

    def _check_group(self, place: int, group: list[str], known: dict[str, Register], names: set[str]) -> None:
        """Report a group of registers that cannot come in one request."""
        at = ("atomic", place)
        for number, name in enumerate(group):
            if name not in names:
                self._findings.unknown(("modbus", *at, number), "register of this profile", name, names)
        members = [known[name] for name in dict.fromkeys(group) if name in known]
        if len(set(group)) < 2:
            self._add(at, "needs two registers or more", "remove it, or name the others")
        if len(members) < max(2, len(set(group))):
            return  # one of them was refused, which is told already
        if self._modbus.reading == "one_value":
            self._add(at, "contradicts reading = one_value", "keep one of the two")
        if len({member.function for member in members}) > 1:
            self._add(at, "its registers are read with different functions", "one request reads with one")
            return
        if len({member.every_s for member in members}) > 1:
            self._add(at, "its registers are not read equally often", "give them the same every, or none")
        function = members[0].function
        low, high = min(member.address for member in members), max(member.end for member in members)
        if function == self.rules.function:
            low, high = self._reached(low, high)
            self._check_group_place(at, members, low, high)
        if high - low > self.rules.most(function):
            self._add(at, f"takes {high - low} registers, more than one request holds", "see max_registers")

    def _check_group_place(self, at: Path_, members: Iterable[Register], low: int, high: int) -> None:
        """Report a group of the profile's own table that its holes or blocks part."""
        hole = self._hole(low, high)
        if hole is not None:
            self._add(at, f"the hole {hole[0]} to {hole[1]} lies in it", "it cannot come in one request")
        blocks = {
            next((first for first, count in self.rules.blocks if first <= member.address < first + count), None)
            for member in members
        }
        if len(blocks) > 1:
            self._add(at, "its registers do not lie in one declared block", "correct modbus.blocks")
