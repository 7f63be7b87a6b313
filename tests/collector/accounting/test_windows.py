"""Windows of time in the plant's time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from collector.accounting.windows import DAY_NS, HOUR_NS, Window, hour_of, rolling_ending, windows_touched
from collector.readings.cell import MINUTE_NS

SHANGHAI = ZoneInfo("Asia/Shanghai")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


def test_an_hour_of_a_plant_with_half_hours_in_its_zone_begins_on_its_own_clock() -> None:
    window = hour_of(ns("2026-03-01T04:10:00Z"), ZoneInfo("Asia/Kolkata"))

    assert datetime.fromtimestamp(window.start_ns / 1e9, UTC).strftime("%H:%M") == "03:30"


def test_hours_go_on_without_gap_or_overlap_over_both_clock_changes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for day in ("2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"):
        start = ns(day)
        hours = {hour_of(start + n * MINUTE_NS, berlin) for n in range(6 * 60)}
        assert sorted(h.start_ns for h in hours) == [start + n * HOUR_NS for n in range(6)]


def test_a_minute_touches_no_window_that_is_not_over() -> None:
    minute = ns("2026-03-01T04:07:00Z")

    assert windows_touched([minute], closed_until_ns=minute + MINUTE_NS, zone=SHANGHAI) == []


def test_the_last_minute_of_an_hour_closes_the_hour_and_the_rolling_day() -> None:
    minute = ns("2026-03-01T04:59:00Z")
    end = minute + MINUTE_NS

    found = windows_touched([minute], closed_until_ns=end, zone=SHANGHAI)

    assert found == [Window("hour", end - HOUR_NS, end), rolling_ending(end)]


def test_a_late_correction_touches_its_hour_and_each_rolling_day_since() -> None:
    minute = ns("2026-03-01T04:07:00Z")
    found = windows_touched([minute], closed_until_ns=ns("2026-03-01T06:00:00Z"), zone=SHANGHAI)

    rolling = [window for window in found if window.name == "rolling_24h"]
    assert [window.name for window in found if window.name != "rolling_24h"] == ["hour"]
    assert rolling[0].end_ns == ns("2026-03-01T04:10:00Z")
    assert rolling[-1].end_ns == ns("2026-03-01T06:00:00Z")
    assert len(rolling) == 12
    assert all(window.end_ns - window.start_ns == DAY_NS for window in rolling)


def test_a_correction_of_the_day_before_yesterday_touches_no_more_than_a_day_of_rolling_windows() -> None:
    minute = ns("2026-03-01T04:07:00Z")
    found = windows_touched([minute], closed_until_ns=ns("2026-03-03T06:00:00Z"), zone=SHANGHAI)

    assert sum(window.name == "rolling_24h" for window in found) == 144
    assert all(window.start_ns <= minute < window.end_ns for window in found)
