"""From limits, displays, certificates and balances to one standard deviation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.electrolysis import current_efficiency_from_metal
from collector.domain.uncertainty import (
    COVERAGE_95,
    COVERAGE_95_NORMAL,
    current_efficiency_uncertainty,
    from_expanded,
    product_relative,
    rectangular,
    resolution,
)

small = st.floats(0, 0.1)


def test_limits_of_one_percent_are_a_standard_uncertainty_of_0_577_percent() -> None:
    assert rectangular(0.01) == pytest.approx(0.0057735, rel=1e-5)


def test_rectangle_has_the_standard_deviation_of_numbers_drawn_from_it() -> None:
    drawn = np.random.default_rng(1).uniform(-0.3, 0.3, 200_000)
    assert rectangular(0.3) == pytest.approx(drawn.std(), rel=0.01)


def test_display_of_ten_kilograms_leaves_2_89_kilograms() -> None:
    assert resolution(10.0) == pytest.approx(2.88675, rel=1e-5)


def test_rounding_of_many_readings_has_the_standard_deviation_of_the_display() -> None:
    masses = np.random.default_rng(2).uniform(4000, 6000, 200_000)
    assert resolution(10.0) == pytest.approx((np.round(masses / 10) * 10 - masses).std(), rel=0.01)


def test_certificate_of_0_2_percent_with_k_2_is_0_1_percent() -> None:
    assert from_expanded(0.002, coverage_factor=2.0) == 0.001


@pytest.mark.parametrize("factor", [0.0, 0.5, 95.0])
def test_coverage_factor_that_is_none_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match=r"coverage_factor is .*Remedy: give the k of the certificate"):
        from_expanded(0.002, coverage_factor=factor)


def test_factor_of_two_covers_95_45_percent_of_a_normal_result_and_1_96_covers_95() -> None:
    drawn = np.abs(np.random.default_rng(3).normal(size=400_000))
    assert np.mean(drawn < COVERAGE_95) == pytest.approx(0.9545, abs=0.002)
    assert np.mean(drawn < COVERAGE_95_NORMAL) == pytest.approx(0.95, abs=0.002)


def test_two_classes_of_one_rectifier_cover_95_percent_with_k_2_though_neither_is_normal() -> None:
    rng = np.random.default_rng(4)
    drawn = rng.uniform(-0.001, 0.001, 200_000) + rng.uniform(-0.002, 0.002, 200_000)
    standard = float(np.hypot(rectangular(0.001), rectangular(0.002)))
    assert np.mean(np.abs(drawn) < COVERAGE_95 * standard) > 0.95


def test_efficiency_of_94_percent_from_metal_to_0_5_and_charge_to_0_06_percent_is_known_to_0_0047() -> None:
    standard = current_efficiency_uncertainty(0.94, metal_relative=0.005, charge_relative=0.0006)
    assert standard == pytest.approx(0.004734, rel=1e-3)


def test_uncertainty_of_an_efficiency_is_that_of_efficiencies_of_erring_balances() -> None:
    rng = np.random.default_rng(5)
    metal = 3000.0 * (1 + rng.normal(0, 0.005, 100_000))
    charge = 300_000.0 * (1 + rng.normal(0, 0.003, 100_000))
    efficiencies = current_efficiency_from_metal(metal, charge_kah=charge, pots=32)
    standard = current_efficiency_uncertainty(float(efficiencies.mean()), metal_relative=0.005, charge_relative=0.003)
    assert standard == pytest.approx(efficiencies.std(), rel=0.01)


def test_independent_factors_of_3_and_4_permille_are_a_product_of_5() -> None:
    assert product_relative(0.003, other_relative=0.004, correlation=0.0) == pytest.approx(0.005)


def test_current_that_is_in_numerator_and_denominator_cancels() -> None:
    assert product_relative(0.003, other_relative=0.003, correlation=-1.0) == 0.0
    assert product_relative(0.003, other_relative=0.003, correlation=1.0) == pytest.approx(0.006)


def test_product_of_correlated_factors_scatters_as_told() -> None:
    rng = np.random.default_rng(6)
    common, own = rng.normal(size=(2, 200_000))
    first = 1 + 0.003 * common
    second = 1 + 0.004 * (0.6 * common + 0.8 * own)
    told = product_relative(0.003, other_relative=0.004, correlation=0.6)
    assert told == pytest.approx(np.std(first * second), rel=0.01)
    assert product_relative(0.003, other_relative=0.004, correlation=-0.6) == pytest.approx(
        np.std(second / first), rel=0.01
    )


@given(small, small, st.floats(-1, 1))
def test_product_lies_between_the_difference_and_the_sum_of_its_parts(one: float, other: float, r: float) -> None:
    told = product_relative(one, other_relative=other, correlation=r)
    assert abs(one - other) - 1e-9 <= told <= one + other + 1e-9
