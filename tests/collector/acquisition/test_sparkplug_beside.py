"""Sparkplug and other messages at one broker."""

import pytest
from example_plant import example_plant
from mqtt_session import BROKER, smelter_reader
from potroom import NOW_NS, TELEMETRY, telemetry
from sparkplug_talk import VOLTAGE, Talker, settings

from collector.acquisition.mqtt.message import Cause, PayloadProblem, Publication
from collector.acquisition.mqtt.readers import BesideSparkplug
from collector.acquisition.mqtt.sparkplug import SparkplugReader
from collector.plant.meter import Sparkplug


def both(sparkplug: Sparkplug) -> BesideSparkplug:
    reader = SparkplugReader(sparkplug, example_plant(), meters={}, now_ns=lambda: NOW_NS)
    return BesideSparkplug(reader, smelter_reader(BROKER))


def test_each_message_goes_to_the_reader_that_knows_it() -> None:
    reader, node = both(settings()), Talker()
    node.now_ms = NOW_NS // 1_000_000
    values = []
    for message in (node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.1})):
        told = reader.read(message.topic, message.payload, arrived_ns=NOW_NS, retained=False)
        values += [row[2] for row in told.readings]
    told = reader.read(TELEMETRY, telemetry(4.213), arrived_ns=NOW_NS, retained=False)
    values += [row[2] for row in told.readings]
    assert values == [4.1, 4.213]
    with pytest.raises(PayloadProblem) as caught:
        reader.read("spBv1.0/elsewhere/NBIRTH/N", b"", arrived_ns=NOW_NS, retained=False)
    assert caught.value.cause is Cause.UNKNOWN_TOPIC


def test_both_are_subscribed_to_and_only_the_others_may_be_shared_out() -> None:
    shareable = {s.topic.split("/")[0]: s.shareable for s in both(settings()).subscriptions}
    assert shareable == {"spBv1.0": False, "smelter": True}


def test_losses_and_publications_are_those_of_both() -> None:
    reader, node = both(settings(primary=True, host_id="h")), Talker()
    node.now_ms = NOW_NS // 1_000_000
    for message in (node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.1})):
        reader.read(message.topic, message.payload, arrived_ns=NOW_NS, retained=False)
    assert isinstance(reader.will, Publication)
    assert [said.topic for said in reader.connected(NOW_NS)] == ["spBv1.0/STATE/h"]
    assert not reader.due(NOW_NS).says_anything
    assert len(reader.lost(NOW_NS + 1).readings) == 1
    reader.connected(NOW_NS + 2)
    assert [said.topic for said in reader.due(NOW_NS + 3_000_000_000).publications] == ["spBv1.0/example/NCMD/PL1-S1"]
