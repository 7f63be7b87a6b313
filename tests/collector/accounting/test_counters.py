"""Counters: wraps, resets, glitches, and the physical bound that no booking passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting import counters
from collector.accounting.counters import Counter, Step

SECOND = 1_000_000_000
PER_S = 60_000 / 3600  # 60 MW in kWh per second
SLACK = 10 * PER_S  # a register that is brought up to date every ten seconds


def read(counter: Counter, shown: float, at_s: float, *, modulus: float | None = None) -> tuple[Counter, Step]:
    return counters.advance(counter, shown, int(at_s * SECOND), most_per_s=PER_S, modulus=modulus, slack=SLACK)


def test_the_first_reading_books_nothing() -> None:
    assert counters.start(123456.0, 0).total == 0.0


def test_a_plain_step_is_booked() -> None:
    counter, step = read(counters.start(1000.0, 0), 1080.0, 5)

    assert (counter.total, step) == (80.0, Step.BOOKED)


def test_counter_rollover_loses_no_energy() -> None:
    counter, step = read(counters.start(4294960.0, 0), 5.296, 1, modulus=4294967.296)

    assert step is Step.WRAPPED
    assert counter.total == pytest.approx(12.592, abs=1e-9)


def test_a_uint32_wh_counter_at_450_mw_wraps_every_nine_and_a_half_hours_and_the_day_is_still_whole() -> None:
    modulus = 4294967.296
    counter = counters.start(4_000_000.0, 0)
    for minute in range(1, 1441):
        true_kwh = 450_000 / 60 * minute
        counter, _ = counters.advance(
            counter,
            (4_000_000.0 + true_kwh) % modulus,
            minute * 60 * SECOND,
            most_per_s=500_000 / 3600,
            modulus=modulus,
            slack=1.0,
        )

    assert counter.total == pytest.approx(10_800_000.0, rel=1e-12)


def test_a_zero_glitch_is_not_a_lifetime_of_energy() -> None:
    counter = counters.start(81_000.0, 0)
    counter, first = read(counter, 0.0, 5)
    counter, second = read(counter, 81_100.0, 10)

    assert (first, second) == (Step.SUSPECT, Step.BOOKED)
    assert counter.total == 100.0


def test_a_stale_dip_is_not_booked_twice() -> None:
    counter = counters.start(5000.0, 0)
    counter, _ = read(counter, 5080.0, 5)
    counter, dip = read(counter, 5070.0, 10)
    counter, _ = read(counter, 5160.0, 15)

    assert dip is Step.SUSPECT
    assert counter.total == 160.0


def test_a_meter_swap_starts_again_from_the_new_meter_after_three_readings() -> None:
    counter = counters.start(900_000.0, 0)
    steps = []
    for number, shown in enumerate((12.0, 92.0, 172.0, 252.0), start=1):
        counter, step = read(counter, shown, 5 * number)
        steps.append(step)

    assert steps == [Step.SUSPECT, Step.SUSPECT, Step.REBASED, Step.BOOKED]
    assert counter.total == 80.0


def test_a_register_that_stands_for_nine_seconds_and_then_steps_is_booked_in_full() -> None:
    counter = counters.start(1000.0, 0)
    for second in range(1, 61):
        counter, step = read(counter, 1000.0 + PER_S * (second // 10 * 10), second)
        assert step is Step.BOOKED

    assert counter.total == pytest.approx(1000.0)


def test_the_slack_is_given_once_and_not_with_every_reading() -> None:
    counter = counters.start(0.0, 0)
    counter, first = read(counter, 180.0, 1)  # 10.8 s worth of energy in one second
    counter, second = read(counter, 360.0, 2)

    assert (first, second) == (Step.BOOKED, Step.SUSPECT)


def test_a_jump_above_the_rated_power_is_never_booked() -> None:
    counter = counters.start(1000.0, 0)
    counter, step = read(counter, 1_000_000.0, 5)

    assert step is Step.SUSPECT
    assert counter.total == 0.0


def test_two_glitches_that_do_not_follow_each_other_do_not_make_a_new_level() -> None:
    counter = counters.start(1000.0, 0)
    for at_s, shown in ((1, 0.0), (2, 700_000.0), (3, 0.0), (4, 700_000.0)):
        counter, step = read(counter, shown, at_s)
        assert step is Step.SUSPECT
    counter, step = read(counter, 1080.0, 5)

    assert (step, counter.total) == (Step.BOOKED, 80.0)


def test_a_counter_that_shows_whole_units_may_step_by_one_at_once() -> None:
    counter, step = counters.advance(counters.start(7.0, 0), 8.0, SECOND, most_per_s=0.001, modulus=None, slack=2.0)

    assert (step, counter.total) == (Step.BOOKED, 1.0)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50), st.sampled_from([None, 99_999.9, 4294967.296]))
def test_no_row_of_readings_books_more_than_the_physical_bound(shown: list[float], modulus: float | None) -> None:
    counter = counters.start(shown[0], 0)
    for number, value in enumerate(shown[1:], start=1):
        counter, _ = read(counter, value, number, modulus=modulus)

    assert 0.0 <= counter.total <= PER_S * (len(shown) - 1) + SLACK + 1e-6


@given(st.lists(st.floats(0, PER_S), min_size=1, max_size=100), st.floats(0, 4294967.0))
def test_what_is_booked_is_what_was_consumed_across_any_number_of_wraps(gains: list[float], start: float) -> None:
    modulus = 4294967.296
    counter = counters.start(start, 0)
    true = start
    for number, gain in enumerate(gains, start=1):
        true += gain
        counter, _ = read(counter, true % modulus, number, modulus=modulus)

    assert counter.total == pytest.approx(true - start, abs=1e-6)
