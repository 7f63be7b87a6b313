"""Windows of time by the plant's calendar: which one a time lies in, which ones a minute touches, of what each is made.

Hours, shifts, days and months follow the plant's clock, and of each kind every minute lies in exactly one. An hour that
the clock shows twice is two hours. A clock that is set within an hour ends it: where it is set by half an hour, as on
Lord Howe Island, there is an hour of thirty minutes. Rolling windows are 24 hours, and 30 days of 24 hours, of time
that passed. Pure.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from collector.plant.calendar import Calendar
from collector.readings.cell import MINUTE_NS, minute_of

HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
_QUARTER_NS = 15 * MINUTE_NS
ROLLING_STEP_NS = 10 * MINUTE_NS
"""A rolling day ends on every tenth minute; rolling thirty days end with every hour of the plant's clock."""

ROLLING_NS = {"rolling_24h": DAY_NS, "rolling_30d": 30 * DAY_NS}
"""Lengths of the rolling windows [ns]."""

NAMES = ("minute", "hour", "shift", "day", "month", *ROLLING_NS)
"""The names of windows, each after those that it is made of."""

_PLACE = {name: place for place, name in enumerate(NAMES)}


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A window of time, UTC [ns], start included and end not. ``name`` is its tag in the streams."""

    name: str
    start_ns: int
    end_ns: int

    @property
    def length_s(self) -> float:
        """Length [s]."""
        return (self.end_ns - self.start_ns) / 1e9


def minute_window(minute_ns: int) -> Window:
    """Return the window of one minute."""
    return Window("minute", minute_ns, minute_ns + MINUTE_NS)


def hour_of(time_ns: int, calendar: Calendar) -> Window:
    """Return the hour of the plant's clock that a time lies in."""
    # Clocks are set at whole quarters of an hour, so all of a quarter lies in one hour.
    return _hour_of(time_ns - time_ns % _QUARTER_NS, calendar)


@lru_cache(maxsize=4096)  # rolling thirty days ask for each of their hours, every hour
def _hour_of(time_ns: int, calendar: Calendar) -> Window:
    offset_ns = calendar.offset_ns(time_ns)
    local_ns = time_ns + offset_ns
    start_ns = local_ns - local_ns % HOUR_NS - offset_ns
    end_ns = start_ns + HOUR_NS
    if calendar.offset_ns(start_ns) != offset_ns:
        start_ns = calendar.clock_set(start_ns, time_ns)
    if calendar.offset_ns(end_ns - 1) != offset_ns:
        end_ns = calendar.clock_set(time_ns, end_ns)
    return Window("hour", start_ns, end_ns)


def shift_of(time_ns: int, calendar: Calendar) -> Window:
    """Return the shift that a time lies in; LookupError if the plant has none."""
    return shift_window(*calendar.shift_of(time_ns), calendar)


def shift_window(day: date, number: int, calendar: Calendar) -> Window:
    """Return the shift of a date by its number, from 0 on in the order of the calendar."""
    starts = (*calendar.shift_starts(day), calendar.shift_starts(day + timedelta(days=1))[0])
    return Window("shift", starts[number], starts[number + 1])


def day_window(day: date, calendar: Calendar) -> Window:
    """Return the production day of a date."""
    return Window("day", calendar.day_start(day), calendar.day_start(day + timedelta(days=1)))


def month_window(year: int, month: int, calendar: Calendar) -> Window:
    """Return the month that is made of the production days of its dates."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return Window("month", calendar.day_start(date(year, month, 1)), calendar.day_start(following))


def rolling_ending(end_ns: int, name: str = "rolling_24h") -> Window:
    """Return the rolling window that ends at a time."""
    return Window(name, end_ns - ROLLING_NS[name], end_ns)


def window_of(name: str, time_ns: int, calendar: Calendar) -> Window:
    """Return the window of a name that a time lies in.

    Raises
    ------
    LookupError
        If it is a shift, and the plant has none.
    ValueError
        If there is no one such window: a time lies in many rolling windows.
    """
    match name:
        case "minute":
            return minute_window(minute_of(time_ns))
        case "hour":
            return hour_of(time_ns, calendar)
        case "shift":
            return shift_of(time_ns, calendar)
        case "day":
            return day_window(calendar.day_of(time_ns), calendar)
        case "month":
            day = calendar.day_of(time_ns)
            return month_window(day.year, day.month, calendar)
    raise ValueError(f"a time lies in no one window '{name}'; ask for one of: {', '.join(NAMES[:5])}")


def windows_between(name: str, start_ns: int, end_ns: int, calendar: Calendar) -> Iterator[Window]:
    """Yield the windows of a name that some time of an interval lies in, in order of time.

    Raises
    ------
    LookupError, ValueError
        As for `window_of`.
    """
    time_ns = start_ns
    while time_ns < end_ns:
        window = window_of(name, time_ns, calendar)
        yield window
        time_ns = window.end_ns


def windows_touched(
    minutes: Iterable[int], *, closed_until_ns: int, calendar: Calendar, names: Collection[str] = NAMES[1:]
) -> list[Window]:
    """Return the windows, longer than a minute, that some minutes are part of and that are over.

    Parameters
    ----------
    minutes
        Starts of minutes that were closed or changed, UTC [ns].
    closed_until_ns
        End of the last closed minute. A window that ends later is not over.
    calendar
        Time zone, shifts and beginning of the day.
    names
        The windows that are wanted.

    Returns
    -------
    list of Window
        In order of their ends; of those that end together, each after those that it is made of.
    """
    ordered = sorted(minutes)
    found: list[Window] = []
    for name in names:
        if name in ROLLING_NS:
            found += _rolling_touched(name, ordered, closed_until_ns, calendar)
        elif name != "shift" or calendar.shifts.names:
            found += _touched(name, ordered, closed_until_ns, calendar)
    return sorted(found, key=lambda window: (window.end_ns, _PLACE[window.name]))


def _touched(name: str, ordered: list[int], closed_until_ns: int, calendar: Calendar) -> Iterator[Window]:
    place = 0
    while place < len(ordered):
        window = window_of(name, ordered[place], calendar)
        if window.end_ns > closed_until_ns:
            return
        yield window
        place = bisect_left(ordered, window.end_ns, lo=place)


def _rolling_touched(name: str, ordered: list[int], closed_until_ns: int, calendar: Calendar) -> Iterator[Window]:
    reach_ns = ROLLING_NS[name]
    place = end_ns = 0
    while place < len(ordered):
        minute_ns = ordered[place]
        if place == 0 or end_ns <= minute_ns:
            end_ns = _rolling_end(name, minute_ns, calendar)
        while end_ns <= minute_ns + reach_ns:
            if end_ns > closed_until_ns:
                return
            yield Window(name, end_ns - reach_ns, end_ns)
            end_ns = _rolling_end(name, end_ns, calendar)
        place = bisect_left(ordered, end_ns - reach_ns, lo=place + 1)


def _rolling_end(name: str, time_ns: int, calendar: Calendar) -> int:
    """Return the first time after another at which a rolling window ends."""
    if name == "rolling_24h":
        return time_ns - time_ns % ROLLING_STEP_NS + ROLLING_STEP_NS
    return hour_of(time_ns, calendar).end_ns


def parts_of(window: Window, calendar: Calendar) -> list[Window]:
    """Return the smaller windows that a window is summed from, in order of time, so that its sums are always the same.

    A month is made of its days. Everything else that is longer than an hour is made of the whole hours in it, and of
    minutes where it begins or ends within an hour; an hour is made of its minutes, and a minute of nothing smaller.
    """
    if window.name == "minute":
        return []
    if window.name == "month":
        return list(windows_between("day", window.start_ns, window.end_ns, calendar))
    if window.name == "hour":
        return _minutes(window.start_ns, window.end_ns)
    parts: list[Window] = []
    for hour in windows_between("hour", window.start_ns, window.end_ns, calendar):
        start_ns, end_ns = max(hour.start_ns, window.start_ns), min(hour.end_ns, window.end_ns)
        if (start_ns, end_ns) == (hour.start_ns, hour.end_ns):
            parts.append(hour)
        else:
            parts += _minutes(start_ns, end_ns)
    return parts


def _minutes(start_ns: int, end_ns: int) -> list[Window]:
    return [minute_window(minute_ns) for minute_ns in range(start_ns, end_ns, MINUTE_NS)]
