"""The shape of a profile: every key, its type, its bounds. config/profiles/_blueprint.toml explains them."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from collector.settings.fields import Number, Switch, Text, finite, measure, raw_registers, whole
from collector.settings.problems import written


def _term(value: object) -> float | str:
    """Check a number, or the name of a constant or an information register."""
    if not isinstance(value, str):
        return finite(value)
    if not re.fullmatch(r"-?[a-z][a-z0-9_]*", value):
        what = f"{written(value)} is neither a number nor a name"
        raise ValueError(f'{what}; write a number, or a name like "p_max" or "-p_max"')
    return value


def _expected(value: object) -> str:
    """Check what an information register should show: the beginning of a text, or a number."""
    if isinstance(value, str):
        if not value.strip():
            raise ValueError("is empty; write how the text begins, or the number")
        return value
    return f"{finite(value):.15g}"


def _pair(values: list[float]) -> list[float]:
    if len(values) != 2:
        raise ValueError(f"holds {len(values)} numbers; two are needed here, like [0, 100]")
    return values


def _pair_of_terms(values: list[float | str]) -> list[float | str]:
    if len(values) != 2:
        raise ValueError(f'holds {len(values)} entries; two are needed here, like [0, "p_max"]')
    return values


def _one_of(*choices: int) -> BeforeValidator:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value not in choices:
            *others, last = map(str, choices)
            raise ValueError(f"{written(value)} is not possible here; write {', '.join(others)} or {last}")
        return value

    return BeforeValidator(read)


def _sunspec(text: str) -> str:
    if not re.fullmatch(r"sunspec:[0-9]{1,5}", text):
        raise ValueError(f"{written(text)} is no base; write it like sunspec:203")
    return text


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Whole = Annotated[int, whole(0, 465536)]
_WholePair = Annotated[list[_Whole], AfterValidator(_pair)]
_WordOrder = Literal["msw_first", "lsw_first"]
_ByteOrder = Literal["big", "little"]
_Function = Annotated[int, _one_of(1, 2, 3, 4)]
_Number = Literal[
    "u16",
    "s16",
    "u32",
    "s32",
    "u48",
    "s48",
    "u64",
    "s64",
    "f32",
    "f64",
    "bcd16",
    "bcd32",
    "bcd48",
    "bcd64",
    "mod10000x2",
    "mod10000x3",
    "mod10000x4",
    "iskra_t5",
    "iskra_t6",
    "iskra_t7",
]


class ProfileModbus(_Table):
    """[modbus]."""

    function: _Function
    addresses_from: Annotated[int, _one_of(0, 1, 10001, 30001, 40001, 100001, 300001, 400001)] = 0
    word_order: _WordOrder
    byte_order: _ByteOrder = "big"
    max_registers: Annotated[int, whole(1, 125)] = 125
    max_gap: Annotated[int, whole(0, 124)] = 0
    align: Annotated[int, _one_of(1, 2, 4)] = 1
    reading: Literal["blocks", "one_value", "declared"] = "blocks"
    blocks: list[_WholePair] = []
    holes: list[_WholePair] = []
    atomic: list[list[Text]] = []
    base: Annotated[Text, AfterValidator(_sunspec)] | None = None
    counter_refresh: Annotated[float, measure("s", "1 ms", "1 h")] = 10.0
    pause_between: Annotated[float, measure("s", "0 s", "1 min")] = 0.0
    pause_after_connect: Annotated[float, measure("s", "0 s", "1 min")] = 0.0


class LinearSection(_Table):
    """linear = { ... } of a register."""

    raw: Annotated[list[Number], AfterValidator(_pair)]
    value: Annotated[list[Annotated[float | str, BeforeValidator(_term)]], AfterValidator(_pair_of_terms)]


class RegisterSection(_Table):
    """[registers.NAME]."""

    address: _Whole
    function: _Function | None = None
    type: Literal[_Number, "string", "bit"]
    length: Annotated[int, whole(1, 125)] | None = None
    characters: Literal["two", "one"] = "two"
    word_order: _WordOrder | None = None
    byte_order: _ByteOrder | None = None
    bits: Annotated[list[Annotated[int, whole(0, 64)]], AfterValidator(_pair)] | None = None
    unit: Text | None = None
    scale: Number = 1.0
    offset: Number = 0.0
    scale_by: list[Text] = []
    exponent: Text | None = None
    exponent_bias: Annotated[int, whole(-30, 30)] = 0
    linear: LinearSection | None = None
    plus: list[Text] = []
    map: dict[str, Number] = {}
    labels: dict[str, Text] = {}
    flags: Switch = False
    convention: Literal["plain", "schneider_4q"] = "plain"
    valid: Annotated[list[Number], AfterValidator(_pair)] | None = None
    sentinels: list[str] | None = None
    wraps_at: Number | None = None
    every: Annotated[float, measure("s", "0.1 s", "7 d")] | None = None
    info: Switch = False
    optional: Switch = False
    unverified: Text | None = None
    expect: list[Annotated[str, BeforeValidator(_expected)]] = []


class ConstantSection(_Table):
    """[constants.NAME]."""

    meaning: Text
    default: Number | None = None


class TestVectorSection(_Table):
    """[[test_vectors]]."""

    __test__ = False

    of: Annotated[Text, Field(alias="register")]  # the key "register" would hide a method of the base class
    raw: Annotated[Text, AfterValidator(raw_registers)]
    value: Number | None = None
    unit: Text | None = None
    text: str | None = None
    given: Annotated[dict[str, Number], Field(alias="with")] = {}
    origin: Text


class Profile(_Table):
    """A file of config/profiles."""

    title: Text
    vendor: Text
    models: Annotated[list[Text], Field(min_length=1)]
    confidence: Literal["confirmed", "vendor", "single", "design"]
    sources: Annotated[list[Text], Field(min_length=1)]
    firmware: Text | None = None
    notes: list[Text] = []
    modbus: ProfileModbus
    sentinels: dict[_Number, list[str]] = {}
    constants: dict[str, ConstantSection] = {}
    registers: Annotated[dict[str, RegisterSection], Field(min_length=1)]
    test_vectors: list[TestVectorSection] = []
