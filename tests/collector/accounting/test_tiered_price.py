"""Where a month stands in the tiered price: literal numbers of the rule's text, and properties."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from priced_month import RULE, sums_of

from collector.accounting.intensity import Metal
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.sums import Sums
from collector.accounting.tiered_price import GreenShares, MonthSoFar, PriceTier, price_tier
from collector.domain.levels import Indicator


def month(kwh_per_t: float, *, first_day: date = date(2026, 3, 1), lately: float | None = None) -> MonthSoFar:
    """Return a March of which ten days are over, and the last seven at another consumption if wanted."""
    recent = sums_of(kwh_per_t if lately is None else lately, days=7)
    return MonthSoFar(first_day, 10 * 86400.0, 21.0, sums_of(kwh_per_t), recent)


def standing(so_far: MonthSoFar, green: GreenShares | None = None) -> PriceTier:
    return price_tier(so_far, RULE, green, least_coverage_pct=90.0)


@pytest.mark.parametrize(
    ("first_day", "threshold", "surcharge"),
    [(date(2022, 12, 1), 13650, 0.03), (date(2024, 12, 1), 13450, 0.13), (date(2025, 1, 1), 13300, 0.20)],
)
def test_e14_a_month_at_13700_costs_3_then_13_then_20_fen(first_day: date, threshold: float, surcharge: float) -> None:
    told = standing(month(13700.0, first_day=first_day))
    assert told.threshold_kwh_per_t == threshold
    assert told.comprehensive_kwh_per_t == pytest.approx(13700)
    assert told.surcharge_cny_per_kwh == pytest.approx(surcharge)
    assert told.surcharge_cny == pytest.approx(surcharge * 13700 * 1200)


def test_e15_a_quarter_of_wind_and_sun_takes_a_tenth_off_where_the_province_asked_for_less() -> None:
    assert standing(month(13700.0), GreenShares(0.25, 0.22)).surcharge_cny_per_kwh == pytest.approx(0.18)
    assert standing(month(13700.0), GreenShares(0.25, 0.272)).surcharge_cny_per_kwh == pytest.approx(0.20)
    assert standing(month(13700.0), GreenShares(0.15, 0.10)).surcharge_cny_per_kwh == pytest.approx(0.20)


def test_a_share_of_a_thousandth_is_no_relief_and_no_mistake() -> None:
    assert standing(month(13700.0), GreenShares(0.001, 0.22)).surcharge_cny_per_kwh == pytest.approx(0.20)


def test_a_rule_without_relief_gives_none() -> None:
    told = price_tier(month(13700.0), replace(RULE, relief=None), GreenShares(0.5, 0.1), least_coverage_pct=90.0)
    assert told.surcharge_cny_per_kwh == pytest.approx(0.20)


def test_a_month_1_kwh_per_tonne_above_the_threshold_pays_one_step_on_all_its_energy() -> None:
    told = standing(month(13301.0))
    assert told.surcharge_cny_per_kwh == pytest.approx(0.01)
    assert told.surcharge_cny == pytest.approx(0.01 * 13301 * 1200)


def test_a_month_on_the_threshold_pays_nothing() -> None:
    told = standing(month(13300.0))
    assert (told.surcharge_cny_per_kwh, told.surcharge_cny) == (0.0, 0.0)


def test_the_end_of_a_month_is_forecast_from_its_last_seven_days() -> None:
    """10 days at 13,400 and 21 to come like the last, at 13,250."""
    told = standing(month(13400.0, lately=13250.0))
    assert told.forecast_month_end_kwh_per_t == pytest.approx((10 * 13400 + 21 * 13250) / 31)


def test_a_month_that_is_over_ends_where_it_stands() -> None:
    over = MonthSoFar(date(2026, 3, 1), 10 * 86400.0, 0.0, sums_of(13400.0), Sums())
    assert standing(over).forecast_month_end_kwh_per_t == pytest.approx(13400)


def test_less_than_a_day_is_no_forecast() -> None:
    so_far = replace(month(13400.0), recent=sums_of(13400.0, minutes=1439))
    assert standing(so_far).forecast_month_end_kwh_per_t is None
    assert standing(replace(so_far, recent=sums_of(13400.0, minutes=1440))).forecast_month_end_kwh_per_t is not None


def test_of_a_month_with_too_little_known_only_the_threshold_is_stated() -> None:
    little = replace(month(13700.0), sums=sums_of(13700.0, minutes=round(0.89 * 14400)))
    assert standing(little) == PriceTier(13300, None, None, None, None)
    assert standing(replace(little, sums=Sums())) == PriceTier(13300, None, None, None, None)


def test_the_power_of_desulphurisation_is_left_out_of_the_month_and_of_its_forecast() -> None:
    so_far = month(13400.0)
    so_far = replace(so_far, desulphurisation_kwh=0.01 * 13400 * 1200, recent_desulphurisation_kwh=0.01 * 13400 * 840)
    told = standing(so_far)
    assert told.comprehensive_kwh_per_t == pytest.approx(0.99 * 13400)
    assert told.surcharge_cny_per_kwh == 0.0
    assert told.forecast_month_end_kwh_per_t == pytest.approx(0.99 * 13400)
    counted = price_tier(so_far, replace(RULE, without_desulphurisation=False), None, least_coverage_pct=90.0)
    assert counted.comprehensive_kwh_per_t == pytest.approx(13400)


def test_desulphurisation_of_more_than_everything_is_refused() -> None:
    with pytest.raises(ValueError, match=r"desulphurisation took 1e\+09 of 1\.608e\+07 kWh\. Remedy: give only"):
        standing(replace(month(13400.0), desulphurisation_kwh=1e9))


def test_weighed_metal_of_one_percent_less_raises_the_consumption() -> None:
    weighed = Metal(MetalBasis.TAPPED, 0.99)
    told = price_tier(month(13200.0), RULE, None, least_coverage_pct=90.0, metal=weighed)
    assert told.comprehensive_kwh_per_t == pytest.approx(13200 / 0.99)
    assert told.surcharge_cny_per_kwh == pytest.approx(0.02)


def test_before_the_first_tier_nothing_is_assumed() -> None:
    with pytest.raises(LookupError, match="no price tier is in force on 2021-12-01"):
        standing(month(13700.0, first_day=date(2021, 12, 1)))


def test_a_rule_on_ingots_is_not_applied_to_liquid_metal() -> None:
    with pytest.raises(LookupError, match="put on ingot_comprehensive_ac, which a potline has not"):
        price_tier(
            month(13700.0),
            replace(RULE, indicator=Indicator.INGOT_COMPREHENSIVE_AC),
            None,
            least_coverage_pct=90.0,
        )


CONSUMPTION = st.floats(12000, 16000, allow_nan=False)


@given(CONSUMPTION, CONSUMPTION)
def test_who_uses_more_never_pays_less(one: float, other: float) -> None:
    low, high = (standing(month(kwh_per_t)) for kwh_per_t in sorted((one, other)))
    assert (low.surcharge_cny_per_kwh or 0.0) <= (high.surcharge_cny_per_kwh or 0.0)
    assert (low.surcharge_cny or 0.0) <= (high.surcharge_cny or 0.0)


@given(st.floats(13301, 16000), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_wind_and_sun_never_cost_more(kwh_per_t: float, one: float, other: float) -> None:
    less, more = (standing(month(kwh_per_t), GreenShares(share, 0.1)) for share in sorted((one, other)))
    assert (more.surcharge_cny or 0.0) <= (less.surcharge_cny or 0.0) * (1 + 1e-12)
    assert (more.surcharge_cny or 0.0) >= 0.0


@given(CONSUMPTION, CONSUMPTION)
def test_the_forecast_lies_between_what_is_over_and_the_last_days(so_far: float, lately: float) -> None:
    told = standing(month(so_far, lately=lately)).forecast_month_end_kwh_per_t
    assert told is not None
    assert min(so_far, lately) - 1e-6 <= told <= max(so_far, lately) + 1e-6
