"""A meter of any shipped profile, shown by the simulator's own encoder, and what its registers must read back as."""

import math
from collections.abc import Mapping
from pathlib import Path

from collector.acquisition.modbus.decode import MeterValues
from collector.plant.profile import Encoding, MeterProfile, Register, RegisterType
from collector.settings.profiles import profile_names, read_profile
from simulators.physics.derived import value_of
from simulators.physics.meter import Rated, Readout
from simulators.profile import load_profile
from simulators.quantities import COUNTERS, UNITS
from simulators.servers.information import Information, Setup
from simulators.servers.registers import MeterImage, RegisterMap

FOLDER = Path(__file__).parents[2] / "config" / "profiles"
PROFILES = {name: read_profile(FOLDER / f"{name}.toml") for name in profile_names(FOLDER)}

# What the panel shows: AC and DC, so that it fits every family, and small enough for the narrowest registers.
READOUT = Readout(
    gauges={
        "voltage": 403.7,
        "current": 13.31,
        "active_power": 8004.0,
        "power_factor": 0.86,
        "frequency": 49.98,
        "line_voltage": 612.4,
        "line_current": 13.07,
        "dc_power": 8004.0,
        "ct_ratio": 20.0,
        "vt_ratio": 2.0,
    },
    counters={"active_energy_import": 23_456_789.0, "dc_energy": 9_012_345.0, "dc_charge": 15_020.0},
    time_s=1_795_316_460.0,
    rated=Rated(power_w=16_000.0, voltage_v=650.0, current_a=30.0),
)

# What a plant file would say; none is neutral where a device may have another.
GIVEN = {
    "ct_ratio": 20.0,
    "vt_ratio": 2.0,
    "division": 0.5,
    "flow_unit": 3.6,
    "volume_unit": 0.001,
    "import_sign": 1.0,
    "export_sign": -1.0,
    "v_max": 828.0,
    "i_max": 100.0,
    "p_max": 120.0,
    "f_min": 45.0,
    "f_max": 65.0,
    "voltage_unit": 0.1,
    "power_unit": 1000.0,
    "megawatt_option": 1.0,
}
_TOLD = {"iskra-mc": {"counter_1": 20.0, "counter_2": 470.0, "counter_3": 1230.0, "counter_4": 123_456_780.0}}
"""What was set up in a device: its counters count in tens of their unit."""
_OWN = {"satec-pm13x-32bit": {"power_unit": 0.001}}

_FLOATS = {RegisterType.F32: 2.0**-22, RegisterType.F64: 2.0**-50}
"""A float keeps this part of a value: its own step and the rounding of what is multiplied with it."""
_MANTISSAS = {Encoding.ISKRA_UNSIGNED: 2.0**-24, Encoding.ISKRA_SIGNED: 2.0**-23}
_FOUR_DECIMALS = 1e-4
"""More places behind the point these never have; of their seven digits, the last may be lost to the power of ten."""


def constants(profile: MeterProfile) -> dict[str, float]:
    """Return a number for each constant of a profile."""
    given = GIVEN | _OWN.get(profile.name, {})
    return {each.name: given[each.name] if each.default is None else each.default for each in profile.constants}


class Panel:
    """One simulated meter of a profile and what it shows."""

    def __init__(self, profile: MeterProfile) -> None:
        self.constants = constants(profile)
        setup = Setup(constants=self.constants, information=_TOLD.get(profile.name, {}))
        self._map = RegisterMap(load_profile(FOLDER / f"{profile.name}.toml"), setup)
        self.image: MeterImage = self._map.image(READOUT)
        of, told = self._map, setup.information
        self._information = Information(of.registers, self.constants, told, of.plate, READOUT)
        self._parts = {name for register in profile.registers for name in register.plus}

    def differences(self, registers: tuple[Register, ...], values: MeterValues) -> list[str]:
        """Return what was not read as it is shown, in words; nothing if all is well."""
        wrong = (self._difference(register, values) for register in registers)
        return [each for each in wrong if each]

    def _difference(self, register: Register, values: MeterValues) -> str:
        if register.quantity is not None:
            return self._of_quantity(register, values.value(register.name))
        shown = self._map.registers[register.name]
        if register.is_text:
            text, told = values.text(register.name), self._information.text(shown)
            # What is longer than its registers is cut off.
            fits = told[: register.count * (1 if register.one_character else 2)]
            return "" if text == fits else f"{register.name}: '{text}' for '{fits}'"
        if register.name in self._parts:
            return ""  # the quantity that it is a part of tells
        read, number = values.value(register.name), self._information.numbers[register.name]
        return "" if math.isclose(read, number, rel_tol=1e-6) else f"{register.name}: {read} for {number}"

    def _of_quantity(self, register: Register, read: float) -> str:
        if self.shows(register, read):
            return ""
        shown, step = _shown(register), resolution(register, self._information.numbers)
        return f"{register.name}: {read} {register.unit} for {shown}, step {step}"

    def shows(self, register: Register, read: float) -> bool:
        """Tell whether what was read of a quantity is what the physics says, within the register's resolution."""
        shown, step = _shown(register), resolution(register, self._information.numbers)
        # A counter shows the steps that are full, a gauge the nearest one.
        near = step if register.name in COUNTERS or register.plus else step / 2
        return abs(read - shown) <= near * (1 + 1e-6) + _grain(register) * abs(shown)


def _shown(register: Register) -> float:
    """Return what the physics says of a quantity, in the register's unit."""
    return value_of(READOUT, register.name) / float(UNITS[register.unit][1])


def resolution(register: Register, numbers: Mapping[str, float]) -> float:
    """Return what one raw step of a whole number is worth in the register's unit, by the formula; of a float, 0."""
    if register.type in _FLOATS:
        return 0.0
    if register.plus:
        return 2 * abs(register.scale)
    if register.type.encoding in {*_MANTISSAS, Encoding.ISKRA_POWER_FACTOR}:
        return _FOUR_DECIMALS
    if register.linear is not None:
        low, high = (_term(term, numbers) for term in register.linear.value)
        return abs(high - low) / abs(register.linear.raw[1] - register.linear.raw[0])
    step = abs(register.scale)
    for name in register.scale_by:
        step *= abs(numbers[name])
    if register.exponent:
        step *= 10.0 ** (numbers[register.exponent] + register.exponent_bias)
    return step


def _grain(register: Register) -> float:
    if register.type.encoding in _MANTISSAS:
        return 10 * _MANTISSAS[register.type.encoding]
    return _FLOATS.get(register.type, 1e-12)


def _term(term: float | str, numbers: Mapping[str, float]) -> float:
    if isinstance(term, str):
        return -numbers[term[1:]] if term.startswith("-") else numbers[term]
    return term
