"""Periods as people write them, and the names of windows."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.periods import label_of, parse_period
from collector.accounting.windows import Window, hour_of, rolling_ending, window_of
from collector.plant.calendar import Calendar, Shifts, local_start

SHIFTS = Shifts.of({"N": "00:00", "D": "08:00", "夜": "16:00"})
SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"), SHIFTS)
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), SHIFTS)


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("written", "name", "start", "end"),
    [
        ("2026-03", "month", "2026-03-01T00:00+08:00", "2026-04-01T00:00+08:00"),
        ("2026-03-01", "day", "2026-03-01T00:00+08:00", "2026-03-02T00:00+08:00"),
        ("2026-03-01N", "shift", "2026-03-01T00:00+08:00", "2026-03-01T08:00+08:00"),
        ("2026-03-01夜", "shift", "2026-03-01T16:00+08:00", "2026-03-02T00:00+08:00"),
        ("2026-03-01T00:00/2026-03-02T00:00", "period", "2026-03-01T00:00+08:00", "2026-03-02T00:00+08:00"),
        ("2026-03-01T00:00Z/2026-03-01T09:30", "period", "2026-03-01T08:00+08:00", "2026-03-01T09:30+08:00"),
    ],
)
def test_a_period_is_written_as_month_day_shift_or_two_times(written: str, name: str, start: str, end: str) -> None:
    assert parse_period(written, SHANGHAI) == Window(name, ns(start), ns(end))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "'' is no period; write a month 2026-03"),
        ("March", "'March' is no period; write a month 2026-03"),
        ("2026", "'2026' is no period"),
        ("2026-3", "'2026-3' is no period"),
        ("2026-13", "'2026-13' is in no calendar"),
        ("2026-02-30", "'2026-02-30' is in no calendar"),
        ("0026-02-03", "is not from 1990 to 2199; correct the year"),
        ("2026-03-01X", "names a shift 'X' that there is not; one of: N, D, 夜"),
        ("2026-03-01T00:00", "'2026-03-01T00:00' is no period"),
        ("2026-03-01T00:00/2026-03-01T00:00", "ends before it has begun; write the earlier time first"),
        ("2026-03-01T00:00/2026-03-02T00:00/", "has 3 parts"),
        ("2026-03-01/2026-03-02", "'2026-03-01' is no time to the minute; write 2026-03-01T00:00"),
        ("2026-03-01T24:00/2026-03-02T00:00", "write hours from 00 to 23 and minutes from 00 to 59"),
        ("2026-03-01T00:00+25:00/2026-03-02T00:00", "is no time"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_what_to_write(written: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"\A.*" + says.replace("(", r"\(")):
        parse_period(written, SHANGHAI)


def test_a_shift_of_a_plant_without_shifts_is_refused_with_what_to_add() -> None:
    with pytest.raises(ValueError, match="the plant has no shifts; add them to the plant file"):
        parse_period("2026-03-01N", Calendar(SHANGHAI.zone))


def test_a_time_that_the_clock_shows_twice_asks_which_of_the_two() -> None:
    with pytest.raises(ValueError, match=r"twice; write 2026-10-25T02:30\+02:00 or 2026-10-25T02:30\+01:00"):
        parse_period("2026-10-25T02:30/2026-10-25T04:00", BERLIN)
    window = parse_period("2026-10-25T02:30+01:00/2026-10-25T04:00", BERLIN)
    assert window.length_s == 5400


def test_a_time_that_the_clock_never_shows_is_refused() -> None:
    with pytest.raises(ValueError, match="never shows 2026-03-29T02:30: it is set forward over it"):
        parse_period("2026-03-29T02:30/2026-03-29T04:00", BERLIN)


def test_a_day_that_the_calendar_left_out_is_refused() -> None:
    apia = Calendar(ZoneInfo("Pacific/Apia"), SHIFTS)
    with pytest.raises(ValueError, match="left out the day 2011-12-30; take the day before or after"):
        parse_period("2011-12-30", apia)
    with pytest.raises(ValueError, match="left out the shift 2011-12-30D; take the one before or after"):
        parse_period("2011-12-30D", apia)


def test_an_hour_that_comes_twice_has_two_names() -> None:
    first, second = (hour_of(ns(f"2026-10-25T0{hour}:30:00Z"), BERLIN) for hour in (0, 1))
    assert label_of(first, BERLIN) == "2026-10-25T02:00+02:00"
    assert label_of(second, BERLIN) == "2026-10-25T02:00+01:00"


def test_a_rolling_window_is_named_by_its_two_times() -> None:
    window = rolling_ending(ns("2026-03-02T10:10:00+08:00"))
    assert label_of(window, SHANGHAI) == "2026-03-01T10:10+08:00/2026-03-02T10:10+08:00"


def test_a_shift_of_the_evening_before_has_the_date_that_it_belongs_to() -> None:
    night_first = Shifts.of({"N": "22:00 -1d", "D": "06:00", "S": "14:00"})
    calendar = Calendar(SHANGHAI.zone, night_first, local_start("22:00 -1d"))
    time_ns = ns("2026-02-28T23:30:00+08:00")
    labels = [label_of(window_of(name, time_ns, calendar), calendar) for name in ("shift", "day", "month")]
    assert labels == ["2026-03-01N", "2026-03-01", "2026-03"]


@settings(deadline=None)
@given(
    time=st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - wanted so
    name=st.sampled_from(["shift", "day", "month"]),
    calendar=st.sampled_from([SHANGHAI, BERLIN, Calendar(ZoneInfo("Australia/Lord_Howe"), SHIFTS, 480)]),
)
def test_the_name_of_a_window_is_read_as_that_window(time: datetime, name: str, calendar: Calendar) -> None:
    window = window_of(name, int(time.timestamp()) * 1_000_000_000, calendar)
    assert parse_period(label_of(window, calendar), calendar) == window
