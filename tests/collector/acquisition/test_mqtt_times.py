"""Times of messages: many at once are the same as each for itself."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.mqtt.times import NEVER, instant, instants, since_1970
from collector.plant.layout import TimeFormat

RFC = TimeFormat.RFC3339


def each(texts: list[str]) -> list[int]:
    found = [instant(text, RFC) for text in texts]
    return [ns if 0 <= ns < 1 << 63 else NEVER for ns in found]


DIGITS = st.sampled_from([0, 1, 3, 6])
MOMENTS = st.datetimes(datetime(1969, 1, 1), datetime(2263, 1, 1)) | st.datetimes()  # noqa: DTZ001 - made UTC below


def written(moment: datetime, digits: int, zone: str = "Z") -> str:
    fraction = f".{moment.microsecond:06}"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction + zone


@given(MOMENTS, DIGITS, st.lists(st.integers(0, 10**8), min_size=1, max_size=5), st.sampled_from(["Z", "+08:00"]))
def test_times_that_are_written_alike_are_read_at_once(
    first: datetime, digits: int, apart: list[int], zone: str
) -> None:
    moments = [first]
    for more in apart:
        if moments[-1] < datetime(9990, 1, 1):  # noqa: DTZ001
            moments.append(moments[-1] + timedelta(milliseconds=more))
    texts = [written(moment, digits, zone) for moment in moments]
    assert instants(texts, RFC).tolist() == each(texts)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T00:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T23:60:00Z",
        "2026-13-01T00:00:00Z",
        "2026-03-01 04:05:06",
        "2026-03-01T04:05:06",
        "2026-03-01T04:05:0xZ",
        "2026-03-01T04:05:\u0661\u0662Z",
        "",
    ],
)
def test_what_is_no_time_is_refused_one_by_one_and_among_others(text: str) -> None:
    for texts in ([text], ["2026-03-01T04:05:06Z", text], [text, text]):
        with pytest.raises(ValueError, match="is no time of RFC 3339"):
            instants(texts, RFC)


def test_times_of_two_days_and_of_two_forms_are_each_read_for_itself() -> None:
    texts = ["2026-02-28T23:59:59.9Z", "2026-03-01T00:00:00.1Z", "2026-03-01T08:00:00+08:00"]
    assert [ns - instant("2026-03-01T00:00:00Z", RFC) for ns in instants(texts, RFC)] == [-100_000_000, 100_000_000, 0]


def test_whole_numbers_are_exact_and_those_with_a_point_to_the_microsecond() -> None:
    assert instants([1772337906123456789], TimeFormat.NS).tolist() == [1772337906123456789]
    assert instants([1772337906, 1772337907.5], TimeFormat.S).tolist() == [1772337906 * 10**9, 17723379075 * 10**8]
    assert instants([-1, 1 << 62, 5], TimeFormat.MS).tolist() == [NEVER, NEVER, 5_000_000]
    assert instants([1 << 70, 5], TimeFormat.US).tolist() == [NEVER, 5000]
    with pytest.raises(ValueError, match="the time since 1970 in ms"):
        instants([5, None], TimeFormat.MS)


@given(st.integers(946_684_800_000_000, 4_000_000_000_000_000))
def test_seconds_with_a_point_keep_every_microsecond(micros: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    assert since_1970(moment.timestamp(), TimeFormat.S) == micros * 1000
