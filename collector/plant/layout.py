"""Layouts: what the messages of a plant look like, by declaration. Pure data; who reads by it stands elsewhere."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

from collector.readings import units
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

Path = tuple[str, ...]
"""The keys from the outermost table of a message to a value; empty: the message itself."""

Scalar = str | int | float | bool

_SEGMENT = re.compile(r'"([^"]+)"|([^".]+)')

QUALITIES = {
    "good": Quality.GOOD,
    "uncertain": Quality.UNCERTAIN,
    "bad": Quality.BAD,
    "not_connected": Quality.BAD_NOT_CONNECTED,
    "device_failure": Quality.BAD_DEVICE_FAILURE,
    "sensor_failure": Quality.BAD_SENSOR_FAILURE,
    "comm_failure": Quality.BAD_COMM_FAILURE,
}
"""The qualities by the names that they have in layouts."""


def path_of(text: str) -> Path:
    """Read a path: segments parted by dots, one that holds a dot in quotation marks; '.' is the message itself.

    Raises
    ------
    ValueError
        If it is none.
    """
    if text == ".":
        return ()
    found: list[str] = []
    at = 0
    while True:
        segment = _SEGMENT.match(text, at)
        if segment is None:
            break
        found.append(segment[1] or segment[2])
        at = segment.end()
        if at == len(text):
            return tuple(found)
        if text[at] != ".":
            break
        at += 1
    raise ValueError(f"'{text}' is no path; write it like m.pot_voltage_v, a key that holds a dot like m.\"U.avg\"")


def dotted(path: Path) -> str:
    """Write a path as it stands in a layout."""
    return ".".join(f'"{segment}"' if "." in segment else segment for segment in path) or "."


class Tells(Enum):
    """What a message is about."""

    READINGS = "readings"
    ANODE_EFFECT = "anode_effect"
    WEIGHING = "weighing"
    METAL_TAPPED = "metal_tapped"
    PRODUCTION = "production"
    FACTOR = "factor"
    LABORATORY = "laboratory"
    IGNORE = "ignore"

    @property
    def is_event(self) -> bool:
        """True of what happens once and has an id."""
        return self not in {Tells.READINGS, Tells.IGNORE}


class TimeFormat(Enum):
    """How a time is written: as text, or as the time since 1970 in some unit."""

    RFC3339 = "rfc3339"
    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"


class Level(Enum):
    """A level of a topic that is not the same in all messages."""

    SITE = "site"
    POTLINE = "potline"
    POT = "pot"
    METER = "meter"
    QUANTITY = "quantity"
    ANY = "*"
    REST = "**"


@dataclass(frozen=True, slots=True)
class Template:
    """A topic with names in place of what differs. ``levels`` holds text, or what the level names."""

    text: str
    levels: tuple[str | Level, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a template.

        Raises
        ------
        ValueError
            If it can be no topic, or names what nobody knows.
        """
        levels = tuple(_level(level) for level in text.split("/"))
        names = [level for level in levels if isinstance(level, Level)]
        for level in names:
            if level is not Level.ANY and names.count(level) > 1:
                raise ValueError(f"names {{{level.value}}} twice; use {{*}} for a level that does not matter")
        if Level.REST in levels[:-1]:
            raise ValueError("goes on after {**}, which takes all levels that are left; put it last")
        if not text or all(isinstance(level, Level) for level in levels):
            raise ValueError("fits every topic; give the words that tell these messages from others")
        return cls(text, levels)

    def names(self, level: Level) -> bool:
        """Tell whether a level of that kind is in it."""
        return level in self.levels

    def at(self, site: str) -> tuple[str | Level, ...]:
        """Return its levels at a site."""
        return tuple(site if level is Level.SITE else level for level in self.levels)

    @property
    def owner(self) -> tuple[Level, ...]:
        """The levels whose words, joined by '/', are the address of a meter."""
        return tuple(level for level in self.levels if level in (Level.POTLINE, Level.METER))

    @property
    def shape(self) -> tuple[str, ...]:
        """What it has in common with templates that fit the same topics."""
        return tuple(
            level if isinstance(level, str) else "{site}" if level is Level.SITE else _FILTERS[level]
            for level in self.levels
        )


_FILTERS = dict.fromkeys(Level, "+") | {Level.REST: "#"}


def _level(text: str) -> str | Level:
    if re.search(r"[+#\x00]", text):
        raise ValueError(f"'{text}' is a wildcard of a subscription; write {{*}} for one level and {{**}} for the rest")
    if "{" not in text and "}" not in text:
        return text
    known = [level.value for level in Level]
    name = text[1:-1]
    if text[0] + text[-1] != "{}" or "{" in name or "}" in name:
        raise ValueError(f"'{text}' is a name and more; a name like {{pot}} takes a level of its own")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {{{near[0]}}}?" if near else "one of: " + ", ".join(f"{{{each}}}" for each in known)
        raise ValueError(f"'{text}' is no name; {hint}")
    return Level(name)


@dataclass(frozen=True, slots=True)
class Choice:
    """A path, and what must stand there. Nothing in ``among``: it is enough that something does."""

    path: Path
    among: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where the time of a sample stands, and how it is written."""

    path: Path
    format: TimeFormat


@dataclass(frozen=True, slots=True)
class Words:
    """Where the word for the quality stands, and what the words mean. ``default`` is for where there is none."""

    path: Path | None
    meaning: Mapping[str, Quality] = field(hash=False)
    default: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class Value:
    """A quantity in a message.

    Attributes
    ----------
    name : str
        What stands at ``{quantity}`` of the topic, where the topic tells quantities apart.
    unit_path : tuple or None
        Where the message tells the unit itself, which must be one of ``spellings``.
    quality_path : tuple or None
        Where the message tells the quality of this value; the worse of it and the message's counts.
    """

    quantity: Quantity
    path: Path
    unit: str
    name: str = ""
    unit_path: Path | None = None
    spellings: tuple[str, ...] = ()
    quality_path: Path | None = None

    @property
    def factor(self) -> float:
        """What turns it into the quantity's canonical unit."""
        return units.factor(self.unit, self.quantity.unit)


@dataclass(frozen=True, slots=True)
class Kept:
    """A value of a laboratory that is no quantity: it is kept in its event under a name, as it is."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field of an event stands. ``factor`` for measures, ``format`` for times, ``words`` for words and names.

    ``pot`` and ``mass``: of a list of pots, where each element says which pot it is, and how much.
    """

    path: Path
    factor: float = 1.0
    format: TimeFormat = TimeFormat.RFC3339
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    pot: Path | None = None
    mass: Path | None = None


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """What the messages of one topic look like.

    Attributes
    ----------
    where : Choice or None
        Tells apart messages of different forms on one topic; None: all others.
    is_number : bool
        The payload is one number as text, and nothing else.
    samples : tuple or None
        Where an array stands, each of whose elements is a sample; None: the message is one.
    columns : bool
        Time and values are arrays of equal length.
    historical : tuple or None
        A flag for what was kept back by the sender, and is older than what is live.
    clock_unset : Choice or None
        Tells that the sender's clock is not to be believed.
    pot_of, meter_of : tuple or None
        Where the pot or meter stands, if the topic does not name it.
    unknown : bool
        True: a pot or meter that the plant does not have is a mistake; False: the message is not for us.
    """

    topic: Template
    tells: Tells
    where: Choice | None = None
    is_number: bool = False
    version: Choice | None = None
    samples: Path | None = None
    columns: bool = False
    time: Stamp | None = None
    quality: Words | None = None
    historical: Path | None = None
    clock_unset: Choice | None = None
    pot_of: Path | None = None
    meter_of: Path | None = None
    unknown: bool = True
    values: tuple[Value, ...] = ()
    kept: tuple[Kept, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict, hash=False)

    @property
    def of_pots(self) -> bool:
        """True where the values are a pot's, False where they are a meter's."""
        return self.topic.names(Level.POT) or self.pot_of is not None


@dataclass(frozen=True, slots=True)
class Layout:
    """A file of declarations, by its name. ``largest``: the most bytes that one of its messages may have."""

    name: str
    title: str
    largest: int
    messages: tuple[MessageLayout, ...]
