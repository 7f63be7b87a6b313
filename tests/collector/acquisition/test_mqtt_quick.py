"""The short way from bytes to readings: it is taken by usual messages, and comes to the same as the long one."""

import json
import math
import re
from typing import Any

import pytest
from declared import with_meters
from hypothesis import given
from hypothesis import strategies as st
from potroom import NOW_NS, SITE, TELEMETRY

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import PayloadProblem, Told
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity

PLANT: Plant = with_meters("MV-1", told=(Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY_IMPORT))
METER = f"smelter/v1/{SITE}/meter/MV-1/telemetry"
TS = "2026-03-01T04:05:0{}Z"
HEAD = {"v": 1, "src": "potctl", "seq": 7, "clk": "sync", "q": "good", "hist": False}
VALUES = {"pot_voltage_v": 4.213, "line_current_ka": 361.72, "noise_mv": 11, "feed_state": "underfeed"}

SINGLE = HEAD | {"ts": TS.format(1), "m": VALUES}
ROWS = HEAD | {"samples": [{"ts": TS.format(n), "m": VALUES} for n in range(3)]}
COLUMNS = HEAD | {"t": [TS.format(n) for n in range(3)], "pot_voltage_v": [4.1, 4.2, 4.3], "noise_mv": [None, 2, 3]}
OF_METER = {"v": 1, "meter": "MV-1", "ts": TS.format(1), "m": {"p_kw": 9312.0}, "c": {"e_imp_kwh": 128450123.4}}
GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "single": (TELEMETRY, SINGLE),
    "rows": (TELEMETRY, ROWS),
    "columns": (TELEMETRY, COLUMNS),
    "meter": (METER, OF_METER),
    "stored single": (TELEMETRY, SINGLE | {"hist": True}),
    "stored rows": (TELEMETRY, ROWS | {"hist": True}),
    "stored columns": (TELEMETRY, COLUMNS | {"hist": True}),
    "stored by a meter": (METER, OF_METER | {"hist": True}),
}


def reader() -> LayoutReader:
    return LayoutReader(PLANT, PLANT.layouts, broker="potroom", site=SITE, longest_tare_age_s=8 * 3600)


READER = reader()


def rows(told: Told) -> list[tuple[int, int, float, int, bool]]:
    """Return readings in the order of point and time, with None for no value, and whether they are of the past."""
    found = [(row, False) for row in (*told.readings, *(told.batch or ()))]
    found += [(row, True) for row in told.past or ()]
    assert told.events == ()
    return sorted((p, t, -1e99 if math.isnan(v) else v, q, past) for (p, t, v, q), past in found)


def outcome(topic: str, payload: bytes, *, the_long_way: bool) -> object:
    """Return what a message says, or why it says nothing. Only the long way is open to what the broker had kept."""
    try:
        return rows(READER.read(topic, payload, arrived_ns=NOW_NS, retained=the_long_way))
    except PayloadProblem as exc:
        return exc.cause, str(exc)


@pytest.mark.parametrize("name", GOOD)
def test_usual_messages_take_the_short_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    topic, message = GOOD[name]
    mine = reader()
    long_way = "collector.acquisition.mqtt.declaration._told"
    monkeypatch.setattr(long_way, lambda *_, **__: pytest.fail("the long way was taken"))
    for _ in range(2):
        told = mine.read(topic, json.dumps(message).encode(), arrived_ns=NOW_NS, retained=False)
        assert len(rows(told)) >= 2


@pytest.mark.parametrize("name", GOOD)
def test_both_ways_come_to_the_same(name: str) -> None:
    topic, message = GOOD[name]
    payload = json.dumps(message).encode()
    assert outcome(topic, payload, the_long_way=False) == outcome(topic, payload, the_long_way=True)


def test_the_forms_of_a_topic_may_come_in_any_order() -> None:
    mine = reader()
    for name in ("columns", "single", "rows", "columns", "rows", "single", "single"):
        topic, message = GOOD[name]
        payload = json.dumps(message).encode()
        told = mine.read(topic, payload, arrived_ns=NOW_NS, retained=False)
        assert rows(told) == outcome(topic, payload, the_long_way=True)


def test_a_message_of_two_forms_is_read_as_the_first_one_that_is_declared() -> None:
    both = SINGLE | ROWS | COLUMNS
    ways = [outcome(TELEMETRY, json.dumps(both).encode(), the_long_way=long) for long in (False, True)]
    assert ways[0] == ways[1] == outcome(TELEMETRY, json.dumps(ROWS).encode(), the_long_way=True)


@pytest.mark.parametrize("name", GOOD)
def test_both_ways_say_the_same_of_what_is_no_json(name: str) -> None:
    topic, message = GOOD[name]
    whole = json.dumps(message).encode()
    spoilt = [whole[:length] for length in range(len(whole))]
    spoilt += [whole[:at] + byte + whole[at + 1 :] for at in range(len(whole)) for byte in (b"{", b",", b"\0")]
    spoilt += [
        whole + whole,
        whole.replace(b"4.2", b"NaN"),
        whole.replace(b"4.2", b"4,2"),
        whole.replace(b"4.2", b"1e999"),
    ]
    for payload in spoilt:
        ways = [outcome(topic, payload, the_long_way=long) for long in (False, True)]
        # The parser words it otherwise where it passes over what is not wanted, but it is the same and at one place.
        quick, long = (re.sub(r"malformed: .* \(", "malformed (", str(way)) for way in ways)
        assert quick == long, payload


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 2.5, 1e300, 1 << 70, "", "1", "4,2", "NaN", "good", "bad", "hold", "unset"),
        *("2026-03-01T04:05:06Z", "2026-03-01T04:05:06.123456789Z", "2026-02-29T00:00:00Z", "1999-12-31T00:00:00Z"),
        *("2026-03-01T24:00:00Z", "2026-03-01T04:05:60Z", "2026-03-01T04:05:06+00:00", "9999-12-31T23:59:59Z"),
        *([], {}, [1, None], [[4.2]], ["2026-03-01T04:05:06Z"], {"pot_voltage_v": 1}, {"ts": "2026-03-01T04:05:06Z"}),
    ]
)


def spoilt(message: Any, data: st.DataObject) -> Any:  # noqa: ANN401 - any JSON
    """Change something somewhere in a message."""
    if isinstance(message, dict) and message and data.draw(st.integers(0, 3)):
        key = data.draw(st.sampled_from(sorted(message)))
        if not data.draw(st.integers(0, 5)):
            return {name: value for name, value in message.items() if name != key}
        return message | {key: spoilt(message[key], data)}
    if isinstance(message, list) and message and data.draw(st.integers(0, 3)):
        at = data.draw(st.integers(0, len(message) - 1))
        return [*message[:at], spoilt(message[at], data), *message[at + 1 :]]
    if isinstance(message, dict) and data.draw(st.booleans()):
        keys = st.sampled_from(["q", "ts", "clk", "samples", "t", "hist", "v", "m", "meter", "pot_voltage_v"])
        return message | {data.draw(keys): data.draw(ODD)}
    return data.draw(ODD)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_both_ways_come_to_the_same_whatever_is_wrong_with_a_message(name: str, data: st.DataObject) -> None:
    topic, message = GOOD[name]
    for _ in range(data.draw(st.integers(1, 2))):
        message = spoilt(message, data)
    payload = json.dumps(message).encode()
    assert outcome(topic, payload, the_long_way=False) == outcome(topic, payload, the_long_way=True)
