"""Who is named, who is only one of several, and how often an alarm is false."""

import numpy as np
import pytest
from balanced_line import ALL_METERS, columns, metering, truth

from collector.accounting.reconciliation import Constraint, Network, Term
from collector.accounting.suspicion import Suspicion, alarm_probability, least_error_found, suspicions

INCOMER = Constraint("incomer", (Term(1.0, "incomer"), Term(-1.0, "north"), Term(-1.0, "south")))
CHECK = Constraint("check", (Term(1.0, "south"), Term(-1.0, "check")))
NAMES = ("incomer", "north", "south", "check")
STANDARD = np.array([1.0, 1.0, 1.0, 1.0])


def found(*values: float, alpha: float = 0.01) -> tuple[Suspicion, ...]:
    evidence = Network(NAMES, [INCOMER, CHECK]).weigh(np.array(values), STANDARD)
    return suspicions(evidence, range(4), alpha=alpha, confidence=0.95)


def test_readings_that_agree_raise_no_suspicion() -> None:
    assert found(100.5, 60.0, 40.0, 39.5) == ()


def test_meter_that_is_wrong_in_two_balances_is_named() -> None:
    (only,) = found(100.0, 60.0, 52.0, 40.0)
    assert only.named == 2
    assert only.chances[0] > 0.99


def test_meter_that_is_wrong_in_a_balance_of_its_own_twin_is_named_by_the_other_balance() -> None:
    (only,) = found(100.0, 60.0, 40.0, 60.0)
    assert only.named == 3


def test_two_meters_in_series_are_returned_as_such_and_nobody_is_named() -> None:
    (only,) = found(112.0, 60.0, 40.0, 40.0)
    assert only.named is None
    assert only.places == (0, 1)
    assert only.chances == pytest.approx((0.5, 0.5), abs=0.01)


def test_two_wrong_meters_that_do_not_hide_each_other_are_found_one_after_the_other() -> None:
    pairs = [Constraint(f"pair {k}", (Term(1.0, f"a{k}"), Term(-1.0, f"b{k}"))) for k in range(2)]
    thirds = [Constraint(f"third {k}", (Term(1.0, f"a{k}"), Term(-1.0, f"c{k}"))) for k in range(2)]
    names = ("a0", "b0", "c0", "a1", "b1", "c1")
    evidence = Network(names, [*pairs, *thirds]).weigh(np.array([10.0, 25.0, 10.0, 5.0, 5.0, 14.0]), np.ones(6))
    first, second = suspicions(evidence, range(6), alpha=0.01, confidence=0.95)
    assert (first.named, second.named) == (1, 5)
    assert first.deviation > second.deviation


def test_two_errors_that_look_like_the_error_of_a_third_meter_are_not_pinned_on_it() -> None:
    # Both feeders read 15 too much: the sum blames the incomer, but the feeders' own checks do not fit that.
    own = [Constraint(f"check {k}", (Term(1.0, f"feeder {k}"), Term(-1.0, f"check {k}"))) for k in range(3)]
    whole = Constraint("sum", (Term(1.0, "incomer"), *(Term(-1.0, f"feeder {k}") for k in range(3))))
    names = ("incomer", *(f"feeder {k}" for k in range(3)), *(f"check {k}" for k in range(3)))
    network = Network(names, [whole, *own])
    values = np.array([120.0, 55.0, 55.0, 40.0, 40.0, 40.0, 40.0])
    result = suspicions(network.weigh(values, np.ones(7)), range(7), alpha=0.01, confidence=0.95)
    assert {one.named for one in result} == {1, 2}


def test_one_of_two_errors_is_named_when_the_other_can_be_one_of_several() -> None:
    series = Constraint("series", (Term(1.0, "first"), Term(-1.0, "second")))
    names = (*NAMES, "first", "second")
    network = Network(names, [INCOMER, CHECK, series])
    values = np.array([100.0, 60.0, 50.0, 40.0, 20.0, 31.0])
    result = suspicions(network.weigh(values, np.ones(6)), range(6), alpha=0.01, confidence=0.95)
    assert result[0].named == 2
    assert result[1].named is None
    assert set(result[1].places) == {4, 5}


def test_two_errors_in_meters_that_nothing_tells_apart_name_nobody() -> None:
    pairs = [Constraint(f"pair {k}", (Term(1.0, f"a{k}"), Term(-1.0, f"b{k}"))) for k in range(2)]
    names = ("a0", "b0", "a1", "b1")
    network = Network(names, pairs)
    evidence = network.weigh(np.array([10.0, 25.0, 5.0, 14.0]), np.ones(4))
    result = suspicions(evidence, range(4), alpha=0.01, confidence=0.95)
    assert all(one.named is None for one in result)
    assert {place for one in result for place in one.places} == {0, 1, 2, 3}


def test_two_random_errors_are_both_named_or_returned_as_a_group_and_nobody_else_is_accused() -> None:
    names = tuple(truth())
    values, standard = columns(truth(), names)
    network = Network(names, metering(group_dc=True).constraints())
    candidates = [names.index(name) for name in ALL_METERS]
    rng = np.random.default_rng(5)
    least = least_error_found(network.weigh(values, standard), standard, alpha=0.01, power=0.95, tests=15)
    both = accused = 0
    for _ in range(300):
        guilty = set(rng.choice(candidates, 2, replace=False).tolist())
        read = values + rng.normal(size=len(names)) * standard
        for place in guilty:
            read[place] += 3 * rng.choice([-1.0, 1.0]) * least[place]
        result = suspicions(network.weigh(read, standard), candidates, alpha=0.01, confidence=0.95)
        named = {one.named for one in result if one.named is not None}
        both += named == guilty
        accused += bool(named - guilty)
    assert both / 300 > 0.65
    assert accused / 300 < 0.02


def test_three_errors_in_three_places_are_named() -> None:
    names = tuple(f"{letter}{k}" for k in range(4) for letter in "abc")
    twins = [Constraint(f"{k}{x}", (Term(1.0, f"a{k}"), Term(-1.0, f"{x}{k}"))) for k in range(4) for x in "bc"]
    values = np.full(12, 20.0)
    values[[0, 4, 8]] += [12.0, -15.0, 20.0]
    evidence = Network(names, twins).weigh(values, np.ones(12))
    result = suspicions(evidence, range(12), alpha=0.01, confidence=0.95)
    assert [one.named for one in result] == [8, 4, 0]


def test_more_errors_than_are_looked_for_name_nobody() -> None:
    names = tuple(f"{letter}{k}" for k in range(4) for letter in "abc")
    twins = [Constraint(f"{k}{x}", (Term(1.0, f"a{k}"), Term(-1.0, f"{x}{k}"))) for k in range(4) for x in "bc"]
    values = np.full(12, 20.0)
    values[[0, 4, 8, 9]] += [12.0, -15.0, 20.0, 30.0]
    (everywhere,) = suspicions(Network(names, twins).weigh(values, np.ones(12)), range(12), alpha=0.01, confidence=0.95)
    assert everywhere.places == tuple(range(12))
    assert everywhere.named is None
    assert sum(everywhere.chances) == pytest.approx(1.0)


def test_readings_that_cannot_be_wrong_leave_nobody_to_blame() -> None:
    evidence = Network(NAMES, [INCOMER, CHECK]).weigh(np.array([112.0, 60.0, 40.0, 40.0]), STANDARD)
    assert suspicions(evidence, [], alpha=0.01, confidence=0.95) == ()
    assert alarm_probability(evidence, []) < 0.01


def test_parameter_is_never_blamed() -> None:
    evidence = Network(NAMES, [INCOMER, CHECK]).weigh(np.array([112.0, 60.0, 40.0, 40.0]), STANDARD)
    (only,) = suspicions(evidence, [0, 2, 3], alpha=0.01, confidence=0.95)
    assert only.named == 0


def test_alpha_and_confidence_that_are_none_are_refused() -> None:
    evidence = Network(NAMES, [INCOMER, CHECK]).weigh(np.array([112.0, 60.0, 40.0, 40.0]), STANDARD)
    with pytest.raises(ValueError, match="alpha is 5"):
        suspicions(evidence, range(4), alpha=5.0, confidence=0.95)
    with pytest.raises(ValueError, match="confidence is 95"):
        suspicions(evidence, range(4), alpha=0.01, confidence=95.0)


@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_sound_meters_raise_an_alarm_at_most_as_often_as_chosen_and_not_much_less(alpha: float) -> None:
    meters = metering(group_dc=True)
    names = tuple(truth())
    values, standard = columns(truth(), names)
    rng = np.random.default_rng(1)
    windows = values + rng.normal(size=(4000, len(names))) * standard
    evidence = Network(names, meters.constraints()).weigh(windows, np.broadcast_to(standard, windows.shape))
    candidates = [names.index(name) for name in ALL_METERS]
    alarms = [alarm_probability(evidence.of_window(k), candidates) < alpha for k in range(4000)]
    margin = 3 * np.sqrt(alpha * (1 - alpha) / 4000)
    assert 0.6 * alpha - margin < np.mean(alarms) < alpha + margin


def test_right_meter_is_named_in_95_of_100_cases_where_redundancy_can_tell() -> None:
    meters = metering(group_dc=True)
    names = tuple(truth())
    values, standard = columns(truth(), names)
    network = Network(names, meters.constraints())
    candidates = [names.index(name) for name in ALL_METERS]
    rng = np.random.default_rng(2)
    least = least_error_found(network.weigh(values, standard), standard, alpha=0.01, power=0.95, tests=15)
    named_right = named = 0
    for case in range(600):
        culprit = candidates[case % len(candidates)]
        size = rng.uniform(2, 4) * rng.choice([-1.0, 1.0]) * least[culprit]
        read = values + rng.normal(size=len(names)) * standard
        read[culprit] += size
        result = suspicions(network.weigh(read, standard), candidates, alpha=0.01, confidence=0.95)
        named += bool(result) and result[0].named is not None
        named_right += bool(result) and result[0].named == culprit
    assert named_right / 600 >= 0.95
    assert named_right / named >= 0.98


def test_an_error_just_large_enough_is_found_in_95_of_100_windows() -> None:
    meters = metering(group_dc=True)
    names = tuple(truth())
    values, standard = columns(truth(), names)
    network = Network(names, meters.constraints())
    candidates = [names.index(name) for name in ALL_METERS]
    culprit = names.index("ac-1")
    least = least_error_found(network.weigh(values, standard), standard, alpha=0.01, power=0.95, tests=15)
    read = values + np.random.default_rng(3).normal(size=(2000, len(names))) * standard
    read[:, culprit] += least[culprit]
    evidence = network.weigh(read, np.broadcast_to(standard, read.shape))
    alarms = [alarm_probability(evidence.of_window(k), candidates) < 0.01 for k in range(2000)]
    assert 0.94 < np.mean(alarms) < 0.98


def test_error_in_a_meter_that_nothing_checks_is_never_found() -> None:
    network = Network(("lonely", *NAMES), [INCOMER, CHECK])
    standard = np.ones(5)
    evidence = network.weigh(np.array([1.0, 100.0, 60.0, 40.0, 40.0]), standard)
    least = least_error_found(evidence, standard, alpha=0.01, power=0.95, tests=4)
    assert least[0] == np.inf
    assert np.isfinite(least[1:]).all()


def test_three_hundred_readings_are_not_searched_by_threes_and_still_answered() -> None:
    names = tuple(f"{letter}{k}" for k in range(100) for letter in "abc")
    twins = [Constraint(f"{k}{x}", (Term(1.0, f"a{k}"), Term(-1.0, f"{x}{k}"))) for k in range(100) for x in "bc"]
    values = np.full(300, 20.0)
    values[[0, 4]] += [12.0, -15.0]
    network = Network(names, twins)
    two = suspicions(network.weigh(values, np.ones(300)), range(300), alpha=0.01, confidence=0.95)
    assert [one.named for one in two] == [4, 0]
    values[8] += 20.0
    (everywhere,) = suspicions(network.weigh(values, np.ones(300)), range(300), alpha=0.01, confidence=0.95)
    assert everywhere.named is None
    assert len(everywhere.places) == 300
