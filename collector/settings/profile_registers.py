"""One register of a profile, from its section: what is wrong with it on its own."""

import re
from collections.abc import Mapping
from typing import TypeVar

from collector.plant.profile import (
    BIT_FUNCTIONS,
    ByteOrder,
    Convention,
    Encoding,
    Linear,
    Register,
    RegisterType,
    Sentinel,
    WordOrder,
)
from collector.plant.topology import POT_QUANTITIES
from collector.readings import units
from collector.readings.quantity import Kind, Quantity
from collector.settings import profile_models as models
from collector.settings.findings import Findings
from collector.settings.problems import written
from collector.settings.toml_file import Path_

T = TypeVar("T")

TYPES = {type_.label: type_ for type_ in RegisterType}

_SENTINEL = re.compile(r"0x([0-9A-Fa-f]+)(?:/0x([0-9A-Fa-f]+))?")
_NAME = re.compile(r"[a-z][a-z0-9_]*")

_OF_TEXTS = frozenset(
    {
        *("address", "function", "type", "length", "characters", "word_order", "byte_order"),
        *("info", "optional", "every", "unverified", "expect"),
    }
)
"""The keys that mean something for characters."""
_ONLY_OF_TEXTS = frozenset({"length", "characters"})
_NOT_OF_BITS = _ONLY_OF_TEXTS | {"word_order", "byte_order", "bits", "sentinels", "convention"}
"""The keys that mean nothing for a single bit."""
_OTHER_NUMBERS = ("scale", "offset", "scale_by", "exponent", "exponent_bias", "linear", "plus", "map", "convention")
"""The keys that make a value something else than the raw number."""


def sentinels(findings: Findings, at: Path_, type_: RegisterType, texts: list[str]) -> tuple[Sentinel, ...]:
    """Return the sentinels that are written for a type, and report the others."""
    full = (1 << type_.width) - 1
    found = []
    for place, text in enumerate(texts):
        match = _SENTINEL.fullmatch(text)
        if match is None or int(match[1], 16) > full or int(match[2] or "0", 16) > full:
            what = f"'{text}' is no sentinel of {type_.width} bits"
            findings.add((*at, place), what, 'write it like "0x7FC00000" or, with a mask, "0x7FFF0000/0xFFFF0000"')
        elif match[2] and int(match[2], 16) == 0:
            findings.add((*at, place), f"the mask of '{text}' fits every value", "give the bits that tell")
        else:
            found.append(Sentinel(int(match[1], 16), int(match[2], 16) if match[2] else full))
    return tuple(found)


class RegisterReader:
    """Reads the sections of one profile's registers, each for itself."""

    def __init__(
        self, profile: models.Profile, of_types: Mapping[str, tuple[Sentinel, ...]], findings: Findings
    ) -> None:
        self._modbus = profile.modbus
        self._of_types = of_types
        self._findings = findings

    def read(self, name: str, section: models.RegisterSection) -> Register | None:
        """Return a register, or None where something is wrong with it."""
        at = ("registers", name)
        before = len(self._findings.problems)
        type_ = TYPES[section.type]
        quantity = self._quantity(at, name, section)
        self._check_place(at, section, type_)
        self._check_keys(at, section, type_)
        self._check_bits(at, section, type_)
        self._check_value(at, section, type_)
        self._check_unit(at, section, quantity)
        labels = self._whole_numbers((*at, "labels"), section.labels)
        marks = self._of_types.get(section.type, ())
        if section.sentinels is not None and type_.encoding not in {Encoding.TEXT, Encoding.BIT}:
            marks = sentinels(self._findings, (*at, "sentinels"), type_, section.sentinels)
        wraps_at = self._wraps_at(at, section, type_, quantity)
        map_ = self._whole_numbers((*at, "map"), section.map)
        if len(self._findings.problems) > before:
            return None
        order = section.word_order or ("msw_first" if type_ is RegisterType.STRING else self._modbus.word_order)
        return Register(
            name=name,
            quantity=quantity,
            function=section.function or self._modbus.function,
            address=section.address - self._modbus.addresses_from,
            type=type_,
            count=section.length or type_.registers,
            word_order=WordOrder(order),
            byte_order=ByteOrder(section.byte_order or self._modbus.byte_order),
            bits=None if section.bits is None else (section.bits[0], section.bits[1]),
            unit=section.unit or "",
            scale=section.scale,
            offset=section.offset,
            scale_by=tuple(section.scale_by),
            exponent=section.exponent or "",
            exponent_bias=section.exponent_bias,
            linear=_line(section.linear),
            plus=tuple(section.plus),
            map=tuple((raw, float(value)) for raw, value in map_),
            labels=tuple((raw, str(words)) for raw, words in labels),
            flags=section.flags,
            convention=Convention(section.convention),
            valid=None if section.valid is None else (section.valid[0], section.valid[1]),
            sentinels=marks,
            wraps_at=wraps_at,
            every_s=section.every,
            optional=section.optional,
            unverified=section.unverified or "",
            expect=tuple(section.expect),
            one_character=section.characters == "one",
        )

    def _quantity(self, at: Path_, name: str, section: models.RegisterSection) -> Quantity | None:
        if section.info:
            if Quantity.known(name) is not None:
                self._findings.add((*at, "info"), f"{name} is a quantity", "remove info, or give it another name")
            elif not _NAME.fullmatch(name):
                what = f"{written(name)} cannot be a name here"
                self._findings.add(at, what, "use small letters, digits and '_', a letter first")
            if section.optional:
                what = "information is read only where it is needed"
                self._findings.add((*at, "optional"), what, "remove it: only a quantity is optional")
            return None
        try:
            quantity = Quantity.named(name)
        except ValueError as exc:
            what, _, remedy = str(exc).partition("; ")
            self._findings.add(at, what, f"{remedy} (information has info = true)")
            return None
        if quantity in POT_QUANTITIES:
            self._findings.add(at, f"{name} is told by the pots' control over MQTT, not by a meter", "remove it")
        if section.expect:
            what = "only information can tell another device"
            self._findings.add((*at, "expect"), what, "remove it, or write valid = [least, most]")
        return quantity

    def _check_place(self, at: Path_, section: models.RegisterSection, type_: RegisterType) -> None:
        first = self._modbus.addresses_from
        count = section.length or type_.registers
        if section.address < first:
            what = f"{section.address} lies before {first}, the number of the first register"
            self._findings.add((*at, "address"), what, "check it, and modbus.addresses_from")
        elif section.address - first + count > 65536:
            what = f"{section.type} at {section.address} ends after the last register {65535 + first}"
            self._findings.add((*at, "address"), what, "check it, and modbus.addresses_from")
        most = self._modbus.max_registers - self._modbus.max_registers % self._modbus.align
        if count > most:
            key = "type" if section.length is None else "length"
            what = f"{section.type} takes {count} registers, more than max_registers"
            self._findings.add((*at, key), what, "raise max_registers")
        function = section.function or self._modbus.function
        if (type_ is RegisterType.BIT) != (function in BIT_FUNCTIONS):
            what = f"{section.type} cannot be read with function {function}"
            remedy = "functions 1 and 2 give type bit, 3 and 4 the others"
            self._findings.add((*at, "type"), what, remedy)

    def _check_keys(self, at: Path_, section: models.RegisterSection, type_: RegisterType) -> None:
        """Report keys that mean nothing for the type."""
        given = section.model_fields_set
        if type_ is RegisterType.STRING:
            foreign = given - _OF_TEXTS
            if section.length is None:
                self._findings.add((*at, "length"), "is missing", "give the number of registers of the text")
            if not section.info:
                self._findings.add((*at, "type"), "a quantity is a number, and this a text", "add info = true")
        else:
            foreign = given & (_NOT_OF_BITS if type_ is RegisterType.BIT else _ONLY_OF_TEXTS)
            for text in section.expect if section.info else ():
                if not _is_number(text):
                    what = f"'{text}' is no number, and {section.type} gives one"
                    self._findings.add((*at, "expect"), what, "write the number")
        for key in foreign:
            self._findings.add((*at, key), f"does not belong to type {section.type}", "remove it")

    def _check_bits(self, at: Path_, section: models.RegisterSection, type_: RegisterType) -> None:
        if section.bits is None or type_ in {RegisterType.STRING, RegisterType.BIT}:
            return
        lowest, count = section.bits
        if type_.encoding is not Encoding.UNSIGNED:
            what = f"bits cannot be taken out of {section.type}"
            self._findings.add((*at, "bits"), what, "give the type as u16, u32, u48 or u64")
        elif count < 1 or lowest + count > type_.width:
            what = f"{count} bits from bit {lowest} on do not lie in {section.type}"
            self._findings.add((*at, "bits"), what, f"write [lowest bit, number of bits] of {type_.width}")

    def _check_value(self, at: Path_, section: models.RegisterSection, type_: RegisterType) -> None:
        """Report keys that contradict each other, and numbers that cannot be meant."""
        given = section.model_fields_set
        if section.scale == 0:
            what = "a scale of 0 makes every reading 0"
            self._findings.add((*at, "scale"), what, "give the factor from raw to the unit")
        for key in ("linear", "map"):
            if key in given:
                for other in ("scale", "offset", *(("linear",) if key == "map" else ())):
                    if other in given:
                        self._findings.add((*at, other), f"does not go together with {key}", "keep one of the two")
        if section.linear is not None:
            _check_linear(self._findings, (*at, "linear"), section.linear)
        if "exponent_bias" in given and section.exponent is None:
            what = "is added to an exponent, and there is none"
            self._findings.add((*at, "exponent_bias"), what, "add exponent, or use scale")
        if section.map and not type_.is_integer:
            what = f"{section.type} is no whole number"
            self._findings.add((*at, "map"), what, "a map is from raw whole numbers")
        if section.valid is not None and section.valid[0] >= section.valid[1]:
            self._findings.add((*at, "valid"), "leaves no value", "write [least, most]")
        self._check_labels(at, section, type_)

    def _check_labels(self, at: Path_, section: models.RegisterSection, type_: RegisterType) -> None:
        if section.flags and not section.labels:
            self._findings.add((*at, "flags"), "says that labels name bits, and there are none", "add labels")
        if not section.labels or type_ is RegisterType.STRING:
            return
        other = next((key for key in _OTHER_NUMBERS if key in section.model_fields_set), None)
        if not section.info:
            self._findings.add((*at, "labels"), "a quantity is a number, and not words", "add info = true")
        elif type_.encoding not in {Encoding.UNSIGNED, Encoding.SIGNED, Encoding.BIT}:
            self._findings.add((*at, "labels"), f"{section.type} has no raw whole number", "remove them")
        elif section.flags and type_.encoding is not Encoding.UNSIGNED:
            self._findings.add((*at, "flags"), f"{section.type} is no row of bits", "give the type as u16, u32 or u64")
        elif other is not None:
            self._findings.add((*at, "labels"), f"are for the raw number, which {other} changes", f"remove {other}")

    def _check_unit(self, at: Path_, section: models.RegisterSection, quantity: Quantity | None) -> None:
        if quantity is None:
            return
        if section.unit is None:
            self._findings.add((*at, "unit"), "is missing", f'add it, like unit = "{quantity.unit}"')
            return
        try:
            units.factor(section.unit, quantity.unit)
        except ValueError as exc:
            self._findings.refuse((*at, "unit"), exc, f"does not fit {quantity.label}: ")

    def _wraps_at(
        self, at: Path_, section: models.RegisterSection, type_: RegisterType, quantity: Quantity | None
    ) -> float | None:
        """Return where a counter wraps: a whole number at its type's end unless told otherwise, a float never."""
        counter = quantity is not None and quantity.kind is Kind.COUNTER
        span = type_.span if section.bits is None else 1 << section.bits[1]
        if section.wraps_at is None:
            return float(span) if counter and span is not None else None
        at = (*at, "wraps_at")
        if not counter:
            self._findings.add(at, f"{at[1]} is no counter", "remove it")
        elif section.wraps_at <= 0:
            what = f"a counter does not wrap at {section.wraps_at:g}"
            self._findings.add(at, what, "give the raw value of its end")
        elif span is not None and section.wraps_at > span:
            what = f"{section.wraps_at:.0f} is more than {section.type} can hold"
            self._findings.add(at, what, f"give at most {span}, or remove it")
        return section.wraps_at

    def _whole_numbers(self, at: Path_, table: dict[str, T]) -> list[tuple[int, T]]:
        """Return a table whose keys are raw whole numbers."""
        found = []
        for key, value in table.items():
            if re.fullmatch(r"-?[0-9]{1,20}|0x[0-9A-Fa-f]{1,16}", key):
                found.append((int(key, 0 if key.startswith("0x") else 10), value))
            else:
                self._findings.add((*at, key), f"{written(key)} is no raw number", 'write it like "3" or "0x10"')
        return found


def _line(section: models.LinearSection | None) -> Linear | None:
    if section is None:
        return None
    (first, second), (low, high) = section.raw, section.value
    return Linear((first, second), (low, high))


def _check_linear(findings: Findings, at: Path_, linear: models.LinearSection) -> None:
    if linear.raw[0] == linear.raw[1]:
        findings.add((*at, "raw"), "both raw numbers are the same", "give the raw numbers of two different values")
    if linear.value[0] == linear.value[1]:
        findings.add((*at, "value"), "both values are the same", "give the values that the two raw numbers mean")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
