"""Steps of counters: what they are worth, and which values tell them."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.readings.quantity import Quantity
from collector.readings.scale import Counted, Scale, converted, finest, unwrapped, wrapped

WH = Scale(0.001)


@given(st.integers(-(2**64) + 1, 2**64 - 1), st.sampled_from([0.001, 0.01, 0.0001, 1.0, 10.0, 0.025]))
def test_a_whole_number_of_steps_is_worth_the_nearest_double(steps: int, step: float) -> None:
    assert Scale(step).worth(steps) == float(steps * Fraction(repr(step)))


@given(st.integers(-(2**50), 2**50), st.sampled_from([0.001, 0.01, 0.0001, 1.0, 10.0, 0.025]))
def test_up_to_2_to_the_50_the_value_alone_tells_the_steps(steps: int, step: float) -> None:
    found = Scale(step).steps(Scale(step).worth(steps))
    assert (type(found), found) == (int, steps)


@given(st.integers(-(2**64) + 1, 2**64 - 1).filter(bool))
def test_beyond_that_the_steps_go_along_modulo_2_to_the_64(steps: int) -> None:
    value = unwrapped(WH.worth(steps), wrapped(steps))
    assert isinstance(value, Counted)
    assert (value.steps, float(value)) == (steps, steps / 1000)


@pytest.mark.parametrize(
    ("step", "wraps_at", "steps"),
    [
        (0.001, 18446744073709551.616, 2**64),
        (0.001, 4294967.296, 2**32),
        (0.001, 1e13, 10**16),
        (0.01, 999_999.99, 99_999_999),
        (1.0, 1e6, 10**6),
        (0.001, 1e300, 10**303),
    ],
)
def test_an_end_that_is_given_as_a_value_is_a_power_of_two_or_ten_where_one_fits(
    step: float, wraps_at: float, steps: int
) -> None:
    assert Scale(step).modulus_of(wraps_at) == steps


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_whatever_number_comes_is_a_finite_number_of_steps(value: float) -> None:
    assert math.isfinite(WH.steps(value))


def test_a_number_with_hundreds_of_digits_is_beyond_all_numbers_and_no_failure() -> None:
    assert converted(10**308, 1e6, finest(Quantity.ACTIVE_ENERGY_IMPORT)) == math.inf
    assert converted(10**308, 1e-3, finest(Quantity.ACTIVE_ENERGY_IMPORT)) == 1e305
    assert finest(Quantity.ACTIVE_POWER) is None
