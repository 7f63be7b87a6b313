"""Properties of payloads: whatever comes, the answer is a reading or a problem with its cause."""

import json
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from potroom import EFFECT, TELEMETRY, WEIGHING, effect, telemetry, weighing
from potroom_payloads import PLANT, read

from collector.acquisition.mqtt.message import PayloadProblem
from collector.acquisition.mqtt.times import nanoseconds

# --- Properties -------------------------------------------------------------------------------------------------------

GOOD = {TELEMETRY: telemetry(), EFFECT: effect(), WEIGHING: weighing()}
TOPICS = st.sampled_from(list(GOOD))
SCRAPS: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["good", "start", "end", "1001", "2026-03-01T04:30:00Z", "0001-01-01T00:00:00+12:00", 1]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


OF_POT_1001 = set(PLANT.points.of("pot:1001").values())


def only_a_problem(topic: str, payload: bytes) -> None:
    """Read; what is understood must fit the store: 64-bit times and ranks, text that can be written."""
    try:
        told = read(topic, payload)
    except PayloadProblem as exc:
        assert str(exc)  # noqa: PT017 - the reason is kept with the message
        return
    rows = [*told.readings, *(told.batch or ())]
    assert all(0 < row[1] < 1 << 63 for row in rows)
    assert {row[0] for row in rows} <= OF_POT_1001
    for event in told.events:
        assert 0 <= event.rank < 1 << 63
        assert 0 < event.time_ns < 1 << 63
        event.id.encode()


@given(TOPICS, st.binary(max_size=300))
def test_arbitrary_bytes_never_raise_anything_but_a_problem(topic: str, payload: bytes) -> None:
    only_a_problem(topic, payload)


@given(TOPICS, st.data())
def test_a_message_with_arbitrary_values_never_raises_anything_but_a_problem(topic: str, data: st.DataObject) -> None:
    message = json.loads(GOOD[topic])
    more = ["end", "zeroed_at", "seq", "rev", "clk", "q", "void", "overvoltage_mv_day", "samples", "t", "hist"]
    keys = st.sampled_from([*message, *more])
    message |= data.draw(st.dictionaries(keys, SCRAPS, min_size=1, max_size=3))
    only_a_problem(topic, json.dumps(message).encode())


@given(TOPICS, st.integers(0, 400), st.integers(0, 255))
def test_a_flipped_byte_never_raises_anything_but_a_problem(topic: str, at: int, byte: int) -> None:
    payload = bytearray(GOOD[topic])
    payload[at % len(payload)] = byte
    only_a_problem(topic, bytes(payload))


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_is_taken_over_to_the_microsecond(stamp: datetime) -> None:
    micros = nanoseconds(stamp) // 1000
    assert nanoseconds(stamp) % 1000 == 0
    assert abs(micros / 1e6 - stamp.timestamp()) < 1e-3
