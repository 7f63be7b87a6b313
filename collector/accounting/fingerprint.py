"""A digest of everything in the settings that a result depends on, at whatever time. Pure.

Two collectors with the same fingerprint make the same entries and lines of the same inputs. It is made of the settings
themselves, field by field, and not of what Python prints of them: a set has no order, and an array prints its middle as
dots. What is left out is named here, so what is added to the settings later counts until it is said that it does not.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from collector.plant.profile import Register

LEFT_OUT = frozenset(
    {
        # for people
        "Plant.name",
        "Potline.name",
        # where readings stand in memory
        "Plant.points_before",
        # how values come here, not what becomes of them
        "Plant.endpoints",
        "Plant.brokers",
        "Plant.layouts",
        "PolledMeter.endpoint",
        "PolledMeter.unit",
        "PolledMeter.base",
        "PolledMeter.every_s",
        "HeardMeter.broker",
        "HeardMeter.address",
        "HeardMeter.every_s",
        "Register.address",
        "Register.every_s",
        "Register.optional",
        "Register.unverified",
        # of a register map: where it came from, and how a device may be asked
        "MeterProfile.name",
        "MeterProfile.title",
        "MeterProfile.vendor",
        "MeterProfile.models",
        "MeterProfile.confidence",
        "MeterProfile.sources",
        "MeterProfile.firmware",
        "MeterProfile.notes",
        "MeterProfile.rules",
        "MeterProfile.sunspec_model",
        "MeterProfile.pause_between_s",
        "MeterProfile.pause_after_connect_s",
        "MeterProfile.test_vectors",
        "MeterProfile.addresses_from",
        # what is polled of a device is in the meter; the profile has the same once more, and what is not polled
        "MeterProfile.registers",
        "MeterProfile.constants",
    }
)
"""Settings that enter no result, by class and field."""


def fingerprint(*settings: object) -> str:
    """Return a digest of settings: the first 32 hexadecimal digits of SHA-256 over all of them that enters a result.

    Parameters
    ----------
    settings
        The plant, and what was agreed beside it: frozen dataclasses and structs, mappings, sequences, sets, numbers,
        texts and times zones, one in the other.

    Raises
    ------
    TypeError
        If there is something in them of which it is not known how it is written down.
    """
    digest = hashlib.sha256()
    _write(settings, {}, digest.update)
    return digest.hexdigest()[:32]


def _write(value: object, known: dict[int, bytes], put: Callable[[bytes], None]) -> None:
    """Write a value down as JSON, piece by piece: all of a thousand meters at once takes tens of megabytes.

    ``known``: what was written of registers before, by their identity. Thousands of meters share a few of them.
    """
    match value:
        case Register():
            if id(value) not in known:
                known[id(value)] = msgspec.json.encode(_told(value))
            put(known[id(value)])
        case tuple() | list():
            put(b"[")
            for place, each in enumerate(value):
                if place:
                    put(b",")
                _write(each, known, put)
            put(b"]")
        case _ if _is_record(value):
            put(b"[" + msgspec.json.encode(type(value).__name__))
            for name in _fields(value):
                put(b",[" + msgspec.json.encode(name) + b",")
                _write(getattr(value, name), known, put)
                put(b"]")
            put(b"]")
        case _:
            put(msgspec.json.encode(_told(value)))


def _told(value: object) -> object:
    """Return a value as plain lists, numbers and texts, the same for the same settings in every process."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value.hex()  # JSON has neither infinity nor the sign of a zero
        case Enum():
            found: object = _told(value.value)
        case ZoneInfo():
            found = value.key
        case bytes() | Path():
            found = str(value)
        case date() if not isinstance(value, datetime):  # days of rules are dates, instants are nanoseconds
            found = value.isoformat()
        case Mapping():
            found = sorted(([_told(name), _told(each)] for name, each in value.items()), key=str)
        case set() | frozenset():
            found = sorted((_told(each) for each in value), key=str)
        case tuple() | list():
            found = [_told(each) for each in value]
        case _:
            found = [type(value).__name__, *([name, _told(getattr(value, name))] for name in _fields(value))]
    return found


def _is_record(value: object) -> bool:
    return isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value)


def _fields(value: object) -> list[str]:
    """Return the names of what is said; what follows from it is left out, and so is what enters no result."""
    kind = type(value).__name__
    if isinstance(value, msgspec.Struct):
        names = list(value.__struct_fields__)
    elif dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.init]
    else:
        raise TypeError(f"write down a setting of type {kind}: nobody said how; add it to the fingerprint's kinds")
    return [name for name in names if f"{kind}.{name}" not in LEFT_OUT]
