"""The plant's calendar: its time zone, when its production day begins, and its shifts.

Local times become instants by one rule: a day or a shift begins at the earliest instant at which the plant's clock
shows its time or a later one. A time that exists twice, because the clock is set back, is therefore the first of the
two; one that does not exist, because the clock is set forward over it, is the instant at which the clock is set. So
days and shifts follow each other without gap or overlap, whatever the clock does, and one over a change of the clock
is longer or shorter by as much as the clock is set.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND_NS = 1_000_000_000
_DAY_MIN = 1440
_WRITTEN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])( -1d)?", re.ASCII)
_WAY_OF_WRITING = "write hours and minutes, '08:00', or '22:00 -1d' for the evening before the day it belongs to"


def local_start(written: str) -> int:
    """Return a local time of beginning, counted from midnight of the date that it belongs to [min].

    Parameters
    ----------
    written
        Like ``08:00``; ``22:00 -1d`` is in the evening before that date.

    Raises
    ------
    ValueError
        If it is written in another way.
    """
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(f"'{written}' is no local time of beginning; {_WAY_OF_WRITING}")
    hours, minutes, evening_before = found.groups()
    return int(hours) * 60 + int(minutes) - (_DAY_MIN if evening_before else 0)


@dataclass(frozen=True, slots=True)
class Shifts:
    """The shifts of a day: names, and local times of beginning, counted from midnight of their date [min].

    Each lasts until the next begins, the last until the first of the next day. A shift that begins in the evening
    before its date begins at a negative time. A plant without shifts has neither names nor times.
    """

    names: tuple[str, ...] = ()
    starts_min: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no calendar.

        Raises
        ------
        ValueError
            If there are not as many times as names, they do not rise within 24 hours, or a name cannot follow a date.
        """
        if len(self.names) != len(self.starts_min):
            raise ValueError(f"{len(self.names)} shifts have {len(self.starts_min)} times; give each shift one")
        for name in self.names:
            if not name.isidentifier():
                what = f"'{name}' is no name of a shift, for it follows a date as in 2026-03-01N"
                raise ValueError(f"{what}; begin it with a letter and use letters, digits and '_'")
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"two shifts have one name in {', '.join(self.names)}; give each its own")
        if any(after <= before for before, after in zip(self.starts_min, self.starts_min[1:], strict=False)):
            raise ValueError(
                "the shifts do not begin one after the other; give them in their order, no two at one time"
            )
        if self.starts_min and self.starts_min[-1] - self.starts_min[0] >= _DAY_MIN:
            what = "the last shift begins 24 hours or more after the first"
            raise ValueError(f"{what}; add ' -1d' to those that begin in the evening before, and to no others")
        for start_min in self.starts_min:
            _judge(start_min, "a shift")

    @classmethod
    def of(cls, written: Mapping[str, str]) -> "Shifts":
        """Return the shifts that are written as names and local times of beginning, in any order.

        Parameters
        ----------
        written
            Like ``{"N": "22:00 -1d", "D": "06:00", "S": "14:00"}``, or ``{"D": "08:00", "N": "20:00"}``.

        Raises
        ------
        ValueError
            If a time is written in another way, or all of it is no calendar.
        """
        ordered = sorted((local_start(start), name) for name, start in written.items())
        return cls(tuple(name for _, name in ordered), tuple(start for start, _ in ordered))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Time zone, shifts, and the beginning of the production day, from midnight of its date [min].

    A day of production that begins at 08:00 has 480, one that begins at 22:00 in the evening before has -120.
    """

    zone: ZoneInfo
    shifts: Shifts = Shifts()
    day_starts_min: int = 0

    def __post_init__(self) -> None:
        """Refuse a beginning of the day that is more than a day off.

        Raises
        ------
        ValueError
            If it is.
        """
        _judge(self.day_starts_min, "the production day")

    def day_start(self, day: date) -> int:
        """Return when a production day begins, UTC [ns]."""
        return _first_instant(self.zone, day, self.day_starts_min)

    def shift_starts(self, day: date) -> tuple[int, ...]:
        """Return when the shifts of a date begin, in their order, UTC [ns]."""
        return tuple(_first_instant(self.zone, day, start) for start in self.shifts.starts_min)

    def day_of(self, time_ns: int) -> date:
        """Return the date of the production day that a time lies in."""
        day = self.local(time_ns).date()
        while time_ns < self.day_start(day):
            day -= timedelta(days=1)
        while time_ns >= self.day_start(day + timedelta(days=1)):
            day += timedelta(days=1)
        return day

    def shift_of(self, time_ns: int) -> tuple[date, int]:
        """Return date and number of the shift that a time lies in.

        Raises
        ------
        LookupError
            If the plant has no shifts.
        """
        if not self.shifts.names:
            raise LookupError("the plant has no shifts; add their names and local times of beginning to the plant file")
        day = self.local(time_ns).date()
        while time_ns < self.shift_starts(day)[0]:
            day -= timedelta(days=1)
        while time_ns >= self.shift_starts(day + timedelta(days=1))[0]:
            day += timedelta(days=1)
        # Two shifts of which the clock leaves out both beginnings begin at one instant; the first of them has no time.
        return day, bisect_right(self.shift_starts(day), time_ns) - 1

    def local(self, time_ns: int) -> datetime:
        """Return what the plant's clock shows at a time, to the second."""
        return datetime.fromtimestamp(time_ns // _SECOND_NS, self.zone)

    def offset_ns(self, time_ns: int) -> int:
        """Return how far the plant's clock is ahead of UTC at a time [ns]."""
        return _offset_s(self.zone, time_ns // _SECOND_NS) * _SECOND_NS

    def clock_set(self, after_ns: int, until_ns: int) -> int:
        """Return when the clock is set, after one time and not after the other, between which it is set once [ns]."""
        return _clock_set(self.zone, after_ns // _SECOND_NS, until_ns // _SECOND_NS) * _SECOND_NS


@lru_cache(maxsize=8192)
def _first_instant(zone: ZoneInfo, day: date, minutes: int) -> int:
    """Return the earliest instant at which the clock shows a time or a later one, UTC [ns]."""
    wanted = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - what a clock shows
    offsets_s = [_seconds(wanted.replace(tzinfo=zone, fold=fold).utcoffset()) for fold in (0, 1)]
    shown_s = _seconds(wanted - datetime(1970, 1, 1))  # noqa: DTZ001 - what a clock shows
    before_s, after_s = offsets_s
    if after_s <= before_s:
        return (shown_s - before_s) * _SECOND_NS
    return _clock_set(zone, shown_s - after_s, shown_s - before_s) * _SECOND_NS


def _clock_set(zone: ZoneInfo, after_s: int, until_s: int) -> int:
    """Return the first second with the later offset, by halving."""
    offset_s = _offset_s(zone, after_s)
    while until_s - after_s > 1:
        middle_s = (after_s + until_s) // 2
        if _offset_s(zone, middle_s) == offset_s:
            after_s = middle_s
        else:
            until_s = middle_s
    return until_s


def _offset_s(zone: ZoneInfo, time_s: int) -> int:
    return _seconds(datetime.fromtimestamp(time_s, zone).utcoffset())


def _seconds(difference: timedelta | None) -> int:
    """Return a difference in seconds; a ZoneInfo knows its difference from UTC at any time."""
    if difference is None:
        raise LookupError("the time zone does not say how far it is from UTC; give one like 'Asia/Shanghai'")
    return difference.days * 86_400 + difference.seconds


def _judge(start_min: int, what: str) -> None:
    if not -_DAY_MIN < start_min < _DAY_MIN:
        remedy = "give the minutes from midnight of its date, from -1439 to 1439"
        raise ValueError(f"{what} begins {start_min} minutes after midnight; {remedy}")
