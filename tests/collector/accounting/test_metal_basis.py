"""How long an interval has to be for tapping to judge it."""

from datetime import date
from zoneinfo import ZoneInfo

from collector.accounting.metal_basis import why_not_by_tapping
from collector.accounting.windows import DAY_NS, HOUR_NS, Window, day_window, rolling_ending
from collector.plant.calendar import Calendar

BERLIN = Calendar(ZoneInfo("Europe/Berlin"))


def why(window: Window, coverage_pct: float = 100.0, least_length_ns: int = DAY_NS) -> str | None:
    return why_not_by_tapping(
        window, coverage_pct=coverage_pct, least_coverage_pct=90.0, least_length_ns=least_length_ns
    )


def test_an_hour_and_a_shift_are_too_short_for_tapping() -> None:
    assert why(Window("hour", 0, HOUR_NS)) == "1 h are shorter than the cycle of tapping (24 h); take a day or longer"
    assert why(Window("shift", 0, 12 * HOUR_NS)) is not None


def test_a_day_is_a_day_even_if_the_clock_makes_it_an_hour_shorter() -> None:
    spring = day_window(date(2026, 3, 29), BERLIN)
    assert spring.length_s == 23 * 3600
    assert why(spring) is None
    assert why(rolling_ending(DAY_NS)) is None


def test_a_plant_that_taps_every_other_day_takes_two_days() -> None:
    day = day_window(date(2026, 3, 1), BERLIN)
    assert why(day, least_length_ns=2 * DAY_NS) is not None
    assert why(Window("period", 0, 2 * DAY_NS), least_length_ns=2 * DAY_NS) is None


def test_a_day_of_whose_charge_too_little_is_known_is_not_judged() -> None:
    day = day_window(date(2026, 3, 1), BERLIN)
    assert why(day, 89.9) == "the charge is known for 89.9 % of it, and 90 % are asked for"
    assert why(day, 90.0) is None
