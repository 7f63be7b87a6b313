"""Alerts of the energy balance: one each time that a suspicion begins, changes or ends."""

import pytest
from feeding_line import T0, day_window, hour_window
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.windows import HOUR_NS
from collector.closing.suspecting import Groups, Suspicions, told_after

HEAD = "alert,plant=example,potline=PL1,rule=energy_balance,severity=warning "
A: Groups = (("feeder-1",),)
A_OR_B: Groups = (("feeder-2", "feeder-1"),)
C: Groups = (("pots",),)


def suspicions(kept: str = "") -> Suspicions:
    return Suspicions("example", "PL1", limit=0.001, kept=kept)


def test_a_suspicion_has_one_alert_with_its_probability_against_the_share_of_false_alarms() -> None:
    line = suspicions()
    assert line.take(hour_window(0), (), 0.4) == []
    [alert] = line.take(hour_window(1), A, 2e-5)
    assert line.take(hour_window(2), A, 1e-5) == []
    text = "feeder-1 does not fit the energy balance; compare the meter with its neighbours"
    fields = f'state="firing",value=2e-05,limit=0.001,text="{text}",firing=1i'
    assert alert.decode() == f"{HEAD}{fields} {T0 + 2 * HOUR_NS}"


def test_what_is_cleared_is_resolved_once() -> None:
    line = suspicions()
    line.take(hour_window(0), A, 2e-5)
    [alert] = line.take(hour_window(1), (), 0.7)
    assert 'state="resolved",value=0.7,' in alert.decode()
    assert line.take(hour_window(2), (), 0.7) == []


def test_a_restart_repeats_nothing_and_forgets_nothing() -> None:
    line = suspicions()
    line.take(hour_window(0), A, 2e-5)
    again = suspicions(line.remembered)
    assert again.take(hour_window(0), A, 2e-5) == []
    assert again.take(hour_window(1), A, 2e-5) == []
    [alert] = suspicions(again.remembered).take(hour_window(2), (), 0.7)
    assert 'state="resolved"' in alert.decode()


def test_a_meter_that_is_named_out_of_two_is_news_and_an_hour_that_knows_less_is_none() -> None:
    line = suspicions()
    [first] = line.take(hour_window(0), A_OR_B, 2e-5)
    [second] = line.take(hour_window(1), A, 2e-5)
    assert line.take(hour_window(2), A_OR_B, 2e-5) == []
    assert "does not close: feeder-1 or feeder-2" in first.decode()
    assert "feeder-1 does not fit" in second.decode()


def test_another_meter_is_news_and_so_is_one_of_two_that_fits_again() -> None:
    line = suspicions()
    line.take(hour_window(0), A, 2e-5)
    [other] = line.take(hour_window(1), C, 2e-5)
    [both] = line.take(hour_window(2), (*A, *C), 2e-5)
    [one] = line.take(hour_window(3), C, 2e-5)
    assert [text.decode().count("does not fit") for text in (other, both, one)] == [1, 2, 1]


def test_windows_of_the_past_are_no_news() -> None:
    line = suspicions()
    line.take(hour_window(5), A, 2e-5)
    assert line.take(hour_window(3), (), 0.7) == []


def test_an_hour_and_a_day_that_end_together_have_two_alerts_at_two_times() -> None:
    line = suspicions()
    [hour] = line.take(hour_window(23), A, 2e-5)
    line.take(day_window(0), C, 2e-5)
    [cleared] = line.take(hour_window(23), (), 0.7)  # the day says something else, and now it counts
    times = [int(text.decode().rsplit(" ", 1)[1]) for text in (hour, cleared)]
    assert times == [T0 + 24 * HOUR_NS, T0 + 24 * HOUR_NS + 1]


def test_what_is_damaged_is_told_with_a_remedy() -> None:
    with pytest.raises(ValueError, match="potline verify"):
        suspicions("{")


NAMES = st.sampled_from(["a", "b", "c", "d"])
GROUPS = st.lists(st.lists(NAMES, min_size=1, max_size=3, unique=True).map(tuple), max_size=3).map(tuple)


@given(told=GROUPS, found=GROUPS)
def test_the_same_window_twice_is_no_news(told: Groups, found: Groups) -> None:
    once = told_after(told, found)
    assert told_after(once, found) == once
    assert bool(once) == bool(found)
