"""Periods as people write them: the names of windows in reports, and the window of a name that is given. Pure."""

import re
from datetime import UTC, date, datetime, timedelta

from collector.accounting.windows import Window, day_window, month_window, shift_window
from collector.plant.calendar import Calendar
from collector.readings.cell import MINUTE_NS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WAYS = "write a month 2026-03, a day 2026-03-01, a shift 2026-03-01N, or two times 2026-03-01T00:00/2026-03-02T00:00"
_NAMED = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?", re.ASCII)
_SHIFT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(\w+)")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)
_YEARS = (1990, 2199)


def label_of(window: Window, calendar: Calendar) -> str:
    """Return the name of a window for reports: dates and times as the plant's clock shows them.

    A month is ``2026-03``, a day ``2026-03-01`` and a shift ``2026-03-01N`` by the date that they belong to, whenever
    they begin. Others are named by their times, with the difference from UTC: an hour may come twice.
    """
    match window.name:
        case "month":
            return f"{calendar.day_of(window.start_ns):%Y-%m}"
        case "day":
            return calendar.day_of(window.start_ns).isoformat()
        case "shift":
            day, number = calendar.shift_of(window.start_ns)
            return f"{day.isoformat()}{calendar.shifts.names[number]}"
    start = calendar.local(window.start_ns).isoformat(timespec="minutes")
    if window.name in ("minute", "hour"):
        return start
    return f"{start}/{calendar.local(window.end_ns).isoformat(timespec='minutes')}"


def parse_period(written: str, calendar: Calendar) -> Window:
    """Return the window that a period is written for.

    Parameters
    ----------
    written
        A month ``2026-03``, a day ``2026-03-01``, a shift ``2026-03-01N``, or two times with a stroke between them,
        ``2026-03-01T00:00/2026-03-02T00:00``: by the plant's clock, or each with ``Z`` or its difference from UTC.
    calendar
        Time zone, shifts and beginning of the day.

    Returns
    -------
    Window
        ``month``, ``day`` or ``shift``, or with two times ``period``.

    Raises
    ------
    ValueError
        If it is written in another way, or there is no such month, day, shift or time.
    """
    if "/" in written:
        return _between(written, calendar)
    shift = _SHIFT.fullmatch(written)
    if shift is not None:
        return _shift(written, _date(written, shift[1]), shift[2], calendar)
    named = _NAMED.fullmatch(written)
    if named is None:
        raise ValueError(f"'{written}' is no period; {_WAYS}")
    if named[3] is None:
        first = _date(written, f"{written}-01")
        return month_window(first.year, first.month, calendar)
    window = day_window(_date(written, written), calendar)
    if window.start_ns == window.end_ns:
        raise ValueError(f"the plant's clock left out the day {written}; take the day before or after it")
    return window


def _date(written: str, day: str) -> date:
    try:
        found = date.fromisoformat(day)
    except ValueError as exc:
        raise ValueError(f"'{written}' is in no calendar ({exc}); {_WAYS}") from exc
    if not _YEARS[0] <= found.year <= _YEARS[1]:
        raise ValueError(f"'{written}' is not from {_YEARS[0]} to {_YEARS[1]}; correct the year")
    return found


def _shift(written: str, day: date, name: str, calendar: Calendar) -> Window:
    names = calendar.shifts.names
    if name not in names:
        known = f"one of: {', '.join(names)}" if names else "the plant has no shifts; add them to the plant file"
        raise ValueError(f"'{written}' names a shift '{name}' that there is not; {known}")
    window = shift_window(day, names.index(name), calendar)
    if window.start_ns == window.end_ns:
        raise ValueError(f"the plant's clock left out the shift {written}; take the one before or after it")
    return window


def _between(written: str, calendar: Calendar) -> Window:
    times = written.split("/")
    if len(times) != 2:
        raise ValueError(f"'{written}' has {len(times)} parts; {_WAYS}")
    start_ns, end_ns = (_instant(time, calendar) for time in times)
    if end_ns <= start_ns:
        raise ValueError(f"'{written}' ends before it has begun; write the earlier time first")
    return Window("period", start_ns, end_ns)


def _instant(written: str, calendar: Calendar) -> int:
    if _TIME.fullmatch(written) is None:
        raise ValueError(f"'{written}' is no time to the minute; write 2026-03-01T00:00, or 2026-03-01T00:00+08:00")
    _date(written, written[:10])
    try:
        time = datetime.fromisoformat(written)
    except ValueError as exc:
        raise ValueError(
            f"'{written}' is no time ({exc}); write hours from 00 to 23 and minutes from 00 to 59"
        ) from exc
    if time.tzinfo is None:
        time = _by_the_clock(written, time, calendar)
    return (time - _EPOCH) // timedelta(minutes=1) * MINUTE_NS


def _by_the_clock(written: str, time: datetime, calendar: Calendar) -> datetime:
    """Return a time of the plant's clock, which shows it once."""
    first, second = (time.replace(tzinfo=calendar.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first > second:
        what = f"the plant's clock never shows {written}: it is set forward over it"
        raise ValueError(f"{what}; take a time before or after that")
    ways = " or ".join(at.astimezone(calendar.zone).isoformat(timespec="minutes") for at in (first, second))
    raise ValueError(f"the plant's clock shows {written} twice; write {ways}")
