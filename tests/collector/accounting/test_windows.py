"""Windows of time by the plant's calendar."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.accounting.windows import (
    DAY_NS,
    HOUR_NS,
    Window,
    day_window,
    hour_of,
    month_window,
    rolling_ending,
    shift_of,
    window_of,
    windows_between,
    windows_touched,
)
from collector.plant.calendar import Calendar, Shifts, local_start
from collector.readings.cell import MINUTE_NS

EIGHT_HOURS = Shifts.of({"N": "00:00", "D": "08:00", "S": "16:00"})
SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"), EIGHT_HOURS)
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), EIGHT_HOURS)
LORD_HOWE = Calendar(ZoneInfo("Australia/Lord_Howe"), EIGHT_HOURS)
ROLLING = ("hour", "rolling_24h")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


def utc(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // 1_000_000_000, UTC):%H:%M}"


def spans(windows: list[Window]) -> list[str]:
    return [f"{utc(window.start_ns)}-{utc(window.end_ns)}" for window in windows]


def test_an_hour_of_a_plant_with_half_hours_in_its_zone_begins_on_its_own_clock() -> None:
    window = hour_of(ns("2026-03-01T04:10:00Z"), Calendar(ZoneInfo("Asia/Kolkata")))
    assert utc(window.start_ns) == "03:30"


def test_an_hour_of_a_plant_with_three_quarters_in_its_zone_begins_a_quarter_past() -> None:
    window = hour_of(ns("2026-03-01T04:10:00Z"), Calendar(ZoneInfo("Asia/Kathmandu")))
    assert utc(window.start_ns) == "03:15"


def test_hours_go_on_without_gap_or_overlap_over_both_clock_changes() -> None:
    for day in ("2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"):
        start = ns(day)
        hours = {hour_of(start + n * MINUTE_NS, BERLIN) for n in range(6 * 60)}
        assert sorted(h.start_ns for h in hours) == [start + n * HOUR_NS for n in range(6)]


def test_an_hour_that_the_clock_shows_twice_is_two_hours() -> None:
    first, second = (hour_of(ns(f"2026-10-25T0{hour}:30:00Z"), BERLIN) for hour in (0, 1))
    assert (BERLIN.local(first.start_ns).hour, BERLIN.local(second.start_ns).hour) == (2, 2)
    assert first.end_ns == second.start_ns


def test_a_clock_that_is_set_back_by_half_an_hour_adds_an_hour_of_thirty_minutes() -> None:
    start = ns("2026-04-04T14:00:00Z")
    hours = list(windows_between("hour", start, start + 2 * HOUR_NS, LORD_HOWE))
    assert spans(hours) == ["14:00-15:00", "15:00-15:30", "15:30-16:30"]


def test_a_clock_that_is_set_forward_by_half_an_hour_leaves_an_hour_of_thirty_minutes() -> None:
    start = ns("2026-10-03T14:30:00Z")
    hours = list(windows_between("hour", start, start + 2 * HOUR_NS, LORD_HOWE))
    assert spans(hours) == ["14:30-15:30", "15:30-16:00", "16:00-17:00"]


def test_a_clock_that_is_set_forward_within_an_hour_ends_it() -> None:
    start = ns("2018-05-04T14:30:00Z")
    hours = list(windows_between("hour", start, start + 2 * HOUR_NS, Calendar(ZoneInfo("Asia/Pyongyang"))))
    assert spans(hours) == ["14:30-15:00", "15:00-16:00", "16:00-17:00"]


@pytest.mark.parametrize(
    ("calendar", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23.0),
        (BERLIN, date(2026, 10, 25), 25.0),
        (BERLIN, date(2026, 6, 1), 24.0),
        (LORD_HOWE, date(2026, 4, 5), 24.5),
        (LORD_HOWE, date(2026, 10, 4), 23.5),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(calendar: Calendar, day: date, hours: float) -> None:
    assert day_window(day, calendar).length_s == hours * 3600


def test_the_night_shift_is_an_hour_shorter_in_spring_and_an_hour_longer_in_autumn() -> None:
    spring, autumn = (shift_of(ns(f"{day}T00:30:00+00:00"), BERLIN) for day in ("2026-03-29", "2026-10-25"))
    assert (spring.length_s, autumn.length_s) == (7 * 3600, 9 * 3600)


def test_a_night_shift_of_the_evening_before_belongs_to_the_day_that_begins_with_it() -> None:
    night_first = Shifts.of({"N": "22:00 -1d", "D": "06:00", "S": "14:00"})
    calendar = Calendar(ZoneInfo("Asia/Shanghai"), night_first, local_start("22:00 -1d"))
    in_the_evening = ns("2026-02-28T23:30:00+08:00")
    assert calendar.day_of(in_the_evening) == date(2026, 3, 1)
    assert calendar.shift_of(in_the_evening) == (date(2026, 3, 1), 0)
    assert window_of("month", in_the_evening, calendar).start_ns == ns("2026-02-28T22:00:00+08:00")


def test_a_day_of_production_from_eight_to_eight_has_two_shifts_of_twelve_hours() -> None:
    calendar = Calendar(ZoneInfo("Asia/Shanghai"), Shifts.of({"D": "08:00", "N": "20:00"}), local_start("08:00"))
    early = ns("2026-03-02T07:59:00+08:00")
    assert calendar.day_of(early) == date(2026, 3, 1)
    assert calendar.shift_of(early) == (date(2026, 3, 1), 1)
    day = window_of("day", early, calendar)
    shifts = list(windows_between("shift", day.start_ns, day.end_ns, calendar))
    assert [shift.length_s for shift in shifts] == [12 * 3600, 12 * 3600]
    assert (shifts[0].start_ns, shifts[-1].end_ns) == (day.start_ns, day.end_ns)


def test_december_ends_where_january_begins() -> None:
    assert month_window(2026, 12, SHANGHAI).end_ns == month_window(2027, 1, SHANGHAI).start_ns
    assert month_window(2026, 12, SHANGHAI).length_s == 31 * 86_400


def test_a_time_lies_in_no_one_rolling_window() -> None:
    with pytest.raises(
        ValueError, match=r"no one window 'rolling_24h'; ask for one of: minute, hour, shift, day, month"
    ):
        window_of("rolling_24h", 0, SHANGHAI)


def test_a_minute_touches_no_window_that_is_not_over() -> None:
    minute = ns("2026-03-01T04:07:00Z")
    assert windows_touched([minute], closed_until_ns=minute + MINUTE_NS, calendar=SHANGHAI) == []


def test_the_last_minute_of_an_hour_closes_the_hour_and_the_rolling_windows() -> None:
    minute = ns("2026-03-01T04:59:00Z")
    end = minute + MINUTE_NS
    found = windows_touched([minute], closed_until_ns=end, calendar=SHANGHAI)
    assert found == [
        Window("hour", end - HOUR_NS, end),
        rolling_ending(end),
        Window("rolling_30d", end - 30 * DAY_NS, end),
    ]


def test_the_last_minute_of_a_month_closes_everything_each_after_what_it_is_made_of() -> None:
    end = ns("2026-04-01T00:00:00+08:00")
    found = windows_touched([end - MINUTE_NS], closed_until_ns=end, calendar=SHANGHAI)
    assert [window.name for window in found] == ["hour", "shift", "day", "month", "rolling_24h", "rolling_30d"]
    assert {window.end_ns for window in found} == {end}


def test_a_plant_without_shifts_has_no_windows_of_them() -> None:
    end = ns("2026-04-01T00:00:00+08:00")
    calendar = Calendar(SHANGHAI.zone)
    found = windows_touched([end - MINUTE_NS], closed_until_ns=end, calendar=calendar, names=("shift", "day"))
    assert [window.name for window in found] == ["day"]


def test_a_late_correction_touches_its_hour_and_each_rolling_day_since() -> None:
    minute = ns("2026-03-01T04:07:00Z")
    until = ns("2026-03-01T06:00:00Z")
    found = windows_touched([minute], closed_until_ns=until, calendar=SHANGHAI, names=ROLLING)
    rolling = [window for window in found if window.name == "rolling_24h"]
    assert [window.name for window in found if window.name != "rolling_24h"] == ["hour"]
    assert rolling[0].end_ns == ns("2026-03-01T04:10:00Z")
    assert rolling[-1].end_ns == until
    assert len(rolling) == 12
    assert all(window.end_ns - window.start_ns == DAY_NS for window in rolling)


def test_a_correction_of_long_ago_touches_a_day_and_thirty_days_of_rolling_windows() -> None:
    minute = ns("2026-03-01T04:07:00Z")
    found = windows_touched([minute], closed_until_ns=ns("2026-05-03T06:00:00Z"), calendar=SHANGHAI)
    assert sum(window.name == "rolling_24h" for window in found) == 144
    assert sum(window.name == "rolling_30d" for window in found) == 720
    assert all(window.start_ns <= minute < window.end_ns for window in found)


def seconds(work: Callable[[], object]) -> float:
    """Return the least time that a work takes on a processor, of five [s]."""
    taken = []
    for _ in range(5):
        begun_s = time.process_time()
        work()
        taken.append(time.process_time() - begun_s)
    return min(taken)


def test_a_correction_of_a_whole_month_takes_less_time_than_asking_for_the_clock_at_each_minute() -> None:
    month = month_window(2026, 4, SHANGHAI)
    minutes = set(range(month.start_ns, month.end_ns, MINUTE_NS))
    until = month.end_ns + 60 * DAY_NS
    found = windows_touched(minutes, closed_until_ns=until, calendar=SHANGHAI)
    counted = {name: sum(window.name == name for window in found) for name in ("hour", "shift", "day", "month")}
    assert counted == {"hour": 720, "shift": 90, "day": 30, "month": 1}
    assert len(minutes) == 43_200
    # All seven kinds of windows, against one look at the clock: some 20 and 80 ms on one core.
    all_kinds_s = seconds(lambda: windows_touched(minutes, closed_until_ns=until, calendar=SHANGHAI))
    clock_s = seconds(lambda: [SHANGHAI.local(minute).isoformat() for minute in minutes])
    assert all_kinds_s < clock_s
