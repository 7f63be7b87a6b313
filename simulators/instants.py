"""Times as whole nanoseconds of UTC, and how they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 3600 * SECOND_NS
DAY_NS = 86_400 * SECOND_NS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso_seconds(time_ns: int) -> str:
    """Write a time [UTC ns] as RFC 3339 in whole seconds."""
    return f"{_EPOCH + timedelta(seconds=time_ns // SECOND_NS):%Y-%m-%dT%H:%M:%SZ}"


def iso_milliseconds(time_ns: int) -> str:
    """Write a time [UTC ns] as RFC 3339 with three decimals."""
    return f"{iso_seconds(time_ns)[:-1]}.{time_ns // 1_000_000 % 1000:03}Z"


def parse_instant(text: str) -> int:
    """Read a time in RFC 3339 with its zone [UTC ns].

    Raises
    ------
    ValueError
        With a sentence that says what is wrong.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time such as 2026-11-22T03:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: add a Z for UTC")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
