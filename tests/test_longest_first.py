"""The order of the test files."""

from pathlib import Path

from longest_first import SECONDS, weight

HERE = Path(__file__).parent


def test_every_file_that_is_said_to_be_long_is_there() -> None:
    assert SECONDS.keys() - {path.name for path in HERE.rglob("test_*.py")} == set()


def test_a_file_of_78_s_comes_before_one_of_44_s_and_the_short_ones_stay_as_they_are() -> None:
    names = [
        "test_clock.py",
        "test_pain_05_outage_or_restart_loses_data.py",
        "test_assembly.py",
        "test_pain_08_the_consumer_stops_silently.py",
    ]
    assert sorted(names, key=weight, reverse=True) == [
        "test_pain_08_the_consumer_stops_silently.py",
        "test_pain_05_outage_or_restart_loses_data.py",
        "test_clock.py",
        "test_assembly.py",
    ]
