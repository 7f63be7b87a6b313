"""Tails of the normal and the chi-square distribution, against printed tables and against drawn numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.significance import chi_square_tail, normal_tails


@pytest.mark.parametrize(
    ("degrees", "five_percent", "one_percent"),
    [(1, 3.841, 6.635), (2, 5.991, 9.210), (5, 11.070, 15.086), (10, 18.307, 23.209), (30, 43.773, 50.892)],
)
def test_printed_quantiles_of_chi_square_have_their_printed_tails(
    degrees: int, five_percent: float, one_percent: float
) -> None:
    assert chi_square_tail(five_percent, degrees=degrees) == pytest.approx(0.05, abs=5e-5)
    assert chi_square_tail(one_percent, degrees=degrees) == pytest.approx(0.01, abs=1e-5)


def test_tail_of_nothing_tested_is_certain() -> None:
    assert chi_square_tail(0.0, degrees=0) == 1.0
    assert chi_square_tail(0.0, degrees=7) == 1.0


def test_far_tail_is_tiny_and_no_error() -> None:
    assert 0 < chi_square_tail(300.0, degrees=40) < 1e-30
    assert chi_square_tail(1e6, degrees=40) == 0.0


def test_drawn_sums_of_squares_exceed_a_bound_as_often_as_told() -> None:
    drawn = np.sum(np.random.default_rng(1).normal(size=(100_000, 7)) ** 2, axis=1)
    assert np.mean(drawn > 12.0) == pytest.approx(chi_square_tail(12.0, degrees=7), abs=0.003)


def test_largest_of_twenty_deviations_exceeds_three_as_often_as_told() -> None:
    drawn = np.abs(np.random.default_rng(2).normal(size=(100_000, 20))).max(axis=1)
    assert np.mean(drawn > 3.0) == pytest.approx(normal_tails(3.0, tests=20), abs=0.003)
    assert normal_tails(-1.959964, tests=1) == pytest.approx(0.05, rel=1e-6)
    assert normal_tails(0.0, tests=3) == 1.0


def test_no_test_is_refused() -> None:
    with pytest.raises(ValueError, match=r"tests is 0: .*Remedy: look at one deviation"):
        normal_tails(1.0, tests=0)
    with pytest.raises(ValueError, match="chi_square is -1"):
        chi_square_tail(-1.0, degrees=2)


@given(st.floats(0, 200), st.floats(0, 50), st.integers(1, 100))
def test_tail_falls_with_the_sum_and_rises_with_the_degrees(chi_square: float, more: float, degrees: int) -> None:
    tail = chi_square_tail(chi_square, degrees=degrees)
    assert 0 <= tail <= 1
    assert chi_square_tail(chi_square + more, degrees=degrees) <= tail + 1e-12
    assert chi_square_tail(chi_square, degrees=degrees + 2) >= tail - 1e-12
