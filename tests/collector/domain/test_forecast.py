"""The end of a month, forecast."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.forecast import needed_kwh_per_t, period_end_kwh_per_t
from collector.domain.forecast_scatter import forecast_standard_uncertainty

energies = st.floats(0, 1e9)
days = st.floats(0.1, 31)


def test_twenty_days_at_13400_and_ten_at_13700_end_at_13500() -> None:
    forecast = period_end_kwh_per_t(
        20_000 * 13_400.0, metal_so_far_t=20_000.0, kwh_per_day=1000 * 13_700.0, metal_t_per_day=1000.0, days_left=10.0
    )
    assert forecast == pytest.approx(13_500, rel=1e-12)


def test_days_of_half_load_weigh_half() -> None:
    forecast = period_end_kwh_per_t(
        20_000 * 13_400.0, metal_so_far_t=20_000.0, kwh_per_day=500 * 14_000.0, metal_t_per_day=500.0, days_left=10.0
    )
    assert forecast == pytest.approx((20_000 * 13_400 + 5_000 * 14_000) / 25_000, rel=1e-12)


def test_on_the_last_evening_the_forecast_is_the_figure() -> None:
    forecast = period_end_kwh_per_t(
        30_000 * 13_400.0, metal_so_far_t=30_000.0, kwh_per_day=9e9, metal_t_per_day=1.0, days_left=0.0
    )
    assert forecast == 13_400


def test_a_month_that_has_just_begun_is_forecast_from_the_days_before_it() -> None:
    assert period_end_kwh_per_t(
        0.0, metal_so_far_t=0.0, kwh_per_day=1000 * 13_350.0, metal_t_per_day=1000.0, days_left=30.0
    ) == pytest.approx(13_350, rel=1e-12)


def test_a_month_without_any_metal_has_no_forecast() -> None:
    with pytest.raises(ValueError, match=r"metal_of_whole_period_t is 0: .*withhold"):
        period_end_kwh_per_t(10.0, metal_so_far_t=0.0, kwh_per_day=1.0, metal_t_per_day=0.0, days_left=3.0)
    with pytest.raises(ValueError, match=r"metal_of_days_left_t is 0: .*withhold"):
        needed_kwh_per_t(10.0, metal_so_far_t=1.0, limit_kwh_per_t=1.0, metal_t_per_day=5.0, days_left=0.0)


def test_twenty_days_at_13400_leave_12900_to_the_last_ten_for_a_month_of_13233() -> None:
    needed = needed_kwh_per_t(
        20_000 * 13_400.0,
        metal_so_far_t=20_000.0,
        limit_kwh_per_t=13_400.0 - 500 / 3,
        metal_t_per_day=1000.0,
        days_left=10.0,
    )
    assert needed == pytest.approx(12_900, rel=1e-12)


def test_a_limit_out_of_reach_is_reported_as_a_negative_need() -> None:
    needed = needed_kwh_per_t(
        29_000 * 13_900.0, metal_so_far_t=29_000.0, limit_kwh_per_t=13_300.0, metal_t_per_day=1000.0, days_left=1.0
    )
    assert needed == pytest.approx(-4_100, rel=1e-9)


@pytest.mark.parametrize("name", ["kwh_so_far", "metal_so_far_t", "kwh_per_day", "metal_t_per_day", "days_left"])
def test_each_negative_input_is_refused(name: str) -> None:
    names = ("kwh_so_far", "metal_so_far_t", "kwh_per_day", "metal_t_per_day", "days_left")
    with pytest.raises(ValueError, match=f"{name} is -1"):
        period_end_kwh_per_t(**(dict.fromkeys(names, 1.0) | {name: -1.0}))


@given(energies, st.floats(1, 1e5), st.floats(1, 1e4), days, st.floats(1e4, 2e4))
def test_days_that_take_what_is_needed_end_at_the_limit(
    kwh: float, metal_t: float, t_per_day: float, left: float, limit: float
) -> None:
    needed = needed_kwh_per_t(
        kwh, metal_so_far_t=metal_t, limit_kwh_per_t=limit, metal_t_per_day=t_per_day, days_left=left
    )
    if needed >= 0:
        end = period_end_kwh_per_t(
            kwh, metal_so_far_t=metal_t, kwh_per_day=needed * t_per_day, metal_t_per_day=t_per_day, days_left=left
        )
        assert end == pytest.approx(limit, rel=1e-9)


def test_three_days_that_differ_by_200_kwh_per_t_leave_81_kwh_per_t_open_at_the_end_of_six() -> None:
    """Residuals 0, 20 and -20 MWh: 20 MWh a day; three days to come, and three that were: sqrt(3 + 3)."""
    uncertain = forecast_standard_uncertainty(
        np.array([1_340_000.0, 1_360_000.0, 1_320_000.0]),
        day_metal_t=np.full(3, 100.0),
        days_left=3.0,
        metal_of_whole_period_t=600.0,
    )
    assert uncertain == pytest.approx(81.65, abs=0.01)


def test_days_of_one_consumption_and_any_load_leave_nothing_open() -> None:
    metal_t = np.array([100.0, 50.0, 120.0])
    uncertain = forecast_standard_uncertainty(
        13_400 * metal_t, day_metal_t=metal_t, days_left=10.0, metal_of_whole_period_t=1170.0
    )
    assert uncertain == pytest.approx(0.0, abs=1e-6)


def test_one_day_tells_no_scatter() -> None:
    with pytest.raises(ValueError, match=r"1 days of energy and 1 of metal tell no scatter\. Remedy: give both"):
        forecast_standard_uncertainty(
            np.array([1e6]), day_metal_t=np.array([100.0]), days_left=3.0, metal_of_whole_period_t=400.0
        )
