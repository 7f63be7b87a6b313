"""Windows of time in the plant's time zone: which minutes make an hour, which windows a minute touches. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from collector.readings.cell import MINUTE_NS

HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
ROLLING_STEP_NS = 10 * MINUTE_NS
"""A rolling window ends on every tenth minute."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A window of time, UTC [ns], start included and end not. ``name`` is its tag in the streams."""

    name: str
    start_ns: int
    end_ns: int

    @property
    def length_s(self) -> float:
        """Length [s]."""
        return (self.end_ns - self.start_ns) * 1e-9


def minute_window(minute_ns: int) -> Window:
    """Return the window of one minute."""
    return Window("minute", minute_ns, minute_ns + MINUTE_NS)


def hour_of(time_ns: int, zone: ZoneInfo) -> Window:
    """Return the hour of the plant's clock that a time lies in."""
    offset_ns = _offset_ns(time_ns, zone)
    local = time_ns + offset_ns
    start = local - local % HOUR_NS - offset_ns
    return Window("hour", start, start + HOUR_NS)


def rolling_ending(end_ns: int) -> Window:
    """Return the 24 hours that end at a time."""
    return Window("rolling_24h", end_ns - DAY_NS, end_ns)


def windows_touched(minutes: Iterable[int], *, closed_until_ns: int, zone: ZoneInfo) -> list[Window]:
    """Return the hours and rolling windows that some minutes are part of and that are over.

    Parameters
    ----------
    minutes : iterable of int
        Starts of minutes that were closed or changed, UTC [ns].
    closed_until_ns : int
        End of the last closed minute. A window that ends later is not over.
    """
    found: set[Window] = set()
    for minute in minutes:
        hour = hour_of(minute, zone)
        if hour.end_ns <= closed_until_ns:
            found.add(hour)
        end = minute + MINUTE_NS
        end += -end % ROLLING_STEP_NS
        while end <= min(closed_until_ns, minute + DAY_NS):
            found.add(rolling_ending(end))
            end += ROLLING_STEP_NS
    return sorted(found, key=lambda window: (window.end_ns, window.name))


def parts_of(window: Window, zone: ZoneInfo) -> list[Window]:
    """Return the windows that a window is summed from, in order."""
    del zone
    return [minute_window(start) for start in range(window.start_ns, window.end_ns, MINUTE_NS)]


def _offset_ns(time_ns: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) * 1_000_000_000 if offset is not None else 0
