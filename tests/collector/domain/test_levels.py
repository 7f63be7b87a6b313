"""Levels of specific energy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.levels import BEYOND, Indicator, Limits, excess_kwh, level_of

LIQUID_AC = Limits(Indicator.LIQUID_AC, level_1=12950, level_2=13000, level_3=13350)


@pytest.mark.parametrize(
    ("kwh_per_t", "level"),
    [(12000.0, 1), (12950.0, 1), (12950.1, 2), (13000.0, 2), (13000.1, 3), (13350.0, 3), (13350.1, BEYOND)],
)
def test_a_value_equal_to_a_limit_meets_it(kwh_per_t: float, level: int) -> None:
    assert level_of(kwh_per_t, LIQUID_AC, indicator=Indicator.LIQUID_AC) == level


def test_levels_of_an_array_are_those_of_its_elements() -> None:
    assert level_of(
        np.array([[13000.0, 14000.0], [12000.0, 13100.0]]), LIQUID_AC, indicator=Indicator.LIQUID_AC
    ).tolist() == [[2, 4], [1, 3]]
    assert level_of(np.array([]), LIQUID_AC, indicator=Indicator.LIQUID_AC).shape == (0,)


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_a_value_that_is_none_has_no_level(value: float) -> None:
    with pytest.raises(ValueError, match="value is"):
        level_of(value, LIQUID_AC, indicator=Indicator.LIQUID_AC)


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match=r"limits are 13700, 12750, 12650: must rise .*advanced limit first"):
        Limits(Indicator.LIQUID_AC, level_1=13700, level_2=12750, level_3=12650)
    with pytest.raises(ValueError, match="level_1 is 0"):
        Limits(Indicator.LIQUID_AC, level_1=0, level_2=12750, level_3=13700)


def test_a_comprehensive_figure_is_not_judged_by_the_limits_of_liquid_ac() -> None:
    with pytest.raises(
        ValueError, match=r"value is liquid_comprehensive_ac, the limits are put on liquid_ac: .*Remedy"
    ):
        level_of(13_300.0, LIQUID_AC, indicator=Indicator.LIQUID_COMPREHENSIVE_AC)


def test_only_the_comprehensive_energy_of_ingots_is_in_standard_coal() -> None:
    assert [indicator.unit for indicator in Indicator] == ["kWh/t", "kWh/t", "kWh/t", "kgce/t"]


def test_a_month_above_the_limit_is_over_by_its_energy() -> None:
    assert excess_kwh(134_000_000.0, metal_t=10_000.0, limit_kwh_per_t=13_350.0) == 500_000
    assert excess_kwh(133_000_000.0, metal_t=10_000.0, limit_kwh_per_t=13_350.0) == -500_000


def test_negative_energy_has_no_excess() -> None:
    with pytest.raises(ValueError, match="kwh is -1"):
        excess_kwh(-1.0, metal_t=1.0, limit_kwh_per_t=13_350.0)
    with pytest.raises(ValueError, match="metal_t is -1"):
        excess_kwh(1.0, metal_t=-1.0, limit_kwh_per_t=13_350.0)


@given(st.lists(st.floats(0, 20_000), min_size=2, max_size=20))
def test_a_higher_value_never_has_a_better_level(values: list[float]) -> None:
    assert (np.diff(level_of(np.array(sorted(values)), LIQUID_AC, indicator=Indicator.LIQUID_AC)) >= 0).all()


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e5), st.floats(0, 1e5))
def test_excess_of_two_days_adds_up(one: float, two: float, metal_1: float, metal_2: float) -> None:
    apart = excess_kwh(np.array([one, two]), metal_t=np.array([metal_1, metal_2]), limit_kwh_per_t=13_350.0)
    whole = excess_kwh(one + two, metal_t=metal_1 + metal_2, limit_kwh_per_t=13_350.0)
    assert apart.sum() == pytest.approx(whole, abs=1e-3)
