"""The calendar: shifts as they are written, and local times of beginning as instants."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.plant.calendar import Calendar, Shifts, local_start

BERLIN = ZoneInfo("Europe/Berlin")
EIGHT_HOURS = {"N": "00:00", "D": "08:00", "S": "16:00"}


def utc(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M}"


def test_a_local_time_of_beginning_counts_from_midnight_of_the_date_it_belongs_to() -> None:
    assert local_start("08:00") == 480
    assert local_start("23:59") == 1439
    assert local_start("22:00 -1d") == -120


@pytest.mark.parametrize("written", ["8:00", "24:00", "08:60", "08:00:00", "22:00-1d", "22:00 -2d", "\uff108:00", ""])
def test_a_time_of_beginning_that_is_written_in_another_way_is_refused_with_the_way(written: str) -> None:
    with pytest.raises(ValueError, match=r"is no local time of beginning; write hours and minutes, '08:00', or '22:00"):
        local_start(written)


def test_shifts_are_put_in_their_order() -> None:
    shifts = Shifts.of({"D": "06:00", "S": "14:00", "N": "22:00 -1d"})
    assert shifts == Shifts(("N", "D", "S"), (-120, 360, 840))


@pytest.mark.parametrize(
    ("names", "starts", "says"),
    [
        (("N", "D"), (0,), "2 shifts have 1 times"),
        (("N", "N"), (0, 480), "two shifts have one name"),
        (("N", "D"), (480, 480), "no two at one time"),
        (("N", "D"), (480, 0), "one after the other; give them in their order"),
        (("1",), (0,), "is no name of a shift"),
        (("N-1",), (0,), "is no name of a shift"),
        (("N", "D"), (-120, 1320), "24 hours or more after the first; add ' -1d'"),
        (("N",), (1440,), "from -1439 to 1439"),
    ],
)
def test_shifts_that_are_no_calendar_are_refused(names: tuple[str, ...], starts: tuple[int, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Shifts(names, starts)


def test_a_beginning_of_the_day_that_is_more_than_a_day_off_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the production day begins -1440 minutes after midnight"):
        Calendar(BERLIN, day_starts_min=-1440)


def test_a_time_that_the_clock_shows_twice_is_the_first_of_the_two() -> None:
    calendar = Calendar(BERLIN, day_starts_min=local_start("02:30"))
    assert utc(calendar.day_start(date(2026, 10, 25))) == "2026-10-25 00:30"


def test_a_time_that_the_clock_leaves_out_is_when_the_clock_is_set() -> None:
    calendar = Calendar(BERLIN, day_starts_min=local_start("02:30"))
    assert utc(calendar.day_start(date(2026, 3, 29))) == "2026-03-29 01:00"


def test_a_clock_that_is_set_back_at_midnight_shows_the_evening_twice_and_then_the_new_day() -> None:
    calendar = Calendar(ZoneInfo("America/Sao_Paulo"))
    assert utc(calendar.day_start(date(2019, 2, 17))) == "2019-02-17 03:00"
    assert calendar.day_start(date(2019, 2, 17)) - calendar.day_start(date(2019, 2, 16)) == 25 * 3_600_000_000_000


def test_a_clock_that_is_set_forward_at_midnight_begins_the_day_at_one() -> None:
    calendar = Calendar(ZoneInfo("America/Sao_Paulo"))
    start_ns = calendar.day_start(date(2018, 11, 4))
    assert utc(start_ns) == "2018-11-04 03:00"
    assert calendar.local(start_ns).hour == 1


def test_a_day_that_the_calendar_left_out_has_no_time() -> None:
    calendar = Calendar(ZoneInfo("Pacific/Apia"), Shifts.of(EIGHT_HOURS))
    left_out = date(2011, 12, 30)
    assert calendar.day_start(left_out) == calendar.day_start(date(2011, 12, 31))
    assert calendar.day_of(calendar.day_start(left_out)) == date(2011, 12, 31)
    assert calendar.shift_of(calendar.day_start(left_out)) == (date(2011, 12, 31), 0)
    assert calendar.shift_of(calendar.day_start(left_out) - 1) == (date(2011, 12, 29), 2)


def test_of_two_shifts_whose_beginnings_the_clock_leaves_out_the_first_has_no_time() -> None:
    calendar = Calendar(BERLIN, Shifts.of({"A": "02:10", "B": "02:40", "C": "12:00"}))
    starts = calendar.shift_starts(date(2026, 3, 29))
    assert starts[0] == starts[1]
    assert calendar.shift_of(starts[0]) == (date(2026, 3, 29), 1)


def test_without_shifts_no_time_lies_in_one() -> None:
    with pytest.raises(LookupError, match=r"the plant has no shifts; add their names"):
        Calendar(BERLIN).shift_of(0)
