"""Clocks: the machine's, and plant time that runs faster."""

import asyncio
import re
import time
from types import SimpleNamespace

import pytest
from example_plant import ClockByHand
from hypothesis import given
from hypothesis import strategies as st

from collector import clock as room
from collector.clock import ClockWatch, SimulatedClock, SystemClock

START_S = 1_795_316_400.0  # 2026-11-22T03:00:00Z
WEEK_S = 604_800.0


class Machine:
    """The machine's clocks, set by hand. Real time is ``real_s``; sleeping moves it on."""

    def __init__(self, real_s: float) -> None:
        self.real_s = real_s
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.real_s += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(START_S + WEEK_S)
    monkeypatch.setattr(
        room,
        "time",
        SimpleNamespace(time=lambda: machine.real_s, monotonic=lambda: machine.real_s - START_S + 77.0),
    )
    monkeypatch.setattr(room, "asyncio", SimpleNamespace(sleep=machine.sleep))
    return machine


def simulated(speed: str = "60", unix: str = f"{START_S + WEEK_S}") -> SimulatedClock:
    return SimulatedClock(f"2026-11-22T03:00:00Z@{unix}*{speed}")


def test_the_system_clock_tells_utc_and_a_time_that_runs_forward() -> None:
    clock = SystemClock()
    assert abs(clock.now_ns() - time.time_ns()) < 1_000_000_000
    assert clock.steady_s() <= clock.steady_s()


@pytest.mark.asyncio
async def test_the_system_clock_sleeps_50_ms_and_not_at_all_where_it_is_late() -> None:
    clock = SystemClock()
    started = clock.steady_s()
    await clock.sleep(-5)
    await clock.sleep(0.05)
    assert 0.049 <= clock.steady_s() - started < 1.0


def test_60_s_of_plant_time_go_by_in_a_second(machine: Machine) -> None:
    clock = simulated()
    assert clock.now_ns() == pytest.approx(START_S * 1e9, abs=1e3)
    machine.real_s += 1
    assert clock.steady_s() == pytest.approx(START_S + 60, abs=1e-5)
    assert clock.now_ns() == pytest.approx((START_S + 60) * 1e9, abs=1e4)


def test_a_fraction_of_a_second_and_a_zone_can_be_written(machine: Machine) -> None:
    del machine
    clock = SimulatedClock(f"2026-11-22T11:00:00+08:00@{START_S + WEEK_S - 0.5:.2f}*2.5")
    assert clock.steady_s() == pytest.approx(START_S + 1.25, abs=1e-5)


def test_simulator_and_collector_that_start_at_different_times_agree(machine: Machine) -> None:
    first = simulated()
    machine.real_s += 100
    assert simulated().steady_s() == first.steady_s()


def test_plant_time_catches_up_with_the_present_and_goes_on_in_real_time(machine: Machine) -> None:
    clock = simulated(speed="3600")
    machine.real_s += 200
    assert clock.steady_s() == pytest.approx(START_S + WEEK_S + 200, abs=1e-5)
    machine.real_s += 10
    assert clock.steady_s() == pytest.approx(START_S + WEEK_S + 210, abs=1e-5)


@given(st.floats(1, 3600), st.lists(st.floats(0, 1e5), max_size=20))
def test_plant_time_never_runs_back_and_never_passes_the_present(speed: float, steps: list[float]) -> None:
    machine = Machine(START_S + WEEK_S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "time", SimpleNamespace(time=lambda: machine.real_s, monotonic=lambda: machine.real_s))
        clock = simulated(speed=f"{speed:.6f}")
        before = clock.steady_s()
        for step in steps:
            machine.real_s += step
            now = clock.steady_s()
            assert before <= now <= machine.real_s
            before = now


@pytest.mark.asyncio
async def test_sleeping_a_minute_of_plant_time_takes_a_second_at_60_times(machine: Machine) -> None:
    clock = simulated()
    await clock.sleep(60)
    assert sum(machine.slept) == pytest.approx(1.0, abs=0.01)
    assert clock.steady_s() == pytest.approx(START_S + 60, abs=0.02)


@pytest.mark.asyncio
async def test_sleeping_over_the_present_goes_on_in_real_time(machine: Machine) -> None:
    clock = simulated(speed="3600")
    await clock.sleep(WEEK_S + 1000)
    caught_up_after = WEEK_S / 3599
    assert machine.real_s == pytest.approx(START_S + WEEK_S + 1000, abs=0.02)
    assert caught_up_after < 1000
    assert len(machine.slept) < 100


@pytest.mark.asyncio
async def test_sleeping_for_a_time_that_is_over_does_not_wait(machine: Machine) -> None:
    await simulated().sleep(-3)
    assert machine.slept == []


@pytest.mark.asyncio
async def test_a_simulated_second_at_speed_100_takes_10_ms_of_real_time() -> None:
    now = time.time()
    clock = SimulatedClock(f"2026-01-01T00:00:00Z@{now:.3f}*100")
    started = asyncio.get_running_loop().time()
    await clock.sleep(1.0)
    assert 0.009 <= asyncio.get_running_loop().time() - started < 0.5


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "'' is no clock; write START@UNIX*SPEED"),
        ("2026-11-22T03:00:00Z", "is no clock"),
        ("2026-11-22T03:00:00Z@1795316400", "is no clock"),
        ("2026-11-22T03:00:00Z@-5*60", "is no clock"),
        ("2026-11-22T03:00:00Z@1795316400*x", "is no clock"),
        ("2026-11-22T03:00:00Z@1795316400*60 ", "is no clock"),
        ("2026-11-22T03:00:00@1795316400*60", "has no time zone; end it with Z for UTC"),
        ("yesterday@1795316400*60", "Invalid isoformat string: 'yesterday'"),
        ("2026-11-22T03:00:00Z@1795316400*0.5", "a speed of 0.5 is not possible; it goes from 1 to 3600"),
        ("2026-11-22T03:00:00Z@1795316400*3601", "a speed of 3601 is not possible"),
    ],
)
def test_a_text_that_is_no_clock_is_refused(spec: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        SimulatedClock(spec)


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, 0.75])
def test_a_machine_whose_clock_is_set_is_found_out_once(step_s: float) -> None:
    clock = ClockByHand(1_795_316_400_000_000_000)
    watch = ClockWatch(clock)
    clock.ns += 1_000_000_000
    assert watch.step_s() == 0.0
    clock.set_by_s += step_s
    clock.ns += 1_000_000_000
    assert watch.step_s() == pytest.approx(step_s)
    assert watch.step_s() == 0.0


def test_a_clock_that_is_only_trimmed_was_not_set() -> None:
    clock = ClockByHand(1_795_316_400_000_000_000)
    watch = ClockWatch(clock)
    for _ in range(3600):  # by the fastest that is usual, half a millisecond a second
        clock.ns += 1_000_000_000
        clock.set_by_s += 0.0005
        assert watch.step_s() == 0.0


def test_simulated_time_is_never_set_and_knows_its_speed() -> None:
    clock = SimulatedClock(f"2026-01-01T00:00:00Z@{time.time():.3f}*60")
    assert ClockWatch(clock).step_s() == 0.0
    assert clock.speed == 60.0
    caught_up = SimulatedClock(f"2026-01-01T00:00:00Z@{time.time() - 1e9:.3f}*60")
    assert caught_up.speed == 1.0
