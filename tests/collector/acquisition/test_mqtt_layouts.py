"""Payloads by declaration: every shape that a layout can describe."""

import json
import math

import pytest
from declared import Declared
from layouts_declared import POT, T_NS, T_S, TOPIC, VOLTAGE, refused
from potroom import NOW_NS

from collector.acquisition.mqtt.message import Cause
from collector.readings.quality import Quality

GOOD, UNCERTAIN, BAD = int(Quality.GOOD), int(Quality.UNCERTAIN), int(Quality.BAD)

# --- Places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("u", {"u": 4.2}),
        ("a.b.c", {"a": {"b": {"c": 4.2}}}),
        ('a."b.c"', {"a": {"b.c": 4.2}}),
        ("a.1.u", {"a": [{}, {"u": 4.2}]}),
        ("a.1", {"a": {"1": 4.2}}),
        ("Ü µ", {"Ü µ": 4.2}),
    ],
)
def test_a_path_leads_through_tables_and_arrays(path: str, message: object) -> None:
    declared = Declared(f"{POT}[messages.values]\npot_voltage = {{ path = '{path}', unit = 'V' }}")
    assert declared.rows(TOPIC, json.dumps(message)) == [("pot:1001.pot_voltage", NOW_NS, 4.2, GOOD)]


def test_values_are_converted_to_the_canonical_unit() -> None:
    declared = Declared(
        f"""{POT}[messages.values]
        pot_voltage = {{ path = "mv", unit = "mV" }}
        pot_resistance = {{ path = "r", unit = "mOhm" }}
        """
    )
    assert [row[2] for row in declared.rows(TOPIC, '{"mv": 4213, "r": 0.007086}')] == [4.213, 7.086]


# --- Times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "written", "time_ns"),
    [
        ("rfc3339", '"2026-03-01T04:05:06Z"', T_NS),
        ("rfc3339", '"2026-03-01T12:05:06.123456+08:00"', T_NS + 123_456_000),
        ("s", "1772337906", T_NS),
        ("s", "1772337906.12", T_NS + 120_000_000),
        ("s", "1772337906.123457", T_NS + 123_457_000),
        ("ms", "1772337906123", T_NS + 123_000_000),
        ("ms", "1772337906123.5", T_NS + 123_500_000),
        ("us", "1772337906123457", T_NS + 123_457_000),
        ("ns", "1772337906123456789", T_NS + 123_456_789),
    ],
)
def test_times_are_taken_over_exactly(form: str, written: str, time_ns: int) -> None:
    declared = Declared(f'{POT}time = {{ path = "t", format = "{form}" }}{VOLTAGE}')
    assert declared.rows(TOPIC, f'{{"t": {written}, "u": 4.2}}') == [("pot:1001.pot_voltage", time_ns, 4.2, GOOD)]


@pytest.mark.parametrize("written", ["0", "-1", "17", "99999999999999999999999", "1e300", "1772337906000"])
def test_a_time_that_no_clock_shows_is_replaced_by_that_of_arrival(written: str) -> None:
    declared = Declared(f'{POT}time = {{ path = "t", format = "s" }}{VOLTAGE}')
    assert declared.rows(TOPIC, f'{{"t": {written}, "u": 4.2}}') == [("pot:1001.pot_voltage", NOW_NS, 4.2, UNCERTAIN)]


def test_a_time_as_text_where_a_number_is_declared_is_refused() -> None:
    declared = Declared(f'{POT}time = {{ path = "t", format = "ms" }}{VOLTAGE}')
    assert "the time since 1970 in ms" in refused(
        declared, TOPIC, '{"t": "1772337906000", "u": 1}', Cause.NUMBER_AS_TEXT
    )
    refused(declared, TOPIC, '{"t": "yesterday", "u": 1}', Cause.WRONG_TYPE)
    refused(declared, TOPIC, '{"t": true, "u": 1}', Cause.WRONG_TYPE)


def test_without_a_time_that_of_arrival_counts_unless_the_broker_had_kept_the_message() -> None:
    declared = Declared(POT + VOLTAGE)
    assert declared.rows(TOPIC, '{"u": 4.2}') == [("pot:1001.pot_voltage", NOW_NS, 4.2, GOOD)]
    assert declared.rows(TOPIC, '{"u": 4.2}', retained=True) == [("pot:1001.pot_voltage", NOW_NS, 4.2, UNCERTAIN)]


# --- Quality ----------------------------------------------------------------------------------------------------------

WORDS = """quality = { path = "q", words = { "192" = "good", ok = "good", "0" = "bad", true = "uncertain", x = "sensor_failure" }, default = "uncertain" }
"""  # noqa: E501


@pytest.mark.parametrize(
    ("said", "quality"),
    [("192", GOOD), ('"192"', GOOD), ('"ok"', GOOD), ("true", UNCERTAIN), ("null", UNCERTAIN)],
)
def test_words_for_quality_may_be_texts_numbers_and_flags(said: str, quality: int) -> None:
    declared = Declared(POT + WORDS + VOLTAGE)
    assert declared.rows(TOPIC, f'{{"q": {said}, "u": 4.2}}') == [("pot:1001.pot_voltage", NOW_NS, 4.2, quality)]


def test_a_bad_word_makes_gaps_of_values_and_of_nulls_and_nothing_of_what_is_absent() -> None:
    declared = Declared(POT + WORDS + VOLTAGE + 'pot_noise = { path = "n", unit = "mV" }')
    for message in ('{"q": 0, "u": 4.2}', '{"q": 0, "u": null}'):
        ((name, time_ns, value, quality),) = declared.rows(TOPIC, message)
        assert (name, time_ns, quality) == ("pot:1001.pot_voltage", NOW_NS, BAD)
        assert math.isnan(value)
    assert declared.rows(TOPIC, '{"q": "x", "u": 4.2}')[0][3] == Quality.BAD_SENSOR_FAILURE
    assert declared.rows(TOPIC, '{"q": "ok", "u": null}') == []


def test_a_value_may_have_a_quality_of_its_own_and_the_worse_one_counts() -> None:
    declared = Declared(
        f"""{POT}{WORDS}[messages.values]
        pot_voltage = {{ path = "u.v", unit = "V", quality = "u.q" }}
        pot_noise = {{ path = "n.v", unit = "mV", quality = "n.q" }}
        """
    )
    message = '{"q": "ok", "u": {"v": 4.2, "q": "x"}, "n": {"v": 11}}'
    rows = declared.rows(TOPIC, message)
    assert [(row[0], row[3]) for row in rows] == [
        ("pot:1001.pot_voltage", Quality.BAD_SENSOR_FAILURE),
        ("pot:1001.pot_noise", Quality.GOOD),
    ]
    assert math.isnan(rows[0][2])
    refused(declared, TOPIC, '{"q": "ok", "u": {"v": 4.2, "q": "so-so"}}', Cause.UNKNOWN_WORD)


# --- Units ------------------------------------------------------------------------------------------------------------


def test_a_unit_that_the_message_tells_must_be_the_declared_one() -> None:
    declared = Declared(
        f"""{POT}[messages.values]
        bath_temperature = {{ path = "m.t", unit = "degC", unit_path = "units.t", spellings = ["°C"] }}
        """
    )
    for unit in ('"degC"', '"°C"', "null"):
        assert declared.rows(TOPIC, f'{{"m": {{"t": 960}}, "units": {{"t": {unit}}}}}')[0][2] == 960.0
    assert declared.rows(TOPIC, '{"m": {"t": 960}}')[0][2] == 960.0
    said = refused(declared, TOPIC, '{"m": {"t": 1233}, "units": {"t": "K"}}', Cause.WRONG_UNIT)
    assert said == "units.t is 'K', and m.t is declared in degC"
    refused(declared, TOPIC, '{"m": {"t": 960}, "units": {"t": 5}}', Cause.WRONG_TYPE)


# --- Many samples in a message ----------------------------------------------------------------------------------------

SAMPLES = f"""{POT}samples = "data.samples"
time = {{ path = "t", format = "ms" }}
quality = {{ path = "q", words = {{ ok = "good", fail = "bad" }} }}
clock_unset = {{ path = "clk", is = ["unset"] }}
historical = "late"
[messages.values]
pot_voltage = {{ path = "m.u", unit = "V" }}
pot_noise = {{ path = "m.n", unit = "mV" }}
"""


def test_each_sample_of_an_array_has_its_own_time_values_and_quality() -> None:
    first, second, third = (T_S * 1000 + ms for ms in (0, 100, 200))
    samples = [
        {"t": first, "m": {"u": 4.2, "n": 11}},
        {"t": second, "m": {"u": 4.3, "n": None}, "q": "fail"},
        {"t": third, "m": {"n": 12}},
    ]
    rows = Declared(SAMPLES).rows(TOPIC, json.dumps({"q": "ok", "data": {"samples": samples}}))
    assert [(name.split(".")[1], time_ns - T_NS, quality) for name, time_ns, _, quality in rows] == [
        ("pot_voltage", 0, GOOD),
        ("pot_noise", 0, GOOD),
        ("pot_voltage", 100_000_000, BAD),
        ("pot_noise", 100_000_000, BAD),
        ("pot_noise", 200_000_000, GOOD),
    ]


COLUMNS = f"""{POT}columns = true
time = {{ path = "t", format = "ms" }}
quality = {{ path = "q", words = {{ ok = "good", fail = "bad" }} }}
clock_unset = {{ path = "clk", is = ["unset"] }}
historical = "late"
[messages.values]
pot_voltage = {{ path = "u", unit = "V" }}
pot_noise = {{ path = "n", unit = "mV" }}
"""


def test_columns_are_readings_and_null_is_none() -> None:
    times = [T_S * 1000, T_S * 1000 + 100]
    told = Declared(COLUMNS).told(TOPIC, json.dumps({"t": times, "u": [4.2, 4.3], "n": [None, 11]}))
    assert told.readings == []
    assert told.batch is not None
    assert Declared(COLUMNS).named(told) == [
        ("pot:1001.pot_voltage", T_NS, 4.2, GOOD),
        ("pot:1001.pot_voltage", T_NS + 100_000_000, 4.3, GOOD),
        ("pot:1001.pot_noise", T_NS + 100_000_000, 11.0, GOOD),
    ]


def test_columns_may_have_a_column_of_words_for_quality() -> None:
    times = [T_S * 1000, T_S * 1000 + 100]
    rows = Declared(COLUMNS).rows(TOPIC, json.dumps({"t": times, "u": [None, 4.3], "q": ["fail", "ok"]}))
    assert [(time_ns - T_NS, quality) for _, time_ns, _, quality in rows] == [(0, BAD), (100_000_000, GOOD)]


@pytest.mark.parametrize(("is_stored", "live", "past"), [(True, 0, 2), (False, 2, 0), (None, 2, 0)])
def test_what_a_sender_had_stored_is_told_apart_from_what_is_live(
    is_stored: bool | None,  # noqa: FBT001 - a case
    live: int,
    past: int,
) -> None:
    for text, body in (
        (COLUMNS, {"t": [T_S * 1000], "u": [4.2], "n": [11]}),
        (SAMPLES, {"data": {"samples": [{"t": T_S * 1000, "m": {"u": 4.2, "n": 11}}]}}),
    ):
        told = Declared(text).told(TOPIC, json.dumps({**body, "late": is_stored}))
        assert len(told.readings) + len(told.batch or ()) == live
        assert len(told.past or ()) == past


@pytest.mark.parametrize(
    ("message", "cause", "words"),
    [
        ({"t": [1, 2], "u": [1]}, Cause.CONTRADICTION, "u has 1 elements, and there are 2 times"),
        ({"t": [1], "u": [1], "q": ["ok", "ok"]}, Cause.CONTRADICTION, "q has 2 elements"),
        ({"t": [1], "u": ["4,2"]}, Cause.DECIMAL_COMMA, "u[0] is '4,2'"),
        ({"t": [1], "u": [[1]]}, Cause.WRONG_TYPE, "u[0] is an array, and no number"),
        ({"t": [1], "u": 4.2}, Cause.WRONG_TYPE, "u is 4.2, and no array"),
        ({"t": ["1"], "u": [4.2]}, Cause.WRONG_TYPE, "t: one is no number"),
        ({"t": 1, "u": [4.2]}, Cause.WRONG_TYPE, "t is 1, and no array"),
        ({"u": [4.2]}, Cause.MISSING, "t is missing"),
    ],
)
def test_columns_that_do_not_fit_are_refused(message: object, cause: Cause, words: str) -> None:
    assert words in refused(Declared(COLUMNS), TOPIC, json.dumps(message), cause)


@pytest.mark.parametrize(
    ("message", "words"),
    [({"data": {}}, "data.samples is missing"), ({"data": {"samples": 5}}, "data.samples is 5, and no array")],
)
def test_an_array_that_is_none_is_refused(message: object, words: str) -> None:
    cause = Cause.MISSING if "missing" in words else Cause.WRONG_TYPE
    assert refused(Declared(SAMPLES), TOPIC, json.dumps(message), cause) == words


def test_empty_arrays_and_columns_that_are_not_there_say_nothing() -> None:
    assert Declared(COLUMNS).rows(TOPIC, '{"t": [1]}') == []
    assert Declared(SAMPLES).rows(TOPIC, '{"data": {"samples": []}}') == []
    assert Declared(COLUMNS).rows(TOPIC, '{"t": [], "u": []}') == []


def as_samples(times_ms: list[int], **more: object) -> tuple[Declared, str]:
    message = {"data": {"samples": [{"t": t, "m": {"u": 4.2}} for t in times_ms]}, **more}
    return Declared(SAMPLES), json.dumps(message)


def as_columns(times_ms: list[int], **more: object) -> tuple[Declared, str]:
    return Declared(COLUMNS), json.dumps({"t": times_ms, "u": [4.2] * len(times_ms), **more})


@pytest.mark.parametrize("form", [as_samples, as_columns])
def test_a_wrong_clock_still_tells_how_far_samples_lie_apart(form: type) -> None:
    for times, more in (
        ([17_000, 17_100, 17_300], {}),
        ([T_S * 1000, T_S * 1000 + 100, T_S * 1000 + 300], {"clk": "unset"}),
        ([NOW_NS // 1_000_000 + 8 * 3_600_000 + ms for ms in (0, 100, 300)], {}),
    ):
        declared, message = form(times, **more)
        rows = declared.rows(TOPIC, message)
        assert [(time_ns - NOW_NS, quality) for _, time_ns, _, quality in rows] == [
            (-300_000_000, UNCERTAIN),
            (-200_000_000, UNCERTAIN),
            (0, UNCERTAIN),
        ]


@pytest.mark.parametrize("form", [as_samples, as_columns])
def test_one_impossible_time_among_others_is_replaced_alone(form: type) -> None:
    declared, message = form([T_S * 1000, 17])
    assert [row[1:] for row in declared.rows(TOPIC, message)] == [(T_NS, 4.2, GOOD), (NOW_NS, 4.2, UNCERTAIN)]


@pytest.mark.parametrize("form", [as_samples, as_columns])
def test_what_is_historical_and_has_no_time_is_refused(form: type) -> None:
    declared, message = form([T_S * 1000, 17], late=True)
    refused(declared, TOPIC, message, Cause.IMPOSSIBLE_TIME)
    declared, message = form([T_S * 1000], late=True)
    assert len(declared.rows(TOPIC, message)) == 1


def test_one_message_may_tell_of_many_pots() -> None:
    text = """
    [[messages]]
    topic = "p/{site}/all"
    tells = "readings"
    samples = "pots"
    pot_of = "no"
    time = { path = "t", format = "s" }
    UNKNOWN
    [messages.values]
    pot_voltage = { path = "u", unit = "V" }
    """
    message = json.dumps({"t": T_S, "pots": [{"no": "1001", "u": 4.2}, {"no": "7", "u": 1}, {"no": "1002", "u": 4.3}]})
    said = refused(Declared(text.replace("UNKNOWN", "")), "p/north/all", message, Cause.UNKNOWN_NAME)
    assert said == "pot '7' is not in the plant file; pot numbers keep their leading zeros"
    assert Declared(text.replace("UNKNOWN", 'unknown = "ignore"')).rows("p/north/all", message) == [
        ("pot:1001.pot_voltage", T_NS, 4.2, GOOD),
        ("pot:1002.pot_voltage", T_NS, 4.3, GOOD),
    ]


def test_a_message_may_be_an_array_itself() -> None:
    declared = Declared(f'{POT}samples = "."\ntime = {{ path = "t", format = "s" }}{VOLTAGE}')
    message = f'[{{"t": {T_S}, "u": 4.2}}, {{"t": {T_S + 1}, "u": 4.3}}]'
    assert [row[1] - T_NS for row in declared.rows(TOPIC, message)] == [0, 1_000_000_000]
    refused(declared, TOPIC, '{"t": 5}', Cause.WRONG_TYPE)
