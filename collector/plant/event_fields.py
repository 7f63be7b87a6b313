"""What each kind of event expects of its fields. Pure data; layouts say where in a message they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from collector.plant.contracts import Technology
from collector.plant.layout import Tells


class FieldKind(Enum):
    """What a field of an event is."""

    TEXT = "text"
    WORD = "word"
    TIME = "time"
    MEASURE = "measure"
    WHOLE = "whole number"
    FLAG = "flag"
    TEXTS = "list of texts"
    DAY = "day"
    NAME = "name"
    NUMBER = "number"
    SHARES = "list of pots"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What an event expects of one of its fields. ``unit``: what measures are turned into."""

    kind: FieldKind
    needed: bool = False
    unit: str = ""
    words: tuple[str, ...] = ()


FACTOR_UNITS = ("kg/kWh", "g/kWh", "kg/MWh", "t/MWh")
"""Units of emission factors of electricity that a message may tell; the first is the one of the accounts."""
ENERGY_UNITS = ("kWh", "MWh", "GWh")
"""Units of deliveries and certificates that a message may tell; the first is the one of the accounts."""

_ID = FieldRule(FieldKind.TEXT, needed=True)
_REVISION = FieldRule(FieldKind.WHOLE)
_NAME = FieldRule(FieldKind.TEXT)
_TIME = FieldRule(FieldKind.TIME)
_NEEDED_TIME = FieldRule(FieldKind.TIME, needed=True)
_FLAG = FieldRule(FieldKind.FLAG)

FIELDS: Mapping[Tells, Mapping[str, FieldRule]] = {
    Tells.READINGS: {},
    Tells.IGNORE: {},
    Tells.ANODE_EFFECT: {
        "id": _ID,
        "revision": _REVISION,
        "phase": FieldRule(FieldKind.WORD, needed=True, words=("start", "update", "end", "correct")),
        "kind": FieldRule(FieldKind.WORD, words=("hvae", "lvae")),
        "pot": _NAME,
        "start": _NEEDED_TIME,
        "end": _TIME,
        "duration": FieldRule(FieldKind.MEASURE, unit="s"),
        "max_voltage": FieldRule(FieldKind.MEASURE, unit="V"),
        "overvoltage": FieldRule(FieldKind.MEASURE, unit="V*s"),
    },
    Tells.WEIGHING: {
        "id": _ID,
        "revision": _REVISION,
        "time": _NEEDED_TIME,
        "pots": FieldRule(FieldKind.TEXTS, needed=True),
        "net": FieldRule(FieldKind.MEASURE, needed=True, unit="kg"),
        "gross": FieldRule(FieldKind.MEASURE, unit="kg"),
        "tare": FieldRule(FieldKind.MEASURE, unit="kg"),
        "stable": FieldRule(FieldKind.FLAG, needed=True),
        "in_motion": _FLAG,
        "void": _FLAG,
        "zeroed_at": _TIME,
    },
    Tells.METAL_TAPPED: {
        "id": _ID,
        "revision": _REVISION,
        "potline": _NAME,
        "time": _TIME,
        "shift": _NAME,
        "pots": FieldRule(FieldKind.SHARES, needed=True, unit="kg"),
        "net": FieldRule(FieldKind.MEASURE, unit="kg"),
        "weighing": FieldRule(FieldKind.TEXT, needed=True),
    },
    Tells.FACTOR: {
        "id": _ID,
        "revision": _REVISION,
        "factor": FieldRule(FieldKind.NAME, needed=True),
        "value": FieldRule(FieldKind.NUMBER, needed=True),
        "unit": FieldRule(FieldKind.WORD, needed=True, words=(*FACTOR_UNITS, *ENERGY_UNITS)),
        "from": _NEEDED_TIME,
        "to": _NEEDED_TIME,
        "source": FieldRule(FieldKind.TEXT, needed=True),
        "void": _FLAG,
        "registry_id": _NAME,
        "technology": FieldRule(FieldKind.WORD, words=tuple(each.value for each in Technology)),
        "contract": _NAME,
    },
    Tells.PRODUCTION: {
        "id": _ID,
        "revision": _REVISION,
        "potline": _NAME,
        "day": FieldRule(FieldKind.DAY),
        "shift": _NAME,
        "net": FieldRule(FieldKind.MEASURE, needed=True, unit="kg"),
        "basis": _NAME,
        "status": _NAME,
    },
    Tells.LABORATORY: {
        "id": _ID,
        "revision": _REVISION,
        "kind": _NAME,
        "pot": _NAME,
        "sampled_at": _NEEDED_TIME,
        "reported_at": _TIME,
        "method": _NAME,
    },
}
"""The fields of each kind of event."""
