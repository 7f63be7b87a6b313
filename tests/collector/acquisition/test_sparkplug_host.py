"""The rules of a Sparkplug host, one by one, without a broker."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest
from example_plant import example_plant
from sparkplug_talk import MS, NOISE, NOON_MS, RESISTANCE, VOLTAGE, Host, Message, Talker, settings

from collector.acquisition.mqtt.message import Cause
from collector.acquisition.mqtt.sparkplug import SparkplugReader
from collector.acquisition.mqtt.sparkplug_wire import Payload
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.servers.sparkplug_wire import DataType, Metric, decode

VOLTS = Quantity.POT_VOLTAGE


def born(host: Host, node: Talker, *pots: str, volts: float = 4.0) -> None:
    """Let a node announce itself with pots that tell their voltage."""
    host.hear(node.nbirth(), *(node.dbirth(pot, {VOLTAGE: volts}) for pot in pots))


def later(host: Host, node: Talker, ms: int = 1000) -> None:
    host.now_ms += ms
    node.now_ms += ms


# --- Births and data --------------------------------------------------------------------------------------------------


def test_a_birth_tells_present_values_and_data_tell_new_ones_by_alias() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001", volts=4.2)
    later(host, node)
    host.hear(node.ddata("1001", {VOLTAGE: 4.3}))
    assert host.readings(VOLTS) == [(NOON_MS, 4.2, Quality.GOOD), (NOON_MS + 1000, 4.3, Quality.GOOD)]
    assert host.refused == []
    assert host.wait(10_000) == []


def test_the_unit_of_the_birth_is_converted_and_counts_over_the_files() -> None:
    host, node = Host(), Talker()
    in_millivolts = ("Pot/Voltage", 1, DataType.DOUBLE, "mV")
    host.hear(node.nbirth(), node.dbirth("1001", {in_millivolts: 4200.0}), node.ddata("1001", {in_millivolts: 4300.0}))
    assert host.values(VOLTS) == pytest.approx([4.2, 4.3])


def test_without_a_unit_the_files_counts() -> None:
    host, node = Host(), Talker()
    silent = ("Pot/Voltage", 1, DataType.DOUBLE, "")
    host.hear(node.nbirth(), node.dbirth("1001", {silent: 4.2}))
    assert host.values(VOLTS) == [4.2]


def test_a_unit_that_does_not_fit_is_told_once_a_birth_and_the_others_are_read() -> None:
    host, node = Host(), Talker()
    wrong = ("Pot/Voltage", 1, DataType.DOUBLE, "degC")
    host.hear(node.nbirth(), node.dbirth("1001", {wrong: 4.2, NOISE: 11.0}))
    host.hear(*(node.ddata("1001", {wrong: 4.2, NOISE: 12.0}) for _ in range(5)))
    assert host.causes() == [Cause.WRONG_UNIT]
    assert "Pot/Voltage: 'degC' measures temperature" in str(host.refused[0].problem)
    assert host.values(VOLTS) == []
    assert host.values(Quantity.POT_NOISE) == [11.0] + [12.0] * 5
    later(host, node)
    host.hear(node.nbirth(), node.dbirth("1001", {wrong: 4.2}))
    assert host.causes() == [Cause.WRONG_UNIT] * 2


def test_a_unit_that_changes_with_the_data_counts_from_there_on() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001", volts=4.2)
    host.hear(
        node.ddata("1001", {VOLTAGE: 4300.0}, properties={"engUnit": "mV"}), node.ddata("1001", {VOLTAGE: 4400.0})
    )
    assert host.values(VOLTS) == pytest.approx([4.2, 4.3, 4.4])


def test_a_unit_that_does_not_fit_any_more_is_told_once_and_the_metric_read_no_more() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001", volts=4.2)
    host.hear(*(node.ddata("1001", {VOLTAGE: 4.3}, properties={"engUnit": "kA"}) for _ in range(3)))
    assert host.causes() == [Cause.WRONG_UNIT]
    assert host.values(VOLTS) == [4.2]


def test_a_metric_without_a_name_and_one_that_a_meter_cannot_have_do_not_spoil_a_birth() -> None:
    host, node = Host(meters={"DC": "pl1_dc"}), Talker()
    nameless = Metric(1.0, DataType.DOUBLE, alias=9, timestamp_ms=NOON_MS)
    current = ("Line/Current", 5, DataType.DOUBLE, "A")
    host.hear(node.nbirth(nameless), node.dbirth("DC", {current: 400e3, VOLTAGE: 4.2}))
    assert host.causes() == [Cause.MISSING]
    assert [row[2] for row in host.rows] == [400.0]


@pytest.mark.parametrize(
    ("code", "quality"),
    [
        (192, Quality.GOOD),
        (0, Quality.BAD),
        (500, Quality.BAD_NOT_CONNECTED),
        (64, Quality.UNCERTAIN),
        (24, Quality.BAD),
        (-7, Quality.BAD),
        (216, Quality.GOOD),
        (100_000, Quality.BAD),
    ],
)
def test_the_quality_of_a_metric_is_the_readings_and_bad_ones_have_no_value(code: int, quality: Quality) -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.hear(node.ddata("1001", {VOLTAGE: 4.3}, properties={"Quality": code}))
    _, value, found = host.readings(VOLTS)[-1]
    assert found == quality
    assert value == 4.3 if quality >= Quality.UNCERTAIN else math.isnan(value)


def test_null_is_a_reading_without_a_value_and_so_is_what_is_no_number() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.hear(node.ddata("1001", {VOLTAGE: None}), node.ddata("1001", {VOLTAGE: math.nan}))
    host.hear(node.ddata("1001", {VOLTAGE: math.inf}), node.ddata("1001", {VOLTAGE: 0.0}))
    assert [quality for _, _, quality in host.readings(VOLTS)[1:]] == [Quality.BAD_SENSOR_FAILURE] * 3 + [Quality.GOOD]
    assert host.values(VOLTS)[-1] == 0.0


def test_all_types_of_numbers_may_carry_a_voltage_and_texts_may_not() -> None:
    host, node = Host(), Talker()
    for datatype in (DataType.INT32, DataType.INT64, DataType.UINT32, DataType.UINT64, DataType.FLOAT):
        later(host, node)
        host.hear(node.nbirth(), node.dbirth("1001", {("Pot/Voltage", 1, datatype, "V"): 4}))
    assert host.values(VOLTS) == [4.0] * 5
    later(host, node)
    host.hear(node.nbirth(), node.dbirth("1001", {("Pot/Voltage", 1, DataType.STRING, "V"): "4,2"}))
    later(host, node)
    host.hear(node.nbirth(), node.dbirth("1001", {("Pot/Voltage", 1, DataType.BOOLEAN, "V"): True}))
    assert host.causes() == [Cause.NUMBER_AS_TEXT, Cause.WRONG_TYPE]


def test_data_sets_and_files_are_counted_and_not_read() -> None:
    host, node = Host(), Talker()
    birth = Payload(timestamp=NOON_MS, seq=1)
    birth.metrics.add(name=b"Recipe", datatype=16, dataset_value=b"\xff")
    birth.metrics.add(name=b"Firmware", datatype=18, bytes_value=b"abc")
    host.hear(node.nbirth(), Message("spBv1.0/example/DBIRTH/PL1-S1/1001", birth.SerializeToString()))
    assert host.reader.counts["not read"] == 2
    assert host.refused == []


def test_a_device_that_is_neither_pot_nor_meter_is_told_once_a_birth() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), node.dbirth("1", {VOLTAGE: 4.2}), *(node.ddata("1", {VOLTAGE: 4.2}) for _ in range(3)))
    assert host.causes() == [Cause.UNKNOWN_NAME]
    assert "pot numbers keep their leading zeros" in str(host.refused[0].problem)
    assert host.reader.counts["of nobody"] == 3
    assert host.rows == []
    assert host.wait(10_000) == []


def test_what_a_device_of_nobody_tells_before_its_birth_is_passed_over() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), *(node.ddata("ladle-7", {VOLTAGE: 4.2}, at_ms=NOON_MS + n) for n in range(3)))
    assert host.reader.counts["of nobody"] == 3
    assert host.refused == []
    assert host.wait(10_000) == []


def test_a_meter_is_known_by_its_address_and_a_nodes_own_metrics_by_the_nodes_name() -> None:
    current = ("Line/Current", 5, DataType.DOUBLE, "kA")
    for address, device in (("PL1-S1", ""), ("DC", "DC"), ("PL1-S1/DC", "DC")):
        host, node = Host(meters={address: "pl1_dc"}), Talker()
        told = Metric(401.5, DataType.DOUBLE, name="Line/Current", alias=5, timestamp_ms=NOON_MS)
        host.hear(node.nbirth(told) if not device else node.nbirth())
        if device:
            host.hear(node.dbirth(device, {current: 401.5}))
        place = host.plant.points.place("pl1_dc", Quantity.LINE_CURRENT)
        assert [(row[0], row[2]) for row in host.rows] == [(place, 401.5)]


def test_an_alias_that_stands_for_two_metrics_stands_for_none() -> None:
    host, node = Host(), Talker()
    other = ("Pot/Resistance", 1, DataType.DOUBLE, "uOhm")
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.2, other: 7.0}), node.ddata("1001", {VOLTAGE: 4.3}))
    assert host.causes() == [Cause.CONTRADICTION]
    assert host.values(VOLTS) == [4.2]
    assert host.values(Quantity.POT_RESISTANCE) == [7.0]


def test_a_metric_without_name_and_alias_is_not_taken_for_alias_0() -> None:
    host, node = Host(), Talker()
    zero = ("Pot/Voltage", 0, DataType.DOUBLE, "V")
    host.hear(node.nbirth(), node.dbirth("1001", {zero: 4.2}), node.ddata("1001", {zero: 4.3}))
    host.hear(node.message("DDATA", "1001", [Metric(9.9, DataType.DOUBLE, timestamp_ms=NOON_MS)]))
    assert host.values(VOLTS) == [4.2, 4.3]
    assert host.causes() == [Cause.OUT_OF_SEQUENCE]


# --- Time -------------------------------------------------------------------------------------------------------------


def test_a_clock_that_cannot_be_right_gives_way_to_the_time_of_arrival() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.hear(
        node.ddata("1001", {VOLTAGE: 4.3}, at_ms=NOON_MS + 8 * 3_600_000), node.ddata("1001", {VOLTAGE: 4.4}, at_ms=5)
    )
    assert host.readings(VOLTS)[1:] == [(NOON_MS, 4.3, Quality.UNCERTAIN), (NOON_MS, 4.4, Quality.UNCERTAIN)]


def test_a_stored_value_goes_into_the_past_and_one_without_a_time_goes_nowhere() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.hear(node.ddata("1001", {VOLTAGE: 3.9}, at_ms=NOON_MS - 3_600_000, historical=True))
    host.hear(node.ddata("1001", {VOLTAGE: 3.9}, at_ms=NOON_MS + 3_600_000, historical=True))
    assert host.readings(VOLTS)[1:] == [(NOON_MS - 3_600_000, 3.9, Quality.GOOD)]
    assert [(time_ns // 1_000_000, value) for _, time_ns, value, _ in host.past] == [(NOON_MS - 3_600_000, 3.9)]
    assert host.causes() == [Cause.IMPOSSIBLE_TIME]


def test_a_stored_value_does_not_make_a_dead_pot_live() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    later(host, node)
    host.hear(node.ddata("1001", {VOLTAGE: 3.9}, at_ms=NOON_MS - 5000, historical=True), node.ndeath())
    times = [time_ms for time_ms, _, _ in host.readings(VOLTS)]
    assert times == [NOON_MS, NOON_MS - 5000, NOON_MS + 1000]
    assert max(host.readings(VOLTS))[2] == Quality.BAD_NOT_CONNECTED


# --- Order ------------------------------------------------------------------------------------------------------------


def test_numbers_go_round_from_255_to_0() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    for count in range(600):
        later(host, node)
        host.hear(node.ddata("1001", {VOLTAGE: 4.0 + count / 1000}))
    assert len(host.values(VOLTS)) == 601
    assert host.refused == []
    assert host.published == []


def test_a_message_that_was_overtaken_is_waited_for_and_nothing_is_lost() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    first, second, third = (node.ddata("1001", {VOLTAGE: 4.0 + step}) for step in (0.1, 0.2, 0.3))
    host.hear(third, second)
    assert host.values(VOLTS) == [4.0]
    host.wait(1900)
    host.hear(first)
    assert host.values(VOLTS) == [4.0, 4.1, 4.2, 4.3]
    assert host.wait(10_000) == []
    assert host.refused == []


def test_a_message_that_does_not_come_leads_to_a_request_for_a_birth_after_the_wait() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001", "1002")
    node.skip()
    held = node.ddata("1001", {VOLTAGE: 4.3})
    host.hear(held)
    assert host.wait(1750) == []
    (asked,) = host.wait(500)
    assert (asked.topic, asked.qos, asked.retain) == ("spBv1.0/example/NCMD/PL1-S1", 0, False)
    assert decode(asked.payload).metrics[0].name == "Node Control/Rebirth"
    later(host, node, 3000)
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.4}), node.dbirth("1002", {VOLTAGE: 4.1}))
    assert host.values(VOLTS) == [4.0, 4.4]
    assert [(r.payload, r.problem.cause) for r in host.refused] == [(held.payload, Cause.OUT_OF_SEQUENCE)]
    host.hear(node.ddata("1001", {VOLTAGE: 4.5}))
    assert host.values(VOLTS)[-1] == 4.5
    assert host.wait(60_000) == []


def test_without_leave_nothing_is_asked_and_data_by_alias_are_kept_as_out_of_sequence() -> None:
    host, node = Host(allow_rebirth=False), Talker()
    born(host, node, "1001")
    node.skip()
    host.hear(node.ddata("1001", {VOLTAGE: 4.3}))
    assert host.wait(10_000) == []
    host.hear(*(node.ddata("1001", {VOLTAGE: 4.3}) for _ in range(3)))
    assert host.causes() == [Cause.OUT_OF_SEQUENCE] * 4
    assert math.isnan(host.values(VOLTS)[-1])  # nobody tells it any more: it is no live value
    assert host.readings(VOLTS)[-1][2] == Quality.BAD_COMM_FAILURE
    later(host, node, 20_000)
    born(host, node, "1001", volts=4.6)
    assert host.values(VOLTS)[-1] == 4.6


def test_metrics_that_come_with_their_names_are_read_whatever_was_lost() -> None:
    host, node = Host(allow_rebirth=False), Talker()
    born(host, node, "1001")
    node.skip()
    later(host, node)
    host.hear(node.ddata("1001", {VOLTAGE: 9.0}))
    host.wait(3000)
    node.now_ms = host.now_ms
    named = Metric(4.3, DataType.DOUBLE, name="Pot/Voltage", timestamp_ms=node.now_ms)
    host.hear(node.message("DDATA", "1001", [named]))
    assert host.values(VOLTS) == [4.0, 4.3]


def test_a_device_that_was_born_after_the_gap_is_not_doubted() -> None:
    host, node = Host(allow_rebirth=False), Talker()
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.1}))
    node.skip()  # the birth of 1002
    host.hear(node.dbirth("1003", {VOLTAGE: 4.3}))
    host.wait(3000)
    host.hear(
        node.ddata("1001", {VOLTAGE: 5.1}), node.ddata("1002", {VOLTAGE: 5.2}), node.ddata("1003", {VOLTAGE: 5.3})
    )
    assert host.values(VOLTS, "1003") == [4.3, 5.3]
    assert host.values(VOLTS, "1001") == [4.1]
    assert host.values(VOLTS, "1002") == []
    assert host.causes() == [Cause.OUT_OF_SEQUENCE] * 2


def test_the_same_message_twice_is_one_however_late_the_second_is() -> None:
    host, node = Host(), Talker()
    births = [node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.0})]
    data = [node.ddata("1001", {VOLTAGE: 4.0 + step / 100}, at_ms=NOON_MS + step) for step in range(1, 20)]
    for message in [*births, *data]:
        host.hear(message, message)
    host.hear(*births, *data)
    assert len(host.values(VOLTS)) == 20
    assert host.reader.counts["repeated"] == 42
    assert host.wait(10_000) == []
    assert host.refused == []


def test_data_of_an_old_session_that_come_twice_are_not_taken_for_the_new_ones() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    old = node.ddata("1001", {NOISE: 11.0, VOLTAGE: 4.1})
    host.hear(old)
    node.session += 1
    swapped = ("Pot/Resistance", 1, DataType.DOUBLE, "uOhm")
    later(host, node)
    host.hear(node.nbirth(), node.dbirth("1001", {swapped: 7.0}), old)
    assert host.values(Quantity.POT_RESISTANCE) == [7.0]


def test_more_lost_messages_than_half_the_numbers_are_a_gap_and_not_a_late_message() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    for _ in range(200):
        node.skip()
    host.hear(*(node.ddata("1001", {VOLTAGE: 4.3}) for _ in range(3)))
    assert len(host.wait(2500)) == 1
    assert host.causes() == [Cause.OUT_OF_SEQUENCE] * 3


def test_a_straggler_from_far_behind_is_refused_and_nothing_else_is_doubted() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.hear(node.ddata("1001", {VOLTAGE: 4.0}))
    stray = replace(node).ddata("1001", {VOLTAGE: 1.0})
    node.skip()
    host.hear(node.ddata("1001", {VOLTAGE: 4.1}))
    host.wait(3000)
    node.now_ms = host.now_ms
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.2}))
    host.hear(*(node.ddata("1001", {VOLTAGE: 4.2}, at_ms=NOON_MS + n) for n in range(20)))
    before = len(host.refused)
    host.hear(stray)
    host.hear(*(node.ddata("1001", {VOLTAGE: 4.2}, at_ms=NOON_MS + n) for n in range(20, 40)))
    assert len(host.wait(3000)) == 0
    host.hear(node.ddata("1001", {VOLTAGE: 4.9}))
    assert [r.payload for r in host.refused[before:]] == [stray.payload]
    assert host.values(VOLTS)[-1] == 4.9


def test_a_late_message_that_was_given_up_is_refused() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    late, held = node.ddata("1001", {VOLTAGE: 4.1}), node.ddata("1001", {VOLTAGE: 4.2})
    host.hear(held)
    host.wait(3000)
    host.hear(late)
    assert host.values(VOLTS) == [4.0]
    assert sorted(r.payload for r in host.refused) == sorted([late.payload, held.payload])


def test_with_no_wait_at_all_the_first_gap_counts() -> None:
    host, node = Host(reorder_s=0.0), Talker()
    born(host, node, "1001")
    node.skip()
    host.hear(node.ddata("1001", {VOLTAGE: 4.1}))
    assert len(host.wait(1)) == 1


def test_what_waits_for_a_birth_that_was_overtaken_is_read_after_it() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    later(host, node)
    node.session += 1
    first, second = node.nbirth(), node.dbirth("1001", {RESISTANCE: 7.5})
    host.hear(second, first)
    assert host.values(Quantity.POT_RESISTANCE) == [7.5]
    assert host.wait(10_000) == []


@pytest.mark.parametrize("raw", ["0801", "0801188002"])
def test_a_message_without_a_possible_number_is_refused(raw: str) -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.hear(Message("spBv1.0/example/DDATA/PL1-S1/1001", bytes.fromhex(raw)))
    assert host.causes() == [Cause.MISSING if raw == "0801" else Cause.WRONG_TYPE]


# --- Missed births ----------------------------------------------------------------------------------------------------


def test_data_before_a_birth_lead_to_a_request_at_once_and_then_after_growing_pauses() -> None:
    host, node = Host(), Talker()
    for second in range(0, 1400, 2):
        host.hear(node.ddata("1001", {VOLTAGE: 4.0}, at_ms=NOON_MS + second))
        host.wait(2000)
    pauses = [later_ms - earlier_ms for earlier_ms, later_ms in pairwise(host.published_ms)]
    assert host.published_ms[0] == 0
    assert pauses == [2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]
    assert set(host.causes()) == {Cause.OUT_OF_SEQUENCE}
    assert len(host.refused) == 700
    assert host.rows == []


def test_an_alias_that_no_birth_announced_asks_for_one_and_the_others_are_read() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.hear(node.ddata("1001", {VOLTAGE: 4.1, NOISE: 12.0}))
    assert host.values(VOLTS) == [4.0, 4.1]
    assert host.causes() == [Cause.OUT_OF_SEQUENCE]
    assert len(host.wait(250)) == 1


def test_aliases_mean_what_the_latest_birth_says() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.0, NOISE: 11.0}))
    voltage, noise = ("Pot/Voltage", 2, DataType.DOUBLE, "V"), ("Pot/Noise", 1, DataType.FLOAT, "mV")
    later(host, node)
    host.hear(node.nbirth(), node.dbirth("1001", {voltage: 4.1, noise: 12.0}), node.ddata("1001", {voltage: 4.2}))
    assert host.values(VOLTS) == [4.0, 4.1, 4.2]
    assert host.values(Quantity.POT_NOISE) == [11.0, 12.0]


def test_a_device_that_its_nodes_birth_leaves_out_is_not_connected_any_more() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001", "1002")
    later(host, node)
    born(host, node, "1001", volts=4.1)
    host.wait(6000)
    later(host, node)
    host.hear(node.ddata("1001", {VOLTAGE: 4.2}))
    assert host.values(VOLTS) == [4.0, 4.1, 4.2]
    assert host.readings(VOLTS, "1002")[-1][2] == Quality.BAD_NOT_CONNECTED


def test_a_metric_that_a_new_birth_leaves_out_is_not_offered_any_more() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.0, NOISE: 11.0}))
    later(host, node)
    born(host, node, "1001")
    assert host.readings(Quantity.POT_NOISE)[-1][2] == Quality.BAD_CONFIG_ERROR
    assert host.readings(VOLTS)[-1][2] == Quality.GOOD


def test_what_is_retained_is_of_no_known_time_and_changes_nothing() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.0}), retained=True)
    assert host.causes() == [Cause.OUT_OF_SEQUENCE] * 2
    assert host.rows == []


# --- Deaths -----------------------------------------------------------------------------------------------------------


def test_the_death_of_a_node_takes_all_its_values_at_the_time_of_its_arrival() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001", "1002")
    later(host, node, 5000)
    host.hear(node.ndeath())
    for pot in ("1001", "1002"):
        time_ms, value, quality = host.readings(VOLTS, pot)[-1]
        assert (time_ms, quality) == (NOON_MS + 5000, Quality.BAD_NOT_CONNECTED)
        assert math.isnan(value)
    host.hear(node.ndeath())
    assert len(host.rows) == 4


def test_the_death_of_a_device_takes_its_values_only_at_the_time_it_says() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001", "1002")
    node.now_ms += 4000
    host.now_ms += 5000
    host.hear(node.ddeath("1001"))
    assert host.readings(VOLTS)[-1][0::2] == (NOON_MS + 4000, Quality.BAD_NOT_CONNECTED)
    assert len(host.readings(VOLTS, "1002")) == 1
    host.hear(node.ddata("1002", {VOLTAGE: 4.5}))
    assert host.values(VOLTS, "1002") == [4.0, 4.5]


def test_after_a_death_data_need_a_new_birth() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.hear(node.ndeath(), node.ddata("1001", {VOLTAGE: 4.1}))
    assert host.causes() == [Cause.OUT_OF_SEQUENCE]
    assert len(host.wait(250)) == 1


@pytest.mark.parametrize(("old", "new"), [(7, 8), (255, 0), (37, 0), (0, 1)])
def test_the_late_death_of_an_old_session_is_ignored(old: int, new: int) -> None:
    host, node = Host(), Talker(session=old)
    born(host, node, "1001")
    later(host, node)
    node.session = new
    born(host, node, "1001", volts=4.1)
    host.hear(node.ndeath(old), node.ddata("1001", {VOLTAGE: 4.2}))
    assert host.values(VOLTS) == [4.0, 4.1, 4.2]
    assert host.reader.counts["old deaths"] == 1
    host.hear(node.ndeath(new))
    assert math.isnan(host.values(VOLTS)[-1])


def test_the_death_of_a_session_that_began_before_the_collector_did_is_ignored() -> None:
    host, node = Host(), Talker(session=0)
    born(host, node, "1001")
    host.hear(node.ndeath(255))
    assert host.values(VOLTS) == [4.0]


def test_the_death_of_a_session_whose_birth_was_missed_is_believed() -> None:
    host, node = Host(), Talker(session=7)
    born(host, node, "1001")
    host.hear(node.ndeath(8))
    assert math.isnan(host.values(VOLTS)[-1])


def test_a_value_that_is_older_than_a_death_is_in_force_again_with_the_next_birth() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.0}, at_ms=NOON_MS - 60_000))
    later(host, node, 5000)
    host.hear(node.ndeath())
    later(host, node, 5000)
    node.session += 1
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.0}, at_ms=NOON_MS - 60_000))
    assert host.readings(VOLTS)[-1] == (NOON_MS + 10_000, 4.0, Quality.GOOD)


def test_the_late_death_of_a_node_does_not_touch_a_pot_that_another_took_over() -> None:
    host, old, new = Host(), Talker("PL1-S1"), Talker("PL1-S9")
    born(host, old, "1001")
    born(host, new, "1001", volts=4.1)
    later(host, new)
    host.hear(old.ndeath(), new.ddata("1001", {VOLTAGE: 4.2}))
    assert host.values(VOLTS) == [4.0, 4.1, 4.2]


def test_with_the_connection_to_the_broker_all_values_are_gone_and_births_are_wanted_again() -> None:
    host, node, quiet = Host(), Talker(), Talker("PL1-S2")
    born(host, node, "1001")
    born(host, quiet, "1030")
    host.hear(quiet.ndeath())
    later(host, node, 1000)
    host.keep(host.reader.lost(host.now_ms * MS))
    assert host.readings(VOLTS)[-1][0::2] == (NOON_MS + 1000, Quality.BAD_NOT_CONNECTED)
    assert host.reader.connected(host.now_ms * MS) == ()
    host.hear(node.ddata("1001", {VOLTAGE: 9.0}))
    assert host.causes() == [Cause.OUT_OF_SEQUENCE]
    assert [asked.topic for asked in host.wait(2500)] == ["spBv1.0/example/NCMD/PL1-S1"]


def test_a_node_that_announces_itself_after_a_cut_is_not_asked() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001")
    host.keep(host.reader.lost(host.now_ms * MS))
    host.reader.connected(host.now_ms * MS)
    host.wait(1000)
    node.session += 1
    node.now_ms = host.now_ms
    born(host, node, "1001", volts=4.1)
    assert host.wait(20_000) == []
    assert host.values(VOLTS)[-1] == 4.1


# --- What it says -----------------------------------------------------------------------------------------------------


def test_a_primary_host_says_that_it_is_there_with_the_time_of_its_will() -> None:
    host = Host(primary=True, host_id="potline-example")
    will = host.reader.will
    assert will is not None
    host.now_ms += 400
    (online,) = host.reader.connected(host.now_ms * MS)
    for said, state in ((will, False), (online, True)):
        assert (said.topic, said.qos, said.retain) == ("spBv1.0/STATE/potline-example", 1, True)
        assert json.loads(said.payload) == {"online": state, "timestamp": NOON_MS}
    assert "spBv1.0/STATE/potline-example" in {s.topic for s in host.reader.subscriptions}


def test_a_primary_host_contradicts_the_late_will_of_a_connection_before() -> None:
    host = Host(primary=True, host_id="h")
    offline = Message("spBv1.0/STATE/h", b'{"online":false,"timestamp":1}')
    _ = host.reader.will
    host.hear(offline)  # retained by the broker, before we are there
    assert host.published == []
    host.reader.connected(host.now_ms * MS)
    host.hear(
        offline, Message("spBv1.0/STATE/h", b'{"online":true,"timestamp":2}'), Message("spBv1.0/STATE/h", b"OFFLINE")
    )
    assert [json.loads(said.payload)["online"] for said in host.published] == [True]
    assert host.causes() == [Cause.NOT_JSON]


def test_who_is_no_primary_host_says_nothing_of_itself() -> None:
    reader = SparkplugReader(settings(host_id="h"), example_plant(), meters={}, now_ns=lambda: 0)
    assert reader.will is None
    assert reader.connected(0) == ()
    assert len(reader.subscriptions) == 6


def test_commands_are_neither_listened_to_nor_read() -> None:
    host = Host()
    assert not {s.topic for s in host.reader.subscriptions if "CMD" in s.topic}
    for topic in ("spBv1.0/example/NCMD/PL1-S1", "spBv1.0/example/DCMD/PL1-S1/1001", "spBv1.0/other/NBIRTH/N", "x"):
        host.hear(Message(topic, b""))
    assert host.causes() == [Cause.UNKNOWN_TOPIC] * 4


def test_two_groups_may_have_nodes_of_one_name() -> None:
    host = Host(groups=("north", "south"))
    north, south = Talker(group="north"), Talker(group="south")
    born(host, north, "1001")
    born(host, south, "1002", volts=5.0)
    host.hear(north.ddata("1001", {VOLTAGE: 4.1}), south.ddata("1002", {VOLTAGE: 5.1}))
    assert (host.values(VOLTS, "1001"), host.values(VOLTS, "1002")) == ([4.0, 4.1], [5.0, 5.1])
    assert len(host.reader.subscriptions) == 12
