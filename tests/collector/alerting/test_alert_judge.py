"""When an alert fires and is resolved: limits, hold times, values that come late, and a clock that is set."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from alert_rules import above
from hypothesis import given
from hypothesis import strategies as st

from collector.alerting.judge import Phase, Standing, after, held_anew
from collector.plant.alerts import AlertRule, Side

S = 1_000_000_000
QUIET = Standing()


def phases(rule: AlertRule, told: Sequence[tuple[float, float]], start: Standing = QUIET) -> list[Phase]:
    """Return the phase after each value, told as time [s] and value."""
    found, now = [], start
    for time_s, value in told:
        now = after(rule, now, round(time_s * S), value)[-1]
        found.append(now.phase)
    return found


def test_without_a_hold_the_first_wrong_value_fires_and_the_first_right_one_resolves() -> None:
    rule = above(100.0, 90.0)
    assert phases(rule, [(1, 100.0), (2, 100.1), (3, 95.0), (4, 90.1), (5, 90.0), (6, 95.0)]) == [
        Phase.QUIET,
        Phase.FIRING,
        Phase.FIRING,
        Phase.FIRING,
        Phase.QUIET,
        Phase.QUIET,
    ]


def test_below_is_the_same_upside_down() -> None:
    rule = above(95.0, 98.0, side=Side.BELOW)
    assert phases(rule, [(1, 95.0), (2, 94.9), (3, 97.9), (4, 98.0)]) == [
        Phase.QUIET,
        Phase.FIRING,
        Phase.FIRING,
        Phase.QUIET,
    ]


def test_a_hold_of_300_s_fires_at_300_s_and_a_right_value_begins_it_anew() -> None:
    rule = above(100.0, for_s=300.0)
    told = [(0, 101.0), (299, 101.0), (299.5, 100.0), (300, 101.0), (599, 101.0), (600, 101.0)]
    assert phases(rule, told) == [
        Phase.PENDING,
        Phase.PENDING,
        Phase.QUIET,
        Phase.PENDING,
        Phase.PENDING,
        Phase.FIRING,
    ]


def test_resolving_is_held_as_well_and_a_wrong_value_goes_back_to_firing() -> None:
    rule = above(100.0, 90.0, resolves_after_s=60.0)
    told = [(0, 101.0), (1, 80.0), (60, 80.0), (60.5, 95.0), (61, 80.0), (120, 80.0), (121, 80.0)]
    assert phases(rule, told) == [
        Phase.FIRING,
        Phase.RESOLVING,
        Phase.RESOLVING,
        Phase.FIRING,
        Phase.RESOLVING,
        Phase.RESOLVING,
        Phase.QUIET,
    ]


def test_a_value_that_ends_a_silence_and_is_wrong_resolves_and_fires() -> None:
    silent = Standing(Phase.SILENT, 10 * S, 5 * S)
    assert [step.phase for step in after(above(100.0), silent, 11 * S, 101.0)] == [Phase.QUIET, Phase.FIRING]
    assert [step.phase for step in after(above(100.0), silent, 11 * S, 99.0)] == [Phase.QUIET]


VALUES = st.floats(0, 200)
TOLD = st.lists(st.tuples(st.integers(0, 600), VALUES), max_size=60)
RULES = st.builds(
    above,
    st.just(100.0),
    st.sampled_from([100.0, 90.0]),
    for_s=st.sampled_from([0.0, 60.0, 300.0]),
    resolves_after_s=st.sampled_from([0.0, 60.0]),
)


@given(RULES, st.lists(st.floats(90.0, 100.0, exclude_min=True), max_size=40), st.booleans())
def test_within_the_hysteresis_nothing_changes(rule: AlertRule, values: list[float], is_firing: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    rule = above(100.0, 90.0, for_s=rule.for_s, resolves_after_s=rule.resolves_after_s)
    start = Standing(Phase.FIRING if is_firing else Phase.QUIET)
    assert set(phases(rule, list(enumerate(values)), start)) <= {start.phase}


def held_s(told: list[tuple[int, float]], limit: float, *, is_wrong: bool) -> float | None:
    """Return for how long the latest values have been wrong, or right, without a break [s]; None: the last is not."""
    since = None
    for time_s, value in reversed(told):
        if (value > limit) is not is_wrong:
            break
        since = time_s
    return None if since is None else told[-1][0] - since


@given(RULES, TOLD)
def test_it_fires_and_is_resolved_exactly_when_every_value_of_the_hold_was_so(
    rule: AlertRule, told: list[tuple[int, float]]
) -> None:
    told = sorted(told, key=lambda each: each[0])
    now, changed = QUIET, 0
    for place, (time_s, value) in enumerate(told):
        was_firing, now = now.phase.is_firing, after(rule, now, time_s * S, value)[-1]
        # A hold never reaches back behind the last transition.
        known = told[changed : place + 1]
        if was_firing:
            held = held_s(known, rule.resolves_at, is_wrong=False)
            expected = held is None or held < rule.resolves_after_s
        else:
            held = held_s(known, rule.limit, is_wrong=True)
            expected = held is not None and held >= rule.for_s
        assert now.phase.is_firing is expected
        if expected is not was_firing:
            changed = place + 1


@given(RULES, TOLD, TOLD)
def test_values_that_come_late_change_nothing(
    rule: AlertRule, told: list[tuple[int, float]], late: list[tuple[int, float]]
) -> None:
    told = sorted(told, key=lambda each: each[0])
    now = QUIET
    for time_s, value in told:
        now = after(rule, now, (1000 + time_s) * S, value)[-1]
    for time_s, value in late if told else []:
        assert after(rule, now, time_s * S, value) == [now]


@pytest.mark.parametrize("step_s", [-3600, 3600])
def test_a_clock_that_is_set_holds_anew_and_never_makes_an_alert_blind(step_s: int) -> None:
    rule = above(100.0, for_s=60.0)
    [pending] = after(rule, QUIET, 7200 * S, 101.0)
    now = held_anew(pending, step_s * S)
    told = [(7200 + step_s + after_s, 101.0) for after_s in (1, 60, 61)]
    assert phases(rule, told, now) == [Phase.PENDING, Phase.PENDING, Phase.FIRING]


@given(RULES, TOLD, st.integers(-3600, 3600), st.integers(0, 60))
def test_a_step_of_the_clock_never_fires_or_resolves(
    rule: AlertRule, told: list[tuple[int, float]], step_s: int, at: int
) -> None:
    now = QUIET
    for place, (time_s, value) in enumerate(sorted(told, key=lambda each: each[0])):
        if place == at:
            stepped = held_anew(now, step_s * S)
            assert stepped.phase.is_firing is now.phase.is_firing
            now = stepped
        now = after(rule, now, time_s * S, value)[-1]


@given(RULES, TOLD)
def test_a_phase_never_skips_its_hold(rule: AlertRule, told: list[tuple[int, float]]) -> None:
    steps = [QUIET]
    for time_s, value in sorted(told, key=lambda each: each[0]):
        steps += after(rule, steps[-1], time_s * S, value)
    for before, now in pairwise(steps):
        if rule.for_s and before.phase is Phase.QUIET:
            assert now.phase in (Phase.QUIET, Phase.PENDING)
        if rule.resolves_after_s and before.phase is Phase.FIRING:
            assert now.phase in (Phase.FIRING, Phase.RESOLVING)
