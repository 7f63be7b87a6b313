"""What holds of windows in every zone and year: no gap, no overlap, and parts that make up the whole."""

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.windows import (
    DAY_NS,
    HOUR_NS,
    NAMES,
    ROLLING_NS,
    Window,
    hour_of,
    parts_of,
    rolling_ending,
    window_of,
    windows_between,
    windows_touched,
)
from collector.plant.calendar import Calendar, Shifts
from collector.readings.cell import MINUTE_NS, minute_of

FIRST_NS, LAST_NS = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000 for year in (1995, 2045))
CLOCK = NAMES[1:5]

zones = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    first = draw(st.integers(-1439, 1439))
    gaps = draw(st.lists(st.integers(1, 720), max_size=4))
    starts = [first]
    for gap in gaps:
        if starts[-1] + gap < min(first + 1440, 1440):
            starts.append(starts[-1] + gap)
    names = tuple("ABCDE"[: len(starts)])
    return Calendar(draw(zones), Shifts(names, tuple(starts)), draw(st.integers(-1439, 1439)))


@cache
def changes(zone: ZoneInfo) -> list[int]:
    """Return when the clock of a zone is set: most times are not interesting, these are."""
    calendar = Calendar(zone)
    week_ns = 7 * DAY_NS
    return [
        calendar.clock_set(week, week + week_ns)
        for week in range(FIRST_NS, LAST_NS, week_ns)
        if calendar.offset_ns(week) != calendar.offset_ns(week + week_ns)
    ]


@st.composite
def moments(draw: st.DrawFn) -> tuple[Calendar, int]:
    calendar = draw(calendars())
    set_ns = changes(calendar.zone)
    near_a_change: bool = draw(st.booleans())
    if set_ns and near_a_change:
        return calendar, minute_of(draw(st.sampled_from(set_ns))) + draw(st.integers(-1500, 1500)) * MINUTE_NS
    return calendar, draw(st.integers(FIRST_NS, LAST_NS))


@pytest.mark.parametrize("name", CLOCK)
@settings(max_examples=drawn(60), deadline=None)
@given(moment=moments())
def test_a_time_lies_in_the_window_it_is_given_and_so_does_every_other_time_of_that(
    name: str, moment: tuple[Calendar, int]
) -> None:
    calendar, time_ns = moment
    window = window_of(name, time_ns, calendar)
    assert window.start_ns <= time_ns < window.end_ns
    for other_ns in (window.start_ns, (window.start_ns + window.end_ns) // 2, window.end_ns - 1):
        assert window_of(name, other_ns, calendar) == window
    assert window_of(name, window.start_ns - 1, calendar).end_ns == window.start_ns
    assert window_of(name, window.end_ns, calendar).start_ns == window.end_ns


@settings(max_examples=drawn(60), deadline=None)
@given(moment=moments())
def test_windows_are_made_of_whole_minutes_and_no_hour_is_longer_than_sixty(moment: tuple[Calendar, int]) -> None:
    calendar, time_ns = moment
    for name in CLOCK:
        window = window_of(name, time_ns, calendar)
        assert window.start_ns % MINUTE_NS == window.end_ns % MINUTE_NS == 0
    assert hour_of(time_ns, calendar).end_ns - hour_of(time_ns, calendar).start_ns <= HOUR_NS


@pytest.mark.parametrize("name", [*CLOCK, *ROLLING_NS])
@settings(max_examples=drawn(25), deadline=None)
@given(moment=moments())
def test_parts_make_up_the_whole_without_gap_in_order_of_time(name: str, moment: tuple[Calendar, int]) -> None:
    calendar, time_ns = moment
    window = rolling_ending(minute_of(time_ns), name) if name in ROLLING_NS else window_of(name, time_ns, calendar)
    parts = parts_of(window, calendar)
    assert (parts[0].start_ns, parts[-1].end_ns) == (window.start_ns, window.end_ns)
    assert all(before.end_ns == after.start_ns for before, after in pairwise(parts))
    assert all(part == window_of(part.name, part.start_ns, calendar) for part in parts)
    assert all(NAMES.index(part.name) < NAMES.index(name) for part in parts)


@settings(max_examples=drawn(25), deadline=None)
@given(moment=moments(), ages=st.lists(st.integers(0, 3 * 1440), min_size=1, max_size=40), extra=st.integers(0, 1440))
def test_the_windows_touched_are_those_of_each_minute_and_no_others(
    moment: tuple[Calendar, int], ages: list[int], extra: int
) -> None:
    calendar, time_ns = moment
    end_ns = minute_of(time_ns)
    minutes = [end_ns - (age + 1) * MINUTE_NS for age in ages]
    closed_ns = end_ns + extra * MINUTE_NS
    found = windows_touched(minutes, closed_until_ns=closed_ns, calendar=calendar)
    wanted: set[Window] = set()
    for minute in minutes:
        wanted |= {window_of(name, minute, calendar) for name in CLOCK}
        tens = range(minute - minute % (10 * MINUTE_NS), minute + DAY_NS + 1, 10 * MINUTE_NS)
        hours = windows_between("hour", minute, minute + 30 * DAY_NS, calendar)
        rolling = [rolling_ending(ten, "rolling_24h") for ten in tens]
        rolling += [rolling_ending(hour.end_ns, "rolling_30d") for hour in hours]
        wanted |= {window for window in rolling if window.start_ns <= minute < window.end_ns}
    wanted = {window for window in wanted if window.end_ns <= closed_ns}
    assert len(found) == len(wanted)
    assert set(found) == wanted
    assert [window.end_ns for window in found] == sorted(window.end_ns for window in found)


def test_a_year_in_every_kind_of_zone_has_each_minute_once() -> None:
    for zone in ("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca"):
        calendar = Calendar(ZoneInfo(zone), Shifts.of({"D": "07:30", "N": "19:30"}), 450)
        start_ns = calendar.day_start(datetime(2026, 1, 1, tzinfo=UTC).date())
        end_ns = calendar.day_start(datetime(2027, 1, 1, tzinfo=UTC).date())
        for name in CLOCK:
            windows = list(windows_between(name, start_ns, end_ns, calendar))
            lengths = sum(window.end_ns - window.start_ns for window in windows)
            if name != "hour":
                assert (windows[0].start_ns, lengths) == (start_ns, end_ns - start_ns)
            assert all(before.end_ns == after.start_ns for before, after in pairwise(windows))


def test_a_month_is_made_of_days_a_day_of_hours_and_a_crooked_shift_of_minutes_at_its_edges() -> None:
    calendar = Calendar(ZoneInfo("Asia/Shanghai"), Shifts.of({"D": "07:30", "N": "19:30"}))
    time_ns = int(datetime(2026, 3, 15, 12, tzinfo=UTC).timestamp()) * 1_000_000_000
    made_of = {
        name: [part.name for part in parts_of(window_of(name, time_ns, calendar), calendar)] for name in NAMES[:5]
    }
    assert made_of["month"] == ["day"] * 31
    assert made_of["day"] == ["hour"] * 24
    assert made_of["shift"] == ["minute"] * 30 + ["hour"] * 11 + ["minute"] * 30
    assert made_of["hour"] == ["minute"] * 60
    assert made_of["minute"] == []
