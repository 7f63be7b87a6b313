"""Sparkplug payloads, against the simulator's encoder, which is other code, and byte by byte."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.mqtt import sparkplug_wire as wire
from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.acquisition.mqtt.sparkplug_wire import DataType
from simulators.servers import sparkplug_wire as simulated


def metric(raw: str) -> wire.Message:
    """Return the only metric of a payload, of the bytes of that metric."""
    return wire.decode(bytes.fromhex(f"12{len(raw) // 2:02x}{raw}")).metrics[0]


@pytest.mark.parametrize(
    ("raw", "datatype", "value"),
    [
        ("50ff01", DataType.INT8, -1),  # int_value = 10: 255, as wide as the type
        ("50ffffffff0f", DataType.INT8, -1),  # 2^32 - 1, as wide as the field
        ("507f", DataType.INT8, 127),
        ("508001", DataType.INT8, -128),
        ("50ffff03", DataType.INT16, -1),
        ("50ffffffff0f", DataType.INT32, -1),
        ("50ffffffff07", DataType.INT32, 2**31 - 1),
        ("58ffffffffffffffffff01", DataType.INT64, -1),  # long_value = 11
        ("58ffffffffffffffffff01", DataType.INT32, -1),  # a small type in the wide field
        ("50ff01", DataType.UINT8, 255),
        ("50ffff03", DataType.UINT16, 65535),
        ("50ffffffff0f", DataType.UINT32, 2**32 - 1),
        ("58ffffffff0f", DataType.UINT32, 2**32 - 1),  # where older senders put it
        ("58ffffffffffffffffff01", DataType.UINT64, 2**64 - 1),
        ("650000c03f", DataType.FLOAT, 1.5),  # float_value = 12
        ("69000000000000f83f", DataType.DOUBLE, 1.5),  # double_value = 13
        ("69000000000000f83f", DataType.FLOAT, 1.5),
        ("7001", DataType.BOOLEAN, True),  # boolean_value = 14
        ("7a02c3a9", DataType.STRING, "é".encode()),  # string_value = 15
        ("7a02c3a9", DataType.TEXT, "é".encode()),
        ("7a0161", DataType.UUID, b"a"),
        ("5880a8b6dbca33", DataType.DATETIME, 1_772_402_611_200),
        ("3801", DataType.DOUBLE, None),  # is_null = 7
        ("380169000000000000f83f", DataType.DOUBLE, None),  # null, whatever stands beside it
    ],
)
def test_each_datatype_is_read(raw: str, datatype: DataType, value: float | str | None) -> None:
    assert wire.value_of(metric(raw), datatype) == value


@pytest.mark.parametrize(
    ("raw", "datatype", "cause"),
    [
        ("508002", DataType.UINT8, Cause.WRONG_TYPE),  # 256
        ("508002", DataType.INT8, Cause.WRONG_TYPE),
        ("588080808010", DataType.UINT32, Cause.WRONG_TYPE),  # 2^32
        ("7a0161", DataType.DOUBLE, Cause.WRONG_TYPE),
        ("7001", DataType.UINT32, Cause.WRONG_TYPE),
        ("650000c03f", DataType.INT32, Cause.WRONG_TYPE),
        ("1005", DataType.DOUBLE, Cause.MISSING),  # an alias, and nothing else
    ],
)
def test_a_value_that_cannot_be_of_its_type_is_refused(raw: str, datatype: DataType, cause: Cause) -> None:
    with pytest.raises(PayloadProblem) as caught:
        wire.value_of(metric(raw), datatype)
    assert caught.value.cause is cause


def test_data_sets_templates_and_files_are_not_opened() -> None:
    payload = wire.decode(bytes.fromhex("12058a0102ffff1205920102ffff1205820102ffff"))
    assert [m.WhichOneof("value") for m in payload.metrics] == ["dataset_value", "template_value", "bytes_value"]


def test_properties_are_found_whatever_their_capitals_and_with_their_signs() -> None:
    said: dict[str, simulated.Value] = {"engUnit": "V", "QUALITY": 192, "Offset": -3, "Scale": 0.5, "Fine": True}
    told = simulated.Metric(1.0, simulated.DataType.DOUBLE, name="V", properties=said)
    payload = wire.decode(simulated.encode(simulated.Payload(1, [told])))
    found = wire.properties_of(payload.metrics[0])
    assert found == {b"engunit": b"V", b"quality": 192, b"offset": -3, b"scale": 0.5, b"fine": True}


def test_the_request_for_a_birth_is_what_the_simulators_nodes_understand() -> None:
    read = simulated.decode(wire.rebirth(1_772_366_400_000_000_000))
    (told,) = read.metrics
    assert (told.name, told.value, told.datatype) == ("Node Control/Rebirth", True, simulated.DataType.BOOLEAN)
    assert (read.timestamp_ms, told.timestamp_ms, read.seq) == (1_772_366_400_000, 1_772_366_400_000, None)


def test_a_payload_that_is_cut_off_is_refused() -> None:
    told = simulated.Metric("text", simulated.DataType.STRING, name="a")
    whole = simulated.encode(simulated.Payload(150, [told], seq=7))
    for size in (1, 4, len(whole) - 1):
        with pytest.raises(PayloadProblem) as caught:
            wire.decode(whole[:size])
        assert caught.value.cause is Cause.NOT_PROTOBUF


@given(st.binary(max_size=80), st.sampled_from(DataType))
def test_any_bytes_are_a_payload_or_refused(data: bytes, datatype: DataType) -> None:
    with suppress(PayloadProblem):
        for each in wire.decode(data).metrics:
            wire.properties_of(each)
            wire.value_of(each, datatype)


numbers = st.one_of(
    st.tuples(st.integers(-(2**31), 2**31 - 1), st.just(DataType.INT32)),
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.just(DataType.INT64)),
    st.tuples(st.integers(0, 2**32 - 1), st.just(DataType.UINT32)),
    st.tuples(st.integers(0, 2**64 - 1), st.just(DataType.UINT64)),
    st.tuples(st.floats(allow_nan=False), st.just(DataType.DOUBLE)),
    st.tuples(st.floats(allow_nan=False, width=32), st.just(DataType.FLOAT)),
    st.tuples(st.booleans(), st.just(DataType.BOOLEAN)),
)


@given(numbers, st.integers(0, 2**40), st.integers(0, 2**50), st.booleans())
def test_what_the_simulator_writes_is_read_as_it_was_meant(
    number: tuple[float, DataType],
    alias: int,
    stamp_ms: int,
    historical: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    value, datatype = number
    told = simulated.Metric(
        value,
        simulated.DataType(datatype),
        name="Pot/Voltage",
        alias=alias,
        timestamp_ms=stamp_ms,
        historical=historical,
    )
    payload = wire.decode(simulated.encode(simulated.Payload(stamp_ms, [told], seq=9)))
    (read,) = payload.metrics
    assert (payload.timestamp, payload.seq) == (stamp_ms, 9)
    assert (read.name, read.alias, read.timestamp, read.datatype) == (b"Pot/Voltage", alias, stamp_ms, datatype)
    assert read.is_historical is historical
    assert wire.value_of(read, datatype) == value
