"""Which records tell nothing that was told before: by their lines, or by the series and times that stand for them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from line_story import PLANT, T0

from collector.delivery.lineprotocol import ReadingEncoder
from collector.readings.batch import ReadingBatch
from collector.store.new_lines import NewLines

Line = tuple[str, int]
records = st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), min_size=1, max_size=6), max_size=8)


def spans_of(record: list[Line]) -> list[tuple[bytes, int, int]]:
    times: dict[str, list[int]] = {}
    for series, time_ns in record:
        times.setdefault(series, []).append(time_ns)
    return [(series.encode(), min(own), max(own)) for series, own in times.items()]


def lines_of(record: list[Line]) -> list[bytes]:
    return [f"{series} v=1 {time_ns}".encode() for series, time_ns in record]


@given(records)
def test_a_record_is_new_if_each_line_is_later_than_all_of_its_series_in_the_records_before(
    told: list[list[Line]],
) -> None:
    by_lines, by_spans, by_both = NewLines(), NewLines(), NewLines()
    latest: dict[str, int] = {}
    for seq, record in enumerate(told, start=1):
        expected = all(series in latest and time_ns > latest[series] for series, time_ns in record)
        assert by_lines.are_all(seq, lines_of(record), lambda: None) is expected
        assert by_spans.are_all(seq, [], lambda: None, spans=spans_of(record)) is expected
        half = len(record) // 2
        assert by_both.are_all(seq, lines_of(record[:half]), lambda: None, spans=spans_of(record[half:])) is expected
        for series, time_ns in record:
            latest[series] = max(latest.get(series, 0), time_ns)


def test_a_line_without_a_time_is_not_new_and_the_others_are_remembered() -> None:
    known = NewLines()
    assert not known.are_all(1, [b"a v=1 5", b"a v=1 now"], lambda: None)
    assert not known.are_all(2, [b"a v=1 6", b"a v=1"], lambda: None)
    assert known.are_all(3, [b"a v=1 7"], lambda: None)
    assert not known.are_all(4, [b"a v=1 7"], lambda: None)


@given(st.lists(st.tuples(st.integers(0, len(PLANT.points) - 1), st.integers(0, 5)), min_size=1, max_size=40))
def test_rendered_readings_tell_the_first_and_the_last_time_of_each_series_in_their_lines(
    rows: list[tuple[int, int]],
) -> None:
    points, seconds = (np.array(column) for column in zip(*rows, strict=True))
    batch = ReadingBatch(
        points.astype(np.int32),
        T0 + seconds.astype(np.int64),
        np.full(len(rows), 4.1),
        np.full(len(rows), 192, np.uint8),
    )
    rendered = ReadingEncoder(PLANT).rendered(batch)
    told = [(line.partition(b" ")[0].decode(), int(line.rpartition(b" ")[2])) for line in rendered.lines]
    assert sorted(rendered.spans) == sorted(spans_of(told))
