"""Payloads: bytes in, readings and events out, or a problem in words."""

import json
import math

import pytest
from potroom import EFFECT, NOW_NS, SITE, TELEMETRY, WEIGHING, effect, telemetry, weighing
from potroom_payloads import OF_PL2, T_NS, ae, place, problem, readings, weighed

from collector.acquisition.mqtt.message import Cause
from collector.readings.batch import Reading
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

# --- Telemetry --------------------------------------------------------------------------------------------------------


def test_telemetry_is_a_reading_for_each_value_at_the_time_of_its_source() -> None:
    values = {"pot_voltage_v": 4.213, "resistance_uohm": 7.086, "noise_mv": 11.4, "bath_temp_c": 958}
    assert readings(telemetry(m=values)) == [
        Reading(place(Quantity.POT_VOLTAGE), T_NS, 4.213, Quality.GOOD),
        Reading(place(Quantity.POT_RESISTANCE), T_NS, 7.086, Quality.GOOD),
        Reading(place(Quantity.POT_NOISE), T_NS, 11.4, Quality.GOOD),
        Reading(place(Quantity.BATH_TEMPERATURE), T_NS, 958.0, Quality.GOOD),
    ]


def test_an_absent_value_and_null_are_no_reading_and_unknown_keys_are_ignored() -> None:
    assert readings(telemetry(m={"pot_voltage_v": None, "noise_mv": 1.0, "aluminium": [1, {}]}, more={"a": 1})) == [
        Reading(place(Quantity.POT_NOISE), T_NS, 1.0, Quality.GOOD)
    ]
    assert readings(telemetry(m={})) == []


@pytest.mark.parametrize(
    ("word", "quality"),
    [
        ("good", Quality.GOOD),
        ("manual", Quality.GOOD),
        ("uncertain", Quality.UNCERTAIN),
        ("hold", Quality.UNCERTAIN),
        ("sim", Quality.UNCERTAIN),
    ],
)
def test_the_sources_word_for_quality_is_kept(word: str, quality: Quality) -> None:
    assert readings(telemetry(q=word)) == [Reading(place(Quantity.POT_VOLTAGE), T_NS, 4.213, quality)]


def test_a_value_that_its_source_calls_bad_is_a_gap() -> None:
    (reading,) = readings(telemetry(q="bad"))
    assert reading.quality == Quality.BAD
    assert math.isnan(reading.value)


def test_without_q_and_clk_a_message_is_good() -> None:
    payload = json.dumps({"v": 1, "ts": "2026-03-01T04:05:06.120Z", "m": {"pot_voltage_v": 4.2}}).encode()
    assert readings(payload) == [Reading(place(Quantity.POT_VOLTAGE), T_NS, 4.2, Quality.GOOD)]


@pytest.mark.parametrize(
    "more",
    [
        {"clk": "unset"},
        {"ts": "2026-03-01T05:01:00.001Z"},
        {"ts": "2026-03-01T13:00:00Z"},  # local time of Shanghai, said to be UTC
        {"ts": "9999-12-31T23:59:59-12:00"},
        {"ts": "1999-12-31T23:59:59Z"},
        {"ts": "1970-01-01T00:00:17Z"},  # a clock that was never set, but does not say so
        {"ts": "0001-01-01T00:00:00+23:59"},
    ],
)
def test_a_clock_that_cannot_be_right_is_replaced_by_the_time_of_arrival_and_marked(more: dict[str, str]) -> None:
    assert readings(telemetry(**more)) == [Reading(place(Quantity.POT_VOLTAGE), NOW_NS, 4.213, Quality.UNCERTAIN)]


def test_60_s_ahead_and_days_behind_are_believed() -> None:
    assert readings(telemetry(ts="2026-03-01T05:01:00Z"))[0].time_ns == NOW_NS + 60_000_000_000
    assert readings(telemetry(ts="2026-02-01T00:00:00Z", hist=True))[0].quality == Quality.GOOD
    assert readings(telemetry(clk="holdover"))[0] == Reading(place(Quantity.POT_VOLTAGE), T_NS, 4.213, Quality.GOOD)


def test_a_bad_value_with_an_unset_clock_stays_bad() -> None:
    assert readings(telemetry(q="bad", clk="unset"))[0].quality == Quality.BAD


def test_a_time_with_another_zone_is_the_same_instant() -> None:
    assert readings(telemetry(ts="2026-03-01T12:05:06.120+08:00"))[0].time_ns == T_NS
    (reading,) = readings(telemetry(ts="2026-03-01T04:05:06.123457Z"))
    assert reading.time_ns == 1_772_337_906_123_457_000


def test_leading_zeros_belong_to_a_pots_number() -> None:
    assert readings(telemetry(), OF_PL2.replace("1001", "0043"))[0].point == place(Quantity.POT_VOLTAGE, "0043")
    lost = problem(OF_PL2.replace("1001", "43"), telemetry(), Cause.UNKNOWN_NAME)
    assert lost == "pot '43' is not in the plant file; pot numbers keep their leading zeros"


def test_a_pot_on_another_line_is_refused_with_both_lines() -> None:
    said = problem(OF_PL2, telemetry(), Cause.CONTRADICTION)
    assert said == "pot '1001' is on potline PL1, and the topic says PL2"


DEEP = b'{"v":1,"ts":"2026-03-01T04:05:06Z","m":{},"x":' + b"[" * 32000 + b"]" * 32000 + b"}"
BARE = b'{"v":1,"ts":"2026-03-01T04:05:06Z","m":{"pot_voltage_v":%s}}'


@pytest.mark.parametrize(
    ("payload", "cause", "words"),
    [
        (b"", Cause.NOT_JSON, "empty"),
        (telemetry()[:-7], Cause.NOT_JSON, "truncated"),
        (telemetry() + b"}", Cause.NOT_JSON, "malformed"),
        (DEEP, Cause.NOT_JSON, "nested too deeply"),
        (b"\xff\xfe", Cause.NOT_UTF8, "not UTF-8 text (byte 0)"),
        (b'{"v":1,"ts":"2026-03-01T04:05:06Z","q":"\xff\xff","m":{}}', Cause.NOT_UTF8, "not UTF-8 text (byte 40)"),
        (b"4.213", Cause.WRONG_TYPE, "the payload is 4.213, and no table"),
        (b"[]", Cause.WRONG_TYPE, "the payload is an array, and no table"),
        (BARE % b"NaN", Cause.NOT_A_NUMBER, "NaN or infinity is no number"),
        (BARE % b"-Infinity", Cause.NOT_A_NUMBER, "NaN or infinity is no number"),
        (BARE % b"1e999", Cause.NOT_A_NUMBER, "larger than any"),
        (BARE % b"1" + b"0" * 400, Cause.NOT_JSON, "malformed"),
        (BARE % (b"1" + b"0" * 400), Cause.NOT_A_NUMBER, "larger than any"),
        (BARE % b'"NaN"', Cause.NOT_A_NUMBER, "m.pot_voltage_v is 'NaN', and no number; leave it out"),
        (BARE % b"4,213", Cause.DECIMAL_COMMA, "a number has a comma where JSON has a point"),
        (BARE % b'"4,213"', Cause.DECIMAL_COMMA, "m.pot_voltage_v is '4,213', with a comma where a point should be"),
        (BARE % b'"4.213"', Cause.NUMBER_AS_TEXT, "m.pot_voltage_v is '4.213', a number written as text"),
        (BARE % b'"high"', Cause.WRONG_TYPE, "m.pot_voltage_v is 'high', and no number"),
        (BARE % b"true", Cause.WRONG_TYPE, "m.pot_voltage_v is true, and no number"),
        (BARE % b"[4.2]", Cause.WRONG_TYPE, "m.pot_voltage_v is an array, and no number"),
        (telemetry(v=2), Cause.UNKNOWN_VERSION, "v is 2; declared is 1"),
        (telemetry(v="1"), Cause.UNKNOWN_VERSION, "v is '1'; declared is 1"),
        (telemetry(v=True), Cause.UNKNOWN_VERSION, "v is true; declared is 1"),
        (telemetry(v=1.0), Cause.UNKNOWN_VERSION, "v is 1.0; declared is 1"),
        (telemetry(v=None), Cause.MISSING, "v, the version, is missing"),
        (telemetry(ts="2026-03-01T04:05:06"), Cause.WRONG_TYPE, "ts is no time of RFC 3339 with its zone"),
        (telemetry(ts="01.03.2026 04:05"), Cause.WRONG_TYPE, "ts is no time of RFC 3339 with its zone"),
        (telemetry(ts=1_772_337_906), Cause.WRONG_TYPE, "ts is no text"),
        (telemetry(ts=None), Cause.MISSING, "ts, the time, is missing"),
        (telemetry(q="ok"), Cause.UNKNOWN_WORD, "q is 'ok', which is no word for a quality here; one of: good, "),
        (telemetry(q=[]), Cause.UNKNOWN_WORD, "q is an array"),
        (telemetry(m=[]), Cause.WRONG_TYPE, "m is an array, and no table"),
        (telemetry(m=None), Cause.MISSING, "m: nothing of that is there"),
        (b'{"v":1,"ts":"2026-03-01T04:05:06Z"}', Cause.MISSING, "m: nothing of that is there"),
        (b'{"ts":"2026-03-01T04:05:06Z","m":{}}', Cause.MISSING, "v, the version, is missing"),
        (telemetry(clk="unset", hist=True), Cause.IMPOSSIBLE_TIME, "is historical, and its time cannot be believed"),
        (telemetry(ts="2026-03-01T13:00:00Z", hist=True), Cause.IMPOSSIBLE_TIME, "is historical"),
        (telemetry(more="x" * 65536), Cause.TOO_LARGE, "bytes are more than 65536"),
    ],
)
def test_a_malformed_message_is_refused_with_the_reason(payload: bytes, cause: Cause, words: str) -> None:
    assert words in problem(TELEMETRY, payload, cause)


def test_a_topic_that_no_layout_has_is_refused() -> None:
    problem(f"smelter/v1/{SITE}/potline/PL1/pot/1001/tension", telemetry(), Cause.UNKNOWN_TOPIC)
    problem("smelter/v1/other/potline/PL1/pot/1001/telemetry", telemetry(), Cause.UNKNOWN_TOPIC)


# --- Anode effects ----------------------------------------------------------------------------------------------------


def test_an_anode_effect_is_booked_to_its_start_with_what_the_controller_says() -> None:
    assert ae(overvoltage_mv_day=26.0) == AnodeEffect(
        id="AE-1001-1",
        rank=2 << 48,
        potline="PL1",
        pot="1001",
        kind=AnodeEffectKind.HVAE,
        time_ns=1_772_338_742_400_000_000,
        duration_s=108.6,
        max_v=38.7,
        overvoltage_v_s=26.0 * 86.4,
        corrected=False,
    )


def test_the_start_burns_without_a_duration_and_a_low_voltage_effect_is_told_apart() -> None:
    assert ae(phase="start", duration_s=...).duration_s is None
    assert ae(kind="lvae").kind is AnodeEffectKind.LVAE


def test_the_duration_follows_from_start_and_end_where_it_is_not_given() -> None:
    assert ae(duration_s=..., end="2026-03-01T04:20:51.000Z").duration_s == 108.6
    assert ae(duration_s=..., end="2026-03-01T12:20:51.000+08:00").duration_s == 108.6


def test_a_later_phase_outranks_an_earlier_one_whatever_the_sequence_number() -> None:
    ranks = [
        ae(phase="start", seq=0).rank,
        ae(phase="start", seq=(1 << 48) - 1).rank,
        ae(phase="update", seq=0).rank,
        ae(phase="end", seq=5).rank,
        ae(phase="end", seq=6).rank,
        ae(phase="correct", seq=0).rank,
        ae(phase="correct", seq=(1 << 48) - 1).rank,
    ]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 7
    assert ranks[-1] < 1 << 63


def test_a_correction_is_marked() -> None:
    assert ae(phase="correct").corrected
    assert not ae(phase="end").corrected


@pytest.mark.parametrize(
    ("more", "cause", "words"),
    [
        ({"duration_s": ...}, Cause.MISSING, "with phase 'end' needs its duration or its end"),
        ({"phase": "correct", "duration_s": ...}, Cause.MISSING, "with phase 'correct' needs its duration or its end"),
        ({"phase": ...}, Cause.MISSING, "phase is missing"),
        ({"duration_s": -1}, Cause.CONTRADICTION, "of -1 s is not possible"),
        ({"duration_s": 86401}, Cause.CONTRADICTION, "of 86401 s is not possible"),
        ({"duration_s": ..., "end": "2026-03-01T04:19:02.000Z"}, Cause.CONTRADICTION, "of -0.4 s is not possible"),
        ({"pot": "1002"}, Cause.CONTRADICTION, "the payload speaks of pot '1002', the topic of '1001'"),
        ({"pot": 1001}, Cause.WRONG_TYPE, "pot is 1001, and no text"),
        ({"id": ""}, Cause.WRONG_TYPE, "id has 0 characters; 1 to 200 are possible"),
        ({"id": "x" * 201}, Cause.WRONG_TYPE, "id has 201 characters; 1 to 200 are possible"),
        ({"id": ...}, Cause.MISSING, "id is missing"),
        ({"phase": "over"}, Cause.UNKNOWN_WORD, "phase is 'over'; one of: start, update, end, correct"),
        ({"kind": "feed"}, Cause.UNKNOWN_WORD, "kind is 'feed'; one of: ae, lvae"),
        ({"seq": 1 << 48}, Cause.WRONG_TYPE, "seq is 281474976710656; 0 to 281474976710655 are possible"),
        ({"seq": 1.5}, Cause.WRONG_TYPE, "seq is 1.5, and no whole number"),
        ({"seq": "7"}, Cause.NUMBER_AS_TEXT, "seq is '7', a number written as text"),
        ({"v_max": "38,7"}, Cause.DECIMAL_COMMA, "v_max is '38,7'"),
        ({"v": 2}, Cause.UNKNOWN_VERSION, "v is 2"),
        ({"start": ...}, Cause.MISSING, "start is missing"),
        ({"start": "2026-03-02T05:00:01Z"}, Cause.IMPOSSIBLE_TIME, "before 2000 or more than a day after its arrival"),
        ({"start": "9999-12-31T23:59:59-12:00"}, Cause.IMPOSSIBLE_TIME, "before 2000 or more than a day"),
        ({"start": "0001-01-01T00:00:00Z"}, Cause.IMPOSSIBLE_TIME, "before 2000 or more than a day"),
    ],
)
def test_an_anode_effect_that_cannot_be_is_refused(more: dict[str, object], cause: Cause, words: str) -> None:
    assert words in problem(EFFECT, effect(**more), cause)


def test_an_anode_effect_of_an_unknown_pot_is_refused() -> None:
    said = problem(EFFECT.replace("1001", "9"), effect(pot="9"), Cause.UNKNOWN_NAME)
    assert "not in the plant file" in said


def test_an_anode_effect_of_a_clock_8_h_ahead_still_counts() -> None:
    assert ae(start="2026-03-01T12:19:02.400Z").time_ns == 1_772_338_742_400_000_000 + 8 * 3_600_000_000_000


# --- Weighings --------------------------------------------------------------------------------------------------------


def test_a_good_weighing_is_booked_with_its_net_mass_to_the_line_of_its_pots() -> None:
    assert weighed() == Weighing(
        id="W-1",
        rank=0,
        potline="PL1",
        pots=("1001", "1002"),
        time_ns=1_772_339_400_000_000_000,
        net_kg=4920.0,
        refused=None,
    )
    assert weighed(gross_kg=..., tare_kg=...).refused is None
    assert weighed(net_kg=4920.5).refused is None
    assert weighed(net_kg=0, gross_kg=...).refused is None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"void": True}, "void"),
        ({"stable": False}, "the scale was not at rest"),
        ({"in_motion": True}, "the scale was not at rest"),
        ({"net_kg": -4920}, "the net weight is negative"),
        ({"net_kg": 4900}, "net 4900 kg is not gross minus tare (4920 kg)"),
        ({"zeroed_at": "2026-02-28T20:29:59.999Z"}, "the tare is too old"),
    ],
)
def test_a_weighing_that_cannot_be_booked_is_kept_with_the_reason(more: dict[str, object], why: str) -> None:
    assert weighed(**more).refused == why
    assert weighed(**more).net_kg == more.get("net_kg", 4920)


def test_a_tare_of_8_h_is_not_too_old_yet() -> None:
    assert weighed(zeroed_at="2026-02-28T20:30:00Z").refused is None
    assert weighed(zeroed_at="2026-03-01T04:29:00Z").refused is None


def test_a_revision_outranks_and_of_the_same_revision_the_void_one_does() -> None:
    ranks = [weighed(rev=0), weighed(rev=0, void=True), weighed(rev=1), weighed(rev=(1 << 47) - 1, void=True)]
    assert [event.rank for event in ranks] == [0, 1, 2, (1 << 48) - 1]


@pytest.mark.parametrize(
    ("more", "cause", "words"),
    [
        ({"pots": []}, Cause.WRONG_TYPE, "pots is empty"),
        ({"pots": [1001]}, Cause.WRONG_TYPE, "pots[0] is 1001, and no text"),
        ({"pots": ["1001", "9999"]}, Cause.UNKNOWN_NAME, "pot '9999' is not in the plant file"),
        ({"pots": ["1001", "0043"]}, Cause.CONTRADICTION, "metal of several potlines (PL1, PL2) cannot be booked"),
        ({"pots": "1001"}, Cause.WRONG_TYPE, "pots is '1001', and no array of texts"),
        ({"net_kg": "4920"}, Cause.NUMBER_AS_TEXT, "net_kg is '4920'"),
        ({"net_kg": ...}, Cause.MISSING, "the net weight is missing"),
        ({"stable": ...}, Cause.MISSING, "stable is missing"),
        ({"stable": 1}, Cause.WRONG_TYPE, "stable is 1; true or false should stand here"),
        ({"rev": -1}, Cause.WRONG_TYPE, "rev is -1; 0 to "),
        ({"ts": "2026-03-01T04:30:00"}, Cause.WRONG_TYPE, "ts is no time of RFC 3339 with its zone"),
        ({"ts": "2262-04-12T00:00:00Z"}, Cause.IMPOSSIBLE_TIME, "before 2000 or more than a day after its arrival"),
        ({"zeroed_at": "yesterday"}, Cause.WRONG_TYPE, "zeroed_at is no time of RFC 3339"),
    ],
)
def test_a_weighing_that_makes_no_sense_is_refused(more: dict[str, object], cause: Cause, words: str) -> None:
    assert words in problem(WEIGHING, weighing(**more), cause)
