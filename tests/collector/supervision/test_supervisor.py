"""Restarting what may fail, and nothing else."""

import asyncio

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.source import raise_if_cancelled
from collector.supervision import supervisor
from collector.supervision.supervisor import keep_running, pause


class Temporary(Exception):
    retry_after_s = 0.0


class Done(Exception):
    """Ends a test's work; no failure that is temporary."""


def test_the_longest_pause_doubles_from_0_5_s_to_30_s() -> None:
    longest = [pause(failures, draw=lambda: 1.0) for failures in range(1, 9)]
    assert longest == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert pause(1_000_000, draw=lambda: 1.0) == 30.0


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_pause_lies_anywhere_between_nothing_and_its_longest(failures: int, drawn: float) -> None:
    assert pause(failures, draw=lambda: drawn) == drawn * pause(failures, draw=lambda: 1.0)


def test_a_source_may_have_a_longest_pause_of_its_own() -> None:
    longest = [pause(failures, longest_s=1.0, draw=lambda: 1.0) for failures in range(1, 6)]
    assert longest == [0.5, 1.0, 1.0, 1.0, 1.0]


def test_pauses_are_drawn_anew_so_that_many_do_not_return_at_once() -> None:
    assert len({pause(5) for _ in range(100)}) == 100


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Wait for nothing between attempts, and note after how many failures each pause was asked for."""
    asked: list[int] = []

    def noted(failures: int, *, longest_s: float = supervisor.LONGEST_PAUSE_S) -> float:
        assert longest_s == supervisor.LONGEST_PAUSE_S
        asked.append(failures)
        return 0.0

    monkeypatch.setattr(supervisor, "pause", noted)
    return asked


async def run(
    script: list[Exception | None],
    states: dict[str, str] | None = None,
    *,
    lasts_s: float = 0.0,
    did_well: bool = False,
) -> int:
    """Keep a work running that fails as the script says; it ends with Done. Return how often it was started."""
    starts = 0

    async def work() -> None:
        nonlocal starts
        starts += 1
        await asyncio.sleep(lasts_s)
        failure = script[starts - 1] if starts <= len(script) else Done()
        if failure is not None:
            raise failure

    with pytest.raises(Done):
        await keep_running(
            "plc",
            work,
            temporary=Temporary,
            states={} if states is None else states,
            running="running",
            did_well=lambda: did_well,
        )
    return starts


@pytest.mark.asyncio
async def test_a_temporary_failure_starts_the_work_again_and_any_other_propagates(no_pause: list[int]) -> None:
    assert await run([Temporary("cable"), Temporary("cable"), Temporary("cable")]) == 4
    assert no_pause == [1, 2, 3]


@pytest.mark.asyncio
@pytest.mark.parametrize("failure", [ValueError("bug"), KeyError("bug"), Exception("bug")])
async def test_a_bug_is_not_retried(failure: Exception) -> None:
    async def work() -> None:
        raise failure

    with pytest.raises(type(failure)):
        await keep_running("plc", work, temporary=Temporary, states={}, running="running")


@pytest.mark.asyncio
async def test_the_state_is_running_or_the_reason_to_wait(no_pause: list[int]) -> None:
    del no_pause
    states: dict[str, str] = {}
    seen: list[str] = []

    async def work() -> None:
        seen.append(states["plc"])
        if len(seen) == 3:
            raise Done
        # Comes to its turn while the supervisor waits.
        asyncio.get_running_loop().call_soon(lambda: seen.append(states["plc"]))
        raise Temporary("no cable")

    with pytest.raises(Done):
        await keep_running("plc", work, temporary=Temporary, states=states, running="running")
    assert seen == ["running", "no cable", "running"]


@pytest.mark.asyncio
async def test_of_one_outage_each_reason_is_logged_once(no_pause: list[int]) -> None:
    del no_pause
    with structlog.testing.capture_logs() as logs:
        await run([Temporary("a"), Temporary("a"), Temporary("b"), Temporary("b"), Temporary("a")])
    assert [(entry["log_level"], entry["name"], entry["reason"]) for entry in logs] == [
        ("warning", "plc", "a"),
        ("warning", "plc", "b"),
    ]


@pytest.mark.asyncio
async def test_a_failure_after_a_steady_run_is_logged_again_and_pauses_begin_anew(
    no_pause: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_S", -1.0)
    with structlog.testing.capture_logs() as logs:
        await run([Temporary("a"), Temporary("a"), Temporary("a")])
    assert len(logs) == 3
    assert no_pause == [1, 1, 1]


@pytest.mark.asyncio
async def test_a_work_that_did_well_for_longer_than_the_wait_before_it_begins_anew(
    no_pause: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    with structlog.testing.capture_logs() as logs:
        await run([Temporary("cut"), Temporary("cut"), Temporary("cut")], lasts_s=0.03, did_well=True)
    assert len(logs) == 3
    assert no_pause == [1, 1, 1]


@pytest.mark.asyncio
@pytest.mark.parametrize(("lasts_s", "did_well"), [(0.0, True), (0.03, False)])
async def test_works_that_throw_each_other_out_or_achieve_nothing_wait_longer_and_longer(
    no_pause: list[int],
    monkeypatch: pytest.MonkeyPatch,
    *,
    lasts_s: float,
    did_well: bool,
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    with structlog.testing.capture_logs() as logs:
        await run([Temporary("cut"), Temporary("cut"), Temporary("cut")], lasts_s=lasts_s, did_well=did_well)
    assert len(logs) == 1
    assert no_pause == [1, 2, 3]


@pytest.mark.asyncio
async def test_a_work_that_ends_by_itself_is_started_again(no_pause: list[int]) -> None:
    assert await run([Temporary("a"), None, Temporary("a")]) == 4
    assert no_pause == [1, 1, 1]


@pytest.mark.asyncio
async def test_a_work_that_ends_at_once_does_not_hold_up_the_loop() -> None:
    async def work() -> None:
        """End without waiting for anything."""

    task = asyncio.create_task(keep_running("plc", work, temporary=Temporary, states={}, running="running"))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.asyncio
async def test_a_failure_that_asks_for_0_2_s_is_not_retried_before(no_pause: list[int]) -> None:
    del no_pause
    busy = Temporary("busy")
    busy.retry_after_s = 0.2
    loop = asyncio.get_running_loop()
    started = loop.time()
    await run([busy])
    assert 0.2 <= loop.time() - started < 1.0


@pytest.mark.asyncio
async def test_cancelling_during_a_pause_is_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "pause", lambda _, *, longest_s: longest_s)

    async def work() -> None:
        raise Temporary("no cable")

    task = asyncio.create_task(keep_running("plc", work, temporary=Temporary, states={}, running="running"))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 30)


@pytest.mark.asyncio
async def test_a_cancellation_that_a_library_swallowed_is_raised_again() -> None:
    async def work() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            raise_if_cancelled()

    raise_if_cancelled()
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
