"""Times of messages to UTC nanoseconds. Pure.

Whole numbers are exact. What has a point is exact to the microsecond, as RFC 3339 is here: a double has no more digits
for the seconds of our days.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from collector.plant.layout import TimeFormat

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Instants = npt.NDArray[np.int64]

NEVER = 0
"""Stands for times that no clock shows: before 1970, or beyond the year 2262."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_NS = 86_400 * 1_000_000_000
_END_NS = 1 << 63
_SCALE = {TimeFormat.S: 1_000_000_000, TimeFormat.MS: 1_000_000, TimeFormat.US: 1000, TimeFormat.NS: 1}

_LOWEST, _HIGHEST = b"0000-00-00T00:00:00.000000", b"9999-19-39T29:59:59.999999"
_WEIGHTS_NS = {11: 36_000e9, 12: 3_600e9, 14: 600e9, 15: 60e9, 17: 10e9, 18: 1e9} | {
    20 + place: 10.0 ** (8 - place) for place in range(6)
}
_LENGTHS = (20, *range(22, 28))
"""Of a time in UTC without a fraction, and with one of up to six digits."""


def nanoseconds(stamp: datetime) -> int:
    """Return a time as UTC [ns], exactly."""
    return (stamp - _EPOCH) // _MICROSECOND * 1000


def instant(value: Any, form: TimeFormat) -> int:  # noqa: ANN401 - whatever a message holds
    """Return a time [ns].

    Raises
    ------
    ValueError
        If it is not written in that form.
    """
    if form is TimeFormat.RFC3339:
        if not isinstance(value, str):
            raise ValueError("is no text, and a time like 2026-03-01T04:05:06Z should stand here")
        try:
            return nanoseconds(msgspec.convert(value, Instant))
        except msgspec.ValidationError as exc:
            raise ValueError("is no time of RFC 3339 with its zone, like 2026-03-01T04:05:06Z") from exc
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"is no number, and the time since 1970 in {form.value} should stand here")  # noqa: TRY004
    return since_1970(value, form)


def since_1970(value: float, form: TimeFormat) -> int:
    """Return a time that is written as a number [ns]."""
    scale = _SCALE[form]
    if isinstance(value, int):
        return value * scale
    whole = int(value)
    part = (value - whole) * scale
    return whole * scale + (round(part / 1000) * 1000 if scale > 1000 else round(part))


def instants(values: Sequence[Any], form: TimeFormat) -> Instants:
    """Return many times of one form [ns]; those that fit no clock as NEVER.

    Raises
    ------
    ValueError
        If one is not written in that form.
    """
    if form is TimeFormat.RFC3339:
        quick = _alike(values)
        if quick is not None:
            return quick
    elif all(type(value) is int for value in values):
        try:
            return _within(np.array(values, np.int64), _SCALE[form])
        except OverflowError:
            pass
    return np.array([ns if 0 <= ns < _END_NS else NEVER for ns in (instant(v, form) for v in values)], np.int64)


def _within(numbers: Instants, scale: int) -> Instants:
    fits = (numbers >= 0) & (numbers < _END_NS // scale)
    return numbers * scale if fits.all() else np.where(fits, numbers, NEVER) * scale


def _alike(texts: Sequence[Any]) -> Instants | None:
    """Return times of one day that are all written alike, in UTC; None where they are not."""
    try:
        joined = "".join(texts).encode("ascii")
    except (TypeError, UnicodeEncodeError):
        return None
    count = len(texts)
    length, rest = divmod(len(joined), count) if count else (0, 0)
    if rest or length not in _FORMS:
        return None
    rows = np.frombuffer(joined, np.uint8).reshape(count, length)
    lowest, span, weights = _FORMS[length]
    digits = rows - lowest
    day_ns = _day(joined[:10])
    if day_ns is None or rows[:, :10].tobytes() != joined[:10] * count or not (digits <= span).all():
        return None
    within_ns = digits @ weights
    return within_ns.astype(np.int64) + day_ns if within_ns.max() < _DAY_NS else None


@lru_cache(maxsize=16)
def _day(written: bytes) -> int | None:
    """Return the beginning of a day [ns]; None where it is none that a clock of ours could show."""
    try:
        day_ns = (date.fromisoformat(written.decode()).toordinal() - _EPOCH.toordinal()) * _DAY_NS
    except ValueError:
        return None
    return day_ns if 0 <= day_ns < _END_NS - _DAY_NS else None


def _form(length: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    low = np.frombuffer((_LOWEST[: length - 1] + b"Z"), np.uint8)
    high = np.frombuffer((_HIGHEST[: length - 1] + b"Z"), np.uint8)
    weights = np.zeros(length)
    for place, weight in _WEIGHTS_NS.items():
        if place < length - 1:
            weights[place] = weight
    return low, high - low, weights


_FORMS = {length: _form(length) for length in _LENGTHS}
