"""What a simulated meter of every shipped profile shows can be read back by the formula of its map, step for step."""

import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from simulators.meter_scenario import MeterBehaviour
from simulators.physics.derived import value_of
from simulators.physics.monitored import MonitoredMeter
from simulators.profile import Profile, load_profile
from simulators.quantities import COUNTERS
from simulators.register import Register
from simulators.servers.information import Setup
from simulators.servers.registers import MeterImage, RegisterMap

PROFILES = Path(__file__).parents[2] / "config" / "profiles"
BEGIN = 1_795_316_400.0
# A meter small and young enough for the types of every family: 8 kW, 9 MWh, 15 kAh.
READOUT = MonitoredMeter(1, "m", MeterBehaviour(0.0, 9_000_000.0, 15_000.0), rated_w=16_000.0, begin_s=BEGIN).readout(
    BEGIN + 60
)


def constants(profile: Profile) -> dict[str, float]:
    """Give the numbers that a plant file would: full scales of 1000, ratios of 1."""
    usual = {name: 0.0 if "min" in name else 1000.0 for name, value in profile.constants.items() if value is None}
    return {name: value for name, value in profile.constants.items() if value is not None} | usual


class Reader:
    """Reads a meter's registers by the formula; it knows the map and the bytes, and nothing of the encoder."""

    def __init__(self, registers: Mapping[str, Register], shown: MeterImage, given: Mapping[str, float]) -> None:
        self._registers = registers
        self._shown = shown
        self._given = given

    def value(self, name: str, more: int = 0) -> float:
        """Return a value in its register's unit; with ``more``, as if the raw number were that much higher."""
        if name in self._given:
            return self._given[name]
        register = self._registers[name]
        raw = self._raw(register) + more
        if register.numbers:
            return dict(register.numbers)[round(raw)]
        if register.linear is not None:
            (first, last), (low, high) = register.linear.raw, map(self._term, register.linear.value)
            return low + (raw - first) * (high - low) / (last - first)
        value = (raw * register.resolution + register.offset) / register.unit_size
        for factor in register.scale_by:
            value *= self.value(factor)
        if register.exponent:
            value *= 10.0 ** (self.value(register.exponent) + register.exponent_bias)
        for other in register.plus:
            value += self.value(other) * self._registers[other].unit_size / register.unit_size
        return value

    def _term(self, term: float | str) -> float:
        if not isinstance(term, str):
            return term
        return -self.value(term[1:]) if term.startswith("-") else self.value(term)

    def _raw(self, register: Register) -> float:
        content = self._shown.read(register.address, register.width, register.function)
        assert content is not None
        if register.type == "bit":
            return content[0]
        words = [content[at : at + 2] for at in range(0, len(content), 2)]
        if register.bytes_swapped:
            words = [word[::-1] for word in words]
        if register.low_word_first:
            words.reverse()
        return _number(register.type, b"".join(words), register.bits)


def _number(kind: str, packed: bytes, bits: tuple[int, int] | None) -> float:
    if kind in {"f32", "f64"}:
        return float(struct.unpack(">f" if kind == "f32" else ">d", packed)[0])
    if kind.startswith("bcd"):
        return int(packed.hex())
    if kind.startswith("mod"):
        return int("".join(f"{int.from_bytes(packed[at : at + 2]):04}" for at in range(0, len(packed), 2)))
    if kind == "iskra_t7":
        return (-1 if packed[0] else 1) * int.from_bytes(packed[2:]) / 10_000
    if kind.startswith("iskra"):
        return int.from_bytes(packed[1:], signed=kind == "iskra_t6") * 10.0 ** int.from_bytes(packed[:1], signed=True)
    whole = int.from_bytes(packed, signed=kind.startswith("s"))
    return whole if bits is None else whole >> bits[0] & ((1 << bits[1]) - 1)


@pytest.mark.parametrize("file", sorted(PROFILES.glob("[!_]*.toml")), ids=lambda file: file.stem)
def test_every_quantity_reads_back_to_the_step(file: Path) -> None:
    profile = load_profile(file)
    given = constants(profile)
    registers = RegisterMap(profile, Setup(constants=given))
    reader = Reader(registers.registers, registers.image(READOUT), given)
    wrong = []
    for name, register in registers.registers.items():
        if register.information:
            continue
        read, shown = reader.value(name), value_of(READOUT, name) / register.unit_size
        step = abs(reader.value(name, 1) - read) if not register.type.startswith(("f", "iskra")) else 0.0
        # A counter shows the steps that are full, a gauge the nearest one.
        near = step if name in COUNTERS else step / 2
        if abs(read - shown) > near * 1.001 + 2e-4 * abs(shown):
            wrong.append(f"{name}: {read} for {shown}, step {step}")
    assert wrong == []
