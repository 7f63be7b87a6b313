"""The checks themselves: what they accept, and what their message says."""

import numpy as np
import pytest

from collector.domain.validity import fraction, not_negative, part_of, percent, positive, within


def test_valid_inputs_pass_in_silence() -> None:
    not_negative(kwh=0.0, metal_t=np.array([0.0, 5.0]))
    positive(metal_t=1e-9, cell_days=np.array([1.0, 2.0]))
    fraction(current_efficiency=1.0)
    within(0, 100, remedy="", pot_voltage_v=np.array([0.0, 100.0]))
    percent(least=0.1, sulphur_percent=np.array([0.0, 0.1, 100.0]))


def test_an_empty_array_has_nothing_to_refuse() -> None:
    not_negative(kwh=np.array([]))
    positive(kwh=np.array([]))


def test_message_names_the_input_its_value_the_rule_and_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"^grid_factor is 530: must be from 0 to 3\. Remedy: give kg\.$"):
        within(0, 3, remedy="give kg", grid_factor=530)


def test_message_names_the_first_bad_element_of_a_table() -> None:
    with pytest.raises(ValueError, match=r"^kwh\[1, 0\] is -4: "):
        not_negative(kwh=np.array([[1.0, 2.0], [-4.0, -5.0]]))


def test_message_names_the_first_bad_input_of_several() -> None:
    with pytest.raises(ValueError, match=r"^metal_t is -1: "):
        not_negative(kwh=1.0, metal_t=-1.0, cf4_kg=-2.0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_nan_and_infinity_are_outside_every_range(value: float) -> None:
    for number in (value, np.array([1.0, value])):
        with pytest.raises(ValueError, match="must be"):
            not_negative(x=number)
        with pytest.raises(ValueError, match="must be"):
            positive(x=number)
        with pytest.raises(ValueError, match="must be"):
            fraction(x=number)
        with pytest.raises(ValueError, match="must be"):
            within(float("-inf"), float("inf"), remedy="", x=number)
        with pytest.raises(ValueError, match="must be"):
            percent(least=0.5, x=number)


def test_zero_is_a_quantity_and_no_denominator() -> None:
    not_negative(metal_t=0.0)
    with pytest.raises(ValueError, match="it is divided by"):
        positive(metal_t=0.0)


def test_a_part_may_be_the_whole_and_a_rounding_more() -> None:
    part_of(0.3, remedy="", part_kwh=0.1 + 0.2)
    part_of(np.array([1.0, 2.0]), remedy="", part_kwh=np.array([0.0, 2.0]), other_kwh=1.0)


def test_a_part_above_its_whole_is_named_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"^part_kwh\[1\] is 3: must be zero or more and at most the whole"):
        part_of(np.array([5.0, 2.0]), remedy="check the meters", part_kwh=3.0)
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"part_kwh is .*Remedy: check the meters\."):
            part_of(5.0, remedy="check the meters", part_kwh=wrong)
