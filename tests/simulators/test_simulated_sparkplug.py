"""Sparkplug edge nodes: payloads byte by byte, and their life with a real broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import aiomqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import Mosquitto

from simulators.servers.messages import Message
from simulators.servers.mqtt import Publisher
from simulators.servers.sparkplug import Change, EdgeNode, MetricSpec
from simulators.servers.sparkplug_wire import DataType, Metric, Payload, PayloadError, decode, encode, varint

NOW_MS = 1_795_316_400_000
POT = (
    MetricSpec("Pot/Voltage", DataType.DOUBLE, "V"),
    MetricSpec("Pot/Shots", DataType.UINT64, "shots"),
    MetricSpec("Pot/AE/LastId", DataType.STRING),
)


# --- Payloads ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "raw"), [(0, "00"), (127, "7f"), (150, "9601"), (2**64 - 1, "ff" * 9 + "01")])
def test_varints_are_those_of_protobuf(number: int, raw: str) -> None:
    assert varint(number).hex() == raw


def test_a_payload_has_the_fields_of_the_schema() -> None:
    metric = Metric(
        1.5, DataType.DOUBLE, name="V", alias=300, timestamp_ms=1, historical=True, properties={"engUnit": "V"}
    )
    assert encode(Payload(150, [metric], seq=7)).hex() == (
        "08" "9601"  # timestamp = 1, varint
        "12" "27"  # metrics = 2, 39 bytes
        "0a" "01" "56"  # name = 1
        "10" "ac02"  # alias = 2
        "18" "01"  # timestamp = 3
        "20" "0a"  # datatype = 4: Double
        "28" "01"  # is_historical = 5
        "4a" "10"  # properties = 9, 16 bytes
        "0a" "07" "656e67556e6974"  # keys = 1
        "12" "05" "08" "0c" "42" "01" "56"  # values = 2: type = 1 String, string_value = 8
        "69" "000000000000f83f"  # double_value = 13, fixed64
        "18" "07"  # seq = 3
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "datatype", "raw"),
    [
        (-1, DataType.INT32, "50ffffffff0f"),
        (-1, DataType.INT64, "58ffffffffffffffffff01"),
        (2**63, DataType.UINT64, "5880808080808080808001"),
        (NOW_MS, DataType.DATETIME, "58" + varint(NOW_MS).hex()),
        (1.5, DataType.FLOAT, "650000c03f"),
        (True, DataType.BOOLEAN, "7001"),
        ("é", DataType.STRING, "7a02c3a9"),
        (None, DataType.STRING, "3801"),
    ],
)
def test_each_datatype_has_its_field(value: float | str | None, datatype: DataType, raw: str) -> None:
    assert encode(Payload(None, [Metric(value, datatype)])).hex() == f"12{len(raw) // 2:02x}{raw}"


metrics = st.one_of(
    st.builds(Metric, st.integers(-(2**31), 2**31 - 1), st.just(DataType.INT32), st.text(min_size=1)),
    st.builds(Metric, st.integers(0, 2**64 - 1), st.just(DataType.UINT64), st.text(min_size=1), st.integers(0, 2**40)),
    st.builds(Metric, st.floats(allow_nan=False), st.just(DataType.DOUBLE), st.text(min_size=1)),
    st.builds(
        Metric,
        st.booleans(),
        st.just(DataType.BOOLEAN),
        st.text(min_size=1),
        timestamp_ms=st.integers(0, 2**50),
        historical=st.booleans(),
        properties=st.dictionaries(st.text(min_size=1), st.one_of(st.text(), st.booleans(), st.integers(0, 500))),
    ),
    st.builds(Metric, st.none(), st.just(DataType.STRING), st.text(min_size=1)),
)


@given(st.builds(Payload, st.integers(0, 2**50), st.lists(metrics, max_size=5), st.integers(0, 255)))
def test_what_is_written_is_read_again(payload: Payload) -> None:
    assert decode(encode(payload)) == payload


@given(st.binary(max_size=60))
def test_any_bytes_are_a_payload_or_refused(data: bytes) -> None:
    with suppress(PayloadError):
        decode(data)


@given(st.builds(Payload, st.integers(0, 2**50), st.lists(metrics, min_size=1, max_size=2)), st.data())
def test_a_damaged_payload_is_read_or_refused(payload: Payload, choice: st.DataObject) -> None:
    whole = bytearray(encode(payload))
    whole[choice.draw(st.integers(0, len(whole) - 1))] ^= choice.draw(st.integers(1, 255))
    with suppress(PayloadError):
        decode(bytes(whole))


def test_a_payload_that_is_cut_off_is_refused() -> None:
    whole = encode(Payload(150, [Metric("text", DataType.STRING, name="a")], seq=7))
    for size in (1, 4, len(whole) - 1):
        with pytest.raises(PayloadError, match="cut off"):
            decode(whole[:size])


# --- Nodes ------------------------------------------------------------------------------------------------------------


def node(now_ms: int = NOW_MS) -> EdgeNode:
    return EdgeNode(
        "example",
        "PL1-S1",
        node_metrics=(MetricSpec("Line/Current", DataType.DOUBLE, "kA"),),
        devices={"0042": POT, "0043": POT},
        now_ns=lambda: now_ms * 1_000_000,
    )


def measured(volts: float, device: str = "0042", time_ms: int = NOW_MS) -> Change:
    return Change(device, time_ms * 1_000_000, {"Pot/Voltage": volts})


def seqs(messages: list[Message]) -> list[int | None]:
    return [decode(message.payload).seq for message in messages]


def test_a_birth_lists_every_metric_with_type_alias_unit_and_quality() -> None:
    edge = node()
    edge.change(measured(4.2, time_ms=NOW_MS - 5000))
    death = edge.will()
    first, pot, other, stored = edge.hello()
    assert (death.topic, death.qos, death.retain) == ("spBv1.0/example/NDEATH/PL1-S1", 1, False)
    assert decode(death.payload) == Payload(None, [Metric(0, DataType.INT64, name="bdSeq")])
    assert [message.topic for message in (first, pot, other, stored)] == [
        "spBv1.0/example/NBIRTH/PL1-S1",
        "spBv1.0/example/DBIRTH/PL1-S1/0042",
        "spBv1.0/example/DBIRTH/PL1-S1/0043",
        "spBv1.0/example/DDATA/PL1-S1/0042",
    ]
    assert {message.qos for message in (first, pot, other, stored)} == {0}
    assert seqs([first, pot, other, stored]) == [0, 1, 2, 3]
    assert [(metric.name, metric.value) for metric in decode(first.payload).metrics] == [
        ("bdSeq", 0),
        ("Node Control/Rebirth", False),
        ("Line/Current", None),
    ]
    voltage, shots, _ = decode(pot.payload).metrics
    assert voltage == Metric(
        4.2,
        DataType.DOUBLE,
        name="Pot/Voltage",
        alias=64,
        timestamp_ms=NOW_MS - 5000,
        properties={"Quality": 192, "engUnit": "V"},
    )
    assert (shots.value, shots.datatype, shots.alias) == (None, DataType.UINT64, 65)
    # What was measured before the birth is history.
    (old,) = decode(stored.payload).metrics
    assert (old.name, old.alias, old.value, old.historical, old.timestamp_ms) == (None, 64, 4.2, True, NOW_MS - 5000)


def test_data_carry_aliases_only_and_the_sequence_wraps_at_255() -> None:
    edge = node()
    edge.will()
    edge.hello()
    told = [message for number in range(300) for message in edge.change(measured(4.0 + number / 1000))]
    assert seqs(told) == [(number + 3) % 256 for number in range(300)]
    (metric,) = decode(told[0].payload).metrics
    assert (metric.name, metric.alias, metric.value, metric.historical) == (None, 64, 4.0, False)


def test_a_rebirth_keeps_the_session_and_repeats_the_present() -> None:
    edge = node()
    edge.will()
    edge.hello()
    edge.change(measured(4.321))
    command = encode(Payload(NOW_MS, [Metric(value=True, datatype=DataType.BOOLEAN, name="Node Control/Rebirth")]))
    born = edge.hear("spBv1.0/example/NCMD/PL1-S1", command)
    assert seqs(born) == [0, 1, 2]
    assert decode(born[0].payload).metrics[0].value == 0
    assert decode(born[1].payload).metrics[0].value == 4.321
    assert edge.hear("spBv1.0/example/NCMD/PL1-S1", b"\xff") == []


def test_every_connection_has_the_next_birth_number_and_255_is_followed_by_0() -> None:
    edge = node()
    numbers = [decode(edge.will().payload).metrics[0].value for _ in range(258)]
    assert numbers == [*range(256), 0, 1]


def test_a_device_dies_and_returns() -> None:
    edge = node()
    edge.will()
    edge.hello()
    (death,) = edge.device_dies("0043")
    assert death.topic == "spBv1.0/example/DDEATH/PL1-S1/0043"
    assert edge.change(measured(4.0, "0043")) == []
    (birth,) = edge.device_returns("0043")
    assert birth.topic == "spBv1.0/example/DBIRTH/PL1-S1/0043"
    assert seqs([death, birth]) == [3, 4]
    assert decode(birth.payload).metrics[0].value == 4.0


def test_a_value_of_bad_quality_says_so() -> None:
    edge = node()
    edge.will()
    edge.hello()
    (told,) = edge.change(Change("0042", NOW_MS * 1_000_000, {"Pot/Voltage": None}, quality=0))
    (metric,) = decode(told.payload).metrics
    assert (metric.value, metric.properties) == (None, {"Quality": 0})


# --- With a broker ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def host(broker: Mosquitto) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V311) as client:
        await client.subscribe("spBv1.0/#", qos=1)
        yield client


async def heard(client: aiomqtt.Client, count: int) -> list[tuple[str, Payload]]:
    async with asyncio.timeout(30):
        messages = [await anext(client.messages) for _ in range(count)]
    return [(str(message.topic).split("/")[2], decode(bytes(message.payload))) for message in messages]


@pytest.mark.asyncio
async def test_a_node_lives_dies_and_is_born_again_on_the_wire(mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto()
    edge = node()
    async with host(broker) as client:
        async with Publisher(broker.host, broker.port, "3.1.1", session=edge) as publisher:
            births = await heard(client, 3)
            assert [kind for kind, _ in births] == ["NBIRTH", "DBIRTH", "DBIRTH"]
            publisher.offer_all(edge.change(measured(4.5)))
            ((kind, data),) = await heard(client, 1)
            assert (kind, data.seq, data.metrics[0].value) == ("DDATA", 3, 4.5)

            await client.publish(
                "spBv1.0/example/NCMD/PL1-S1",
                encode(Payload(NOW_MS, [Metric(value=True, datatype=DataType.BOOLEAN, name="Node Control/Rebirth")])),
            )
            kinds = [kind for kind, _ in await heard(client, 4)]
            assert kinds == ["NCMD", "NBIRTH", "DBIRTH", "DBIRTH"]

            publisher.break_connection()
            await asyncio.sleep(0)
            death, *births = await heard(client, 4)
            assert death == ("NDEATH", Payload(None, [Metric(0, DataType.INT64, name="bdSeq")]))
            assert [kind for kind, _ in births] == ["NBIRTH", "DBIRTH", "DBIRTH"]
            assert births[0][1].metrics[0].value == 1
        assert await heard(client, 1) == [("NDEATH", Payload(None, [Metric(1, DataType.INT64, name="bdSeq")]))]


@pytest.mark.asyncio
async def test_what_was_measured_without_a_connection_comes_as_history(mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto()
    edge = node()
    async with host(broker) as client, Publisher(broker.host, broker.port, "3.1.1", session=edge) as publisher:
        assert len(await heard(client, 3)) == 3
        publisher.break_connection()
        while publisher.connected:  # noqa: ASYNC110 -- a plain flag
            await asyncio.sleep(0.01)
        for number in range(3):
            assert edge.change(measured(4.0 + number, time_ms=NOW_MS + number)) == []
        told = await heard(client, 7)
    assert [kind for kind, _ in told] == ["NDEATH", "NBIRTH", "DBIRTH", "DBIRTH", "DDATA", "DDATA", "DDATA"]
    history = [payload.metrics[0] for _, payload in told[4:]]
    assert [(metric.value, metric.historical) for metric in history] == [(4.0, True), (5.0, True), (6.0, True)]
