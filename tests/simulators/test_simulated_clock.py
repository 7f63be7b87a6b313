"""Plant time of the simulator."""

import asyncio

import pytest

from simulators.clock import ClockSpec, PlantClock, RealTime
from simulators.instants import iso_milliseconds, iso_seconds

SECOND = 1_000_000_000
THREE_O_CLOCK = 1_795_316_400 * SECOND  # 2026-11-22T03:00:00Z
SPEC = "2026-11-22T03:00:00Z@1795327200.25*60"  # three hours later, at 60 times real time


class Hand:
    """A real-time clock that is moved by hand."""

    def __init__(self, now_ns: int) -> None:
        self.now = now_ns

    def now_ns(self) -> int:
        return self.now


def test_a_clock_specification_is_read_to_the_nanosecond() -> None:
    spec = ClockSpec.parse(SPEC)
    assert spec.start_ns == 1_795_316_400_000_000_000
    assert spec.unix_ns == 1_795_327_200_250_000_000
    assert spec.speed == 60
    assert spec.text == SPEC


def test_a_start_with_an_offset_from_utc_is_the_same_instant() -> None:
    assert ClockSpec.parse("2026-11-22T11:00:00+08:00@1795327200*1").start_ns == THREE_O_CLOCK


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("2026-11-22T03:00:00Z", "START@UNIX"),
        ("2026-11-22T03:00:00Z@1795327200", "START@UNIX"),
        ("yesterday@1795327200*60", "START 'yesterday'"),
        ("2026-11-22T03:00:00@1795327200*60", "no time zone"),
        ("2026-11-22T03:00:00Z@now*60", "UNIX 'now'"),
        ("2026-11-22T03:00:00Z@1795327200*0", "SPEED '0'"),
        ("2026-11-22T03:00:00Z@1795327200*-1", "SPEED '-1'"),
        ("2026-11-22T03:00:00Z@1795327200*fast", "SPEED 'fast'"),
    ],
)
def test_a_wrong_clock_specification_says_which_part_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint.replace("*", r"\*")):
        ClockSpec.parse(text)


def test_plant_time_runs_faster_until_it_has_caught_up_and_then_in_real_time() -> None:
    hand = Hand(1_795_327_200_250_000_000)
    clock = PlantClock(ClockSpec.parse(SPEC), hand)
    assert clock.now_ns() == THREE_O_CLOCK
    hand.now += 10 * SECOND
    assert clock.now_ns() == THREE_O_CLOCK + 600 * SECOND
    # The lag of 10,800.25 s shrinks by 59 s a second: gone after 183.055 s.
    hand.now = 1_795_327_200_250_000_000 + 183 * SECOND
    assert clock.now_ns() == THREE_O_CLOCK + 10_980 * SECOND < hand.now
    hand.now += SECOND
    assert clock.now_ns() == hand.now
    hand.now += 3600 * SECOND
    assert clock.now_ns() == hand.now


def test_the_real_instant_of_a_plant_time_is_known_before_and_after_catching_up() -> None:
    clock = PlantClock(ClockSpec.parse(SPEC), Hand(0))
    assert clock.real_ns_of(THREE_O_CLOCK + 600 * SECOND) == 1_795_327_210_250_000_000
    later = THREE_O_CLOCK + 86_400 * SECOND
    assert clock.real_ns_of(later) == later


def test_the_simulation_begins_at_a_whole_second() -> None:
    assert ClockSpec.parse("2026-11-22T03:00:00.75Z@1795327200*60").begin_ns == THREE_O_CLOCK
    assert ClockSpec.ago(THREE_O_CLOCK + 5).begin_ns == THREE_O_CLOCK - SECOND


def test_plain_real_time_can_be_handed_on_as_a_specification() -> None:
    spec = ClockSpec.ago(THREE_O_CLOCK + 250_000_000)
    assert spec.text == "2026-11-22T02:59:59Z@1795316399*1"
    assert PlantClock(spec, Hand(THREE_O_CLOCK + 7)).now_ns() == THREE_O_CLOCK + 7


@pytest.mark.asyncio
async def test_sleeping_ends_at_the_plant_time_that_was_asked_for() -> None:
    loop = asyncio.get_running_loop()
    spec = ClockSpec.parse(f"2020-01-01T00:00:00Z@{RealTime().now_ns() // SECOND}*1000")
    clock = PlantClock(spec)
    target = clock.now_ns() + 100 * SECOND
    before = loop.time()
    await clock.sleep_until(target)
    assert clock.now_ns() >= target
    assert 0.05 < loop.time() - before < 0.5
    await clock.sleep_until(target)


def test_times_are_written_in_utc() -> None:
    assert iso_seconds(THREE_O_CLOCK + 999_999_999) == "2026-11-22T03:00:00Z"
    assert iso_milliseconds(THREE_O_CLOCK + 61_045_999_999) == "2026-11-22T03:01:01.045Z"
