"""Days, months and years of a time zone as instants, and how much of one lies in an interval. Pure."""

from datetime import UTC, date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo


class Period(Enum):
    """What an amount is told for."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


def midnight_ns(day: date, zone: ZoneInfo) -> int:
    """Return when a day begins in a time zone [ns, UTC]; where a clock change skips midnight, the change itself."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(local.astimezone(UTC).timestamp()) * 1_000_000_000


def day_of(time_ns: int, zone: ZoneInfo) -> date:
    """Return the day of an instant in a time zone."""
    return datetime.fromtimestamp(time_ns // 1_000_000_000, zone).date()


def next_month(day: date) -> date:
    """Return the first day of the month that follows."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def period_around(time_ns: int, period: Period, zone: ZoneInfo) -> tuple[int, int]:
    """Return the beginning and the end of the period in which an instant lies [ns].

    Hours are those of UTC, which are the plant's where its offset is a whole number of hours.
    """
    if period is Period.HOUR:
        start_ns = time_ns - time_ns % 3_600_000_000_000
        return start_ns, start_ns + 3_600_000_000_000
    day = day_of(time_ns, zone)
    if period is Period.DAY:
        first, after = day, day + timedelta(days=1)
    elif period is Period.MONTH:
        first = day.replace(day=1)
        after = next_month(first)
    else:
        first, after = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return midnight_ns(first, zone), midnight_ns(after, zone)


def overlap_ns(start_ns: int, end_ns: int, first_ns: int, last_ns: int) -> int:
    """Return how long two intervals have in common [ns]."""
    return max(0, min(end_ns, last_ns) - max(start_ns, first_ns))
