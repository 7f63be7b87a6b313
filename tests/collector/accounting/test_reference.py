"""The voltage of pots at rest: means over five minutes to ten, whatever the batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.reference import BLOCK_NS, RestVoltage

MINUTE = 60_000_000_000


def rest(*rows: tuple[int, int, float], sizes: list[int] | None = None) -> RestVoltage:
    """Return the means of two pots after rows (pot, minute, voltage), in one batch or in batches of some sizes."""
    found = RestVoltage(np.array([1.5, 1.5]))
    left = list(rows)
    for size in sizes or [len(rows)]:
        part, left = left[:size], left[size:]
        columns = np.array([row[0] for row in part], np.int64)
        times = np.array([row[1] * MINUTE for row in part], np.int64)
        found.take(columns, times, np.array([row[2] for row in part]))
    return found


def test_the_mean_is_that_of_the_present_block_and_the_one_before_it() -> None:
    found = rest((0, 0, 9.0), (0, 5, 4.0), (0, 9, 4.1), (0, 10, 4.2))
    assert found.mean_v(0, 11 * MINUTE) == pytest.approx(4.1)
    assert found.mean_v(0, 15 * MINUTE) == pytest.approx(4.2)


def test_what_is_older_than_the_block_before_is_not_known_any_more() -> None:
    found = rest((0, 0, 4.0))
    assert found.mean_v(0, 9 * MINUTE) == 4.0
    assert found.mean_v(0, 10 * MINUTE) is None
    assert found.mean_v(1, MINUTE) is None
    assert rest((0, 0, 4.0), (0, 12, 4.2)).mean_v(0, 12 * MINUTE) == pytest.approx(4.2)


def test_the_voltages_of_a_line_that_stands_are_left_out() -> None:
    assert rest((0, 0, 4.0), (0, 1, 0.2)).mean_v(0, 2 * MINUTE) == 4.0
    assert rest((0, 0, 0.2)).mean_v(0, 2 * MINUTE) is None


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.floats(0.0, 7.9)), max_size=40),
    st.lists(st.integers(0, 9), min_size=40, max_size=40),
)
def test_any_batches_give_the_same_mean_to_the_last_bit(rows: list[tuple[int, int, float]], sizes: list[int]) -> None:
    later = [(pot, 2 * sum(step for _, step, _ in rows[: n + 1]), value) for n, (pot, _, value) in enumerate(rows)]
    whole, parted, single = rest(*later), rest(*later, sizes=[*sizes, 40]), RestVoltage(np.array([1.5, 1.5]))
    for pot, minute, value in later:
        single.take_one(pot, minute * MINUTE, value)
    end_ns = later[-1][1] * MINUTE if later else BLOCK_NS
    for pot in (0, 1):
        assert whole.mean_v(pot, end_ns) == parted.mean_v(pot, end_ns) == single.mean_v(pot, end_ns)
