"""Births that were missed, numbers that are missing or come twice, deaths that come too late: the state is never wrong.

Simulated nodes and the collector meet at a real broker. What the simulator wrote is the truth.
"""

import asyncio
import json
import time
from collections.abc import Callable

import aiomqtt
import pytest
from servers import Mosquitto
from sparkplug_potroom import change, collecting, node, overhearing, speaking

from collector.readings.event import EffectCounters
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.servers.sparkplug_wire import DataType, Metric, Payload, Value, encode

pytestmark = pytest.mark.asyncio
StartBroker = Callable[..., Mosquitto]
NCMD = "spBv1.0/example/NCMD/PL1-S1"


async def test_a_collector_that_comes_later_asks_for_the_births_that_it_missed(mosquitto: StartBroker) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001", "1002")
    async with overhearing(broker) as overheard, speaking(broker, edge) as publisher:
        publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.1}))
        publisher.offer_all(change(edge, "1002", {"Pot/Voltage": 4.2}))
        async with collecting(broker) as collector:
            publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.3}))
            await collector.shows("1001", 4.3)  # from the births that it has asked for
            await collector.shows("1002", 4.2)
            publisher.offer_all(change(edge, "1002", {"Pot/Voltage": 4.4, "Pot/Noise": 11.5}))
            await collector.shows("1002", 4.4)
            assert collector.instruments.rejected_by_cause == {"out_of_sequence": 1}
        assert overheard() == {NCMD}


async def test_a_lost_message_leads_to_a_birth_and_everything_is_right_again(mosquitto: StartBroker) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001", "1002")
    async with collecting(broker, reorder_s=0.3) as collector, speaking(broker, edge) as publisher:
        publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.1}))
        await collector.shows("1001", 4.1)
        change(edge, "1001", {"Pot/Voltage": 4.2})  # never sent
        publisher.offer_all(change(edge, "1002", {"Pot/Voltage": 5.1}))
        await collector.shows("1001", 4.2)
        await collector.shows("1002", 5.1)
        assert collector.reader.counts["births asked for"] == 1


async def test_lost_births_of_devices_are_asked_for_and_the_others_are_read_meanwhile(mosquitto: StartBroker) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001", "1002")
    births = edge.hello
    edge.hello = lambda: [message for message in births() if not message.topic.endswith("DBIRTH/PL1-S1/1001")]  # type: ignore[method-assign]
    async with collecting(broker, reorder_s=0.3) as collector, speaking(broker, edge) as publisher:
        publisher.offer_all(change(edge, "1002", {"Pot/Voltage": 5.1}))
        publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.1}))
        await collector.shows("1002", 5.1)
        await collector.shows("1001", 4.1)
        assert collector.reader.counts["births asked for"] == 1


async def test_messages_that_come_twice_or_change_places_lead_to_nothing(mosquitto: StartBroker) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001")
    async with overhearing(broker) as overheard, collecting(broker) as collector, speaking(broker, edge) as publisher:
        for step in range(0, 300, 3):
            first, second, third = (change(edge, "1001", {"Pot/Voltage": 4.0 + (step + n) / 1000})[0] for n in range(3))
            publisher.offer_all([first, first, third, second, third, first])
        await collector.shows("1001", 4.299)
        assert len(collector.values("1001")) == 300
        assert collector.instruments.rejected_by_cause == {}
        await asyncio.sleep(0.5)
        assert overheard() == set()


async def test_the_death_of_an_old_session_that_comes_too_late_kills_nothing(mosquitto: StartBroker) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001")
    async with collecting(broker) as collector, speaking(broker, edge) as publisher:
        publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.1}))
        await collector.shows("1001", 4.1)
        publisher.break_connection()
        await collector.shows_nothing(["1001"])
        await collector.shows("1001", 4.1)  # the present value of the birth of the next session
        old = encode(Payload(None, [Metric(0, DataType.INT64, name="bdSeq")]))
        async with aiomqtt.Client(broker.host, broker.port) as bridge:
            await bridge.publish("spBv1.0/example/NDEATH/PL1-S1", old, qos=1)
        publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.2}))
        await collector.shows("1001", 4.2)
        await collector.run.until(lambda: collector.reader.counts["old deaths"] == 1)
        assert collector.latest("1001") == (4.2, Quality.GOOD)
        assert collector.reader.counts["births asked for"] == 0


async def test_a_node_that_dies_takes_its_values_with_it(mosquitto: StartBroker) -> None:
    broker, edge, other = mosquitto(), node("PL1-S1", "1001"), node("PL1-S2", "1021")
    async with collecting(broker) as collector, speaking(broker, other) as beside:
        beside.offer_all(change(other, "1021", {"Pot/Voltage": 5.0}))
        async with speaking(broker, edge) as publisher:
            publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.1}))
            await collector.shows("1001", 4.1)
        await collector.shows_nothing(["1001"])
        await collector.shows("1021", 5.0)


async def test_a_device_that_its_reborn_node_does_not_announce_is_stale_after_5_s_though_nobody_says_anything(
    mosquitto: StartBroker,
) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001")
    async with collecting(broker) as collector, speaking(broker, edge) as publisher:
        publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.1}))
        await collector.shows("1001", 4.1)
        birth = Payload(time.time_ns() // 1_000_000, [Metric(7, DataType.INT64, name="bdSeq")], seq=0)
        async with aiomqtt.Client(broker.host, broker.port) as gateway:
            await gateway.publish("spBv1.0/example/NBIRTH/PL1-S1", encode(birth), qos=1)
        begun_s = time.monotonic()
        await collector.shows_nothing(["1001"])
        assert 4.0 < time.monotonic() - begun_s < 9.0


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_after_a_restart_of_the_broker_all_is_right_again(mosquitto: StartBroker, end: str) -> None:
    broker = mosquitto()
    nodes = {"1001": node("PL1-S1", "1001"), "1021": node("PL1-S2", "1021")}
    async with speaking(broker, nodes["1001"]) as first, speaking(broker, nodes["1021"]) as second:
        publishers = {"1001": first, "1021": second}
        async with collecting(broker) as collector:
            for pot, edge in nodes.items():
                publishers[pot].offer_all(change(edge, pot, {"Pot/Voltage": 4.1}))
                await collector.shows(pot, 4.1)
            await asyncio.to_thread(broker.stop if end == "stop" else broker.kill)
            await collector.run.ended()
            assert collector.has_nothing_of(nodes)
            reader = collector.reader
        for pot, edge in nodes.items():
            assert change(edge, pot, {"Pot/Voltage": 4.2}) == []  # stored by the node
        await asyncio.to_thread(broker.start)
        async with collecting(broker, reader=reader) as collector:
            for pot in nodes:
                await collector.shows(pot, 4.2)
            assert collector.instruments.rejected_by_cause in ({}, {"out_of_sequence": 1}, {"out_of_sequence": 2})


async def test_an_anode_effect_is_told_once_whatever_is_born_again(mosquitto: StartBroker) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001")
    start_ms = 1_772_366_400_000
    ended: dict[str, Value | None] = {
        "Pot/AE/LastId": "AE-7",
        "Pot/AE/LastStart": start_ms,
        "Pot/AE/LastDuration": 108.6,
        "Pot/AE/LastVMax": 38.5,
        "Pot/AE/LastOvervoltage": 26.0,
        "Pot/AE/Count": 41,
        "Pot/AE/Seconds": 4100.5,
    }
    async with collecting(broker) as collector, speaking(broker, edge) as publisher:
        publisher.offer_all(change(edge, "1001", ended))
        await collector.run.until(lambda: len(collector.run.events) == 2)
        for _ in range(3):
            before = publisher.connections
            publisher.break_connection()
            await collector.run.until(lambda before=before: publisher.connections > before)  # type: ignore[misc]
        publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.2}))
        await collector.shows("1001", 4.2)
        effect, counters = collector.run.events
        assert (effect.id, effect.time_ns) == ("AE-7", start_ms * 1_000_000)
        assert isinstance(counters, EffectCounters)
        assert (counters.count, counters.seconds) == (41, 4100.5)


async def test_nothing_but_births_and_the_own_state_is_ever_said(mosquitto: StartBroker) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001")
    state = "spBv1.0/STATE/potline-test"
    async with overhearing(broker) as overheard:
        async with speaking(broker, edge) as publisher:
            async with collecting(broker, primary=True, host_id="potline-test", reorder_s=0.1) as collector:
                for step in range(5):
                    change(edge, "1001", {"Pot/Voltage": 4.0})  # never sent
                    publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.1 + step}))
                    await asyncio.sleep(0.2)
                await collector.shows("1001", 8.1)
                assert await retained(broker, state) == {"online": True}
            assert await retained(broker, state) == {"online": False}
        assert overheard() == {NCMD, state}


async def retained(broker: Mosquitto, topic: str) -> dict[str, bool]:
    async with aiomqtt.Client(broker.host, broker.port) as client, asyncio.timeout(30):
        await client.subscribe(topic)
        said = json.loads(bytes((await anext(client.messages)).payload))
    assert said.pop("timestamp") > 1_700_000_000_000
    found: dict[str, bool] = said
    return found


async def test_without_leave_nothing_is_said_and_nothing_wrong_is_read(mosquitto: StartBroker) -> None:
    broker, edge = mosquitto(), node("PL1-S1", "1001")
    async with overhearing(broker) as overheard, speaking(broker, edge) as publisher:
        async with collecting(broker, allow_rebirth=False, reorder_s=0.1) as collector:
            for _ in range(10):
                publisher.offer_all(change(edge, "1001", {"Pot/Voltage": 4.1, "Pot/Noise": 12.0}))
            await collector.run.until(lambda: collector.instruments.rejected_by_cause == {"out_of_sequence": 10})
            assert collector.values("1001") | collector.values("1001", Quantity.POT_NOISE) == set()
            publisher.break_connection()  # the next session is born by itself
            await collector.shows("1001", 4.1)
        assert overheard() == set()
