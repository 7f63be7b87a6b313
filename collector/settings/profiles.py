"""Register maps from files: each is checked whole before a meter may use it."""

import itertools
import re
from pathlib import Path

from collector.plant.profile import MeterProfile, Register, RegisterType, Sentinel, TestVector, WordOrder
from collector.plant.topology import POT_QUANTITIES
from collector.readings import units
from collector.readings.quantity import Kind, Quantity
from collector.settings import models
from collector.settings.problems import ConfigurationError, Problem
from collector.settings.toml_file import Path_, TomlFile
from collector.settings.validation import validated

_SENTINEL = re.compile(r"0x([0-9A-Fa-f]+)(?:/0x([0-9A-Fa-f]+))?")
_TYPES = {type_.label: type_ for type_ in RegisterType}


def read_profile(path: Path) -> MeterProfile:
    """Read one profile. The file's name without ``.toml`` is the profile's name.

    Raises
    ------
    ConfigurationError
        With everything that is wrong in the file.
    """
    file = TomlFile(path)
    profile = validated(file, models.Profile, file.values)
    if isinstance(profile, list):
        raise ConfigurationError(profile)
    problems: list[Problem] = []
    sentinels = {type_: _sentinels(file, type_, written, problems) for type_, written in profile.sentinels.items()}
    registers = tuple(
        register
        for label, section in profile.registers.items()
        if (register := _register(file, label, section, profile, sentinels, problems)) is not None
    )
    _overlaps(file, registers, problems)
    vectors = tuple(
        vector
        for place, section in enumerate(profile.test_vectors)
        if (vector := _vector(file, place, section, profile, registers, problems)) is not None
    )
    if problems:
        raise ConfigurationError(problems)
    return MeterProfile(
        name=path.stem,
        title=profile.title,
        confidence=profile.confidence,
        function=profile.modbus.function,
        max_registers=profile.modbus.max_registers,
        max_gap=profile.modbus.max_gap,
        counter_refresh_s=profile.modbus.counter_refresh,
        registers=registers,
        test_vectors=vectors,
    )


def _sentinels(file: TomlFile, type_: str, written: list[str], problems: list[Problem]) -> tuple[Sentinel, ...]:
    bits = _TYPES[type_].registers * 16
    full = (1 << bits) - 1
    found = []
    for place, text in enumerate(written):
        match = _SENTINEL.fullmatch(text)
        if match is None or int(match[1], 16) > full or int(match[2] or "0", 16) > full:
            what = f"'{text}' is no sentinel of {bits} bits"
            remedy = 'write it like "0x7FC00000" or, with a mask, "0x7FFF0000/0xFFFF0000"'
            problems.append(file.problem(("sentinels", type_, place), what, remedy))
            continue
        if match[2] and int(match[2], 16) == 0:
            what = f"the mask of '{text}' fits every value"
            problems.append(file.problem(("sentinels", type_, place), what, "give the bits that tell"))
            continue
        found.append(Sentinel(int(match[1], 16), int(match[2], 16) if match[2] else full))
    return tuple(found)


def _register(
    file: TomlFile,
    label: str,
    section: models.RegisterSection,
    profile: models.Profile,
    sentinels: dict[str, tuple[Sentinel, ...]],
    problems: list[Problem],
) -> Register | None:
    at = ("registers", label)
    before = len(problems)
    type_ = _TYPES[section.type]
    if section.scale == 0:
        problems.append(
            file.problem((*at, "scale"), "a scale of 0 makes every reading 0", "give the factor from raw to the unit")
        )
    if section.address + type_.registers > 65536:
        problems.append(
            file.problem(
                (*at, "address"),
                f"{section.type} at {section.address} ends after the last register 65535",
                "addresses are 0-based",
            )
        )
    if type_.registers > profile.modbus.max_registers:
        problems.append(
            file.problem(
                (*at, "type"),
                f"{section.type} takes {type_.registers} registers, more than max_registers",
                "raise max_registers",
            )
        )
    try:
        quantity = Quantity.named(label)
    except ValueError as exc:
        what, _, remedy = str(exc).partition("; ")
        problems.append(file.problem(at, what, remedy))
        return None
    if quantity in POT_QUANTITIES:
        what = f"{label} is told by the pots' control over MQTT, not by a meter"
        problems.append(file.problem(at, what, "remove it"))
    try:
        units.factor(section.unit, quantity.unit)
    except ValueError as exc:
        what, _, remedy = str(exc).partition("; ")
        problems.append(file.problem((*at, "unit"), f"does not fit {label}: {what}", remedy))
    counter = quantity.kind is Kind.COUNTER
    if section.wraps_at is not None and not counter:
        problems.append(file.problem((*at, "wraps_at"), f"{label} is no counter", "remove it"))
    elif section.wraps_at is not None:
        _check_wraps_at(file, (*at, "wraps_at"), section.wraps_at, type_, problems)
    if len(problems) > before:
        return None
    return Register(
        quantity=quantity,
        address=section.address,
        type=type_,
        word_order=WordOrder(section.word_order or profile.modbus.word_order),
        unit=section.unit,
        scale=section.scale,
        offset=section.offset,
        sentinels=sentinels.get(section.type, ()),
        wraps_at=_wraps_at(section, type_) if counter else None,
    )


def _check_wraps_at(file: TomlFile, at: Path_, wraps_at: float, type_: RegisterType, problems: list[Problem]) -> None:
    if wraps_at <= 0:
        problems.append(file.problem(at, f"a counter does not wrap at {wraps_at:g}", "give the raw value of its end"))
    elif type_.is_integer and wraps_at > type_.span:
        what = f"{wraps_at:.0f} is more than {type_.label} can hold"
        problems.append(file.problem(at, what, f"give at most {type_.span}, or remove it"))


def _wraps_at(section: models.RegisterSection, type_: RegisterType) -> float | None:
    """Return where a counter wraps: an integer at its type's end unless the profile says otherwise, a float never."""
    if section.wraps_at is not None:
        return section.wraps_at
    return float(type_.span) if type_.is_integer else None


def _overlaps(file: TomlFile, registers: tuple[Register, ...], problems: list[Problem]) -> None:
    ordered = sorted(registers, key=lambda register: register.address)
    for first, second in itertools.pairwise(ordered):
        if second.address < first.end:
            what = f"lies on registers of {first.quantity.label} ({first.address} to {first.end - 1})"
            problems.append(file.problem(("registers", second.quantity.label, "address"), what, "check both addresses"))


def _vector(
    file: TomlFile,
    place: int,
    section: models.TestVectorSection,
    profile: models.Profile,
    registers: tuple[Register, ...],
    problems: list[Problem],
) -> TestVector | None:
    at = ("test_vectors", place)
    register = next((register for register in registers if register.quantity.label == section.of), None)
    if register is None and len(registers) < len(profile.registers):
        return None  # it may be one that was refused, which is told already
    if register is None:
        problems.append(
            file.problem((*at, "register"), f"'{section.of}' is not in this profile", "name one of its registers")
        )
        return None
    raw = bytes.fromhex(section.raw)
    if len(raw) != register.type.registers * 2:
        problems.append(
            file.problem(
                (*at, "raw"),
                f"{len(raw)} bytes do not make a {register.type.label}",
                "give the registers as they come on the wire",
            )
        )
        return None
    try:
        factor = units.factor(section.unit, register.quantity.unit)
    except ValueError as exc:
        what, _, remedy = str(exc).partition("; ")
        problems.append(file.problem((*at, "unit"), what, remedy))
        return None
    return TestVector(register.quantity, raw, section.value * factor, section.origin)
