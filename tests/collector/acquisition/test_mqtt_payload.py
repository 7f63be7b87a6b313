"""Payloads: bytes in, readings and events out, or a problem in words."""

import dataclasses
import json
import math
from datetime import datetime
from typing import Any

import pytest
from example_plant import example_plant
from hypothesis import given
from hypothesis import strategies as st
from potroom import NOW_NS, effect, telemetry, weighing

from collector.acquisition.mqtt.payload import PayloadProblem, PayloadReader, nanoseconds
from collector.acquisition.mqtt.topics import Address, Kind
from collector.plant.topology import Plant
from collector.readings.batch import Reading
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

T_NS = 1_772_337_906_120_000_000  # 2026-03-01T04:05:06.120Z


def two_lines() -> Plant:
    """Return the example plant with a second potline, whose one pot is 0043."""
    plant = example_plant()
    second = dataclasses.replace(plant.potlines[0], id="PL2", pots=("0043",))
    return dataclasses.replace(plant, potlines=(*plant.potlines, second))


PLANT = two_lines()
READER = PayloadReader(PLANT, longest_tare_age_s=8 * 3600)
POT = Address(Kind.POT_TELEMETRY, "PL1", "1001")
AE = Address(Kind.ANODE_EFFECT, "PL1", "1001")
CRANE = Address(Kind.WEIGHING)


def readings(payload: bytes, address: Address = POT) -> list[Reading]:
    found = READER.read(address, payload, arrived_ns=NOW_NS)
    assert isinstance(found, list)
    return found


def ae(address: Address = AE, **more: object) -> AnodeEffect:
    found = READER.read(address, effect(**more), arrived_ns=NOW_NS)
    assert isinstance(found, AnodeEffect)
    return found


def weighed(**more: object) -> Weighing:
    found = READER.read(CRANE, weighing(**more), arrived_ns=NOW_NS)
    assert isinstance(found, Weighing)
    return found


def problem(address: Address, payload: bytes) -> str:
    with pytest.raises(PayloadProblem) as caught:
        READER.read(address, payload, arrived_ns=NOW_NS)
    return str(caught.value)


def place(quantity: Quantity, pot: str = "1001") -> int:
    return PLANT.points.place(f"pot:{pot}", quantity)


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
    of_pl2 = Address(Kind.POT_TELEMETRY, "PL2", "0043")
    assert readings(telemetry(), of_pl2)[0].point == place(Quantity.POT_VOLTAGE, "0043")
    lost = problem(Address(Kind.POT_TELEMETRY, "PL2", "43"), telemetry())
    assert lost == "pot '43' is not in the plant file; pot numbers keep their leading zeros"


def test_a_pot_on_another_line_is_refused_with_both_lines() -> None:
    said = problem(Address(Kind.POT_TELEMETRY, "PL2", "1001"), telemetry())
    assert said == "pot '1001' is on potline PL1, and the topic says PL2"


DEEP = b'{"v":1,"ts":"2026-03-01T04:05:06Z","m":{},"x":' + b"[" * 32000 + b"]" * 32000 + b"}"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "truncated"),
        (telemetry()[:-7], "truncated"),
        (telemetry() + b"}", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"4.213", "Expected `object`"),
        (b"[]", "Expected `object`"),
        (b'{"v":1,"ts":"2026-03-01T04:05:06Z","m":{"pot_voltage_v":NaN}}', "malformed"),
        (b'{"v":1,"ts":"2026-03-01T04:05:06Z","m":{"pot_voltage_v":-Infinity}}', "malformed"),
        (b'{"v":1,"ts":"2026-03-01T04:05:06Z","m":{"pot_voltage_v":1e999}}', "out of range"),
        (b'{"v":1,"ts":"2026-03-01T04:05:06Z","m":{"pot_voltage_v":4,213}}', "malformed"),
        (b'{"v":1,"ts":"2026-03-01T04:05:06Z","q":"\xff\xff","m":{}}', "not UTF-8 text"),
        (DEEP, "nested too deeply"),
        (telemetry("4.213"), "Expected `float | null`, got `str`"),
        (telemetry(True), "Expected `float | null`, got `bool`"),
        (telemetry(v=2), "Invalid enum value 2"),
        (telemetry(v="1"), "Expected `int`, got `str`"),
        (telemetry(v=None), "got `null`"),
        (telemetry(ts="2026-03-01T04:05:06"), "timezone"),
        (telemetry(ts=1_772_337_906), "Expected `datetime`, got `int`"),
        (telemetry(ts="01.03.2026 04:05"), "Invalid RFC3339"),
        (telemetry(q="ok"), "Invalid enum value 'ok'"),
        (telemetry(m=[]), "Expected `object`, got `array`"),
        (b'{"v":1,"ts":"2026-03-01T04:05:06Z"}', "missing required field `m`"),
        (b'{"ts":"2026-03-01T04:05:06Z","m":{}}', "missing required field `v`"),
    ],
)
def test_a_malformed_message_is_refused_with_the_reason(payload: bytes, words: str) -> None:
    said = problem(POT, payload)
    assert said.startswith("pot telemetry: ")
    assert words in said


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
    ("more", "words"),
    [
        ({"duration_s": ...}, "with phase 'end' needs duration_s or end"),
        ({"phase": "correct", "duration_s": ...}, "with phase 'correct' needs duration_s or end"),
        ({"duration_s": -1}, "Expected `float` >= 0"),
        ({"duration_s": 86401}, "of 86401 s is not possible"),
        ({"duration_s": ..., "end": "2026-03-01T04:19:02.000Z"}, "of -0.4 s is not possible"),
        ({"pot": "1002"}, "the payload speaks of pot '1002', the topic of '1001'"),
        ({"pot": 1001}, "Expected `str`, got `int`"),
        ({"id": ""}, "length >= 1"),
        ({"id": "x" * 201}, "length <= 200"),
        ({"id": ...}, "missing required field `id`"),
        ({"phase": "over"}, "Invalid enum value 'over'"),
        ({"kind": "feed"}, "Invalid enum value 'feed'"),
        ({"seq": 1 << 48}, "Expected `int` <="),
        ({"v": 2}, "Invalid enum value 2"),
        ({"start": "2026-03-02T05:00:01Z"}, "before 2000 or more than a day after its arrival"),
        ({"start": "9999-12-31T23:59:59-12:00"}, "before 2000 or more than a day after its arrival"),
        ({"start": "0001-01-01T00:00:00Z"}, "before 2000 or more than a day after its arrival"),
    ],
)
def test_an_anode_effect_that_cannot_be_is_refused(more: dict[str, object], words: str) -> None:
    assert words in problem(AE, effect(**more))


def test_an_anode_effect_of_an_unknown_pot_is_refused() -> None:
    assert "not in the plant file" in problem(Address(Kind.ANODE_EFFECT, "PL1", "9"), effect(pot="9"))


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
    ("more", "words"),
    [
        ({"pots": []}, "length >= 1"),
        ({"pots": ["1001", "9999"]}, "pot '9999' is not in the plant file"),
        ({"pots": ["1001", "0043"]}, "a crucible with metal of several potlines (PL1, PL2) cannot be booked"),
        ({"pots": "1001"}, "Expected `array`"),
        ({"net_kg": "4920"}, "Expected `float`, got `str`"),
        ({"net_kg": ...}, "missing required field `net_kg`"),
        ({"stable": ...}, "missing required field `stable`"),
        ({"stable": 1}, "Expected `bool`, got `int`"),
        ({"rev": -1}, "Expected `int` >= 0"),
        ({"ts": "2026-03-01T04:30:00"}, "timezone"),
        ({"ts": "2262-04-12T00:00:00Z"}, "before 2000 or more than a day after its arrival"),
        ({"zeroed_at": "yesterday"}, "Invalid RFC3339"),
    ],
)
def test_a_weighing_that_makes_no_sense_is_refused(more: dict[str, object], words: str) -> None:
    assert words in problem(CRANE, weighing(**more))


# --- Properties -------------------------------------------------------------------------------------------------------

GOOD = {POT: telemetry(), AE: effect(), CRANE: weighing()}
ADDRESSES = st.sampled_from(list(GOOD))
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


def only_a_problem(address: Address, payload: bytes) -> None:
    """Read; what is understood must fit the store: 64-bit times and ranks, text that can be written."""
    try:
        found = READER.read(address, payload, arrived_ns=NOW_NS)
    except PayloadProblem as exc:
        assert str(exc)  # noqa: PT017 - the reason is kept with the message
        return
    if isinstance(found, list):
        assert all(abs(reading.time_ns) < 1 << 63 for reading in found)
        return
    assert 0 <= found.rank < 1 << 63
    assert abs(found.time_ns) < 1 << 63
    found.id.encode()


@given(ADDRESSES, st.binary(max_size=300))
def test_arbitrary_bytes_never_raise_anything_but_a_problem(address: Address, payload: bytes) -> None:
    only_a_problem(address, payload)


@given(ADDRESSES, st.data())
def test_a_message_with_arbitrary_values_never_raises_anything_but_a_problem(
    address: Address, data: st.DataObject
) -> None:
    message = json.loads(GOOD[address])
    keys = st.sampled_from([*message, "end", "zeroed_at", "seq", "rev", "clk", "q", "void", "overvoltage_mv_day"])
    message |= data.draw(st.dictionaries(keys, SCRAPS, min_size=1, max_size=3))
    only_a_problem(address, json.dumps(message).encode())


@given(ADDRESSES, st.integers(0, 400), st.integers(0, 255))
def test_a_flipped_byte_never_raises_anything_but_a_problem(address: Address, at: int, byte: int) -> None:
    payload = bytearray(GOOD[address])
    payload[at % len(payload)] = byte
    only_a_problem(address, bytes(payload))


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_is_taken_over_to_the_microsecond(stamp: datetime) -> None:
    micros = nanoseconds(stamp) // 1000
    assert nanoseconds(stamp) % 1000 == 0
    assert abs(micros / 1e6 - stamp.timestamp()) < 1e-3
