"""Sessions of Sparkplug nodes: time, births that were missed, deaths, and what the host says."""

import json
import math
from itertools import pairwise

import pytest
from example_plant import example_plant
from sparkplug_births import VOLTS, born, later
from sparkplug_talk import MS, NOISE, NOON_MS, VOLTAGE, Host, Message, Talker, settings

from collector.acquisition.mqtt.message import Cause
from collector.acquisition.mqtt.sparkplug import SparkplugReader
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.servers.sparkplug_wire import DataType

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


def test_a_birth_whose_first_message_is_lost_does_not_let_an_alias_stand_for_what_it_was() -> None:
    host, node = Host(), Talker()
    born(host, node, "1001", "1002")  # numbers 0 to 2
    node.now_ms = host.now_ms = host.now_ms + 500
    other = ("Pot/Noise", VOLTAGE[1], DataType.FLOAT, "mV")
    node.skip()  # 3 is lost: a controller was exchanged, and the alias of the voltage is that of the noise now
    node.nbirth()  # lost, too: the numbers begin anew
    host.hear(node.dbirth("1001", {other: 30.0}), node.dbirth("1002", {VOLTAGE: 4.2}))  # 1 and 2
    node.now_ms = host.now_ms = host.now_ms + 7
    host.hear(node.ddata("1001", {other: 31.0}))  # 3: the number that the host waits for
    volts, none = host.values(VOLTS, "1001")  # the birth has no voltage any more
    assert volts == 4.0
    assert math.isnan(none)
    assert host.values(Quantity.POT_NOISE, "1001") == [30.0, 31.0]
    assert host.values(VOLTS, "1002")[-1] == 4.2
    assert host.wait(3000)  # and a birth is asked for: more may have been lost


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
