"""A digest of everything in the settings that a result depends on, at whatever time. Pure.

Two collectors with the same fingerprint make the same entries and lines of the same inputs. It is made of the settings
themselves, field by field, and not of what Python prints of them: a set has no order, and an array prints its middle as
dots. What is left out is named here, so what is added to the settings later counts until it is said that it does not.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

LEFT_OUT = frozenset(
    {
        # for people
        "Plant.name",
        "Potline.name",
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
    return hashlib.sha256(msgspec.json.encode(_told(settings, {}))).hexdigest()[:32]


def _told(value: object, known: dict[int, object]) -> object:
    """Return a value as plain lists, numbers and texts, the same for the same settings in every process.

    ``known`` is what was returned for records before, by identity: meters of one profile share its registers.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value.hex()  # JSON has neither infinity nor the sign of a zero
        case Enum():
            found: object = _told(value.value, known)
        case ZoneInfo():
            found = value.key
        case bytes() | Path():
            found = str(value)
        case date() if not isinstance(value, datetime):  # days of rules are dates, instants are nanoseconds
            found = value.isoformat()
        case Mapping():
            found = sorted(([_told(name, known), _told(each, known)] for name, each in value.items()), key=str)
        case set() | frozenset():
            found = sorted((_told(each, known) for each in value), key=str)
        case tuple() | list():
            found = [_told(each, known) for each in value]
        case _:
            found = _told_record(value, known)
    return found


def _told_record(value: object, known: dict[int, object]) -> object:
    if id(value) not in known:
        parts = ([name, _told(getattr(value, name), known)] for name in _fields(value))
        known[id(value)] = [type(value).__name__, *parts]
    return known[id(value)]


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
