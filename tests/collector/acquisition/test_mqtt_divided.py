"""A collector of one potline at a broker that has the messages of two: it hears its own and refuses no others."""

import json
from dataclasses import replace

import pytest
from example_plant import example_plant
from mqtt_session import StartBroker, session, subscriber
from potroom import NOW_NS, SITE
from server_process import free_port

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import PayloadProblem, Told
from collector.plant.division import Part, divided
from collector.plant.meter import HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.event import Weighing
from collector.readings.quantity import Quantity


def two_lines() -> Plant:
    one = example_plant()
    second = replace(one.potlines[0], id="PL2", pots=("2001", "2002"))
    feeder = HeardMeter(
        "feeder", Measures.RECTIFIER_AC, "PL2", 10.0, 100.0, "potroom", "F2", (Quantity.ACTIVE_ENERGY_IMPORT,)
    )
    return replace(one, potlines=(*one.potlines, second), meters=(*one.meters, feeder))


def reader(plant: Plant) -> LayoutReader:
    broker = replace(example_plant().brokers[0], id="potroom")
    layouts = plant.layouts_of(broker)
    return LayoutReader(plant, layouts, broker="potroom", site=SITE, longest_tare_age_s=8 * 3600)


FIRST = reader(divided(two_lines(), Part("a", ("PL1",), shared=True)))


def read(topic: str, **body: object) -> Told:
    message = {"v": 1, "ts": "2026-03-01T04:05:06.120Z", "q": "good"} | body
    return FIRST.read(f"smelter/v1/{SITE}/{topic}", json.dumps(message).encode(), arrived_ns=NOW_NS, retained=False)


def test_topics_with_the_line_in_them_are_subscribed_to_for_its_own_lines() -> None:
    whole, first = reader(two_lines()), FIRST
    assert any(each.topic == f"smelter/v1/{SITE}/potline/+/pot/+/telemetry" for each in whole.subscriptions)
    topics = [each.topic for each in first.subscriptions]
    assert f"smelter/v1/{SITE}/potline/PL1/pot/+/telemetry" in topics
    assert not [topic for topic in topics if "/potline/+/" in topic or "/potline/PL2/" in topic]
    assert f"smelter/v1/{SITE}/crane/+/weighing" in topics  # nobody knows whose pots a crane weighs


def test_pots_and_meters_of_another_collector_are_passed_over_without_a_word() -> None:
    of_pot = read("potline/PL2/pot/2001/telemetry", m={"pot_voltage_v": 4.2})
    of_meter = read("meter/F2/telemetry", c={"e_imp_kwh": 5.0})
    for told in (of_pot, of_meter):
        assert (list(told.readings), list(told.events), list(told.refused)) == ([], [], [])
    weighed = {"id": "W-1", "net_kg": 4920, "stable": True}
    assert list(read("crane/K1/weighing", pots=["2001", "2002"], **weighed).events) == []
    [own] = read("crane/K1/weighing", pots=["1001"], **weighed).events
    assert isinstance(own, Weighing)
    assert own.potline == "PL1"
    books = {"id": "M-1", "day": "2026-02-28", "metal_net_t": 850.0}
    assert list(read("mes/production", line="PL2", **books).events) == []


def test_what_belongs_to_nobody_is_refused_as_before() -> None:
    with pytest.raises(PayloadProblem, match="pot '9999' is not in the plant file"):
        read("crane/K1/weighing", pots=["9999"], id="W-2", net_kg=4920, stable=True)


def test_a_crucible_with_metal_of_two_collectors_is_refused_by_name() -> None:
    with pytest.raises(PayloadProblem, match=r"several potlines \(PL1, PL2\)"):
        read("crane/K1/weighing", pots=["1001", "2001"], id="W-3", net_kg=4920, stable=True)


@pytest.mark.asyncio
async def test_a_broker_with_several_addresses_is_reached_at_the_next_one_where_one_is_gone(
    mosquitto: StartBroker,
) -> None:
    second = mosquitto()
    of = subscriber(free_port(), others=((second.host, second.port),))
    async with session(of) as run:
        assert "refused or no answer" in await run.ended(within_s=30)
    async with session(of) as run:
        await run.subscribed()
