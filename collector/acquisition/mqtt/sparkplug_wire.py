"""Sparkplug B payloads: bytes to metrics and back. The only importer of protobuf. Pure.

The messages are described here by the numbers of their fields, which are facts of the format; whatever else a payload
holds is stepped over. Texts are kept as bytes: most are names that are only compared, and a text that is not UTF-8
then spoils itself and not the whole payload. Data sets and templates are kept as bytes, too: nobody opens them here.
"""

from enum import IntEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from collector.acquisition.mqtt.message import Cause, PayloadProblem

REBIRTH = b"Node Control/Rebirth"
BIRTH_NUMBER = b"bdSeq"
QUALITY = b"quality"
ENGINEERING_UNIT = b"engunit"
"""Names of properties, in lower case: senders do not agree on capitals."""

Value = float | int | bool | bytes
Message = Any
"""A payload or a metric: classes that are made when this module is imported have no type."""


class DataType(IntEnum):
    """Sparkplug's numbers of data types. Arrays and what is above them are not read."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19

    @classmethod
    def known(cls, number: int) -> "DataType":
        """Return the type of that number, UNKNOWN if there is none."""
        return cls(number) if 0 <= number <= cls.TEMPLATE else cls.UNKNOWN


FLOATS = frozenset({DataType.FLOAT, DataType.DOUBLE})
WHOLE = {
    DataType.INT8: (8, True),
    DataType.INT16: (16, True),
    DataType.INT32: (32, True),
    DataType.INT64: (64, True),
    DataType.UINT8: (8, False),
    DataType.UINT16: (16, False),
    DataType.UINT32: (32, False),
    DataType.UINT64: (64, False),
    DataType.DATETIME: (64, False),
}
"""Bits, and whether there are negative numbers."""
NUMBERS = (FLOATS | frozenset(WHOLE)) - {DataType.DATETIME}
TEXTS = frozenset({DataType.STRING, DataType.TEXT, DataType.UUID})

_FIELD = descriptor_pb2.FieldDescriptorProto
_UINT32, _UINT64, _BOOL = _FIELD.TYPE_UINT32, _FIELD.TYPE_UINT64, _FIELD.TYPE_BOOL
_FLOAT, _DOUBLE, _BYTES = _FIELD.TYPE_FLOAT, _FIELD.TYPE_DOUBLE, _FIELD.TYPE_BYTES

_VALUES = (
    ("int_value", _UINT32),
    ("long_value", _UINT64),
    ("float_value", _FLOAT),
    ("double_value", _DOUBLE),
    ("boolean_value", _BOOL),
    ("string_value", _BYTES),
)
_OPAQUE = (("bytes_value", _BYTES), ("dataset_value", _BYTES), ("template_value", _BYTES))
WIDTHS = {"int_value": 32, "long_value": 64}


class _Described:
    """The description of one message while it is made."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto, name: str) -> None:
        self._message = file.message_type.add(name=name)

    def field(self, name: str, number: int, type_: Any, *, many: bool = False) -> None:  # noqa: ANN401 - an enum's number
        """Add a field of a simple type."""
        label = _FIELD.LABEL_REPEATED if many else _FIELD.LABEL_OPTIONAL
        self._message.field.add(name=name, number=number, type=type_, label=label)

    def below(self, name: str, number: int, of: str, *, many: bool) -> None:
        """Add a field that holds messages."""
        self.field(name, number, _FIELD.TYPE_MESSAGE, many=many)
        self._message.field[-1].type_name = f".sparkplug.{of}"

    def values(self, first: int, *kinds: tuple[str, Any]) -> None:
        """Add the fields of a value, of which one is there at most."""
        self._message.oneof_decl.add(name="value")
        for place, (name, type_) in enumerate(kinds):
            self.field(name, first + place, type_)
            self._message.field[-1].oneof_index = 0


def _payload_class() -> Any:  # noqa: ANN401 - a class that is made here
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug", package="sparkplug", syntax="proto2")
    value = _Described(file, "PropertyValue")
    value.field("type", 1, _UINT32)
    value.field("is_null", 2, _BOOL)
    value.values(3, *_VALUES)
    properties = _Described(file, "PropertySet")
    properties.field("keys", 1, _BYTES, many=True)
    properties.below("values", 2, "PropertyValue", many=True)
    metric = _Described(file, "Metric")
    for name, number, type_ in (
        ("name", 1, _BYTES),
        ("alias", 2, _UINT64),
        ("timestamp", 3, _UINT64),
        ("datatype", 4, _UINT32),
        ("is_historical", 5, _BOOL),
        ("is_transient", 6, _BOOL),
        ("is_null", 7, _BOOL),
        ("metadata", 8, _BYTES),
    ):
        metric.field(name, number, type_)
    metric.below("properties", 9, "PropertySet", many=False)
    metric.values(10, *_VALUES, *_OPAQUE)
    payload = _Described(file, "Payload")
    payload.field("timestamp", 1, _UINT64)
    payload.below("metrics", 2, "Metric", many=True)
    payload.field("seq", 3, _UINT64)
    payload.field("uuid", 4, _BYTES)
    payload.field("body", 5, _BYTES)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # type: ignore[no-untyped-call, unused-ignore]
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sparkplug.Payload"))


Payload = _payload_class()
"""Fields as in the format: timestamp, metrics, seq, uuid, body; of a metric name, alias, timestamp and so on."""


def decode(payload: bytes) -> Message:
    """Read a payload.

    Raises
    ------
    PayloadProblem
        If the bytes are cut off or none.
    """
    try:
        return Payload.FromString(payload)
    except DecodeError as exc:
        raise PayloadProblem(Cause.NOT_PROTOBUF, "these bytes are no Sparkplug payload, or cut off") from exc


def rebirth(now_ns: int) -> bytes:
    """Write the command by which a node announces everything again."""
    now_ms = now_ns // 1_000_000
    payload = Payload(timestamp=now_ms)
    payload.metrics.add(name=REBIRTH, timestamp=now_ms, datatype=DataType.BOOLEAN, boolean_value=True)
    return bytes(payload.SerializeToString())


def text(raw: bytes) -> str:
    """Return a text.

    Raises
    ------
    PayloadProblem
        If it is not UTF-8.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError as exc:
        raise PayloadProblem(Cause.NOT_UTF8, f"{raw[:40]!r} is not UTF-8 text") from exc


def value_of(metric: Message, datatype: DataType) -> Value | None:
    """Return the value of a metric, None if it says that there is none.

    Senders do not agree on the field in which a type's values stand, so the field is only asked how wide it is.

    Raises
    ------
    PayloadProblem
        If there is a value that cannot be of this type.
    """
    field = metric.WhichOneof("value")
    if metric.is_null:
        return None
    if field is None:
        raise PayloadProblem(Cause.MISSING, "has neither a value nor is_null")
    found: Value = getattr(metric, field)
    if datatype in WHOLE and field in WIDTHS:
        return _whole(int(found), WIDTHS[field], datatype)
    fits = (
        (datatype in FLOATS and field in {"float_value", "double_value"})
        or (datatype is DataType.BOOLEAN and field == "boolean_value")
        or (datatype in TEXTS and field == "string_value")
    )
    if not fits:
        raise PayloadProblem(Cause.WRONG_TYPE, f"a value in {field}, where the birth says {datatype.name.title()}")
    return found


def _whole(raw: int, width: int, datatype: DataType) -> int:
    """Give a number its sign: a negative one comes as what its bits mean without, as wide as the field or the type."""
    bits, signed = WHOLE[datatype]
    number = raw
    if signed and raw >> (width - 1):
        number = raw - (1 << width)
    elif signed and raw >> (bits - 1) == 1:
        number = raw - (1 << bits)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if not low <= number <= high:
        raise PayloadProblem(Cause.WRONG_TYPE, f"{number} cannot be {datatype.name.title()}")
    return number


def properties_of(metric: Message) -> dict[bytes, Value]:
    """Return the properties of a metric that have a value, by their names in lower case."""
    found: dict[bytes, Value] = {}
    properties = metric.properties
    for key, entry in zip(properties.keys, properties.values, strict=False):
        field = entry.WhichOneof("value")
        if field is None or entry.is_null:
            continue
        value: Value = getattr(entry, field)
        width = WIDTHS.get(field)
        if width and int(value) >> (width - 1):
            value = int(value) - (1 << width)
        found[key.lower()] = value
    return found
