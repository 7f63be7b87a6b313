"""Readings adjusted to their balances, checked by hand and by properties."""

import time

import numpy as np
import pytest
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.reconciliation import Constraint, Network, Term

INCOMER = Constraint("incomer", (Term(1.0, "incomer"), Term(-1.0, "north"), Term(-1.0, "south")))
NAMES = ("incomer", "north", "south")


def test_three_meters_that_disagree_by_three_are_adjusted_by_their_variances() -> None:
    # 103 - 60 - 40 = 3; variances 1, 4, 4 of 9: adjusted by 1/3, 4/3 and 4/3
    network = Network(NAMES, [INCOMER])
    values, standard = np.array([103.0, 60.0, 40.0]), np.array([1.0, 2.0, 2.0])
    best = network.adjusted(values, standard, left_out=[])
    assert best.values == pytest.approx([102 + 2 / 3, 61 + 1 / 3, 41 + 1 / 3])
    assert best.standard == pytest.approx(np.sqrt([8 / 9, 4 * 5 / 9, 4 * 5 / 9]))
    evidence = network.weigh(values, standard)
    assert evidence.chi_square == pytest.approx(1.0)
    assert evidence.degrees == 1
    assert np.abs(evidence.deviations) == pytest.approx([1.0, 1.0, 1.0])


def test_three_meters_in_one_balance_cannot_be_told_apart() -> None:
    evidence = Network(NAMES, [INCOMER]).weigh(np.array([103.0, 60.0, 40.0]), np.array([1.0, 2.0, 2.0]))
    assert evidence.likeness() == pytest.approx(np.ones((3, 3)))


def test_reading_left_out_is_told_by_the_others() -> None:
    network = Network(NAMES, [INCOMER])
    best = network.adjusted(np.array([103.0, 60.0, 40.0]), np.array([1.0, 2.0, 2.0]), left_out=[1])
    assert best.values == pytest.approx([103.0, 63.0, 40.0], rel=1e-5)
    assert best.standard == pytest.approx([1.0, np.sqrt(5.0), 2.0], rel=1e-5)


def test_two_left_out_of_one_balance_are_told_by_nothing() -> None:
    network = Network(NAMES, [INCOMER])
    best = network.adjusted(np.array([103.0, 60.0, 40.0]), np.array([1.0, 2.0, 2.0]), left_out=[1, 2])
    assert best.values[0] == pytest.approx(103.0, rel=1e-5)
    assert np.isnan(best.values[1:]).all()
    assert np.isnan(best.standard[1:]).all()


def test_products_are_adjusted_until_they_fulfil_their_balance() -> None:
    # 65 MWh AC at 0.985 against 160 V times 400 kAh, 2 % apart
    line = Constraint("line", (Term(1.0, "ac", "efficiency"), Term(-1.0, "volts", "charge")))
    network = Network(("ac", "efficiency", "volts", "charge"), [line])
    values = np.array([66_300.0, 0.985, 160.0, 400.0])
    best = network.adjusted(values, values * [0.002, 0.003, 0.001, 0.0005], left_out=[])
    assert best.values[0] * best.values[1] == pytest.approx(best.values[2] * best.values[3], rel=1e-12)
    assert network.residuals(best.values) == pytest.approx([0.0], abs=1e-6)


def test_windows_are_weighed_together_as_one_by_one() -> None:
    network = Network(NAMES, [INCOMER])
    rng = np.random.default_rng(1)
    values = np.array([100.0, 60.0, 40.0]) + rng.normal(size=(50, 3))
    standard = np.abs(rng.normal(1, 0.1, (50, 3)))
    together = network.weigh(values, standard)
    for window in range(50):
        alone = network.weigh(values[window], standard[window])
        assert together.of_window(window).chi_square == pytest.approx(float(alone.chi_square))
        assert together.of_window(window).deviations == pytest.approx(alone.deviations)


def test_reading_that_no_balance_checks_is_left_as_it_is() -> None:
    network = Network(("lonely", *NAMES), [INCOMER])
    values, standard = np.array([7.0, 103.0, 60.0, 40.0]), np.array([0.5, 1.0, 2.0, 2.0])
    assert network.weigh(values, standard).deviations[0] == 0.0
    assert network.adjusted(values, standard, left_out=[]).values[0] == 7.0
    assert network.adjusted(values, standard, left_out=[]).standard[0] == 0.5


def test_balance_that_follows_from_another_is_refused_by_name() -> None:
    doubled = Constraint("again", (Term(2.0, "incomer"), Term(-2.0, "north"), Term(-2.0, "south")))
    with pytest.raises(ValueError, match=r"constraints incomer, again follow from each other\. Remedy: leave one"):
        Network(NAMES, [INCOMER, doubled]).weigh(np.array([103.0, 60.0, 40.0]), np.ones(3))


def test_more_balances_than_readings_are_refused() -> None:
    pair = Constraint("pair", (Term(1.0, "a"), Term(-1.0, "b")))
    double = Constraint("double", (Term(1.0, "a"), Term(-2.0, "b")))
    third = Constraint("third", (Term(1.0, "a"), Term(-3.0, "b")))
    with pytest.raises(ValueError, match=r"constraints pair, double, third follow from each other"):
        Network(("a", "b"), [pair, double, third]).weigh(np.ones((4, 2)), np.ones((4, 2)))


def test_one_reading_that_is_a_hundred_thousand_times_less_certain_does_no_harm() -> None:
    second = Constraint("south again", (Term(1.0, "south"), Term(-1.0, "check")))
    network = Network((*NAMES, "check"), [INCOMER, second])
    best = network.adjusted(np.array([100.0, 60.0, 90.0, 39.0]), np.array([1e-3, 1e-3, 1e2, 1e-3]), left_out=[2])
    assert best.values == pytest.approx([99 + 2 / 3, 60 + 1 / 3, 39 + 1 / 3, 39 + 1 / 3])


def test_layouts_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="no constraint is given"):
        Network(NAMES, [])
    with pytest.raises(ValueError, match="constraints speak of south"):
        Network(("incomer", "north"), [INCOMER])
    with pytest.raises(ValueError, match="have one name"):
        Network(NAMES, [INCOMER, INCOMER])
    with pytest.raises(ValueError, match="have one name"):
        Network((*NAMES, "north"), [INCOMER])


def test_readings_that_are_none_and_uncertainties_of_zero_are_refused() -> None:
    network = Network(NAMES, [INCOMER])
    with pytest.raises(ValueError, match=r"standard\[1\] is 0"):
        network.weigh(np.array([103.0, 60.0, 40.0]), np.array([1.0, 0.0, 2.0]))
    with pytest.raises(ValueError, match=r"values\[2\] is nan.*Remedy: leave out what is not a good reading"):
        network.weigh(np.array([103.0, 60.0, np.nan]), np.ones(3))


def test_adjusted_values_scatter_as_their_uncertainties_tell() -> None:
    second = Constraint("south again", (Term(1.0, "south"), Term(-1.0, "check")))
    network = Network((*NAMES, "check"), [INCOMER, second])
    truth, standard = np.array([100.0, 60.0, 40.0, 40.0]), np.array([1.0, 2.0, 2.0, 0.5])
    drawn = truth + np.random.default_rng(2).normal(size=(20_000, 4)) * standard
    evidence = network.weigh(drawn, np.broadcast_to(standard, drawn.shape))
    best = drawn - standard * evidence.pull
    told = network.adjusted(truth, standard, left_out=[]).standard
    assert best.std(axis=0) == pytest.approx(told, rel=0.02)
    assert best.mean(axis=0) == pytest.approx(truth, abs=0.05)
    assert evidence.chi_square.mean() == pytest.approx(2.0, abs=0.05)
    assert evidence.deviations.std(axis=0) == pytest.approx(np.ones(4), abs=0.02)


@settings(max_examples=drawn(25), deadline=None)
@given(st.data())
def test_adjusted_values_fulfil_their_balances_and_are_never_less_certain(data: st.DataObject) -> None:
    parts = data.draw(st.integers(1, 8))
    names = ["whole", *(f"part {k}" for k in range(parts)), "twin"]
    balances = [
        Constraint("sum", (Term(1.0, "whole"), *(Term(-1.0, f"part {k}") for k in range(parts)))),
        Constraint("twin", (Term(1.0, "part 0"), Term(-1.0, "twin"))),
    ]
    numbers = st.lists(st.floats(1, 1e6), min_size=len(names), max_size=len(names))
    values = np.array(data.draw(numbers))
    standard = values * np.array(data.draw(st.lists(st.floats(1e-3, 0.1), min_size=len(names), max_size=len(names))))
    network = Network(names, balances)
    best = network.adjusted(values, standard, left_out=[])
    assert network.residuals(best.values) == pytest.approx(np.zeros(2), abs=1e-5 * values.max())
    assert (best.standard <= standard * (1 + 1e-9)).all()
    # The order of readings makes no difference.
    turned = Network(names[::-1], balances[::-1]).adjusted(values[::-1], standard[::-1], left_out=[])
    assert turned.values[::-1] == pytest.approx(best.values, rel=1e-6, abs=1e-6 * values.max())


def test_square_of_a_deviation_is_what_leaving_the_reading_out_takes_from_the_sum_of_squares() -> None:
    second = Constraint("south again", (Term(1.0, "south"), Term(-1.0, "check")))
    network = Network((*NAMES, "check"), [INCOMER, second])
    evidence = network.weigh(np.array([103.0, 60.0, 40.0, 41.5]), np.array([1.0, 2.0, 2.0, 0.5]))
    for place in range(4):
        rest = evidence.without([place])
        fall = float(evidence.chi_square - rest.chi_square)
        assert fall == pytest.approx(evidence.deviations[place] ** 2)
        assert rest.degrees == 1
    assert evidence.without([]) is evidence
    assert evidence.without([0, 3]).degrees == 0
    assert evidence.without([0, 3]).chi_square == pytest.approx(0.0, abs=1e-9)


def test_sixty_meters_in_twenty_balances_take_less_than_five_milliseconds() -> None:
    names = [f"meter {k}" for k in range(60)]
    balances = [
        Constraint(f"sum {k}", (Term(1.0, names[3 * k]), Term(-1.0, names[3 * k + 1]), Term(-1.0, names[3 * k + 2])))
        for k in range(20)
    ]
    network = Network(names, balances)
    values = np.tile([100.0, 60.0, 40.0], 20)
    took = []
    for _ in range(20):
        begin = time.thread_time()  # what others do on the machine does not count
        network.weigh(values, values * 0.002)
        took.append(time.thread_time() - begin)
    assert min(took) < 0.005
