"""The test vectors of a profile: raw registers and what they mean."""

from collections.abc import Mapping

from collector.plant.profile import Register, RegisterType, TestVector
from collector.readings import units
from collector.settings import profile_models as models
from collector.settings.findings import Findings
from collector.settings.toml_file import Path_


class VectorReader:
    """Reads the test vectors of one profile."""

    def __init__(self, profile: models.Profile, registers: Mapping[str, Register], findings: Findings) -> None:
        self._profile = profile
        self._registers = registers
        self._findings = findings
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
        return TestVector(register.name, raw, value, section.text or "", tuple(given.items()), section.origin)

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
        missing = [name for name in register.needs if name not in given]
        if missing:
            needed = ", ".join(f"{name} = ..." for name in missing)
            self._findings.add((*at, "with"), "is missing" if not section.given else "lacks values", f"add {needed}")
        return given
