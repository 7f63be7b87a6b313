"""Figures that carry the effect of each source, and sums with and without correlation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.propagation import (
    Figure,
    added,
    correlated_sum,
    divided,
    exact,
    independent_sum,
    linear_sum,
    multiplied,
    ratio_of_sums,
    scaled,
)

values = st.floats(0.1, 1e6)
relatives = st.floats(0, 0.05)


def test_minutes_of_one_meter_add_their_class_errors_and_average_their_noise() -> None:
    minutes = np.full(1440, 2.0)
    assert correlated_sum(minutes) == pytest.approx(2880)
    assert independent_sum(minutes) == pytest.approx(2 * np.sqrt(1440))
    # relative to a sum of 1440 times 1000
    assert correlated_sum(minutes) / 1_440_000 == pytest.approx(0.002)
    assert independent_sum(minutes) / 1_440_000 == pytest.approx(0.002 / np.sqrt(1440))


def test_any_correlation_lies_between_quadrature_and_plain_sum() -> None:
    standard, ones = np.array([3.0, 4.0]), np.ones(2)
    for r, expected in [(0.0, 5.0), (1.0, 7.0), (-1.0, 1.0), (0.5, np.sqrt(37.0))]:
        correlation = np.array([[1.0, r], [r, 1.0]])
        assert linear_sum(standard, sensitivity=ones, correlation=correlation) == pytest.approx(expected)


def test_sensitivities_of_a_loss_are_one_and_minus_one() -> None:
    told = linear_sum(
        np.array([3.0, 3.0]), sensitivity=np.array([1.0, -1.0]), correlation=np.array([[1.0, 1.0], [1.0, 1.0]])
    )
    assert told == 0.0


def test_correlation_that_contradicts_itself_is_refused() -> None:
    opposites = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
    with pytest.raises(ValueError, match=r"correlation contradicts itself.*Remedy: check the signs"):
        linear_sum(np.ones(3), sensitivity=np.ones(3), correlation=opposites)
    with pytest.raises(ValueError, match="not symmetric with ones"):
        linear_sum(np.ones(2), sensitivity=np.ones(2), correlation=np.array([[1.0, 0.5], [0.4, 1.0]]))


def test_two_feeders_on_one_voltage_transformer_share_its_error_and_no_other() -> None:
    one = Figure(1000.0, {"meter 1": 1.0, "VT": 2.0})
    other = Figure(500.0, {"meter 2": 0.5, "VT": 1.0})
    both = added(one, other)
    assert both.value == 1500
    assert both.effects == {"meter 1": 1.0, "meter 2": 0.5, "VT": 3.0}
    assert both.standard == pytest.approx(np.sqrt(1 + 0.25 + 9))


def test_budget_lists_the_shares_largest_first_and_they_add_up_to_one() -> None:
    figure = Figure(10.0, {"scale": 1.0, "current": 2.0, "voltage": 2.0, "nothing": 0.0})
    assert figure.shares == (("current", 4 / 9), ("voltage", 4 / 9), ("scale", 1 / 9))
    assert figure.expanded_95 == 6.0
    assert exact(5.0).shares == ()


def test_charge_in_energy_and_metal_cancels_and_the_voltage_remains() -> None:
    charge = Figure(9600.0, {"current": 9.6})
    volts = Figure(1300.0, {"voltage": 1.3})
    ratio = divided(multiplied(volts, charge), scaled(charge, 0.1))
    assert ratio.value == 13_000
    assert ratio.effects["current"] == pytest.approx(0.0, abs=1e-9)
    assert ratio.standard == pytest.approx(13.0)


def test_ratio_of_sums_is_no_mean_of_ratios() -> None:
    hours = (exact(130_000.0), exact(40_000.0))
    metal = (exact(10.0), Figure(2.0, {"scale": 0.02}))
    ratio = ratio_of_sums(hours, metal)
    assert ratio.value == pytest.approx(14166.6667)
    assert ratio.standard == pytest.approx(14166.6667 * 0.02 / 12)


def test_ratio_without_a_denominator_is_refused() -> None:
    with pytest.raises(ValueError, match="denominator is 0"):
        divided(exact(1.0), added(exact(1.0), exact(-1.0)))


def test_product_and_ratio_scatter_as_told_when_sources_are_drawn() -> None:
    rng = np.random.default_rng(1)
    shared, first, second = rng.normal(size=(3, 400_000))
    one = Figure(100.0, {"shared": 0.8, "first": 0.5})
    other = Figure(40.0, {"shared": 0.4, "second": -0.3})
    drawn_one = 100 + 0.8 * shared + 0.5 * first
    drawn_other = 40 + 0.4 * shared - 0.3 * second
    assert multiplied(one, other).standard == pytest.approx((drawn_one * drawn_other).std(), rel=0.005)
    assert divided(one, other).standard == pytest.approx((drawn_one / drawn_other).std(), rel=0.005)


@given(values, values, relatives, relatives)
def test_relative_uncertainties_of_independent_factors_add_in_quadrature(
    a: float, b: float, one: float, other: float
) -> None:
    product = multiplied(Figure(a, {"one": a * one}), Figure(b, {"other": b * other}))
    quotient = divided(Figure(a, {"one": a * one}), Figure(b, {"other": b * other}))
    assert product.standard / product.value == pytest.approx(np.hypot(one, other))
    assert quotient.standard / quotient.value == pytest.approx(np.hypot(one, other))


@given(st.lists(values, min_size=1, max_size=20), relatives)
def test_relative_uncertainty_of_a_month_is_that_of_a_minute_for_one_source(minutes: list[float], one: float) -> None:
    month = added(*(Figure(kwh, {"class": kwh * one}) for kwh in minutes))
    assert month.standard == pytest.approx(month.value * one)
