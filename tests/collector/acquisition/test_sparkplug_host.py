"""The rules of a Sparkplug host, one by one, without a broker."""

import math
from dataclasses import replace

import pytest
from sparkplug_births import VOLTS, born, later
from sparkplug_talk import NOISE, NOON_MS, RESISTANCE, VOLTAGE, Host, Message, Talker

from collector.acquisition.mqtt.message import Cause
from collector.acquisition.mqtt.sparkplug_wire import Payload
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.servers.sparkplug_wire import DataType, Metric, decode

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
