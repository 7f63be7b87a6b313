"""Whose turn it is: deadlines, silence, patience."""

import math

import pytest

from collector.acquisition.cadence import Cadence
from collector.acquisition.modbus.quarantine import Quarantine
from collector.acquisition.modbus.rounds import (
    LEAST_PATIENCE_S,
    Round,
    RoundTrips,
    Waiting,
    next_instant,
    next_round,
    slack_s,
)
from collector.plant.profile import BlockRules, Register, RegisterType


def round_of(meter: int, *, period_s: float, start_s: float = 0.0) -> Round:
    register = Register("r", None, 3, meter, RegisterType.U16, 1, unit="V")
    return Round(meter, Quarantine([register], BlockRules()), Cadence(period_s=period_s, start_s=start_s))


def test_the_earliest_deadline_comes_first_and_a_silent_meter_last() -> None:
    fast, slow, silent = round_of(0, period_s=1.0), round_of(1, period_s=60.0), round_of(2, period_s=1.0)
    for each in (slow, silent, fast):
        each.begin(0.0)
    silent.hushed = True
    rounds = [slow, silent, fast]
    order = []
    while (chosen := next_round(rounds, 0.0)) is not None:
        order.append(chosen.meter)
        chosen.open = False
    assert order == [0, 1, 2]


def test_a_line_that_is_always_busy_still_reads_the_hourly_registers() -> None:
    """Twenty meters every second, 45 ms a request: 90 % of the line. One round an hour, of five requests."""
    rounds = [round_of(meter, period_s=1.0, start_s=meter * 0.02) for meter in range(20)]
    hourly = round_of(99, period_s=3600.0)
    now, served, requests = 0.0, 0, 0
    while now < 7200.0 and served < 2:
        for each in [*rounds, hourly]:
            if each.is_due(now):
                each.begin(now)
        chosen = next_round([*rounds, hourly], now)
        if chosen is None:
            now = next_instant([*rounds, hourly])
            continue
        now += 0.045
        requests += 1
        chosen.end(now)
        served += chosen is hourly
    assert served == 2
    assert 3600.0 <= now < 3601.0 + 3600.0
    assert sum(each.cadence.skipped for each in rounds) == 0


def test_on_a_line_that_is_never_free_a_silent_meter_is_asked_after_ten_periods() -> None:
    busy, silent = round_of(0, period_s=1.0), round_of(1, period_s=1.0)
    silent.begin(0.0)
    silent.hushed = True
    asked = []
    for step in range(300):  # each request takes 0.05 s more than the line has
        now = step * 1.05
        if busy.is_due(now):
            busy.begin(now)
        chosen = next_round([busy, silent], now)
        assert chosen is not None
        asked.append(chosen.meter)
        if chosen is silent:
            break
        chosen.end(now)
    assert len(asked) == 12


def test_a_round_that_waits_for_a_busy_device_lets_others_go_first() -> None:
    waiting, other = round_of(0, period_s=1.0), round_of(1, period_s=5.0)
    waiting.begin(0.0)
    other.begin(0.0)
    waiting.not_before_s = 0.2
    assert next_round([waiting, other], 0.1) is other
    assert next_round([waiting, other], 0.3) is waiting
    other.open = False
    other.cadence.advance(0.0)
    assert next_instant([waiting, other]) == pytest.approx(0.2)


def test_the_line_is_free_for_a_silent_meter_until_the_next_one_is_due() -> None:
    silent, other, hushed = round_of(0, period_s=1.0), round_of(1, period_s=1.0, start_s=0.7), round_of(2, period_s=1.0)
    hushed.hushed = True
    assert slack_s([silent, other, hushed], silent, 0.1) == pytest.approx(0.6)
    other.begin(0.7)
    assert slack_s([silent, other, hushed], silent, 0.8) == 0.0
    assert slack_s([silent, hushed], silent, 0.8) == math.inf


def test_patience_follows_the_slowest_answer_of_late() -> None:
    trips = RoundTrips()
    assert trips.least_patience_s(1.0) == 0.25
    trips.took(0.002)
    assert trips.least_patience_s(1.0) == LEAST_PATIENCE_S
    trips.took(0.05)
    assert trips.least_patience_s(1.0) == pytest.approx(0.4)
    trips.took(0.5)
    assert trips.least_patience_s(1.0) == 1.0
    for _ in range(400):
        trips.took(0.002)
    assert trips.least_patience_s(1.0) == LEAST_PATIENCE_S


def test_a_round_that_is_read_at_once_does_not_move_its_cadence() -> None:
    hourly = round_of(0, period_s=3600.0)
    hourly.begin(0.0)
    assert hourly.end(1.0) == 0
    assert hourly.cadence.due_s == 3600.0
    hourly.at_once = True
    assert hourly.is_due(10.0)
    assert next_instant([hourly]) == -math.inf
    hourly.begin(10.0)
    assert hourly.deadline_s == -math.inf
    hourly.end(11.0)
    assert hourly.cadence.due_s == 3600.0
    assert not hourly.is_due(11.0)


def test_waiting_rounds_come_up_when_they_begin_whatever_moved_them() -> None:
    first, second, third = (round_of(n, period_s=1.0, start_s=start_s) for n, start_s in enumerate((0.2, 0.1, 0.3)))
    waiting = Waiting([first, second, third])
    assert waiting.next_s == 0.1
    assert waiting.due(0.05) == []
    assert waiting.due(0.2) == [first, second]  # in the order of the line
    first.begin(0.2)
    waiting.put(first)  # open: it begins when it is closed
    second.resumes_s = 5.0
    waiting.put(second)
    assert waiting.due(0.3) == [third]
    first.end(0.3)
    waiting.put(first)
    waiting.put(first)
    assert waiting.next_s == 1.2
    second.resumes_s = -math.inf  # its meter is back: earlier than noted
    waiting.put(second)
    assert waiting.due(0.4) == [second]
    first.resumes_s = 2.0  # and later than noted, without a word
    assert waiting.due(1.2) == []
    assert waiting.next_s == 2.0
    assert waiting.due(2.0) == [first]
    assert waiting.due(6.0) == []
    assert waiting.next_s == math.inf
    third.at_once = True
    waiting.refill()
    assert waiting.next_s == -math.inf
