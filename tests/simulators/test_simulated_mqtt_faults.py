"""Faults of MQTT: each with its effect on the wire of a real broker."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from servers import Mosquitto

from simulators.faults.mqtt import MqttFaults, Treatment, matches
from simulators.faults.mqtt_tables import FaultKind, MqttFault, fault_of
from simulators.servers.broker import bundled_broker
from simulators.servers.messages import Message
from simulators.servers.messages.message import json_message
from simulators.servers.mqtt import Publisher
from simulators.servers.sparkplug import Change, EdgeNode, MetricSpec
from simulators.servers.sparkplug_wire import DataType, decode
from simulators.tables import ConfigurationError, Table

SECOND = 1_000_000_000
START = 1_795_316_400 * SECOND  # 2026-11-22T03:00:00Z
TOPIC = "smelter/v1/example/potline/PL1/pot/0042/telemetry"


def telemetry(seq: int, second: int = 0) -> Message:
    body: dict[str, object] = {"v": 1, "src": "potctl-PL1-S1", "seq": seq, "ts": f"2026-11-22T03:00:{second:02}.000Z"}
    return json_message(TOPIC, body | {"q": "good", "hist": False, "m": {"pot_voltage_v": 4.213, "shots": 12}})


class Plant:
    """A publisher with faults, and what a subscriber hears of it."""

    def __init__(self, broker: Mosquitto, faults: MqttFaults) -> None:
        self._broker = broker
        self._treatment = Treatment(faults, "line PL1")

    async def says(
        self, spoken: Sequence[tuple[int, Sequence[Message]]], count: int, *, topic: str = "#"
    ) -> list[aiomqtt.Message]:
        """Say messages at seconds of plant time, and return the next ones that are heard."""
        place = (self._broker.host, self._broker.port)
        async with aiomqtt.Client(*place, protocol=aiomqtt.ProtocolVersion.V5) as client:
            await client.subscribe(topic, qos=1)
            async with Publisher(*place, "3.1.1") as publisher, asyncio.timeout(30):
                for second, messages in spoken:
                    publisher.offer_all(self._treatment.treat(messages, START + second * SECOND))
                return [await anext(client.messages) for _ in range(count)]


@pytest.fixture
def plant(mosquitto: Callable[..., Mosquitto]) -> Callable[..., Plant]:
    broker = mosquitto(max_queued_messages=0)

    def build(kind: str, **facts: Any) -> Plant:  # noqa: ANN401 -- as the fault's own
        return Plant(broker, MqttFaults([MqttFault(FaultKind(kind), **facts)], begin_ns=START))

    return build


def bodies(messages: Sequence[aiomqtt.Message]) -> list[dict[str, Any]]:
    return [json.loads(bytes(message.payload)) for message in messages]


@pytest.mark.asyncio
async def test_a_duplicate_comes_twice(plant: Callable[..., Plant]) -> None:
    heard = await plant("duplicate").says([(0, [telemetry(1), telemetry(2)])], 4)
    assert [told["seq"] for told in bodies(heard)] == [1, 1, 2, 2]


@pytest.mark.asyncio
async def test_the_sequence_goes_back_when_messages_are_out_of_order(plant: Callable[..., Plant]) -> None:
    heard = await plant("out_of_order").says([(0, [telemetry(seq) for seq in range(1, 5)])], 4)
    assert [told["seq"] for told in bodies(heard)] == [2, 1, 4, 3]


@pytest.mark.asyncio
async def test_a_stale_message_is_retained_for_whoever_comes_later(plant: Callable[..., Plant]) -> None:
    old = plant("stale_retained", for_s=10)
    await old.says([(0, [telemetry(1)]), (20, [telemetry(2)])], 2)
    heard = await old.says([(30, [telemetry(3)])], 2)
    assert [(told["seq"], message.retain) for told, message in zip(bodies(heard), heard, strict=True)] == [
        (1, True),
        (3, False),
    ]


@pytest.mark.asyncio
async def test_a_wrong_clock_is_eight_hours_ahead(plant: Callable[..., Plant]) -> None:
    heard = await plant("future_time", by_s=8 * 3600).says([(0, [telemetry(1)])], 1)
    assert bodies(heard)[0]["ts"] == "2026-11-22T11:00:00.000Z"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "measured"),
    [
        ("comma_decimals", {"pot_voltage_v": "4,213", "shots": "12"}),
        ("numbers_as_strings", {"pot_voltage_v": "4.213", "shots": "12"}),
        ("millivolts", {"pot_voltage_v": 4213.0, "shots": 12}),
    ],
)
async def test_numbers_are_written_otherwise(
    plant: Callable[..., Plant], kind: str, measured: dict[str, object]
) -> None:
    (told,) = bodies(await plant(kind).says([(0, [telemetry(1)])], 1))
    assert told["m"] == measured
    assert (told["v"], told["seq"]) == (1, 1)


@pytest.mark.asyncio
async def test_a_truncated_payload_is_no_json(plant: Callable[..., Plant]) -> None:
    (message,) = await plant("truncated").says([(0, [telemetry(1)])], 1)
    whole = telemetry(1).payload
    assert 0 < len(bytes(message.payload)) < len(whole)
    assert whole.startswith(bytes(message.payload))


@pytest.mark.asyncio
async def test_a_payload_that_is_not_utf8_cannot_be_decoded(plant: Callable[..., Plant]) -> None:
    (message,) = await plant("not_utf8").says([(0, [telemetry(1)])], 1)
    with pytest.raises(UnicodeDecodeError):
        bytes(message.payload).decode()


@pytest.mark.asyncio
async def test_pots_lose_their_leading_zeros(plant: Callable[..., Plant]) -> None:
    event = json_message("smelter/v1/example/potline/PL1/pot/0042/event/ae", {"v": 1, "pot": "0042"})
    weighing = json_message("smelter/v1/example/crane/K1/weighing", {"v": 1, "pots": ["0042", "1043"]})
    heard = await plant("no_leading_zeros").says([(0, [event, weighing])], 2)
    assert str(heard[0].topic) == "smelter/v1/example/potline/PL1/pot/42/event/ae"
    assert [told.get("pot") or told["pots"] for told in bodies(heard)] == ["42", ["42", "1043"]]


@pytest.mark.asyncio
async def test_an_anode_effect_is_corrected_after_its_period_is_closed(plant: Callable[..., Plant]) -> None:
    end = json_message(
        "smelter/v1/example/potline/PL1/pot/0042/event/ae",
        {"v": 1, "id": "AE-1", "kind": "ae", "phase": "end", "start": "2026-11-22T03:00:00.000Z", "duration_s": 90.0},
    )
    day = 26 * 3600
    heard = await plant("late_correction", by_s=day).says([(0, [end]), (day - 1, [telemetry(1)]), (day, [])], 3)
    first, _, last = bodies(heard)
    assert (first["phase"], first["duration_s"]) == ("end", 90.0)
    assert (last["id"], last["phase"], last["duration_s"]) == ("AE-1", "correct", 45.0)
    assert last["end"] == "2026-11-22T03:00:45.000Z"
    assert last["reason"]


@pytest.mark.asyncio
async def test_an_outage_ends_in_a_flood_of_history(plant: Callable[..., Plant]) -> None:
    spoken = [(second, [telemetry(second + 1, second)]) for second in range(60)]
    flooded = plant("historical_flood", at_s=10, for_s=40, count=2000)
    told = bodies(await flooded.says(spoken, 20 + 2000))
    assert [entry["seq"] for entry in told[:10]] == list(range(1, 11))
    assert [entry["seq"] for entry in told[-10:]] == list(range(51, 61))
    flood = told[10:-10]
    assert {entry["hist"] for entry in flood} == {True}
    assert [entry["ts"] for entry in flood[-40:]] == [f"2026-11-22T03:00:{second}.000Z" for second in range(10, 50)]
    assert min(entry["ts"] for entry in flood) == "2026-11-22T02:27:30.000Z"
    assert not any(entry["hist"] for entry in (*told[:10], *told[-10:]))


def test_a_flood_has_a_hundred_thousand_messages_unless_told_otherwise(tmp_path: Path) -> None:
    table = Table(tmp_path, {"kind": "historical_flood", "for": "1min"})
    treatment = Treatment(MqttFaults([fault_of(table)], begin_ns=START), "line PL1")
    assert treatment.treat([telemetry(1)], START) == []
    assert len(treatment.treat([], START + 60 * SECOND)) == 100_000


# --- Sparkplug --------------------------------------------------------------------------------------------------------


def node() -> EdgeNode:
    metrics = (MetricSpec("Pot/Voltage", DataType.DOUBLE, "V"),)
    edge = EdgeNode("example", "PL1-S1", node_metrics=(), devices={"0042": metrics}, now_ns=lambda: START)
    edge.will()
    return edge


def lives(edge: EdgeNode) -> list[Message]:
    """Be born and tell two voltages."""
    return [
        *edge.hello(),
        *(message for volts in (4.1, 4.2) for message in edge.change(Change("0042", START, {"Pot/Voltage": volts}))),
    ]


def kinds(heard: Sequence[aiomqtt.Message]) -> list[str]:
    return [str(message.topic).split("/")[2] for message in heard]


@pytest.mark.asyncio
async def test_the_death_of_the_old_session_comes_after_the_new_birth(plant: Callable[..., Plant]) -> None:
    edge = node()
    edge.will()
    heard = await plant("old_death").says([(0, lives(edge))], 5)
    assert kinds(heard) == ["NBIRTH", "NDEATH", "DBIRTH", "DDATA", "DDATA"]
    birth, death = (decode(bytes(message.payload)).metrics[0].value for message in heard[:2])
    assert (birth, death) == (1, 0)


@pytest.mark.asyncio
async def test_data_come_before_the_birth_of_their_device(plant: Callable[..., Plant]) -> None:
    heard = await plant("data_before_birth").says([(0, lives(node()))], 4)
    assert kinds(heard) == ["NBIRTH", "DDATA", "DBIRTH", "DDATA"]
    assert [decode(bytes(message.payload)).seq for message in heard] == [0, 2, 1, 3]


@pytest.mark.asyncio
async def test_after_a_lost_birth_the_aliases_are_unknown(plant: Callable[..., Plant]) -> None:
    heard = await plant("lost_birth", topic="spBv1.0/+/DBIRTH/#").says([(0, lives(node()))], 3)
    assert kinds(heard) == ["NBIRTH", "DDATA", "DDATA"]
    announced = {metric.alias for metric in decode(bytes(heard[0].payload)).metrics}
    (metric,) = decode(bytes(heard[1].payload)).metrics
    assert metric.name is None
    assert metric.alias not in announced


@pytest.mark.asyncio
async def test_a_wrong_clock_and_a_flood_befall_nodes_too(plant: Callable[..., Plant]) -> None:
    *_, message = await plant("future_time", by_s=8 * 3600).says([(0, lives(node()))], 4)
    payload = decode(bytes(message.payload))
    assert payload.timestamp_ms == payload.metrics[0].timestamp_ms == START // 1_000_000 + 8 * 3_600_000
    assert payload.metrics[0].value == 4.2
    flooded = plant("historical_flood", topic="spBv1.0/+/DDATA/#", for_s=10, count=2)
    heard = await flooded.says([(0, lives(node())), (10, [])], 4)
    assert [decode(bytes(message.payload)).metrics[0].historical for message in heard[2:]] == [True, True]


# --- Broker -----------------------------------------------------------------------------------------------------------


async def all_sent(publisher: Publisher) -> None:
    async with asyncio.timeout(30):
        while publisher.unsent:  # noqa: ASYNC110 -- a plain number
            await asyncio.sleep(0.01)


@pytest.mark.asyncio
async def test_the_bundled_broker_is_killed_and_comes_back_at_its_port_with_what_it_kept() -> None:
    async with bundled_broker(0) as broker:
        place = ("127.0.0.1", broker.port)
        v311 = aiomqtt.ProtocolVersion.V311
        async with aiomqtt.Client(*place, identifier="keeper", clean_session=False, protocol=v311) as client:
            await client.subscribe("a", qos=1)
        ended = asyncio.create_task(broker.ended())
        async with Publisher(*place, "3.1.1") as publisher:
            publisher.offer(Message("a", b"before"))
            await all_sent(publisher)
            await broker.stop()
            publisher.offer(Message("a", b"meanwhile"))
            await asyncio.sleep(0.1)
            assert publisher.acknowledged == 1
            await broker.start()
            assert broker.port == place[1]
            await all_sent(publisher)
        async with aiomqtt.Client(*place, identifier="keeper", clean_session=False, protocol=v311) as client:
            async with asyncio.timeout(30):
                assert [(await anext(client.messages)).payload for _ in range(2)] == [b"before", b"meanwhile"]
        assert not ended.done()
        ended.cancel()


# --- Switching --------------------------------------------------------------------------------------------------------


def test_a_fault_begins_and_ends_in_plant_time() -> None:
    faults = MqttFaults([MqttFault(FaultKind.DUPLICATE, at_s=10, for_s=5)], begin_ns=START)
    treatment = Treatment(faults, "a")
    counts = [len(treatment.treat([telemetry(1)], START + second * SECOND)) for second in (9, 10, 14, 15)]
    assert counts == [1, 2, 2, 1]


def test_faults_are_added_listed_and_removed_while_running() -> None:
    faults = MqttFaults()
    treatment = Treatment(faults, "a")
    number = faults.add(MqttFault(FaultKind.DUPLICATE), from_ns=START)
    assert [(placed.id, placed.fault.kind) for placed in faults.list()] == [(number, "duplicate")]
    assert len(treatment.treat([telemetry(1)], START)) == 2
    assert faults.remove(number)
    assert not faults.remove(number)
    assert len(treatment.treat([telemetry(1)], START)) == 1


def test_a_fault_of_connections_begins_once_even_if_added_late() -> None:
    faults = MqttFaults()
    number = faults.add(MqttFault(FaultKind.SESSION_LOST), from_ns=START)
    begun = [[placed.id for placed in faults.begun(FaultKind.SESSION_LOST, START + second)] for second in (-1, 0, 1)]
    assert begun == [[], [number], []]


def test_what_a_removed_fault_held_back_still_comes() -> None:
    faults = MqttFaults()
    treatment = Treatment(faults, "a")
    number = faults.add(MqttFault(FaultKind.OUT_OF_ORDER), from_ns=START)
    assert treatment.treat([telemetry(1)], START) == []
    faults.remove(number)
    assert treatment.treat([], START) == [telemetry(1)]


def test_luck_has_a_probability_and_a_seed() -> None:
    def doubled(seed: int) -> list[int]:
        faults = MqttFaults([MqttFault(FaultKind.DUPLICATE, probability=0.2, seed=seed)], begin_ns=START)
        treatment = Treatment(faults, "a")
        return [len(treatment.treat([telemetry(1)], START)) for _ in range(1000)]

    assert 150 < doubled(1).count(2) < 250
    assert doubled(1) == doubled(1)
    assert doubled(1) != doubled(2)


@pytest.mark.parametrize(
    ("wanted", "topic", "taken"),
    [
        ("#", "a/b", True),
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/#", "a", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a", False),
    ],
)
def test_filters_are_those_of_mqtt(wanted: str, topic: str, taken: bool) -> None:  # noqa: FBT001 -- a table
    assert matches(wanted, topic) is taken


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"kind": "explosion"}, "kind: is 'explosion', which is no fault of MQTT; use one of duplicate"),
        ({"kind": "historical_flood"}, "for: is missing; say how long the historical_flood lasts"),
        ({"kind": "duplicate", "by": "8h"}, "by: is not a key that is known here"),
        ({"kind": "duplicate", "probability": "120 %"}, "probability: is 1.2, out of 0 to 1"),
    ],
)
def test_a_wrong_table_is_explained(tmp_path: Path, values: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        fault_of(Table(tmp_path, values))
