"""Times on the command line, by the plant's clock or with their difference from UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_ns(text: str, zone: ZoneInfo, option: str) -> int:
    """Return a time [UTC ns]. Without a difference from UTC it is in the time zone that is given.

    Raises
    ------
    click.BadParameter
        If it is no time, or the clock of the time zone shows it twice or never.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError as exc:
        message = f"{text!r} is no time; write 2026-03-01, 2026-03-01T06:00 or 2026-03-01T06:00:00Z"
        raise click.BadParameter(message, param_hint=option) from exc
    if when.tzinfo is None:
        first, second = (when.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first != second:
            how = "twice" if first < second else "never"
            message = f"the plant's clock shows {text} {how}; add the difference from UTC, like 2026-03-01T06:00+08:00"
            raise click.BadParameter(message, param_hint=option)
        when = first
    return (when - _EPOCH) // timedelta(microseconds=1) * 1000


def period_ns(start: str, end: str, zone: ZoneInfo) -> tuple[int, int]:
    """Return begin and end of the options --from and --to [UTC ns].

    Raises
    ------
    click.BadParameter
        If one of them is no time, or the end is not after the beginning.
    """
    start_ns, end_ns = instant_ns(start, zone, "--from"), instant_ns(end, zone, "--to")
    if end_ns <= start_ns:
        raise click.BadParameter("it is not after --from", param_hint="--to")
    return start_ns, end_ns


def utc(time_ns: int) -> str:
    """Return a time in UTC, to the second."""
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
