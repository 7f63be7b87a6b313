"""The test vectors of a profile: raw registers and what they mean, checked with the decoder that reads the meter."""

import math
from collections.abc import Mapping

from collector.plant.composition import meaning
from collector.plant.profile import Register, RegisterType, TestVector
from collector.readings import units
from collector.settings import profile_models as models
from collector.settings.findings import Findings
from collector.settings.toml_file import Path_

_NEAR = 1e-5
"""Values are written with the digits that a display or a dump shows: this much may be missing."""


class VectorReader:
    """Reads the test vectors of one profile. They are computed where the map itself is sound."""

    def __init__(self, profile: models.Profile, registers: Mapping[str, Register], findings: Findings) -> None:
        self._profile = profile
        self._registers = registers
        self._findings = findings
        self._sound = not findings.problems
        self._units = {name: section.unit or "" for name, section in profile.registers.items()}
        self._defaults = {
            name: constant.default for name, constant in profile.constants.items() if constant.default is not None
        }

    def read(self, place: int, section: models.TestVectorSection) -> TestVector | None:
        """Return a test vector, or None where something is wrong with it or with its register."""
        at = ("test_vectors", place)
        register = self._registers.get(section.of)
        if register is None:
            if len(self._registers) == len(self._profile.registers):  # else it may be one that was refused
                what = f"'{section.of}' is not in this profile"
                self._findings.add((*at, "register"), what, "name one of its registers")
            return None
        before = len(self._findings.problems)
        raw = self._raw(at, section, register)
        value = self._value(at, section, register)
        given = self._given(at, section, register)
        if len(self._findings.problems) > before:
            return None
        vector = TestVector(register.name, raw, value, section.text or "", tuple(given.items()), section.origin)
        if self._sound:
            self._compute(at, vector, register, given)
        return vector

    def _compute(self, at: Path_, vector: TestVector, register: Register, given: Mapping[str, float]) -> None:
        """Report a vector whose registers mean something else than it says."""
        found = meaning(register, vector.raw, given, self._units)
        remedy = "check the vector, and type, orders and scale of the register"
        if isinstance(found, str):
            if found != vector.text:
                self._findings.add((*at, "text"), f"the registers hold '{found}'", remedy)
        elif vector.value is None or not math.isclose(found, vector.value, rel_tol=_NEAR, abs_tol=1e-9):
            means = "no value" if math.isnan(found) else f"{found:.10g} {register.unit}".rstrip()
            self._findings.add((*at, "value"), f"the registers mean {means}", remedy)

    def _raw(self, at: Path_, section: models.TestVectorSection, register: Register) -> bytes:
        raw = bytes.fromhex(section.raw)
        if len(raw) != register.count * 2:
            what = f"{len(raw)} bytes do not make a {register.type.label}"
            if register.is_text:
                what += f" of {register.count} registers"
            self._findings.add((*at, "raw"), what, "give the registers as they come on the wire")
        elif register.type is RegisterType.BIT and raw not in {b"\0\0", b"\0\1"}:
            self._findings.add((*at, "raw"), f"'{section.raw}' is no bit", "write 0000 or 0001")
        return raw

    def _value(self, at: Path_, section: models.TestVectorSection, register: Register) -> float | None:
        """Return the value in the unit of the register; None for a text."""
        if register.is_text:
            for key in ("value", "unit"):
                if key in section.model_fields_set:
                    self._findings.add((*at, key), f"{register.name} is a text", "give text in its place")
            if section.text is None:
                self._findings.add((*at, "text"), "is missing", "give the text that the registers hold")
            return None
        if section.text is not None:
            self._findings.add((*at, "text"), f"{register.name} is no text", "give value in its place")
        if section.value is None:
            self._findings.add((*at, "value"), "is missing", "give the value that the registers mean")
        factor = self._factor((*at, "unit"), section.unit or "", register)
        return None if section.value is None else section.value * factor

    def _factor(self, at: Path_, unit: str, register: Register) -> float:
        """Return the factor from the vector's unit to that of the register; 1 where it is wrong."""
        if unit == register.unit:
            return 1.0
        if not unit:
            self._findings.add(at, "is missing", f'add it, like unit = "{register.unit}"')
        elif not register.unit:
            self._findings.add(at, f"{register.name} has no unit", "remove it, or give the register one")
        else:
            try:
                return units.factor(unit, register.unit)
            except ValueError as exc:
                self._findings.refuse(at, exc)
        return 1.0

    def _given(self, at: Path_, section: models.TestVectorSection, register: Register) -> dict[str, float]:
        """Return the values of all that the register needs."""
        for name in section.given:
            if name not in register.needs:
                what = f"{register.name} does not need {name}"
                self._findings.add((*at, "with", name), what, "remove it")
        given = {name: self._defaults[name] for name in register.needs if name in self._defaults} | section.given
        missing = [name for name in register.needs if name not in given and self._is_usable(name, register)]
        if missing:
            needed = ", ".join(f"{name} = ..." for name in missing)
            self._findings.add((*at, "with"), "is missing" if not section.given else "lacks values", f"add {needed}")
        return given

    def _is_usable(self, name: str, register: Register) -> bool:
        """Tell whether a register may need what it names: if not, that is told already."""
        section = self._profile.registers.get(name)
        return name in self._profile.constants or (section is not None and (section.info or name in register.plus))
