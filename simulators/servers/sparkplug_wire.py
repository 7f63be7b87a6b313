"""Sparkplug B payloads as bytes: the part of the protobuf message that edge nodes of a potroom use. Pure.

Field numbers are those of ``sparkplug_b.proto`` (proto2, Eclipse Tahu): payload timestamp 1, metrics 2, seq 3; metric
name 1, alias 2, timestamp 3, datatype 4, is_historical 5, is_null 7, properties 9, int 10, long 11, float 12,
double 13, boolean 14, string 15; property set keys 1, values 2; property value type 1, int 3, long 4, float 5,
double 6, boolean 7, string 8.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Value = int | float | bool | str

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WORD = 1 << 32
_LONG = 1 << 64


class DataType(IntEnum):
    """Sparkplug's own numbers of data types."""

    INT32 = 3
    INT64 = 4
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13


_INTS = frozenset({DataType.INT32, DataType.UINT32})
_LONGS = frozenset({DataType.INT64, DataType.UINT64, DataType.DATETIME})
_PROPERTY_TYPES: Mapping[type, DataType] = {
    bool: DataType.BOOLEAN,
    int: DataType.INT32,
    float: DataType.DOUBLE,
    str: DataType.STRING,
}


class PayloadError(ValueError):
    """These bytes are no payload."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a payload.

    Parameters
    ----------
    value
        None: there is none, and the metric says so.
    name, alias
        At least one of them: a birth gives both, data only the alias.
    timestamp_ms
        Of the value [UTC ms].
    datatype
        Given in births, and needed here to write the value; it is only written with a name.
    historical
        Whether it was stored on the way: it must not move the present value.
    properties
        Names with values, such as ``engUnit``.
    """

    value: Value | None
    datatype: DataType
    name: str | None = None
    alias: int | None = None
    timestamp_ms: int | None = None
    historical: bool = False
    properties: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Payload:
    """A whole payload; ``seq`` is absent from the death of a node."""

    timestamp_ms: int | None
    metrics: Sequence[Metric]
    seq: int | None = None


def varint(number: int) -> bytes:
    """Write a number of at least 0, seven bits a byte, the lowest first."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def encode(payload: Payload) -> bytes:
    """Write a payload."""
    parts = []
    if payload.timestamp_ms is not None:
        parts.append(b"\x08" + varint(payload.timestamp_ms))
    for metric in payload.metrics:
        body = _metric(metric)
        parts.append(b"\x12" + varint(len(body)) + body)
    if payload.seq is not None:
        parts.append(b"\x18" + varint(payload.seq))
    return b"".join(parts)


def _metric(metric: Metric) -> bytes:
    parts = []
    if metric.name is not None:
        parts.append(_text(1, metric.name))
    if metric.alias is not None:
        parts.append(b"\x10" + varint(metric.alias))
    if metric.timestamp_ms is not None:
        parts.append(b"\x18" + varint(metric.timestamp_ms))
    if metric.name is not None:
        parts.append(b"\x20" + varint(metric.datatype))
    if metric.historical:
        parts.append(b"\x28\x01")
    if metric.value is None:
        parts.append(b"\x38\x01")
    if metric.properties:
        body = b"".join(_text(1, key) for key in metric.properties)
        for value in metric.properties.values():
            entry = _property(value)
            body += b"\x12" + varint(len(entry)) + entry
        parts.append(b"\x4a" + varint(len(body)) + body)
    if metric.value is not None:
        parts.append(_value(metric.datatype, metric.value, first=10))
    return b"".join(parts)


def _property(value: Value) -> bytes:
    datatype = _PROPERTY_TYPES[type(value)]
    return b"\x08" + varint(datatype) + _value(datatype, value, first=3)


def _value(datatype: DataType, value: Value, *, first: int) -> bytes:
    """Write a value into its field: int, long, float, double, boolean and string have consecutive numbers."""
    if datatype is DataType.STRING:
        return _text(first + 5, str(value))
    if datatype is DataType.DOUBLE:
        return bytes(((first + 3) << 3 | _FIXED64,)) + struct.pack("<d", value)
    if datatype is DataType.FLOAT:
        return bytes(((first + 2) << 3 | _FIXED32,)) + struct.pack("<f", value)
    if datatype is DataType.BOOLEAN:
        return bytes(((first + 4) << 3, bool(value)))
    # Negative numbers go as what their bits mean without a sign.
    if datatype in _LONGS:
        return bytes(((first + 1) << 3,)) + varint(int(value) % _LONG)
    return bytes((first << 3,)) + varint(int(value) % _WORD)


def _text(number: int, text: str) -> bytes:
    raw = text.encode()
    return varint(number << 3 | _BYTES) + varint(len(raw)) + raw


def decode(data: bytes) -> Payload:
    """Read a payload; what an edge node never uses is stepped over.

    The data type of a metric without one is that of the field its value stands in.

    Raises
    ------
    PayloadError
        If the bytes are cut off or no payload.
    """
    try:
        return _read_payload(data)
    except PayloadError:
        raise
    except (ValueError, KeyError, struct.error) as exc:
        raise PayloadError(f"no payload of Sparkplug B: {exc}") from exc


def _read_payload(data: bytes) -> Payload:
    timestamp_ms = seq = None
    metrics = []
    for number, value in _fields(data):
        if number == 1 and isinstance(value, int):
            timestamp_ms = value
        elif number == 2 and isinstance(value, bytes):
            metrics.append(_read_metric(value))
        elif number == 3 and isinstance(value, int):
            seq = value
    return Payload(timestamp_ms, metrics, seq)


_GUESSED = {
    10: DataType.INT32,
    11: DataType.INT64,
    12: DataType.FLOAT,
    13: DataType.DOUBLE,
    14: DataType.BOOLEAN,
    15: DataType.STRING,
}


def _read_metric(data: bytes) -> Metric:
    found = dict(_fields(data))
    place = next((number for number in _GUESSED if number in found), None)
    told = found.get(4)
    datatype = DataType(told) if isinstance(told, int) else _GUESSED[place or 15]
    name, alias, timestamp_ms = found.get(1), found.get(2), found.get(3)
    properties = found.get(9)
    return Metric(
        value=None if place is None else _read_value(datatype, found[place]),
        datatype=datatype,
        name=name.decode() if isinstance(name, bytes) else None,
        alias=alias if isinstance(alias, int) else None,
        timestamp_ms=timestamp_ms if isinstance(timestamp_ms, int) else None,
        historical=bool(found.get(5)),
        properties=_read_properties(properties) if isinstance(properties, bytes) else {},
    )


def _read_properties(data: bytes) -> dict[str, Value]:
    fields = list(_fields(data))
    keys = [value.decode() for number, value in fields if number == 1 and isinstance(value, bytes)]
    values = []
    for number, entry in fields:
        if number == 2 and isinstance(entry, bytes):
            found = dict(_fields(entry))
            place = next((number for number in found if number >= 3), None)
            if place is None:
                raise PayloadError("a property has no value")
            values.append(_read_value(_GUESSED[place + 7], found[place]))
    return dict(zip(keys, values, strict=True))


def _read_value(datatype: DataType, raw: int | bytes) -> Value:
    if isinstance(raw, bytes):
        if datatype is DataType.DOUBLE:
            return float(struct.unpack("<d", raw)[0])
        if datatype is DataType.FLOAT:
            return float(struct.unpack("<f", raw)[0])
        return raw.decode()
    if datatype is DataType.BOOLEAN:
        return bool(raw)
    size = _LONG if datatype in _LONGS else _WORD
    signed = datatype in {DataType.INT32, DataType.INT64}
    return raw - size if signed and raw >= size // 2 else raw


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Cut a message into its fields: numbers, and bytes of those that have a length or a fixed size."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            number, at = _read_varint(data, at)
            yield key >> 3, number
            continue
        if kind == _BYTES:
            size, at = _read_varint(data, at)
        elif kind == _FIXED64:
            size = 8
        elif kind == _FIXED32:
            size = 4
        else:
            raise PayloadError(f"a field of the unknown kind {kind}")
        if at + size > len(data):
            raise PayloadError("the payload is cut off")
        yield key >> 3, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
    raise PayloadError("the payload is cut off")
