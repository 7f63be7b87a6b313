"""Limits and their averaging times."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from collector.domain.exceedance import block_averages, judge, share_of_limit


def minutes(count: int) -> NDArray[np.float64]:
    return 60 * np.arange(count, dtype=np.float64)


def test_a_minute_above_the_limit_of_the_hour_is_no_exceedance() -> None:
    values = np.full(60, 2.0)
    values[10] = 30.0
    hour = block_averages(values, time_s=minutes(60), seconds=60.0, averaging_s=3600.0)
    assert hour.mean.tolist() == pytest.approx([148 / 60])
    assert judge(hour, limit=3.0, least_covered=0.75).exceeded.tolist() == [False]
    each = block_averages(values, time_s=minutes(60), seconds=60.0, averaging_s=60.0)
    assert judge(each, limit=3.0, least_covered=0.75).exceeded.sum() == 1


def test_an_average_equal_to_the_limit_meets_it() -> None:
    hours = block_averages(np.array([3.0, 3.01]), time_s=np.array([0.0, 3600.0]), seconds=3600.0, averaging_s=3600.0)
    assert judge(hours, limit=3.0, least_covered=1.0).exceeded.tolist() == [False, True]


def test_an_hour_of_which_half_is_known_is_withheld_however_high() -> None:
    hours = block_averages(np.full(30, 99.0), time_s=minutes(30), seconds=60.0, averaging_s=3600.0)
    assert hours.covered.tolist() == [0.5]
    verdict = judge(hours, limit=3.0, least_covered=0.75)
    assert verdict.exceeded.tolist() == [False]
    assert verdict.withheld.tolist() == [True]


def test_an_hour_without_any_sample_is_absent() -> None:
    hours = block_averages(np.array([1.0, 2.0]), time_s=np.array([0.0, 7200.0]), seconds=3600.0, averaging_s=3600.0)
    assert hours.start_s.tolist() == [0.0, 7200.0]
    assert hours.mean.tolist() == [1.0, 2.0]


def test_long_samples_weigh_more_than_short_ones() -> None:
    hour = block_averages(
        np.array([1.0, 4.0]), time_s=np.array([0.0, 600.0]), seconds=np.array([600.0, 3000.0]), averaging_s=3600.0
    )
    assert hour.mean.tolist() == pytest.approx([3.5])


def test_a_sample_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"overlap_s\[0\] is 60: .*leave out repeated samples"):
        block_averages(np.array([1.0, 1.0]), time_s=np.array([0.0, 0.0]), seconds=60.0, averaging_s=3600.0)


def test_samples_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match=r"overlap_s\[0\] is 120"):
        block_averages(np.array([1.0, 1.0]), time_s=np.array([60.0, 0.0]), seconds=60.0, averaging_s=3600.0)


def test_times_in_nanoseconds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"time_s\[0\] is 1\.7e\+18: .*not nanoseconds"):
        block_averages(np.array([1.0]), time_s=np.array([1.7e18]), seconds=60.0, averaging_s=3600.0)


def test_no_samples_give_no_blocks() -> None:
    none = block_averages(np.array([]), time_s=np.array([]), seconds=60.0, averaging_s=3600.0)
    assert none.mean.shape == (0,)
    assert judge(none, limit=3.0, least_covered=0.75).exceeded.shape == (0,)


def test_a_gap_is_left_out_and_not_averaged_as_nan() -> None:
    with pytest.raises(ValueError, match=r"values\[0\] is nan: .*leave out what is not a good reading"):
        block_averages(np.array([np.nan]), time_s=np.array([0.0]), seconds=60.0, averaging_s=3600.0)


def test_limit_and_coverage_that_are_none_are_refused() -> None:
    hour = block_averages(np.array([1.0]), time_s=np.array([0.0]), seconds=3600.0, averaging_s=3600.0)
    with pytest.raises(ValueError, match="limit is 0"):
        judge(hour, limit=0.0, least_covered=0.75)
    with pytest.raises(ValueError, match=r"least_covered is 75: .*give a fraction"):
        judge(hour, limit=3.0, least_covered=75.0)


def test_two_milligrams_are_two_thirds_of_a_limit_of_three() -> None:
    assert share_of_limit(np.array([2.0, 6.0]), limit=3.0).tolist() == pytest.approx([2 / 3, 2.0])
    with pytest.raises(ValueError, match="limit is 0"):
        share_of_limit(2.0, limit=0.0)
    with pytest.raises(ValueError, match="value is -1"):
        share_of_limit(-1.0, limit=3.0)


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=200), st.integers(1, 24))
def test_averages_of_whole_blocks_keep_the_sum(values: list[float], samples_per_block: int) -> None:
    amounts = np.array(values)
    blocks = block_averages(amounts, time_s=minutes(len(values)), seconds=60.0, averaging_s=60.0 * samples_per_block)
    assert (blocks.mean * blocks.covered).sum() * samples_per_block == pytest.approx(amounts.sum())
    assert blocks.mean.max() <= amounts.max() * (1 + 1e-12)
    assert (blocks.covered <= 1 + 1e-12).all()
