"""One look at a meter, as a table for people and as a document for programs. Pure."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from collector.acquisition.modbus.once import GOOD, Look, Row
from collector.commands.invocation import fitted, table, wrapped
from collector.plant.profile import ByteOrder, Register, RegisterType, WordOrder

WIDE = 100
"""From so many columns on every column of the table is shown."""
_OBJECTS = {0: "vendor", 1: "product", 2: "revision", 4: "name", 5: "model", 6: "application"}
_MOST_WORDS = 4


def lines(look: Look, width: int) -> Iterator[str]:
    """Yield a look for a terminal of so many columns."""
    meter, profile = look.meter, look.meter.profile
    yield f"{meter.id}: {profile.title} at {meter.endpoint.place} unit {meter.unit}"
    yield from wrapped(f"profile {profile.name}, confidence '{profile.confidence}'{_place(look)}", width)
    if look.told:
        yield from wrapped(f"the device calls itself: {called(look.told)}", width)
    for note in profile.notes:
        yield from wrapped(f"note: {note}", width)
    if not look.rows:
        return
    yield ""
    yield from _registers(look, width)
    yield ""
    yield "does it make sense?"
    if not look.findings:
        yield "  nothing in it can be compared"
    size = max((len(each.what) for each in look.findings), default=0)
    for each in look.findings:
        yield from wrapped(f"{each.what:<{size}}  {each.verdict}", width, after=size + 4)


def called(told: Mapping[int, str]) -> str:
    """Return what a device says of itself, each thing once."""
    return ", ".join(dict.fromkeys(text for number, text in sorted(told.items()) if number in _OBJECTS and text))


def document(look: Look) -> dict[str, Any]:
    """Return a look as one document."""
    meter, profile = look.meter, look.meter.profile
    return {
        "meter": meter.id,
        "profile": profile.name,
        "title": profile.title,
        "place": meter.endpoint.place,
        "unit": meter.unit,
        "base": look.base,
        "identification": {_OBJECTS.get(number, str(number)): text for number, text in look.told.items()},
        "notes": list(profile.notes),
        "registers": [_entry(row, look) for row in look.rows],
        "sense": [{"what": each.what, "well": each.well, "words": each.words} for each in look.findings],
        "error": look.error,
        "well": look.is_well and not look.error,
    }


def _entry(row: Row, look: Look) -> dict[str, Any]:
    register = row.register
    return {
        "name": register.name,
        "quantity": None if register.quantity is None else register.quantity.label,
        "address": _document_address(register, look),
        "wire": register.address,
        "function": register.function,
        "type": register.type.label,
        "word_order": register.word_order.value,
        "byte_order": register.byte_order.value,
        "raw": row.raw.hex().upper(),
        "value": None if math.isnan(row.value) else row.value,
        "unit": register.unit,
        "shown": row.shown,
        "quality": row.quality,
        "unverified": register.unverified,
    }


def _place(look: Look) -> str:
    profile = look.meter.profile
    if profile.sunspec_model is not None:
        return f"; SunSpec model {profile.sunspec_model} begins at {look.base}" if look.rows else ""
    return f"; all addresses {look.base} higher" if look.base else ""


def _document_address(register: Register, look: Look) -> int:
    """Return the number under which the vendor's document has a register."""
    return register.address - look.base + look.meter.profile.addresses_from


def _registers(look: Look, width: int) -> Iterator[str]:
    # One number a reason: it is often the same for many.
    reasons = list(dict.fromkeys(row.register.unverified for row in look.rows if row.register.unverified))
    marks = [f" [{reasons.index(row.register.unverified) + 1}]" if row.register.unverified else "" for row in look.rows]
    if width >= WIDE:
        rows = [["register", "address", "wire", "type", "raw", "value", "quality"]]
        for row, mark in zip(look.rows, marks, strict=True):
            register = row.register
            places = [register.name + mark, str(_document_address(register, look)), f"0x{register.address:04X}"]
            rows.append([*places, _type(register, look), _raw(row, " "), row.shown or "-", row.quality])
        yield from table(rows, right=frozenset({1}))
    else:
        rows = [["register", "addr.", "wire", "type", "raw", "value"]]
        for row, mark in zip(look.rows, marks, strict=True):
            register = row.register
            places = [register.name + mark, str(_document_address(register, look)), f"{register.address:04X}"]
            value = row.shown if row.quality == GOOD else row.quality.split(":")[0]
            rows.append([*places, register.type.label, _raw(row, ""), value])
        yield from fitted(table(rows, right=frozenset({1}), between=" "), width)
        for row in look.rows:
            if row.trouble:
                yield from wrapped(f"{row.register.name}: {row.quality}", width)
    yield from (f"  [{number}] unverified: {reason}" for number, reason in enumerate(reasons, 1))


def _type(register: Register, look: Look) -> str:
    function = f" fn {register.function}" if register.function != look.meter.profile.rules.function else ""
    bits = "" if register.bits is None else f" bits {register.bits[0]}+{register.bits[1]}"
    order = _order(register)
    return register.type.label + bits + (f" {order}" if order else "") + function


def _order(register: Register) -> str:
    parts = []
    if register.count > 1 and register.type is not RegisterType.STRING:
        parts.append("msw_first" if register.word_order is WordOrder.MSW_FIRST else "lsw_first")
    if register.byte_order is ByteOrder.LITTLE:
        parts.append("swapped")
    return " ".join(parts)


def _raw(row: Row, between: str) -> str:
    if row.register.type is RegisterType.BIT:
        return str(row.raw[0]) if row.raw else "-"
    text = row.raw.hex().upper()
    words = [text[place : place + 4] for place in range(0, len(text), 4)]
    most = _MOST_WORDS if between or len(words) == _MOST_WORDS else _MOST_WORDS - 1
    more = "..." if len(words) > most else ""
    return between.join(words[:most]) + more if words else "-"
