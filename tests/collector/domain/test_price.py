"""The tiered price: steps, relief, money."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.price import (
    Bands,
    GreenRelief,
    Tier,
    band_surcharge,
    overdue_surcharge_cny,
    relieved_surcharge,
    step_end_kwh_per_t,
    surcharge_cny,
    tier_in_force,
    tier_surcharge,
)

TIER = Tier(date(2025, 1, 1), threshold_kwh_per_t=13300, step_kwh_per_t=20, cny_per_kwh_per_step=0.01)
BEFORE = Tier(date(2023, 1, 1), threshold_kwh_per_t=13450, step_kwh_per_t=20, cny_per_kwh_per_step=0.01)
RELIEF = GreenRelief(from_percent=15, reduction_per_point=0.01)
BANDS = Bands(free_to_kwh_per_t=13700, middle_to_kwh_per_t=13800, middle_cny_per_kwh=0.02, top_cny_per_kwh=0.08)
consumptions = st.floats(12_000, 16_000)


@pytest.mark.parametrize(
    ("kwh_per_t", "surcharge"),
    [(13_000.0, 0.0), (13_300.0, 0.0), (13_300.1, 0.01), (13_320.0, 0.01), (13_320.1, 0.02), (13_400.0, 0.05)],
)
def test_a_started_step_counts_whole(kwh_per_t: float, surcharge: float) -> None:
    assert tier_surcharge(kwh_per_t, TIER) == pytest.approx(surcharge, rel=1e-12)


def test_a_rounding_of_a_ratio_starts_no_step() -> None:
    kwh_per_t = 13_320 * (1 + 4e-16)
    assert kwh_per_t > 13_320
    assert tier_surcharge(kwh_per_t, TIER) == 0.01


def test_the_tier_of_a_day_is_the_latest_that_has_begun() -> None:
    tiers = [TIER, BEFORE]
    assert tier_in_force(tiers, date(2024, 12, 31)) is BEFORE
    assert tier_in_force(tiers, date(2025, 1, 1)) is TIER
    assert tier_in_force(tiers, date(2031, 1, 1)) is TIER


def test_before_the_first_tier_nothing_is_assumed() -> None:
    with pytest.raises(
        LookupError, match=r"no price tier is in force on 2022-12-31; add one with an earlier valid_from"
    ):
        tier_in_force([TIER, BEFORE], date(2022, 12, 31))


def test_hydro_power_gives_no_relief() -> None:
    # 70 % hydro, 8 % wind and sun
    assert relieved_surcharge(0.10, non_hydro_percent=8.0, incentive_weight_percent=8.0, relief=RELIEF) == 0.10


def test_exactly_15_percent_gives_no_relief_and_a_point_more_gives_one_percent() -> None:
    shares = np.array([15.0, 16.0, 16.5])
    relieved = relieved_surcharge(
        np.array([0.1, 0.1, 0.1]), non_hydro_percent=shares, incentive_weight_percent=15.0, relief=RELIEF
    )
    assert relieved.tolist() == pytest.approx([0.1, 0.099, 0.0985], rel=1e-12)


def test_a_share_equal_to_the_weight_of_the_province_is_enough() -> None:
    assert relieved_surcharge(0.1, non_hydro_percent=22.0, incentive_weight_percent=22.0, relief=RELIEF) == 0.093
    assert relieved_surcharge(0.1, non_hydro_percent=21.9, incentive_weight_percent=22.0, relief=RELIEF) == 0.1


def test_share_as_a_fraction_is_refused() -> None:
    with pytest.raises(ValueError, match=r"non_hydro_percent is 0\.25: .*give percent"):
        relieved_surcharge(0.1, non_hydro_percent=0.25, incentive_weight_percent=22.0, relief=RELIEF)
    with pytest.raises(ValueError, match=r"incentive_weight_percent is 0\.22"):
        relieved_surcharge(0.1, non_hydro_percent=25.0, incentive_weight_percent=0.22, relief=RELIEF)


def test_five_fen_on_134_gigawatt_hours_are_6_7_million_yuan() -> None:
    assert surcharge_cny(134_000_000.0, cny_per_kwh=0.05) == pytest.approx(6_700_000)


def test_negative_amounts_are_refused() -> None:
    with pytest.raises(ValueError, match="kwh_per_t is -1"):
        tier_surcharge(-1.0, TIER)
    with pytest.raises(ValueError, match="kwh_per_t is -1"):
        band_surcharge(-1.0, BANDS)
    with pytest.raises(ValueError, match="kwh is -1"):
        surcharge_cny(-1.0, cny_per_kwh=0.01)
    with pytest.raises(ValueError, match="cny_per_kwh is -1"):
        surcharge_cny(1.0, cny_per_kwh=-1.0)
    with pytest.raises(ValueError, match="cny is -1"):
        overdue_surcharge_cny(-1.0, days_unpaid=1.0, grace_days=90.0, multiple=1.5)
    with pytest.raises(ValueError, match=r"multiple is 0\.5: .*1\.5 and not 0\.5"):
        overdue_surcharge_cny(1.0, days_unpaid=1.0, grace_days=90.0, multiple=0.5)


def test_tiers_relief_and_bands_of_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="step_kwh_per_t is 0"):
        Tier(date(2025, 1, 1), threshold_kwh_per_t=13300, step_kwh_per_t=0, cny_per_kwh_per_step=0.01)
    with pytest.raises(ValueError, match="threshold_kwh_per_t is -1"):
        Tier(date(2025, 1, 1), threshold_kwh_per_t=-1, step_kwh_per_t=20, cny_per_kwh_per_step=0.01)
    with pytest.raises(ValueError, match="cny_per_kwh_per_step is 10"):
        Tier(date(2025, 1, 1), threshold_kwh_per_t=13300, step_kwh_per_t=20, cny_per_kwh_per_step=10)
    with pytest.raises(ValueError, match="reduction_per_point is 1"):
        GreenRelief(from_percent=15, reduction_per_point=1)
    with pytest.raises(ValueError, match=r"middle_to_kwh_per_t is 13700: .*rising order"):
        Bands(13800, 13700, 0.02, 0.08)


def test_arrays_of_consumption_are_priced_element_by_element() -> None:
    kwh_per_t = np.array([13_000.0, 13_310.0, 13_750.0, 13_900.0])
    assert tier_surcharge(kwh_per_t, TIER).tolist() == [tier_surcharge(float(w), TIER) for w in kwh_per_t]
    assert band_surcharge(kwh_per_t, BANDS).tolist() == [0.0, 0.0, 0.02, 0.08]
    owed = overdue_surcharge_cny(kwh_per_t, days_unpaid=np.array([0, 90, 91, 200]), grace_days=90, multiple=1.5)
    assert owed.tolist() == [13_000.0, 13_310.0, 20_625.0, 20_850.0]


@given(consumptions, consumptions)
def test_a_higher_consumption_never_costs_less(one: float, two: float) -> None:
    low, high = sorted([one, two])
    assert tier_surcharge(low, TIER) <= tier_surcharge(high, TIER)
    assert band_surcharge(low, BANDS) <= band_surcharge(high, BANDS)


@given(consumptions)
def test_the_surcharge_is_at_most_one_step_above_the_straight_line(kwh_per_t: float) -> None:
    line = max(0.0, kwh_per_t - 13_300) / 20 * 0.01
    assert line - 1e-9 <= tier_surcharge(kwh_per_t, TIER) < line + 0.01 + 1e-9


@given(st.floats(0, 1), st.floats(0.5, 100), st.floats(0.5, 100))
def test_relief_never_takes_more_than_85_percent_and_never_adds(price: float, share: float, weight: float) -> None:
    relieved = relieved_surcharge(price, non_hydro_percent=share, incentive_weight_percent=weight, relief=RELIEF)
    assert price * 0.15 * (1 - 1e-12) <= relieved <= price


@pytest.mark.parametrize(
    ("kwh_per_t", "end"), [(13_200.0, 13_300.0), (13_300.0, 13_300.0), (13_301.0, 13_320.0), (13_320.0, 13_320.0)]
)
def test_a_step_ends_where_the_next_one_begins(kwh_per_t: float, end: float) -> None:
    assert step_end_kwh_per_t(kwh_per_t, TIER) == end
    assert tier_surcharge(end, TIER) == tier_surcharge(kwh_per_t, TIER)
    assert tier_surcharge(end + 0.01, TIER) > tier_surcharge(kwh_per_t, TIER)
