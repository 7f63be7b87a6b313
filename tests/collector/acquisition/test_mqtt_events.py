"""Events by declaration: fields anywhere, in any unit and words, with ids and revisions."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from declared import Declared
from hypothesis import given
from hypothesis import strategies as st
from potroom import NOW_NS, SITE

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.readings.event import AnodeEffect, AnodeEffectKind, Laboratory, Production, Weighing
from collector.readings.quality import Quality
from collector.settings.layouts import read_layout

BLUEPRINT = read_layout(Path(__file__).parents[3] / "config" / "layouts" / "_blueprint.toml")
SMELTER = read_layout(Path(__file__).parents[3] / "config" / "layouts" / "smelter-v1.toml")
T_S = 1_772_337_906  # 2026-03-01T04:05:06Z
T_NS = T_S * 1_000_000_000

PLANT = Declared('[[messages]]\ntopic = "x"\ntells = "ignore"').plant
READERS = {
    layout.name: LayoutReader(PLANT, [layout], broker="potroom", site=SITE, longest_tare_age_s=8 * 3600)
    for layout in (BLUEPRINT, SMELTER)
}
SAMPLE = f"smelter/v1/{SITE}/potline/PL1/pot/1001/sample/bath"
BOOKS = f"smelter/v1/{SITE}/mes/production"


def told(name: str, topic: str, message: object) -> Any:  # noqa: ANN401 - one event of any kind
    (event,) = READERS[name].read(topic, json.dumps(message).encode(), arrived_ns=NOW_NS, retained=False).events
    return event


def refused(topic: str, message: object, cause: Cause) -> str:
    with pytest.raises(PayloadProblem) as caught:
        READERS["smelter-v1"].read(topic, json.dumps(message).encode(), arrived_ns=NOW_NS, retained=False)
    assert caught.value.cause is cause
    return str(caught.value)


def test_an_anode_effect_in_other_words_and_units() -> None:
    message = {
        "id": "E7",
        "n": 3,
        "state": "over",
        "kind": "LVAE",
        "pot": "1001",
        "from": T_S * 1000,
        "lasted": 1.5,
        "peak": 9.5,
        "overvoltage": 2000,
    }
    assert told("_blueprint", f"plant/{SITE}/PL1/1001/effects", message) == AnodeEffect(
        "E7", (2 << 48) + 3, "PL1", "1001", AnodeEffectKind.LVAE, T_NS, 90.0, 9.5, 2000.0, corrected=False
    )


def test_a_weighing_in_tonnes() -> None:
    message = {
        "id": "W7",
        "revision": 2,
        "t": T_S,
        "pots": ["1001"],
        "net": 4.92,
        "gross": 12.28,
        "tare": 7.36,
        "at_rest": True,
        "tared": T_S - 3600,
    }
    assert told("_blueprint", f"plant/{SITE}/scales/9", message) == Weighing(
        "W7", 4, "PL1", ("1001",), T_NS, 4920.0, None
    )
    assert (
        told("_blueprint", f"plant/{SITE}/scales/9", message | {"moves": True}).refused == "the scale was not at rest"
    )


PRODUCED = {
    "v": 1,
    "id": "MES-DAY-2026-02-27-PL1",
    "rev": 2,
    "day": "2026-02-27",
    "line": "PL1",
    "metal_net_t": 853.6,
    "basis": "tapped+inventory_change",
    "status": "final",
    "kind": "production",
}


def test_production_belongs_to_the_day_of_the_plants_calendar() -> None:
    event = told("smelter-v1", BOOKS, PRODUCED)
    midnight = datetime(2026, 2, 26, 16, tzinfo=UTC)  # in Shanghai
    assert event == Production(
        id="MES-DAY-2026-02-27-PL1",
        rank=2,
        potline="PL1",
        time_ns=int(midnight.timestamp()) * 1_000_000_000,
        period="2026-02-27",
        net_kg=853_600.0,
        basis="tapped+inventory_change",
        status="final",
    )
    shift = {key: value for key, value in PRODUCED.items() if key != "day"} | {"shift": "2026-02-27N"}
    assert (told("smelter-v1", BOOKS, shift).period, told("smelter-v1", BOOKS, shift).time_ns) == (
        "2026-02-27N",
        event.time_ns,
    )


@pytest.mark.parametrize(
    ("more", "cause", "words"),
    [
        ({"line": "PL9"}, Cause.UNKNOWN_NAME, "potline 'PL9' is not in the plant file"),
        ({"line": None}, Cause.MISSING, "the potline is missing"),
        ({"metal_net_t": "853,6"}, Cause.DECIMAL_COMMA, "metal_net_t is '853,6'"),
        ({"metal_net_t": None}, Cause.MISSING, "the mass of the metal is missing"),
        ({"metal_net_t": -1}, Cause.CONTRADICTION, "the mass of the metal is negative"),
        ({"metal_net_t": 1e306}, Cause.NOT_A_NUMBER, "larger than any number"),
        ({"day": "27.02.2026"}, Cause.WRONG_TYPE, "day is '27.02.2026', and no day like 2026-03-01"),
        ({"day": "2026-02-30"}, Cause.WRONG_TYPE, "day is '2026-02-30', and no day like 2026-03-01"),
        ({"day": None}, Cause.MISSING, "the day is missing"),
        ({"day": None, "shift": "night"}, Cause.MISSING, "the shift 'night' does not begin with a day; add the day"),
        (
            {"day": "2026-03-04"},
            Cause.IMPOSSIBLE_TIME,
            "2026-03-04 is before 2000 or more than a day after its arrival",
        ),
        ({"day": "1999-12-31"}, Cause.IMPOSSIBLE_TIME, "1999-12-31 is before 2000"),
        ({"id": None}, Cause.MISSING, "id is missing"),
        ({"v": 2}, Cause.UNKNOWN_VERSION, "v is 2; declared is 1"),
    ],
)
def test_production_that_makes_no_sense_is_refused(more: dict[str, object], cause: Cause, words: str) -> None:
    assert words in refused(BOOKS, PRODUCED | more, cause)


BATH = {
    "v": 1,
    "id": "BATH-PL1-1001-1",
    "kind": "bath",
    "pot": "1001",
    "sampled_at": "2026-03-01T03:40:00Z",
    "rev": 1,
    "reported_at": "2026-03-01T04:10:00Z",
    "method": "lab_xrd",
    "q": "manual",
    "m": {"bath_temp_c": 958, "superheat_c": 8.5, "excess_alf3_pct": 11.2, "al2o3_pct": None, "unknown_here": 1},
}


def test_a_sample_is_kept_with_all_its_values_and_a_reading_of_what_is_a_quantity() -> None:
    found = READERS["smelter-v1"].read(SAMPLE, json.dumps(BATH).encode(), arrived_ns=NOW_NS, retained=False)
    sampled_ns = T_NS - 25 * 60 * 1_000_000_000 - 6_000_000_000
    point = PLANT.points.find("pot:1001", PLANT.points[27].quantity)
    assert found.readings == [(point, sampled_ns, 958.0, Quality.GOOD)]
    assert found.events == (
        Laboratory(
            id="BATH-PL1-1001-1",
            rank=1,
            potline="PL1",
            pot="1001",
            time_ns=sampled_ns,
            reported_ns=sampled_ns + 30 * 60 * 1_000_000_000,
            kind="bath",
            method="lab_xrd",
            values=(("bath_temperature", 958.0), ("superheat_c", 8.5), ("excess_alf3_pct", 11.2)),
        ),
    )


def test_a_sample_of_metal_is_kept_and_no_reading() -> None:
    metal = BATH | {"kind": "metal", "m": {"fe_ppm": 820}}
    found = READERS["smelter-v1"].read(
        SAMPLE.replace("bath", "metal"), json.dumps(metal).encode(), arrived_ns=NOW_NS, retained=False
    )
    assert found.readings == []
    assert told("smelter-v1", SAMPLE, metal).values == (("fe_ppm", 820.0),)


@pytest.mark.parametrize(
    ("more", "cause", "words"),
    [
        ({"pot": "1002"}, Cause.CONTRADICTION, "the payload speaks of pot '1002', the topic of '1001'"),
        ({"sampled_at": None}, Cause.MISSING, "sampled_at, the time, is missing"),
        ({"sampled_at": "2026-03-03T00:00:00Z"}, Cause.IMPOSSIBLE_TIME, "more than a day after its arrival"),
        ({"m": {"bath_temp_c": "958"}}, Cause.NUMBER_AS_TEXT, "m.bath_temp_c is '958'"),
        ({"m": {"fe_ppm": "82,0"}}, Cause.DECIMAL_COMMA, "m.fe_ppm is '82,0'"),
        ({"q": "guessed"}, Cause.UNKNOWN_WORD, "q is 'guessed'"),
        ({"rev": "1"}, Cause.NUMBER_AS_TEXT, "rev is '1'"),
    ],
)
def test_a_sample_that_makes_no_sense_is_refused(more: dict[str, object], cause: Cause, words: str) -> None:
    assert words in refused(SAMPLE, BATH | more, cause)


def test_a_message_may_hold_many_events() -> None:
    declared = Declared(
        """
        [[messages]]
        topic = "scales/{*}"
        tells = "weighing"
        samples = "list"
        unknown = "ignore"
        [messages.fields]
        id = { path = "id" }
        time = { path = "t", format = "s" }
        pots = { path = "pots" }
        net = { path = "net", unit = "kg" }
        stable = { path = "stable" }
        """
    )
    events = [{"id": f"W{n}", "net": 1000 + n, "pots": ["1001"]} for n in range(3)]
    message = {"t": T_S, "stable": True, "list": events}
    found = declared.told("scales/1", json.dumps(message)).events
    assert [(event.id, event.time_ns, getattr(event, "net_kg", None)) for event in found] == [
        ("W0", T_NS, 1000.0),
        ("W1", T_NS, 1001.0),
        ("W2", T_NS, 1002.0),
    ]
    of_others = message | {"list": [{"id": "W9", "net": 1, "pots": ["7"]}]}
    assert declared.told("scales/1", json.dumps(of_others)).events == ()


TOPICS = [
    *(f"plant/{SITE}/{rest}" for rest in ("PL1/1001/values", "all-pots", "PL1/1001/fast", "PL1/1001/effects", "books")),
    *(
        f"plant/{SITE}/{rest}"
        for rest in ("scales/1", "laboratory", "feeders/F7/P", "line/PL1", "gateway/1", "chatter/x")
    ),
]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["1001", "ok", "fail", "began", "over", "AE", "PL1", "2026-03-01", 2, T_S, T_S * 1000, T_S * 10**6]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "head",
                        "version",
                        "t",
                        "q",
                        "late",
                        "clock",
                        "v",
                        "u",
                        "u_unit",
                        "u_q",
                        "bath",
                        "pots",
                        "no",
                        "id",
                        "n",
                    ),
                    *(
                        "state",
                        "kind",
                        "pot",
                        "from",
                        "to",
                        "lasted",
                        "peak",
                        "net",
                        "gross",
                        "tare",
                        "at_rest",
                        "void",
                    ),
                    *(
                        "revision",
                        "line",
                        "day",
                        "shift",
                        "tonnes",
                        "found",
                        "temperature",
                        "fe",
                        "sampled",
                        "meter",
                        "name",
                    ),
                ]
            ),
            inner,
            max_size=8,
        )
    ),
    max_leaves=20,
)


@given(topic=st.sampled_from(TOPICS), message=VALUES, retained=st.booleans())
def test_whatever_is_said_to_any_declaration_is_understood_or_refused(
    topic: str, message: object, *, retained: bool
) -> None:
    with contextlib.suppress(PayloadProblem):
        found = READERS["_blueprint"].read(topic, json.dumps(message).encode(), arrived_ns=NOW_NS, retained=retained)
        points = {row[0] for row in [*found.readings, *(found.batch or ())]}
        assert {PLANT.points[point].quantity.label for point in points} <= {"pot_voltage", "bath_temperature"}
        assert all(0 <= event.rank < 1 << 63 and 0 < event.time_ns < 1 << 63 for event in found.events)
