"""The live values: only what is newer moves them."""

import math

from hypothesis import given
from hypothesis import strategies as st

from collector.readings.batch import ReadingBatch
from collector.readings.latest import LatestReadings


def test_a_late_sample_does_not_move_the_live_value() -> None:
    latest = LatestReadings(2)
    latest.take(ReadingBatch.of([(0, 100, 4.2, 192), (1, 90, 7.0, 192)]))
    latest.take(ReadingBatch.of([(0, 99, 9.9, 192), (0, 50, 8.8, 0), (1, 95, 7.1, 192)]))
    assert latest.value.tolist() == [4.2, 7.1]
    assert latest.time_ns.tolist() == [100, 95]
    assert latest.quality.tolist() == [192, 192]


def test_of_a_batch_in_any_order_the_newest_sample_is_live() -> None:
    latest = LatestReadings(1)
    latest.take(ReadingBatch.of([(0, 30, 3.0, 192), (0, 10, 1.0, 192), (0, 20, 2.0, 64)]))
    assert (latest.value[0], latest.time_ns[0], latest.quality[0]) == (3.0, 30, 192)


ROWS = st.tuples(st.integers(0, 2), st.integers(1, 20), st.floats(0, 9), st.sampled_from([0, 64, 192]))


@given(st.lists(st.lists(ROWS, max_size=6), max_size=6))
def test_the_live_value_is_the_last_one_told_of_the_newest_time(
    batches: list[list[tuple[int, int, float, int]]],
) -> None:
    latest = LatestReadings(3)
    expected = [(0, math.nan, 0)] * 3
    for batch in batches:
        latest.take(ReadingBatch.of(batch))
        for point, time_ns, value, quality in batch:
            if time_ns >= expected[point][0]:
                expected[point] = (time_ns, value, quality)
    found = [(int(t), float(v), int(q)) for t, v, q in zip(latest.time_ns, latest.value, latest.quality, strict=True)]
    assert repr(found) == repr(expected)
